//! Lesson 1: a socket is an object in the kernel, and a connection has two of them.
//!
//! Both ends of every connection are in this process.

use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};

fn main() -> io::Result<()> {
    println!("one socket");
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?;
    println!("  listener    local {addr}");

    println!("\ntwo more for each client");
    let mut client_1 = TcpStream::connect(addr)?;
    let (mut stream_1, _) = listener.accept()?;
    let client_2 = TcpStream::connect(addr)?;
    let (stream_2, _) = listener.accept()?;
    show("client 1", &client_1)?;
    show("accepted 1", &stream_1)?;
    show("client 2", &client_2)?;
    show("accepted 2", &stream_2)?;

    println!("\ncounted");
    let streams = [&client_1, &stream_1, &client_2, &stream_2];
    let mut locals = HashSet::from([addr]);
    let mut connections = HashSet::new();
    for stream in streams {
        let (local, peer) = (stream.local_addr()?, stream.peer_addr()?);
        locals.insert(local);
        connections.insert(pair(local, peer));
    }
    println!("  {} sockets", streams.len() + 1);
    println!("  {} local addresses", locals.len());
    println!("  {} connections, each a different pair of addresses", connections.len());

    println!("\nthe listener is closed");
    drop(listener);
    let late = TcpStream::connect(addr).map_err(|error| error.kind());
    println!("  a new client: {}", outcome(&late));
    client_1.write_all(b"hello")?;
    println!("  accepted 1 reads {}", read(&mut stream_1)?);
    stream_1.write_all(b"still here")?;
    println!("  client 1 reads {}", read(&mut client_1)?);

    println!("\ndatagram sockets: no listener, no connection");
    let here = UdpSocket::bind("127.0.0.1:0")?;
    let there = UdpSocket::bind("127.0.0.1:0")?;
    here.send_to(b"hello", there.local_addr()?)?;
    let (n, sender) = there.recv_from(&mut [0; 64])?;
    println!("  {n} bytes came, from the other one: {}", sender == here.local_addr()?);
    let peer = here.peer_addr().map_err(|error| error.kind());
    println!("  the peer of the sender: {}", outcome(&peer));
    Ok(())
}

/// A connected socket has two addresses.
fn show(name: &str, stream: &TcpStream) -> io::Result<()> {
    let (local, peer) = (stream.local_addr()?, stream.peer_addr()?);
    println!("  {name:<11} local {local:<15}  peer {peer}");
    Ok(())
}

/// A connection seen from its other end is the same connection.
fn pair(one: SocketAddr, other: SocketAddr) -> (SocketAddr, SocketAddr) {
    (one.min(other), one.max(other))
}

fn read(stream: &mut TcpStream) -> io::Result<String> {
    let mut buffer = [0; 64];
    let n = stream.read(&mut buffer)?;
    Ok(format!("\"{}\"", buffer[..n].escape_ascii()))
}

fn outcome<T>(result: &Result<T, io::ErrorKind>) -> String {
    match result {
        Ok(_) => "Ok".to_owned(),
        Err(kind) => format!("{kind:?}"),
    }
}
