//! Exercise 17, solved: readers put events into one queue, a loop takes them out, and what a
//! client is to be sent waits in a queue of its own.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// The longest line, without its end.
const LONGEST: usize = 8_000;
/// So many events wait for the loop. Then the readers wait, and so does who sends to them.
const EVENTS: usize = 64;
/// So many lines wait for a client. One more, and it is let go.
const LINES: usize = 500;

struct Client {
    stream: TcpStream,
    outbox: SyncSender<Vec<u8>>,
}

/// A client has sent a line, or none will come any more.
type Event = (Arc<Client>, Option<Vec<u8>>);

fn main() -> io::Result<()> {
    let listener = TcpListener::bind(std::env::args().next_back().unwrap_or_default())?;
    let (queue, events) = sync_channel(EVENTS);
    thread::Builder::new().spawn(move || handle(events))?;
    for stream in listener.incoming() {
        if let Err(error) = stream.and_then(|stream| admit(stream, queue.clone())) {
            eprintln!("could not serve a client: {error}");
        }
    }
    Ok(())
}

/// One thread waits for the client's lines, and one for what the client is to be sent.
fn admit(stream: TcpStream, queue: SyncSender<Event>) -> io::Result<()> {
    let (outbox, lines) = sync_channel::<Vec<u8>>(LINES);
    let mut out = stream.try_clone()?;
    let client = Arc::new(Client { stream, outbox });
    thread::Builder::new()
        .spawn(move || lines.iter().try_for_each(|line| out.write_all(&line)))?;
    let read = move || {
        let mut stream = BufReader::new(&client.stream);
        while let Some(line) = next_line(&mut stream) {
            let _ = queue.send((Arc::clone(&client), Some(line))); // The loop never ends.
        }
        let _ = queue.send((Arc::clone(&client), None));
    };
    thread::Builder::new().spawn(read).map(drop)
}

/// None at the end of the stream, and for half a line, and for a line that is too long.
fn next_line(stream: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    stream.take(LONGEST as u64 + 2).read_until(b'\n', &mut line).ok()?;
    line.pop().filter(|last| *last == b'\n')?;
    line.pop_if(|last| *last == b'\r');
    (line.len() <= LONGEST).then_some(line)
}

fn forget(subscribers: &mut Vec<Arc<Client>>, who: &Arc<Client>) {
    subscribers.retain(|client| !Arc::ptr_eq(client, who));
}

/// The loop: one event after the other, and nothing in it waits for a client.
fn handle(events: Receiver<Event>) {
    let mut topics: HashMap<Vec<u8>, Vec<Arc<Client>>> = HashMap::new();
    for (client, line) in events {
        let Some(line) = line else {
            topics.values_mut().for_each(|subscribers| forget(subscribers, &client));
            topics.retain(|_, subscribers| !subscribers.is_empty());
            client.is_let_go();
            continue;
        };
        match line.splitn(3, |byte| *byte == b' ').collect::<Vec<_>>()[..] {
            [b"SUB", topic @ [_, ..]] => {
                let subscribers = topics.entry(topic.to_vec()).or_default();
                forget(subscribers, &client); // Who asks twice is not sent it twice.
                subscribers.push(Arc::clone(&client));
                client.is_sent(b"ok\n");
            }
            [b"UNSUB", topic @ [_, ..]] => {
                topics.get_mut(topic).into_iter().for_each(|all| forget(all, &client));
                client.is_sent(b"ok\n");
            }
            [b"PUB", topic @ [_, ..], text] => {
                let line = [topic, b" ", text, b"\n"].concat();
                for subscriber in topics.get(topic).into_iter().flatten() {
                    subscriber.is_sent(&line);
                }
            }
            _ => client.is_sent(b"error\n"),
        }
    }
}

impl Client {
    fn is_sent(&self, line: &[u8]) {
        if self.outbox.try_send(line.to_vec()).is_err() {
            self.is_let_go(); // Its reader sees that, and puts the last event.
        }
    }

    /// Both threads wake up, whatever they wait for.
    fn is_let_go(&self) {
        let _ = self.stream.shutdown(Shutdown::Both); // Or it is over already.
    }
}
