//! What a socket is, and what a connection is.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, UdpSocket};

use super::claim::{Flaw, Myth};
use super::lab::{Lab, SILENCE, failed, gave, waited};

pub(super) const MYTHS: &[Myth] = &[C1, C2, C3, C6, C7, C12, C15, C16, F10];

/// As many servers as a class has seats. Each takes three descriptors here.
const SERVERS: usize = 50;

const C1: Myth = Myth {
    ids: &["C1", "C4"],
    claim: "An address and a port identify a connection",
    question: "One listener, two clients. How do the two sockets that accept returns \
        differ?",
    answers: &["in their local port", "in their peer address", "in both"],
    right: 'b',
    flaw: Flaw::Wrong,
    truth: "An address with a port is a socket address: one end. A connection is \
        identified by both ends. All sockets that accept returns have the listener's port.",
    run: two_clients_of_one_address,
};

fn two_clients_of_one_address(lab: &Lab) -> io::Result<bool> {
    let listener = lab.listener()?;
    let here = listener.local_addr()?;
    let _clients = (lab.connect(here)?, lab.connect(here)?);
    let (first, second) = (lab.accept(&listener)?, lab.accept(&listener)?);

    lab.saw("listener.local_addr()", &listener.local_addr());
    lab.saw("first.local_addr()", &first.local_addr());
    lab.saw("second.local_addr()", &second.local_addr());
    lab.saw("first.peer_addr()", &first.peer_addr());
    lab.saw("second.peer_addr()", &second.peer_addr());
    let same_end = gave(&first.local_addr(), here) && gave(&second.local_addr(), here);
    Ok(same_end && first.peer_addr()? != second.peer_addr()?)
}

const C2: Myth = Myth {
    ids: &["C2"],
    claim: "A program cannot be connected to several servers at once",
    question: "One thread connects to 50 listeners and keeps all the sockets. How many \
        of them work at the same time?",
    answers: &["one", "a few", "all 50"],
    right: 'c',
    flaw: Flaw::Wrong,
    truth: "A connected TCP socket has one peer, and a program may have as many sockets \
        as its limit of descriptors allows. One unconnected UDP socket can talk to \
        anybody.",
    run: many_servers_at_once,
};

fn many_servers_at_once(lab: &Lab) -> io::Result<bool> {
    let listeners: Vec<_> =
        (0..SERVERS).map(|_| lab.listener()).collect::<io::Result<_>>()?;
    let mut clients = Vec::new();
    let mut servers = Vec::new();
    for listener in &listeners {
        clients.push(lab.connect(listener.local_addr()?)?);
        servers.push(lab.accept(listener)?);
    }
    let mut answered = 0;
    for (mut client, mut server) in clients.iter().zip(&servers) {
        client.write_all(b"?")?;
        server.read_exact(&mut [0; 1])?;
        server.write_all(b"!")?;
        client.read_exact(&mut [0; 1])?;
        answered += 1;
    }
    lab.found(format!("{SERVERS} listeners, {SERVERS} clients"), "all connected");
    lab.found("asked each, and read its answer", format!("{answered} answers"));

    let one = lab.udp()?;
    let peers = [lab.udp()?, lab.udp()?, lab.udp()?];
    let mut told = 0;
    for peer in &peers {
        one.send_to(b"hello", peer.local_addr()?)?;
        let from = peer.recv_from(&mut [0; 9]).map(|(_, from)| from);
        lab.saw("peer.recv_from(), the sender", &from);
        told += usize::from(gave(&from, one.local_addr()?));
    }
    Ok(answered == SERVERS && told == peers.len())
}

const C3: Myth = Myth {
    ids: &["C3", "C17"],
    claim: "A program is a server or a client, not both",
    question: "A program listens on a port and connects to that same port. What happens?",
    answers: &[
        "connect fails: the port is taken",
        "it works: its client end gets another port",
        "it works: both ends have the same port",
    ],
    right: 'b',
    flaw: Flaw::Wrong,
    truth: "Server and client are roles, and one program can have both. Nothing has to \
        be arranged: connect gives the client's end a port of its own.",
    run: both_roles_in_one_program,
};

