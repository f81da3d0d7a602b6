//! The check's end of an exchange of datagrams: sends what it is told to, and hears what
//! comes back from the program.
//!
//! Its socket is connected: only the program's datagrams come in, and if nobody is there
//! any more, the kernel says so at once.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::course::kernel;
use crate::course::trial::caller::PATIENCE;
use crate::course::trial::finding::{Finding, Outcome, Rule, Then};
use crate::course::trial::port;
use crate::course::trial::program::{Io, Program};
use crate::course::trial::starting::{START, not_found};
use crate::course::trial::witness::Witness;
use crate::course::trial::{PORTS, Trial};

/// Where the kernel does not show who receives: so long does a program get until it does.
const BLIND_START: Duration = Duration::from_millis(500);

/// More than any datagram has.
const LARGEST: usize = 65_536;

/// One end of an exchange of datagrams with the program.
#[derive(Debug)]
pub struct Correspondent {
    socket: UdpSocket,
    peer: SocketAddr,
    witness: Witness,
}

impl Trial<'_> {
    /// Starts the program with these words and an address of 127.0.0.1, and waits until it
    /// has a socket for datagrams there. Nothing is sent: a program may count.
    pub fn receives_datagrams(&mut self, words: &[&str]) -> Outcome<SocketAddr> {
        for _ in 0..PORTS {
            let (addr, claim) = port::without_datagrams().map_err(|error| {
                Finding::cannot_tell(format!("could not find a free port: {error}"))
            })?;
            self.claims.push(claim);
            let line = words.iter().map(ToString::to_string).chain([addr.to_string()]);
            self.starts(&line.collect::<Vec<_>>(), Io::default())?;
            if self.has_a_socket_at(addr)? {
                return Ok(addr);
            }
            self.forgets_the_program();
        }
        Err(Finding::cannot_tell("other programs took every port that was free"))
    }

    /// Somebody with an address of their own, who sends to `addr`.
    pub fn correspondent(&mut self, addr: SocketAddr) -> Outcome<Correspondent> {
        let witness = self.program()?.witness;
        let connected = || -> io::Result<UdpSocket> {
            let socket = UdpSocket::bind("127.0.0.1:0")?;
            socket.connect(addr)?;
            Ok(socket)
        };
        let socket = connected().map_err(|e| Finding::cannot_tell(e.to_string()))?;
        Ok(Correspondent { socket, peer: addr, witness })
    }

    /// Whether the program has ended, after a moment.
    pub fn has_ended_in_a_moment(&mut self) -> Outcome<bool> {
        Ok(self.program()?.ended_in_a_moment())
    }

    /// False if the port was snatched away by somebody else.
    fn has_a_socket_at(&mut self, addr: SocketAddr) -> Outcome<bool> {
        let stop = self.stop;
        let program = self.program()?;
        if !cfg!(target_os = "linux") {
            stop.within(BLIND_START);
            return Ok(true);
        }
        let deadline = Instant::now() + START;
        loop {
            let sockets = program.witness.datagram_sockets();
            if sockets.iter().any(|at| answers_for(*at, addr)) {
                return Ok(true);
            }
            if stop.requested() {
                return Err(Finding::cannot_tell("stopped"));
            }
            if program.ended_in_a_moment() {
                return ended_early(program, addr);
            }
            if Instant::now() > deadline {
                return Err(never_there(program, addr, &sockets));
            }
        }
    }
}

/// Does a datagram to `addr` come to a socket that is bound to `at`?
fn answers_for(at: SocketAddr, addr: SocketAddr) -> bool {
    let ip = at.ip().to_canonical();
    at.port() == addr.port() && (ip == addr.ip() || ip.is_unspecified())
}

fn ended_early(program: &mut Program, addr: SocketAddr) -> Outcome<bool> {
    let Some(status) = program.ends_within(Duration::ZERO) else { return Ok(false) };
    not_found(status)?;
    let others = kernel::sockets(&["udp", "udp6"]);
    if others.iter().any(|(_, entry)| entry.local.port() == addr.port()) {
        return Ok(false);
    }
    let words = format!("the program ended before it had a socket at {addr}");
    Err(Finding::of(Rule::Starts, words))
}

