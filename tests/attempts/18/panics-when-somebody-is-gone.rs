//! fails no-panic: a write to a member who is gone panics, in a thread of its own
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

struct Member {
    id: usize,
    name: String,
    stream: TcpStream,
}

type Room = Arc<Mutex<Vec<Member>>>;

fn main() {
    let listener = TcpListener::bind(std::env::args().nth(1).unwrap()).unwrap();
    let room = Room::default();
    let mut id = 0;
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        id += 1;
        let room = room.clone();
        thread::spawn(move || serve(id, stream, room));
    }
}

fn serve(id: usize, stream: TcpStream, room: Room) {
    stream.set_nodelay(true).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    join(id, stream, &room);
    while let Some(line) = next_line(&mut reader) {
        if !hear(id, line, &room) {
            break;
        }
    }
    leave(id, &room);
}

fn next_line(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    reader.by_ref().take(1002).read_until(b'\n', &mut line).ok()?;
    if line.is_empty() {
        return None;
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    } else if line.len() > 1000 {
        reader.skip_until(b'\n').ok()?;
    }
    Some(line)
}

fn join(id: usize, stream: TcpStream, room: &Room) {
    let mut room = room.lock().unwrap();
    let name = format!("guest-{id}");
    write(&stream, &format!("* welcome, {name}"));
    tell_others(&room, id, &format!("* {name} joined"));
    room.push(Member { id, name, stream });
}

fn leave(id: usize, room: &Room) {
    let mut room = room.lock().unwrap();
    let Some(at) = room.iter().position(|member| member.id == id) else { return };
    let member = room.remove(at);
    let _ = member.stream.shutdown(Shutdown::Write);
    tell_others(&room, id, &format!("* {} left", member.name));
}

/// False: this member has said goodbye.
fn hear(id: usize, line: Vec<u8>, room: &Room) -> bool {
    let mut room = room.lock().unwrap();
    let Some(at) = room.iter().position(|member| member.id == id) else { return false };
    let name = room[at].name.clone();
    if line.len() > 1000 {
        write(&room[at].stream, "! too long");
        return true;
    }
    let Ok(line) = String::from_utf8(line) else {
        write(&room[at].stream, "! no text");
        return true;
    };
    let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
    if command == "/name" {
        if !is_name(rest) {
            write(&room[at].stream, "! this is no name");
        } else if room.iter().any(|member| member.name.eq_ignore_ascii_case(rest)) {
            write(&room[at].stream, &format!("! {rest} is taken"));
        } else {
            room[at].name = rest.to_owned();
            write(&room[at].stream, &format!("= you are {rest}"));
            tell_others(&room, id, &format!("* {name} is now {rest}"));
        }
    } else if command == "/who" {
        let names: Vec<_> = room.iter().map(|member| member.name.clone()).collect();
        write(&room[at].stream, &format!("= in lobby: {}", names.join(", ")));
    } else if command == "/quit" {
        write(&room[at].stream, "= goodbye");
        return false;
    } else if line.starts_with('/') {
        write(&room[at].stream, "! no such command");
    } else if !line.is_empty() {
        tell_others(&room, id, &format!("<{name}> {line}"));
    }
    true
}

fn is_name(name: &str) -> bool {
    name.len() <= 16
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        && !name.starts_with("guest-")
}

fn tell_others(room: &[Member], id: usize, line: &str) {
    for member in room.iter().filter(|member| member.id != id) {
        write(&member.stream, line);
    }
}

fn write(mut stream: &TcpStream, line: &str) {
    let line = format!("{line}\n");
    let _ = thread::scope(|scope| {
        scope.spawn(move || stream.write_all(line.as_bytes()).unwrap()).join()
    });
}
