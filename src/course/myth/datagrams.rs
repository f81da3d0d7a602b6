//! Datagrams: edges, losses, refusals, and a connection that is none.

use std::io::{self, ErrorKind, Write};
use std::net::UdpSocket;

use super::claim::{Flaw, Myth};
use super::lab::{Lab, SILENCE, failed, gave, waited};
use crate::kit::text::count;

pub(super) const MYTHS: &[Myth] = &[C14, C19, C20, F19, F20, F21];

/// Far more than a socket keeps for a program that does not read.
const MANY: usize = 10_000;

const C14: Myth = Myth {
    ids: &["C14"],
    claim: "UDP sockets have a connection, an unreliable one",
    question: "A UDP socket is connected to a peer. A stranger sends it a datagram, then \
        the peer does. What does recv give first?",
    answers: &["the stranger's datagram", "the peer's datagram", "an error"],
    right: 'b',
    flaw: Flaw::Wrong,
    truth: "There is no connection. connect on a UDP socket sends nothing: it sets where \
        send goes, and lets datagrams from nobody else in.",
    run: connect_is_a_filter,
};

fn connect_is_a_filter(lab: &Lab) -> io::Result<bool> {
    let (socket, peer, stranger) = (lab.udp()?, lab.udp()?, lab.udp()?);
    let mut buffer = [0; 64];
    stranger.send_to(b"stranger", socket.local_addr()?)?;
    let open = socket.recv(&mut buffer);
    lab.saw("socket.recv(), not connected", &open);

    lab.saw("socket.connect(the peer)", &socket.connect(peer.local_addr()?));
    lab.saw(
        "stranger.send_to(8 B)",
        &stranger.send_to(b"stranger", socket.local_addr()?),
    );
    lab.saw("peer.send_to(4 B)", &peer.send_to(b"peer", socket.local_addr()?));
    let filtered = socket.recv(&mut buffer);
    lab.saw("socket.recv(), connected", &filtered);
    Ok(gave(&open, 8) && gave(&filtered, 4) && buffer.starts_with(b"peer"))
}

const C19: Myth = Myth {
    ids: &["C19"],
    claim: "A datagram too long for my buffer comes in pieces",
    question: "A datagram of 10 bytes has arrived, and another of 3. recv is called \
        twice with a buffer of 4 bytes. What does it give?",
    answers: &["4, then 4", "4, then 3", "10, then 3", "an error, then 3"],
    right: 'b',
    flaw: Flaw::Wrong,
    truth: "One recv takes one whole datagram. What does not fit into the buffer is \
        gone: on Linux without a word.",
    run: a_datagram_is_cut,
};

fn a_datagram_is_cut(lab: &Lab) -> io::Result<bool> {
    let (sender, receiver) = (lab.udp()?, lab.udp()?);
    sender.connect(receiver.local_addr()?)?;
    lab.saw("sender.send(10 B)", &sender.send(b"0123456789"));
    lab.saw("sender.send(3 B)", &sender.send(b"end"));
    let cut = receiver.recv(&mut [0; 4]);
    lab.saw("receiver.recv(4 B)", &cut);
    let next = receiver.recv(&mut [0; 4]);
    lab.saw("receiver.recv(4 B)", &next);
    Ok(gave(&cut, 4) && gave(&next, 3))
}

const C20: Myth = Myth {
    ids: &["C20"],
    claim: "Over UDP nothing is acknowledged",
    question: "A datagram is lost. Who can notice it and send it again?",
    answers: &["the two kernels", "the two programs", "nobody"],
    right: 'b',
    flaw: Flaw::HalfTrue,
    truth: "UDP itself acknowledges nothing. A protocol above it may, and many do: here \
        the programs number, acknowledge and repeat by themselves.",
    run: acknowledged_by_the_programs,
};

fn acknowledged_by_the_programs(lab: &Lab) -> io::Result<bool> {
    let (sender, receiver) = (lab.udp()?, lab.udp()?);
    sender.connect(receiver.local_addr()?)?;
    receiver.connect(sender.local_addr()?)?;
    lab.saw("sender.send(\"1: hello\")", &sender.send(b"1: hello"));
    receiver.recv(&mut [0; 64])?; // The receiver acts as if this one had been lost.
    lab.did("receiver.recv(), and as if it had been lost");
    let patience = sender.read_timeout()?;
    sender.set_read_timeout(Some(SILENCE))?;
    let silence = sender.recv(&mut [0; 64]);
    lab.saw("sender.recv(), 200 ms at most", &silence);

    lab.saw("sender.send(\"1: hello\"), again", &sender.send(b"1: hello"));
    let received = receiver.recv(&mut [0; 64]);
    lab.saw("receiver.recv()", &received);
    lab.saw("receiver.send(\"1: ok\")", &receiver.send(b"1: ok"));
    sender.set_read_timeout(patience)?;
    let acknowledged = sender.recv(&mut [0; 64]);
    lab.saw("sender.recv()", &acknowledged);
    Ok(waited(&silence) && gave(&received, 8) && gave(&acknowledged, 5))
}

