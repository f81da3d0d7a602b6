//! The student's program: started, listened to, and never left behind.

use std::convert::Infallible;
use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded, select};

use crate::course::trial::group::{Group, Left, apart};
use crate::course::trial::heard::Heard;
use crate::course::trial::witness::Witness;
use crate::kit::stop::Stop;

/// How long a program may take to end when it is asked to, and its children after it.
pub(super) const GRACE: Duration = Duration::from_secs(1);

/// How often we look whether children have ended. Nothing tells us.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A command line, with the places where the address goes.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    line: Vec<OsString>,
    /// What is being checked, in a few words.
    pub(crate) name: String,
}

impl Work {
    /// A command of the student's own.
    pub(crate) fn typed_as_it_is(line: &[OsString]) -> Work {
        Work { line: line.to_vec(), name: typed(line) }
    }

    /// The exercise of a lesson, built by cargo. It is called from here if it is below.
    pub(crate) fn built(program: &Path) -> Work {
        let here = env::current_dir().unwrap_or_default();
        let program = program.strip_prefix(here).unwrap_or(program);
        Work { line: vec![program.into()], name: "exercise.rs".to_owned() }
    }

    /// The command line for `words`, the last of which is an address: in place of
    /// `{addr}`, `{host}` and `{port}`, or else behind everything.
    pub(super) fn with(&self, words: &[String]) -> Vec<OsString> {
        let addr = words.last().map(String::as_str).unwrap_or_default();
        let (host, port) = addr.rsplit_once(':').unwrap_or((addr, ""));
        let host = host.trim_matches(['[', ']']);
        let mut line = Vec::new();
        let mut placed = false;
        for word in &self.line {
            match word.to_str() {
                Some("{addr}") => {
                    line.extend(words.iter().map(OsString::from));
                    placed = true;
                }
                Some(text)
                    if ["{addr}", "{host}", "{port}"]
                        .iter()
                        .any(|p| text.contains(p)) =>
                {
                    // The words before the address go before its first place.
                    let before = words.split_last().map_or(&[][..], |(_, before)| before);
                    line.extend(before.iter().filter(|_| !placed).map(OsString::from));
                    let text = text.replace("{addr}", addr);
                    line.push(
                        text.replace("{host}", host).replace("{port}", port).into(),
                    );
                    placed = true;
                }
                _ => line.push(word.clone()),
            }
        }
        if !placed {
            line.extend(words.iter().map(OsString::from));
        }
        line
    }

    /// The same as a person types it.
    pub(crate) fn typed(&self, words: &[String]) -> String {
        typed(&self.with(words))
    }
}

