//! `sockdemo ws-client`: the handshake, then messages both ways, then close frames.
//!
//! A sender and a receiver, as in `tcp-client`; the receiver also answers pings. The end of
//! the input is a close frame, and the conversation is over when the server has answered it.

mod arguments;
mod ending;
mod handshake;
mod refusal;
mod sending;
mod silence;
pub(crate) mod typing;

use std::convert::Infallible;
use std::fmt::Write;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded, never, select_biased};

use self::arguments::{address, name, ping, value};
use self::ending::Closed;
use self::handshake::{Opened, open};
use self::sending::key;
use self::silence::LastHeard;
use self::typing::at_the_terminal;
use crate::demos::tcp_client::{converse, end, receive};
use crate::demos::tcp_server::is_over_time;
use crate::demos::ws_server::told::FrameIn;
use crate::demos::ws_server::{MAX_MESSAGE, Outbound, Sent};
use crate::kit::error::{Doing, Error, Result};
use crate::kit::keyboard::{self, Rest};
use crate::kit::output;
use crate::kit::prompt::Prompt;
use crate::kit::say::Say;
use crate::kit::stop::Stop;
use crate::kit::text;
use crate::proto::http::url::Url;
use crate::proto::websocket::code;
use crate::proto::websocket::frame::Opcode;
use crate::proto::websocket::message::{Event, Incoming, close_payload};

/// As much as is worth a write to standard output.
const BUFFER: usize = 64 * 1024;

/// A line from a pipe is a message, up to this. The rest of a longer one is another message.
const LONGEST_LINE: usize = 1024 * 1024;

/// A line that is typed: as long as a terminal lets one be without us.
const LONGEST_TYPED: usize = 4095;

/// After our close frame the server has so long to go on, and again after each byte.
const PATIENCE: Duration = Duration::from_secs(10);

/// Both have closed, and the server ends the stream first. If it does not, we do.
const LAST_WORD: Duration = Duration::from_secs(2);

/// After Ctrl-C we wait so long for the server's close frame.
const GRACE: Duration = Duration::from_millis(500);

/// Bytes of a binary message that are shown.
const SHOWN: usize = 16;

/// WebSocket client: the handshake, a message for each line, close
///
/// Sends each line that is typed or piped in as a message, and prints the messages that
/// come: text as it is, binary in hexadecimal. At a terminal they stand above the line that
/// is being typed.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What to connect to.
    #[arg(
        default_value = "ws://127.0.0.1:9001",
        value_parser = address,
        help = "What to connect to: ws://HOST[:PORT][/PATH]"
    )]
    pub url: Url,

    /// Send this text instead of standard input; may be given several times
    #[arg(short, long = "message", value_name = "TEXT")]
    pub messages: Vec<String>,

    /// Send binary messages instead of text
    #[arg(long)]
    pub binary: bool,

    /// Send a ping with this in it first, and print the pong
    #[arg(long, value_name = "TEXT", value_parser = ping)]
    pub ping: Option<String>,

    /// Send back each message that comes, and read no input
    #[arg(long, conflicts_with = "messages")]
    pub echo: bool,

    /// Before closing, wait for messages until none has come for this long
    #[arg(long, value_name = "SECONDS", value_parser = text::seconds)]
    pub wait: Option<Duration>,

    /// Say which page is connecting, as a browser does
    #[arg(long, value_parser = value)]
    pub origin: Option<String>,

    /// Offer this subprotocol; may be given several times, the best one first
    #[arg(long = "subprotocol", value_name = "NAME", value_parser = name)]
    pub subprotocols: Vec<String>,

    /// Give up connecting to an address after this long
    #[arg(long, value_name = "SECONDS", value_parser = text::seconds)]
    pub connect_timeout: Option<Duration>,
}

/// Talks until both sides have closed, or somebody pulls `stop`.
pub fn run(args: &Args, stop: &Stop, say: &Say) -> Result<()> {
    let (wanted, voice) = (args.clone(), say.on_thread("connect"));
    let opened = stop.unless_first("connect", move || open(&wanted, &voice));
    let Some(opened) = opened.doing("start a thread")?.transpose()? else {
        say.note("stopping: no connection yet");
        return Ok(());
    };
    let Opened { stream, left } = opened;
    let say = say.about(&*stream);
    let (closing, closed) = bounded(0);
    let talk = Talk {
        args,
        outbound: Outbound::of(Arc::clone(&stream)),
        last_heard: LastHeard::new(),
        asked: Instant::now(),
        closed,
        stop,
    };
    let outcome = talk.with_input(&left, closing, &say);
    drop(talk);
    say.closing();
    drop(stream);
    say.closed();
    outcome
}

/// What comes of the bytes that come.
#[derive(Default)]
struct Heard {
    /// For the screen.
    shown: Vec<u8>,
    /// Why an echo could not be sent.
    unsent: Option<Error>,
}

