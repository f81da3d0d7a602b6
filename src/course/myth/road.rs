//! What stands between a caller and a server: who passes things on, and who does not.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Instant;

use super::claim::{Flaw, Myth};
use super::lab::{Lab, SILENCE, failed, gave, kind, ms, waited, yes};

pub(super) const MYTHS: &[Myth] = &[C26, C27];

/// More connections than any listener of std keeps waiting: it asks for 128.
const MORE_THAN_A_QUEUE: usize = 300;

const C26: Myth = Myth {
    ids: &["C26"],
    claim: "A private address can be used only on its own network",
    question: "A server listens on 127.0.0.2 alone. A client never calls anything but \
        127.0.0.1. Can they talk?",
    answers: &["no", "yes, if somebody forwards"],
    right: 'b',
    flaw: Flaw::HalfTrue,
    truth: "Routers of the world know no way to a private address. But whoever is on \
        both sides can forward: a program copies bytes, a router rewrites packets. The \
        client never learns the server's address.",
    run: in_through_a_forwarder,
};

fn in_through_a_forwarder(lab: &Lab) -> io::Result<bool> {
    let inside = TcpListener::bind("127.0.0.2:0")?;
    lab.found("the server, inside", inside.local_addr()?);
    let here = ("127.0.0.1", inside.local_addr()?.port());
    let direct = TcpStream::connect(here);
    lab.opened(format!("client.connect({}:{})", here.0, here.1), &direct);

    let door = lab.listener()?;
    lab.found("the forwarder's door", door.local_addr()?);
    let mut client = lab.connect(door.local_addr()?)?;
    let mut front = lab.accept(&door)?;
    let mut back = lab.connect(inside.local_addr()?)?;
    let mut server = lab.accept(&inside)?;
    thread::scope(|scope| {
        let forward = move || io::copy(&mut front, &mut back);
        thread::Builder::new().spawn_scoped(scope, forward)?;
        client.write_all(b"hello")?;
        let read = server.read(&mut [0; 64]);
        lab.saw("server.read(64 B), what the client wrote", &read);
        lab.saw("client.peer_addr()", &client.peer_addr());
        client.shutdown(Shutdown::Both)?; // The end of its stream ends the forwarder.
        Ok(failed(&direct, ErrorKind::ConnectionRefused) && gave(&read, 5))
    })
}

const C27: Myth = Myth {
    ids: &["C27"],
    claim: "A firewall keeps outsiders out, and that is all one sees",
    question: "One door refuses, another says nothing. Can connect tell them apart?",
    answers: &[
        "no, both are an error",
        "yes, by the kind of error",
        "yes, by that and \
        by the time",
    ],
    right: 'c',
    flaw: Flaw::HalfTrue,
    truth: "Rules can refuse with a reset, answer with an error, or drop without a word. \
        A refusal comes at once, silence lasts as long as the caller waits. Each machine \
        can have such rules, also for what goes out.",
    run: refused_or_ignored,
};

/// A port without a listener refuses as a filter does, and a full queue is as silent as one.
fn refused_or_ignored(lab: &Lab) -> io::Result<bool> {
    let listener = lab.listener()?;
    let addr = listener.local_addr()?;
    let client = lab.connect(addr)?;
    let nobody = client.local_addr()?; // Its port is taken, and does not listen.
    let begun = Instant::now();
    let refused = TcpStream::connect_timeout(&nobody, SILENCE);
    let soon = begun.elapsed();
    lab.found("the door that refuses", shown(&refused, &ms(soon)));

    let mut queue = vec![client];
    let (silent, late) = loop {
        let begun = Instant::now();
        match TcpStream::connect_timeout(&addr, SILENCE) {
            Ok(stream) if queue.len() < MORE_THAN_A_QUEUE => queue.push(stream),
            end => break (end, begun.elapsed()),
        }
    };
    lab.found("the door that says nothing", shown(&silent, &ms(late)));
    lab.found("it took until the limit", yes(late >= SILENCE));
    let told_apart = failed(&refused, ErrorKind::ConnectionRefused) && waited(&silent);
    Ok(told_apart && late >= SILENCE && soon < SILENCE)
}

fn shown(outcome: &io::Result<TcpStream>, time: &str) -> String {
    match outcome {
        Ok(_) => format!("Ok, {time}"),
        Err(error) => format!("{}, {time}", kind(error)),
    }
}
