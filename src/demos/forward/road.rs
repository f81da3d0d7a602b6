//! The fault box: a road that is slow, cuts what it carries into other pieces, or ends.
//!
//! A good direction is carried by its own thread alone. A bad one has a second thread, so
//! that bytes go on being read while others are still on their way: the reader notes when
//! they came, the other lets the time pass and sends.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, select};

use crate::demos::forward::direction::Direction;
use crate::demos::forward::door::SILENCE;
use crate::demos::forward::way::Way;
use crate::demos::forward::{Args, Network};
use crate::kit::say::Say;
use crate::kit::text::{count, several};
use crate::proto::datagram_faults::DatagramCount;
use crate::proto::faults::Faults;
use crate::proto::random::any_seed;
use crate::proto::stream_faults::{BadStream, End, Piece, StreamCount, StreamFaults};

/// So many reads may be on their way, each of so many bytes: 4 MiB. A longer delay makes
/// a road slower than that, as it does to TCP itself.
const ON_THE_WAY: usize = 256;
const LONGEST_READ: usize = 16 * 1024;

/// Bytes that wait to be merged go on when nothing has come for so long.
const LONELY: Duration = Duration::from_millis(100);

/// A limited rate is kept in steps of a twentieth of a second.
const STEPS: u64 = 20;

/// Both directions, and what has happened on them.
#[derive(Debug)]
pub(super) struct Roads {
    up: Faults,
    down: Faults,
    pub(super) seed: u64,
    tally: Mutex<Tally>,
}

/// The sums of all connections: up, down.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) streams: [StreamCount; 2],
    pub(super) datagrams: [DatagramCount; 2],
}

impl Roads {
    pub(super) fn new(network: &Network) -> Roads {
        let faults = |wanted: &Option<Faults>| wanted.clone().unwrap_or_default();
        Roads {
            up: faults(&network.up),
            down: faults(&network.down),
            seed: network.seed.unwrap_or_else(any_seed),
            tally: Mutex::default(),
        }
    }

    pub(super) fn of(&self, direction: Direction) -> &Faults {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }

    /// The sums, for the moment of an addition.
    pub(super) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries one direction of one connection to its end, good or bad.
    pub(super) fn carry(&self, way: &Way, other_ended: &Receiver<Infallible>) {
        let faults = &self.of(way.direction).stream;
        let outcome = match faults.is_nothing() {
            true => way.copy(),
            false => self.carry_badly(way, faults, other_ended),
        };
        if let Err(error) = outcome {
            way.fail(&error, other_ended);
        }
    }

    fn carry_badly(
        &self,
        way: &Way,
        faults: &StreamFaults,
        other_ended: &Receiver<Infallible>,
    ) -> io::Result<()> {
        let (reads, arriving) = bounded(ON_THE_WAY);
        let (alive, broken) = bounded(0);
        let (ended, has_ended) = bounded(0);
        let name = format!("{} {}", way.direction.name(), way.number);
        let mut road = Road {
            way: way.on_the_road(),
            faults,
            bad: BadStream::new(faults, self.seed, &name),
            free: Instant::now(),
            broken,
            ended: has_ended,
            other_ended: other_ended.clone(),
        };
        let travel = move || {
            let outcome = road.travel(&arriving);
            (outcome, road.bad.count)
        };
        thread::scope(|scope| {
            let travelling = thread::Builder::new().spawn_scoped(scope, travel)?;
            let (came, outcome) = read_all(way, faults, &reads);
            drop(reads);
            match outcome {
                Ok(()) => drop(ended),
                Err(_) => drop(alive), // Whoever waits on this road need not any longer.
            }
            let travelled = travelling.join();
            let panicked = (Ok(()), StreamCount::default()); // That has been printed.
            let (travelled, count) = travelled.unwrap_or(panicked);
            // All that came behind an end is lost, whoever has taken it.
            let lost = if count.ends > 0 { came - count.went_on } else { 0 };
            let count = StreamCount { came, lost, ..count };
            self.tally().streams[way.direction as usize].add(&count);
            outcome.and(travelled)
        })
    }

    /// Says at the start what is bad about the road, and how to have it again.
    pub(super) fn announce(&self, args: &Args, addr: SocketAddr, say: &Say) {
        if !self.is_good() {
            let again = self.again(args, addr);
            say.note(format_args!("bad network; the same again: {again}"));
        }
    }

    /// Says at the end how often each fault has struck.
    pub(super) fn report(&self, args: &Args, addr: SocketAddr, say: &Say) {
        if self.is_good() {
            return;
        }
        let tally = self.tally();
        for direction in [Direction::Up, Direction::Down] {
            let faults = self.of(direction);
            let sum = match args.udp {
                true => tally.datagrams[direction as usize].to_string(),
                false => sum(&tally.streams[direction as usize], &faults.stream),
            };
            if !faults.is_nothing() {
                say.note(format_args!("{} {faults}: {sum}", direction.name()));
            }
        }
        let again = self.again(args, addr);
        say.note(format_args!("the same again: {again}"));
    }

    fn is_good(&self) -> bool {
        self.up.is_nothing() && self.down.is_nothing()
    }

    /// The command line that has the same faults, and gives the same numbers to callers.
    fn again(&self, args: &Args, addr: SocketAddr) -> String {
        let udp = if args.udp { " --udp" } else { "" };
        let mut line =
            format!("sockdemo forward {addr} {}{udp} --seed {}", args.target, self.seed);
        for direction in [Direction::Up, Direction::Down] {
            let faults = self.of(direction);
            if !faults.is_nothing() {
                line.push_str(&format!(" --{} {faults}", direction.name()));
            }
        }
        line.push_str(&args.door.words());
        if let Some(limit) = args.serving.idle_timeout {
            line.push_str(&format!(" --idle-timeout {}", limit.as_secs_f64()));
        }
        line
    }
}

