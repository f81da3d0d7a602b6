//! Lesson 15: the same news fetched in three ways: by asking again and again, by a request
//! that is parked, and by an answer that goes on.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Short polling asks at every fourth tick.
const TICK: Duration = Duration::from_millis(15);
const INTERVAL: usize = 4;

/// The ticks at which a goal is scored.
const SELDOM: &[usize] = &[13, 26, 39];
const OFTEN: &[usize] = &[1; 50];

type Way = fn(&mut Client, &[usize]) -> io::Result<()>;

fn main() -> io::Result<()> {
    let ways: [(&str, Way); 3] = [
        ("short polling", short_polling),
        ("long polling", long_polling),
        ("server push", server_push),
    ];
    let mut seldom = String::new();
    for (name, way) in ways {
        println!("{name}");
        seldom += &fetch(name, way, SELDOM)?;
    }
    println!("long polling that says no number");
    fetch("", from_now_on, &[1])?;

    let titles = "requests  connections  writes  bytes  mean delay";
    println!("\n{:<21}{titles}\n{seldom}", "three goals");
    println!("{:<21}{titles}", "fifty in an interval");
    for (name, way) in ways {
        print!("{}", fetch(name, way, OFTEN)?);
    }
    Ok(())
}

/// A server of its own for each way. Gives a row of the table.
fn fetch(name: &str, way: Way, goals: &[usize]) -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let stream = BufReader::new(TcpStream::connect(listener.local_addr()?)?);
    let feed = Arc::new(Feed::default());
    let tells = goals.len() < 10;
    let mut client = Client { stream, feed: feed.clone(), tells, delays: Vec::new() };
    let serve = move || listener.incoming().try_for_each(|stream| feed.serve(&stream?));
    thread::Builder::new().spawn(serve)?; // Detached: it ends with the program.
    way(&mut client, goals)?;
    Ok(client.row(name))
}

/// One thread scores and asks, so that in every run the same comes first.
fn short_polling(client: &mut Client, goals: &[usize]) -> io::Result<()> {
    for tick in 1.. {
        rest(TICK);
        goals.iter().filter(|at| **at == tick).for_each(|_| client.feed.score());
        if tick % INTERVAL == 0 {
            client.ask(&format!("/goals?after={}&limit=0", client.seen()))?;
            if client.seen() == goals.len() {
                break;
            }
            let addr = client.stream.get_ref().peer_addr()?;
            client.stream = BufReader::new(TcpStream::connect(addr)?); // Anew each time.
        }
    }
    Ok(())
}

fn long_polling(client: &mut Client, goals: &[usize]) -> io::Result<()> {
    let feed = Arc::clone(&client.feed);
    thread::scope(|scope| {
        scope.spawn(|| feed.score_when_parked(goals));
        while client.seen() < goals.len() {
            client.ask(&format!("/goals?after={}&limit=9000", client.seen()))?;
        }
        Ok(())
    })
}

fn server_push(client: &mut Client, goals: &[usize]) -> io::Result<()> {
    let feed = Arc::clone(&client.feed);
    thread::scope(|scope| {
        scope.spawn(|| feed.score_when_parked(goals));
        client.ask("/stream")?;
        while client.seen() < goals.len() {
            let (id, data, _end) = (client.line()?, client.line()?, client.line()?);
            client.sees(&format!("{id}, {data}"));
        }
        Ok(())
    })
}

/// The second goal comes between two requests.
fn from_now_on(client: &mut Client, goals: &[usize]) -> io::Result<()> {
    let feed = Arc::clone(&client.feed);
    thread::scope(|scope| {
        scope.spawn(|| feed.score_when_parked(goals));
        client.ask("/goals?limit=9000")
    })?;
    feed.score();
    println!("  a second goal");
    client.ask("/goals?limit=100")?;
    client.ask("/goals?after=1&limit=100")
}

/// A timer: to wait, with a time limit, for something that does not come.
fn rest(time: Duration) {
    let (_nobody, timer) = channel::<()>();
    let _ = timer.recv_timeout(time);
}

/// The server, what has happened, and what it took to tell it.
#[derive(Default)]
struct Feed {
    state: Mutex<State>,
    changes: Condvar,
}

#[derive(Default)]
struct State {
    goals: Vec<Instant>,
    parked: bool,
    connections: usize,
    requests: usize,
    writes: usize,
    bytes: usize,
}

impl Feed {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn score(&self) {
        let mut state = self.lock();
        state.goals.push(Instant::now());
        state.parked = false; // Whoever waited has something to tell now.
        self.changes.notify_all();
    }

