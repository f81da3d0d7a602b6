//! Says what a program is doing right now, from outside: which call it sleeps in, on which
//! socket, and what lies ready there. Linux shows it; elsewhere little is said.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use crate::course::kernel::{self, Stat};
use crate::course::trial::record::{self, Record};
use crate::kit::text::{count, still_safe};
use crate::proto::socket_table::{Entry, LISTEN};

/// More lines than this say nothing more.
const LINES: usize = 4;

/// What a thread was seen doing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Doing {
    pub(crate) kind: Kind,
    pub(crate) words: String,
}

/// What that means for the one who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// It goes round, or computes.
    Runs,
    /// It waits for bytes on this check's connection, and none are there.
    ReceivesHere,
    /// It waits until this check takes bytes.
    SendsHere,
    /// It is busy with another connection.
    ElsewhereBusy,
    /// It waits for the next client.
    Accepts,
    /// It waits for bytes of a client, and nobody asks on behalf of one.
    Receives,
    /// It waits for another thread.
    Thread,
    /// A server that should go on has ended.
    Ended,
    /// Something that explains nothing by itself.
    Other,
}

/// Looks at one program and its children.
#[derive(Clone, Copy, Debug)]
pub(super) struct Witness {
    pid: u32,
}

impl Witness {
    pub(super) fn of(pid: u32) -> Witness {
        Witness { pid }
    }

    /// Does the program itself, not a child of it, hold a listening socket?
    pub(super) fn holds_a_listener(self) -> bool {
        !listeners(&[self.pid]).is_empty()
    }

    /// Where the program and its children listen.
    pub(super) fn listeners(self) -> Vec<SocketAddr> {
        listeners(&self.family())
    }

    /// Where the program and its children have sockets for datagrams.
    pub(super) fn datagram_sockets(self) -> Vec<SocketAddr> {
        sockets_of(&self.family(), &["udp", "udp6"]).map(|entry| entry.local).collect()
    }

    /// Is this the address of one of the program's sockets? Where the kernel does not show
    /// whose a socket is, it may be.
    pub(super) fn may_own(self, addr: SocketAddr) -> bool {
        let sockets = kernel::sockets_of_port(addr.port(), |_| false);
        let inodes = sockets.iter().filter(|entry| same(entry.local, addr));
        let inodes: HashSet<u64> = inodes.map(|entry| entry.inode).collect();
        let holds = |pid| {
            let held = kernel::socket_inodes(pid).unwrap_or_default();
            !held.is_disjoint(&inodes)
        };
        !cfg!(target_os = "linux") || self.family().into_iter().any(holds)
    }

    /// How much the program and its children have. Nobody knows where nothing shows it.
    pub(super) fn size(self) -> Option<Size> {
        let mut size = Size::default();
        for pid in kernel::processes() {
            let stat = Stat::of(&kernel::folder(pid));
            if stat.is_some_and(|stat| stat.group == self.pid) {
                size.processes += 1;
                size.threads += kernel::threads(pid).len();
                size.descriptors += kernel::descriptors(pid);
            }
        }
        (size.processes > 0).then_some(size)
    }

    /// How many bytes of memory the program and its children use.
    pub(super) fn memory(self) -> u64 {
        self.family().into_iter().map(kernel::memory).sum()
    }

    /// What each thread of the program and its children has done so far.
    pub(super) fn record(self) -> Record {
        record::record(&self.family())
    }

    /// What each thread does, in words, when asked on behalf of the socket `ours`.
    pub(super) fn testimony(self, ours: Option<SocketAddr>) -> Vec<Doing> {
        let sockets = kernel::sockets(&["tcp", "tcp6", "udp", "udp6"]);
        let mut doing: BTreeMap<Doing, usize> = BTreeMap::new();
        for pid in self.family() {
            for thread in kernel::threads(pid) {
                let scene = Scene { pid, thread, sockets: &sockets, ours };
                if let Some(what) = scene.look() {
                    *doing.entry(what).or_default() += 1;
                }
            }
        }
        if doing.is_empty() {
            return vec![Doing::other(match cfg!(target_os = "linux") {
                true => "has ended",
                false => "cannot be looked into on this system",
            })];
        }
        // A thread that only waits for other threads explains nothing, if others do.
        if doing.len() > 1 {
            doing.retain(|doing, _| doing.kind != Kind::Thread);
        }
        let times = |(doing, times): (Doing, usize)| match times {
            1 => doing,
            _ => Doing { words: format!("{} ({times} threads)", doing.words), ..doing },
        };
        doing.into_iter().map(times).take(LINES).collect()
    }

