//! Lesson 7: the ways in which a connection ends, and what the other side reads of each.
//!
//! The program starts itself a second time as a client process, to kill it.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const MIB: usize = 1024 * 1024;

fn main() -> io::Result<()> {
    if let Some(addr) = std::env::args().nth(1) {
        return be_the_client_process(&addr);
    }
    half_close()?;
    drop_it()?;
    drop_it_with_unread_bytes()?;
    kill_the_process()?;
    kill_it_with_unread_bytes()?;
    the_server_first()?;
    drop_one_of_two_clones()?;
    lose_an_answer()
}

fn half_close() -> io::Result<()> {
    println!("half-close");
    let (client, server, ends) = connection()?;
    write("client", &client, b"bye");
    client.shutdown(Shutdown::Write)?;
    println!("  client  shutdown(Write)");
    read("server", &server);
    read("server", &server);
    ends.show_states();
    write("server", &server, b"answer");
    drop(server);
    println!("  server  drop");
    read("client", &client);
    read("client", &client);
    ends.show_states();
    Ok(())
}

fn drop_it() -> io::Result<()> {
    println!("\ndrop");
    let (client, server, ends) = connection()?;
    write("client", &client, b"bye");
    drop(client);
    println!("  client  drop");
    read("server", &server);
    read("server", &server);
    ends.show_states();

    // Only what the first write sends makes the other kernel say that nobody is there.
    write("server", &server, b"answer");
    while (&server).write(b"more").is_ok() {}
    write("server", &server, b"more");
    ends.show_states();
    Ok(())
}

fn drop_it_with_unread_bytes() -> io::Result<()> {
    println!("\ndrop with unread bytes");
    let (client, server, ends) = connection()?;
    write("server", &server, b"question");
    client.peek(&mut [0])?; // It has arrived, and it stays where it is.
    write("client", &client, b"bye");
    drop(client);
    println!("  client  drop");
    read("server", &server);
    read("server", &server);
    ends.show_states();
    Ok(())
}

fn kill_the_process() -> io::Result<()> {
    println!("\na killed process");
    let (mut client, server) = client_process()?;
    read("server", &server);
    kill(&mut client)?;
    read("server", &server);
    Ok(())
}

fn kill_it_with_unread_bytes() -> io::Result<()> {
    println!("\na killed process with unread bytes");
    let (mut client, server) = client_process()?;
    write("server", &server, b"question");
    read("server", &server);
    kill(&mut client)?;
    read("server", &server);
    Ok(())
}

fn the_server_first() -> io::Result<()> {
    println!("\nthe server closes first");
    let (client, server, ends) = connection()?;
    drop(server);
    println!("  server  drop");
    read("client", &client);
    drop(client);
    println!("  client  drop");
    ends.show_states();
    Ok(())
}

fn drop_one_of_two_clones() -> io::Result<()> {
    println!("\na clone");
    let (client, server, _) = connection()?;
    let clone = client.try_clone()?;
    drop(client);
    println!("  client  drop, but a clone lives");
    server.set_read_timeout(Some(Duration::from_millis(100)))?;
    read("server", &server);
    clone.shutdown(Shutdown::Write)?;
    println!("  clone   shutdown(Write)");
    read("server", &server);
    Ok(())
}

fn lose_an_answer() -> io::Result<()> {
    println!("\nan answer, and a drop with unread bytes");
    let (mut client, mut server, _) = connection()?;
    client.write_all(b"question")?;
    server.peek(&mut [0])?; // It has arrived, and the server does not read it.
    server.set_write_timeout(Some(Duration::from_millis(100)))?;
    let sent = server.write(&vec![b'x'; 8 * MIB])?;
    drop(server);
    println!("  server  write Ok, drop");

    let mut answer = Vec::new();
    if let Err(error) = client.read_to_end(&mut answer) {
        let much = if answer.len() < sent { "a part of it" } else { "all of it" };
        println!("  client  read  {much}, then Err({:?})", error.kind());
    }
    Ok(())
}

fn write(who: &str, mut stream: &TcpStream, bytes: &[u8]) {
    match stream.write(bytes) {
        Ok(n) => println!("  {who}  write Ok({n})"),
        Err(error) => println!("  {who}  write Err({:?})", error.kind()),
    }
}

fn read(who: &str, mut stream: &TcpStream) {
    let mut buffer = [0; 64];
    match stream.read(&mut buffer) {
        Ok(0) => println!("  {who}  read  Ok(0): end of stream"),
        Ok(n) => println!("  {who}  read  Ok({n}) \"{}\"", buffer[..n].escape_ascii()),
        Err(error) => println!("  {who}  read  Err({:?})", error.kind()),
    }
}

/// Starts this program again. The second process connects to us.
fn client_process() -> io::Result<(Child, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = Command::new(std::env::current_exe()?)
        .arg(listener.local_addr()?.to_string())
        .stdin(Stdio::piped())
        .spawn()?;
    let (server, _) = listener.accept()?;
    Ok((client, server))
}

/// Says "bye" and waits, without reading from its socket, until it is killed.
fn be_the_client_process(addr: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(addr)?;
    stream.write_all(b"bye")?;
    // If the first process dies, standard input ends, and so do we.
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn kill(client: &mut Child) -> io::Result<()> {
    client.kill()?;
    client.wait()?;
    println!("  client  killed");
    Ok(())
}

fn connection() -> io::Result<(TcpStream, TcpStream, Ends)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;
    let ends = Ends { client: client.local_addr()?, server: client.peer_addr()? };
    Ok((client, server, ends))
}

/// The two addresses of a connection. They outlive its sockets.
struct Ends {
    client: SocketAddr,
    server: SocketAddr,
}

impl Ends {
    fn show_states(&self) {
        let client = state(self.client, self.server);
        let server = state(self.server, self.client);
        println!("  kernel  client {client}, server {server}");
    }
}

/// What the kernel keeps of one end of a connection. Linux shows it in a file.
fn state(local: SocketAddr, peer: SocketAddr) -> &'static str {
    loop {
        let Ok(table) = fs::read_to_string("/proc/net/tcp") else {
            return "not shown here";
        };
        let ends = format!("{} {} ", in_hex(local), in_hex(peer));
        let state = table.lines().find_map(|line| line.split_once(&ends)?.1.get(..2));
        match state {
            None => return "gone",
            Some("01") => return "ESTABLISHED",
            Some("05") => return "FIN_WAIT2",
            Some("06") => return "TIME_WAIT",
            Some("08") => return "CLOSE_WAIT",
            Some("04" | "09" | "0B") => {} // Not for long: an answer is on its way.
            Some(_) => return "in another state",
        }
    }
}

/// As the table writes it: the address as one number of this machine, then the port.
fn in_hex(addr: SocketAddr) -> String {
    match addr {
        SocketAddr::V4(addr) => {
            let ip = u32::from_ne_bytes(addr.ip().octets());
            format!("{ip:08X}:{:04X}", addr.port())
        }
        SocketAddr::V6(addr) => addr.to_string(), // Not in this table, and not used here.
    }
}
