//! Lesson 11: what becomes of datagrams: cut, empty, too many, unwanted, refused, forbidden.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// How long a receiver waits before it says that nothing came.
const MOMENT: Duration = Duration::from_millis(100);

fn main() -> io::Result<()> {
    keep_the_edges()?;
    cut_one()?;
    send_too_many()?;
    turn_a_stranger_away()?;
    send_to_nobody()?;
    send_to_everybody()
}

fn keep_the_edges() -> io::Result<()> {
    println!("three sends, and one that is empty");
    let (sender, receiver, to) = pair()?;
    for datagram in ["one", "two", "", "three"] {
        send_to("sender", &sender, datagram.as_bytes(), to);
    }
    let mut buffer = [0; 64];
    for _ in 0..4 {
        receive_from("receiver", &receiver, &mut buffer);
    }
    Ok(())
}

fn cut_one() -> io::Result<()> {
    println!("\na buffer of 4 bytes");
    let (sender, receiver, to) = pair()?;
    send_to("sender", &sender, b"hello", to);
    send_to("sender", &sender, b"bye", to);
    let mut buffer = [0; 4];
    let mut large = [0; 64];
    let (whole, _) = receiver.peek_from(&mut large)?;
    println!("  receiver  peek_from Ok({whole}), with a larger buffer");
    receive_from("receiver", &receiver, &mut buffer);
    receive_from("receiver", &receiver, &mut buffer);
    Ok(())
}

fn send_too_many() -> io::Result<()> {
    println!("\n10,000 datagrams, and a receiver that is busy");
    let (sender, receiver, to) = pair()?;
    let mut sent = 0;
    for _ in 0..10_000 {
        sent += usize::from(sender.send_to(&[b'x'; 100], to).is_ok());
    }
    println!("  sender    send_to {sent} times Ok");
    let mut received = 0;
    while receiver.recv_from(&mut [0; 100]).is_ok() {
        received += 1;
    }
    let much = if received < sent { "only some of them" } else { "all of them" };
    println!("  receiver  received {much}, and no error");
    Ok(())
}

fn turn_a_stranger_away() -> io::Result<()> {
    println!("\na stranger");
    let (friend, receiver, to) = pair()?;
    let stranger = UdpSocket::bind("127.0.0.1:0")?;
    let mut buffer = [0; 64];
    send_to("stranger", &stranger, b"psst", to);
    receive_from("receiver", &receiver, &mut buffer);

    receiver.connect(friend.local_addr()?)?;
    println!("  receiver  connect to the friend");
    send_to("stranger", &stranger, b"psst", to);
    send_to("friend", &friend, b"hello", to);
    receive_from("receiver", &receiver, &mut buffer);
    receive_from("receiver", &receiver, &mut buffer);
    Ok(())
}

fn send_to_nobody() -> io::Result<()> {
    println!("\nnobody there");
    let (sender, receiver, nobody) = pair()?;
    drop(receiver);
    let mut buffer = [0; 64];
    send_to("sender", &sender, b"hello?", nobody);
    send_to("sender", &sender, b"hello?", nobody);
    receive_from("sender", &sender, &mut buffer);

    sender.connect(nobody)?;
    println!("  sender    connect");
    send("sender", &sender, b"hello?");
    receive_from("sender", &sender, &mut buffer);
    Ok(())
}

fn send_to_everybody() -> io::Result<()> {
    println!("\neverybody");
    let (sender, _, to) = pair()?;
    let everybody = SocketAddr::from(([255, 255, 255, 255], to.port()));
    send_to("sender", &sender, b"hello all", everybody);
    println!("  sender    set_broadcast is {}", sender.broadcast()?);
    Ok(())
}

fn send_to(who: &str, socket: &UdpSocket, datagram: &[u8], to: SocketAddr) {
    match socket.send_to(datagram, to) {
        Ok(n) => println!("  {who:<9} send_to   Ok({n})"),
        Err(error) => println!("  {who:<9} send_to   Err({:?})", error.kind()),
    }
}

fn send(who: &str, socket: &UdpSocket, datagram: &[u8]) {
    match socket.send(datagram) {
        Ok(n) => println!("  {who:<9} send      Ok({n})"),
        Err(error) => println!("  {who:<9} send      Err({:?})", error.kind()),
    }
}

fn receive_from(who: &str, socket: &UdpSocket, buffer: &mut [u8]) {
    match socket.recv_from(buffer) {
        Ok((n, _)) => {
            let text = buffer[..n].escape_ascii();
            println!("  {who:<9} recv_from Ok({n}) \"{text}\"");
        }
        Err(error) if is_over_time(&error) => {
            println!("  {who:<9} recv_from: nothing came");
        }
        Err(error) => println!("  {who:<9} recv_from Err({:?})", error.kind()),
    }
}

/// Systems differ in what they call it.
fn is_over_time(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// Two sockets that wait for a moment and no longer, and the second one's address.
fn pair() -> io::Result<(UdpSocket, UdpSocket, SocketAddr)> {
    let sender = UdpSocket::bind("127.0.0.1:0")?;
    let receiver = UdpSocket::bind("127.0.0.1:0")?;
    sender.set_read_timeout(Some(MOMENT))?;
    receiver.set_read_timeout(Some(MOMENT))?;
    let addr = receiver.local_addr()?;
    Ok((sender, receiver, addr))
}
