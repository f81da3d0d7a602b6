//! `udp-server` and `udp-client`.

use std::net::UdpSocket;
use std::time::Duration;

use crate::harness::{HANG, Program, events, flat, run};

/// A datagram socket of the test's own. Nothing here waits for ever.
fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(HANG)).unwrap();
    socket
}

fn addr(socket: &UdpSocket) -> String {
    socket.local_addr().unwrap().to_string()
}

/// The port of a datagram socket that hears nobody but its peer: for everybody else the
/// kernel answers that nobody is there. Keep the sockets.
fn nobody_receives() -> (String, [UdpSocket; 2]) {
    let (deaf, peer) = (socket(), socket());
    deaf.connect(peer.local_addr().unwrap()).unwrap();
    (addr(&deaf), [deaf, peer])
}

/// The text of a datagram, and whom to answer.
fn receive(socket: &UdpSocket) -> (String, std::net::SocketAddr) {
    let mut buffer = [0; 1024];
    let (n, from) = socket.recv_from(&mut buffer).unwrap();
    (String::from_utf8(buffer[..n].to_vec()).unwrap(), from)
}

#[test]
fn the_pair_runs_side_by_side() {
    let (server, addr) = Program::server(&["udp-server", ":0"]);
    let addr = addr.to_string();

    let client = run(&["udp-client", &addr, "-m", "hello", "--message", "you"], b"");
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "hello\nyou\n"));
    for call in ["socket ", "bind(", "connect(", "send(", "recv(", "close"] {
        assert!(client.stderr.contains(call), "{call}: {}", client.stderr);
    }

    let server = server.stop();
    assert_eq!(server.code(), Some(0));
    assert_eq!(server.stdout, format!("listening on {addr}\n"));
    for call in ["socket ", "bind(", "recvfrom(", "sendto(", "close"] {
        assert!(server.stderr.contains(call), "{call}: {}", server.stderr);
    }
    assert!(!server.stderr.contains("accept("), "{}", server.stderr);
}

#[test]
fn each_line_is_a_datagram_and_an_empty_line_an_empty_one() {
    let (server, addr) = Program::server(&["udp-server", ":0", "--json"]);

    let client = run(&["udp-client", &addr.to_string()], b"one\n\ntwo\r\nlast");

    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "one\n\ntwo\nlast\n"));
    let told = events(&server.stop().stderr);
    let received =
        told.iter().filter(|event| event.std.as_deref() == Some("UdpSocket::recv_from"));
    let sizes: Vec<_> = received.filter_map(|event| event.bytes).collect();
    assert_eq!(sizes, [3, 0, 3, 4, 0], "the last one is the stopper's wake-up");
    let remark = "an empty datagram is a message of no bytes, not an end";
    assert!(flat(&client.stderr).contains(remark), "{}", client.stderr);
}

#[test]
fn the_calls_of_an_unconnected_client_are_others() {
    let (_server, addr) = Program::server(&["udp-server", ":0", "--quiet"]);
    let addr = addr.to_string();

    let client = run(&["udp-client", &addr, "--no-connect", "-m", "hello"], b"");

    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "hello\n"));
    let told = flat(&client.stderr);
    assert!(told.contains(&format!("5 B \"hello\" to {addr}")), "{told}");
    assert!(told.contains(&format!("5 B \"hello\" from {addr}")), "{told}");
    assert!(!told.contains("connect("), "{told}");
}

#[test]
fn a_server_for_one_datagram_ends_by_itself() {
    let (server, addr) = Program::server(&["udp-server", ":0", "--once"]);
    let client = run(&["udp-client", &addr.to_string(), "-m", "only"], b"");
    let server = server.end();

    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "only\n"));
    assert_eq!(server.code(), Some(0), "{}", server.stderr);
    assert!(server.stderr.trim_end().lines().last().unwrap().contains("close"));
}

#[test]
fn a_server_nobody_writes_to_ends_after_its_idle_timeout() {
    let (server, _) = Program::server(&["udp-server", ":0", "--idle-timeout", "0.05"]);
    let server = server.end();

    assert_eq!(server.code(), Some(0), "{}", server.stderr);
    assert!(server.stderr.contains("SO_RCVTIMEO 50 ms"), "{}", server.stderr);
    assert!(server.stderr.contains("no datagram for too long"), "{}", server.stderr);
}

