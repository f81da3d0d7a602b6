//! Exercise 17: `broker`, which passes on what is published under a topic.
//!
//! It is started with the address as its last argument. Clients send it the lines `SUB t`,
//! `UNSUB t` and `PUB t text`. `sockdemo check 17` looks at it from outside.

use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

fn main() -> io::Result<()> {
    let addr = std::env::args().next_back().unwrap_or_default();
    let listener = TcpListener::bind(addr)?;
    for stream in listener.incoming() {
        let stream = stream?;
        thread::Builder::new().spawn(move || {
            if let Err(error) = serve(&stream) {
                eprintln!("a conversation ended early: {error}");
            }
        })?;
    }
    Ok(())
}

/// Your turn: this thread knows its own client. What is published has to reach the others,
/// too, whoever they are, and wherever they are in their conversations.
fn serve(mut stream: &TcpStream) -> io::Result<()> {
    let mut topics = HashSet::new();
    for line in BufReader::new(stream).lines() {
        let line = line?;
        let words: Vec<&str> = line.splitn(3, ' ').collect();
        let answer = match words[..] {
            ["SUB", topic] => {
                topics.insert(topic.to_owned());
                "ok\n".to_owned()
            }
            ["PUB", topic, text] if topics.contains(topic) => format!("{topic} {text}\n"),
            ["PUB", _, _] => continue,
            _ => "error\n".to_owned(),
        };
        stream.write_all(answer.as_bytes())?;
    }
    Ok(())
}
