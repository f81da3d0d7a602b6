//! passes: a thread for each member reads, and one loop takes the events and writes
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

enum Event {
    Came(Arc<TcpStream>),
    Said(String),
    Garbled(&'static str),
    Left,
}

type Inbox = SyncSender<(usize, Event)>;

fn main() {
    let listener = TcpListener::bind(std::env::args().nth(1).unwrap()).unwrap();
    let (inbox, events) = sync_channel(64);
    thread::spawn(move || {
        for (who, stream) in (1..).zip(listener.incoming()) {
            let inbox: Inbox = inbox.clone();
            thread::spawn(move || listen(who, stream.unwrap(), &inbox));
        }
    });
    let mut room = Room(Vec::new());
    for (who, event) in events {
        match event {
            Event::Came(stream) => room.comes(who, stream),
            Event::Said(line) => room.hears(who, &line),
            Event::Garbled(why) => room.tell(who, why),
            Event::Left => room.leaves(who),
        }
    }
}

fn listen(who: usize, stream: TcpStream, inbox: &Inbox) {
    stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    let stream = Arc::new(stream);
    let _ = inbox.send((who, Event::Came(Arc::clone(&stream))));
    let mut reader = BufReader::new(&*stream);
    while let Some(event) = next_event(&mut reader) {
        let _ = inbox.send((who, event));
    }
    let _ = inbox.send((who, Event::Left));
}

fn next_event(reader: &mut impl BufRead) -> Option<Event> {
    let mut line = Vec::new();
    if reader.by_ref().take(1002).read_until(b'\n', &mut line).ok()? == 0 {
        return None;
    }
    if line.pop_if(|byte| *byte == b'\n').is_some() {
        line.pop_if(|byte| *byte == b'\r');
    } else if line.len() > 1000 {
        reader.skip_until(b'\n').ok()?;
    }
    Some(match String::from_utf8(line) {
        Ok(line) if line.len() <= 1000 => Event::Said(line),
        Ok(_) => Event::Garbled("! too long"),
        Err(_) => Event::Garbled("! not UTF-8"),
    })
}

struct Member {
    who: usize,
    name: String,
    stream: Arc<TcpStream>,
}

struct Room(Vec<Member>);

impl Room {
    fn comes(&mut self, who: usize, stream: Arc<TcpStream>) {
        let name = format!("guest-{who}");
        self.0.push(Member { who, name: name.clone(), stream });
        self.tell(who, &format!("* welcome, {name}"));
        self.tell_others(who, &format!("* {name} joined"));
    }

    fn leaves(&mut self, who: usize) {
        let Some(at) = self.0.iter().position(|member| member.who == who) else { return };
        let member = self.0.remove(at);
        let _ = member.stream.shutdown(Shutdown::Write);
        self.tell_others(who, &format!("* {} left", member.name));
    }

    fn hears(&mut self, who: usize, line: &str) {
        let Some(at) = self.0.iter().position(|member| member.who == who) else { return };
        let name = self.0[at].name.clone();
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        match command {
            "/name" if !is_name(rest) => self.tell(who, "! this is no name"),
            "/name" if self.0.iter().any(|m| m.name.eq_ignore_ascii_case(rest)) => {
                self.tell(who, &format!("! {rest} is taken"));
            }
            "/name" => {
                self.0[at].name = rest.to_owned();
                self.tell(who, &format!("= you are {rest}"));
                self.tell_others(who, &format!("* {name} is now {rest}"));
            }
            "/who" => {
                let names: Vec<_> = self.0.iter().map(|m| m.name.as_str()).collect();
                self.tell(who, &format!("= in lobby: {}", names.join(", ")));
            }
            "/quit" => {
                self.tell(who, "= goodbye");
                self.leaves(who);
            }
            _ if line.starts_with('/') => self.tell(who, "! no such command"),
            _ if line.is_empty() => {}
            _ => self.tell_others(who, &format!("<{name}> {line}")),
        }
    }

    fn tell(&self, who: usize, line: &str) {
        self.send(|member| member.who == who, line);
    }

    fn tell_others(&self, who: usize, line: &str) {
        self.send(|member| member.who != who, line);
    }

    fn send(&self, is_meant: impl Fn(&Member) -> bool, line: &str) {
        for member in self.0.iter().filter(|member| is_meant(member)) {
            if (&*member.stream).write_all(format!("{line}\n").as_bytes()).is_err() {
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
