//! `sockdemo tcp-server`: socket, bind, listen, accept, recv and send, close.
//!
//! An echo server. The main thread accepts; each client has a thread of its own that
//! blocks in recv and send for this client alone. A last thread, the stopper, sleeps
//! until Ctrl-C and then makes all those blocked calls return.

pub(crate) mod farewell;

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, Scope};
use std::time::Duration;

use crossbeam_channel::bounded;

use self::farewell::{
    dismiss, drain, end_politely, refuse, see_off, send_late_comers_away, stop_serving,
    turn_away,
};
use crate::kit::addr::{Addr, reach};
use crate::kit::clients::{Clients, Numbers};
use crate::kit::error::{Doing, Result, low_port};
use crate::kit::limits;
use crate::kit::output;
use crate::kit::say::Say;
use crate::kit::stop::Stop;
use crate::kit::text::{self, several};

/// The buffer of a client that says little: ten thousand idle clients stay small.
pub(crate) const FIRST_BUFFER: usize = 4 * 1024;

/// The buffer of a client that fills it. A larger one gained nothing in bulk echo.
pub(crate) const LARGEST_BUFFER: usize = 256 * 1024;

/// TCP echo server: bind, listen, accept, a thread per client
///
/// Sends back to each client what that client sends, until the client ends its stream.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Where to listen.
    #[arg(
        default_value = "127.0.0.1:7878",
        help = "Where to listen: HOST:PORT, [V6]:PORT, :PORT or PORT (0: any port)"
    )]
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

    /// What a client is told for whom there is no place.
    #[arg(skip)]
    pub(crate) full: Full,

    /// What clients are called in the narration.
    #[arg(skip)]
    pub(crate) numbers: Numbers,
}

/// A sentence in the language that the server speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Full(pub(crate) &'static str);

impl Default for Full {
    fn default() -> Full {
        Full("server full, try again later\n")
    }
}

/// Serves until somebody pulls `stop`.
pub fn run(args: &Args, stop: &Stop, say: &Say) -> Result<()> {
    let listener = listen(&args.addr, say)?;
    let addr = listener.local_addr().doing("ask for our own address")?;
    output::listening_on(addr)?;
    serve_each_client(listener, &args.serving, stop, say, |_, stream, say| {
        echo(stream, say)
    })
}

/// One std call, four system calls: socket, setsockopt, bind, listen.
pub(crate) fn listen(addr: &Addr, say: &Say) -> Result<TcpListener> {
    let listener = addr.try_each(say, |addr| {
        say.binding(addr, "TcpListener::bind");
        let listener = TcpListener::bind(addr);
        say.bound(&listener);
        listener
    });
    let listener = listener.doing(format_args!("listen on {addr}")).map_err(low_port)?;
    if let Some(warning) = listener.local_addr().ok().and_then(reach) {
        say.note(warning);
    }
    Ok(listener)
}

/// Gives each client a number, and a thread that has a `conversation` with it, until
/// `stop`.
pub(crate) fn serve_each_client(
    listener: TcpListener,
    serving: &Serving,
    stop: &Stop,
    say: &Say,
    conversation: impl Fn(u32, &Arc<TcpStream>, &Say) -> io::Result<()> + Sync,
) -> Result<()> {
    let say = say.about(&listener);
    let addr = listener.local_addr().doing("ask for our own address")?;
    let clients = &Clients::with_room_for(room(serving), &serving.numbers);
    let host = Host { serving, clients, stop, conversation: &conversation };
    thread::scope(|scope| {
        let (over, ended) = bounded(0);
        let voice = say.on_thread("stopper");
        let spare = limits::spare_descriptor();
        let stopper = move || {
            if stop.wait_unless(&ended) {
                drop(spare); // The wake-up call needs a descriptor, if it is the last one.
                stop_serving(addr, clients, &voice);
            }
        };
        thread::Builder::new().spawn_scoped(scope, stopper).doing("start a thread")?;

        let outcome = host.accept_each(scope, &listener, &say);
        if stop.requested() {
            send_late_comers_away(&listener, &say);
        }
        say.closing();
        drop(listener);
        say.closed();
        drop(over); // Lets the stopper go. The scope then waits for every thread.
        outcome
    })
}

/// What every client's thread needs to know.
struct Host<'a, C> {
    serving: &'a Serving,
    clients: &'a Clients,
    stop: &'a Stop,
    conversation: &'a C,
}

