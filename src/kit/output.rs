//! Standard output: what a program is for goes here, never what it says about itself.

use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::kit::error::{Error, Result};
use crate::kit::prompt;
use crate::kit::text;

/// Does the last of the payload stand on a line that has not ended?
static MID_LINE: AtomicBool = AtomicBool::new(false);

/// Does the cursor stand behind a question of `--step`?
static ASKED: AtomicBool = AtomicBool::new(false);

/// A question was put on the terminal.
pub fn asked() {
    ASKED.store(true, Ordering::Relaxed);
}

/// Whoever writes next leaves the question's line first. True if there was one.
pub fn leave_the_question() -> bool {
    ASKED.swap(false, Ordering::Relaxed)
}

/// Does one terminal show payload and narration together?
pub fn on_one_terminal() -> bool {
    io::stdout().is_terminal() && io::stderr().is_terminal()
}

/// Writes `bytes` to standard output, at once.
pub fn payload(bytes: &[u8]) -> Result<()> {
    if prompt::is_open() {
        return prompt::write_above(bytes, &mut io::stdout())
            .map_err(Error::output_closed);
    }
    if leave_the_question() {
        io::stdout().write_all(b"\n").map_err(Error::output_closed)?;
    }
    MID_LINE.store(!bytes.ends_with(b"\n"), Ordering::Relaxed);
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(Error::output_closed)
}

/// The most of a line that waits for its end while somebody types. The rest of a longer one
/// is shown as a line of its own.
const LONGEST_LINE: usize = 4096;

/// What another program sent, on its way to standard output: as it is into a pipe, made
/// safe line by line for a terminal.
#[derive(Debug)]
pub struct Foreign {
    terminal: bool,
    /// The beginning of a character whose end has not arrived; while somebody types, of a
    /// line, because half a line has no place above theirs.
    rest: Vec<u8>,
}

impl Foreign {
    /// Looks once where standard output goes.
    pub fn new() -> Foreign {
        Foreign { terminal: io::stdout().is_terminal(), rest: Vec::new() }
    }

    /// Writes `bytes`, at once.
    pub fn payload(&mut self, bytes: &[u8]) -> Result<()> {
        if !self.terminal {
            return payload(bytes);
        }
        self.rest.extend(bytes);
        if prompt::is_open() {
            return self.whole_lines();
        }
        let unfinished = text::cut_character(&self.rest);
        let unfinished = self.rest.split_off(self.rest.len() - unfinished);
        let whole = std::mem::replace(&mut self.rest, unfinished);
        payload(text::safe_lines(&whole).as_bytes())
    }

    fn whole_lines(&mut self) -> Result<()> {
        let ended =
            self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let mut unfinished = self.rest.split_off(ended);
        let whole = std::mem::take(&mut self.rest);
        let mut screen = text::safe_lines(&whole);
        while unfinished.len() > LONGEST_LINE {
            let end = LONGEST_LINE - text::cut_character(&unfinished[..LONGEST_LINE]);
            let rest = unfinished.split_off(end);
            screen.push_str(&(text::safe_lines(&unfinished) + "\n"));
            unfinished = rest;
        }
        self.rest = unfinished;
        if screen.is_empty() { Ok(()) } else { payload(screen.as_bytes()) }
    }
}

impl Default for Foreign {
    fn default() -> Foreign {
        Foreign::new()
    }
}

impl Foreign {
    /// Nothing more will come: a character that was begun stays as it is.
    pub fn finish(self) -> Result<()> {
        match self.rest.as_slice() {
            [] => Ok(()),
            rest => payload(text::safe_lines(rest).as_bytes()),
        }
    }
}

/// A server's first line, whatever the flags. Scripts and tests read the port there.
pub fn listening_on(addr: SocketAddr) -> Result<()> {
    payload(format!("listening on {addr}\n").as_bytes())
}

/// Standard error, for the narration. Where one terminal shows it together with a payload
/// that has not ended its line, it begins a new one.
#[derive(Debug)]
pub struct Aside {
    shares_a_terminal: bool,
}

impl Aside {
    /// Looks once where standard output and standard error go.
    pub fn new() -> Aside {
        Aside { shares_a_terminal: on_one_terminal() }
    }
}

impl Default for Aside {
    fn default() -> Aside {
        Aside::new()
    }
}

impl Write for Aside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.shares_a_terminal && prompt::is_open() {
            prompt::write_above(bytes, &mut io::stderr())?;
            return Ok(bytes.len());
        }
        if self.shares_a_terminal && MID_LINE.swap(false, Ordering::Relaxed) {
            io::stderr().write_all(b"\n")?;
        }
        io::stderr().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
