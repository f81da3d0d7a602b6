//! Lesson 18: a chat. A server, three people, and every line that goes between them.
//!
//! On the server's side a thread listens to each member, and one loop decides everything.
//! The people follow a script: whoever has to hear something waits for it.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender};
use std::thread;
use std::time::Duration;

/// The people, and the columns of the ladder in which they stand.
const ANN: usize = 0;
const BOB: usize = 1;
const CHO: usize = 2;
const COLUMNS: [usize; 3] = [2, 58, 70];
const SERVER: usize = 30;

/// What waits for the loop. Whoever talks faster has to wait, too.
const QUEUE: usize = 16;

/// So long does somebody wait for a line that is due.
const LONG: Duration = Duration::from_secs(10);

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    thread::scope(|scope| {
        scope.spawn(|| serve(&listener));
        play(&mut People { addr: listener.local_addr()?, streams: Vec::new() })
    })
}

/// The script.
fn play(people: &mut People) -> io::Result<()> {
    println!(" ann                         server                       bob         cho");
    people.comes()?;
    people.hear(&[ANN])?;
    people.says(ANN, "/name ann\n")?;
    people.hear(&[ANN])?;
    people.comes()?;
    people.hear(&[BOB, ANN])?;
    people.says(BOB, "/name ann\n")?;
    people.hear(&[BOB])?;
    people.says(BOB, "/name bob\n")?;
    people.hear(&[BOB, ANN])?;
    people.comes()?;
    people.hear(&[CHO, ANN, BOB])?;
    people.says(CHO, "/name cho\n")?;
    people.hear(&[CHO, ANN, BOB])?;
    people.says(BOB, "hello\n")?;
    people.hear(&[ANN, CHO])?;
    people.says(CHO, "good")?;
    people.says(ANN, "hi\n")?;
    people.hear(&[BOB, CHO])?;
    people.says(CHO, " day\n")?;
    people.hear(&[ANN, BOB])?;

    people.says(BOB, "bye\n")?;
    people.hear(&[ANN])?;
    people.cho_closes_without_reading()?;
    people.hear(&[ANN, BOB])?;
    people.ends(BOB)?;
    people.hear(&[BOB, ANN])?;
    people.ends(ANN)?;
    people.hear(&[ANN])
}

enum Event {
    Came(Arc<TcpStream>),
    Said(String),
    Left,
}

struct Member {
    number: usize,
    name: String,
    stream: Arc<TcpStream>,
}

type Inbox = SyncSender<(usize, Event)>;

/// The loop: it alone knows who is there, and it alone sends. When the last member has
/// left, nobody can put an event into the inbox any more, and the loop is at its end.
fn serve(listener: &TcpListener) {
    let (inbox, events) = mpsc::sync_channel(QUEUE);
    thread::scope(|scope| {
        scope.spawn(|| accept(listener, inbox));
        let mut room = Room::default();
        for (number, event) in events {
            match event {
                Event::Came(stream) => room.comes(number, stream),
                Event::Said(line) => room.hears(number, &line),
                Event::Left => room.leaves(number),
            }
        }
    });
}

fn accept(listener: &TcpListener, inbox: Inbox) -> io::Result<()> {
    thread::scope(|scope| {
        for number in 1..=COLUMNS.len() {
            let (stream, inbox) = (Arc::new(listener.accept()?.0), inbox.clone());
            scope.spawn(move || listen(number, &stream, &inbox));
        }
        drop(inbox); // The others have their own.
        Ok(())
    })
}

/// Turns bytes into events. However the stream ends, that is one event: the last.
fn listen(number: usize, stream: &Arc<TcpStream>, inbox: &Inbox) {
    let lines = BufReader::new(&**stream).lines().map_while(Result::ok);
    let said = lines.map(Event::Said);
    let came = [Event::Came(Arc::clone(stream))];
    for event in came.into_iter().chain(said).chain([Event::Left]) {
        let _ = inbox.send((number, event)); // The loop is there as long as we are.
    }
}

/// Those who are here, in the order in which they came.
#[derive(Default)]
struct Room(Vec<Member>);

impl Room {
    fn comes(&mut self, number: usize, stream: Arc<TcpStream>) {
        let name = format!("guest-{number}");
        self.0.push(Member { number, name: name.clone(), stream });
        self.tell(&format!("* welcome, {name}"), |member| member.number == number);
        self.tell(&format!("* {name} joined"), |member| member.number != number);
    }

