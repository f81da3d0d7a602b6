//! Closing: who notices, what arrives, what is lost, and who remembers.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

use super::claim::{Flaw, Myth};
use super::lab::{Lab, SILENCE, failed, gave, remembers, waited, yes};
use crate::kit::text::count;

pub(super) const MYTHS: &[Myth] = &[C5, C10, C40, F6, F7, F8, F9, M2, M5];

/// More than the kernel of a client takes that does not read.
const ANSWER: usize = 300_000;

const C5: Myth = Myth {
    ids: &["C5"],
    claim: "A client closes early so that its port is free again",
    question: "The client closes first, the server closes then. Which side's kernel \
        remembers the connection for a while?",
    answers: &["the client's", "the server's", "both", "neither"],
    right: 'a',
    flaw: Flaw::HalfTrue,
    truth: "A client may stay for days. And the side that closes first keeps the pair of \
        addresses in TIME_WAIT (on Linux for a minute): closing early is what keeps it \
        taken.",
    run: who_closes_first_remembers,
};

fn who_closes_first_remembers(lab: &Lab) -> io::Result<bool> {
    if !cfg!(target_os = "linux") {
        return Err(ErrorKind::Unsupported.into()); // Nobody shows us the kernel's table.
    }
    let (client, server) = lab.connected()?;
    let ends = (client.local_addr()?, server.local_addr()?);
    close_in_order(client, server)?;
    let client_first = lab.until(|| remembers(ends.0, ends.1));
    let at_server = remembers(ends.1, ends.0);
    lab.did("client closes, then the server");
    lab.found("TIME_WAIT at the client's end", yes(client_first));
    lab.found("TIME_WAIT at the server's end", yes(at_server));

    let (client, server) = lab.connected()?;
    let ends = (client.local_addr()?, server.local_addr()?);
    close_in_order(server, client)?;
    let server_first = lab.until(|| remembers(ends.1, ends.0));
    let at_client = remembers(ends.0, ends.1);
    lab.did("server closes, then the client");
    lab.found("TIME_WAIT at the client's end", yes(at_client));
    lab.found("TIME_WAIT at the server's end", yes(server_first));
    Ok(client_first && !at_server && server_first && !at_client)
}

fn close_in_order(first: TcpStream, mut second: TcpStream) -> io::Result<()> {
    drop(first);
    second.read_to_end(&mut Vec::new())?; // The end of the stream has arrived.
    drop(second);
    Ok(())
}

const C10: Myth = Myth {
    ids: &["C10"],
    claim: "After the last send and recv, nothing is left to do",
    question: "The server has sent its answer and keeps its socket. The client has read \
        the answer. What does its next read give?",
    answers: &["Ok(0)", "it waits", "an error"],
    right: 'b',
    flaw: Flaw::Wrong,
    truth: "Only shutdown or close tells the other side that no more bytes will come. \
        Until then its read waits, and both kernels keep the connection.",
    run: the_calls_after_the_last,
};

fn the_calls_after_the_last(lab: &Lab) -> io::Result<bool> {
    let (mut client, mut server) = lab.connected()?;
    server.write_all(b"answer")?;
    lab.saw("client.read(64 B)", &client.read(&mut [0; 64]));
    client.set_read_timeout(Some(SILENCE))?;
    let open = client.read(&mut [0; 64]);
    lab.saw("client.read(64 B), 200 ms at most", &open);

    client.set_read_timeout(server.read_timeout()?)?;
    drop(server);
    lab.did("drop(server)");
    let closed = client.read(&mut [0; 64]);
    lab.saw("client.read(64 B)", &closed);
    Ok(waited(&open) && gave(&closed, 0))
}

const C40: Myth = Myth {
    ids: &["C40"],
    claim: "HTTP closes the connection when the response has come",
    question: "A client has read the whole response to its first request. Two more are \
        to follow. How many connections do the three need?",
    answers: &["one", "two", "three"],
    right: 'a',
    flaw: Flaw::Wrong,
    truth: "HTTP/1.1 keeps the connection for the next request, until one side closes or \
        says that it will. So a response has to say where it ends. To stay open is \
        nothing special about a WebSocket.",
    run: one_connection_for_three,
};