fn never_there(
    program: &Program,
    addr: SocketAddr,
    sockets: &[SocketAddr],
) -> Box<Finding> {
    let words = match (sockets, program.witness.listeners().as_slice()) {
        ([first, ..], _) => {
            format!("no UDP socket is at {addr}; the program's is at {first}")
        }
        ([], [first, ..]) => {
            format!(
                "no UDP socket is at {addr}; the program listens, with TCP, on {first}"
            )
        }
        ([], []) => format!("no UDP socket is at {addr}"),
    };
    let does = program.witness.testimony(None);
    let what = format!("a UDP socket at {addr}");
    let mut finding = Finding::waited(words, START, &what, does);
    finding.rule = Some(Rule::Starts);
    finding
}

impl Correspondent {
    /// Sends one datagram.
    pub fn sends(&self, datagram: &[u8]) -> Outcome {
        // What a send reports is what became of an earlier one: then it has to be repeated.
        match self.socket.send(datagram).or_else(|_| self.socket.send(datagram)) {
            Ok(_) => Ok(()),
            Err(error) => Err(gone(&error)),
        }
    }

    /// The program's address.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Hears one datagram, whatever it is.
    pub fn hears_any(&self, what: &str) -> Outcome<Vec<u8>> {
        match self.receives(PATIENCE) {
            Ok(Some(seen)) => Ok(seen),
            Ok(None) => Err(Finding::waited(
                format!("{what} did not come"),
                PATIENCE,
                "a datagram",
                self.witness.testimony(None),
            )),
            Err(error) => Err(gone(&error)),
        }
    }

    /// Hears one datagram, which has to be this one.
    pub fn hears(&self, what: &str, expected: &[u8]) -> Outcome {
        let (seen, then) = match self.receives(PATIENCE) {
            Ok(Some(seen)) => (seen, Then::More),
            Ok(None) => (Vec::new(), Then::Silence(PATIENCE)),
            Err(error) => return Err(gone(&error)),
        };
        if seen == expected && then == Then::More {
            return Ok(());
        }
        let mut finding = match then {
            Then::More => Finding::new(format!("what came is not {what}")),
            _ => Finding::waited(
                format!("{what} did not come"),
                PATIENCE,
                "a datagram",
                self.witness.testimony(None),
            ),
        };
        if seen.is_empty() && then == Then::More {
            finding.seen = format!("an empty datagram came instead of {what}");
            return Err(finding);
        }
        finding = finding.with(expected, &seen, then);
        Err(finding)
    }

    /// For so long nothing comes. Then the time is over: this is also how a check waits.
    pub fn hears_nothing(&self, time: Duration, why: &str) -> Outcome {
        match self.receives(time) {
            Ok(None) => Ok(()),
            Ok(Some(seen)) => {
                let words = format!("a datagram came, and {why}");
                Err(Finding::differs(&words, b"", &seen))
            }
            Err(error) => Err(gone(&error)),
        }
    }

    /// What has come and was not heard yet, if anything has.
    pub fn has_heard(&self) -> Option<Vec<u8>> {
        self.receives(Duration::from_millis(1)).ok().flatten()
    }

    fn receives(&self, patience: Duration) -> io::Result<Option<Vec<u8>>> {
        self.socket.set_read_timeout(Some(patience))?;
        let mut buffer = vec![0; LARGEST];
        loop {
            match self.socket.recv(&mut buffer) {
                Ok(n) => {
                    buffer.truncate(n);
                    return Ok(Some(buffer));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    return match error.kind() {
                        ErrorKind::WouldBlock | ErrorKind::TimedOut => Ok(None),
                        _ => Err(error),
                    };
                }
            }
        }
    }
}

/// The kernel answered for the program: nobody receives there.
fn gone(error: &io::Error) -> Box<Finding> {
    Finding::broken(match error.kind() {
        ErrorKind::ConnectionRefused => {
            "what was sent was refused: the socket is gone, or receives from others only"
                .to_owned()
        }
        _ => format!("the exchange broke: {error}"),
    })
}
