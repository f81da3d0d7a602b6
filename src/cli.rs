//! The command line: which commands there are, and the flags they share.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use crate::course::{check, lesson, myth, replay, sockets, tour};
use crate::demos::{tcp_client, tcp_server, udp_client, udp_server};
use crate::kit::error::{Doing, Result};
use crate::kit::log::Log;
use crate::kit::output;
use crate::kit::step::Steps;
use crate::kit::stop::Stop;
use crate::kit::view::draw::Drawing;
use crate::kit::view::json::Json;
use crate::kit::view::ladder::Ladder;
use crate::kit::view::lines::Lines;
use crate::kit::view::{Ink, Page, View};

/// See every socket call: blocking std::net demos, narrated call by call
#[derive(Debug, Parser)]
#[command(
    name = "sockdemo",
    version,
    max_term_width = 80,
    disable_help_subcommand = false
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(
        after_help = "In two terminals:\n  sockdemo tcp-server\n  sockdemo tcp-client"
    )]
    TcpServer(Told<tcp_server::Args>),
    #[command(
        after_help = "In two terminals:\n  sockdemo tcp-server\n  sockdemo tcp-client"
    )]
    TcpClient(Told<tcp_client::Args>),
    #[command(
        after_help = "In two terminals:\n  sockdemo udp-server\n  sockdemo udp-client"
    )]
    UdpServer(Told<udp_server::Args>),
    #[command(
        after_help = "In two terminals:\n  sockdemo udp-server\n  sockdemo udp-client"
    )]
    UdpClient(Told<udp_client::Args>),
    #[command(after_help = "Then, in two terminals:\n  \
        sockdemo tcp-server\n  sockdemo tcp-client")]
    Tour(Told<tour::Args>),
    #[command(after_help = "Predict, then see:\n  sockdemo myth F6\n\n\
        In two terminals, to see the kernel's entries while it runs:\n  \
        sockdemo sockets --watch\n  sockdemo myth F24")]
    Myth(myth::Args),
    #[command(after_help = "Read, predict, run:\n  sockdemo lesson 05\n  \
        sockdemo lesson 05 --run\n\nIn two terminals, beside the editor:\n  \
        sockdemo lesson 05\n  sockdemo check 05 --watch")]
    Lesson(Coloured<lesson::Args>),
    #[command(after_help = "In lesson 5, in Rust or in another language:\n  \
        sockdemo check 05\n  sockdemo check 05 -- python3 my_server.py\n\n\
        In two terminals, beside the editor:\n  \
        sockdemo check 05 --watch\n  sockdemo check 05 --hint")]
    Check(check::Args),
    #[command(after_help = "In two terminals, and then in either:\n  \
        sockdemo tcp-server --once --record server.jsonl\n  \
        sockdemo tcp-client --message hello --record client.jsonl\n  \
        sockdemo replay server.jsonl client.jsonl")]
    Replay(Told<replay::Args>),
    #[command(after_help = "In two terminals:\n  \
        sockdemo tcp-server\n  sockdemo sockets --watch")]
    Sockets(sockets::Args),
}

/// The map that a bare `sockdemo` prints: groups in teaching order.
const MAP: &[(&str, &[&str])] = &[
    ("The calls", &["tcp-server", "tcp-client", "udp-server", "udp-client"]),
    ("Classroom", &["tour", "lesson", "check", "myth", "replay", "sockets"]),
];

// A command with its narration. (A doc comment here would become the commands' help.)
#[derive(Debug, clap::Args)]
struct Told<A: clap::Args> {
    #[command(flatten)]
    args: A,
    #[command(flatten)]
    narration: Narration,
}

// A command that shows a page.
#[derive(Debug, clap::Args)]
struct Coloured<A: clap::Args> {
    #[command(flatten)]
    args: A,
    /// When to colour; NO_COLOR=1 also says never
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Colour,
}

// How the calls are told.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Narration")]
struct Narration {
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
enum Look {
    /// One line a call
    Lines,
    /// Two columns and arrows
    Ladder,
    /// The ladder in words, for a screen reader
    Sentences,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Colour {
    Auto,
    Always,
    Never,
}

/// A command whose subject is the picture itself shows it on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Screen {
    Stdout,
    Stderr,
}

impl Cli {
    /// Does what was asked. Usage errors have been reported by then.
    pub fn run(self) -> Result<ExitCode> {
        let stop = &Stop::on_ctrl_c()
            .map_err(|error| io::Error::other(error.to_string()))
            .doing("listen for Ctrl-C")?;
        if let Some(Command::Check(args)) = &self.command {
            return Ok(ExitCode::from(check::run(args, stop)?.exit_code()));
        }
        if let Some(Command::Myth(args)) = &self.command {
            return Ok(ExitCode::from(myth::run(args, stop)?.exit_code()));
        }
        self.show(stop).map(|()| ExitCode::SUCCESS)
    }