fn both_roles_in_one_program(lab: &Lab) -> io::Result<bool> {
    let listener = lab.listener()?;
    let here = listener.local_addr()?;
    lab.saw("listener.local_addr()", &listener.local_addr());
    let client = TcpStream::connect(here);
    lab.opened("TcpStream::connect(the same)", &client);
    let mut client = client?;
    let mut server = lab.accept(&listener)?;
    lab.saw("client.local_addr()", &client.local_addr());
    lab.saw("server.peer_addr()", &server.peer_addr());

    client.write_all(b"to myself")?;
    let read = server.read(&mut [0; 64]);
    lab.saw("server.read(64 B)", &read);
    let own_port = client.local_addr()?.port() != here.port();
    Ok(own_port && server.peer_addr()? == client.local_addr()? && gave(&read, 9))
}

const C6: Myth = Myth {
    ids: &["C6"],
    claim: "The listening socket becomes the connection",
    question: "A client has been accepted. Then the listener is dropped. What does the \
        connection do?",
    answers: &["it ends at once", "it is reset by the next write", "it works on"],
    right: 'c',
    flaw: Flaw::HalfTrue,
    truth: "A listener stays a listener, and it is never connected. accept returns a \
        new socket, which does not need the listener any more.",
    run: the_listener_is_not_the_connection,
};

fn the_listener_is_not_the_connection(lab: &Lab) -> io::Result<bool> {
    let listener = lab.listener()?;
    lab.found("TcpListener::bind()", format!("{listener:?}"));
    let mut client = lab.connect(listener.local_addr()?)?;
    lab.found("TcpStream::connect()", format!("{client:?}"));
    let mut server = lab.accept(&listener)?;
    lab.found("listener.accept()", format!("{server:?}"));

    drop(listener);
    lab.did("drop(listener)");
    let written = client.write(b"still there?");
    lab.saw("client.write(12 B)", &written);
    let read = server.read(&mut [0; 64]);
    lab.saw("server.read(64 B)", &read);
    Ok(gave(&written, 12) && gave(&read, 12))
}

const C7: Myth = Myth {
    ids: &["C7"],
    claim: "A connection is one socket that both sides share",
    question: "The client writes 2 bytes and drops its socket. Then the server reads. \
        What does read give?",
    answers: &["Ok(2)", "Ok(0)", "an error: the socket is gone"],
    right: 'a',
    flaw: Flaw::HalfTrue,
    truth: "A connection has two sockets, one at each end. Each has options, buffers and \
        a life of its own.",
    run: two_sockets_one_connection,
};

fn two_sockets_one_connection(lab: &Lab) -> io::Result<bool> {
    let (mut client, mut server) = lab.connected()?;
    lab.saw("client.set_nodelay(true)", &client.set_nodelay(true));
    lab.saw("client.nodelay()", &client.nodelay());
    let theirs = server.nodelay();
    lab.saw("server.nodelay()", &theirs);

    lab.saw("client.write(2 B)", &client.write(b"hi"));
    drop(client);
    lab.did("drop(client)");
    let read = server.read(&mut [0; 64]);
    lab.saw("server.read(64 B)", &read);
    Ok(gave(&theirs, false) && gave(&read, 2))
}

const C12: Myth = Myth {
    ids: &["C12"],
    claim: "A server makes a socket, binds it, and then listens",
    question: "A program calls TcpListener::bind and nothing else. Can clients connect?",
    answers: &["no: it has not called listen", "no: it has not called accept", "yes"],
    right: 'c',
    flaw: Flaw::HalfTrue,
    truth: "These are three system calls, but not three calls of std. TcpListener::bind \
        makes them all, and the kernel takes connections from then on.",
    run: bind_listens,
};

fn bind_listens(lab: &Lab) -> io::Result<bool> {
    let listener = lab.listener();
    lab.found("TcpListener::bind()", format!("{listener:?}"));
    let listener = listener?;
    let client = lab.connect(listener.local_addr()?);
    lab.found("TcpStream::connect()", format!("{client:?}"));

    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let refused = TcpStream::connect(socket.local_addr()?);
    lab.found("UdpSocket::bind()", format!("{socket:?}"));
    lab.opened("TcpStream::connect(its address)", &refused);
    Ok(client.is_ok() && failed(&refused, ErrorKind::ConnectionRefused))
}

