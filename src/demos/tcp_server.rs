//! `sockdemo tcp-server`: socket, bind, listen, accept, recv and send, close.
//!
//! An echo server. The main thread accepts; each client has a thread of its own that
//! blocks in recv and send for this client alone. A last thread, the stopper, sleeps
//! until Ctrl-C and then makes all those blocked calls return.

mod farewell;

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::bounded;

use self::farewell::{drain, hang_up, refuse, see_off, stop_serving, turn_away};
use crate::kit::addr::{Addr, reach};
use crate::kit::clients::Clients;
use crate::kit::error::{Doing, Result};
use crate::kit::limits;
use crate::kit::output;
use crate::kit::say::Say;
use crate::kit::stop::Stop;
use crate::kit::text::{self, several};

/// The buffer of a client that says little: ten thousand idle clients stay small.
const FIRST_BUFFER: usize = 4 * 1024;

/// The buffer of a client that fills it. A larger one gained nothing in bulk echo.
const LARGEST_BUFFER: usize = 256 * 1024;

/// TCP echo server: bind, listen, accept, a thread per client
///
/// Sends back to each client what that client sends, until the client ends its stream.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Where to listen: HOST:PORT, [V6]:PORT, :PORT or PORT; port 0 lets the system
    /// choose
    #[arg(default_value = "127.0.0.1:7878")]
    pub addr: Addr,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub serving: Serving,
}

/// How a TCP server treats its clients.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Serving {
    /// Serve at most N clients at a time [default: as many as there are descriptors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_clients: Option<u32>,

    /// Let go of a client when no byte has moved for this long
    #[arg(long, value_name = "SECONDS", value_parser = text::seconds)]
    pub idle_timeout: Option<Duration>,

    /// Serve one client, then end
    #[arg(long)]
    pub once: bool,
}

/// Serves until somebody pulls `stop`.
pub fn run(args: &Args, stop: &Stop, say: &Say) -> Result<()> {
    let listener = listen(&args.addr, say)?;
    let addr = listener.local_addr().doing("ask for our own address")?;
    output::listening_on(addr)?;
    serve_each_client(listener, &args.serving, stop, say, echo)
}

/// One std call, four system calls: socket, setsockopt, bind, listen.
pub(crate) fn listen(addr: &Addr, say: &Say) -> Result<TcpListener> {
    let listener = addr.try_each(say, |addr| {
        say.binding(addr);
        let listener = TcpListener::bind(addr);
        say.bound(&listener);
        listener
    });
    let listener = listener.doing(format_args!("listen on {addr}"))?;
    if let Some(warning) = listener.local_addr().ok().and_then(reach) {
        say.note(warning);
    }
    Ok(listener)
}

/// Accepts clients and gives each one a thread that has a `conversation` with it.
pub(crate) fn serve_each_client(
    listener: TcpListener,
    serving: &Serving,
    stop: &Stop,
    say: &Say,
    conversation: impl Fn(&TcpStream, &Say) -> io::Result<()> + Sync,
) -> Result<()> {
    let say = say.about(&listener);
    let addr = listener.local_addr().doing("ask for our own address")?;
    let clients = &Clients::with_room_for(room(serving));
    let conversation = &conversation;
    thread::scope(|scope| {
        let (over, ended) = bounded(0);
        let stopper = say.on_thread("stopper");
        let stopper = move || stop_serving(addr, clients, stop, &ended, &stopper);
        thread::Builder::new().spawn_scoped(scope, stopper).doing("start a thread")?;

        let outcome = accept_clients(&listener, clients, stop, &say, |stream| {
            let Some((number, stream)) = admit(stream, clients, &say) else {
                return true;
            };
            let voice = say.on_connection(number).about(&*stream);
            let serve = move || {
                converse(&stream, serving, clients, &voice, conversation);
                see_off(number, stream, clients, &voice);
            };
            let thread = thread::Builder::new();
            match thread.spawn_scoped(scope, serve) {
                Ok(client) if serving.once => client.join().is_err(),
                Ok(_) => true,
                Err(error) => {
                    turn_away(number, clients, &error, &say);
                    true
                }
            }
        });

        say.closing();
        drop(listener);
        say.closed();
        drop(over); // Lets the stopper go. The scope then waits for every thread.
        outcome
    })
}

