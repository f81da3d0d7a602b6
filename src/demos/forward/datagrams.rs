//! `sockdemo forward --udp`: a NAT in small.
//!
//! Datagrams have no connection, so somebody must remember who is talking to whom: a
//! table. The first datagram of a caller makes an entry, with a socket of its own to the
//! target; what the target sends there goes back to that caller. The main thread blocks in
//! recvfrom in front, each entry has a thread that blocks in recv behind, and an entry in
//! which nothing has moved for a while is forgotten.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;

use crate::demos::forward::Args;
use crate::demos::forward::direction::Direction;
use crate::demos::forward::dump::Dump;
use crate::demos::forward::post::{Parcel, Post};
use crate::demos::forward::road::Roads;
use crate::demos::tcp_server::is_over_time;
use crate::demos::udp_client::{point_at, socket_for, wake};
use crate::demos::udp_server::{
    LARGEST, bind, close, is_about_an_earlier_one, limit_time, receive_from,
    wake_when_told,
};
use crate::kit::error::{Doing, Result};
use crate::kit::limits;
use crate::kit::output;
use crate::kit::say::Say;
use crate::kit::stop::Stop;
use crate::kit::text::{duration, several};
use crate::proto::datagram_faults::Fate;
use crate::proto::random::Random;
use crate::proto::rules::Verdict;

/// How long an entry is remembered without a datagram. Home routers allow from half a
/// minute to a few.
const IDLE: Duration = Duration::from_secs(60);

/// So many callers have an entry at most. Each costs a descriptor and a thread.
const ENTRIES: usize = 256;

/// Forwards datagrams until `stop`.
pub(super) fn run(args: &Args, roads: &Roads, stop: &Stop, say: &Say) -> Result<()> {
    let socket = bind(&args.listen, say)?;
    let addr = socket.local_addr().doing("ask for our own address")?;
    args.leads_elsewhere(addr)?;
    output::listening_on(addr)?;
    roads.announce(args, addr, say);
    let say = say.about(&socket);
    let most = args.serving.max_clients.map_or(ENTRIES, |n| n as usize);
    let nat = Nat {
        args,
        roads,
        stop,
        front: &socket,
        table: Mutex::default(),
        room: most.min(limits::clients_by_descriptors()),
    };
    let outcome = thread::scope(|scope| {
        let (over, ended) = bounded(0);
        let (front, voice) = (&socket, say.on_thread("stopper").about(&socket));
        let stopper = move || wake_when_told(front, stop, &ended, &voice);
        thread::Builder::new().spawn_scoped(scope, stopper).doing("start a thread")?;
        let outcome = nat.forward_all(scope, &say);
        drop(over); // Lets the stopper go.
        nat.show_table(&say);
        nat.end_all(&say.named("back"));
        outcome
    });
    roads.report(args, addr, &say);
    close(socket, &say);
    outcome
}

/// What all threads know.
struct Nat<'a> {
    args: &'a Args,
    roads: &'a Roads,
    stop: &'a Stop,
    front: &'a UdpSocket,
    /// By the caller's address. Locked for the moment of a look.
    table: Mutex<BTreeMap<SocketAddr, Entry>>,
    room: usize,
}

/// Who is behind one of our sockets.
struct Entry {
    number: u32,
    behind: Arc<UdpSocket>,
    up: u64,
    down: u64,
    /// When the last datagram came, from either side.
    moved: Instant,
}

/// Which datagram it is: the n-th of this entry in this direction. Its fate follows.
#[derive(Clone, Copy)]
struct Which {
    direction: Direction,
    entry: u32,
    n: u64,
}