fn typed(line: &[OsString]) -> String {
    line.iter().map(|word| quoted(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
}

/// In quotes if a shell would read it as something else.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,[]{}".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// What a program is given and what it prints to.
#[derive(Clone, Debug, Default)]
pub struct Io {
    /// Standard input; nothing means that it has ended already.
    pub input: Vec<u8>,
    /// A terminal as standard output, so that lines come out as they are printed.
    pub terminal: bool,
}

/// A program that runs, or has run.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) witness: Witness,
    pub(super) out: Heard,
    pub(super) err: Heard,
    group: Group,
    status: Option<ExitStatus>,
    exit: Receiver<ExitStatus>,
    // Ends the watchman when the program is gone.
    _watch: crossbeam_channel::Sender<Infallible>,
}

/// How a program ended.
#[derive(Debug)]
pub(super) struct Ending {
    /// It had ended before anybody asked.
    pub(super) by_itself: bool,
    /// It did not end when it was asked to.
    pub(super) stubborn: bool,
    pub(super) status: Option<ExitStatus>,
    /// Its children that had not ended.
    pub(super) left: Vec<Left>,
}

impl Program {
    /// Starts it. When somebody pulls `stop`, it is killed.
    pub(super) fn start(line: &[OsString], io: Io, stop: &Stop) -> io::Result<Program> {
        let (name, words) = line.split_first().ok_or(ErrorKind::InvalidInput)?;
        let mut command = Command::new(name);
        command.args(words).stdin(Stdio::piped()).stderr(Stdio::piped());
        apart(&mut command);
        let terminal = if io.terminal { terminal()? } else { None };
        let screen = match terminal {
            Some((screen, terminal)) => {
                command.stdout(terminal);
                Some(screen)
            }
            None => {
                command.stdout(Stdio::piped());
                None
            }
        };
        let mut child = command.spawn()?;
        drop(command); // With it goes our copy of the terminal.
        let group = Group::of(child.id());
        let program = Program::follow(&mut child, screen, stop);
        let (exited, exit) = bounded(1);
        let witness = Witness::of(child.id());
        let stdin = child.stdin.take();
        let wait = move || {
            if let Ok(status) = child.wait() {
                let _ = exited.send(status); // We may no longer care.
            }
        };
        let waiting = thread::Builder::new().name("wait".to_owned()).spawn(wait);
        let (out, err, watch) = match program.and_then(|said| waiting.map(|_| said)) {
            Ok(said) => said,
            Err(error) => {
                group.kill(); // Without its watchers it must not run.
                return Err(error);
            }
        };
        if let Some(mut stdin) = stdin {
            let feed = move || {
                let _ = stdin.write_all(&io.input); // It need not read its input.
            };
            thread::Builder::new().name("input".to_owned()).spawn(feed)?;
        }
        Ok(Program { witness, out, err, group, status: None, exit, _watch: watch })
    }

    /// Reads along, and waits for Ctrl-C.
    fn follow(
        child: &mut Child,
        screen: Option<File>,
        stop: &Stop,
    ) -> io::Result<(Heard, Heard, crossbeam_channel::Sender<Infallible>)> {
        let out = match (screen, child.stdout.take()) {
            (Some(screen), _) => Heard::of(screen)?,
            (None, Some(stdout)) => Heard::of(stdout)?,
            (None, None) => Heard::of(io::empty())?,
        };
        let err = match child.stderr.take() {
            Some(stderr) => Heard::of(stderr)?,
            None => Heard::of(io::empty())?,
        };
        let (watch, over) = bounded(0);
        let (stop, group) = (stop.clone(), Group::of(child.id()));
        let watch_for_ctrl_c = move || {
            if stop.wait_unless(&over) {
                group.kill();
            }
        };
        thread::Builder::new().name("watch".to_owned()).spawn(watch_for_ctrl_c)?;
        Ok((out, err, watch))
    }

    /// Waits for its end, at most this long.
    pub(super) fn ends_within(&mut self, patience: Duration) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.status = self.exit.recv_timeout(patience).ok();
        }
        self.status
    }

    /// Waits for its end or for a moment, whichever comes first.
    pub(super) fn ended_in_a_moment(&mut self) -> bool {
        self.ends_within(LOOK_AGAIN).is_some()
    }

    /// Has it ended? Its output ends first, a moment before, unless it has closed that.
    pub(super) fn has_ended(&mut self) -> bool {
        let moment = if self.out.has_ended() { GRACE } else { Duration::ZERO };
        self.ends_within(moment).is_some()
    }

    /// Ctrl-C.
    pub(super) fn interrupt(&self) {
        self.group.interrupt();
    }

    /// What `kill` and a system that shuts down send.
    pub(super) fn terminate(&self) {
        self.group.ask_all();
    }

    /// Ctrl-Z.
    pub(super) fn freeze(&self) {
        self.group.freeze();
    }

    /// `fg`.
    pub(super) fn thaw(&self) {
        self.group.thaw();
    }

    /// The same as Ctrl-Z and `fg`, and every thread notices.
    pub(super) fn stop_and_go(&self) {
        self.stop();
        self.thaw();
    }

    /// Ctrl-Z, and every thread has stopped.
    pub(super) fn stop(&self) {
        self.group.stop(GRACE);
    }

    /// Ends it, and everything that it has started: asks first, then kills.
    pub(super) fn end(&mut self, stop: &Stop) -> Ending {
        let by_itself = self.ends_within(Duration::ZERO).is_some();
        if !by_itself && self.witness.holds_a_listener() {
            self.group.ask_the_leader();
        } else if !by_itself {
            self.group.ask_all(); // A shell or a launcher, with the program behind it.
        }
        let stubborn = self.ends_within(GRACE).is_none();
        if stubborn {
            self.group.kill();
            self.ends_within(GRACE);
        }
        let left = if stubborn { self.clear() } else { self.left_after_grace(stop) };
        self.out.end(GRACE);
        self.err.end(GRACE);
        Ending { by_itself, stubborn, status: self.status, left }
    }

    /// Children may end a moment later than their parent. Who stays longer is killed.
    fn left_after_grace(&self, stop: &Stop) -> Vec<Left> {
        let deadline = Instant::now() + GRACE;
        while !self.group.left().is_empty() && Instant::now() < deadline {
            if stop.within(LOOK_AGAIN) {
                break;
            }
        }
        self.clear()
    }

    /// Kills who is left, and says who that was. A child that is killed may leave children
    /// of its own, which become ours in turn.
    fn clear(&self) -> Vec<Left> {
        let mut all: Vec<Left> = Vec::new();
        let deadline = Instant::now() + GRACE;
        loop {
            let left = self.group.left();
            if left.is_empty() || Instant::now() > deadline {
                return all;
            }
            for one in left {
                one.kill();
                if !all.contains(&one) {
                    all.push(one);
                }
            }
            let (_line, never) = bounded::<Infallible>(0);
            select! { recv(never) -> _ => {}, default(LOOK_AGAIN) => {} }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.status.is_none() {
            self.group.kill();
        }
    }
}

