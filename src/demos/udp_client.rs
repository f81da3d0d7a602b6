//! `sockdemo udp-client`: bind, connect, send, recv with a time limit, and try again.
//!
//! Each line of input is one datagram. Nobody promises that it arrives, so each one waits
//! for its answer only so long, and is then sent again. The stopper sleeps until Ctrl-C.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded, select};

use crate::demos::tcp_server::{is_over_time, was_interrupted};
use crate::demos::udp_server::{self, LARGEST, peek_whole, report_cut};
use crate::kit::addr::{Addr, own_door};
use crate::kit::error::{Doing, Result};
use crate::kit::keyboard::{self, Rest};
use crate::kit::output;
use crate::kit::say::Say;
use crate::kit::stop::Stop;
use crate::kit::text;

/// What fits into one datagram over IPv4: 65,535 less 20 bytes of IP and 8 of UDP header.
const LARGEST_PAYLOAD: usize = 65_507;

/// UDP client: bind, connect, send, recv with a time limit
///
/// Sends each line of input, without its line end, as one datagram, and prints each
/// answer as one line. An empty line is an empty datagram.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Whom to send to.
    #[arg(
        default_value = "127.0.0.1:7878",
        help = "Whom to send to: HOST:PORT, [V6]:PORT, :PORT or PORT"
    )]
    pub addr: Addr,

    /// Send this text instead of standard input; may be given several times
    #[arg(short, long = "message", value_name = "TEXT")]
    pub messages: Vec<String>,

    /// How long to wait for an answer
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = text::seconds)]
    pub timeout: Duration,

    /// How often to send again when no answer comes
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub retries: u32,

    /// Leave the socket unconnected: sendto and recvfrom instead of send and recv
    #[arg(long)]
    pub no_connect: bool,

    /// Receive into a buffer of N bytes: the tail of a longer datagram is lost
    #[arg(long, value_name = "N", default_value_t = LARGEST, hide_default_value = true,
        value_parser = clap::value_parser!(u16).range(1..))]
    pub buffer: u16,
}

/// Asks and waits for answers, until the input ends or somebody pulls `stop`.
pub fn run(args: &Args, stop: &Stop, say: &Say) -> Result<()> {
    let (socket, server) = open(args, say)?;
    let say = say.about(&socket);
    udp_server::limit_time(&socket, Some(args.timeout), &say)?;
    let input = match args.messages.as_slice() {
        [] => {
            say.note(keyboard::invitation());
            keyboard::lines(LARGEST_PAYLOAD, Rest::Kept).doing("read standard input")?
        }
        messages => keyboard::from_command_line(messages),
    };
    let outcome = thread::scope(|scope| {
        let (over, ended) = bounded(0);
        let (socket, stopper) = (&socket, say.on_thread("stopper").about(&socket));
        let connected = !args.no_connect;
        let stopper = move || wake_when_told(socket, connected, stop, &ended, &stopper);
        thread::Builder::new().spawn_scoped(scope, stopper).doing("start a thread")?;
        let exchange = Exchange { socket, server, args, stop, say: &say };
        let outcome = exchange.ask_each(&input);
        drop(over); // Lets the stopper go.
        outcome
    });
    udp_server::close(socket, &say);
    outcome
}

/// A socket of the same family as the server's address. Without connect it has no peer.
pub(crate) fn open(args: &Args, say: &Say) -> Result<(UdpSocket, SocketAddr)> {
    let opened = args.addr.try_each(say, |server| {
        let socket = socket_for(server, say)?;
        if !args.no_connect {
            point_at(&socket, server, &say.about(&socket))?;
        }
        Ok((socket, server))
    });
    opened.doing(format_args!("open a socket for {}", args.addr))
}

/// A socket on any port, of the family of this address.
pub(crate) fn socket_for(server: SocketAddr, say: &Say) -> io::Result<UdpSocket> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    say.binding(any, "UdpSocket::bind");
    let socket = UdpSocket::bind(any);
    say.bound(&socket);
    socket
}

/// From here on the socket sends to this peer, and hears nobody else.
pub(crate) fn point_at(
    socket: &UdpSocket,
    peer: SocketAddr,
    say: &Say,
) -> io::Result<()> {
    say.connecting(peer);
    let connected = socket.connect(peer);
    say.pointed_at(socket, &connected);
    connected
}

/// One client's side of the conversation.
pub(crate) struct Exchange<'a> {
    pub(crate) socket: &'a UdpSocket,
    pub(crate) server: SocketAddr,
    pub(crate) args: &'a Args,
    pub(crate) stop: &'a Stop,
    pub(crate) say: &'a Say,
}

