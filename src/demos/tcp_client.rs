//! `sockdemo tcp-client`: connect, send, half-close, recv until the end.
//!
//! Sending and receiving block independently, so each has a thread: whoever sends all
//! first and reads then gets stuck as soon as both directions are full. The main thread
//! decides when it is over: both ended, or Ctrl-C.

use std::convert::Infallible;
use std::io::{self, Read};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded, select, select_biased};

use crate::demos::tcp_server::{send_all, was_interrupted};
use crate::kit::addr::Addr;
use crate::kit::error::{Doing, Result};
use crate::kit::keyboard;
use crate::kit::output;
use crate::kit::say::Say;
use crate::kit::stop::Stop;
use crate::kit::text;

/// As much as is worth a write to standard output.
const BUFFER: usize = 64 * 1024;

/// TCP client: connect, send, half-close, recv
///
/// Sends what is typed or piped in and prints what comes back. The end of the input ends
/// our half of the connection; the answers still arrive.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Where to connect.
    #[arg(
        default_value = "127.0.0.1:7878",
        help = "Where to connect: HOST:PORT, [V6]:PORT, :PORT or PORT"
    )]
    pub addr: Addr,

    /// Send this text instead of standard input; may be given several times
    #[arg(short, long = "message", value_name = "TEXT")]
    pub messages: Vec<String>,

    /// Give up connecting to an address after this long
    #[arg(long, value_name = "SECONDS", value_parser = text::seconds)]
    pub connect_timeout: Option<Duration>,
}

/// Talks until both directions have ended, or somebody pulls `stop`.
pub fn run(args: &Args, stop: &Stop, say: &Say) -> Result<()> {
    let (target, voice) = (args.clone(), say.on_thread("connect"));
    let connected = stop.unless_first("connect", move || {
        connect(&target.addr, target.connect_timeout, &voice)
    });
    let Some(stream) = connected.doing("start a thread")?.transpose()? else {
        say.note("stopping: no connection yet");
        return Ok(());
    };
    let say = say.about(&stream);
    let input = match args.messages.as_slice() {
        [] => {
            say.note(keyboard::invitation());
            keyboard::pieces().doing("read standard input")?
        }
        messages => keyboard::from_command_line(messages),
    };
    let send = |over: &_, say: &_| send_input(&stream, &input, over, say);
    let outcome = converse(&stream, stop, &say, send, |say| receive_all(&stream, say));
    close(stream, &say);
    outcome
}

/// Tries every address that the name stands for.
pub(crate) fn connect(
    addr: &Addr,
    limit: Option<Duration>,
    say: &Say,
) -> Result<TcpStream> {
    let connected = addr.try_each(say, |addr| {
        say.connecting_within(addr, limit);
        let connected = match limit {
            None => TcpStream::connect(addr),
            Some(limit) => TcpStream::connect_timeout(&addr, limit),
        };
        say.connected(&connected);
        connected
    });
    connected.doing(format_args!("connect to {addr}"))
}

/// What ended, and how.
enum Ended {
    Sending(Result<()>),
    Receiving(Result<()>),
}

/// Both directions at a time, until both have ended or somebody pulls `stop`. Whoever sends
/// is told by the end of a channel when nothing comes back any more.
pub(crate) fn converse(
    stream: &TcpStream,
    stop: &Stop,
    say: &Say,
    send: impl FnOnce(&Receiver<Infallible>, &Say) -> Result<()> + Send,
    receive: impl FnOnce(&Say) -> Result<()> + Send,
) -> Result<()> {
    thread::scope(|scope| {
        let (over, nothing_comes) = bounded(0);
        let (ended, endings) = bounded(2);
        let (sender, receiver) = (say.on_thread("sender"), say.on_thread("receiver"));
        let (sender, receiver) = (sender.about(stream), receiver.about(stream));
        let receiving = ended.clone();
        let receive = move || {
            let _over = over; // Without this thread, input that is to come has no reader.
            let _ = receiving.send(Ended::Receiving(receive(&receiver)));
        };
        let send = move || {
            let _ = ended.send(Ended::Sending(send(&nothing_comes, &sender)));
        };
        thread::Builder::new().spawn_scoped(scope, receive).doing("start a thread")?;
        if let Err(error) = thread::Builder::new().spawn_scoped(scope, send) {
            end(stream, say); // Or the receiver would wait on.
            return Err(error).doing("start a thread");
        }

        let mut outcome = Ok(());
        loop {
            select! {
                recv(endings) -> ending => match ending {
                    Ok(Ended::Receiving(result)) => {
                        if result.as_ref().is_err_and(|error| error.is_output_closed()) {
                            end(stream, say); // Nobody reads what we print.
                        }
                        outcome = outcome.and(result);
                    }
                    Ok(Ended::Sending(result)) => outcome = outcome.and(result),
                    Err(_) => return outcome, // Both have ended.
                },
                recv(stop.channel()) -> _ => {
                    say.note("stopping: both directions end");
                    end(stream, say);
                    return Ok(());
                }
            }
        }
    })
}

/// Sends the input as it comes; its end is the end of our half of the connection.
fn send_input(
    stream: &TcpStream,
    input: &Receiver<Vec<u8>>,
    nothing_comes: &Receiver<Infallible>,
    say: &Say,
) -> Result<()> {
    loop {
        // What has been typed goes out, even if the other side has finished.
        let piece = select_biased! {
            recv(input) -> piece => piece,
            recv(nothing_comes) -> _ => return Ok(()),
        };
        match piece {
            Ok(bytes) => send_all(stream, &bytes, say).doing("send")?,
            Err(_) => return finish(stream, say),
        }
    }
}

/// Half-close: the server reads to the end of the stream, and we can still read.
pub(crate) fn finish(stream: &TcpStream, say: &Say) -> Result<()> {
    say.shutting_down(Shutdown::Write);
    let shut = stream.shutdown(Shutdown::Write);
    say.shut_down(Shutdown::Write, &shut);
    shut.or_else(ignore_not_connected).doing("end our half of the connection")
}

fn receive_all(stream: &TcpStream, say: &Say) -> Result<()> {
    let mut buffer = vec![0; BUFFER];
    let mut screen = output::Foreign::new();
    loop {
        let n = receive(stream, &mut buffer, say).doing("receive")?;
        if n == 0 {
            return screen.finish();
        }
        say.catching_up();
        screen.payload(&buffer[..n])?;
    }
}

/// One recv: at least one byte, at most a buffer full, or 0 at the end of the stream.
pub(crate) fn receive(
    mut stream: &TcpStream,
    buffer: &mut [u8],
    say: &Say,
) -> io::Result<usize> {
    loop {
        say.receiving();
        let received = stream.read(buffer);
        say.received(&received, buffer);
        if !was_interrupted(&received) {
            return received;
        }
    }
}

/// Makes both threads return, whatever they are blocked in.
pub(crate) fn end(stream: &TcpStream, say: &Say) {
    say.shutting_down(Shutdown::Both);
    let shut = stream.shutdown(Shutdown::Both);
    say.shut_down(Shutdown::Both, &shut);
}

/// Gives the descriptor back.
pub(crate) fn close(stream: TcpStream, say: &Say) {
    say.closing();
    drop(stream);
    say.closed();
}

/// The other side may have given the connection up before we could end our half.
pub(crate) fn ignore_not_connected(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotConnected { Ok(()) } else { Err(error) }
}