const C15: Myth = Myth {
    ids: &["C15"],
    claim: "Stream sockets are TCP, datagram sockets are UDP",
    question: "Is there a stream socket that has no IP address and no port?",
    answers: &["no", "yes, on Unix"],
    right: 'b',
    flaw: Flaw::HalfTrue,
    truth: "Stream and datagram are types of sockets. TCP and UDP have one type each, \
        and the sockets of the Unix family, which never leave a machine, have both.",
    run: streams_without_tcp,
};

#[cfg(unix)]
fn streams_without_tcp(lab: &Lab) -> io::Result<bool> {
    use std::os::unix::net::{UnixDatagram, UnixStream};

    let (mut here, mut there) = UnixStream::pair()?;
    lab.saw("stream.local_addr(), a Unix stream", &here.local_addr());
    here.write_all(b"two ")?;
    here.write_all(b"writes")?;
    let one_read = there.read(&mut [0; 64]);
    lab.saw("stream.read(64 B), after two writes", &one_read);

    let (here, there) = UnixDatagram::pair()?;
    here.send(b"two ")?;
    here.send(b"datagrams")?;
    let one_recv = there.recv(&mut [0; 64]);
    lab.saw("datagram.recv(64 B), after two sends", &one_recv);
    Ok(gave(&one_read, 10) && gave(&one_recv, 4))
}

#[cfg(not(unix))]
fn streams_without_tcp(_: &Lab) -> io::Result<bool> {
    Err(ErrorKind::Unsupported.into())
}

const C16: Myth = Myth {
    ids: &["C16"],
    claim: "A socket is one end of a link between two programs",
    question: "A UDP socket is bound and not connected. What does peer_addr give?",
    answers: &["its own address", "0.0.0.0:0", "an error"],
    right: 'c',
    flaw: Flaw::HalfTrue,
    truth: "A connected socket is. A listener and an unconnected UDP socket have no \
        other end. And both ends may be in one program: here even in one socket.",
    run: a_socket_without_other_end,
};

fn a_socket_without_other_end(lab: &Lab) -> io::Result<bool> {
    let socket = lab.udp()?;
    let peer = socket.peer_addr();
    lab.saw("socket.local_addr()", &socket.local_addr());
    lab.saw("socket.peer_addr()", &peer);
    lab.saw("socket.send_to(2 B, itself)", &socket.send_to(b"me", socket.local_addr()?));
    let received = socket.recv_from(&mut [0; 64]);
    lab.saw("socket.recv_from()", &received);
    Ok(failed(&peer, ErrorKind::NotConnected)
        && gave(&received, (2, socket.local_addr()?)))
}

const F10: Myth = Myth {
    ids: &["F10"],
    claim: "A clone of a stream is a connection of its own",
    question: "10 bytes have arrived. The clone reads 4 of them, then the original \
        reads. What does it get?",
    answers: &["all 10 bytes", "the last 6 bytes", "nothing: it waits"],
    right: 'b',
    flaw: Flaw::Wrong,
    truth: "try_clone makes a second handle of the same socket. What one reads the other \
        does not get, and a time limit set on one holds for both.",
    run: a_clone_is_the_same_socket,
};

fn a_clone_is_the_same_socket(lab: &Lab) -> io::Result<bool> {
    let (mut client, mut server) = lab.connected()?;
    client.write_all(b"0123456789")?;
    let mut clone = server.try_clone()?;
    lab.saw("clone.read_exact(4 B)", &clone.read_exact(&mut [0; 4]));
    let mut buffer = [0; 64];
    let read = server.read(&mut buffer);
    lab.saw("original.read(64 B)", &read);
    lab.found("what it read", String::from_utf8_lossy(&buffer[..read?]));

    lab.saw("clone.set_read_timeout(200 ms)", &clone.set_read_timeout(Some(SILENCE)));
    let limit = server.read_timeout();
    lab.saw("original.read_timeout()", &limit);
    let read = server.read(&mut [0; 64]);
    lab.saw("original.read(64 B)", &read);
    Ok(buffer.starts_with(b"456789\0") && gave(&limit, Some(SILENCE)) && waited(&read))
}
