//! The flags of the narration, and what they make of the log.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::error::ErrorKind;

use super::usage_error;
use crate::course::page::{self, watch::Watch};
use crate::course::{replay, tour};
use crate::demos::http_server;
use crate::kit::error::{Doing, Result};
use crate::kit::event::Event;
use crate::kit::log::Log;
use crate::kit::output;
use crate::kit::step::Steps;
use crate::kit::stop::Stop;
use crate::kit::view::draw::Drawing;
use crate::kit::view::json::Json;
use crate::kit::view::ladder::Ladder;
use crate::kit::view::lines::Lines;
use crate::kit::view::party::{Party, is_of_a_party};
use crate::kit::view::relay::{Relay, is_a_relay};
use crate::kit::view::turns::Turns;
use crate::kit::view::{Ink, Page, View};

// How the calls are told.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Narration")]
pub(super) struct Narration {
    /// Tell nothing
    #[arg(short, long)]
    quiet: bool,

    /// Tell in JSON, one object a line (docs/events.md explains the fields)
    #[arg(long, conflicts_with_all = ["quiet", "view"])]
    json: bool,

    /// Write the same events into a file, for `sockdemo replay`
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,

    /// Wait for Enter before each call, and say what it is for (a client then takes its
    /// text from --message or a pipe)
    #[arg(long, conflicts_with_all = ["quiet", "json"])]
    step: bool,

    /// How to show the calls
    #[arg(long, value_name = "VIEW")]
    view: Option<Look>,

    /// Only what was observed, no explanations
    #[arg(long)]
    terse: bool,

    /// When to colour; NO_COLOR=1 also says never
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Colour,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Look {
    /// One line a call
    Lines,
    /// Columns and arrows
    Ladder,
    /// The ladder in words, for a screen reader
    Sentences,
    /// The turns of the event loop, for chat-server
    Events,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Colour {
    Auto,
    Always,
    Never,
}

/// A command whose subject is the picture itself shows it on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Screen {
    Stdout,
    Stderr,
}

/// Who speaks into the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voices {
    /// One side of a conversation.
    One,
    /// Both sides.
    Both,
    /// A forwarder between the two.
    Between,
    /// A server with an event loop.
    Loop,
    /// Such a server, and three people who talk to it.
    Party,
}

impl Voices {
    /// Who spoke when this was recorded.
    pub(super) fn of(events: &[Event]) -> Voices {
        match replay::has_both_sides(events) {
            _ if events.iter().any(is_of_a_party) => Voices::Party,
            true => Voices::Both,
            false if events.iter().any(is_a_relay) => Voices::Between,
            false if events.iter().any(|event| event.turn.is_some()) => Voices::Loop,
            false => Voices::One,
        }
    }
}

impl Narration {
    /// Runs a demo with its log, and gives the log the time to write everything down.
    pub(super) fn around(
        &self,
        voices: Voices,
        stop: &Stop,
        demo: impl FnOnce(&Log) -> Result<()>,
    ) -> Result<()> {
        let pages = self.pages(Screen::Stderr, Look::Lines, voices)?;
        let log = self.start(pages, Screen::Stderr, stop)?;
        let outcome = demo(&log);
        outcome.and(log.finish().doing("write the recording"))
    }

    /// The tour is a picture on standard output, with words behind it.
    pub(super) fn through_the_tour(&self, args: &tour::Args, stop: &Stop) -> Result<()> {
        let voices = match args.part {
            Some(tour::Part::Chat) => Voices::Party,
            _ => Voices::Both,
        };
        let mut pages = self.pages(Screen::Stdout, Look::Ladder, voices)?;
        let (cues, page) = tour::cues();
        pages.push(page);
        let log = self.start(pages, Screen::Stdout, stop)?;
        let walked = tour::run(args, stop, &log, &cues);
        walked.and(log.finish().doing("write the recording"))?;
        let ends = !self.json && !stop.requested();
        let ending = if ends { tour::ending(args) } else { String::new() };
        output::payload(ending.as_bytes())
    }

