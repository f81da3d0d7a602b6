//! The command line: which commands there are, and the flags they share.

mod narration;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use self::narration::{Colour, Look, Narration, Screen, Voices};
use crate::course::{check, compare, lesson, myth, replay, sockets, tour};
use crate::demos::{
    chat_client, chat_server, forward, http_client, http_server, tcp_client, tcp_server,
    udp_client, udp_server, ws_client, ws_server,
};
use crate::kit::error::{Doing, Result};
use crate::kit::output;
use crate::kit::say::Say;
use crate::kit::stop::Stop;

/// See every socket call: blocking std::net demos, narrated call by call
#[derive(Debug, Parser)]
#[command(
    name = "sockdemo",
    version,
    max_term_width = 80,
    disable_help_subcommand = false,
    mut_subcommands(|command| command.mut_args(below_zero))
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
    #[command(after_help = "Members without chat-client: nc 127.0.0.1 7880\n\n\
        In two terminals, and more people in others:\n  \
        sockdemo chat-server --view events\n  sockdemo chat-client --name ann")]
    ChatServer(Told<chat_server::Args>),
    #[command(after_help = "In two terminals:\n  \
        sockdemo chat-server\n  sockdemo chat-client --name ann")]
    ChatClient(Told<chat_client::Args>),
    #[command(after_help = "\
        FAULTS of a stream: delay=50ms jitter=20ms rate=100k split=3 split=random\n  \
        merge=1000, and at a byte: stall=5000 swallow=5000 cut=5000 reset=5000\n\
        FAULTS of datagrams: loss=20% duplicate=10% reorder=10% truncate=5%\n  \
        corrupt=5% delay=50ms jitter=20ms\n\n\
        In two terminals, and a client in a third:\n  sockdemo tcp-server\n  \
        sockdemo forward :8080 :7878 --view ladder\n  sockdemo tcp-client :8080")]
    Forward(Box<Told<forward::Args>>),
    #[command(after_help = "In two terminals:\n  \
        sockdemo http-server\n  sockdemo http-client")]
    HttpServer(Told<http_server::Args>),
    #[command(after_help = "In two terminals:\n  \
        sockdemo http-server\n  sockdemo http-client")]
    HttpClient(Told<http_client::Args>),
    #[command(
        after_help = "A browser's console: new WebSocket('ws://127.0.0.1:9001')\n\n\
        In two terminals:\n  sockdemo ws-server\n  sockdemo ws-client"
    )]
    WsServer(Told<ws_server::Args>),
    #[command(after_help = "In two terminals:\n  \
        sockdemo ws-server\n  sockdemo ws-client\n  \
        sockdemo ws-client -m hello --ping hey ws://127.0.0.1:9001/any/path")]
    WsClient(Told<ws_client::Args>),
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
    #[command(
        after_help = "Measure, and then look at one of them:\n  sockdemo compare\n\n\
        In two terminals:\n  sockdemo http-server\n  \
        sockdemo http-client :8080/news/stream"
    )]
    Compare(compare::Args),
}

/// The map that a bare `sockdemo` prints: groups in teaching order.
const MAP: &[(&str, &[&str])] = &[
    ("The calls", &["tcp-server", "tcp-client", "udp-server", "udp-client"]),
    ("Conversations", &["chat-server", "chat-client", "forward"]),
    ("The web", &["http-server", "http-client", "ws-server", "ws-client"]),
    ("Classroom", &["tour", "lesson", "check", "myth", "replay", "compare", "sockets"]),
];

// A command with its narration. (A doc comment here would become the commands' help.)
#[derive(Debug, clap::Args)]
struct Told<A: clap::Args> {
    #[command(flatten)]
    args: A,
    #[command(flatten)]
    narration: Narration,
}