/// A pseudo-terminal: our end, and the program's. It passes bytes on as they are.
#[cfg(unix)]
fn terminal() -> io::Result<Option<(File, File)>> {
    use nix::fcntl::{FcntlArg, FdFlag, fcntl};
    use nix::sys::termios::{OutputFlags, SetArg, tcgetattr, tcsetattr};

    let pair = nix::pty::openpty(None, None)?;
    for end in [&pair.master, &pair.slave] {
        // Its standard output is all that the program gets of it.
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    }
    let mut manners = tcgetattr(&pair.slave)?;
    manners.output_flags.remove(OutputFlags::OPOST); // Or LF would become CR LF.
    tcsetattr(&pair.slave, SetArg::TCSANOW, &manners)?;
    Ok(Some((pair.master.into(), pair.slave.into())))
}

#[cfg(not(unix))]
fn terminal() -> io::Result<Option<(File, File)>> {
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(work: &[&str], words: &[&str]) -> Vec<String> {
        let work: Vec<_> = work.iter().map(OsString::from).collect();
        let work = Work::typed_as_it_is(&work);
        let words: Vec<_> = words.iter().map(ToString::to_string).collect();
        let line = work.with(&words).into_iter();
        line.map(|word| word.into_string().unwrap()).collect()
    }

    #[test]
    fn the_address_goes_where_it_is_wanted() {
        assert_eq!(line(&["./s"], &["count", "[::1]:7"]), ["./s", "count", "[::1]:7"]);
        assert_eq!(
            line(&["s", "{addr}", "-v"], &["a:1", "b:2"]),
            ["s", "a:1", "b:2", "-v"]
        );
        assert_eq!(line(&["s", "-h{host}", "{port}"], &["[::1]:7"]), ["s", "-h::1", "7"]);
        assert_eq!(
            line(&["s", "-a={addr}"], &["serve", "h:7"]),
            ["s", "serve", "-a=h:7"]
        );
    }

    #[test]
    fn what_is_typed_again_means_the_same() {
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted("server.py"), "server.py");
        assert_eq!(quoted(""), "''");
    }
}
