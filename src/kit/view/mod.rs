//! The views of the event log, and the pages they are written on.

pub mod draw;
pub mod json;
pub mod ladder;
pub mod lines;
pub mod party;
pub mod relay;
pub mod turns;
pub mod words;

use std::fmt;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::kit::event::{Event, Phase};
use crate::kit::explain;
use crate::kit::output;
use crate::kit::text::{WIDTH, wrap};

/// A call that returns sooner is told in one line; one that takes longer has its
/// announcement shown while it still waits.
pub const HELD: Duration = Duration::from_millis(50);

/// What a `~` means, at the end of a page that has one.
pub const NOT_KNOWN: &str = "~ whether this happened before or after what stands above it is not \
    known: the\n  two recordings have no common clock\n";

/// A long story is written in parts of about this size.
const PART: usize = 64 * 1024;

/// Turns events into text.
pub trait View: Send {
    /// Appends what this event looks like.
    fn show(&mut self, event: &Event, page: &mut String);

    /// When to [`tick`](View::tick), even if nothing happens.
    fn due(&self) -> Option<Instant> {
        None
    }

    /// Appends what has been held back long enough.
    fn tick(&mut self, _now: Instant, _page: &mut String) {}

    /// Appends what was kept for the end.
    fn finish(&mut self, _page: &mut String) {}
}

/// Dims and brightens, where the page is a terminal that may be coloured.
#[derive(Clone, Copy, Debug)]
pub struct Ink(pub bool);

impl Ink {
    /// Explanations and things that have not happened yet.
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// Failures.
    pub fn red(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// Headings, and words that matter.
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// A word where it is explained.
    pub fn italic(self, text: &str) -> String {
        self.paint("3", text)
    }

    /// Programs, and what they print.
    pub fn code(self, text: &str) -> String {
        self.paint("36", text)
    }

    fn paint(self, colour: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// A view, and where it is written.
pub struct Page {
    view: Box<dyn View>,
    to: Box<dyn Write + Send>,
    ink: Ink,
    /// A recording that cannot be written is an error. A reader who has gone is not.
    matters: bool,
    /// The page is what was asked for, not a narration beside it.
    whole: bool,
    text: String,
    outcome: io::Result<()>,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("text", &self.text).finish_non_exhaustive()
    }
}

impl Page {
    /// For a person: a reader who has gone is ignored.
    pub fn screen(view: Box<dyn View>, to: Box<dyn Write + Send>, ink: Ink) -> Page {
        Page {
            view,
            to,
            ink,
            matters: false,
            whole: false,
            text: String::new(),
            outcome: Ok(()),
        }
    }

    /// The same, where the page itself is what was asked for.
    pub fn subject(self) -> Page {
        Page { whole: true, ..self }
    }

    /// For later: a file that cannot be written is an error.
    pub fn recording(to: impl Write + Send + 'static) -> Page {
        let page = Page::screen(Box::new(json::Json), Box::new(to), Ink(false));
        Page { matters: true, whole: true, ..page }
    }

    /// Shows an event, at the next flush.
    pub fn show(&mut self, event: &Event) {
        let before = self.text.len();
        self.view.show(event, &mut self.text);
        self.leave_the_question(before);
        if self.text.len() > PART {
            self.flush();
        }
    }

    /// A question at the end of the page: the cursor stays behind it.
    pub fn ask(&mut self, words: &str) {
        let lines = wrap(words, WIDTH - 4).join("\n    ");
        self.text.push_str(&self.ink.dim(&format!("  ? {lines} ")));
        output::asked();
    }

    /// The Enter has moved the cursor to the next line.
    pub fn answered(&mut self) {
        output::leave_the_question();
    }

    fn leave_the_question(&mut self, before: usize) {
        if self.text.len() > before && output::leave_the_question() {
            self.text.insert(before, '\n');
        }
    }

    /// Does somebody want every line of it, however slowly it is read?
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// When this page wants to be looked at.
    pub fn due(&self) -> Option<Instant> {
        self.view.due()
    }

    /// Shows what has been held back long enough.
    pub fn tick(&mut self, now: Instant) {
        let before = self.text.len();
        self.view.tick(now, &mut self.text);
        self.leave_the_question(before);
    }

    /// Writes what is there, in one piece.
    pub fn flush(&mut self) {
        if self.outcome.is_ok() && !self.text.is_empty() {
            self.outcome =
                self.to.write_all(self.text.as_bytes()).and_then(|()| self.to.flush());
        }
        self.text.clear();
    }

    /// Writes the rest, and says how it went.
    pub fn finish(mut self) -> io::Result<()> {
        self.view.finish(&mut self.text);
        self.flush();
        if self.matters { self.outcome } else { Ok(()) }
    }
}

/// Announcements that are held back for a moment: most calls return before it is over.
#[derive(Debug, Default)]
pub struct Held {
    waiting: Vec<(Instant, Event)>,
}

impl Held {
    /// Keeps an announcement until it is due.
    pub fn keep(&mut self, event: &Event, now: Instant) {
        self.waiting.push((now + HELD, event.clone()));
    }

    /// The call of this event has returned: its announcement is not needed.
    pub fn drop_for(&mut self, event: &Event) {
        if event.phase == Phase::End {
            self.waiting.retain(|(_, kept)| !explain::same_speaker(kept, event));
        }
    }

    /// When the first one is due.
    pub fn due(&self) -> Option<Instant> {
        self.waiting.iter().map(|(due, _)| *due).min()
    }

    /// Those that are due.
    pub fn take(&mut self, now: Instant) -> Vec<Event> {
        let (due, rest) = self.waiting.drain(..).partition(|(due, _)| *due <= now);
        self.waiting = rest;
        due.into_iter().map(|(_, event): (Instant, Event)| event).collect()
    }
}