impl<C: Fn(u32, &Arc<TcpStream>, &Say) -> io::Result<()> + Sync> Host<'_, C> {
    /// The accept loop: one client after the other, a thread each.
    fn accept_each<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        listener: &TcpListener,
        say: &Say,
    ) -> Result<()> {
        while let Some(stream) = self.next_client(listener, say)? {
            let Some((number, stream)) = self.admit(stream, say) else { continue };
            let voice = say.on_connection(number).about(&*stream);
            let serve = move || {
                // A panic is one client's: whoever comes next has the place.
                let talk = AssertUnwindSafe(|| self.converse(number, &stream, &voice));
                let _ = catch_unwind(talk);
                see_off(number, stream, self.clients, &voice);
            };
            match thread::Builder::new().spawn_scoped(scope, serve) {
                Ok(client) if self.serving.once => {
                    let _ = client.join(); // It does not panic.
                    break;
                }
                Ok(_) => {}
                Err(error) => {
                    let full = self.serving.full;
                    turn_away(number, self.clients, full, &error, say);
                }
            }
        }
        Ok(())
    }

    /// Waits in accept. `None` when it is time to stop.
    fn next_client(
        &self,
        listener: &TcpListener,
        say: &Say,
    ) -> Result<Option<TcpStream>> {
        loop {
            say.accepting();
            let accepted = listener.accept();
            say.accepted(&accepted);
            match accepted {
                Ok((stream, _)) if self.stop.requested() => {
                    dismiss(stream, say); // Our own wake-up call, or somebody too late.
                    return Ok(None);
                }
                Ok((stream, _)) => return Ok(Some(stream)),
                // The client was gone before we could greet it.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(error) if limits::is_out_of_descriptors(&error) => {
                    say.note("no room for another client: waiting for one to leave");
                    if !self.clients.wait_for_a_place() {
                        return Err(error).doing("accept a client");
                    }
                    if self.stop.requested() {
                        return Ok(None);
                    }
                }
                Err(error) => return Err(error).doing("accept a client"),
            }
        }
    }

    /// Gives the newcomer a place and a number, if there is one.
    fn admit(&self, stream: TcpStream, say: &Say) -> Option<(u32, Arc<TcpStream>)> {
        match self.clients.enter(stream) {
            Ok(client) => return Some(client),
            Err(stream) if self.clients.closing() => dismiss(stream, say),
            Err(stream) => {
                let present = several(self.clients.count(), "client");
                say.note(format_args!("full: serving {present}"));
                refuse(stream, self.serving.full, say);
            }
        }
        None
    }

    /// One client, from its first byte to the last.
    fn converse(&self, number: u32, stream: &Arc<TcpStream>, say: &Say) {
        let limit = self.serving.idle_timeout;
        let outcome = limit_time(stream, limit, say)
            .and_then(|()| (self.conversation)(number, stream, say));
        match outcome {
            Ok(()) => {}
            Err(error) if limit.is_some() && is_over_time(&error) => {
                say.note("idle for too long: letting this client go");
                end_politely(stream, say);
            }
            Err(_) if self.clients.closing() => {
                say.note("cut: we are stopping, and what came last was not answered");
                drain(stream, say);
            }
            Err(error) => {
                say.note(format_args!("this conversation ended early: {error}"));
            }
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
pub(crate) fn send_all(stream: &TcpStream, bytes: &[u8], say: &Say) -> io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        rest = &rest[send_some(stream, rest, say)?..];
    }
    Ok(())
}

/// One send: how many bytes the kernel took. None, if the call was interrupted.
pub(crate) fn send_some(
    mut stream: &TcpStream,
    bytes: &[u8],
    say: &Say,
) -> io::Result<usize> {
    say.sending(bytes);
    let sent = stream.write(bytes);
    say.sent(&sent);
    if was_interrupted(&sent) { Ok(0) } else { sent }
}

/// With a time limit, a blocked recv or send fails when the time is over.
pub(crate) fn limit_time(
    stream: &TcpStream,
    limit: Option<Duration>,
    say: &Say,
) -> io::Result<()> {
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
pub(crate) fn is_over_time(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_in_one_conversation_is_nobody_elses() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let (line, stop) = Stop::by_hand();
        let serving = Serving { max_clients: Some(1), ..Serving::default() };
        let converse = |number, mut stream: &TcpStream| {
            assert_ne!(number, 1, "this one is meant to panic");
            stream.write_all(b"served")
        };
        let serve = || {
            let say = Say::new("server", None);
            serve_each_client(listener, &serving, &stop, &say, |number, stream, _| {
                converse(number, stream)
            })
        };
        let hear = || {
            let (mut stream, mut heard) = (TcpStream::connect(addr)?, String::new());
            stream.set_read_timeout(Some(Duration::from_secs(20)))?;
            stream.read_to_string(&mut heard)?;
            io::Result::Ok(heard)
        };
        thread::scope(|scope| {
            let server = scope.spawn(serve);
            assert_eq!(hear().unwrap(), "", "its end comes at once");
            let full = Full::default().0;
            let heard = std::iter::repeat_with(|| hear().unwrap()).find(|it| it != full);
            assert_eq!(heard.unwrap(), "served");
            drop(line);
            assert!(server.join().unwrap().is_ok());
        });
    }
}
