//! `sockdemo chat-client`: what is typed goes out line by line, what comes is shown above it.
//!
//! A sender and a receiver, as in `tcp-client`. At a terminal the main thread is the editor,
//! as in `ws-client`, and another thread has the conversation. With `--reconnect` that thread
//! connects again when the connection ends, and the channel between the two keeps what is
//! typed meanwhile.

use std::convert::Infallible;
use std::net::TcpStream;
use std::time::Duration;

use crossbeam_channel::{Receiver, after, never, select, select_biased};

use crate::demos::tcp_client::{close, connect, converse, finish, receive};
use crate::demos::tcp_server::send_all;
use crate::demos::ws_client::typing::at_the_terminal;
use crate::kit::addr::Addr;
use crate::kit::error::{Doing, Result};
use crate::kit::keyboard::{self, Rest};
use crate::kit::output;
use crate::kit::prompt::Prompt;
use crate::kit::say::Say;
use crate::kit::stop::Stop;
use crate::kit::text;
use crate::proto::chat::{LONGEST_LINE, Request, parse};

/// A line from a pipe: longer than any chat wants, and still bounded. Whether it is too long
/// is the server's to say, and what comes behind this is no line of its own.
const LONGEST_PIPED: usize = 64 * 1024;

/// As much as is worth a write to standard output.
const BUFFER: usize = 64 * 1024;

/// The first pause before connecting again. Each is twice the one before it, so that a
/// server that is down is not asked all the time by all its clients.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Whoever waits for a server does not want to wait longer than this once it is back.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Chat client: a line for typing, and above it what others say
///
/// Sends what is typed or piped in, line by line, and shows each line that comes. It fits any
/// server that talks in lines.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Where to connect.
    #[arg(
        default_value = "127.0.0.1:7880",
        help = "Where to connect: HOST:PORT, [V6]:PORT, :PORT or PORT"
    )]
    pub addr: Addr,

    /// Ask for this name first: /name NAME
    #[arg(long)]
    pub name: Option<String>,

    /// Ask for this room first: /join ROOM
    #[arg(long)]
    pub room: Option<String>,

    /// Send this line instead of standard input; may be given several times
    #[arg(short, long = "message", value_name = "TEXT")]
    pub messages: Vec<String>,

    /// Connect again when the connection ends or cannot be made
    #[arg(long)]
    pub reconnect: bool,

    /// Give up connecting to an address after this long
    #[arg(long, value_name = "SECONDS", value_parser = text::seconds)]
    pub connect_timeout: Option<Duration>,
}

/// Talks until the server's stream has ended, or somebody pulls `stop`.
pub fn run(args: &Args, stop: &Stop, say: &Say) -> Result<()> {
    if !args.messages.is_empty() {
        return talk(args, &keyboard::from_command_line(&args.messages), stop, say);
    }
    say.note(keyboard::invitation());
    match Prompt::open() {
        Some(prompt) => at_the_terminal(prompt, LONGEST_LINE, say, |lines, say| {
            talk(args, lines, stop, say)
        }),
        None => {
            let lines = keyboard::lines(LONGEST_PIPED, Rest::Dropped)
                .doing("read standard input")?;
            talk(args, &lines, stop, say)
        }
    }
}

