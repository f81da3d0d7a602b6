//! What Linux shows of processes and sockets, under `/proc`.
//!
//! On other systems these functions find nothing, and whoever asks says less.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::proto::socket_table::{self, Entry};

/// The sockets in these tables, each with the name of its table. A process looks at the
/// network that it is in itself.
pub(super) fn sockets(tables: &[&'static str]) -> Vec<(&'static str, Entry)> {
    let mut all = Vec::new();
    for protocol in tables {
        // A kernel without IPv6 has no table for it.
        let table = fs::read_to_string(Path::new("/proc/net").join(protocol));
        let entries = socket_table::parse(&table.unwrap_or_default());
        all.extend(entries.into_iter().map(|entry| (*protocol, entry)));
    }
    all
}

/// The TCP sockets that have this port at one of their ends. Only their lines are read: the
/// tables may be long, and whoever asks may ask often. The kernel takes milliseconds to
/// write them down, so that reading ends when those that have been found are `enough`.
pub(super) fn sockets_of_port(
    port: u16,
    enough: impl Fn(&[Entry]) -> bool,
) -> Vec<Entry> {
    let wanted = format!(":{port:04X} ");
    let mut all = Vec::new();
    for protocol in ["tcp", "tcp6"] {
        let Ok(table) = File::open(Path::new("/proc/net").join(protocol)) else {
            continue; // A kernel without IPv6 has no table for it.
        };
        for line in BufReader::new(table).lines().map_while(Result::ok) {
            if line.contains(&wanted) {
                all.extend(socket_table::parse(&line));
                if enough(&all) {
                    return all;
                }
            }
        }
    }
    all
}

/// The numbers of the sockets that a process holds open.
pub(super) fn socket_inodes(pid: u32) -> io::Result<HashSet<u64>> {
    let descriptors = fs::read_dir(folder(pid).join("fd"))?;
    let links = descriptors.filter_map(|fd| fs::read_link(fd.ok()?.path()).ok());
    Ok(links.filter_map(|link| socket_inode(&link)).collect())
}

/// How many descriptors a process holds open.
pub(super) fn descriptors(pid: u32) -> usize {
    fs::read_dir(folder(pid).join("fd")).map_or(0, Iterator::count)
}

/// How many bytes of memory a process has in use, in RAM or swapped out.
pub(super) fn memory(pid: u32) -> u64 {
    let status = fs::read_to_string(folder(pid).join("status")).unwrap_or_default();
    let lines = status.lines().filter_map(|line| line.split_once(':'));
    let used = lines.filter(|(name, _)| ["VmRSS", "VmSwap"].contains(name));
    let kilobytes = |words: &str| words.trim().strip_suffix(" kB")?.parse::<u64>().ok();
    used.filter_map(|(_, words)| kilobytes(words)).sum::<u64>() * 1024
}

/// How often a thread has gone to sleep since it began, and how often it would have gone
/// on, and another one came to its turn.
pub(super) fn turns(pid: u32, thread: u32) -> Option<(u64, u64)> {
    let file = folder(pid).join("task").join(thread.to_string()).join("status");
    let status = fs::read_to_string(file).ok()?;
    let lines: Vec<_> = status.lines().filter_map(|line| line.split_once(':')).collect();
    let count = |wanted| {
        let (_, count) = lines.iter().find(|(name, _)| *name == wanted)?;
        count.trim().parse().ok()
    };
    Some((count("voluntary_ctxt_switches")?, count("nonvoluntary_ctxt_switches")?))
}

/// How long a thread has run, since it began.
pub(super) fn time_run(pid: u32, thread: u32) -> Option<Duration> {
    let file = folder(pid).join("task").join(thread.to_string()).join("schedstat");
    let line = fs::read_to_string(file).ok()?;
    line.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// The number in a link such as `socket:[4711]`.
pub(super) fn socket_inode(link: &Path) -> Option<u64> {
    link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// The folder of one process.
pub(super) fn folder(pid: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}"))
}

/// What the kernel keeps in one line for a process or a thread.
#[derive(Clone, Debug)]
pub(super) struct Stat {
    pub(super) name: String,
    /// `R` runs, `S` sleeps, `Z` has ended and nobody has asked how.
    pub(super) state: char,
    pub(super) parent: u32,
    pub(super) group: u32,
}

impl Stat {
    /// Of a process, or of a thread: whose folder it is.
    pub(super) fn of(folder: &Path) -> Option<Stat> {
        let line = fs::read_to_string(folder.join("stat")).ok()?;
        // The name may contain anything, even brackets; the last bracket ends it.
        let (head, rest) = line.rsplit_once(") ")?;
        let words: Vec<&str> = rest.split(' ').collect();
        let number = |at: usize| words.get(at)?.parse::<u64>().ok();
        Some(Stat {
            name: head.split_once('(')?.1.to_owned(),
            state: words.first()?.chars().next()?,
            parent: u32::try_from(number(1)?).ok()?,
            group: u32::try_from(number(2)?).ok()?,
        })
    }
}

/// The numbers of all processes.
pub(super) fn processes() -> Vec<u32> {
    numbers(Path::new("/proc"))
}

/// The numbers of a process' threads.
pub(super) fn threads(pid: u32) -> Vec<u32> {
    numbers(&folder(pid).join("task"))
}

fn numbers(folder: &Path) -> Vec<u32> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}