const F19: Myth = Myth {
    ids: &["F19"],
    claim: "Sending a datagram fails if nobody receives there",
    question: "A connected UDP socket sends to a port where no socket is. Which call \
        reports it?",
    answers: &["send", "the call after it", "none, ever"],
    right: 'b',
    flaw: Flaw::Wrong,
    truth: "send gives Ok: the kernel has the datagram. If a refusal comes back, the next \
        call on a connected socket reports it. An unconnected socket is never told.",
    run: nobody_receives,
};

fn nobody_receives(lab: &Lab) -> io::Result<bool> {
    // Connected to itself, a socket takes no datagram from others: they are refused, and
    // its port stays ours.
    let closed = lab.udp()?;
    closed.connect(closed.local_addr()?)?;
    let nobody = closed.local_addr()?;
    let free = lab.udp()?;
    let sent = [free.send_to(b"?", nobody), free.send_to(b"?", nobody)];
    lab.saw("unconnected.send_to(nobody)", &sent[0]);
    lab.saw("unconnected.send_to(nobody)", &sent[1]);
    free.set_read_timeout(Some(SILENCE))?;
    let silence = free.recv(&mut [0; 64]);
    lab.saw("unconnected.recv(), 200 ms at most", &silence);

    let bound = lab.udp()?;
    bound.connect(nobody)?;
    let first = bound.send(b"?");
    lab.saw("connected.send()", &first);
    let told = bound.recv(&mut [0; 64]);
    lab.saw("connected.recv()", &told);
    let never = gave(&sent[0], 1) && gave(&sent[1], 1) && waited(&silence);
    Ok(never && gave(&first, 1) && failed(&told, ErrorKind::ConnectionRefused))
}

const F20: Myth = Myth {
    ids: &["F20"],
    claim: "On one machine, UDP loses nothing",
    question: "10,000 datagrams are sent to a socket of this machine whose program does \
        not read yet. How many does it get later?",
    answers: &["all of them", "a part, and send fails for the others", "a part"],
    right: 'c',
    flaw: Flaw::Wrong,
    truth: "When the receiver's buffer is full, its kernel drops what comes. Every send \
        gave Ok, and no call ever tells of the loss.",
    run: a_full_buffer_drops,
};

fn a_full_buffer_drops(lab: &Lab) -> io::Result<bool> {
    let (sender, receiver) = (lab.udp()?, lab.udp()?);
    sender.connect(receiver.local_addr()?)?;
    let sent = (0..MANY).filter(|_| gave(&sender.send(&[b'x'; 1000]), 1000)).count();
    lab.found("sender.send(1,000 B)", format!("{} times Ok", count(sent as u64)));
    receiver.set_read_timeout(Some(SILENCE))?;
    let mut received = 0;
    let end = loop {
        match receiver.recv(&mut [0; 1000]) {
            Ok(_) => received += 1,
            end => break end,
        }
    };
    lab.found("receiver.recv()", format!("{} times Ok", count(received as u64)));
    lab.saw("receiver.recv(), 200 ms at most", &end);
    Ok(sent == MANY && (1..MANY).contains(&received) && waited(&end))
}

const F21: Myth = Myth {
    ids: &["F21"],
    claim: "An empty datagram does not exist, or it is the end",
    question: "A UDP socket sends 0 bytes, then 3. What does the other side's recv give?",
    answers: &["3", "0, then 3", "0, for ever"],
    right: 'b',
    flaw: Flaw::Wrong,
    truth: "A datagram of 0 bytes is a datagram, with a sender. It ends nothing. To a \
        stream, a write of 0 bytes adds nothing: nobody can tell that it was made.",
    run: an_empty_datagram,
};

fn an_empty_datagram(lab: &Lab) -> io::Result<bool> {
    let (sender, receiver): (UdpSocket, UdpSocket) = (lab.udp()?, lab.udp()?);
    sender.send_to(b"", receiver.local_addr()?)?;
    sender.send_to(b"end", receiver.local_addr()?)?;
    let empty = receiver.recv_from(&mut [0; 64]);
    lab.saw("receiver.recv_from()", &empty);
    let next = receiver.recv_from(&mut [0; 64]);
    lab.saw("receiver.recv_from()", &next);

    let (mut client, server) = lab.connected()?;
    lab.saw("client.write(0 B), TCP", &client.write(b""));
    server.set_read_timeout(Some(SILENCE))?;
    let nothing = server.peek(&mut [0; 64]);
    lab.saw("server.peek(64 B), 200 ms at most", &nothing);
    let from = sender.local_addr()?;
    Ok(gave(&empty, (0, from)) && gave(&next, (3, from)) && waited(&nothing))
}
