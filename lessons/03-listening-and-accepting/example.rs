//! Lesson 3: the kernel completes connections and queues them. `accept` takes one out.
//!
//! Every scene has a listener of its own; its clients are in this process, too.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// How long we wait for what will not happen.
const A_MOMENT: Duration = Duration::from_millis(200);

fn main() -> io::Result<()> {
    nobody_accepts()?;
    first_come_first_served()?;
    the_queue_is_full()?;
    one_at_a_time()?;
    nobody_ever_accepts()
}

fn nobody_accepts() -> io::Result<()> {
    println!("nobody accepts");
    let (listener, addr) = listen()?;
    let mut client = TcpStream::connect(addr)?;
    println!("  connect  Ok");
    println!("  write    {:?}", client.write(b"hello"));
    let (mut stream, _) = listener.accept()?;
    println!("  accept   Ok, and the first read gives {}", read(&mut stream)?);
    Ok(())
}

fn first_come_first_served() -> io::Result<()> {
    println!("\nthree clients in the queue");
    let (listener, addr) = listen()?;
    for n in 1..=3 {
        let mut client = TcpStream::connect(addr)?;
        client.write_all(format!("I am {n}").as_bytes())?;
    }
    // All three are gone by now. Their connections and their bytes are not.
    for _ in 1..=3 {
        let (mut stream, _) = listener.accept()?;
        println!("  accept   {}", read(&mut stream)?);
    }
    Ok(())
}

fn the_queue_is_full() -> io::Result<()> {
    println!("\nthe queue is full");
    let (listener, addr) = listen()?;
    let mut waiting = Vec::new();
    let begun = loop {
        let begun = Instant::now();
        match TcpStream::connect_timeout(&addr, A_MOMENT) {
            Ok(client) => waiting.push(client),
            Err(error) => {
                println!("  connect  Ok, {} times", waiting.len());
                println!("  connect  {:?}", error.kind());
                break begun;
            }
        }
    };
    println!("  it waited as long as it was allowed to: {}", begun.elapsed() >= A_MOMENT);
    let _accepted = listener.accept()?;
    println!("  accept   Ok");
    let next = TcpStream::connect_timeout(&addr, A_MOMENT);
    println!("  connect  {}", outcome(&next));
    Ok(())
}

fn one_at_a_time() -> io::Result<()> {
    println!("\na server that serves one at a time");
    let (listener, addr) = listen()?;
    thread::scope(|scope| {
        let server = scope.spawn(move || {
            for _ in 1..=2 {
                let (mut stream, _) = listener.accept()?;
                let n = stream.read(&mut [0; 64])?;
                stream.write_all(format!("{n} bytes came").as_bytes())?;
            }
            Ok(())
        });
        let mut first = TcpStream::connect(addr)?;
        let mut second = TcpStream::connect(addr)?;
        second.write_all(b"me first")?;
        second.set_read_timeout(Some(A_MOMENT))?;
        let heard = second.read(&mut [0; 64]);
        println!("  second   writes, and hears {}", outcome(&heard));
        first.write_all(b"hello")?;
        println!("  first    writes, and hears {}", read(&mut first)?);
        second.set_read_timeout(None)?;
        println!("  second   now hears {}", read(&mut second)?);
        server.join().map_err(|_| io::Error::other("the server panicked"))?
    })
}

fn nobody_ever_accepts() -> io::Result<()> {
    println!("\nthe listener goes away");
    let (listener, addr) = listen()?;
    let mut client = TcpStream::connect(addr)?;
    println!("  write    {:?}", client.write(b"hello"));
    drop(listener);
    println!("  read     {}", outcome(&client.read(&mut [0; 64])));
    Ok(())
}

fn listen() -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?;
    Ok((listener, addr))
}

fn read(stream: &mut TcpStream) -> io::Result<String> {
    let mut buffer = [0; 64];
    let n = stream.read(&mut buffer)?;
    Ok(format!("\"{}\"", buffer[..n].escape_ascii()))
}

fn outcome<T>(result: &io::Result<T>) -> String {
    match result {
        Ok(_) => "Ok".to_owned(),
        Err(error) => format!("{:?}", error.kind()),
    }
}
