//! One feed, four ways to hear of it: ask again and again, ask once and wait, listen to an
//! answer that does not end, or leave HTTP behind.

use std::io;
use std::str;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

use crate::course::page::feed::{Feed, Item, Waited};
use crate::demos::http_server::answer::{Answer, TEXT, Then, Visit};
use crate::demos::ws_server::{Outbound, Present, Rules, Said, Sent, Upgrade, upgrade};
use crate::kit::say::Say;
use crate::proto::http::status::{Bad, bad};
use crate::proto::http::target::decoded;
use crate::proto::websocket::frame::{self, Opcode};

/// How long a request may be parked. Proxies give up after a minute or less.
const PARKED: Duration = Duration::from_secs(25);

/// Whoever listens is sent a word now and then: only a send notices that he has gone.
const STILL_HERE: Duration = Duration::from_secs(15);

/// A piece of news fits on a line.
pub(crate) const LONGEST: usize = 1000;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// `POST /news`: a form, or plain text.
pub(super) fn publish(feed: &Feed, visit: &Visit<'_>) -> io::Result<Then> {
    let kind = visit.request.fields.get("content-type").unwrap_or_default();
    let form = kind.to_ascii_lowercase().starts_with(FORM);
    let text = if form { field_of_form(visit.body) } else { plain(visit.body) };
    match text {
        Err(bad) => visit.answer(&Answer::refusal(&bad)),
        Ok(text) => {
            let id = feed.publish(&text);
            let posted = Answer::new(
                if form { 303 } else { 201 },
                TEXT,
                format!("{id}\n").into_bytes(),
            );
            visit.answer(&if form { posted.with("Location", "/") } else { posted })
        }
    }
}

const TOO_LONG: Bad = Bad { status: 413, why: "a piece of news has at most 1000 bytes" };

fn plain(body: &[u8]) -> Result<String, Bad> {
    // Where a line ends is a matter of the way: a CR could begin another event.
    match str::from_utf8(body).map(str::trim_end) {
        Err(_) => Err(bad("news is text in UTF-8")),
        Ok("") => Err(bad("there is no news in it")),
        Ok(text) if text.len() > LONGEST => Err(TOO_LONG),
        Ok(text) if text.chars().any(char::is_control) => {
            Err(bad("news is one line of text"))
        }
        Ok(text) => Ok(text.to_owned()),
    }
}

/// `text=some+news`: what curl -d and a form without a script send.
fn field_of_form(body: &[u8]) -> Result<String, Bad> {
    let body = str::from_utf8(body).map_err(|_| bad("a form is ASCII"))?;
    let mut fields = body.split('&');
    let text = fields.find_map(|field| field.strip_prefix("text=")).unwrap_or(body);
    let text = decoded(&text.replace('+', " "));
    plain(&text.ok_or(bad("a % without two hexadecimal digits behind it"))?)
}

/// Short polling: `GET /news?after=3`, answered at once.
pub(super) fn poll(feed: &Feed, visit: &Visit<'_>) -> io::Result<Then> {
    list(visit, &feed.after(after(visit)))
}

/// Long polling: `GET /news/wait?after=3`, answered when there is something to say.
pub(super) fn wait(feed: &Feed, visit: &Visit<'_>) -> io::Result<Then> {
    let say = visit.say;
    say.note("parked: this request waits for news");
    let reader = feed.reader();
    match reader.wait(after(visit), limit(visit)) {
        Waited::For(items) => list(visit, &items),
        Waited::InVain | Waited::Over => visit.answer(&Answer::empty(204)),
    }
}

/// Server-sent events: `GET /news/stream`, an answer that goes on and on.
pub(super) fn stream(feed: &Feed, visit: &Visit<'_>) -> io::Result<Then> {
    // A browser that has lost the connection says by itself where it was.
    let resumed = visit.request.fields.get("last-event-id");
    let heard = resumed.and_then(|id| id.parse().ok()).unwrap_or(after(visit));
    events(feed, heard, visit, event)
}