    /// Runs a command whose result is what it shows.
    fn show(self, stop: &Stop) -> Result<()> {
        match self.command {
            None | Some(Command::Check(_) | Command::Myth(_)) => {
                output::payload(map().as_bytes())
            }
            Some(Command::TcpServer(Told { args, narration })) => narration
                .around(stop, |log| tcp_server::run(&args, stop, &log.speaker("server"))),
            Some(Command::TcpClient(Told { args, narration })) => {
                narration.leaves_the_keyboard_to("tcp-client", &args.messages);
                narration.around(stop, |log| {
                    tcp_client::run(&args, stop, &log.speaker("client"))
                })
            }
            Some(Command::UdpServer(Told { args, narration })) => narration
                .around(stop, |log| udp_server::run(&args, stop, &log.speaker("server"))),
            Some(Command::UdpClient(Told { args, narration })) => {
                narration.leaves_the_keyboard_to("udp-client", &args.messages);
                narration.around(stop, |log| {
                    udp_client::run(&args, stop, &log.speaker("client"))
                })
            }
            Some(Command::Tour(Told { args, narration })) => {
                let mut pages = narration.pages(Screen::Stdout, Look::Ladder, true)?;
                let (cues, page) = tour::cues();
                pages.push(page);
                let log = narration.start(pages, Screen::Stdout, stop)?;
                let walked = tour::run(&args, stop, &log, &cues);
                walked.and(log.finish().doing("write the recording"))?;
                let ends = !narration.json && !stop.requested();
                output::payload(
                    if ends { tour::ending(&args) } else { String::new() }.as_bytes(),
                )
            }
            Some(Command::Replay(Told { args, narration })) => {
                let load = move || replay::load(&args);
                let events = stop.unless_first("load", load).doing("start a thread")?;
                let Some(events) = events.transpose()? else { return Ok(()) };
                let both = replay::has_both_sides(&events);
                let usual = if both { Look::Ladder } else { Look::Lines };
                let pages = narration.pages(Screen::Stdout, usual, both)?;
                replay::run(events, stop, narration.start(pages, Screen::Stdout, stop)?)
            }
            Some(Command::Lesson(Coloured { args, color })) => {
                lesson::run(&args, color.ink(io::stdout().is_terminal()), stop)
            }
            Some(Command::Sockets(args)) => sockets::run(&args, stop),
        }
    }
}

impl Narration {
    /// Runs a demo with its log, and gives the log the time to write everything down.
    fn around(&self, stop: &Stop, demo: impl FnOnce(&Log) -> Result<()>) -> Result<()> {
        let pages = self.pages(Screen::Stderr, Look::Lines, false)?;
        let log = self.start(pages, Screen::Stderr, stop)?;
        let outcome = demo(&log);
        outcome.and(log.finish().doing("write the recording"))
    }

    /// The screen, and the recording if there is one.
    fn pages(&self, screen: Screen, usual: Look, both: bool) -> Result<Vec<Page>> {
        let mut pages = Vec::new();
        if !self.quiet {
            pages.push(self.screen(screen, usual, both));
        }
        if let Some(path) = &self.record {
            let file = File::create(path);
            let file =
                file.doing(format_args!("write the recording {}", path.display()))?;
            pages.push(Page::recording(file));
        }
        Ok(pages)
    }

    fn start(&self, pages: Vec<Page>, screen: Screen, stop: &Stop) -> Result<Log> {
        let steps = match screen {
            _ if !self.step => Ok(None),
            Screen::Stdout => Steps::by_keyboard(&io::stdout(), stop),
            Screen::Stderr => Steps::by_keyboard(&io::stderr(), stop),
        };
        let steps = steps.doing("read the keyboard")?;
        Log::start(pages, steps, stop).doing("start the log's thread")
    }

    fn screen(&self, screen: Screen, usual: Look, both: bool) -> Page {
        let (to, is_terminal): (Box<dyn Write + Send>, bool) = match screen {
            Screen::Stdout => (Box::new(io::stdout()), io::stdout().is_terminal()),
            Screen::Stderr => {
                (Box::new(output::Aside::new()), io::stderr().is_terminal())
            }
        };
        let ink = self.color.ink(is_terminal);
        let view: Box<dyn View> = match self.view.unwrap_or(usual) {
            _ if self.json => Box::new(Json),
            Look::Lines => Box::new(Lines::new(ink, !self.terse)),
            Look::Ladder => Box::new(Ladder::new(Drawing::picture(ink), both)),
            Look::Sentences => Box::new(Ladder::new(Drawing::sentences(ink), both)),
        };
        let page = Page::screen(view, to, ink);
        if screen == Screen::Stdout { page.subject() } else { page }
    }

    /// Two cannot read one keyboard: while stepping, a client's text comes from
    /// elsewhere.
    fn leaves_the_keyboard_to(&self, client: &str, messages: &[String]) {
        if self.step && messages.is_empty() && io::stdin().is_terminal() {
            let words = "--step needs the keyboard for Enter\n  \
                         hint: give the text with --message TEXT, or pipe it in";
            let mut cli = Cli::command();
            let mut command = cli.find_subcommand(client).cloned();
            let command = command.as_mut().unwrap_or(&mut cli);
            command.error(ErrorKind::MissingRequiredArgument, words).exit();
        }
    }
}

impl Colour {
    fn ink(self, is_terminal: bool) -> Ink {
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

/// All commands, grouped, with the first line of their help.
fn map() -> String {
    let cli = Cli::command();
    let about = cli.get_about().map(ToString::to_string).unwrap_or_default();
    let mut map = format!("{about}\n");
    for (group, names) in MAP {
        map.push_str(&format!("\n{group}\n"));
        for name in *names {
            let command = cli.find_subcommand(name);
            let about =
                command.and_then(clap::Command::get_about).map(ToString::to_string);
            map.push_str(&format!("  {name:<12} {}\n", about.unwrap_or_default()));
        }
    }
    map.push_str(
        "\nStart with `sockdemo tour`. `sockdemo help COMMAND` has the flags.\n",
    );
    map
}