    fn hears(&mut self, number: usize, line: &str) {
        let Some(at) = self.0.iter().position(|m| m.number == number) else { return };
        let name = self.0[at].name.clone();
        let is_me = |member: &Member| member.number == number;
        let is_other = |member: &Member| member.number != number;
        match line.split_once(' ') {
            Some(("/name", new)) if self.0.iter().any(|member| member.name == new) => {
                self.tell(&format!("! {new} is taken"), is_me);
            }
            Some(("/name", new)) => {
                new.clone_into(&mut self.0[at].name);
                self.tell(&format!("= you are {new}"), is_me);
                self.tell(&format!("* {name} is now {new}"), is_other);
            }
            _ => self.tell(&format!("<{name}> {line}"), is_other),
        }
    }

    fn leaves(&mut self, number: usize) {
        let Some(at) = self.0.iter().position(|m| m.number == number) else { return };
        let member = self.0.remove(at); // One owner of its stream less: it ends.
        self.tell(&format!("* {} left", member.name), |_| true);
    }

    fn tell(&self, line: &str, is_meant: impl Fn(&Member) -> bool) {
        for member in self.0.iter().filter(|member| is_meant(member)) {
            // If it is gone, its thread is about to say so.
            let _ = (&*member.stream).write_all(format!("{line}\n").as_bytes());
        }
    }
}

/// The other side. It draws what each of them sends and hears, at that moment.
struct People {
    addr: SocketAddr,
    streams: Vec<BufReader<TcpStream>>,
}

impl People {
    fn comes(&mut self) -> io::Result<()> {
        let stream = TcpStream::connect(self.addr)?;
        stream.set_read_timeout(Some(LONG))?;
        self.streams.push(BufReader::new(stream));
        self.draw(COLUMNS[self.streams.len() - 1], SERVER, "connects");
        Ok(())
    }

    fn says(&mut self, who: usize, text: &str) -> io::Result<()> {
        self.draw(COLUMNS[who], SERVER, &text.replace('\n', "↵"));
        self.streams[who].get_mut().write_all(text.as_bytes())
    }

    /// Each of them hears one line, or the end of the stream.
    fn hear(&mut self, all: &[usize]) -> io::Result<()> {
        for who in all {
            let mut line = String::new();
            self.streams[*who].read_line(&mut line)?;
            let text = if line.is_empty() { "end of stream" } else { line.trim_end() };
            self.draw(SERVER, COLUMNS[*who], text);
        }
        Ok(())
    }

    fn ends(&mut self, who: usize) -> io::Result<()> {
        self.draw(COLUMNS[who], SERVER, "end of stream");
        self.streams[who].get_mut().shutdown(Shutdown::Write)
    }

    /// A line has come, and is not read: so the kernel sends a reset.
    fn cho_closes_without_reading(&mut self) -> io::Result<()> {
        self.streams[CHO].get_mut().peek(&mut [0])?;
        self.draw(COLUMNS[CHO], SERVER, "reset");
        drop(self.streams.pop());
        Ok(())
    }

    /// One row of the ladder: an arrow with its text, across whatever stands between.
    fn draw(&self, from: usize, to: usize, text: &str) {
        let mut row = vec![' '; COLUMNS[CHO] + 1];
        row[SERVER] = '│';
        COLUMNS[..self.streams.len()].iter().for_each(|column| row[*column] = '│');
        let (left, right) = (from.min(to), from.max(to));
        for cell in &mut row[left + 1..right] {
            *cell = if *cell == '│' { '┼' } else { '─' };
        }
        let (tail, head, at) =
            if from < to { ('├', '►', to - 1) } else { ('┤', '◄', to + 1) };
        (row[from], row[at]) = (tail, head);
        // The text stands in the part of the arrow that touches the server.
        let begins = if right == SERVER { left } else { left.max(SERVER) };
        let text = format!(" {text} ");
        let space = COLUMNS[BOB] - SERVER + 2 - text.chars().count();
        for (cell, c) in row[begins + space / 2..].iter_mut().zip(text.chars()) {
            *cell = c;
        }
        println!("{}", row.iter().collect::<String>().trim_end());
    }
}
