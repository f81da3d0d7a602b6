//! Lesson 9: peers that are silent, frozen or slow, and what waiting for them looks like.
//!
//! The program starts itself a second time as a peer, to freeze it.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_millis(200);

fn main() -> io::Result<()> {
    if let Some(addr) = std::env::args().nth(1) {
        return be_the_peer(&addr);
    }
    wait_for_a_silent_one()?;
    wait_for_a_frozen_one()?;
    send_to_a_slow_one()?;
    send_small_pieces()
}

fn wait_for_a_silent_one() -> io::Result<()> {
    println!("a silent peer");
    let (mut server, silent) = connection()?;
    server.set_read_timeout(Some(LIMIT))?;
    read("server", &server);
    write("server", &server, b"still there?");
    read("server", &server);

    println!("  server  no limit from here on");
    server.set_read_timeout(None)?;
    thread::scope(|scope| {
        scope.spawn(|| (&silent).write_all(b"yes"));
        server.read_exact(&mut [0; 3])
    })?;
    println!("  server  read  Ok: the peer spoke in the end");
    Ok(())
}

fn wait_for_a_frozen_one() -> io::Result<()> {
    println!("\na frozen peer");
    let (mut peer, client) = peer_process()?;
    client.set_read_timeout(Some(LIMIT))?;
    signal("STOP", &peer)?;
    println!("  peer    stopped (Ctrl-Z)");
    write("client", &client, b"ping");
    write("client", &client, b"ping");
    read("client", &client);
    let another = TcpStream::connect(client.peer_addr()?)?;
    println!("  client  connect Ok, a second time");

    signal("CONT", &peer)?;
    println!("  peer    goes on");
    client.set_read_timeout(None)?;
    let mut answers = [0; 8];
    (&client).read_exact(&mut answers)?;
    println!("  client  read  \"{}\"", answers.escape_ascii());
    drop((client, another));
    peer.kill()?;
    peer.wait().map(drop)
}

fn send_to_a_slow_one() -> io::Result<()> {
    println!("\na peer that does not read");
    let (mut server, _slow) = connection()?;
    server.set_write_timeout(Some(LIMIT))?;
    let mut taken = 0;
    let error = loop {
        match server.write(&[b'x'; 100_000]) {
            Ok(n) => taken += n,
            Err(error) => break error,
        }
    };
    let much = if taken > 1_000_000 { "more than a megabyte" } else { "little" };
    println!("  server  write Ok for {much}, then Err({:?})", error.kind());
    Ok(())
}

/// A question in two writes, and then waiting for the answer: once as it is, once without
/// the kernel's own waiting, once in a single write.
fn send_small_pieces() -> io::Result<()> {
    println!("\na question, 10 times");
    let asks: [(&str, bool, &[&[u8]]); 3] = [
        ("write, write, read", false, &[b"ques", b"!"]),
        ("the same, nodelay", true, &[b"ques", b"!"]),
        ("one write, read", false, &[b"ques!"]),
    ];
    for (name, nodelay, pieces) in asks {
        let (client, server) = connection()?;
        client.set_nodelay(nodelay)?;
        let time = thread::scope(|scope| {
            scope.spawn(|| answer_each(&server));
            median_of_ten(&client, pieces)
        })?;
        println!("  {name:<19} {:<20} {}", bar(time), words(time));
    }
    Ok(())
}

/// Answers each question of five bytes with one, until the stream ends.
fn answer_each(mut server: &TcpStream) -> io::Result<()> {
    loop {
        server.read_exact(&mut [0; 5])?;
        server.write_all(b".")?;
    }
}

fn median_of_ten(mut client: &TcpStream, pieces: &[&[u8]]) -> io::Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..10 {
        let begun = Instant::now();
        for piece in pieces {
            client.write_all(piece)?;
        }
        client.read_exact(&mut [0])?;
        times.push(begun.elapsed());
    }
    client.shutdown(std::net::Shutdown::Both)?; // The other thread ends as well.
    times.sort();
    Ok(times[5])
}

/// Rounded so coarsely that the picture is the same on every machine.
fn bar(time: Duration) -> String {
    let steps = usize::try_from(time.as_millis() / 25).unwrap_or(usize::MAX);
    "█".repeat((20 * steps).clamp(1, 60))
}

fn words(time: Duration) -> String {
    match time.as_millis() {
        0 => format!("{} µs", time.as_micros()),
        ms => format!("{ms} ms"),
    }
}

fn write(who: &str, mut stream: &TcpStream, bytes: &[u8]) {
    match stream.write(bytes) {
        Ok(n) => println!("  {who}  write Ok({n})"),
        Err(error) => println!("  {who}  write Err({:?})", error.kind()),
    }
}

fn read(who: &str, mut stream: &TcpStream) {
    let (mut buffer, begun) = ([0; 64], Instant::now());
    match stream.read(&mut buffer) {
        Ok(n) => println!("  {who}  read  Ok({n})"),
        Err(error) => {
            let time = words(begun.elapsed());
            println!("  {who}  read  Err({:?}) after {time}", error.kind());
        }
    }
}

/// Starts this program again, and connects to it.
fn peer_process() -> io::Result<(Child, TcpStream)> {
    let here = TcpListener::bind("127.0.0.1:0")?;
    let addr = here.local_addr()?.to_string();
    let peer = Command::new(std::env::current_exe()?).arg(addr).spawn()?;
    let (mut report, _) = here.accept()?;
    let mut addr = String::new();
    report.read_to_string(&mut addr)?;
    let addr: SocketAddr = addr.parse().map_err(io::Error::other)?;
    Ok((peer, TcpStream::connect(addr)?))
}

/// Says where it listens, and answers each ping of one client with a pong.
fn be_the_peer(report_to: &str) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?.to_string();
    TcpStream::connect(report_to)?.write_all(addr.as_bytes())?;
    let (mut client, _) = listener.accept()?;
    while client.read_exact(&mut [0; 4]).is_ok() {
        client.write_all(b"pong")?;
    }
    Ok(())
}

fn signal(name: &str, child: &Child) -> io::Result<()> {
    let pid = child.id().to_string();
    Command::new("kill").args(["-s", name, &pid]).status().map(drop)
}

fn connection() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;
    Ok((client, server))
}