    /// How many goals there are, as soon as there are more than `after`.
    fn park(&self, after: usize, limit: Duration) -> usize {
        let mut state = self.lock();
        state.parked = state.goals.len() <= after;
        self.changes.notify_all();
        let nothing_new = |state: &mut State| state.goals.len() <= after;
        let waited = self.changes.wait_timeout_while(state, limit, nothing_new);
        waited.unwrap_or_else(PoisonError::into_inner).0.goals.len()
    }

    /// Each goal when somebody waits for it, so that there is never more than one to tell.
    fn score_when_parked(&self, goals: &[usize]) {
        let mut now = 0;
        for at in goals {
            drop(self.changes.wait_while(self.lock(), |state| !state.parked));
            rest(TICK * u32::try_from(at - now).unwrap_or(0));
            now = *at;
            self.score();
        }
    }

    fn serve(&self, stream: &TcpStream) -> io::Result<()> {
        self.lock().connections += 1;
        let mut lines = BufReader::new(stream).lines();
        while let Some(request) = lines.next().transpose()? {
            while lines.next().transpose()?.is_some_and(|field| !field.is_empty()) {}
            if request.starts_with("GET /stream") {
                return self.push(stream);
            }
            let number = |name| {
                let (_, value) = request.split_once(name)?;
                value.split(['&', ' ']).next()?.parse().ok()
            };
            let after = number("after=").unwrap_or(self.lock().goals.len());
            let limit = number("limit=").unwrap_or(0);
            let now = self.park(after, Duration::from_millis(limit as u64));
            let body: String = (after + 1..=now).map(|n| format!("{n} goal\n")).collect();
            let head = match body.len() {
                0 => "204 No Content".to_owned(),
                length => format!("200 OK\r\nContent-Length: {length}"),
            };
            self.write(stream, &format!("HTTP/1.1 {head}\r\n\r\n{body}"))?;
        }
        Ok(())
    }

    /// An answer that says no length: it goes on as long as the stream does.
    fn push(&self, stream: &TcpStream) -> io::Result<()> {
        let kind = "Content-Type: text/event-stream";
        self.write(stream, &format!("HTTP/1.1 200 OK\r\n{kind}\r\n\r\n"))?;
        for n in 1.. {
            while self.park(n - 1, Duration::from_secs(9)) < n {}
            self.write(stream, &format!("id: {n}\ndata: goal\n\n"))?;
        }
        Ok(())
    }

    fn write(&self, mut stream: &TcpStream, text: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.writes += 1;
        state.bytes += text.len();
        drop(state); // Nobody waits for this client.
        stream.write_all(text.as_bytes())
    }
}

struct Client {
    stream: BufReader<TcpStream>,
    feed: Arc<Feed>,
    tells: bool,
    delays: Vec<Duration>,
}

impl Client {
    fn seen(&self) -> usize {
        self.delays.len()
    }

    fn ask(&mut self, target: &str) -> io::Result<()> {
        let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        self.feed.lock().requests += 1;
        self.feed.lock().bytes += request.len();
        self.stream.get_mut().write_all(request.as_bytes())?;
        let (status, mut length) = (self.line()?, 0);
        while let Some((name, value)) = self.line()?.split_once(": ") {
            if name == "Content-Length" {
                length = value.parse().unwrap_or(0);
            }
        }
        if self.tells {
            println!("  GET {target:<27}{}", &status[9..]);
        }
        let mut body = String::new();
        (&mut self.stream).take(length).read_to_string(&mut body)?;
        body.lines().for_each(|line| self.sees(line));
        Ok(())
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    /// A goal, and how long ago it was scored.
    fn sees(&mut self, goal: &str) {
        let delay = self.feed.lock().goals[self.seen()].elapsed();
        self.delays.push(delay);
        if self.tells {
            println!("      {goal:<27}after {}", words(delay));
        }
    }

    fn row(&self, name: &str) -> String {
        let State { connections, requests, writes, bytes, .. } = *self.feed.lock();
        let count = u32::try_from(self.seen()).unwrap_or(1);
        let mean = words(self.delays.iter().sum::<Duration>() / count);
        let counts = format!("{requests:>8}{connections:>13}{writes:>8}{bytes:>7}");
        format!("  {name:<19}{counts}  {mean}\n")
    }
}

fn words(time: Duration) -> String {
    match time.as_millis() {
        0 => format!("{} µs", time.as_micros()),
        ms => format!("{ms} ms"),
    }
}