    /// A folder, or the page: whoever looks at that also sees what its server does.
    pub(super) fn around_the_page(
        &self,
        args: &http_server::Args,
        stop: &Stop,
    ) -> Result<()> {
        let mut pages = self.pages(Screen::Stderr, Look::Lines, Voices::One)?;
        let (watch, watched) = Watch::new();
        let watch = (args.root.is_none() && !self.quiet).then_some(watch);
        if watch.is_some() {
            pages.push(watched);
        }
        let log = self.start(pages, Screen::Stderr, stop)?;
        let say = log.speaker("server");
        let outcome = match &args.root {
            Some(root) => http_server::run(args, root, stop, &say),
            None => page::run(args, watch, stop, &say),
        };
        drop(say);
        outcome.and(log.finish().doing("write the recording"))
    }

    /// The screen, and the recording if there is one.
    pub(super) fn pages(
        &self,
        screen: Screen,
        usual: Look,
        voices: Voices,
    ) -> Result<Vec<Page>> {
        let mut pages = Vec::new();
        if !self.quiet {
            pages.push(self.screen(screen, usual, voices));
        }
        if let Some(path) = &self.record {
            let file = File::create(path);
            let file =
                file.doing(format_args!("write the recording {}", path.display()))?;
            pages.push(Page::recording(file));
        }
        Ok(pages)
    }

    pub(super) fn start(
        &self,
        pages: Vec<Page>,
        screen: Screen,
        stop: &Stop,
    ) -> Result<Log> {
        let steps = match screen {
            _ if !self.step => Ok(None),
            Screen::Stdout => Steps::by_keyboard(&io::stdout(), stop),
            Screen::Stderr => Steps::by_keyboard(&io::stderr(), stop),
        };
        let steps = steps.doing("read the keyboard")?;
        Log::start(pages, steps, stop).doing("start the log's thread")
    }

    fn screen(&self, screen: Screen, usual: Look, voices: Voices) -> Page {
        let (to, is_terminal): (Box<dyn Write + Send>, bool) = match screen {
            Screen::Stdout => (Box::new(io::stdout()), io::stdout().is_terminal()),
            Screen::Stderr => {
                (Box::new(output::Aside::new()), io::stderr().is_terminal())
            }
        };
        let ink = self.color.ink(is_terminal);
        let view: Box<dyn View> = match (self.view.unwrap_or(usual), voices) {
            _ if self.json => Box::new(Json),
            (Look::Lines, _) => Box::new(Lines::new(ink, !self.terse)),
            (Look::Events, Voices::Loop | Voices::Party) => {
                Box::new(Turns::new(ink, !self.terse))
            }
            (Look::Events, _) => {
                let words = "--view events: there is no event loop here, see chat-server";
                usage_error("", ErrorKind::ArgumentConflict, words)
            }
            (look, Voices::Between) => Box::new(Relay::new(ink, look == Look::Sentences)),
            (look, Voices::Party) => Box::new(Party::new(ink, look == Look::Sentences)),
            (look, voices) => {
                let drawing = match look {
                    Look::Sentences => Drawing::sentences(ink),
                    _ => Drawing::picture(ink),
                };
                Box::new(Ladder::new(drawing, voices == Voices::Both))
            }
        };
        let page = Page::screen(view, to, ink);
        if screen == Screen::Stdout { page.subject() } else { page }
    }

    /// Two cannot read one keyboard: while stepping, a client's text comes from
    /// elsewhere.
    pub(super) fn leaves_the_keyboard_to(&self, client: &str, messages: &[String]) {
        if self.step && messages.is_empty() && io::stdin().is_terminal() {
            let words = "--step needs the keyboard for Enter\n  \
                         hint: give the text with --message TEXT, or pipe it in";
            usage_error(client, ErrorKind::MissingRequiredArgument, words);
        }
    }
}

impl Colour {
    pub(super) fn ink(self, is_terminal: bool) -> Ink {
        Ink(match self {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => is_terminal && !no_color(),
        })
    }
}

fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}