/// The accept loop. Ends when it is time to stop, or when `welcome` says that it was the
/// last one.
fn accept_clients(
    listener: &TcpListener,
    clients: &Clients,
    stop: &Stop,
    say: &Say,
    mut welcome: impl FnMut(TcpStream) -> bool,
) -> Result<()> {
    loop {
        say.accepting();
        let accepted = listener.accept();
        say.accepted(&accepted);
        match accepted {
            Ok((stream, _)) if stop.requested() => {
                hang_up(stream, say); // Our own wake-up call, or a client that came too late.
                return Ok(());
            }
            Ok((stream, _)) => {
                let more = welcome(stream);
                if !more {
                    return Ok(());
                }
            }
            // The client was gone before we could greet it.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) if limits::is_out_of_descriptors(&error) => {
                say.note("no descriptor is left: waiting for a client to leave");
                if !clients.wait_for_a_place() {
                    return Err(error).doing("accept a client");
                }
            }
            Err(error) => return Err(error).doing("accept a client"),
        }
    }
}

/// The lesson in one loop: send back what was received, until the stream ends.
pub(crate) fn echo(mut stream: &TcpStream, say: &Say) -> io::Result<()> {
    let mut buffer = vec![0; FIRST_BUFFER];
    loop {
        say.receiving();
        let received = stream.read(&mut buffer);
        say.received(&received, &buffer);
        if was_interrupted(&received) {
            continue;
        }
        let n = received?;
        if n == 0 {
            return Ok(());
        }
        send_all(stream, &buffer[..n], say)?;
        if n == buffer.len() && n < LARGEST_BUFFER {
            buffer.resize(2 * n, 0);
        }
    }
}

/// What `write_all` does: the kernel may take less than it is offered, so offer the rest.
pub(crate) fn send_all(
    mut stream: &TcpStream,
    bytes: &[u8],
    say: &Say,
) -> io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        say.sending(rest);
        let sent = stream.write(rest);
        say.sent(&sent);
        if !was_interrupted(&sent) {
            rest = &rest[sent?..];
        }
    }
    Ok(())
}

/// Gives the newcomer a place and a number, or the reason why there is none.
fn admit(
    stream: TcpStream,
    clients: &Clients,
    say: &Say,
) -> Option<(u32, Arc<TcpStream>)> {
    match clients.enter(stream) {
        Ok(client) => Some(client),
        Err(stream) if clients.closing() => {
            hang_up(stream, say);
            None
        }
        Err(stream) => {
            let present = several(clients.count(), "client");
            say.note(format_args!("full: serving {present}"));
            refuse(&stream, say);
            hang_up(stream, say);
            None
        }
    }
}

/// One client, from its first byte to the last.
fn converse(
    stream: &TcpStream,
    serving: &Serving,
    clients: &Clients,
    say: &Say,
    conversation: impl Fn(&TcpStream, &Say) -> io::Result<()>,
) {
    let outcome = limit_time(stream, serving.idle_timeout, say)
        .and_then(|()| conversation(stream, say));
    match outcome {
        Ok(()) => {}
        Err(error) if is_over_time(&error) => {
            say.note("idle for too long: letting this client go");
        }
        Err(_) if clients.closing() => {
            say.note("cut: we are stopping, and what came last was not answered");
            drain(stream, say);
        }
        Err(error) => {
            say.note(format_args!("this conversation ended early: {error}"));
        }
    }
}

/// With a time limit, a blocked recv or send fails when the time is over.
fn limit_time(stream: &TcpStream, limit: Option<Duration>, say: &Say) -> io::Result<()> {
    if let Some(limit) = limit {
        let set = stream.set_read_timeout(Some(limit));
        say.set(&format!("SO_RCVTIMEO {}", text::duration(limit)), &set);
        set?;
        let set = stream.set_write_timeout(Some(limit));
        say.set(&format!("SO_SNDTIMEO {}", text::duration(limit)), &set);
        set?;
    }
    Ok(())
}

fn room(serving: &Serving) -> usize {
    let wanted =
        serving.max_clients.map_or(usize::MAX, |n| n.try_into().unwrap_or(usize::MAX));
    wanted.min(limits::clients_by_descriptors())
}

/// A process that is paused and continued finds some of its calls interrupted. Nothing was
/// moved, so nothing is lost by making the call again.
pub(crate) fn was_interrupted<T>(result: &io::Result<T>) -> bool {
    result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Interrupted)
}

/// Systems disagree on what to call it.
fn is_over_time(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
