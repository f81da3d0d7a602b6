//! `sockdemo sockets`: what the kernel keeps for a process, one line a socket.
//!
//! Linux shows its tables under `/proc`: which descriptors of a process are sockets, and
//! what state each socket is in.

use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::course::kernel;
use crate::kit::error::{Doing, Result};
use crate::kit::output;
use crate::kit::stop::Stop;
use crate::kit::text::still_safe;
use crate::proto::socket_table::{Entry, LISTEN, TIME_WAIT, meaning};

/// How often --watch looks. The kernel tells nobody when its tables change.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// How this program is called.
const OURS: &str = "sockdemo";

/// How long std asks a listener's queue to be.
const STD_QUEUE: u32 = 128;

/// What the kernel keeps for a process: addresses, states, queues
///
/// Without --pid: for every sockdemo of this user. A connection that is over and only
/// remembered (TIME_WAIT) belongs to no process; it is shown with the process whose port
/// it remembers.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// This process, whatever program it runs
    #[arg(long)]
    pub pid: Option<u32>,

    /// Show the table again whenever it changes, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
}

/// Shows the table, once or until somebody pulls `stop`.
pub fn run(args: &Args, stop: &Stop) -> Result<()> {
    if !cfg!(target_os = "linux") {
        let error = io::Error::new(
            ErrorKind::Unsupported,
            "not on this system yet, only on Linux",
        );
        return Err(error).doing("read the kernel's socket tables");
    }
    let mut shown = String::new();
    loop {
        let page = page(args.pid)?;
        if page != shown {
            let gap = if shown.is_empty() { "" } else { "\n" };
            output::payload(format!("{gap}{page}").as_bytes())?;
            shown = page;
        }
        if !args.watch || stop.within(LOOK_AGAIN) {
            return Ok(());
        }
    }
}

/// The tables of all the processes that are asked for.
fn page(pid: Option<u32>) -> Result<String> {
    let processes = match pid {
        Some(pid) => vec![named(pid)?],
        None => running_sockdemos().doing("list the processes")?,
    };
    if processes.is_empty() {
        return Ok("no sockdemo of yours is running\n".to_owned());
    }
    let mut page = String::new();
    let mut states = Vec::new();
    for process in &processes {
        process.show(&mut page, &mut states);
    }
    states.sort_unstable();
    states.dedup();
    for (name, meaning) in states {
        page.push_str(&format!("{name:<12} {meaning}\n"));
    }
    Ok(page)
}

fn named(pid: u32) -> Result<Process> {
    let process = Process::look(pid);
    let gone = process.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound);
    process.doing(format_args!("look at process {pid}")).map_err(|error| {
        error.with_hint(match gone {
            true => "no process has this number now",
            false => "only the user of a process, or the administrator, may look",
        })
    })
}

/// One process and its sockets.
struct Process {
    pid: u32,
    name: String,
    sockets: Vec<(&'static str, Entry)>,
}

impl Process {
    fn look(pid: u32) -> io::Result<Process> {
        let proc = PathBuf::from(format!("/proc/{pid}"));
        let name = name(&proc)?;
        let own = kernel::socket_inodes(pid)?;
        let all = kernel::sockets(&["tcp", "tcp6", "udp", "udp6"]);
        let ports: HashSet<u16> = all
            .iter()
            .filter(|(protocol, entry)| {
                protocol.starts_with("tcp") && own.contains(&entry.inode)
            })
            .map(|(_, entry)| entry.local.port())
            .collect();
        let mut sockets = all;
        sockets.retain(|(protocol, entry)| {
            let remembered = protocol.starts_with("tcp") && entry.state == TIME_WAIT;
            own.contains(&entry.inode)
                || (remembered && ports.contains(&entry.local.port()))
        });
        // The listener first, the memories last.
        sockets.sort_by_key(|(protocol, entry)| {
            (*protocol, entry.state == TIME_WAIT, entry.state != LISTEN, entry.peer)
        });
        Ok(Process { pid, name, sockets })
    }

    fn show(&self, page: &mut String, states: &mut Vec<(&'static str, &'static str)>) {
        page.push_str(&format!("{} {}\n", still_safe(&self.name), self.pid));
        if self.sockets.is_empty() {
            return page.push_str("  no TCP or UDP socket\n\n");
        }
        let heading =
            ["", "state", "local", "peer", "to read", "to send"].map(str::to_owned);
        let mut rows = vec![heading];
        for (protocol, entry) in &self.sockets {
            let state = meaning(entry.state, protocol.starts_with("udp"));
            states.push(state);
            let queue = match entry.state {
                LISTEN => format!("queue {}/{}", entry.waiting, queue_length(&self.name)),
                _ => format!("{} B", entry.unread()),
            };
            let sending = match entry.state {
                LISTEN => String::new(),
                _ => format!("{} B", entry.unsent()),
            };
            let (local, peer) = (entry.local.to_string(), peer(entry.peer));
            rows.push([
                (*protocol).to_owned(),
                state.0.to_owned(),
                local,
                peer,
                queue,
                sending,
            ]);
        }
        push_table(page, &rows);
        page.push('\n');
    }
}

/// Columns as wide as their widest cell.
fn push_table(page: &mut String, rows: &[[String; 6]]) {
    let widths: Vec<usize> = (0..6)
        .map(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0))
        .collect();
    for row in rows {
        let cells =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        page.push_str(&format!("  {}\n", line.trim_end()));
    }
}

/// The program's name; for a sockdemo, which of them it is.
fn name(proc: &Path) -> io::Result<String> {
    let name = fs::read_to_string(proc.join("comm"))?.trim_end().to_owned();
    let words = fs::read_to_string(proc.join("cmdline")).unwrap_or_default();
    Ok(match words.split('\0').nth(1) {
        Some(command) if name == OURS => format!("{name} {command}"),
        _ => name,
    })
}

/// The kernel shows how many wait, not how many may. Of our own listeners we know it.
fn queue_length(program: &str) -> String {
    let bound = fs::read_to_string("/proc/sys/net/core/somaxconn");
    let bound = bound.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(STD_QUEUE);
    if program.starts_with(OURS) {
        bound.min(STD_QUEUE).to_string()
    } else {
        "?".to_owned()
    }
}

fn peer(peer: SocketAddr) -> String {
    if peer.port() == 0 { "-".to_owned() } else { peer.to_string() }
}

/// Every sockdemo of this user but this one. One that ends while we look is passed over.
#[cfg(target_os = "linux")]
fn running_sockdemos() -> io::Result<Vec<Process>> {
    use std::os::unix::fs::MetadataExt;

    let ourselves = std::process::id();
    let user = fs::metadata("/proc/self")?.uid();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")?.filter_map(io::Result::ok) {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        let Some(pid) = pid.filter(|pid| *pid != ourselves) else { continue };
        let is_ours = entry.metadata().is_ok_and(|meta| meta.uid() == user);
        let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
        if is_ours && name.trim_end() == OURS {
            found.extend(Process::look(pid));
        }
    }
    found.sort_by_key(|process| process.pid);
    Ok(found)
}

#[cfg(not(target_os = "linux"))]
fn running_sockdemos() -> io::Result<Vec<Process>> {
    Ok(Vec::new())
}
