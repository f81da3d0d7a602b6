//! Lesson 2: an address chooses where on this machine a socket can be reached. A port
//! chooses the socket there.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};

fn main() -> io::Result<()> {
    port_zero()?;
    who_reaches_whom()?;
    one_number()?;
    a_name()?;
    not_our_address();
    Ok(())
}

fn port_zero() -> io::Result<()> {
    println!("port 0");
    let asked: SocketAddr = ([127, 0, 0, 1], 0).into();
    let listener = TcpListener::bind(asked)?;
    let given = listener.local_addr()?;
    println!("  the same address: {}", given.ip() == asked.ip());
    println!("  the same port: {}", given.port() == asked.port());
    println!("  somebody connects there: {}", outcome(&TcpStream::connect(given)));
    Ok(())
}

fn who_reaches_whom() -> io::Result<()> {
    println!("\nwho reaches whom");
    println!("  listens on     to 127.0.0.1  to 127.0.0.2      to [::1]");
    for host in ["127.0.0.1", "0.0.0.0", "[::1]", "[::]"] {
        print!("  {host:<11}");
        match TcpListener::bind(format!("{host}:0")) {
            Ok(listener) => {
                let port = listener.local_addr()?.port();
                for target in ["127.0.0.1", "127.0.0.2", "[::1]"] {
                    let reached = TcpStream::connect(format!("{target}:{port}"));
                    print!("  {:>12}", if reached.is_ok() { "yes" } else { "-" });
                }
            }
            Err(error) => print!("  {:>12}", format!("{:?}", error.kind())),
        }
        println!();
    }
    Ok(())
}

fn one_number() -> io::Result<()> {
    println!("\none number, many sockets");
    let (_first, port) = a_free_number()?;
    println!("  TCP 127.0.0.1  Ok");
    let datagrams = UdpSocket::bind(("127.0.0.1", port));
    println!("  UDP 127.0.0.1  {}", outcome(&datagrams));
    // Each of them is kept, so that all of them are open at once.
    let mut kept = Vec::new();
    for host in ["127.0.0.2", "::1", "127.0.0.1", "0.0.0.0"] {
        let listener = TcpListener::bind((host, port));
        println!("  TCP {host:<9}  {}", outcome(&listener));
        kept.push(listener);
    }
    Ok(())
}

/// A listener whose number nobody uses for datagrams either.
fn a_free_number() -> io::Result<(TcpListener, u16)> {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        if UdpSocket::bind(("0.0.0.0", port)).is_ok() {
            return Ok((listener, port));
        }
    }
}

fn a_name() -> io::Result<()> {
    println!("\na name");
    let found: Vec<SocketAddr> = "localhost:80".to_socket_addrs()?.collect();
    let all_loopback = found.iter().all(|addr| addr.ip().is_loopback());
    println!("  localhost stands for an address: {}", !found.is_empty());
    println!("  all that it stands for are loopback: {all_loopback}");

    // A name can stand for several addresses. Here the first one of two is taken.
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let addrs = [taken.local_addr()?, SocketAddr::from(([127, 0, 0, 1], 0))];
    let listener = TcpListener::bind(addrs.as_slice());
    println!("  two addresses, the first of them taken: {}", outcome(&listener));
    Ok(())
}

fn not_our_address() {
    // From the addresses that are set aside for books: nobody has it.
    println!("\nan address that is not ours");
    let listener = TcpListener::bind("203.0.113.7:0");
    println!("  TCP 203.0.113.7  {}", outcome(&listener));
}

fn outcome<T>(result: &io::Result<T>) -> String {
    match result {
        Ok(_) => "Ok".to_owned(),
        Err(error) => format!("{:?}", error.kind()),
    }
}