impl Nat<'_> {
    /// The main thread. What is on its way then is sent before this is over: afterwards the
    /// sockets behind are woken, and lead to ourselves.
    fn forward_all<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        say: &Say,
    ) -> Result<()> {
        let back = say.named("back");
        thread::scope(|on_the_way| {
            let road = (self.roads, Direction::Up);
            let post = Post::open(on_the_way, road, self.stop, &back)?;
            self.forward_each(scope, &post, [say, &back])
        })
    }

    /// One datagram after the other, each to the socket of its caller.
    fn forward_each<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        post: &Post,
        [say, back]: [&Say; 2],
    ) -> Result<()> {
        let mut buffer = vec![0; usize::from(LARGEST)];
        let mut entries = 0;
        loop {
            let (n, caller) = match receive_from(self.front, &mut buffer, say) {
                Ok((0, _)) if self.stop.requested() => return Ok(()), // The wake-up call.
                Ok(received) => received,
                Err(error) if is_about_an_earlier_one(&error) => continue,
                Err(error) => return Err(error).doing("receive a datagram"),
            };
            if let Some((which, behind)) = self.find(caller) {
                let parcel = Parcel::behind(behind, which.entry, &buffer[..n]);
                self.send(which, parcel, post, back);
            } else if self.may_pass(caller, say)
                && let Some(behind) = self.enter(scope, caller, entries + 1, say)
            {
                entries += 1;
                let which = Which { direction: Direction::Up, entry: entries, n: 1 };
                let parcel = Parcel::behind(behind, entries, &buffer[..n]);
                self.send(which, parcel, post, back);
            }
        }
    }

    /// The entry of this caller; one datagram more has come.
    fn find(&self, caller: SocketAddr) -> Option<(Which, Arc<UdpSocket>)> {
        let mut table = self.table();
        let entry = table.get_mut(&caller)?;
        entry.up += 1;
        entry.moved = Instant::now();
        let which = Which { direction: Direction::Up, entry: entry.number, n: entry.up };
        Some((which, Arc::clone(&entry.behind)))
    }

    /// No datagram can be refused from here: whoever may not pass hears nothing.
    fn may_pass(&self, caller: SocketAddr, say: &Say) -> bool {
        let verdict = self.args.door.verdict(caller, say);
        if verdict == Verdict::Refuse {
            say.note("only a kernel can refuse a datagram: here it is dropped, too");
        }
        verdict == Verdict::Allow
    }

    /// A socket to the target, an entry, and a thread that waits for answers.
    fn enter<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        caller: SocketAddr,
        number: u32,
        say: &Say,
    ) -> Option<Arc<UdpSocket>> {
        if self.table().len() >= self.room {
            say.note(format_args!("the table is full: {caller} is dropped"));
            return None;
        }
        let back = say.named("back").numbered(number);
        let behind = match self.open(&back) {
            Ok(behind) => Arc::new(behind),
            Err(error) => {
                say.note(format_args!("{error}: {caller} is dropped"));
                return None;
            }
        };
        let entry = Entry {
            number,
            behind: Arc::clone(&behind),
            up: 1,
            down: 0,
            moved: Instant::now(),
        };
        self.table().insert(caller, entry);
        self.tell_entry("in", caller, &behind, say);
        let back = back.on_thread("answers").about(&*behind);
        let front = say.numbered(number).on_thread("answers").about(self.front);
        let socket = Arc::clone(&behind);
        let carry = move || {
            self.carry_answers(scope, (number, caller), &socket, [&back, &front]);
            close_last(socket, &back);
        };
        if let Err(error) = thread::Builder::new().spawn_scoped(scope, carry) {
            self.table().remove(&caller);
            say.note(format_args!("no thread for {caller}: {error}"));
            return None;
        }
        Some(behind)
    }

    fn open(&self, say: &Say) -> Result<UdpSocket> {
        let opened = self.args.target.try_each(say, |target| {
            let socket = socket_for(target, say)?;
            point_at(&socket, target, &say.about(&socket))?;
            Ok(socket)
        });
        let socket =
            opened.doing(format_args!("open a socket for {}", self.args.target))?;
        limit_time(&socket, Some(self.idle()), &say.about(&socket))?;
        Ok(socket)
    }

    fn idle(&self) -> Duration {
        self.args.serving.idle_timeout.unwrap_or(IDLE)
    }

    /// The thread of an entry: what the target answers goes to this caller.
    fn carry_answers<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        (number, caller): (u32, SocketAddr),
        behind: &UdpSocket,
        [say, front]: [&Say; 2],
    ) {
        let road = (self.roads, Direction::Down);
        let opened = Post::open(scope, road, self.stop, front);
        let Ok(post) = opened else { return };
        let mut buffer = vec![0; usize::from(LARGEST)];
        let mut answers = 0;
        loop {
            say.receiving();
            let received = behind.recv(&mut buffer);
            say.received(&received, &buffer);
            match received {
                Ok(0) if self.stop.requested() => return, // The wake-up call.
                Ok(n) => {
                    answers += 1;
                    self.table().entry(caller).and_modify(|entry| {
                        entry.down = answers;
                        entry.moved = Instant::now();
                    });
                    let which =
                        Which { direction: Direction::Down, entry: number, n: answers };
                    let parcel =
                        Parcel::in_front(self.front, caller, number, &buffer[..n]);
                    self.send(which, parcel, &post, front);
                }
                Err(error) if is_over_time(&error) => {
                    let left = self.forget_if_idle(caller);
                    if left.is_zero() {
                        return self.tell_entry("out", caller, behind, say);
                    }
                    let _ = limit_time(behind, Some(left), say); // Or later.
                }
                // Nobody has the target's port now; perhaps somebody will.
                Err(error) if is_about_an_earlier_one(&error) => {}
                Err(error) => {
                    say.note(format_args!("no more answers from here: {error}"));
                    self.table().remove(&caller);
                    return;
                }
            }
        }
    }

    /// Nothing has come for the caller for a while. Has it sent nothing either? Otherwise:
    /// how long it is still remembered.
    fn forget_if_idle(&self, caller: SocketAddr) -> Duration {
        let mut table = self.table();
        let silent = table.get(&caller).map(|entry| entry.moved.elapsed());
        let left = silent.map_or(Duration::ZERO, |time| self.idle().saturating_sub(time));
        if left.is_zero() {
            table.remove(&caller);
        }
        left
    }

    /// Lets a datagram go to meet its fate.
    fn send<'a>(&self, which: Which, mut parcel: Parcel<'a>, post: &Post<'a>, say: &Say) {
        let Which { direction, entry, n } = which;
        Dump::of(self.args.dump, entry, direction).show(parcel.bytes());
        let faults = &self.roads.of(direction).datagrams;
        if faults.is_nothing() {
            return parcel.send(self.roads, say);
        }
        let name = format!("{} {entry}, datagram {n}", direction.name());
        let mut chance = Random::of(self.roads.seed, &name);
        let fate = faults.fate(&mut chance, parcel.bytes().len());
        self.roads.tally().datagrams[direction as usize].add(&fate);
        if fate != Fate::default() {
            let say = say.numbered(entry);
            say.note(format_args!("bad network: {name}: {fate}"));
        }
        parcel.meet(&fate);
        post.take(parcel, &fate, say);
    }

    /// Says what has changed; with `--table`, shows all of it.
    fn tell_entry(&self, how: &str, caller: SocketAddr, behind: &UdpSocket, say: &Say) {
        let ours = behind.local_addr().map_or("?".to_owned(), |addr| addr.to_string());
        say.note(format_args!("table: {how}: {caller} is {ours} for the target"));
        self.show_table(say);
    }

    /// With `--table`: all who are talked for at the moment.
    fn show_table(&self, say: &Say) {
        if !self.args.table {
            return;
        }
        let table = self.table();
        let (entries, idle) = (several(table.len(), "caller"), duration(self.idle()));
        say.note(format_args!("table: {entries}, each forgotten after {idle}"));
        for (caller, entry) in &*table {
            let ours =
                entry.behind.local_addr().map_or("?".to_owned(), |a| a.to_string());
            let (up, down) = (entry.up, entry.down);
            say.note(format_args!("table: {caller} = {ours}, {up} up, {down} down"));
        }
    }

    /// Wakes every thread that waits for answers.
    fn end_all(&self, say: &Say) {
        for entry in std::mem::take(&mut *self.table()).into_values() {
            let voice = say.numbered(entry.number).about(&*entry.behind);
            wake(&entry.behind, true, &voice);
            close_last(entry.behind, &voice);
        }
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<SocketAddr, Entry>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes the socket of an entry, if nobody is using it any more.
fn close_last(socket: Arc<UdpSocket>, say: &Say) {
    if let Some(socket) = Arc::into_inner(socket) {
        close(socket, say);
    }
}