/// An answer that goes on for as long as the feed does, an event for each item.
pub(super) fn events(
    feed: &Feed,
    mut heard: u64,
    visit: &Visit<'_>,
    event: impl Fn(&Item) -> String,
) -> io::Result<Then> {
    let head = Answer::empty(200)
        .with("Content-Type", "text/event-stream")
        .with("Cache-Control", "no-store");
    let reader = feed.reader();
    let flow = visit.begin(&head)?;
    loop {
        match reader.wait(heard, STILL_HERE) {
            Waited::For(items) => {
                heard = items.last().map_or(heard, |item| item.id);
                let events: String = items.iter().map(&event).collect();
                flow.send(events.as_bytes())?;
            }
            Waited::InVain => flow.send(b": still here\n\n")?,
            Waited::Over => return flow.end(),
        }
    }
}

/// An event in the stream: its number, its text, an empty line.
fn event(item: &Item) -> String {
    format!("id: {}\ndata: {}\n\n", item.id, item.text)
}

/// WebSocket: news goes out as texts, and a text that comes in is news.
pub(super) fn socket(
    feed: &Feed,
    present: &Present,
    visit: &Visit<'_>,
) -> io::Result<Then> {
    let rules = Rules {
        max_message: LONGEST,
        ping_every: STILL_HERE,
        idle_timeout: None,
        origins: Vec::new(),
    };
    let mut conversation = match upgrade(visit, &rules)? {
        Upgrade::Done(conversation) => conversation,
        Upgrade::Refused(then) => return Ok(then),
    };
    let (say, outbound) = (visit.say, Arc::clone(conversation.outbound()));
    let _here = present.enter(visit.number, &outbound, say);
    let gone = &AtomicBool::new(false);
    thread::scope(|scope| {
        let (voice, heard) = (say.on_thread("news"), after(visit));
        let tell = move || tell(feed, heard, gone, &outbound, &voice);
        thread::Builder::new().spawn_scoped(scope, tell)?;
        let heard = conversation.hear(say, |said, _| {
            let Said::Text(text) = said else { return };
            match plain(text.as_bytes()) {
                Ok(text) => {
                    feed.publish(&text);
                }
                Err(bad) => say.note(format_args!("no news: {}", bad.why)),
            }
        });
        gone.store(true, Relaxed);
        feed.wake(); // The thread that tells is parked there.
        heard
    })?;
    Ok(Then::Over)
}

/// Sends what is new, until nobody listens any more.
fn tell(feed: &Feed, mut heard: u64, gone: &AtomicBool, outbound: &Outbound, say: &Say) {
    let reader = feed.reader();
    loop {
        let items = match reader.wait_unless(heard, STILL_HERE, || gone.load(Relaxed)) {
            Waited::For(items) => items,
            Waited::InVain if !gone.load(Relaxed) => continue,
            Waited::InVain | Waited::Over => return,
        };
        heard = items.last().map_or(heard, |item| item.id);
        let mut frames = Vec::new();
        for item in &items {
            let text = serde_json::to_vec(item).unwrap_or_default();
            frame::write(Opcode::Text, None, &text, &mut frames);
        }
        match outbound.send(&frames, say) {
            Ok(Sent::All) => {}
            Ok(Sent::Nothing) => return, // A close frame has been sent.
            Err(_) => return, // The stream has ended: the thread that hears sees it, too.
        }
    }
}

/// News as a list in JSON.
fn list(visit: &Visit<'_>, items: &[Item]) -> io::Result<Then> {
    let body = serde_json::to_vec(items)?;
    visit.answer(&Answer::new(200, JSON, body).with("Cache-Control", "no-store"))
}

/// The number of the newest that the client knows.
fn after(visit: &Visit<'_>) -> u64 {
    visit.target.parameter("after").and_then(|id| id.parse().ok()).unwrap_or(0)
}

/// The client may be less patient than we are.
fn limit(visit: &Visit<'_>) -> Duration {
    let ms = visit.target.parameter("limit").and_then(|ms| ms.parse().ok());
    ms.map_or(PARKED, |ms| Duration::from_millis(ms).min(PARKED))
}
