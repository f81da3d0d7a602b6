//! One check under way: the program is started, talked to, ended, and looked over.
//!
//! The checks of the exercises see [`Trial`], [`Caller`] and [`Finding`]; everything else
//! here serves these three.

mod activity;
mod afterwards;
mod caller;
mod correspondent;
mod exercise;
pub(super) mod finding;
mod folder;
pub(super) mod group;
mod heard;
mod listening;
mod port;
pub(super) mod program;
mod record;
mod sizing;
mod starting;
mod stopping;
mod untaken;
mod witness;

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

pub use self::caller::{Caller, PATIENCE};
pub use self::correspondent::Correspondent;
pub use self::exercise::{Check, Exercise};
pub use self::finding::{Finding, Outcome};
pub use self::folder::Folder;
pub use self::program::Io;
pub use self::record::Activity;
pub use self::starting::{addresses, answers};
pub use self::witness::Size;
use crate::course::trial::afterwards::{broken_rule, printed, said};
use crate::course::trial::finding::Then;
use crate::course::trial::port::Claim;
use crate::course::trial::program::{Program, Work};
use crate::course::trial::starting::{
    START, cannot_start, ended_early, free_port, is_answer_of, listens_at,
    never_listened, not_found,
};
use crate::course::trial::witness::Doing;
use crate::kit::stop::Stop;
use crate::proto::random::Random;

/// How often a port that somebody else has taken meanwhile is replaced.
const PORTS: usize = 5;

/// The stage on which a check plays.
#[derive(Debug)]
pub struct Trial<'a> {
    /// Where everything random in a check comes from.
    pub random: Random,
    work: &'a Work,
    stop: &'a Stop,
    program: Option<Program>,
    addr: Option<SocketAddr>,
    first: Option<TcpStream>,
    /// Nobody else's check gets the ports of this one.
    claims: Vec<Claim>,
}

/// What is left of a program that has ended by itself.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; none if a signal has ended it.
    pub code: Option<i32>,
    /// What it printed on standard output.
    pub out: Vec<u8>,
    /// What it printed on standard error.
    pub err: Vec<u8>,
}

/// How a check went.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) finding: Option<Box<Finding>>,
    /// The last lines that the program printed, if it failed.
    pub(crate) printed: Vec<String>,
    /// Worth a word, whatever the verdict.
    pub(crate) notes: Vec<&'static str>,
}

/// Runs one check from beginning to end. Nothing of the program survives it.
pub(crate) fn run(check: &Check, work: &Work, seed: u64, stop: &Stop) -> Report {
    let random = Random::of(seed, check.id);
    let (program, addr, first, claims) = (None, None, None, Vec::new());
    let mut trial = Trial { random, work, stop, program, addr, first, claims };
    let outcome = (check.talk)(&mut trial);
    trial.first = None;
    trial.look_over(outcome.err())
}