    /// Does every thread sleep? One that could go on, and is not let, does not.
    pub(super) fn is_asleep(self) -> bool {
        !self.testimony(None).iter().any(|doing| doing.kind == Kind::Runs)
    }

    /// The program, and everybody in its group.
    fn family(self) -> Vec<u32> {
        let is_family = |pid: &u32| {
            let stat = Stat::of(&kernel::folder(*pid));
            stat.is_some_and(|stat| stat.group == self.pid && stat.state != 'Z')
        };
        kernel::processes().into_iter().filter(is_family).collect()
    }
}

/// What a program has that can grow with the number of its clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// One that has ended and was not waited for counts as well.
    pub processes: usize,
    /// Of all its processes.
    pub threads: usize,
    /// Of all its processes.
    pub descriptors: usize,
}

impl Size {
    /// What has grown since, by more than `slack`: in words.
    pub(super) fn larger_than(self, before: Size, slack: usize) -> Option<String> {
        let grown = |what: &str, before: usize, now: usize| {
            let words =
                format!("there were {before} {what} before, and now there are {now}");
            (now > before + slack).then_some(words)
        };
        grown("processes", before.processes, self.processes)
            .or_else(|| grown("threads", before.threads, self.threads))
            .or_else(|| grown("descriptors", before.descriptors, self.descriptors))
    }
}

/// How many connections wait to be accepted at an address. Nobody knows where the kernel
/// does not show it.
pub(super) fn in_the_queue_of(addr: SocketAddr) -> Option<u32> {
    let listens = |entry: &Entry| entry.state == LISTEN && entry.local == addr;
    let sockets = kernel::sockets_of_port(addr.port(), |seen| seen.iter().any(listens));
    sockets.into_iter().find(listens).map(|entry| entry.waiting)
}

fn listeners(pids: &[u32]) -> Vec<SocketAddr> {
    let sockets = sockets_of(pids, &["tcp", "tcp6"]);
    sockets.filter(|entry| entry.state == LISTEN).map(|entry| entry.local).collect()
}

fn sockets_of(pids: &[u32], tables: &[&'static str]) -> impl Iterator<Item = Entry> {
    let own: HashSet<u64> = pids
        .iter()
        .filter_map(|pid| kernel::socket_inodes(*pid).ok())
        .flatten()
        .collect();
    let sockets = kernel::sockets(tables).into_iter().map(|(_, entry)| entry);
    sockets.filter(move |entry| own.contains(&entry.inode))
}

pub(super) fn same(one: SocketAddr, other: SocketAddr) -> bool {
    one.port() == other.port() && one.ip().to_canonical() == other.ip().to_canonical()
}

impl Doing {
    pub(super) fn server_ended(how: &str) -> Doing {
        Doing { kind: Kind::Ended, words: format!("ended meanwhile: {how}") }
    }

    pub(super) fn other(words: impl Into<String>) -> Doing {
        Doing { kind: Kind::Other, words: words.into() }
    }
}

/// One thread, and what can be seen from it.
struct Scene<'a> {
    pid: u32,
    thread: u32,
    sockets: &'a [(&'static str, Entry)],
    ours: Option<SocketAddr>,
}

