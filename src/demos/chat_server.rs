//! `sockdemo chat-server`: one event loop, and two threads for each member.
//!
//! recv and send block independently, so each member has a reader and a writer. A reader
//! turns what comes into events and puts them on the queue. The loop takes them off, one
//! after the other; it alone knows who is where, so nothing is locked. What members are to
//! read it leaves in their outboxes, and their writers take it from there.

mod log;
mod outbox;
mod room;
pub(crate) mod web;

use std::convert::Infallible;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};

use self::log::Log;
use self::outbox::{BUNDLES, Outbox, PATIENCE, Wire, Writer};
use self::room::{Event, Room};
use crate::demos::tcp_client::{end, receive};
use crate::demos::tcp_server::farewell::tell_full;
use crate::demos::tcp_server::{Full, Serving, is_over_time, listen, serve_each_client};
use crate::kit::addr::Addr;
use crate::kit::error::{Doing, Error, Result};
use crate::kit::output;
use crate::kit::say::Say;
use crate::kit::stop::Stop;
use crate::kit::text::still_safe;
use crate::proto::chat::{LONGEST_LINE, Refusal};
use crate::proto::hall::Hall;
use crate::proto::history::History;
use crate::proto::lines::{Line, Lines};

/// Events that may wait for the loop. When it is full, readers wait, so their members'
/// kernels fill up, so those who say much are slowed down.
const QUEUE: usize = 64;

/// Many lines that come together make one turn of the loop, and one send to each member.
/// More than that would make the turns, and what waits in the queue, too large.
const BUFFER: usize = 16 * 1024;

/// Chat server: names, rooms, private messages, one event loop
///
/// Names, rooms and private messages over plain lines, for chat-client, nc, ncat and
/// telnet. docs/protocols.md has every line of it.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Where to listen.
    #[arg(
        default_value = "127.0.0.1:7880",
        help = "Where to listen: HOST:PORT, [V6]:PORT, :PORT or PORT (0: any port)"
    )]
    pub addr: Addr,

    /// Show newcomers the last N lines of their room (at most 100)
    #[arg(long, value_name = "N", default_value = "0", hide_default_value = true)]
    #[arg(value_parser = clap::value_parser!(u16).range(..=100))]
    pub history: u16,

    /// Keep what is said in rooms in FILE, and remember it from there after a restart
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,

    /// Also let browsers in: a page with the chat, here
    #[arg(long, value_name = "ADDR")]
    pub web: Option<Addr>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub serving: Serving,
}

/// What is there before anybody comes: without flags, nothing.
#[derive(Debug, Default)]
pub struct Kept {
    history: History,
    log: Option<Log>,
}

/// Serves until somebody pulls `stop`.
pub fn run(args: &Args, stop: &Stop, say: &Say) -> Result<()> {
    if args.web.as_ref() == Some(&args.addr) && args.addr.is_for_one() {
        return Err(Error::because(
            "listen for browsers",
            "lines come in at this address",
        )
        .with_hint("--web needs another port, such as 8081"));
    }
    let mut history = History::of_last(args.history.into());
    let log =
        args.log.as_deref().map(|path| Log::open(path, &mut history)).transpose()?;
    let lines = listen(&args.addr, say)?;
    let web = args.web.as_ref().map(|addr| listen(addr, say)).transpose()?;
    let own =
        |listener: &TcpListener| listener.local_addr().doing("ask for our own address");
    output::listening_on(own(&lines)?)?;
    if let Some(web) = &web {
        output::payload(format!("for browsers: http://{}/\n", own(web)?).as_bytes())?;
    }
    serve(Doors { lines, web }, &args.serving, Kept { history, log }, stop, say)
}

/// Where members come in.
#[derive(Debug)]
pub struct Doors {
    /// For those who speak in lines.
    pub lines: TcpListener,
    /// For browsers.
    pub web: Option<TcpListener>,
}

/// The same for listeners that are there already.
pub fn serve(
    doors: Doors,
    serving: &Serving,
    kept: Kept,
    stop: &Stop,
    say: &Say,
) -> Result<()> {
    in_a_room(kept, stop, say, |entrance, stop| {
        thread::scope(|scope| {
            let (line, web_stop) = Stop::by_hand();
            let voice = say.on_thread("web");
            let web = doors.web.map(|web| {
                let serve = move || web::serve(web, serving, entrance, &web_stop, &voice);
                thread::Builder::new().spawn_scoped(scope, serve).doing("start a thread")
            });
            let web = web.transpose()?;
            let converse = |number, stream: &Arc<TcpStream>, say: &Say| {
                entrance.let_in(number, stream, say)
            };
            let served = serve_each_client(doors.lines, serving, stop, say, converse);
            drop(line); // One door closes after the other.
            served.and(web.map_or(Ok(()), |web| web.join().unwrap_or(Ok(()))))
        })
    })
}

