//! Addresses, ports, and who can be reached where.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::thread;

use super::claim::{Flaw, Myth};
use super::lab::{Lab, PATIENCE, failed, gave, remembers, yes};

pub(super) const MYTHS: &[Myth] = &[C9, C11, C13, C22, C23, C25, C28, F17, F18, M4];

/// The broadcast address of the loopback network: such a datagram leaves no machine.
const BROADCAST: &str = "127.255.255.255";

const C9: Myth = Myth {
    ids: &["C9"],
    claim: "bind asks which port I am on",
    question: "A listener is bound to port 0. Which port does it have?",
    answers: &["0", "none before the first accept", "one that the system chose"],
    right: 'c',
    flaw: Flaw::HalfTrue,
    truth: "bind sets the address and the port. Port 0 lets the system choose one, and \
        local_addr asks which one it is. While it is bound, a second bind of it fails.",
    run: bind_sets_the_port,
};

fn bind_sets_the_port(lab: &Lab) -> io::Result<bool> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    lab.did("TcpListener::bind(127.0.0.1:0)");
    let addr = listener.local_addr();
    lab.saw("listener.local_addr()", &addr);
    let addr = addr?;
    let again = TcpListener::bind(addr);
    lab.opened(format!("TcpListener::bind({addr})"), &again);
    Ok(addr.port() != 0 && failed(&again, ErrorKind::AddrInUse))
}

const C11: Myth = Myth {
    ids: &["C11"],
    claim: "A client does not bind, so it has no port",
    question: "A client calls connect and nothing else. Does its socket have a local \
        port?",
    answers: &["no", "yes, the server's", "yes, one of its own"],
    right: 'c',
    flaw: Flaw::Wrong,
    truth: "connect binds too: it gives the socket a source address and a port that is \
        free at the moment. The server sees both as its peer address.",
    run: connect_binds,
};

fn connect_binds(lab: &Lab) -> io::Result<bool> {
    let listener = lab.listener()?;
    lab.saw("listener.local_addr()", &listener.local_addr());
    let client = lab.connect(listener.local_addr()?)?;
    let server = lab.accept(&listener)?;
    let (local, seen) = (client.local_addr(), server.peer_addr());
    lab.saw("client.local_addr()", &local);
    lab.saw("server.peer_addr()", &seen);
    Ok(local?.port() != listener.local_addr()?.port()
        && gave(&seen, client.local_addr()?))
}

const C13: Myth = Myth {
    ids: &["C13"],
    claim: "A port number belongs to one program or service",
    question: "TCP port P on 127.0.0.1 is taken. Which of these is still free?",
    answers: &[
        "UDP port P on 127.0.0.1",
        "TCP port P on 127.0.0.2",
        "both of them",
        "neither",
    ],
    right: 'c',
    flaw: Flaw::HalfTrue,
    truth: "A listener has a protocol, an address and a port, all three together. UDP \
        has its own ports, and so has every address. On Linux all of 127.0.0.0/8 is \
        this machine.",
    run: one_number_many_sockets,
};

fn one_number_many_sockets(lab: &Lab) -> io::Result<bool> {
    let listener = lab.listener()?;
    let port = listener.local_addr()?.port();
    lab.saw("TcpListener::bind(127.0.0.1:0)", &listener.local_addr());
    let udp = UdpSocket::bind(("127.0.0.1", port)).and_then(|udp| udp.local_addr());
    lab.saw(format!("UdpSocket::bind(127.0.0.1:{port})"), &udp);
    let other = bind(format!("127.0.0.2:{port}"), lab);
    let version_6 = !lab.has_ipv6() || bind(format!("[::1]:{port}"), lab).is_ok();
    let same = bind(format!("127.0.0.1:{port}"), lab);
    let free = udp.is_ok() && other.is_ok() && version_6;
    Ok(free && failed(&same, ErrorKind::AddrInUse))
}

fn bind(addr: String, lab: &Lab) -> io::Result<SocketAddr> {
    let bound = TcpListener::bind(&addr).and_then(|listener| listener.local_addr());
    lab.saw(format!("TcpListener::bind({addr})"), &bound);
    bound
}

const C22: Myth = Myth {
    ids: &["C22"],
    claim: "What is sent on a network reaches everybody on it",
    question: "A new UDP socket sends to a broadcast address. What does send_to give?",
    answers: &["Ok: all receive it", "Ok: nobody receives it", "an error"],
    right: 'c',
    flaw: Flaw::Wrong,
    truth: "Most of it goes to one address. To reach everybody is a way of delivery of \
        its own, broadcast: UDP has it, TCP has not, and a socket must first be permitted \
        to use it.",
    run: broadcast_needs_permission,
};

