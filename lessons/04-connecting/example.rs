//! Lesson 4: `connect` can fail in several ways, and each says something else.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

/// How long we wait for an answer that does not come.
const LIMIT: Duration = Duration::from_millis(300);

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let open = listener.local_addr()?;
    let (refused, _connection) = nobody_listens()?;
    let (silent, _queue) = nobody_answers()?;
    // Nobody can connect to everybody: our own kernel says so, and sends nothing.
    let nowhere = SocketAddr::from(([255, 255, 255, 255], 80));

    println!("one target after the other");
    attempt("somebody listens", open);
    attempt("nobody listens", refused);
    attempt("a full queue", silent);
    attempt("no way there", nowhere);

    println!("\na name");
    let begun = Instant::now();
    // A name with spaces cannot be anybody's.
    let found = "no such host:80".to_socket_addrs();
    let word = if found.is_ok() { "Ok" } else { "no address" };
    println!("  no such host      {word:<18}  after {}", age(begun));

    println!("\nour own end");
    let first = TcpStream::connect(open)?;
    let second = TcpStream::connect(open)?;
    println!("  first   from {} to {}", first.local_addr()?, first.peer_addr()?);
    println!("  second  from {} to {}", second.local_addr()?, second.peer_addr()?);
    println!("  the same port: {}", first.local_addr()? == second.local_addr()?);

    println!("\nseveral addresses");
    let both = TcpStream::connect([refused, open].as_slice());
    println!("  refused, then open           {}", outcome(&both));
    let neither = TcpStream::connect([refused, nowhere].as_slice());
    println!("  refused, then no way there   {}", outcome(&neither));
    Ok(())
}

/// Connects, and says what came of it and when.
fn attempt(what: &str, addr: SocketAddr) {
    let begun = Instant::now();
    let stream = TcpStream::connect_timeout(&addr, LIMIT);
    println!("  {what:<16}  {:<18}  after {}", outcome(&stream), age(begun));
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

/// The address of a listener whose queue is full: the kernel answers nobody there.
fn nobody_answers() -> io::Result<(SocketAddr, (TcpListener, Vec<TcpStream>))> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?;
    let mut queue = Vec::new();
    while let Ok(client) = TcpStream::connect_timeout(&addr, LIMIT) {
        queue.push(client);
    }
    Ok((addr, (listener, queue)))
}

fn outcome<T>(result: &io::Result<T>) -> String {
    match result {
        Ok(_) => "Ok".to_owned(),
        Err(error) => format!("{:?}", error.kind()),
    }
}

fn age(begun: Instant) -> String {
    let time = begun.elapsed();
    if time.as_millis() < 10 {
        format!("{} µs", time.as_micros())
    } else {
        format!("{} ms", time.as_millis())
    }
}
