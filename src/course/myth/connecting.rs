//! Connecting and accepting: what the kernel does before a program knows of it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Instant;

use super::claim::{Flaw, Myth};
use super::lab::{Lab, SILENCE, failed, gave, kind, ms, waited};

pub(super) const MYTHS: &[Myth] = &[C8, F14, F15, F16];

/// More connections than any listener of std keeps waiting: it asks for 128.
const MORE_THAN_A_QUEUE: usize = 300;

const C8: Myth = Myth {
    ids: &["C8"],
    claim: "accept is the moment in which the connection is made",
    question: "A server listens and never calls accept. What does the client's connect \
        give?",
    answers: &["Ok", "it waits for accept", "ConnectionRefused"],
    right: 'a',
    flaw: Flaw::HalfTrue,
    truth: "The kernels make the connection, and the server's puts it into the \
        listener's queue. accept takes it from there. By then bytes may have arrived.",
    run: connected_before_accept,
};

fn connected_before_accept(lab: &Lab) -> io::Result<bool> {
    let listener = lab.listener()?;
    let client = TcpStream::connect(listener.local_addr()?);
    lab.opened("TcpStream::connect(), no accept", &client);
    let mut client = client?;
    let written = client.write(b"hello");
    lab.saw("client.write(5 B), still no accept", &written);
    drop(client);
    lab.did("drop(client), still no accept");

    let mut server = lab.accept(&listener)?;
    lab.did("listener.accept()");
    let read = server.read(&mut [0; 64]);
    lab.saw("server.read(64 B)", &read);
    Ok(gave(&written, 5) && gave(&read, 5))
}

const F14: Myth = Myth {
    ids: &["F14"],
    claim: "Three clients got answers, so the server is concurrent",
    question: "A server serves one client to its end, then accepts the next. Three are \
        connected and say nothing. Then the third asks. Is it answered?",
    answers: &["yes", "not before the first two have ended", "no: it is refused"],
    right: 'b',
    flaw: Flaw::Wrong,
    truth: "Clients that come one after the other get answers from a server that serves \
        one at a time. They wait in the queue. Ask the last one first to tell the \
        difference.",
    run: ask_the_last_one_first,
};

fn ask_the_last_one_first(lab: &Lab) -> io::Result<bool> {
    let listener = &lab.listener()?;
    let addr = listener.local_addr()?;
    thread::scope(|scope| {
        thread::Builder::new().spawn_scoped(scope, || one_after_the_other(listener))?;
        let mut answered = 0;
        for mut client in [lab.connect(addr)?, lab.connect(addr)?, lab.connect(addr)?] {
            client.write_all(b"?")?;
            answered += client.read(&mut [0; 1])?;
        }
        lab.found("three ask in turn, and end", format!("{answered} answers"));

        let [first, second, mut third] =
            [lab.connect(addr)?, lab.connect(addr)?, lab.connect(addr)?];
        lab.saw("third.write(1 B)", &third.write(b"?"));
        third.set_read_timeout(Some(SILENCE))?;
        let early = third.read(&mut [0; 1]);
        lab.saw("third.read(1 B), first and second idle", &early);
        third.set_read_timeout(first.read_timeout()?)?;
        drop((first, second));
        lab.did("drop(first), drop(second)");
        let late = third.read(&mut [0; 1]);
        lab.saw("third.read(1 B)", &late);
        Ok(answered == 3 && waited(&early) && gave(&late, 1))
    })
}

/// An echo server without threads, for the six clients of this experiment.
fn one_after_the_other(listener: &TcpListener) -> io::Result<()> {
    for _ in 0..6 {
        let (stream, _) = listener.accept()?;
        io::copy(&mut &stream, &mut &stream)?;
    }
    Ok(())
}

const F15: Myth = Myth {
    ids: &["F15"],
    claim: "connect succeeded, so the server has accepted me",
    question: "connect gave Ok, and so did write. The server ends without ever calling \
        accept. What does the client's read give?",
    answers: &["Ok(0): end of stream", "ConnectionReset", "it waits"],
    right: 'b',
    flaw: Flaw::Wrong,
    truth: "Ok from connect says that the connection stands in the listener's queue. \
        When the listener is closed, all that is in its queue is reset.",
    run: queued_and_never_accepted,
};

fn queued_and_never_accepted(lab: &Lab) -> io::Result<bool> {
    let listener = lab.listener()?;
    let mut client = lab.connect(listener.local_addr()?)?;
    lab.did("TcpStream::connect()");
    let written = client.write(b"hello");
    lab.saw("client.write(5 B)", &written);
    drop(listener);
    lab.did("drop(listener), which never accepted");
    let read = client.read(&mut [0; 64]);
    lab.saw("client.read(64 B)", &read);
    Ok(gave(&written, 5) && failed(&read, ErrorKind::ConnectionReset))
}

const F16: Myth = Myth {
    ids: &["F16"],
    claim: "Refused and timed out are the same",
    question: "A listener's queue is full, and nobody accepts. What does connect give to \
        the next client?",
    answers: &["Ok", "ConnectionRefused", "nothing, until its time is over"],
    right: 'c',
    flaw: Flaw::Wrong,
    truth: "Refused is an answer: a machine is there, and nobody listens on that port. \
        Timed out is silence: a full queue, as on Linux, or a filter, or no machine.",
    run: an_answer_and_a_silence,
};

fn an_answer_and_a_silence(lab: &Lab) -> io::Result<bool> {
    let listener = lab.listener()?;
    let addr = listener.local_addr()?;
    let client = lab.connect(addr)?;
    let nobody = client.local_addr()?; // Its port is taken, and does not listen.
    let start = Instant::now();
    let refused = TcpStream::connect_timeout(&nobody, SILENCE);
    let time = ms(start.elapsed());
    lab.found("connect: nobody listens", shown(&refused, &time));

    let mut queue = vec![client];
    let (silence, time) = loop {
        let start = Instant::now();
        match TcpStream::connect_timeout(&addr, SILENCE) {
            Ok(stream) if queue.len() < MORE_THAN_A_QUEUE => queue.push(stream),
            end => break (end, ms(start.elapsed())),
        }
    };
    lab.found("connect: nobody accepts", format!("{} times Ok", queue.len()));
    lab.found("connect: the next one, 200 ms at most", shown(&silence, &time));
    Ok(failed(&refused, ErrorKind::ConnectionRefused) && waited(&silence))
}

fn shown(outcome: &io::Result<TcpStream>, time: &str) -> String {
    match outcome {
        Ok(_) => format!("Ok, {time}"),
        Err(error) => format!("{}, {time}", kind(error)),
    }
}