fn broadcast_needs_permission(lab: &Lab) -> io::Result<bool> {
    let receiver = UdpSocket::bind((BROADCAST, 0))?;
    receiver.set_read_timeout(Some(PATIENCE))?;
    let everybody = receiver.local_addr()?;
    let sender = lab.udp()?;
    let refused = sender.send_to(b"all", everybody);
    lab.saw(format!("sender.send_to({everybody})"), &refused);
    lab.saw("sender.set_broadcast(true)", &sender.set_broadcast(true));
    let sent = sender.send_to(b"all", everybody);
    lab.saw(format!("sender.send_to({everybody})"), &sent);
    let received = receiver.recv_from(&mut [0; 64]);
    lab.saw("receiver.recv_from()", &received);
    let permitted = gave(&sent, 3) && gave(&received, (3, sender.local_addr()?));
    Ok(failed(&refused, ErrorKind::PermissionDenied) && permitted)
}

const C23: Myth = Myth {
    ids: &["C23"],
    claim: "An IP address is the name of one device, and its only one",
    question: "Can one program on this machine listen on several IP addresses of it?",
    answers: &["no: a machine has one", "yes"],
    right: 'b',
    flaw: Flaw::HalfTrue,
    truth: "Addresses belong to interfaces, and a machine has several of both: loopback, \
        IPv4, IPv6. A client's choice of address is seen in the server's local_addr.",
    run: several_addresses_of_one_machine,
};

fn several_addresses_of_one_machine(lab: &Lab) -> io::Result<bool> {
    let mut addresses = vec!["127.0.0.1:0", "127.0.0.2:0"];
    if lab.has_ipv6() {
        addresses.push("[::1]:0");
    }
    let mut reached = 0;
    for addr in &addresses {
        let listener = TcpListener::bind(addr)?;
        let addr = listener.local_addr()?;
        let _client = lab.connect(addr)?;
        let here = lab.accept(&listener)?.local_addr();
        lab.did(&format!("connect({addr})"));
        lab.saw("server.local_addr()", &here);
        reached += usize::from(gave(&here, addr));
    }
    Ok(reached == addresses.len())
}

const C25: Myth = Myth {
    ids: &["C25"],
    claim: "A public address can be visited by everybody",
    question: "A client reaches 127.0.0.1, where a listener has just been dropped. \
        What does connect give?",
    answers: &["Ok", "ConnectionRefused", "TimedOut"],
    right: 'b',
    flaw: Flaw::Wrong,
    truth: "An address that can be reached is not enough: a socket must listen on the \
        port. That holds for a public address, too: it says where to send, not that \
        anybody answers.",
    run: reachable_and_refused,
};

fn reachable_and_refused(lab: &Lab) -> io::Result<bool> {
    let listener = lab.listener()?;
    let addr = listener.local_addr()?;
    let first = TcpStream::connect(addr);
    lab.opened(format!("connect({addr})"), &first);
    // The client's socket keeps the port from everybody else.
    drop(listener);
    lab.did("drop(listener)");
    let second = TcpStream::connect(addr);
    lab.opened(format!("connect({addr})"), &second);
    Ok(first.is_ok() && failed(&second, ErrorKind::ConnectionRefused))
}

const C28: Myth = Myth {
    ids: &["C28"],
    claim: "Port forwarding is address translation",
    question: "A program takes connections and forwards their bytes to a server. Whose \
        address does the server see?",
    answers: &["the client's", "the forwarding program's", "none"],
    right: 'b',
    flaw: Flaw::HalfTrue,
    truth: "Rewriting addresses in packets is one way to forward a port. A program that \
        copies bytes between two connections is another. The server then sees the \
        program's address.",
    run: a_forwarding_program,
};

fn a_forwarding_program(lab: &Lab) -> io::Result<bool> {
    let (outside, inside) = (lab.listener()?, lab.listener()?);
    let mut client = lab.connect(outside.local_addr()?)?;
    let mut front = lab.accept(&outside)?;
    let mut back = lab.connect(inside.local_addr()?)?;
    let mut server = lab.accept(&inside)?;
    thread::scope(|scope| {
        let forward = move || io::copy(&mut front, &mut back);
        thread::Builder::new().spawn_scoped(scope, forward)?;
        client.write_all(b"hello")?;
        let read = server.read(&mut [0; 64]);
        lab.saw("server.read(64 B), what the client wrote", &read);
        lab.saw("client.local_addr()", &client.local_addr());
        lab.saw("server.peer_addr()", &server.peer_addr());
        let other = client.local_addr()? != server.peer_addr()?;
        drop(client); // The end of its stream ends the forwarder.
        Ok(gave(&read, 5) && other)
    })
}