/// One connection, or with `--reconnect` one after the other.
fn talk(args: &Args, lines: &Receiver<Vec<u8>>, stop: &Stop, say: &Say) -> Result<()> {
    let mut outbox = Outbox { lines, next: None, ended: false, quits: false };
    let mut pause = FIRST_PAUSE;
    loop {
        let (target, voice) = (args.clone(), say.on_thread("connect"));
        let connected = stop.unless_first("connect", move || {
            connect(&target.addr, target.connect_timeout, &voice)
        });
        let outcome = match connected.doing("start a thread")? {
            Some(Ok(stream)) => {
                let say = say.about(&stream);
                let mut answered = false;
                let send = |over: &_, say: &_| outbox.send(&stream, args, over, say);
                let receive = |say: &_| show_all(&stream, &mut answered, say);
                let outcome = converse(&stream, stop, &say, send, receive);
                close(stream, &say);
                if answered {
                    pause = FIRST_PAUSE;
                }
                outcome
            }
            Some(Err(error)) => Err(error),
            None => {
                say.note("stopping: no connection yet");
                return Ok(());
            }
        };
        let unread = outcome.as_ref().is_err_and(|error| error.is_output_closed());
        let over = outbox.ended || outbox.quits || unread || stop.requested();
        if !args.reconnect || over {
            return outcome;
        }
        let seconds = pause.as_secs();
        say.note(format_args!("no connection: trying again in {seconds} s"));
        if !outbox.wait(pause, stop, say) {
            return if stop.requested() { Ok(()) } else { outcome };
        }
        pause = LONGEST_PAUSE.min(2 * pause);
    }
}

/// What is to be sent, over one connection or the next.
struct Outbox<'a> {
    lines: &'a Receiver<Vec<u8>>,
    /// Taken, and not known to be sent.
    next: Option<Vec<u8>>,
    /// Nothing more will come.
    ended: bool,
    /// A goodbye was among the lines.
    quits: bool,
}

impl Outbox<'_> {
    /// Sends line by line; the end of the input is the end of our half of the connection.
    fn send(
        &mut self,
        stream: &TcpStream,
        args: &Args,
        nothing_comes: &Receiver<Infallible>,
        say: &Say,
    ) -> Result<()> {
        let name = args.name.as_ref().map(|name| format!("/name {name}\n"));
        let room = args.room.as_ref().map(|room| format!("/join {room}\n"));
        for wish in name.iter().chain(&room) {
            send_all(stream, wish.as_bytes(), say).doing("send")?;
        }
        loop {
            if self.next.is_none() {
                // What has been typed goes out, even if the other side has finished.
                let line = select_biased! {
                    recv(self.lines) -> line => line,
                    recv(nothing_comes) -> _ => return Ok(()),
                };
                self.take(line.ok());
            }
            let Some(line) = &self.next else { return finish(stream, say) };
            self.quits |= line.split(|byte| *byte == b'\n').any(is_goodbye);
            send_all(stream, line, say).doing("send")?;
            self.next = None; // The kernel has it. Whether the server does is not known.
        }
    }

    fn take(&mut self, line: Option<Vec<u8>>) {
        self.ended = line.is_none();
        self.next = line.map(|line| [&line[..], b"\n"].concat());
    }

    /// Lets `pause` pass. False if nobody wants a connection any more.
    fn wait(&mut self, pause: Duration, stop: &Stop, say: &Say) -> bool {
        let (over, nothing) = (after(pause), never());
        loop {
            // The first line is taken out of the channel, the others wait in it.
            let lines = if self.next.is_none() { self.lines } else { &nothing };
            select! {
                recv(stop.channel()) -> _ => {
                    say.note("stopping: no connection");
                    return false;
                }
                recv(over) -> _ => return true,
                recv(lines) -> line => {
                    self.take(line.ok());
                    if self.ended {
                        return false;
                    }
                    say.note("kept: what is typed now is sent over the next connection");
                }
            }
        }
    }
}

/// Does the server take this line for `/quit`?
fn is_goodbye(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = str::from_utf8(line).ok().filter(|line| line.len() <= LONGEST_LINE);
    line.is_some_and(|line| matches!(parse(line), Ok(Some(Request::Quit))))
}

/// Shows what comes, until the end of the stream.
fn show_all(stream: &TcpStream, answered: &mut bool, say: &Say) -> Result<()> {
    let mut buffer = vec![0; BUFFER];
    let mut screen = output::Foreign::new();
    loop {
        let received = receive(stream, &mut buffer, say).doing("receive");
        let n = match received {
            Ok(n @ 1..) => n,
            ended => return screen.finish().and(ended.map(drop)),
        };
        *answered = true;
        say.catching_up();
        screen.payload(&buffer[..n])?;
    }
}
