//! Lesson 13: a forwarder between a client and a server, then four doors to one server.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// How long we wait for an answer that does not come.
const LIMIT: Duration = Duration::from_millis(300);

fn main() -> io::Result<()> {
    let server = TcpListener::bind("127.0.0.1:0")?;
    let front = TcpListener::bind("127.0.0.1:0")?;
    one_caller(&server, &front)?;
    four_doors(&server, &front)
}

/// All four ends are in this process: the client's, two of the forwarder, the server's.
fn one_caller(server: &TcpListener, front: &TcpListener) -> io::Result<()> {
    let client = TcpStream::connect(front.local_addr()?)?;
    let (caller, _) = front.accept()?;
    let target = TcpStream::connect(server.local_addr()?)?;
    let (stream, _) = server.accept()?;

    println!("one caller, two connections");
    show("client", &client)?;
    show("forwarder", &caller)?;
    show("forwarder", &target)?;
    show("server", &stream)?;
    let seen = stream.peer_addr()?;
    println!("  the server sees the client:    {}", seen == client.local_addr()?);
    println!("  the server sees the forwarder: {}", seen == target.local_addr()?);

    thread::scope(|scope| {
        scope.spawn(|| carry(&caller, &target));
        scope.spawn(|| carry(&target, &caller));
        talk(client, stream)
    })
}

/// The forwarder: carries one direction, its bytes and then its end.
fn carry(mut from: &TcpStream, mut to: &TcpStream) {
    let carried = io::copy(&mut from, &mut to);
    let how = if carried.is_ok() { Shutdown::Write } else { Shutdown::Both };
    let _ = to.shutdown(how); // It fails if the other side has gone already.
}

/// A question and its end, then the answer and its end. Neither knows of the forwarder.
fn talk(mut client: TcpStream, mut server: TcpStream) -> io::Result<()> {
    println!("\nthrough both of them");
    client.write_all(b"question")?;
    client.shutdown(Shutdown::Write)?;
    println!("  client     write \"question\", shutdown(Write)");
    let question = io::read_to_string(&server)?;
    println!("  server     read  {question:?}, end of stream");
    server.write_all(b"answer")?;
    drop(server);
    println!("  server     write \"answer\", drop");
    let answer = io::read_to_string(&client)?;
    println!("  client     read  {answer:?}, end of stream");
    Ok(())
}

fn four_doors(server: &TcpListener, front: &TcpListener) -> io::Result<()> {
    let (refused, _connection) = nobody_listens()?;
    let (silent, _queue) = nobody_answers()?;

    println!("\nfour doors to the same server");
    attempt("open", server.local_addr()?);
    attempt("refuses", refused);
    attempt("says nothing", silent);
    let client = attempt("turns away", front.local_addr()?);
    if let Some(mut client) = client {
        client.write_all(b"question")?;
        let (caller, _) = front.accept()?;
        caller.peek(&mut [0])?; // The question has arrived.
        drop(caller); // Nobody has read it: the kernel sends a reset.
        match client.read(&mut [0; 64]) {
            Ok(n) => println!("                 then read  Ok({n})"),
            Err(error) => println!("                 then read  {:?}", error.kind()),
        }
    }
    Ok(())
}

/// Connects, and says what came of it and when.
fn attempt(door: &str, addr: SocketAddr) -> Option<TcpStream> {
    let begun = Instant::now();
    let stream = TcpStream::connect_timeout(&addr, LIMIT);
    let what = match &stream {
        Ok(_) => "Ok".to_owned(),
        Err(error) => format!("{:?}", error.kind()),
    };
    println!("  {door:<13}  connect    {what:<18}  after {}", age(begun));
    stream.ok()
}

/// An address where nobody listens any more. The connection that is left keeps the port
/// from going to somebody else.
fn nobody_listens() -> io::Result<(SocketAddr, [TcpStream; 2])> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?;
    let client = TcpStream::connect(addr)?;
    let (stream, _) = listener.accept()?;
    Ok((addr, [client, stream]))
}

/// The address of a listener whose queue is full. Its kernel answers nobody, as if a
/// firewall had dropped the packet.
fn nobody_answers() -> io::Result<(SocketAddr, (TcpListener, Vec<TcpStream>))> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?;
    let mut queue = Vec::new();
    while let Ok(client) = TcpStream::connect_timeout(&addr, LIMIT) {
        queue.push(client);
    }
    Ok((addr, (listener, queue)))
}

fn show(who: &str, stream: &TcpStream) -> io::Result<()> {
    let (local, peer) = (stream.local_addr()?, stream.peer_addr()?);
    println!("  {who:<9}  local {local}  peer {peer}");
    Ok(())
}

fn age(begun: Instant) -> String {
    let time = begun.elapsed();
    if time.as_millis() < 10 {
        format!("{} µs", time.as_micros())
    } else {
        format!("{} ms", time.as_millis())
    }
}