/// Opens a room, and its `doors` until somebody pulls `stop`.
pub(crate) fn in_a_room(
    kept: Kept,
    stop: &Stop,
    say: &Say,
    doors: impl FnOnce(&Entrance, &Stop) -> Result<()>,
) -> Result<()> {
    thread::scope(|scope| {
        let (events, queue) = bounded(QUEUE);
        let (line, ours) = Stop::by_hand();
        let voice = say.on_thread("loop");
        let event_loop = move || {
            let room = Room::new(Hall::new(kept.history), kept.log, &voice);
            let outcome = room.run(&queue, stop);
            drop(line); // Everybody has been told: now the doors may close.
            queue.into_iter().for_each(drop); // Whoever comes so late hears nothing.
            outcome
        };
        let event_loop = thread::Builder::new().spawn_scoped(scope, event_loop);
        let event_loop = event_loop.doing("start a thread")?;

        let served = doors(&Entrance(events), &ours);
        // The entrance is gone: nobody will come any more, so the loop ends, too.
        event_loop.join().unwrap_or(Ok(())).and(served)
    })
}

/// Somebody who comes in, and what his program speaks.
struct Newcomer<'a> {
    number: u32,
    stream: &'a Arc<TcpStream>,
    wire: Wire<'a>,
}

/// The way into a room.
pub(crate) struct Entrance(Sender<Event>);

impl Entrance {
    /// A member who speaks in lines, from joining to leaving.
    fn let_in(&self, number: u32, stream: &Arc<TcpStream>, say: &Say) -> io::Result<()> {
        let newcomer = Newcomer { number, stream, wire: Wire::Lines(stream) };
        self.accompany(newcomer, say, |moved| read(number, stream, self, moved, say))
    }

    /// Never an error: the loop takes events until nobody can send one any more.
    fn tell(&self, event: Event) {
        let _ = self.0.send(event);
    }

    /// Any member: this thread reads, another one writes.
    fn accompany(
        &self,
        newcomer: Newcomer<'_>,
        say: &Say,
        read: impl FnOnce(&AtomicBool) -> io::Result<()>,
    ) -> io::Result<()> {
        let Newcomer { number, stream, wire } = newcomer;
        let (letters, post) = bounded(BUNDLES);
        let (writing, written) = bounded(0);
        let (reading, has_read) = bounded::<Infallible>(0);
        let moved = &AtomicBool::new(false);
        let voice = say.on_thread("writer").about(&**stream);
        let writer = Writer { wire, post, moved, say: voice };
        thread::scope(|scope| {
            let write = move || {
                let closed = writer.run();
                drop(writing); // Whoever waits for the last letter has waited long enough.
                closed.map(|closed| closed.see_off(&has_read))
            };
            let writer = thread::Builder::new().spawn_scoped(scope, write);
            let writer =
                writer.inspect_err(|_| tell_full(stream, Full::default(), say))?;
            let thread = writer.thread().clone();
            let outbox =
                Outbox::new(letters, thread, written.clone(), Arc::downgrade(stream));
            self.tell(Event::Joined(number, outbox));
            let ended = read(moved);
            drop(reading);
            let why = ended.as_ref().is_err_and(is_over_time).then_some("idle");
            self.tell(Event::Left(number, why));
            if written.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                say.note("the rest is not read: cut off");
                end(stream, say);
            }
            let written = writer.join().unwrap_or(Ok(()));
            ended.and(written)
        })
    }
}

/// The reader: bytes become lines, lines become events.
fn read(
    number: u32,
    stream: &TcpStream,
    entrance: &Entrance,
    moved: &AtomicBool,
    say: &Say,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    let mut lines = Lines::up_to(LONGEST_LINE);
    loop {
        let n = match receive(stream, &mut buffer, say) {
            // Whoever listens is not idle.
            Err(error) if is_over_time(&error) && moved.swap(false, Relaxed) => continue,
            received => received?,
        };
        let complete = match n {
            0 => Vec::from_iter(lines.finish()),
            n => lines.take(&buffer[..n]),
        };
        let said: Vec<_> = complete.into_iter().map(readable).collect();
        if !said.is_empty() {
            entrance.tell(Event::Said(number, said));
        }
        if n == 0 {
            return Ok(());
        }
    }
}

/// A line that can be shown to anybody, or why it cannot.
fn readable(line: Line) -> std::result::Result<String, Refusal> {
    match line {
        Line::TooLong => Err(Refusal::TooLong),
        Line::Whole(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(still_safe(&text)),
            Err(_) => Err(Refusal::NotUtf8),
        },
    }
}