fn one_connection_for_three(lab: &Lab) -> io::Result<bool> {
    let (mut client, mut server) = lab.connected()?;
    client.set_read_timeout(Some(SILENCE))?;
    let request = b"GET /news HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let response = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnone";
    let mut answered = 0;
    for n in 1..=3 {
        client.write_all(request)?;
        server.read_exact(&mut vec![0; request.len()])?;
        server.write_all(response)?;
        let whole = client.read_exact(&mut vec![0; response.len()]);
        lab.saw(format!("request {n}: client.read_exact(42 B)"), &whole);
        answered += usize::from(whole.is_ok());
    }
    let open = client.read(&mut [0; 64]);
    lab.saw("client.read(64 B), 200 ms at most", &open);
    drop(server);
    lab.did("drop(server)");
    let ended = client.read(&mut [0; 64]);
    lab.saw("client.read(64 B)", &ended);
    Ok(answered == 3 && waited(&open) && gave(&ended, 0))
}

const F6: Myth = Myth {
    ids: &["F6"],
    claim: "The first write after the other side has closed fails",
    question: "The server has closed its socket, and the client has read the end of the \
        stream. It writes 1 byte. What does write give?",
    answers: &["Ok(1)", "BrokenPipe", "ConnectionReset"],
    right: 'a',
    flaw: Flaw::Wrong,
    truth: "The first write succeeds: our kernel takes the byte and sends it. The answer \
        is a reset, and only a write after that one fails.",
    run: the_first_write_after_the_end,
};

fn the_first_write_after_the_end(lab: &Lab) -> io::Result<bool> {
    let (mut client, server) = lab.connected()?;
    drop(server);
    lab.did("drop(server)");
    let end = client.read(&mut [0; 64]);
    lab.saw("client.read(64 B)", &end);

    let first = client.write(b"x");
    lab.saw("client.write(1 B)", &first);
    // The reset is on its way. No call waits for it, so we write until it has come.
    let mut next = Ok(0);
    lab.until(|| {
        next = client.write(b"x");
        next.is_err()
    });
    lab.saw("client.write(1 B), after the reset", &next);
    Ok(gave(&end, 0) && gave(&first, 1) && failed(&next, ErrorKind::BrokenPipe))
}

const F7: Myth = Myth {
    ids: &["F7"],
    claim: "What was written before closing always arrives",
    question: "A server leaves a request unread, writes 300,000 bytes and closes. How \
        does the client's reading end?",
    answers: &[
        "with 300,000 bytes, then Ok(0)",
        "with fewer bytes, then Ok(0)",
        "with fewer bytes, then ConnectionReset",
    ],
    right: 'c',
    flaw: Flaw::HalfTrue,
    truth: "Who closes with bytes unread sends a reset, and what was not yet sent is \
        thrown away. On Linux the reader still gets what had arrived. So read to the end \
        first, then close.",
    run: closing_with_bytes_unread,
};

fn closing_with_bytes_unread(lab: &Lab) -> io::Result<bool> {
    let (mut client, mut server) = lab.connected()?;
    client.write_all(b"request")?;
    server.peek(&mut [0; 7])?; // It has arrived, and stays unread.
    let written = server.write_all(&vec![b'x'; ANSWER]);
    lab.saw("server.write_all(300,000 B)", &written);
    drop(server);
    lab.did("drop(server), 7 B are unread");

    let mut got = 0;
    let mut buffer = vec![0; ANSWER];
    let end = loop {
        match client.read(&mut buffer) {
            Ok(n @ 1..) => got += n,
            end => break end,
        }
    };
    lab.found("client.read(), in a loop", format!("Ok: {} B", count(got as u64)));
    lab.saw("client.read(), the last one", &end);
    let reset = failed(&end, ErrorKind::ConnectionReset);
    Ok(written.is_ok() && got < ANSWER && reset)
}

const F8: Myth = Myth {
    ids: &["F8"],
    claim: "Connection reset means a fault of the network",
    question: "The client sends a question. The server closes its socket and has not \
        read it. What does the client's read give?",
    answers: &["Ok(0)", "ConnectionReset", "it waits"],
    right: 'b',
    flaw: Flaw::HalfTrue,
    truth: "Often a program at the other end closed a socket with bytes unread. This \
        one never left the machine.",
    run: a_reset_without_a_network,
};

