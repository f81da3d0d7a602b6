//! Lesson 8: the same conversation with one thread for all clients, and with a thread for
//! each.
//!
//! Every thread of a server writes its call stack on a board, so that all can be shown.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

const CLIENTS: usize = 4;

/// How long a client waits for an answer that is due, and for one that may not come.
const LONG: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(200);

fn main() -> io::Result<()> {
    println!("one thread for all clients");
    run("serve_in_turn", serve_in_turn, one_at_a_time)?;
    println!("\na thread for each client");
    run("serve_each", serve_each, all_at_once)?;
    println!("\na thread for each client, and wait until it ends");
    run("serve_and_wait", serve_and_wait, one_at_a_time)
}

fn serve_in_turn(listener: &TcpListener, board: &Board) -> io::Result<()> {
    for number in 1..=CLIENTS {
        let (stream, _) = board.calls("accept", || listener.accept())?;
        board.calls(&format!("echo({number})"), || echo(&stream, board))?;
    }
    Ok(())
}

fn serve_each(listener: &TcpListener, board: &Board) -> io::Result<()> {
    thread::scope(|scope| {
        for number in 1..=CLIENTS + 1 {
            let (stream, _) = board.calls("accept", || listener.accept())?;
            let thread = thread::Builder::new().name(format!("thread {number}"));
            thread.spawn_scoped(scope, move || {
                board.calls(&format!("echo({number})"), || echo(&stream, board))
            })?;
        }
        Ok(())
    })
}

fn serve_and_wait(listener: &TcpListener, board: &Board) -> io::Result<()> {
    thread::scope(|scope| {
        for number in 1..=CLIENTS {
            let (stream, _) = board.calls("accept", || listener.accept())?;
            let thread = thread::Builder::new().name(format!("thread {number}"));
            let thread = thread.spawn_scoped(scope, move || {
                board.calls(&format!("echo({number})"), || echo(&stream, board))
            })?;
            board.calls("join", || thread.join()).map_err(|_| ErrorKind::Other)??;
        }
        Ok(())
    })
}

/// The conversation, the same for all servers.
fn echo(mut stream: &TcpStream, board: &Board) -> io::Result<()> {
    let mut buffer = [0; 64];
    loop {
        match board.calls("read", || stream.read(&mut buffer))? {
            0 => return Ok(()),
            n => board.calls("write", || stream.write_all(&buffer[..n]))?,
        }
    }
}

/// What the clients do with a server that serves one at a time.
fn one_at_a_time(addr: SocketAddr, board: &Board) -> io::Result<()> {
    let mut clients = connect_all(addr)?;
    clients[0].asks()?;
    clients[0].waits(LONG)?;
    for client in &mut clients[1..] {
        client.asks()?;
        client.waits(SHORT)?;
    }
    board.show();
    let [mut one, mut two, mut three, mut four] = clients;
    one.leaves()?;
    two.waits(LONG)?;
    three.waits(SHORT)?;
    two.leaves()?;
    three.waits(LONG)?;
    three.leaves()?;
    four.waits(LONG)?;
    four.leaves()
}

/// What they do with a server that serves all of them at once.
fn all_at_once(addr: SocketAddr, board: &Board) -> io::Result<()> {
    let mut clients = connect_all(addr)?;
    for client in &mut clients {
        client.asks()?;
        client.waits(LONG)?;
    }
    board.show();
    let [mut one, mut two, ..] = clients;
    one.leaves()?;
    two.leaves()?;
    board.show();
    // The others end with this function. A fifth one lets the server come to its end.
    TcpStream::connect(addr)?;
    Ok(())
}

type Server = fn(&TcpListener, &Board) -> io::Result<()>;
type Script = fn(SocketAddr, &Board) -> io::Result<()>;

/// A server of one kind on a thread of its own, and clients that follow a script.
fn run(name: &str, server: Server, script: Script) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?;
    let board = Board::default();
    thread::scope(|scope| {
        let main = thread::Builder::new().name("main".to_owned());
        main.spawn_scoped(scope, || board.calls(name, || server(&listener, &board)))?;
        script(addr, &board)
    })
}

struct Client {
    number: usize,
    stream: TcpStream,
}

fn connect_all(addr: SocketAddr) -> io::Result<[Client; CLIENTS]> {
    let client =
        |number| TcpStream::connect(addr).map(|stream| Client { number, stream });
    let clients = [client(1)?, client(2)?, client(3)?, client(4)?];
    println!("  four clients are connected");
    Ok(clients)
}

impl Client {
    fn asks(&mut self) -> io::Result<()> {
        self.stream.write_all(b"hello")
    }

    fn waits(&mut self, limit: Duration) -> io::Result<()> {
        self.stream.set_read_timeout(Some(limit))?;
        match self.stream.read_exact(&mut [0; 5]) {
            Ok(()) => println!("  client {}  is answered", self.number),
            Err(_) => println!(
                "  client {}  no answer in {} ms",
                self.number,
                limit.as_millis()
            ),
        }
        Ok(())
    }

    /// Ends its half, and waits for the server to end the other.
    fn leaves(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        self.stream.read_to_end(&mut Vec::new())?;
        println!("  client {}  leaves", self.number);
        Ok(())
    }
}

/// The call stacks of a server's threads.
#[derive(Default)]
struct Board {
    stacks: Mutex<BTreeMap<String, Vec<String>>>,
    changed: Condvar,
}

impl Board {
    /// Makes a call. While it lasts, it stands on this thread's stack.
    fn calls<T>(&self, name: &str, call: impl FnOnce() -> T) -> T {
        self.change(|stack| stack.push(name.to_owned()));
        let outcome = call();
        self.change(|stack| drop(stack.pop()));
        outcome
    }

    fn change(&self, change: impl FnOnce(&mut Vec<String>)) {
        let thread = thread::current().name().unwrap_or_default().to_owned();
        let mut stacks = self.stacks.lock().unwrap_or_else(PoisonError::into_inner);
        change(stacks.entry(thread).or_default());
        stacks.retain(|_, stack| !stack.is_empty()); // A thread that has ended.
        self.changed.notify_all();
    }

    /// Shows them as soon as every thread is in a call that waits.
    fn show(&self) {
        let waits = |stack: &Vec<String>| {
            stack.last().is_some_and(|call| ["accept", "read", "join"].contains(&&**call))
        };
        let stacks = self.stacks.lock().unwrap_or_else(PoisonError::into_inner);
        let stacks = self.changed.wait_while(stacks, |all| !all.values().all(waits));
        println!("  the server's threads");
        for (thread, stack) in &*stacks.unwrap_or_else(PoisonError::into_inner) {
            println!("    {thread:<10}{}", stack.join(" > "));
        }
    }
}