/// -1 is a number that is refused, and no option that nobody knows.
fn below_zero(arg: clap::Arg) -> clap::Arg {
    let takes_values = arg.get_action().takes_values();
    arg.allow_negative_numbers(takes_values)
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
        use Command as C;
        match self.command {
            None | Some(C::Check(_) | C::Myth(_)) => output::payload(map().as_bytes()),
            Some(C::TcpServer(told)) => told.serves(Voices::One, stop, tcp_server::run),
            Some(C::UdpServer(told)) => told.serves(Voices::One, stop, udp_server::run),
            Some(C::WsServer(told)) => told.serves(Voices::One, stop, ws_server::run),
            Some(C::ChatServer(told)) => {
                told.serves(Voices::Loop, stop, chat_server::run)
            }
            Some(C::TcpClient(told)) => {
                told.narration.leaves_the_keyboard_to("tcp-client", &told.args.messages);
                told.asks(stop, tcp_client::run)
            }
            Some(C::UdpClient(told)) => {
                told.narration.leaves_the_keyboard_to("udp-client", &told.args.messages);
                told.asks(stop, udp_client::run)
            }
            Some(C::WsClient(told)) => {
                told.narration.leaves_the_keyboard_to("ws-client", &told.args.messages);
                told.asks(stop, ws_client::run)
            }
            Some(C::ChatClient(told)) => {
                told.narration.leaves_the_keyboard_to("chat-client", &told.args.messages);
                told.asks(stop, chat_client::run)
            }
            Some(C::HttpClient(told)) => told.asks(stop, http_client::run),
            Some(C::HttpServer(Told { args, narration })) => {
                narration.around_the_page(&args, stop)
            }
            Some(C::Forward(told)) => {
                leave_out_the_impossible(&told.args);
                told.tells("front", Voices::Between, stop, forward::run)
            }
            Some(C::Tour(Told { args, narration })) => {
                narration.through_the_tour(&args, stop)
            }
            Some(C::Replay(Told { args, narration })) => {
                show_again(args, &narration, stop)
            }
            Some(C::Lesson(Coloured { args, color })) => {
                lesson::run(&args, color.ink(io::stdout().is_terminal()), stop)
            }
            Some(C::Sockets(args)) => sockets::run(&args, stop),
            Some(C::Compare(args)) => compare::run(&args, stop),
        }
    }
}

impl<A: clap::Args> Told<A> {
    fn serves(&self, voices: Voices, stop: &Stop, demo: Demo<A>) -> Result<()> {
        self.tells("server", voices, stop, demo)
    }

    fn asks(&self, stop: &Stop, demo: Demo<A>) -> Result<()> {
        self.tells("client", Voices::One, stop, demo)
    }

    /// Runs a demo with its log. `who` is what its main thread is called there.
    fn tells(
        &self,
        who: &'static str,
        voices: Voices,
        stop: &Stop,
        demo: Demo<A>,
    ) -> Result<()> {
        self.narration
            .around(voices, stop, |log| demo(&self.args, stop, &log.speaker(who)))
    }
}

/// What every demo is for the command line.
type Demo<A> = fn(&A, &Stop, &Say) -> Result<()>;

/// A recording, or two, in the picture that fits who speaks in them.
fn show_again(args: replay::Args, narration: &Narration, stop: &Stop) -> Result<()> {
    let load = move || replay::load(&args);
    let events = stop.unless_first("load", load).doing("start a thread")?;
    let Some(events) = events.transpose()? else { return Ok(()) };
    let voices = Voices::of(&events);
    let usual = match voices {
        Voices::One | Voices::Loop => Look::Lines,
        Voices::Both | Voices::Between | Voices::Party => Look::Ladder,
    };
    let pages = narration.pages(Screen::Stdout, usual, voices)?;
    replay::run(events, stop, narration.start(pages, Screen::Stdout, stop)?)
}

/// Faults that the protocol cannot have are a mistake in the command line.
fn leave_out_the_impossible(args: &forward::Args) {
    if let Some(words) = args.contradiction() {
        usage_error("forward", ErrorKind::ArgumentConflict, &words);
    }
}

fn usage_error(command: &str, kind: ErrorKind, words: &str) -> ! {
    let mut cli = Cli::command();
    cli.build(); // Now each command knows its whole name.
    let mut command = cli.find_subcommand(command).cloned();
    command.as_mut().unwrap_or(&mut cli).error(kind, words).exit()
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
