//! The check as the other server: somebody for the program to connect to.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use crate::course::trial::Trial;
use crate::course::trial::caller::{Caller, PATIENCE};
use crate::course::trial::finding::{Finding, Outcome};
use crate::course::trial::port;
use crate::course::trial::starting::{START, free_port};

impl Trial<'_> {
    /// A listener for a program that is a client. Its port is claimed as well: it could be
    /// one where somebody else's program is about to listen, and is already called.
    pub fn listens(&mut self) -> Outcome<TcpListener> {
        let (addr, claim) = free_port("127.0.0.1")?;
        self.claims.push(claim);
        TcpListener::bind(addr)
            .map_err(|error| Finding::cannot_tell(format!("could not listen: {error}")))
    }

    /// An address where nobody listens, as long as what comes with it is kept.
    pub fn listens_nowhere(&self) -> Outcome<(SocketAddr, impl Sized + use<>)> {
        let nowhere = port::without_listener();
        nowhere.map_err(|error| Finding::cannot_tell(format!("no free port: {error}")))
    }

    /// The program connects to `listener`.
    pub fn accepts(&mut self, listener: &TcpListener) -> Outcome<Caller> {
        self.accepts_within(START, listener)
    }

    /// The same, when the program has started long ago. A stranger may connect, too: with
    /// many programs on one machine, somebody looks for one that was here before.
    pub fn accepts_soon(&mut self, listener: &TcpListener) -> Outcome<Caller> {
        let mut strangers = Vec::new();
        loop {
            let caller = match self.accepts_within(PATIENCE, listener) {
                // It was no stranger, but the program that has closed its socket at once.
                Err(finding) => return strangers.pop().ok_or(finding),
                Ok(caller) => caller,
            };
            if self.program()?.witness.may_own(caller.peer_addr()) {
                return Ok(caller);
            }
            strangers.push(caller);
        }
    }

    fn accepts_within(
        &mut self,
        patience: Duration,
        listener: &TcpListener,
    ) -> Outcome<Caller> {
        let stop = self.stop;
        let program = self.program()?;
        let not_told = |error: io::Error| Finding::cannot_tell(error.to_string());
        listener.set_nonblocking(true).map_err(not_told)?;
        let deadline = Instant::now() + patience;
        let mut ended = false;
        loop {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).map_err(not_told)?;
                    return Caller::new(stream, program.witness, stop);
                }
                Err(error) if error.kind() != ErrorKind::WouldBlock => {
                    return Err(not_told(error));
                }
                Err(_) if ended => {
                    return Err(Finding::broken("the program ended without connecting"));
                }
                Err(_) if Instant::now() > deadline => {
                    let does = program.witness.testimony(None);
                    let words = "the program did not connect";
                    return Err(Finding::waited(words, patience, "a connection", does));
                }
                // It may connect and end in this moment: then one more look is due.
                Err(_) => ended = program.ended_in_a_moment(),
            }
        }
    }
}
