//! `sockdemo tour`: the calls of TCP, then of UDP, walked through and drawn; a chat, too.
//!
//! Server and client are the real demos, over real sockets, in one process: the server in
//! a thread of its own, the client as a short script.

mod chat;

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::thread::{self, Scope};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use crate::demos::{tcp_client, tcp_server, udp_client, udp_server};
use crate::kit::addr::Addr;
use crate::kit::error::{Doing, Result};
use crate::kit::event::{Call, Event, Phase};
use crate::kit::log::Log;
use crate::kit::say::Say;
use crate::kit::stop::{Stop, StopLine};
use crate::kit::view::{Ink, Page, View};

/// Walk through the calls of a real server and client, drawn
///
/// With no argument: TCP, then UDP; `tour chat` is a chat of three people. With --step,
/// Enter makes the next call.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Only this part of the walk
    pub part: Option<Part>,
}

/// The parts of the walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// A stream of bytes between two sockets
    Tcp,
    /// Datagrams
    Udp,
    /// Three people and a chat server; not part of the whole walk
    Chat,
}

const TCP: &str = "TCP: a stream of bytes between two sockets, a client's and a server's, \
     here in one process.";

const UDP: &str = "UDP: single datagrams. No listen, no accept, no connection, no end of \
     stream: each datagram stands alone.";

/// The script reads the log along with the audience, to come in at the right moment.
#[derive(Debug)]
struct Prompter(Sender<Call>);

impl View for Prompter {
    fn show(&mut self, event: &Event, _page: &mut String) {
        if let (Phase::Begin, Some(call @ (Call::Accept | Call::Recvfrom))) =
            (event.phase, event.call)
        {
            let _ = self.0.send(call); // The script may be over.
        }
    }
}

/// Where the script hears that the server is about to wait, and the page for the log.
pub fn cues() -> (Receiver<Call>, Page) {
    let (prompt, cues) = unbounded(); // Two messages in a whole tour.
    (cues, Page::screen(Box::new(Prompter(prompt)), Box::new(io::sink()), Ink(false)))
}

/// Walks, one half after the other.
pub fn run(args: &Args, stop: &Stop, log: &Log, cues: &Receiver<Call>) -> Result<()> {
    for part in args.parts() {
        let walked = match part {
            Part::Tcp => walk_tcp(stop, log, cues),
            Part::Udp => walk_udp(stop, log, cues),
            Part::Chat => chat::walk(stop, log),
        };
        if stop.requested() {
            return Ok(()); // Whatever failed, failed because we are leaving.
        }
        walked?;
    }
    Ok(())
}

/// What to try next.
pub fn ending(args: &Args) -> String {
    let mut ending = "\nNow try it in two terminals, side by side:\n\n".to_owned();
    for part in args.parts() {
        ending.push_str(match part {
            Part::Tcp => "  sockdemo tcp-server        sockdemo tcp-client\n",
            Part::Udp => "  sockdemo udp-server        sockdemo udp-client\n",
            Part::Chat => "  sockdemo chat-server       sockdemo chat-client\n",
        });
    }
    ending
}

impl Args {
    fn parts(&self) -> Vec<Part> {
        self.part.map_or_else(|| vec![Part::Tcp, Part::Udp], |part| vec![part])
    }
}

fn walk_tcp(stop: &Stop, log: &Log, cues: &Receiver<Call>) -> Result<()> {
    let (server, client) = (log.speaker("server"), log.speaker("client"));
    log.speaker("tour").note(TCP);
    let listener = tcp_server::listen(&any_port(), &server)?;
    let addr = listener.local_addr().doing("ask for our own address")?;
    let once = &tcp_server::Serving { once: true, ..tcp_server::Serving::default() };
    let (hand, ours) = Stop::by_hand();
    thread::scope(|scope| {
        let over = stop_with(scope, stop, hand)?;
        let serve = move || {
            tcp_server::serve_each_client(
                listener,
                once,
                &ours,
                &server,
                |_, stream, say| tcp_server::echo(stream, say),
            )
        };
        let serving = thread::Builder::new().spawn_scoped(scope, serve);
        let serving = serving.doing("start the server's thread")?;

        let _ = cues.recv(); // The server is about to wait in accept.
        let stream = match tcp_client::connect(&addr.into(), None, &client) {
            Ok(stream) => stream,
            Err(error) => {
                drop(over);
                // If the server has failed, that is the reason.
                return serving.join().unwrap_or(Ok(())).and(Err(error));
            }
        };
        let client = client.about(&stream);
        let talked = talk(&stream, &client);
        if talked.is_err() {
            drop(over); // The server need not wait for more.
        }
        let served = serving.join().unwrap_or(Ok(()));
        tcp_client::close(stream, &client);
        talked.and(served)
    })
}

fn talk(stream: &TcpStream, say: &Say) -> Result<()> {
    let mut buffer = [0; 1024];
    for message in ["hello", "and again"] {
        tcp_server::send_all(stream, message.as_bytes(), say).doing("send")?;
        tcp_client::receive(stream, &mut buffer, say).doing("receive")?;
    }
    tcp_client::finish(stream, say)?;
    tcp_client::receive(stream, &mut buffer, say).doing("receive")?;
    Ok(())
}

fn walk_udp(stop: &Stop, log: &Log, cues: &Receiver<Call>) -> Result<()> {
    let (server, client) = (log.speaker("server"), log.speaker("client"));
    log.speaker("tour").note(UDP);
    let socket = udp_server::bind(&any_port(), &server)?;
    let addr = socket.local_addr().doing("ask for our own address")?;
    let once = &udp_server::Args {
        addr: addr.into(),
        buffer: udp_server::LARGEST,
        idle_timeout: None,
        once: true,
    };
    let (hand, ours) = Stop::by_hand();
    thread::scope(|scope| {
        let over = stop_with(scope, stop, hand)?;
        let serve = move || udp_server::serve(socket, once, &ours, &server);
        let serving = thread::Builder::new().spawn_scoped(scope, serve);
        let serving = serving.doing("start the server's thread")?;

        let _ = cues.recv(); // The server is about to wait in recvfrom.
        let args = udp_client::Args {
            addr: addr.into(),
            messages: vec![],
            timeout: Duration::from_secs(1),
            retries: 0,
            no_connect: false,
            buffer: udp_server::LARGEST,
        };
        let (socket, server) = udp_client::open(&args, &client)?;
        let say = &client.about(&socket);
        let exchange =
            udp_client::Exchange { socket: &socket, server, args: &args, stop, say };
        let asked = exchange.ask(b"hello");
        if asked.is_err() {
            drop(over); // The server need not wait for more.
        }
        let served = serving.join().unwrap_or(Ok(()));
        say.note("the server's socket is closed now; watch what a sender is told");
        let _ = exchange.ask(b"still there?"); // Refused, or silence: the picture shows it.
        udp_server::close(socket, say);
        asked.and(served)
    })
}

/// The server of a walk stops when the whole tour stops, or when the script is over: a
/// script that fails must not leave it waiting. Dropping the line says that it is over.
fn stop_with<'scope>(
    scope: &'scope Scope<'scope, '_>,
    stop: &'scope Stop,
    hand: StopLine,
) -> Result<Sender<Infallible>> {
    let (over, ended) = bounded(0);
    let watch = move || {
        stop.wait_unless(&ended);
        drop(hand);
    };
    thread::Builder::new().spawn_scoped(scope, watch).doing("start a thread")?;
    Ok(over)
}

/// This machine only, and a port of the system's choice.
pub(super) fn any_port() -> Addr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()
}
