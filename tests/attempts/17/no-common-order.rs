//! fails order: publishers go through a copy of the list, each at its own pace

use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

struct Client {
    id: u64,
    stream: Arc<TcpStream>,
    outbox: SyncSender<Vec<u8>>,
    topics: HashSet<Vec<u8>>,
}

type Clients = Arc<Mutex<Vec<Client>>>;

impl Client {
    fn is_sent(&self, line: &[u8]) -> bool {
        let is_sent = self.outbox.try_send(line.to_vec()).is_ok();
        if !is_sent {
            let _ = self.stream.shutdown(Shutdown::Both);
        }
        is_sent
    }
}

fn main() {
    let listener = TcpListener::bind(std::env::args().last().unwrap()).unwrap();
    let clients = Clients::default();
    for (id, stream) in (0..).zip(listener.incoming()) {
        let (stream, clients) = (Arc::new(stream.unwrap()), Arc::clone(&clients));
        let (outbox, lines) = sync_channel::<Vec<u8>>(200);
        let topics = HashSet::new();
        clients.lock().unwrap().push(Client { id, stream: Arc::clone(&stream), outbox, topics });
        let to = Arc::clone(&stream);
        thread::spawn(move || {
            for line in lines {
                if (&*to).write_all(&line).is_err() {
                    break;
                }
            }
        });
        thread::spawn(move || {
            let _ = serve(id, &stream, &clients);
            clients.lock().unwrap().retain(|client| client.id != id);
            let _ = stream.shutdown(Shutdown::Both);
        });
    }
}

fn serve(id: u64, stream: &TcpStream, clients: &Clients) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = Vec::new();
        (&mut stream).take(8002).read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return Ok(());
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        obey(id, &line, clients)?;
    }
}

fn obey(id: u64, line: &[u8], clients: &Clients) -> io::Result<()> {
    let words: Vec<&[u8]> = line.splitn(3, |byte| *byte == b' ').collect();
    let mut clients = clients.lock().unwrap();
    if words.len() == 3 && words[1] != b"" && words[0] == b"PUB" {
        let line = [words[1], b" ", words[2], b"\n"].concat();
        let all = clients.iter().filter(|client| client.topics.contains(words[1]));
        let all: Vec<_> = all.map(|client| client.outbox.clone()).collect();
        drop(clients);
        for outbox in all {
            let _ = outbox.try_send(line.clone());
            thread::sleep(Duration::from_micros(50));
        }
        return Ok(());
    }
    let Some(client) = clients.iter_mut().find(|client| client.id == id) else {
        return Ok(());
    };
    if words.len() == 2 && words[1] != b"" && words[0] == b"SUB" {
        client.topics.insert(words[1].to_vec());
        client.is_sent(b"ok\n");
    } else if words.len() == 2 && words[1] != b"" && words[0] == b"UNSUB" {
        client.topics.remove(words[1]);
        client.is_sent(b"ok\n");
    } else {
        client.is_sent(b"error\n");
    }
    Ok(())
}