const F17: Myth = Myth {
    ids: &["F17"],
    claim: "127.0.0.1 or 0.0.0.0: for bind that is the same",
    question: "A server is bound to 127.0.0.1. A client connects to 127.0.0.2, the same \
        machine. What does connect give?",
    answers: &["Ok", "ConnectionRefused"],
    right: 'b',
    flaw: Flaw::Wrong,
    truth: "bind chooses the door. 127.0.0.1 is one address, for this machine alone. \
        0.0.0.0 stands for every IPv4 address that it has: here 127.0.0.2, which on \
        Linux is this machine, and also those that others can reach.",
    run: two_doors,
};

fn two_doors(lab: &Lab) -> io::Result<bool> {
    let knock = |door: &str| -> io::Result<io::Result<TcpStream>> {
        let listener = TcpListener::bind((door, 0))?;
        let port = listener.local_addr()?.port();
        lab.found(format!("TcpListener::bind({door}:0)"), listener.local_addr()?);
        let client = TcpStream::connect(("127.0.0.2", port));
        lab.opened(format!("connect(127.0.0.2:{port})"), &client);
        Ok(client)
    };
    let narrow = knock("127.0.0.1")?;
    let wide = knock("0.0.0.0")?;
    Ok(failed(&narrow, ErrorKind::ConnectionRefused) && wide.is_ok())
}

const F18: Myth = Myth {
    ids: &["F18"],
    claim: "localhost is 127.0.0.1",
    question: "What does std's IpAddr say to the text \"localhost\"?",
    answers: &["127.0.0.1", "::1", "it is no address"],
    right: 'c',
    flaw: Flaw::HalfTrue,
    truth: "localhost is a name that is looked up. The answer is a list: 127.0.0.1, ::1 \
        or both, as this machine has it configured. Above stands the list of this one.",
    run: localhost_is_a_name,
};

fn localhost_is_a_name(lab: &Lab) -> io::Result<bool> {
    let (number, name) = ("127.0.0.1".parse::<IpAddr>(), "localhost".parse::<IpAddr>());
    lab.found("\"127.0.0.1\".parse::<IpAddr>()", format!("{number:?}"));
    lab.found("\"localhost\".parse::<IpAddr>()", format!("{name:?}"));
    let found: Vec<SocketAddr> = ("localhost", 80).to_socket_addrs()?.collect();
    for addr in &found {
        lab.found("(\"localhost\", 80).to_socket_addrs()", addr);
    }
    let here = !found.is_empty() && found.iter().all(|addr| addr.ip().is_loopback());
    Ok(number.is_ok() && name.is_err() && here)
}

const M4: Myth = Myth {
    ids: &["M4"],
    claim: "After a restart, the port is in use for a minute",
    question: "A server closes its connection, then its listener. It binds the same port \
        again at once. What does bind give?",
    answers: &["Ok", "AddrInUse"],
    right: 'a',
    flaw: Flaw::HalfTrue,
    truth: "A remembered connection (TIME_WAIT) blocks the port only of a listener that \
        does not ask for address reuse. On Linux std asks for it. A socket that still \
        listens blocks the port in any case.",
    run: bind_again,
};

fn bind_again(lab: &Lab) -> io::Result<bool> {
    let listener = lab.listener()?;
    let addr = listener.local_addr()?;
    let mut client = lab.connect(addr)?;
    let server = lab.accept(&listener)?;
    let taken = TcpListener::bind(addr);
    lab.opened("bind(the same), while it listens", &taken);
    let peer = client.local_addr()?;

    drop(server); // The side that closes first is the one that remembers.
    let end = client.read(&mut [0; 9]);
    drop(client);
    drop(listener);
    lab.did("drop(server), drop(client), drop(listener)");
    let remembered = lab.until(|| !cfg!(target_os = "linux") || remembers(addr, peer));
    if cfg!(target_os = "linux") {
        lab.found("TIME_WAIT on this port", yes(remembered));
    }
    let again = TcpListener::bind(addr);
    lab.opened("bind(the same)", &again);
    let free = gave(&end, 0) && remembered && again.is_ok();
    Ok(failed(&taken, ErrorKind::AddrInUse) && free)
}
