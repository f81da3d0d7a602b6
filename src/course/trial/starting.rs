//! How a program is found to be ready, and what can be said if it is not.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use crate::course::trial::caller::{PATIENCE, peek_now};
use crate::course::trial::finding::{Finding, Outcome, Rule};
use crate::course::trial::port::{self, Claim};
use crate::course::trial::program::Program;
use crate::course::trial::witness::Doing;

/// How long a program may take until it listens: an interpreter on a busy machine.
pub(super) const START: Duration = Duration::from_secs(10);

/// Where nobody sees who listens, a program that lives and a connection that lasts for so
/// long belong together.
const UNSEEN: Duration =
    Duration::from_millis(if cfg!(target_os = "linux") { 2000 } else { 10 });

/// An address of this host whose port nobody uses. It may be snatched away before the
/// program binds it; then there is another one.
pub(super) fn free_port(host: &str) -> Outcome<(SocketAddr, Claim)> {
    port::unused(host).map_err(|error| {
        Finding::cannot_tell(format!("could not find a free port: {error}"))
    })
}

/// Every address of a name, on this port.
pub fn addresses(name: &str) -> Vec<SocketAddr> {
    name.to_socket_addrs().map(Iterator::collect).unwrap_or_default()
}

/// Does anybody accept connections at this address?
pub fn answers(addr: SocketAddr) -> bool {
    TcpStream::connect_timeout(&addr, PATIENCE).is_ok()
}

/// Is it the program that has answered? It could be somebody else who got this port first,
/// or who is only looking for a free one. A program in a container is never seen to listen.
pub(super) fn is_answer_of(
    program: &mut Program,
    stream: &TcpStream,
    addr: SocketAddr,
) -> bool {
    let listens = |program: &Program| {
        program.witness.listeners().iter().any(|at| at.port() == addr.port())
    };
    if listens(program) || listens(program) {
        return true; // One look may miss it.
    }
    let since = Instant::now();
    while since.elapsed() < UNSEEN {
        if program.ended_in_a_moment() {
            return has_come(stream); // Its last words, and the end: it served one client.
        }
        if stream.peer_addr().is_err() || listens(program) {
            return false; // If it listens only now, it was somebody else before.
        }
    }
    true
}

/// Have bytes come, or the end of the stream?
fn has_come(stream: &TcpStream) -> bool {
    peek_now(stream).is_ok_and(|peeked| peeked.is_ok())
}

pub(super) fn cannot_start(name: &str, error: &io::Error) -> Box<Finding> {
    let exists = Path::new(name).is_file();
    Finding::cannot_tell(match error.kind() {
        ErrorKind::NotFound if exists => format!(
            "could not start {name}: the file is there, but not the interpreter that its \
             first line names"
        ),
        ErrorKind::NotFound => {
            format!("could not start {name}: there is no such program")
        }
        ErrorKind::PermissionDenied if exists => {
            format!("could not start {name}: it is not executable (chmod +x {name})")
        }
        _ => format!("could not start {name}: {error}"),
    })
}

/// A shell says so with its exit code.
pub(super) fn not_found(status: ExitStatus) -> Outcome {
    match status.code() {
        Some(127) => {
            Err(Finding::cannot_tell("the command was not found (exit code 127)"))
        }
        Some(126) => {
            Err(Finding::cannot_tell("the command cannot be run (exit code 126)"))
        }
        _ => Ok(()),
    }
}

/// The program ended before it listened: because of somebody else, or by its own fault?
pub(super) fn ended_early(program: &mut Program, addr: SocketAddr) -> Outcome<bool> {
    let Some(status) = program.ends_within(Duration::ZERO) else { return Ok(false) };
    not_found(status)?;
    if port::is_used(addr.port()) && program.witness.listeners().is_empty() {
        return Ok(false);
    }
    let words = format!("the program ended before it listened on {addr}");
    Err(Finding::of(Rule::Starts, words))
}

/// It runs, but nobody listens where it was told to. Somewhere else?
pub(super) fn never_listened(program: &Program, addr: SocketAddr) -> Box<Finding> {
    let listeners = program.witness.listeners();
    let other_family = match addr {
        SocketAddr::V4(_) => {
            SocketAddr::new([0, 0, 0, 0, 0, 0, 0, 1].into(), addr.port())
        }
        SocketAddr::V6(_) => SocketAddr::new([127, 0, 0, 1].into(), addr.port()),
    };
    let at_other = TcpStream::connect_timeout(&other_family, PATIENCE).is_ok();
    let words = match (at_other, listeners.as_slice()) {
        (true, _) => format!(
            "nobody answers on {addr}, but {other_family} does: \
                              the program listens on the other family only"
        ),
        (_, []) => format!("nobody listens on {addr}"),
        (_, [first, ..]) => {
            format!("nobody listens on {addr}; the program listens on {first}")
        }
    };
    let does = program.witness.testimony(None);
    let what = format!("a connection to {addr}");
    let mut finding = Finding::waited(words, START, &what, does);
    finding.rule = Some(Rule::Starts);
    finding
}

/// What the kernel's table says, for a program that prints nothing.
pub(super) fn listens_at(listeners: &[SocketAddr]) -> Option<Doing> {
    let first = listeners.first()?;
    Some(Doing::other(format!("listens on {first}, says the kernel")))
}