#[test]
fn a_server_says_what_a_small_buffer_has_cut() {
    let (mut server, addr) = Program::server(&["udp-server", ":0", "--buffer", "16"]);
    let client = socket();

    client.send_to(&[b'x'; 40], addr).unwrap();

    assert_eq!(receive(&client).0, "x".repeat(16));
    let told = flat(&server.wait_for("are gone"));
    assert!(told.contains("cut: peek saw 40 B, 16 B fitted, 24 B are gone"), "{told}");

    client.send_to(b"this one fits it", addr).unwrap();
    assert_eq!(receive(&client).0, "this one fits it");
    assert_eq!(server.stop().stderr.matches("cut:").count(), 1, "only what was cut");
}

#[test]
fn a_client_says_what_a_small_buffer_has_cut() {
    for more in [&[][..], &["--no-connect"]] {
        let server = socket();
        let addr = addr(&server);
        let args = ["udp-client", &addr, "--buffer", "16", "-m", "?"];
        let client = Program::start(&[&args, more].concat());

        let (_, peer) = receive(&server);
        server.send_to(&[b'y'; 40], peer).unwrap();

        let client = client.end();
        assert_eq!(client.code(), Some(0), "{}", client.stderr);
        assert_eq!(client.stdout, "y".repeat(16) + "\n");
        let told = flat(&client.stderr);
        assert!(
            told.contains("cut: peek saw 40 B, 16 B fitted, 24 B are gone"),
            "{told}"
        );
    }
}

#[test]
fn a_connected_client_hears_at_once_that_nobody_listens() {
    let (addr, _kept) = nobody_receives();

    // Were the refusal not seen, this would take longer than the test may.
    let client = run(&["udp-client", &addr, "--timeout", "600", "-m", "hello"], b"");

    assert_eq!((client.code(), client.stdout.as_str()), (Some(1), ""));
    let error = format!("error: could not get an answer from {addr}: Connection refused");
    assert!(client.stderr.contains(&error), "{}", client.stderr);
    assert!(client.stderr.contains("  hint: "), "{}", client.stderr);
    let told = flat(&client.stderr);
    assert!(told.contains("an earlier datagram was refused"), "{told}");
}

#[test]
fn an_unconnected_client_only_hears_silence() {
    let (addr, _kept) = nobody_receives();
    let args = ["--no-connect", "--timeout", "0.05", "--retries", "2", "-m", "hello"];

    let client = run(&[&["udp-client", &addr][..], &args].concat(), b"");

    assert_eq!((client.code(), client.stdout.as_str()), (Some(1), ""));
    for attempt in ["try 1 of 3", "try 2 of 3", "try 3 of 3"] {
        assert!(client.stderr.contains(attempt), "{}", client.stderr);
    }
    let error = "no datagram came in 3 tries of 50 ms";
    assert!(client.stderr.contains(error), "{}", client.stderr);
    assert!(client.stderr.contains("  hint: UDP does not say"), "{}", client.stderr);
    assert_eq!(client.stderr.matches("5 B \"hello\" to").count(), 3);
}

#[test]
fn a_lost_datagram_is_sent_again() {
    for more in [&[][..], &["--no-connect"]] {
        let server = socket();
        let addr = addr(&server);
        let args = ["udp-client", &addr, "--timeout", "0.1", "--retries", "50"];
        let client = Program::start(&[&args, more, &["-m", "ping"]].concat());

        let (lost, _) = receive(&server);
        let (question, peer) = receive(&server);
        server.send_to(b"pong", peer).unwrap();

        let client = client.end();
        assert_eq!((lost.as_str(), question.as_str()), ("ping", "ping"));
        assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "pong\n"));
        assert!(client.stderr.contains("no answer in 100 ms (try 1 of 51)"));
    }
}

#[test]
fn a_strangers_datagram_is_no_answer() {
    for (more, word) in [(&["--no-connect"][..], "ignored"), (&[], "truth")] {
        let (server, stranger) = (socket(), socket());
        let addr = addr(&server);
        let args = ["udp-client", &addr, "--timeout", "600", "-m", "?"];
        let client = Program::start(&[&args, more].concat());

        let (_, peer) = receive(&server);
        stranger.send_to(b"a hoax", peer).unwrap();
        server.send_to(b"the truth", peer).unwrap();

        let client = client.end();
        assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "the truth\n"));
        assert!(client.stderr.contains(word), "{}", client.stderr);
        // Only an unconnected socket is given a stranger's datagram at all.
        assert_eq!(
            client.stderr.contains("hoax"),
            word == "ignored",
            "{}",
            client.stderr
        );
    }
}