/// What both threads know.
struct Talk<'a> {
    args: &'a Args,
    outbound: Outbound,
    last_heard: LastHeard,
    asked: Instant,
    /// Ends when the server has closed.
    closed: Receiver<Infallible>,
    stop: &'a Stop,
}

impl Talk<'_> {
    /// From the command line, from a line for typing, or from a pipe.
    fn with_input(
        &self,
        left: &[u8],
        closing: Sender<Infallible>,
        say: &Say,
    ) -> Result<()> {
        let converse = |input: &_, say: &_| self.converse(input, left, closing, say);
        if self.args.echo {
            return converse(&never(), say); // Nothing is typed, and that does not end.
        }
        if !self.args.messages.is_empty() {
            return converse(&keyboard::from_command_line(&self.args.messages), say);
        }
        say.note(keyboard::invitation());
        match Prompt::open() {
            Some(prompt) => at_the_terminal(prompt, LONGEST_TYPED, say, converse),
            None => {
                let lines = keyboard::lines(LONGEST_LINE, Rest::Kept)
                    .doing("read standard input")?;
                converse(&lines, say)
            }
        }
    }

    /// Both directions at a time, and a third thread for Ctrl-C.
    fn converse(
        &self,
        input: &Receiver<Vec<u8>>,
        left: &[u8],
        closing: Sender<Infallible>,
        say: &Say,
    ) -> Result<()> {
        let stream = self.outbound.stream();
        thread::scope(|scope| {
            let (line, cut) = Stop::by_hand();
            let (over, ended) = bounded(0);
            let voice = say.on_thread("goodbye").about(stream);
            let goodbye = move || {
                self.say_goodbye(&ended, &voice);
                drop(line); // The server has had its moment: now both directions end.
            };
            thread::Builder::new()
                .spawn_scoped(scope, goodbye)
                .doing("start a thread")?;
            let send = |over: &_, say: &_| self.send_input(input, over, say);
            let receive = |say: &_| self.receive_all(left, closing, say);
            let outcome = converse(stream, &cut, say, send, receive);
            drop(over);
            outcome
        })
    }

    /// Sleeps until Ctrl-C, and tells the server. It has a moment to answer.
    fn say_goodbye(&self, ended: &Receiver<Infallible>, say: &Say) {
        if self.stop.wait_unless(ended) {
            say.note("stopping: a close frame, and a moment for the answer");
            if let Ok(key) = key() {
                let payload = close_payload(code::GOING_AWAY, "");
                // Whoever cannot be told sees the end of the stream.
                let _ = self.outbound.close_within(GRACE, &payload, Some(key), say);
                let _ = ended.recv_timeout(GRACE); // It ends when the conversation does.
            }
        }
    }

    /// Sends each line as a message; the end of the input is a close frame.
    fn send_input(
        &self,
        input: &Receiver<Vec<u8>>,
        nothing_comes: &Receiver<Infallible>,
        say: &Say,
    ) -> Result<()> {
        if let Some(text) = &self.args.ping {
            self.send(Opcode::Ping, text.as_bytes(), say)?;
        }
        loop {
            // What has been typed goes out, unless the server has closed.
            let line = select_biased! {
                recv(self.closed) -> _ => {
                    return self.keep_silent(Sent::All, input, nothing_comes, say);
                }
                recv(input) -> line => line,
                recv(nothing_comes) -> _ => return Ok(()),
            };
            let sent = match line {
                Ok(line) if self.args.binary => self.send(Opcode::Binary, &line, say),
                Ok(line) if str::from_utf8(&line).is_ok() => {
                    self.send(Opcode::Text, &line, say)
                }
                Ok(_) => {
                    self.close(code::NORMAL, "", say); // Before it: what was right.
                    return Err(Error::because("send a line as text", "it is not UTF-8")
                        .with_hint("--binary sends any bytes"));
                }
                Err(_) => break,
            };
            match sent {
                Ok(Sent::All) => {}
                Ok(nothing) => {
                    return self.keep_silent(nothing, input, nothing_comes, say);
                }
                Err(error) => {
                    let _ = nothing_comes.recv(); // What comes may say why: told first.
                    return Err(error);
                }
            }
        }
        self.close_at_last(nothing_comes, say);
        Ok(())
    }

    /// Here is no half-close: whoever has seen our close frame may say nothing more.
    fn close_at_last(&self, nothing_comes: &Receiver<Infallible>, say: &Say) {
        if let Some(pause) = self.args.wait {
            let time = text::duration(pause);
            say.note(format_args!("waiting until nothing has come for {time}"));
            if !self.last_heard.falls_silent(pause, nothing_comes) {
                return;
            }
        }
        self.close(code::NORMAL, "", say);
        say.note("waiting for the server's close frame until nothing has come for 10 s");
        if self.last_heard.falls_silent(PATIENCE, nothing_comes) {
            say.note("no answer to our close frame: giving up");
            end(self.outbound.stream(), say);
        }
    }

    /// Shows what comes, until the server has closed.
    fn receive_all(
        &self,
        left: &[u8],
        closing: Sender<Infallible>,
        say: &Say,
    ) -> Result<()> {
        let (mut incoming, mut buffer) =
            (Incoming::from_server(MAX_MESSAGE), vec![0; BUFFER]);
        let (mut screen, mut heard) = (output::Foreign::new(), Heard::default());
        let mut input = left;
        let closed = loop {
            let closed = self.take_all(&mut incoming, input, &mut heard, say);
            if !heard.shown.is_empty() {
                say.catching_up();
                screen.payload(&heard.shown)?;
                heard.shown.clear();
            }
            if closed.is_some() {
                break closed;
            }
            let n = receive(self.outbound.stream(), &mut buffer, say).doing("receive")?;
            self.last_heard.now();
            if n == 0 {
                break None;
            }
            input = &buffer[..n];
        };
        drop(closing); // Whoever sends has nothing to send any more.
        screen.finish()?;
        if closed.is_some() {
            self.wait_for_the_end(&mut buffer, say)?;
        }
        let unsaid = Closed::Unsaid(incoming.within().unwrap_or_default());
        closed.unwrap_or(unsaid).outcome(heard.unsent)
    }

    /// Everything in `input`. Says how it ended once it has. Whoever takes no answers any
    /// more may have said why, so what comes is read on.
    fn take_all(
        &self,
        incoming: &mut Incoming,
        mut input: &[u8],
        heard: &mut Heard,
        say: &Say,
    ) -> Option<Closed> {
        while let Some(event) = incoming.take(&mut input) {
            match event {
                Event::Frame(head, payload) => {
                    say.note(FrameIn(head, payload));
                }
                Event::Text(text) => {
                    heard.shown.extend(text.as_bytes());
                    heard.shown.push(b'\n');
                    self.echo(Opcode::Text, text.as_bytes(), heard, say);
                }
                Event::Binary(bytes) => {
                    heard.shown.extend(in_hex(bytes).as_bytes());
                    self.echo(Opcode::Binary, bytes, heard, say);
                }
                Event::Ping(payload) => drop(self.send(Opcode::Pong, payload, say)),
                Event::Pong(payload) => self.show_pong(payload, &mut heard.shown, say),
                Event::Close(code, reason) => {
                    self.close(code, "", say);
                    return Some(Closed::Said(code, reason.to_owned()));
                }
                Event::Wrong(bad) => {
                    say.note(format_args!("the server broke a rule: {bad}"));
                    self.close(bad.code(), &bad.to_string(), say);
                    return Some(Closed::WeRefuse(bad));
                }
            }
        }
        None
    }

    /// After a failure nothing more is sent, so there is one at most.
    fn echo(&self, opcode: Opcode, payload: &[u8], heard: &mut Heard, say: &Say) {
        if self.args.echo
            && let Err(error) = self.send(opcode, payload, say)
        {
            heard.unsent = Some(error);
        }
    }

    fn show_pong(&self, payload: &[u8], shown: &mut Vec<u8>, say: &Say) {
        if self.args.ping.as_ref().is_some_and(|text| text.as_bytes() == payload) {
            let time = text::duration(self.asked.elapsed());
            say.note(format_args!("the pong to our ping, {time} after we began"));
            shown.extend([b"pong: ", payload, b"\n"].concat());
        }
    }

    /// Both have closed: the server ends the stream, so that its port is the one that is
    /// remembered, and not one of ours.
    fn wait_for_the_end(&self, buffer: &mut [u8], say: &Say) -> Result<()> {
        let stream = self.outbound.stream();
        let set = stream.set_read_timeout(Some(LAST_WORD));
        say.set("SO_RCVTIMEO 2.0 s", &set);
        set.doing("limit the wait for the end")?;
        let deadline = Instant::now() + LAST_WORD;
        while Instant::now() < deadline {
            match receive(stream, buffer, say) {
                Ok(1..) => {}
                Ok(0) => break,
                Err(error) if is_over_time(&error) => break,
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break,
                Err(error) => return Err(error).doing("receive"),
            }
        }
        end(stream, say);
        Ok(())
    }
}

/// `binary, 5 B: 00 01 02 03 04`.
fn in_hex(bytes: &[u8]) -> String {
    let mut line = format!("binary, {} B:", text::count(bytes.len() as u64));
    for byte in bytes.iter().take(SHOWN) {
        let _ = write!(line, " {byte:02x}");
    }
    line + if bytes.len() > SHOWN { " …\n" } else { "\n" }
}
