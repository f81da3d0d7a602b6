//! The bytes of a stream: what write promises, and what read gives.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::str::Utf8Error;
use std::thread;

use super::claim::{Flaw, Myth};
use super::lab::{Lab, MIB, SILENCE, failed, gave, waited};
use crate::kit::text::{count, several};

pub(super) const MYTHS: &[Myth] = &[C18, F1, F2, F3, F4, F5, F23, M1];

/// More than the buffers of both kernels hold together.
const TOO_MUCH: usize = 64 * MIB;

const C18: Myth = Myth {
    ids: &["C18"],
    claim: "TCP delivers messages: two writes are two reads",
    question: "The client writes 5 bytes, and 5 more. Both have arrived. What does one \
        read into a buffer of 64 bytes give?",
    answers: &["Ok(5)", "Ok(10)", "Ok(64)"],
    right: 'b',
    flaw: Flaw::HalfTrue,
    truth: "TCP delivers bytes, in order, as long as the connection lives. Where one \
        write ended and the next began is not sent.",
    run: two_writes_one_read,
};

fn two_writes_one_read(lab: &Lab) -> io::Result<bool> {
    let (mut client, mut server) = lab.connected()?;
    lab.saw("client.write(5 B)", &client.write(b"hello"));
    lab.saw("client.write(5 B)", &client.write(b"world"));
    wait_for(10, &server)?;
    let read = server.read(&mut [0; 64]);
    lab.saw("server.read(64 B)", &read);
    Ok(gave(&read, 10))
}

/// Waits until so many bytes have arrived, and leaves them where they are.
fn wait_for(n: usize, stream: &TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; n];
    while stream.peek(&mut buffer)? < n {}
    Ok(())
}

const F1: Myth = Myth {
    ids: &["F1"],
    claim: "write returned Ok, so the other program has the bytes",
    question: "The server accepts, and never reads. How many bytes does the client's \
        write accept before it has to wait?",
    answers: &["none", "as many as one buffer of the program", "up to some megabytes"],
    right: 'c',
    flaw: Flaw::Wrong,
    truth: "Ok says that our own kernel has the bytes. Here both kernels held them, no \
        program ever read one, and in the end they were thrown away.",
    run: ok_and_never_read,
};

fn ok_and_never_read(lab: &Lab) -> io::Result<bool> {
    let (mut client, server) = lab.connected()?;
    client.set_write_timeout(Some(SILENCE))?;
    let (mut taken, piece) = (0, vec![b'x'; 64 * 1024]);
    let full = loop {
        match client.write(&piece) {
            Ok(n) => taken += n,
            Err(error) => break Err::<(), _>(error),
        }
    };
    lab.found("client.write(), in a loop", format!("Ok: {} B", count(taken as u64)));
    lab.saw("client.write(), the last one", &full);
    drop(server);
    lab.did("drop(server), which has read nothing");
    let read = client.read(&mut [0; 64]);
    lab.saw("client.read(64 B)", &read);
    Ok(taken > 0 && waited(&full) && failed(&read, ErrorKind::ConnectionReset))
}

const F2: Myth = Myth {
    ids: &["F2"],
    claim: "write writes everything",
    question: "One write of 64 MiB with a limit of 200 ms, and nobody reads. What does \
        it give?",
    answers: &[
        "Ok, fewer than 64 MiB",
        "Ok, all 64 MiB",
        "an error, and nothing is sent",
    ],
    right: 'a',
    flaw: Flaw::HalfTrue,
    truth: "write may take less than it is offered, and it says how much. write_all \
        offers the rest again, until all is taken or a call fails.",
    run: a_write_that_takes_less,
};

fn a_write_that_takes_less(lab: &Lab) -> io::Result<bool> {
    let (mut client, _server) = lab.connected()?;
    client.set_write_timeout(Some(SILENCE))?;
    let offer = vec![b'x'; TOO_MUCH];
    let written = client.write(&offer);
    lab.found("offered", format!("{} B", offer.len()));
    lab.saw("client.write(64 MiB)", &written);
    Ok(written.is_ok_and(|n| (1..offer.len()).contains(&n)))
}

const F3: Myth = Myth {
    ids: &["F3"],
    claim: "read fills my buffer",
    question: "5 bytes have arrived. What does read into a buffer of 1 MiB give?",
    answers: &["Ok(5)", "Ok(1048576)", "it waits for more"],
    right: 'a',
    flaw: Flaw::Wrong,
    truth: "read gives what is there, up to the length of the buffer, and waits only \
        when nothing is there. read_exact reads until its buffer is full.",
    run: a_read_that_gives_less,
};

fn a_read_that_gives_less(lab: &Lab) -> io::Result<bool> {
    let (mut client, mut server) = lab.connected()?;
    let mut buffer = vec![0; MIB];
    client.write_all(b"hello")?;
    let read = server.read(&mut buffer);
    lab.saw("server.read(1 MiB), 5 B are there", &read);

    let mut pieces = Vec::new();
    thread::scope(|scope| {
        let write = move || client.write_all(&vec![b'x'; MIB]);
        thread::Builder::new().spawn_scoped(scope, write)?;
        while let n @ 1.. = server.read(&mut buffer)? {
            pieces.push(n);
        }
        io::Result::Ok(())
    })?;
    let longest = pieces.iter().copied().max().unwrap_or_default();
    let reads = several(pieces.len(), "read");
    let words = format!("{reads}, the longest {} B", count(longest as u64));
    lab.found("server.read(1 MiB), while 1 MiB arrives", words);
    Ok(gave(&read, 5) && pieces.iter().sum::<usize>() == MIB)
}