#[test]
fn ctrl_c_ends_a_server_that_waits() {
    let (mut server, _) = Program::server(&["udp-server", ":0"]);
    server.wait_for("waiting for a datagram");

    let server = server.stop();

    assert_eq!(server.code(), Some(0), "{}", server.stderr);
    assert!(server.stderr.contains("stopping"), "{}", server.stderr);
    assert!(server.stderr.trim_end().lines().last().unwrap().contains("close"));
}

#[test]
fn ctrl_c_ends_a_client_that_waits_for_an_answer() {
    for more in [&[][..], &["--no-connect"]] {
        let server = socket();
        let addr = addr(&server);
        let args = ["udp-client", &addr, "--timeout", "600", "-m", "?"];
        let mut client = Program::start(&[&args, more].concat());
        receive(&server);
        client.wait_for("waiting for a datagram");

        let client = client.stop();

        assert_eq!((client.code(), client.stdout.as_str()), (Some(0), ""));
        // The signal itself may have ended the wait, before any datagram could.
        let last = client.stderr.trim_end().lines().last().unwrap();
        assert!(last.contains("close"), "{}", client.stderr);
    }
}

#[test]
fn ctrl_c_ends_a_client_that_waits_for_input() {
    let server = socket();
    let mut client = Program::start(&["udp-client", &addr(&server)]);
    client.wait_for("SO_RCVTIMEO");

    let client = client.stop();

    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), ""));
}

#[test]
fn a_server_answers_whoever_wrote() {
    let (_server, addr) = Program::server(&["udp-server", ":0", "--quiet"]);
    let clients = [socket(), socket(), socket()];

    for (client, text) in clients.iter().zip(["a", "b", "c"]) {
        client.send_to(text.as_bytes(), addr).unwrap();
    }

    for (client, text) in clients.iter().zip(["a", "b", "c"]) {
        assert_eq!(receive(client), (text.to_owned(), addr));
        client.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        assert!(client.recv(&mut [0; 9]).is_err(), "one answer each");
    }
}

#[test]
fn the_largest_datagram_comes_back_whole() {
    let (_server, addr) = Program::server(&["udp-server", ":0", "--quiet"]);
    let addr = addr.to_string();
    let largest = "m".repeat(65_507);

    let client = run(&["udp-client", &addr, "-m", &largest], b"");

    assert_eq!((client.code(), client.stdout.len()), (Some(0), 65_508));
    assert!(client.stdout.trim_end() == largest);
    assert!(client.stderr.contains("65,507 B \"mmm"), "{}", client.stderr);
}

#[test]
fn the_longest_line_is_one_datagram() {
    let (server, addr) = Program::server(&["udp-server", ":0", "--json"]);
    let line = "m".repeat(65_507) + "\n";

    let client = run(&["udp-client", &addr.to_string()], line.as_bytes());

    assert_eq!((client.code(), client.stdout.len()), (Some(0), line.len()));
    // The line end behind it is not a message of its own.
    let sizes: Vec<_> = events(&server.stop().stderr)
        .into_iter()
        .filter(|event| event.std.as_deref() == Some("UdpSocket::send_to"))
        .filter_map(|event| event.bytes)
        .collect();
    assert_eq!(sizes[0], 65_507);
    assert_eq!(sizes.len(), 2, "the answer, and the stopper's wake-up: {sizes:?}");
}

#[test]
fn a_message_longer_than_any_datagram_is_an_error() {
    let server = socket();
    let addr = addr(&server);

    let client = run(&["udp-client", &addr, "-m", &"m".repeat(65_508)], b"");

    assert_eq!((client.code(), client.stdout.as_str()), (Some(1), ""));
    let error = format!("error: could not send to {addr}: ");
    assert!(client.stderr.contains(&error), "{}", client.stderr);
    assert!(client.stderr.contains("too long"), "{}", client.stderr);
    assert!(client.stderr.contains("close"), "{}", client.stderr);
}

/// A peek that has waited in vain has waited for all: nothing waits for the same again.
#[test]
fn a_small_buffer_does_not_make_the_wait_longer() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let addr = silent.local_addr().unwrap().to_string();
    let few = ["--timeout", "0.05", "--retries", "2", "--buffer", "4"];

    let asked = run(&[&["udp-client", &addr, "-m", "hello"], &few[..]].concat(), b"");

    assert_eq!(asked.code(), Some(1));
    assert_eq!(
        asked.stderr.matches("peek(3)       failed").count(),
        3,
        "{}",
        asked.stderr
    );
    assert!(!asked.stderr.contains("recv(3)"), "{}", asked.stderr);
}
