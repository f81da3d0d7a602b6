//! The third walk: three people in a chat.
//!
//! One script plays all three, line by line. It goes on when the lines that it waits for
//! have come, so the picture has the same order every time.

use std::net::{SocketAddr, TcpStream};
use std::thread;

use super::{any_port, stop_with};
use crate::demos::tcp_server::Serving;
use crate::demos::{chat_server, tcp_client, tcp_server};
use crate::kit::error::{Doing, Error, Result};
use crate::kit::log::Log;
use crate::kit::say::Say;
use crate::kit::stop::Stop;

const ABOUT: &str = "A chat: three people and one server, here in one process. An arrow is \
     drawn when what it carries has arrived.";

/// As much as a person reads at once.
const BUFFER: usize = 1024;

/// Somebody in the chat.
struct Person {
    name: &'static str,
    stream: TcpStream,
    say: Say,
    heard: String,
}

pub(super) fn walk(stop: &Stop, log: &Log) -> Result<()> {
    let server = log.speaker("server");
    log.speaker("tour").note(ABOUT);
    let listener = tcp_server::listen(&any_port(), &server)?;
    let addr = listener.local_addr().doing("ask for our own address")?;
    let (hand, ours) = Stop::by_hand();
    thread::scope(|scope| {
        let over = stop_with(scope, stop, hand)?;
        let (serving, kept) = (Serving::default(), chat_server::Kept::default());
        let doors = chat_server::Doors { lines: listener, web: None };
        let serve = move || chat_server::serve(doors, &serving, kept, &ours, &server);
        let serving = thread::Builder::new().spawn_scoped(scope, serve);
        let serving = serving.doing("start the server's thread")?;

        let talked = talk(addr, log);
        drop(over); // The server says goodbye to whoever is still there.
        let left =
            talked.and_then(|people| people.into_iter().try_for_each(Person::stay));
        serving.join().unwrap_or(Ok(())).and(left)
    })
}

/// The script.
fn talk(addr: SocketAddr, log: &Log) -> Result<Vec<Person>> {
    let tour = log.speaker("tour");
    let mut ann = Person::enter("ann", "guest-1", addr, log)?;
    let mut bob = Person::enter("bob", "guest-2", addr, log)?;
    ann.hears("* guest-2 is now bob")?;
    let mut cho = Person::enter("cho", "guest-3", addr, log)?;
    for person in [&mut ann, &mut bob] {
        person.hears("* guest-3 is now cho")?;
    }

    tour.note(
        "ann says something: the server sends it to the others, and not back to her.",
    );
    ann.says("hello")?;
    for person in [&mut bob, &mut cho] {
        person.hears("<ann> hello")?;
    }

    tour.note("bob says something to cho alone.");
    bob.says("/msg cho psst")?;
    cho.hears("[bob] psst")?;

    tour.note("cho ends her half of the connection: for the server she has left.");
    tcp_client::finish(&cho.stream, &cho.say)?;
    for person in [&mut ann, &mut bob] {
        person.hears("* cho left")?;
    }
    cho.stay()?;

    tour.note("The server is told to stop, and says goodbye.");
    Ok(vec![ann, bob])
}

impl Person {
    fn enter(
        name: &'static str,
        guest: &str,
        addr: SocketAddr,
        log: &Log,
    ) -> Result<Person> {
        let say = log.speaker(name);
        let stream = tcp_client::connect(&addr.into(), None, &say)?;
        let say = say.about(&stream);
        let mut person = Person { name, stream, say, heard: String::new() };
        person.hears(&format!("* welcome, {guest}"))?;
        person.says(&format!("/name {name}"))?;
        person.hears(&format!("= you are {name}"))?;
        Ok(person)
    }

    fn says(&mut self, line: &str) -> Result<()> {
        let line = format!("{line}\n");
        tcp_server::send_all(&self.stream, line.as_bytes(), &self.say).doing("send")
    }

    /// Waits until a line that begins like this has come to its end.
    fn hears(&mut self, line: &str) -> Result<()> {
        let begins = |heard: &str| heard.starts_with(line);
        while !self.heard.split_inclusive('\n').any(|l| l.ends_with('\n') && begins(l)) {
            if self.read()? == 0 {
                let hear = format_args!("hear {line:?} as {}", self.name);
                return Err(Error::because(hear, "the stream has ended"));
            }
        }
        Ok(())
    }

    /// Reads to the end of the stream, then leaves.
    fn stay(mut self) -> Result<()> {
        while self.read()? > 0 {}
        tcp_client::close(self.stream, &self.say);
        Ok(())
    }

    fn read(&mut self) -> Result<usize> {
        let mut buffer = [0; BUFFER];
        let n =
            tcp_client::receive(&self.stream, &mut buffer, &self.say).doing("receive")?;
        self.heard.push_str(&String::from_utf8_lossy(&buffer[..n]));
        Ok(n)
    }
}