impl Scene<'_> {
    fn look(&self) -> Option<Doing> {
        let folder = kernel::folder(self.pid).join("task").join(self.thread.to_string());
        let stat = Stat::of(&folder)?;
        match stat.state {
            'R' => {
                let words = "is running, not waiting for anything: it spins or computes";
                return Some(Doing { kind: Kind::Runs, words: words.to_owned() });
            }
            'T' | 't' => return Some(Doing::other("has been stopped (SIGSTOP)")),
            'Z' | 'X' => return None,
            _ => {}
        }
        let line = fs::read_to_string(folder.join("syscall")).unwrap_or_default();
        let mut words = line.split_whitespace();
        let call = words.next().and_then(|word| word.parse().ok());
        let first = words.next().and_then(|word| word.strip_prefix("0x"));
        let first = first.and_then(|word| u64::from_str_radix(word, 16).ok());
        let Some(call) = call else { return Some(Doing::other("sleeps in the kernel")) };
        Some(match (name(call), first) {
            (Some(Asleep::On(call)), Some(descriptor)) => {
                let (kind, on) = self.descriptor(call, descriptor);
                Doing { kind, words: format!("sleeps in {call}: {on}") }
            }
            (Some(Asleep::Several(call)), _) => Doing::other(format!(
                "sleeps in {call} until one of its descriptors is ready"
            )),
            (Some(Asleep::Thread), _) => {
                let words = "sleeps until another of its threads wakes it".to_owned();
                Doing { kind: Kind::Thread, words }
            }
            (Some(Asleep::Child), _) => Doing::other("waits for a child process"),
            (Some(Asleep::Time), _) => Doing::other("sleeps until some time has passed"),
            _ => Doing::other(format!("sleeps in system call {call}")),
        })
    }

    /// What stands behind a descriptor, and what lies ready there.
    fn descriptor(&self, call: &str, descriptor: u64) -> (Kind, String) {
        let link = kernel::folder(self.pid).join("fd").join(descriptor.to_string());
        let link = fs::read_link(link).unwrap_or_default();
        let what = still_safe(&target(&link));
        let other = (Kind::Other, format!("descriptor {descriptor}, {what}"));
        let Some(inode) = kernel::socket_inode(&link) else { return other };
        let entry = self.sockets.iter().find(|(_, entry)| entry.inode == inode);
        let Some((table, entry)) = entry else { return other };
        if table.starts_with("udp") {
            // The kernel counts more than the bytes of a datagram here.
            let ready = if entry.unread() > 0 { "datagrams lie" } else { "nothing lies" };
            let words = format!("at its UDP socket {}, where {ready} ready", entry.local);
            return (Kind::Other, words);
        }
        if entry.state == LISTEN {
            let (queue, at) = (entry.waiting, entry.local);
            return (
                Kind::Accepts,
                format!("waits for a client at {at}; {queue} in its queue"),
            );
        }
        let here = self.ours.is_some_and(|ours| same(entry.peer, ours));
        if call == "connect" {
            return (Kind::Other, format!("waits for an answer from {}", entry.peer));
        }
        let whose = match (here, self.ours) {
            (true, _) => "this check's connection".to_owned(),
            (false, Some(_)) => format!("another connection, with {}", entry.peer),
            (false, None) => format!("a connection with {}", entry.peer),
        };
        let ready = count(u64::from(entry.unread()));
        let unsent = count(u64::from(entry.unsent()));
        let sends = call == "send" || call == "write";
        let kind = match (here, sends) {
            (true, true) => Kind::SendsHere,
            (true, false) => Kind::ReceivesHere,
            (false, false) if self.ours.is_none() => Kind::Receives,
            (false, true) if self.ours.is_none() => Kind::Other,
            (false, _) => Kind::ElsewhereBusy,
        };
        match sends {
            true => (kind, format!("on {whose}, where {unsent} B wait to be taken")),
            false => (kind, format!("on {whose}, where {ready} B lie ready")),
        }
    }
}

fn target(link: &Path) -> String {
    let name = link.to_string_lossy();
    match name.split_once(':') {
        Some((kind, _)) => format!("a {kind}"),
        None => name.into_owned(),
    }
}

/// What a thread can sleep in.
enum Asleep {
    On(&'static str),
    Several(&'static str),
    Thread,
    Child,
    Time,
}

#[cfg(target_arch = "x86_64")]
fn name(call: i64) -> Option<Asleep> {
    Some(match call {
        0 | 19 => Asleep::On("read"),
        1 | 20 => Asleep::On("write"),
        42 => Asleep::On("connect"),
        43 | 288 => Asleep::On("accept"),
        44 | 46 => Asleep::On("send"),
        45 | 47 => Asleep::On("recv"),
        7 | 271 => Asleep::Several("poll"),
        23 | 270 => Asleep::Several("select"),
        232 | 281 | 441 => Asleep::Several("epoll"),
        35 | 230 => Asleep::Time,
        61 | 247 => Asleep::Child,
        202 => Asleep::Thread,
        _ => return None,
    })
}

#[cfg(target_arch = "aarch64")]
fn name(call: i64) -> Option<Asleep> {
    Some(match call {
        63 | 65 => Asleep::On("read"),
        64 | 66 => Asleep::On("write"),
        203 => Asleep::On("connect"),
        202 | 242 => Asleep::On("accept"),
        206 | 211 => Asleep::On("send"),
        207 | 212 => Asleep::On("recv"),
        73 => Asleep::Several("poll"),
        72 => Asleep::Several("select"),
        22 | 441 => Asleep::Several("epoll"),
        101 | 115 => Asleep::Time,
        260 | 95 => Asleep::Child,
        98 => Asleep::Thread,
        _ => return None,
    })
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn name(_: i64) -> Option<Asleep> {
    None
}
