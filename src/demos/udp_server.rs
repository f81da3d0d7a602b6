//! `sockdemo udp-server`: bind, recvfrom, sendto. No listen, no accept, no connection.
//!
//! An echo server for datagrams. One socket serves everybody, so one thread is enough: it
//! blocks in recvfrom. The stopper sleeps until Ctrl-C and wakes it with an empty
//! datagram.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};

use crate::demos::tcp_server::is_over_time;
use crate::kit::addr::{Addr, own_door, reach};
use crate::kit::error::{Doing, Result, low_port};
use crate::kit::output;
use crate::kit::say::Say;
use crate::kit::stop::Stop;
use crate::kit::text;

/// No datagram is longer than this: the length field has 16 bits.
pub(crate) const LARGEST: u16 = 65_535;

/// UDP echo server: bind, recvfrom, sendto
///
/// Sends each datagram back to whoever sent it.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Where to receive.
    #[arg(
        default_value = "127.0.0.1:7878",
        help = "Where to receive: HOST:PORT, [V6]:PORT, :PORT or PORT (0: any port)"
    )]
    pub addr: Addr,

    /// Receive into a buffer of N bytes: the tail of a longer datagram is lost
    #[arg(long, value_name = "N", default_value_t = LARGEST, hide_default_value = true,
        value_parser = clap::value_parser!(u16).range(1..))]
    pub buffer: u16,

    /// End when no datagram has come for this long
    #[arg(long, value_name = "SECONDS", value_parser = text::seconds)]
    pub idle_timeout: Option<Duration>,

    /// Answer one datagram, then end
    #[arg(long)]
    pub once: bool,
}

/// Answers until somebody pulls `stop`.
pub fn run(args: &Args, stop: &Stop, say: &Say) -> Result<()> {
    let socket = bind(&args.addr, say)?;
    output::listening_on(socket.local_addr().doing("ask for our own address")?)?;
    serve(socket, args, stop, say)
}

/// Answers on this socket until `stop`, or once.
pub(crate) fn serve(
    socket: UdpSocket,
    args: &Args,
    stop: &Stop,
    say: &Say,
) -> Result<()> {
    let say = say.about(&socket);
    limit_time(&socket, args.idle_timeout, &say)?;
    let outcome = thread::scope(|scope| {
        let (over, ended) = bounded(0);
        let (socket, stopper) = (&socket, say.on_thread("stopper").about(&socket));
        let stopper = move || wake_when_told(socket, stop, &ended, &stopper);
        thread::Builder::new().spawn_scoped(scope, stopper).doing("start a thread")?;
        let outcome = answer_each(socket, args, stop, &say);
        drop(over); // Lets the stopper go.
        outcome
    });
    close(socket, &say);
    outcome
}

/// One std call, two system calls: socket and bind.
pub(crate) fn bind(addr: &Addr, say: &Say) -> Result<UdpSocket> {
    let socket = addr.try_each(say, |addr| {
        say.binding(addr, "UdpSocket::bind");
        let socket = UdpSocket::bind(addr);
        say.bound(&socket);
        socket
    });
    let socket = socket.doing(format_args!("bind to {addr}")).map_err(low_port)?;
    if let Some(warning) = socket.local_addr().ok().and_then(reach) {
        say.note(warning);
    }
    Ok(socket)
}

/// The lesson in one loop: one datagram in, one datagram out, to whoever sent it.
fn answer_each(socket: &UdpSocket, args: &Args, stop: &Stop, say: &Say) -> Result<()> {
    let mut buffer = vec![0; usize::from(args.buffer)];
    loop {
        let received = receive_from(socket, &mut buffer, say);
        let (n, peer) = match received {
            Ok((0, _)) if stop.requested() => return Ok(()), // The wake-up call is empty.
            Ok(received) => received,
            Err(error) if is_over_time(&error) => {
                say.note("no datagram for too long: ending");
                return Ok(());
            }
            Err(error) if is_about_an_earlier_one(&error) => continue,
            Err(error) => return Err(error).doing("receive a datagram"),
        };

        say.sending_to(&buffer[..n], peer);
        let sent = socket.send_to(&buffer[..n], peer);
        say.sent(&sent); // An answer that cannot be sent is that peer's loss only.
        if args.once {
            return Ok(());
        }
    }
}

/// One datagram, and whom it came from.
pub(crate) fn receive_from(
    socket: &UdpSocket,
    buffer: &mut [u8],
    say: &Say,
) -> io::Result<(usize, SocketAddr)> {
    let whole = peek_whole(socket, buffer.len(), say)?;
    say.receiving_from();
    let received = socket.recv_from(buffer);
    say.received_from(&received, buffer);
    let (n, peer) = received?;
    report_cut(n, whole, say);
    Ok((n, peer))
}

/// How long is the next datagram? Only asked when the buffer may be too small for it:
/// recvfrom would not tell, it cuts in silence.
pub(crate) fn peek_whole(
    socket: &UdpSocket,
    buffer: usize,
    say: &Say,
) -> io::Result<usize> {
    if buffer >= usize::from(LARGEST) {
        return Ok(0);
    }
    let mut large_enough = vec![0; usize::from(LARGEST)];
    say.peeking();
    let peeked = socket.peek(&mut large_enough);
    say.peeked(&peeked, &large_enough);
    peeked
}

/// Says that a tail is gone, and how we know.
pub(crate) fn report_cut(got: usize, whole: usize, say: &Say) {
    if got < whole {
        let gone = whole - got;
        let cut = format!("cut: peek saw {whole} B, {got} B fitted, {gone} B are gone");
        say.note(cut);
    }
}

/// With a time limit, a blocked receive fails when the time is over.
pub(crate) fn limit_time(
    socket: &UdpSocket,
    limit: Option<Duration>,
    say: &Say,
) -> Result<()> {
    let Some(limit) = limit else { return Ok(()) };
    let set = socket.set_read_timeout(Some(limit));
    say.set(&format!("SO_RCVTIMEO {}", text::duration(limit)), &set);
    set.doing("set a time limit")
}

/// A datagram socket has no end of stream: what wakes a thread that sleeps in recvfrom is
/// a datagram. An empty one will do, from the socket to itself.
pub(crate) fn wake_when_told(
    socket: &UdpSocket,
    stop: &Stop,
    ended: &Receiver<Infallible>,
    say: &Say,
) {
    if !stop.wait_unless(ended) {
        return;
    }
    say.note("stopping: an empty datagram to ourselves ends the wait");
    if let Ok(own) = socket.local_addr() {
        let own = own_door(own);
        say.sending_to(&[], own);
        let sent = socket.send_to(&[], own);
        say.sent(&sent);
    }
}

/// Gives the descriptor back. No peer is told: there is no connection to end.
pub(crate) fn close(socket: UdpSocket, say: &Say) {
    say.closing();
    drop(socket);
    say.closed();
}

/// Windows reports here that an earlier answer was refused; a stopped and continued
/// process sees its wait interrupted. Neither says anything about the next datagram.
pub(crate) fn is_about_an_earlier_one(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::Interrupted
    )
}
