//! Exercise 18: `chat`, a server for people who talk in one room.
//!
//! It is started with the address as its last argument. `<ann> hello` was said by ann, a
//! line that begins with an asterisk is news of the room, and what cannot be done is
//! answered with an exclamation mark. `sockdemo check 18` looks at it from outside.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Who is here. All threads share it.
type Room = Mutex<Vec<Arc<TcpStream>>>;

fn main() -> io::Result<()> {
    let usage = || io::Error::other("usage: chat ADDR");
    let listener = TcpListener::bind(std::env::args().nth(1).ok_or_else(usage)?)?;
    let room = Arc::new(Room::default());
    for (number, stream) in (1..).zip(listener.incoming()) {
        let room = Arc::clone(&room);
        // Detached: it ends with its client.
        let began = stream.and_then(|stream| {
            thread::Builder::new().spawn(move || serve(&Arc::new(stream), number, &room))
        });
        if let Err(error) = began {
            eprintln!("could not let somebody in: {error}");
        }
    }
    Ok(())
}

fn serve(stream: &Arc<TcpStream>, number: usize, room: &Room) {
    let name = format!("guest-{number}");
    room.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(stream));
    tell_all(room, &format!("* welcome, {name}"));
    for line in BufReader::new(&**stream).lines().map_while(Result::ok) {
        tell_all(room, &format!("<{name}> {line}"));
    }
}

/// Your turn: everybody hears everything, a name cannot be changed, nobody ever leaves,
/// and one member who does not read keeps all of them waiting.
fn tell_all(room: &Room, line: &str) {
    for member in room.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        let _ = (&**member).write_all(format!("{line}\n").as_bytes());
    }
}
