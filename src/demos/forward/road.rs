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
        let name = format!("{} {}", way.direction.name(), way.number);
        let mut road = Road {
            way: way.on_the_road(),
            faults,
            bad: BadStream::new(faults, self.seed, &name),
            free: Instant::now(),
            broken,
            other_ended: other_ended.clone(),
        };
        let travel = move || {
            let outcome = road.travel(&arriving);
            let count = StreamCount { came: 0, ..road.bad.count };
            self.tally().streams[road.way.direction as usize].add(&count);
            outcome
        };
        thread::scope(|scope| {
            let travelling = thread::Builder::new().spawn_scoped(scope, travel)?;
            let (came, outcome) = read_all(way, faults, &reads);
            self.tally().streams[way.direction as usize].came += came;
            drop(reads);
            if outcome.is_err() {
                drop(alive); // Whoever waits on this road need not wait any longer.
            }
            let travelled = travelling.join();
            outcome.and(travelled.unwrap_or(Ok(()))) // Its panic has been printed.
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

    /// The command line that has the same faults.
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
    broken: Receiver<Infallible>,
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
            End::Stall => select! {
                recv(self.way.stop.channel()) -> _ => {}
                recv(self.broken) -> _ => {}
                recv(self.other_ended) -> _ => {}
            },
        }
    }

    /// Takes what comes, until nothing comes any more, and passes nothing on.
    fn swallow(&mut self, arriving: &Receiver<Read>) {
        for read in arriving {
            self.bad.push(&read.bytes, &mut Vec::new());
        }
    }
}