impl Trial<'_> {
    /// Starts the program as a server on 127.0.0.1, and waits until it listens.
    pub fn serves(&mut self) -> Outcome {
        self.serves_at("127.0.0.1", &[])
    }

    /// The same, with an input and an output of the check's choice.
    pub fn serves_with(&mut self, io: Io) -> Outcome {
        self.serves_there("127.0.0.1", &[], &io)
    }

    /// Starts the program as a server at `host`, with these words before the address.
    pub fn serves_at(&mut self, host: &str, words: &[&str]) -> Outcome {
        self.serves_there(host, words, &Io::default())
    }

    fn serves_there(&mut self, host: &str, words: &[&str], io: &Io) -> Outcome {
        for _ in 0..PORTS {
            let (addr, claim) = free_port(host)?;
            self.claims.push(claim);
            let typed = format!("{host}:{}", addr.port());
            let words: Vec<_> =
                words.iter().map(ToString::to_string).chain([typed]).collect();
            self.starts(&words, io.clone())?;
            if self.first_connection(addr)? {
                self.addr = Some(addr);
                return Ok(());
            }
            self.forgets_the_program();
        }
        Err(Finding::cannot_tell("other programs took every port that was free"))
    }

    /// Starts the program with these words, the last of which is an address.
    pub fn starts(&mut self, words: &[String], io: Io) -> Outcome {
        self.ends_the_earlier_one()?;
        let line = self.work.with(words);
        let name = line.first().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let started = Program::start(&line, io, self.stop);
        self.program = Some(started.map_err(|error| cannot_start(&name, &error))?);
        Ok(())
    }

    /// It did not get its port: what it says of that is not judged.
    fn forgets_the_program(&mut self) {
        if let Some(mut program) = self.program.take() {
            program.end(self.stop);
        }
    }

    /// A check may need the program more than once.
    fn ends_the_earlier_one(&mut self) -> Outcome {
        self.first = None;
        let Some(mut program) = self.program.take() else { return Ok(()) };
        let ending = program.end(self.stop);
        broken_rule(&program, &ending).map_or(Ok(()), Err)
    }

    /// A connection with the server. The first is the one that showed that it listens: a
    /// server counts that one, too.
    pub fn caller(&mut self) -> Outcome<Caller> {
        let addr = self.addr()?;
        let (first, stop) = (self.first.take(), self.stop);
        let program = self.program()?;
        let stream = match first {
            Some(stream) => Ok(stream),
            None => TcpStream::connect_timeout(&addr, PATIENCE),
        };
        match stream {
            Ok(stream) => Caller::new(stream, program.witness, stop),
            Err(error) => {
                let mut finding = Finding::new(format!("could not connect: {error}"));
                finding.broken = error.kind() != ErrorKind::TimedOut;
                finding.program_does = program.witness.testimony(None);
                Err(finding)
            }
        }
    }

    /// Stops the program and lets it go on, as Ctrl-Z and `fg` do. Whatever it was doing
    /// goes on; only a write that was under way may have taken less than everything.
    pub fn freezes_and_thaws(&self) {
        if let Some(program) = &self.program {
            program.freeze();
            program.thaw();
        }
    }

    /// One connection for each of these words, all of them there before the program can
    /// accept the first: it is stopped meanwhile. So it finds a queue, and words that lie
    /// ready in it. Where nothing can be stopped, they come as fast as they can.
    pub fn queue_of(&mut self, words: &[&[u8]]) -> Outcome<Vec<Caller>> {
        self.while_frozen(|trial| {
            let mut callers = Vec::new();
            for words in words {
                let mut caller = trial.caller()?;
                caller.sends(words)?;
                callers.push(caller);
            }
            Ok(callers)
        })
    }

    /// The program is stopped meanwhile: it finds everything that happens here at once.
    pub fn while_frozen<T>(
        &mut self,
        happens: impl FnOnce(&mut Self) -> Outcome<T>,
    ) -> Outcome<T> {
        if let Some(program) = &self.program {
            program.stop();
        }
        let outcome = happens(self);
        if let Some(program) = &self.program {
            program.thaw();
        }
        outcome
    }

    /// Where the program serves.
    pub fn addr(&self) -> Outcome<SocketAddr> {
        self.addr.ok_or_else(|| Finding::cannot_tell("this check has started no server"))
    }

    /// From now on, callers connect to this address.
    pub fn calls(&mut self, addr: SocketAddr) {
        self.addr = Some(addr);
    }

    /// The program prints a whole line on standard output: gives it without its LF.
    pub fn prints_line(&mut self) -> Outcome<String> {
        let program = self.program()?;
        let line = program.out.line(START);
        let mut finding = match &line {
            Ok(line) => {
                let line = line.strip_suffix(b"\n").unwrap_or(line);
                return Ok(String::from_utf8_lossy(line).into_owned());
            }
            Err(_) if program.has_ended() => {
                Finding::broken("the program ended without printing a whole line")
            }
            Err(_) => {
                let words = "no whole line was printed on standard output";
                not_printed(program, words, (START, "a line"))
            }
        };
        let so_far = line.err().unwrap_or_default();
        if !so_far.is_empty() {
            finding = finding.with(&[&so_far, &b"\n"[..]].concat(), &so_far, Then::More);
        }
        Err(finding)
    }

    /// The program prints this line on standard output, among others. Where there is no
    /// terminal to print to, many programs keep it to themselves, and nobody knows.
    pub fn prints(&mut self, line: &str) -> Outcome {
        let program = self.program()?;
        if !cfg!(unix) || program.out.has_line(line.as_bytes(), PATIENCE) {
            return Ok(());
        }
        if program.has_ended() {
            let words = format!("the program ended without printing the line: {line}");
            return Err(Finding::broken(words));
        }
        let words = format!("standard output does not show the line: {line}");
        let waited = (PATIENCE, "the line on standard output");
        Err(not_printed(program, &words, waited))
    }

    /// The program accepts everybody who has connected. Where the kernel does not show the
    /// queue, nobody knows.
    pub fn accepts_everybody(&mut self) -> Outcome {
        let (addr, stop) = (self.addr()?, self.stop);
        let program = self.program()?;
        let deadline = Instant::now() + PATIENCE;
        while let Some(queue @ 1..) = witness::in_the_queue_of(addr) {
            if Instant::now() > deadline {
                let words = format!("{queue} of those who connected wait in its queue");
                let does = program.witness.testimony(None);
                return Err(Finding::waited(words, PATIENCE, "all to be accepted", does));
            }
            if program.ended_in_a_moment() || stop.requested() {
                return Err(Finding::broken("the program ended and left clients behind"));
            }
        }
        Ok(())
    }

    /// The program ends by itself, within `limit`.
    pub fn ends_within(&mut self, limit: Duration) -> Outcome<Ended> {
        let program = self.program()?;
        let Some(status) = program.ends_within(limit) else {
            let does = program.witness.testimony(None);
            let words = "the program did not end";
            return Err(Finding::waited(words, limit, "the program to end", does));
        };
        not_found(status)?;
        program.out.end(PATIENCE);
        program.err.end(PATIENCE);
        let (out, err) = (program.out.bytes(), program.err.bytes());
        Ok(Ended { code: status.code(), out, err })
    }

    fn program(&mut self) -> Outcome<&mut Program> {
        self.program
            .as_mut()
            .ok_or_else(|| Finding::cannot_tell("nothing has been started"))
    }

    /// Waits until a first connection succeeds, and keeps it. False if the port was
    /// snatched away by somebody else.
    fn first_connection(&mut self, addr: SocketAddr) -> Outcome<bool> {
        let stop = self.stop;
        let program = self.program()?;
        let deadline = Instant::now() + START;
        loop {
            if let Ok(stream) = TcpStream::connect_timeout(&addr, PATIENCE) {
                // While nobody listens there, a port may connect to itself.
                let to_itself = stream.local_addr().ok() == Some(addr);
                if !to_itself && is_answer_of(program, &stream, addr) {
                    self.first = Some(stream);
                    return Ok(true);
                }
            }
            if stop.requested() {
                return Err(Finding::cannot_tell("stopped"));
            }
            if program.ended_in_a_moment() {
                return ended_early(program, addr);
            }
            if Instant::now() > deadline {
                return Err(never_listened(program, addr));
            }
        }
    }

    /// After the conversation: the program is ended, and the rules above all checks hold.
    fn look_over(&mut self, finding: Option<Box<Finding>>) -> Report {
        let Some(program) = &mut self.program else {
            return Report { finding, printed: Vec::new(), notes: Vec::new() };
        };
        if finding.as_ref().is_some_and(|finding| finding.broken) {
            program.ends_within(Duration::from_millis(300)); // It may be about to end.
        }
        let ending = program.end(self.stop);
        let printed = printed(program);
        let finding = match finding {
            Some(mut finding) => {
                let matters = finding.broken || finding.rule.is_some();
                let ended = ending
                    .status
                    .filter(|status| ending.by_itself && (matters || !status.success()));
                // What it did while this check waited says more than how it ended then.
                let seen_alive =
                    finding.check_waits.is_some() && !finding.program_does.is_empty();
                if let Some(status) = ended.filter(|_| !seen_alive) {
                    finding.program_does = vec![match self.addr {
                        Some(_) => Doing::server_ended(&said(status)),
                        None => Doing::other(format!("ended: {}", said(status))),
                    }];
                }
                Some(finding)
            }
            None => broken_rule(program, &ending),
        };
        let mut notes = Vec::new();
        if ending.stubborn && !self.stop.requested() {
            notes.push("it did not end when it was asked to (SIGTERM), and was killed");
        }
        if !ending.left.is_empty() && finding.as_ref().is_some_and(|f| f.rule.is_none()) {
            notes.push("it left a process behind, which was killed");
        }
        Report { finding, printed, notes }
    }
}

/// Its time is over, or its output is.
fn not_printed(
    program: &Program,
    words: &str,
    (patience, what): (Duration, &str),
) -> Box<Finding> {
    let mut does = program.witness.testimony(None);
    does.extend(listens_at(&program.witness.listeners()));
    if !program.out.has_ended() {
        return Finding::waited(words, patience, what, does);
    }
    let mut finding = Finding::new(format!("{words}, and the program has closed it"));
    finding.program_does = does;
    finding
}