/// What has happened to all streams of one direction.
fn sum(sum: &StreamCount, faults: &StreamFaults) -> String {
    let mut words =
        format!("{} B came, {} B went on", count(sum.came), count(sum.went_on));
    words.push_str(
        &format!(" in {} pieces", count(sum.pieces))
            .replace(" in 1 pieces", " in 1 piece"),
    );
    if faults.merge.is_some() {
        words.push_str(&format!("; waited to be merged: {}", count(sum.kept)));
    }
    if let Some((at, end)) = faults.end {
        let times = several(usize::try_from(sum.ends).unwrap_or(usize::MAX), "time");
        let held = count(sum.lost);
        words.push_str(&format!(
            "; {end} at byte {at}: {times}, {held} B went no further"
        ));
    }
    words
}

/// What was read at one time; nothing at the end of the stream.
struct Read {
    at: Instant,
    bytes: Vec<u8>,
}

/// Reads ahead, until the end of the stream or until nobody wants any more. How much came?
fn read_all(
    way: &Way,
    faults: &StreamFaults,
    reads: &Sender<Read>,
) -> (u64, io::Result<()>) {
    let step = faults.rate.map_or(LONGEST_READ as u64, |rate| rate / STEPS);
    let length = usize::try_from(step).unwrap_or(LONGEST_READ).clamp(1, LONGEST_READ);
    let (mut buffer, mut came) = (vec![0; length], 0);
    loop {
        let n = match way.receive(&mut buffer) {
            Ok(n) => n,
            Err(error) => return (came, Err(error)),
        };
        came += n as u64;
        let read = Read { at: Instant::now(), bytes: buffer[..n].to_vec() };
        if reads.send(read).is_err() || n == 0 {
            return (came, Ok(()));
        }
    }
}

/// The thread that lets time pass, and sends.
struct Road<'a> {
    way: Way<'a>,
    faults: &'a StreamFaults,
    bad: BadStream,
    /// When there is room for more, if the rate is limited.
    free: Instant,
    /// Closed when this stream fails, when it ends, and when the other one is through.
    broken: Receiver<Infallible>,
    ended: Receiver<Infallible>,
    other_ended: Receiver<Infallible>,
}

impl Road<'_> {
    fn travel(&mut self, arriving: &Receiver<Read>) -> io::Result<()> {
        loop {
            let read = match self.bad.keeps() {
                true => arriving.recv_timeout(LONELY),
                false => arriving.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let mut pieces = Vec::new();
            match read {
                Ok(read) if read.bytes.is_empty() => {
                    self.bad.flush(&mut pieces);
                    self.send(&pieces, read.at)?;
                    self.wait_until(read.at + Duration::from_millis(self.faults.delay));
                    return self.way.finish();
                }
                Ok(read) => {
                    let end = self.bad.push(&read.bytes, &mut pieces);
                    self.send(&pieces, read.at)?;
                    if let Some(end) = end {
                        self.end(end, arriving);
                        return Ok(());
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.bad.flush(&mut pieces);
                    self.send(&pieces, Instant::now())?;
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(()), // It says why.
            }
        }
    }

    /// Sends each piece when its time has come.
    fn send(&mut self, pieces: &[Piece], came: Instant) -> io::Result<()> {
        for piece in pieces {
            let on_the_way =
                Duration::from_micros(self.faults.time_for(piece.bytes.len()));
            let due = came + Duration::from_millis(piece.delay);
            self.free = due.max(self.free) + on_the_way;
            self.wait_until(self.free);
            self.way.send(&piece.bytes)?;
            self.bad.count.pieces += 1;
            self.bad.count.went_on += piece.bytes.len() as u64;
        }
        Ok(())
    }

    /// Lets time pass; when we are asked to stop, there is no time.
    fn wait_until(&self, due: Instant) {
        let time = due.saturating_duration_since(Instant::now());
        if !time.is_zero() {
            self.way.stop.within(time);
        }
    }

    /// The byte has come at which this stream comes to grief.
    fn end(&mut self, end: End, arriving: &Receiver<Read>) {
        self.bad.count.ends += 1;
        let say = &self.way.from.say;
        let (at, number) = (self.bad.count.went_on, self.way.number);
        let name = self.way.direction.name();
        say.note(format_args!("bad network: {name} {number}: {end} at byte {at}"));
        match end {
            End::Reset => self.way.give_up(&self.other_ended),
            End::Cut => {
                self.way.cut();
                self.swallow(arriving);
            }
            End::Swallow => self.swallow(arriving),
            End::Stall => self.stall(),
        }
    }

    /// Takes what comes, until nothing comes any more, and passes nothing on.
    fn swallow(&self, arriving: &Receiver<Read>) {
        arriving.iter().for_each(drop);
    }

    /// Takes nothing. The end of the other direction is no reason to tell anybody; when this
    /// one has ended, too, nobody is left who could notice for long.
    fn stall(&self) {
        if self.wait_for(&self.other_ended)
            && !self.way.is_over()
            && self.wait_for(&self.ended)
        {
            self.way.stop.within(SILENCE);
        }
    }

    /// Did this happen before we are asked to stop, and before this stream fails?
    fn wait_for(&self, what: &Receiver<Infallible>) -> bool {
        select! {
            recv(self.way.stop.channel()) -> _ => false,
            recv(self.broken) -> _ => false,
            recv(what) -> _ => true,
        }
    }
}
