//! What this server does, as a feed of its own: the log's events, for the page's ladders.

use std::io::{self, Write};
use std::sync::Arc;

use crate::course::page::feed::Feed;
use crate::course::page::ways::events;
use crate::demos::http_server::answer::{Then, Visit};
use crate::kit::say::Say;
use crate::kit::view::json::Json;
use crate::kit::view::{Ink, Page};

/// The events of one log.
#[derive(Clone, Debug, Default)]
pub struct Watch(Arc<Feed>);

impl Watch {
    /// A page of the log that tells whoever watches.
    pub fn new() -> (Watch, Page) {
        let watch = Watch::default();
        let to = Box::new(Lines { feed: Arc::clone(&watch.0), begun: Vec::new() });
        (watch, Page::screen(Box::new(Json), to, Ink(false)))
    }

    /// Sends the events that come from now on, one in a line of JSON, as server-sent
    /// events. What this connection does is not told: each telling would be one more to
    /// tell.
    pub(super) fn stream(&self, visit: &Visit<'_>) -> io::Result<Then> {
        let say = visit.say;
        say.note("this connection shows what is told here, so it is not told any more");
        let silent = Say::new("server", None);
        let outbox = &visit.outbox.told_by(&silent);
        let visit = &Visit { outbox, say: &silent, ..*visit };
        events(&self.0, self.0.last(), visit, |item| format!("data: {}\n\n", item.text))
    }

    pub(super) fn close(&self) {
        self.0.close();
    }
}

/// Lines become items.
struct Lines {
    feed: Arc<Feed>,
    begun: Vec<u8>,
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.extend(bytes);
        while let Some(end) = self.begun.iter().position(|byte| *byte == b'\n') {
            let line: Vec<_> = self.begun.drain(..=end).collect();
            self.feed.publish(String::from_utf8_lossy(&line).trim_end());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
