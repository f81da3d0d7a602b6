//! Exercise 18, solved: a thread for each member, and one lock for the room.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// The longest line, and the bytes that end it.
const LONGEST: usize = 1000;
const ITS_END: usize = 2;

/// How long the room waits for a member who does not read.
const PATIENCE: Duration = Duration::from_secs(1);

fn main() -> io::Result<()> {
    let usage = || io::Error::other("usage: chat ADDR");
    let listener = TcpListener::bind(std::env::args().nth(1).ok_or_else(usage)?)?;
    let room = Arc::new(Mutex::new(Room::default()));
    for (number, stream) in (1..).zip(listener.incoming()) {
        let room = Arc::clone(&room);
        let began = stream.and_then(|stream| {
            stream.set_nodelay(true)?; // No line waits for the one before it.
            stream.set_write_timeout(Some(PATIENCE))?;
            // Detached: it ends with its client.
            thread::Builder::new().spawn(move || serve(&Arc::new(stream), number, &room))
        });
        if let Err(error) = began {
            eprintln!("could not let somebody in: {error}");
        }
    }
    Ok(())
}

/// However the stream ends, the room hears of it here, once.
fn serve(stream: &Arc<TcpStream>, me: usize, room: &Mutex<Room>) {
    let room = || room.lock().unwrap_or_else(PoisonError::into_inner);
    room().comes(me, stream);
    let mut reader = BufReader::new(&**stream);
    while let Ok(Some(line)) = next_line(&mut reader) {
        room().hears(me, line);
    }
    room().leaves(me);
}

/// The next line, however it was cut on its way. None: the end of the stream.
fn next_line(reader: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    reader.by_ref().take((LONGEST + ITS_END) as u64).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.pop_if(|byte| *byte == b'\n').is_some() {
        line.pop_if(|byte| *byte == b'\r');
    } else if line.len() > LONGEST {
        reader.skip_until(b'\n')?;
    }
    Ok(Some(line))
}

struct Member {
    number: usize,
    name: String,
    stream: Arc<TcpStream>,
}

/// The members, in the order in which they came.
#[derive(Default)]
struct Room(Vec<Member>);

impl Room {
    fn comes(&mut self, number: usize, stream: &Arc<TcpStream>) {
        let name = format!("guest-{number}");
        self.0.push(Member { number, name: name.clone(), stream: Arc::clone(stream) });
        self.tell(number, &format!("* welcome, {name}"));
        self.tell_others(number, &format!("* {name} joined"));
    }

    fn leaves(&mut self, number: usize) {
        let Some(at) = self.0.iter().position(|m| m.number == number) else { return };
        let member = self.0.remove(at);
        let _ = member.stream.shutdown(Shutdown::Write); // It may be gone already.
        self.tell_others(number, &format!("* {} left", member.name));
    }

    fn hears(&mut self, number: usize, line: Vec<u8>) {
        let Some(at) = self.0.iter().position(|m| m.number == number) else { return };
        let name = self.0[at].name.clone();
        let long = line.len() > LONGEST;
        let Some(line) = String::from_utf8(line).ok().filter(|_| !long) else {
            return self.tell(number, "! a line is UTF-8 text of at most 1000 bytes");
        };
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("/name", new) if !is_name(new) => self.tell(number, "! this is no name"),
            ("/name", new) if self.0.iter().any(|m| m.name.eq_ignore_ascii_case(new)) => {
                self.tell(number, &format!("! {new} is taken"));
            }
            ("/name", new) => {
                self.0[at].name = new.to_owned();
                self.tell(number, &format!("= you are {new}"));
                self.tell_others(number, &format!("* {name} is now {new}"));
            }
            ("/who", _) => {
                let names: Vec<_> = self.0.iter().map(|m| m.name.as_str()).collect();
                self.tell(number, &format!("= in lobby: {}", names.join(", ")));
            }
            ("/quit", _) => {
                self.tell(number, "= goodbye");
                self.leaves(number);
            }
            _ if line.is_empty() => {}
            _ if line.starts_with('/') => self.tell(number, "! no such command"),
            _ => self.tell_others(number, &format!("<{name}> {line}")),
        }
    }

    fn tell(&self, number: usize, line: &str) {
        self.send(|member| member.number == number, line);
    }

    fn tell_others(&self, number: usize, line: &str) {
        self.send(|member| member.number != number, line);
    }

    /// Under the lock: all members see all lines in one order.
    fn send(&self, is_meant: impl Fn(&Member) -> bool, line: &str) {
        let line = format!("{line}\n");
        for member in self.0.iter().filter(|member| is_meant(member)) {
            if (&*member.stream).write_all(line.as_bytes()).is_err() {
                // Gone, or too slow: its thread reads the end now, and it leaves.
                let _ = member.stream.shutdown(Shutdown::Both);
            }
        }
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= 16
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        && !name.starts_with("guest-")
}
