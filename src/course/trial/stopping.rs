//! A program that is asked to stop: by Ctrl-C, or by SIGTERM.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::course::trial::caller::{Caller, PATIENCE};
use crate::course::trial::finding::{Finding, Outcome, Then};
use crate::course::trial::program::Io;
use crate::course::trial::witness::Kind;
use crate::course::trial::{Trial, said};

/// A program that should end within a second gets two: the machine may be busy.
const SECOND: Duration = Duration::from_secs(2);

const READ_SLEEPS: &str =
    "a thread sleeps in read, its client says nothing, and nobody has woken it";

const CUT_OFF: &str =
    "the answer is given up: by shutdown, by exit, by the end of main, or by a limit";

impl Trial<'_> {
    /// Ctrl-C: SIGINT for the program and its children, as a terminal sends it.
    pub fn interrupts(&mut self) -> Outcome {
        can_signal()?;
        self.program()?.interrupt();
        Ok(())
    }

    /// SIGTERM for the program and its children.
    pub fn terminates(&mut self) -> Outcome {
        can_signal()?;
        self.program()?.terminate();
        Ok(())
    }

    /// The program ends within a second, more or less, whatever its exit code is.
    pub fn ends_soon(&mut self) -> Outcome<Option<i32>> {
        let outcome = self.ends_within(SECOND).map(|ended| ended.code);
        outcome.map_err(|finding| {
            let sees = |kind| finding.program_does.iter().any(|does| does.kind == kind);
            let cause = if sees(Kind::Accepts) {
                "accept sleeps on: neither a signal nor a flag makes it return"
            } else if sees(Kind::Receives) {
                READ_SLEEPS
            } else {
                return finding;
            };
            finding.or_because(cause)
        })
    }

    /// The program ends within a second, more or less, with exit code 0.
    pub fn stops(&mut self) -> Outcome {
        match self.ends_soon()? {
            Some(0) => Ok(()),
            Some(code) => {
                Err(Finding::new(format!("the exit code is {code} instead of 0")))
            }
            None => Err(Finding::new("the program was ended by the signal itself")
                .because(
                    "the signal is not handled: its default action ends the program",
                )),
        }
    }

    /// Is the program still there, for longer than one that ends within a second anyway?
    /// If it has ended with exit code 0, its client has to hear the rest all the same.
    pub fn stays_longer(&mut self) -> Outcome<bool> {
        self.stays_for(SECOND + Duration::from_millis(200))
    }

    /// Is the program still there after a moment in which it could have ended? The same.
    pub fn stays(&mut self) -> Outcome<bool> {
        self.stays_for(Duration::from_millis(500))
    }

    fn stays_for(&mut self, time: Duration) -> Outcome<bool> {
        let Some(status) = self.program()?.ends_within(time) else { return Ok(true) };
        if status.success() {
            return Ok(false);
        }
        let words = "the program ended while a client still waited for its answer";
        Err(Finding::new(format!("{words} ({})", said(status))).because(CUT_OFF))
    }

    /// Stops every thread for a moment, so that each goes once more into the call in which
    /// it sleeps: what a signal does, without a meaning.
    pub fn nudges(&self) {
        if let Some(program) = &self.program {
            program.stop_and_go();
        }
    }

    /// Does every thread of the program sleep? One that the machine has no time for, or
    /// that goes round, does not.
    pub fn sleeps(&self) -> bool {
        self.program.as_ref().is_some_and(|program| program.witness.is_asleep())
    }

    /// Whoever connects now is refused, or will be in a moment.
    pub fn refuses(&mut self) -> Outcome {
        let (addr, stop) = (self.addr()?, self.stop);
        let program = self.program()?;
        let deadline = Instant::now() + SECOND;
        loop {
            match TcpStream::connect_timeout(&addr, PATIENCE) {
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                    return Ok(());
                }
                _ if Instant::now() > deadline => break,
                _ if program.ended_in_a_moment() || stop.requested() => return Ok(()),
                _ => {}
            }
        }
        let does = program.witness.testimony(None);
        let words = "after the signal, new clients are still let in";
        Err(Finding::waited(words, SECOND, "a refusal", does))
    }

    /// Starts the program once more, at the address that it has just had.
    pub fn serves_again(&mut self) -> Outcome {
        let addr = self.addr()?;
        self.starts(&[addr.to_string()], Io::default())?;
        if self.first_connection(addr)? {
            return Ok(());
        }
        let words =
            format!("started again at once, the program did not get {addr} again");
        Err(Finding::new(words)
            .because("SO_REUSEADDR is not set: std does it, in C and Python you have to"))
    }
}

impl Caller {
    /// Hears the end of the stream from a program that is stopping.
    pub fn hears_goodbye(&mut self) -> Outcome {
        self.hears_end().map_err(|finding| {
            let does = &finding.program_does;
            let bytes = finding.bytes.as_ref();
            if does.iter().any(|doing| doing.kind == Kind::ReceivesHere) {
                finding.or_because(READ_SLEEPS)
            } else if bytes.is_some_and(|bytes| bytes.then == Then::Reset) {
                finding.or_because("the connections are reset instead of ended")
            } else {
                finding
            }
        })
    }

    /// Hears a part of the answer from a program that is stopping.
    pub fn hears_all_the_same(&mut self, expected: &[u8]) -> Outcome {
        self.hears(expected).map_err(|finding| match finding.broken {
            true => finding.or_because(CUT_OFF),
            false => finding,
        })
    }
}

fn can_signal() -> Outcome {
    match cfg!(unix) {
        true => Ok(()),
        false => Err(Finding::cannot_tell("this system has no signals to send")),
    }
}