const F4: Myth = Myth {
    ids: &["F4"],
    claim: "read returned 0: there is no data at the moment",
    question: "read has given Ok(0). What will it give the next time?",
    answers: &["it waits for data", "Ok(0) again", "an error"],
    right: 'b',
    flaw: Flaw::Wrong,
    truth: "0 bytes are the end of the stream, for ever: a loop that goes on spins. When \
        there is no data at the moment, read waits. Only an empty buffer gives 0, too.",
    run: the_end_again_and_again,
};

fn the_end_again_and_again(lab: &Lab) -> io::Result<bool> {
    let (client, mut server) = lab.connected()?;
    let patience = server.read_timeout()?;
    server.set_read_timeout(Some(SILENCE))?;
    let nothing_yet = server.read(&mut [0; 64]);
    lab.saw("server.read(64 B), 200 ms at most", &nothing_yet);

    server.set_read_timeout(patience)?;
    client.shutdown(Shutdown::Write)?;
    lab.did("client.shutdown(Write)");
    let mut ends = 0;
    for _ in 0..3 {
        let read = server.read(&mut [0; 64]);
        lab.saw("server.read(64 B)", &read);
        ends += usize::from(gave(&read, 0));
    }
    Ok(waited(&nothing_yet) && ends == 3)
}

const F5: Myth = Myth {
    ids: &["F5"],
    claim: "Vec::with_capacity(64) is a buffer of 64 bytes",
    question: "5 bytes have arrived. What does read into a Vec::with_capacity(64) give?",
    answers: &["Ok(5)", "Ok(0)", "an error"],
    right: 'b',
    flaw: Flaw::Wrong,
    truth: "read fills what is there, and this Vec has length 0: room, but no bytes. \
        Ok(0) then is not the end of the stream, and read_exact succeeds with nothing.",
    run: a_buffer_without_length,
};

fn a_buffer_without_length(lab: &Lab) -> io::Result<bool> {
    let (mut client, mut server) = lab.connected()?;
    client.write_all(b"hello")?;
    wait_for(5, &server)?;
    let mut buffer = Vec::with_capacity(64);
    let read = server.read(&mut buffer);
    lab.saw("server.read(a Vec::with_capacity(64))", &read);
    let exact = server.read_exact(&mut buffer);
    lab.saw("server.read_exact(the same)", &exact);
    buffer.resize(64, 0);
    let right = server.read(&mut buffer);
    lab.saw("server.read(it, resized to 64)", &right);
    Ok(gave(&read, 0) && exact.is_ok() && gave(&right, 5))
}

const F23: Myth = Myth {
    ids: &["F23"],
    claim: "A second BufReader continues where the first stopped",
    question: "Two lines have arrived. One BufReader reads the first line, a new one on \
        the same stream reads on. What does it get?",
    answers: &["the second line", "both lines", "nothing: it waits"],
    right: 'c',
    flaw: Flaw::Wrong,
    truth: "A BufReader takes from the stream whatever is there, and keeps what was not \
        asked for. Use one for the whole life of a stream, or take its buffer over.",
    run: a_second_reader,
};

fn a_second_reader(lab: &Lab) -> io::Result<bool> {
    let (mut client, server) = lab.connected()?;
    client.write_all(b"first\nsecond\n")?;
    wait_for(13, &server)?;
    server.set_read_timeout(Some(SILENCE))?;

    let mut first = BufReader::new(&server);
    let line = first.read_line(&mut String::new());
    lab.saw("one.read_line()", &line);
    let mut second = BufReader::new(&server);
    let next = second.read_line(&mut String::new());
    lab.saw("another.read_line(), 200 ms at most", &next);
    let kept = String::from_utf8_lossy(first.buffer());
    lab.found("one.buffer()", format!("{kept:?}"));
    Ok(gave(&line, 6) && waited(&next) && kept == "second\n")
}

const M1: Myth = Myth {
    ids: &["M1"],
    claim: "What one read gives of a text is text",
    question: "A client sends the letter e with an acute accent: 2 bytes in UTF-8. Can \
        the server's read give half of it?",
    answers: &["no", "yes, and half of it is not UTF-8"],
    right: 'b',
    flaw: Flaw::HalfTrue,
    truth: "A stream can be cut between any two bytes, also within a character. Collect \
        a whole line or a whole message, then turn it into text.",
    run: half_a_letter,
};

fn half_a_letter(lab: &Lab) -> io::Result<bool> {
    let (mut client, mut server) = lab.connected()?;
    let letter = "\u{e9}".as_bytes();
    let mut buffer = [0; 64];
    client.write_all(&letter[..1])?; // As a full buffer on the way could cut it.
    let n = server.read(&mut buffer)?;
    lab.saw("server.read(64 B)", &Ok(n));
    let half = std::str::from_utf8(&buffer[..n]).map(str::to_owned);
    lab.found("str::from_utf8(what was read)", text(&half));

    client.write_all(&letter[1..])?;
    let m = server.read(&mut buffer[n..])?;
    lab.saw("server.read(the rest)", &Ok(m));
    let whole = std::str::from_utf8(&buffer[..n + m]).map(str::to_owned);
    lab.found("str::from_utf8(both)", text(&whole));
    Ok(half.is_err() && whole.is_ok())
}

fn text(parsed: &Result<String, Utf8Error>) -> String {
    match parsed {
        Ok(text) => format!("Ok(\"{}\")", text.escape_default()),
        Err(error) => format!("Err: {error}"),
    }
}