fn a_reset_without_a_network(lab: &Lab) -> io::Result<bool> {
    let (mut client, server) = lab.connected()?;
    lab.saw("client.write(8 B)", &client.write(b"question"));
    server.peek(&mut [0; 8])?; // It has arrived, and stays unread.
    drop(server);
    lab.did("drop(server), 8 B are unread");
    let read = client.read(&mut [0; 64]);
    lab.saw("client.read(64 B)", &read);
    Ok(failed(&read, ErrorKind::ConnectionReset))
}

const F9: Myth = Myth {
    ids: &["F9"],
    claim: "Dropping my stream closes the connection",
    question: "A client's stream was cloned. The original is dropped. What does the \
        server's read give?",
    answers: &["Ok(0)", "ConnectionReset", "it waits"],
    right: 'c',
    flaw: Flaw::HalfTrue,
    truth: "The kernel closes a socket when its last handle is gone, and a clone is a \
        handle. shutdown ends the stream at once, whoever else holds it.",
    run: a_clone_keeps_it_open,
};

fn a_clone_keeps_it_open(lab: &Lab) -> io::Result<bool> {
    let (client, mut server) = lab.connected()?;
    let patience = server.read_timeout()?;
    server.set_read_timeout(Some(SILENCE))?;
    let clone = client.try_clone()?;
    lab.did("client.try_clone()");
    drop(client);
    lab.did("drop(client)");
    let open = server.read(&mut [0; 64]);
    lab.saw("server.read(64 B), 200 ms at most", &open);

    server.set_read_timeout(patience)?;
    lab.saw("clone.shutdown(Write)", &clone.shutdown(Shutdown::Write));
    let ended = server.read(&mut [0; 64]);
    lab.saw("server.read(64 B)", &ended);
    Ok(waited(&open) && gave(&ended, 0))
}

const M2: Myth = Myth {
    ids: &["M2"],
    claim: "An HTTP response ends when no more data comes",
    question: "A server sends a response without Content-Length and keeps the \
        connection open. How does the client know that this was all?",
    answers: &["by the silence", "by the empty line", "not at all: it waits"],
    right: 'c',
    flaw: Flaw::Wrong,
    truth: "Silence is no end. A response ends where its length says, at its last chunk, \
        or at the end of the stream, and then the server must close.",
    run: silence_is_no_end,
};

fn silence_is_no_end(lab: &Lab) -> io::Result<bool> {
    let (mut client, mut server) = lab.connected()?;
    client.set_read_timeout(Some(SILENCE))?;
    server.write_all(b"HTTP/1.1 200 OK\r\n\r\nhello")?;
    let mut response = Vec::new();
    let waiting = client.read_to_end(&mut response);
    lab.saw("client.read_to_end(), 200 ms at most", &waiting);
    lab.found("what it has by then", format!("{} B", response.len()));

    server.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")?;
    let whole = client.read_exact(&mut [0; 43]);
    lab.saw("client.read_exact(a head, and 5 B)", &whole);
    Ok(waited(&waiting) && response.len() == 24 && whole.is_ok())
}

const M5: Myth = Myth {
    ids: &["M5"],
    claim: "Bytes are lost if I close right after writing",
    question: "A client writes 200,000 bytes and drops its socket before anybody has \
        read one. How many bytes arrive?",
    answers: &["none", "those of the first packets", "all of them"],
    right: 'c',
    flaw: Flaw::HalfTrue,
    truth: "After a close the kernel goes on sending what write has handed over. One \
        condition: nothing is unread at the side that closes. Otherwise it resets.",
    run: closed_before_anybody_read,
};

fn closed_before_anybody_read(lab: &Lab) -> io::Result<bool> {
    let (mut client, mut server) = lab.connected()?;
    let written = client.write_all(&vec![b'x'; 200_000]);
    lab.saw("client.write_all(200,000 B)", &written);
    drop(client);
    lab.did("drop(client)");
    let read = server.read_to_end(&mut Vec::new());
    lab.saw("server.read_to_end()", &read);
    Ok(written.is_ok() && gave(&read, 200_000))
}
