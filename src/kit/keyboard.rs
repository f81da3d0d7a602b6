//! What is typed or piped in, as a channel.
//!
//! Nothing can wake a thread that is blocked in reading standard input, so the keyboard
//! thread is detached: nobody joins it, the end of the process takes it along.

use std::io::{self, BufRead, IsTerminal, Read};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

/// How much is read ahead. A fast pipe stays busy, and a slow peer stops it soon.
const PIECES_AHEAD: usize = 4;

/// As much of a pipe as fits into one read. A terminal gives one line at a time.
const PIECE: usize = 64 * 1024;

/// Standard input in pieces, as it comes. The channel ends with the input.
pub fn pieces() -> io::Result<Receiver<Vec<u8>>> {
    detached(|pieces| {
        let mut stdin = io::stdin().lock();
        let mut buffer = vec![0; PIECE];
        while let Ok(n @ 1..) = stdin.read(&mut buffer) {
            if pieces.send(buffer[..n].to_vec()).is_err() {
                break; // Nobody listens any more.
            }
        }
    })
}

/// What becomes of the rest of a line that is longer than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// It is a line of its own.
    Kept,
    /// Nobody gets it.
    Dropped,
}

/// Standard input line by line, without the line ends. No line is longer than `limit`.
pub fn lines(limit: usize, rest_is: Rest) -> io::Result<Receiver<Vec<u8>>> {
    detached(move |lines| {
        let mut stdin = io::stdin().lock();
        let mut line = Vec::new();
        loop {
            // Room for a line end behind a line of full length.
            let room = u64::try_from(limit + 2 - line.len()).unwrap_or(u64::MAX);
            let ended = !matches!(
                stdin.by_ref().take(room).read_until(b'\n', &mut line),
                Ok(1..)
            );
            let whole = line.ends_with(b"\n");
            if whole {
                line.pop();
                line.pop_if(|last| *last == b'\r');
            }
            let rest = line.split_off(line.len().min(limit));
            let goes = whole || !rest.is_empty() || (ended && !line.is_empty());
            if goes && lines.send(std::mem::take(&mut line)).is_err() {
                return; // Nobody listens any more.
            }
            match (whole, rest.is_empty()) {
                (_, true) => {}
                (true, false) if rest_is == Rest::Dropped => {}
                // The next read tells of an error.
                (false, false) if rest_is == Rest::Dropped => {
                    drop(stdin.skip_until(b'\n'));
                }
                (true, false) => drop(lines.send(rest)),
                (false, false) => line = rest,
            }
            if ended {
                return;
            }
        }
    })
}

/// What a client waits for when nothing was given on the command line.
pub fn invitation() -> &'static str {
    match io::stdin().is_terminal() {
        true => "type a line and press Enter to send it; Ctrl-D ends the input",
        false => "the input is standard input, up to its end",
    }
}

/// The given messages, and then the end: as if they had been typed.
pub fn from_command_line(messages: &[String]) -> Receiver<Vec<u8>> {
    let (typed, input) = bounded(messages.len());
    for message in messages {
        let _ = typed.send(message.clone().into_bytes()); // There is room for all.
    }
    input
}

fn detached(
    read: impl FnOnce(&Sender<Vec<u8>>) + Send + 'static,
) -> io::Result<Receiver<Vec<u8>>> {
    let (typed, input) = bounded(PIECES_AHEAD);
    thread::Builder::new().name("keyboard".to_owned()).spawn(move || read(&typed))?;
    Ok(input)
}