impl Exchange<'_> {
    fn ask_each(&self, input: &Receiver<Vec<u8>>) -> Result<()> {
        let mut screen = output::Foreign::new();
        loop {
            let question = select! {
                recv(input) -> question => question,
                recv(self.stop.channel()) -> _ => return Ok(()),
            };
            let Ok(question) = question else { return Ok(()) }; // The input has ended.
            match self.ask(&question)? {
                Some(mut answer) => {
                    answer.push(b'\n');
                    let say = self.say;
                    say.catching_up();
                    screen.payload(&answer)?;
                }
                None => return Ok(()), // We are asked to stop.
            }
        }
    }

    /// Sends, waits for the answer, and sends again when none comes in time.
    pub(crate) fn ask(&self, question: &[u8]) -> Result<Option<Vec<u8>>> {
        let (tries, limit) = (self.args.retries.saturating_add(1), self.args.timeout);
        let (limit, say) = (text::duration(limit), self.say);
        for attempt in 1..=tries {
            self.send(question).doing(format_args!("send to {}", self.server))?;
            match self.answer() {
                Err(error) if is_over_time(&error) => {}
                Err(error) => {
                    return Err(error)
                        .doing(format_args!("get an answer from {}", self.server));
                }
                answer => return answer.doing("receive"),
            }
            say.note(format_args!("no answer in {limit} (try {attempt} of {tries})"));
        }
        let silence = match tries {
            1 => format!("no datagram came in {limit}"),
            _ => format!("no datagram came in {tries} tries of {limit}"),
        };
        let silence = io::Error::new(ErrorKind::TimedOut, silence);
        let outcome =
            Err(silence).doing(format_args!("get an answer from {}", self.server));
        outcome.map_err(|error| {
            error.with_hint(
                "UDP does not say whether anybody listens: is the server running?",
            )
        })
    }

    fn send(&self, question: &[u8]) -> io::Result<()> {
        let (socket, say) = (self.socket, self.say);
        if self.args.no_connect {
            say.sending_to(question, self.server);
            let sent = socket.send_to(question, self.server);
            say.sent(&sent);
            return sent.map(drop);
        }
        say.sending(question);
        let sent = socket.send(question);
        say.sent(&sent);
        sent.map(drop)
    }

    /// The answer, `None` when we are asked to stop, or an error when time is over.
    fn answer(&self) -> io::Result<Option<Vec<u8>>> {
        let deadline = Instant::now() + self.args.timeout;
        loop {
            match self.receive() {
                _ if self.stop.requested() => return Ok(None),
                Ok(Some(answer)) => return Ok(Some(answer)),
                // Wait on: the time limit begins anew with each call, but not for ever.
                Ok(None) if Instant::now() < deadline => {}
                Ok(None) => return Err(ErrorKind::TimedOut.into()),
                interrupted if was_interrupted(&interrupted) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// One datagram, unless it is a stranger's.
    fn receive(&self) -> io::Result<Option<Vec<u8>>> {
        let mut buffer = vec![0; usize::from(self.args.buffer)];
        let n = if self.args.no_connect {
            let (n, from) = udp_server::receive_from(self.socket, &mut buffer, self.say)?;
            if from != self.server {
                let say = self.say;
                say.note(format_args!("not from {}: ignored", self.server));
                return Ok(None);
            }
            n
        } else {
            self.receive_from_peer(&mut buffer)?
        };
        buffer.truncate(n);
        Ok(Some(buffer))
    }

    /// A connected socket hears nobody but its peer.
    fn receive_from_peer(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let (socket, say) = (self.socket, self.say);
        let whole = peek_whole(socket, buffer.len(), say)?;
        say.receiving();
        let received = socket.recv(buffer);
        say.received(&received, buffer);
        let n = received?;
        report_cut(n, whole, say);
        Ok(n)
    }
}

/// A socket that is connected hears nobody but its peer, not even itself. So it is
/// connected to itself, and then sends itself an empty datagram.
fn wake_when_told(
    socket: &UdpSocket,
    connected: bool,
    stop: &Stop,
    ended: &Receiver<Infallible>,
    say: &Say,
) {
    if stop.wait_unless(ended) {
        wake(socket, connected, say);
    }
}

/// Ends a receive that waits on this socket.
pub(crate) fn wake(socket: &UdpSocket, connected: bool, say: &Say) {
    let Ok(own) = socket.local_addr().map(own_door) else { return };
    say.note("stopping: an empty datagram to ourselves ends the wait");
    if connected {
        let _ = point_at(socket, own, say); // A datagram that does not come is told, too.
    }
    say.sending_to(&[], own);
    let sent = socket.send_to(&[], own);
    say.sent(&sent);
}
