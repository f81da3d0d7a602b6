//! `ws-server`: what it answers, what it refuses, and what rude clients cost the others.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sockdemo::kit::event::Call;
use tungstenite::Message;

use super::{
    BINARY, CLOSE, PING, PONG, Peer, REQUEST, TEXT, masked, masked_head, serving,
};
use crate::harness::{HANG, Program, connect, events, read_to_end, run};

#[test]
fn messages_come_back_on_any_path_and_of_any_size() {
    let (_server, addr) = serving(&[]);
    let mut peer = Peer::at(addr);
    peer.is_echoed("Hello");
    peer.is_echoed("");
    peer.is_echoed("日本");
    for length in [125, 126, 127, 0xffff, 0x1_0000, 1_000_000] {
        let payload: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        peer.frame(BINARY, &payload);
        let (first, echo) = peer.hears();
        assert!((first, &echo) == (BINARY, &payload), "{length}");
    }
    // A message in three frames, with a ping between them.
    peer.frame(0x01, "日".as_bytes().split_at(1).0);
    peer.frame(PING, b"between");
    assert_eq!(peer.hears(), (PONG, b"between".to_vec()));
    peer.frame(0x00, b"");
    peer.frame(0x80, "日".as_bytes().split_at(1).1);
    assert_eq!(peer.hears(), (TEXT, "日".as_bytes().to_vec()));
    // A pong that nobody asked for is no harm.
    peer.frame(PONG, b"here I am");
    peer.is_echoed("still there");
}

/// Section 1.3 of the RFC.
#[test]
fn the_answer_proves_that_the_key_was_read() {
    let (_server, addr) = serving(&[]);
    let mut peer = Peer(connect(addr));
    peer.sends(REQUEST.as_bytes());
    let head = peer.head();
    assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
    assert!(head.contains("\r\nUpgrade: websocket\r\n"), "{head}");
    assert!(head.contains("\r\nConnection: Upgrade\r\n"), "{head}");
    let accept = "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
    assert!(head.contains(accept), "{head}");
    assert!(!head.contains("Content-Length") && !head.contains("Extensions"), "{head}");
}

#[test]
fn whoever_does_not_wait_for_the_answer_is_heard() {
    let (_server, addr) = serving(&[]);
    let mut peer = Peer(connect(addr));
    peer.sends(
        &[REQUEST.as_bytes(), &masked(TEXT, b"early"), &masked(PING, b"")].concat(),
    );
    peer.head();
    assert_eq!(peer.hears(), (TEXT, b"early".to_vec()));
    assert_eq!(peer.hears(), (PONG, Vec::new()));
    peer.is_echoed("late");

    // Byte by byte, from the first of the request.
    let mut peer = Peer(connect(addr));
    peer.0.set_nodelay(true).unwrap();
    for byte in [REQUEST.as_bytes(), &masked(TEXT, b"slow")].concat() {
        peer.sends(&[byte]);
    }
    peer.head();
    assert_eq!(peer.hears(), (TEXT, b"slow".to_vec()));
}

#[test]
fn a_request_that_is_no_handshake_is_told_why() {
    let (_server, addr) = serving(&[]);
    let request = REQUEST.replace("keep-alive, Upgrade", "close, Upgrade");
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let version = "Sec-WebSocket-Version: 13\r\n";
    for (from, to, status, words) in [
        ("Upgrade: websocket\r\n", "", 426, "use ws://"),
        ("Upgrade: websocket\r\n", "Upgrade: h2c\r\n", 426, "use ws://"),
        ("GET /chat", "POST /chat", 411, ""),
        ("GET /chat", "OPTIONS /chat", 405, "begins with GET"),
        ("HTTP/1.1", "HTTP/1.0", 400, "HTTP/1.1"),
        ("close, Upgrade", "close", 400, "Connection does not name Upgrade"),
        (key, "", 400, "no Sec-WebSocket-Key"),
        (key, "Sec-WebSocket-Key: c2hvcnQ=\r\n", 400, "not 16 bytes"),
        (key, &format!("{key}{key}"), 400, "more than one"),
        (version, &format!("{version}Sec-WebSocket-Version: 8\r\n"), 400, "more than"),
        ("Version: 13", "Version: 8", 426, "only version 13"),
        (version, "", 400, "no Sec-WebSocket-Version"),
        ("Host: server.example.com\r\n", "", 400, "Host"),
    ] {
        let request = request.replace(from, to);
        let (status_line, answer) = answer(addr, &request);
        assert_eq!(status_line, status.to_string(), "{request}{answer}");
        assert!(answer.contains(words), "{request}{answer}");
        if status == 405 {
            assert!(answer.contains("\r\nAllow: GET\r\n"), "{answer}");
        }
        if words.contains("use ws") || words.contains("version") {
            assert!(answer.contains("\r\nSec-WebSocket-Version: 13\r\n"), "{answer}");
            assert!(answer.contains("\r\nUpgrade: websocket\r\n"), "{answer}");
        }
    }
    // Words are compared without their capitals.
    let odd = REQUEST.replace("Upgrade: websocket", "UPGRADE: WebSocket");
    let odd = odd.replace("keep-alive, Upgrade", "upgrade,keep-alive");
    assert_eq!(answer_head(addr, &odd), "101");
}

/// The status and the whole answer; the connection ends after it.
fn answer(addr: SocketAddr, request: &str) -> (String, String) {
    let stream = connect(addr);
    (&stream).write_all(request.as_bytes()).unwrap();
    let answer = String::from_utf8(read_to_end(&stream)).unwrap();
    (answer.split(' ').nth(1).unwrap_or_default().to_owned(), answer)
}

fn answer_head(addr: SocketAddr, request: &str) -> String {
    let mut peer = Peer(connect(addr));
    peer.sends(request.as_bytes());
    peer.head().split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn pages_of_other_sites_are_refused_unless_they_are_allowed() {
    let with = |origin: &str| {
        REQUEST
            .replace("Upgrade: ws", "")
            .replace("Sec-WebSocket-V", &format!("Origin: {origin}\r\nSec-WebSocket-V"))
    };
    let (_server, addr) = serving(&["--origin", "http://friend.example:8080"]);
    for (origin, status) in [
        ("http://server.example.com", "101"),
        ("http://friend.example:8080", "101"),
        ("HTTP://FRIEND.example:8080", "101"),
        ("http://friend.example", "403"),
        ("https://server.example.com", "403"),
        ("http://server.example.com.evil.example", "403"),
        ("null", "403"),
        ("http://friend.example:8080\r\nOrigin: http://evil.example", "403"),
        ("http://evil.example\r\nOrigin: http://friend.example:8080", "403"),
    ] {
        assert_eq!(answer_head(addr, &with(origin)), status, "{origin}");
    }
    // As people type it: browsers send neither this slash nor this port.
    let (_server, addr) = serving(&["--origin", "http://friend.example:80/"]);
    assert_eq!(answer_head(addr, &with("http://friend.example")), "101");
    for mistake in ["friend.example:8080", "http://friend.example/page", ""] {
        let server = run(&["ws-server", ":0", "--origin", mistake], b"");
        assert_eq!(server.code(), Some(2), "{mistake}: {server:?}");
        assert!(server.stderr.contains("hint: type SCHEME://HOST"), "{server:?}");
    }
    let (_server, addr) = serving(&["--origin", "*"]);
    assert_eq!(answer_head(addr, &with("http://anybody.example")), "101");
}

#[test]
fn every_broken_rule_has_its_code_and_nobody_else_notices() {
    let (_server, addr) = serving(&[]);
    let mut other = Peer::at(addr);
    for (bytes, code, words) in [
        (masked(0xc1, b""), 1002, "reserved bit"),
        (masked(0xa2, b""), 1002, "reserved bit"),
        (masked(0x83, b""), 1002, "opcode 3"),
        (masked(0x8f, b""), 1002, "opcode 15"),
        (masked(0x09, b""), 1002, "in one piece"),
        (masked(PING, &[0; 126]), 1002, "at most 125"),
        (b"\x81\x05Hello".to_vec(), 1002, "masked"),
        (masked(0x80, b""), 1002, "no message was begun"),
        ([masked(0x01, b""), masked(TEXT, b"")].concat(), 1002, "not finished"),
        (b"\x82\xfe\x00\x05".to_vec(), 1002, "shorter form"),
        (b"\x82\xff\x80".to_vec(), 1002, "top bit"),
        (masked(CLOSE, b"\x03"), 1002, "two bytes"),
        (masked(CLOSE, &1005_u16.to_be_bytes()), 1002, "1005"),
        (masked(CLOSE, &2999_u16.to_be_bytes()), 1002, "2999"),
        (masked(CLOSE, b"\x03\xe8\xff"), 1007, "UTF-8"),
        (masked(TEXT, b"\xff"), 1007, "UTF-8"),
        // The rest of this frame never comes, and is not waited for.
        (masked(TEXT, b"\xc0and so on")[..10].to_vec(), 1007, "UTF-8"),
        (masked_head(BINARY, 16 * 1024 * 1024 + 1), 1009, "16777216"),
        (masked_head(TEXT, u64::MAX >> 1), 1009, "16777216"),
    ] {
        let mut peer = Peer::at(addr);
        peer.is_echoed("before");
        peer.sends(&bytes);
        peer.0.shutdown(std::net::Shutdown::Write).unwrap();
        let reason = peer.hears_close_and_end(code);
        assert!(reason.contains(words), "{bytes:x?}: {reason}");
    }
    other.is_echoed("unharmed");
}

#[test]
fn a_message_of_the_limit_passes_and_one_byte_more_is_refused_at_its_head() {
    let (_server, addr) = serving(&["--max-message", "1K"]);
    let mut peer = Peer::at(addr);
    peer.is_echoed(&"x".repeat(1024));
    peer.frame(0x01, &[b'x'; 1000]);
    peer.frame(0x80, &[b'x'; 24]);
    assert_eq!(peer.hears().1.len(), 1024);
    peer.frame(0x01, &[b'x'; 1000]);
    peer.sends(&masked_head(0x80, 25));
    let reason = peer.hears_close_and_end(1009);
    assert_eq!(reason, "a message may have at most 1024 bytes here");
}

/// The refused message is under way, and the client learns why nevertheless.
#[test]
fn whoever_is_still_sending_too_much_hears_why() {
    let (_server, addr) = serving(&["--max-message", "64K"]);
    let mut peer = Peer::at(addr);
    peer.frame(BINARY, &vec![7; 3_000_000]);
    peer.0.shutdown(std::net::Shutdown::Write).unwrap();
    peer.hears_close_and_end(1009);
}

#[test]
fn a_close_is_answered_with_its_code_and_the_end() {
    let (_server, addr) = serving(&[]);
    for code in [1000, 1001, 1011, 3000, 4999_u16] {
        let mut peer = Peer::at(addr);
        let close = masked(CLOSE, &[&code.to_be_bytes()[..], b"bye"].concat());
        peer.sends(&[masked(TEXT, b"last"), close, masked(TEXT, b"too late")].concat());
        assert_eq!(peer.hears(), (TEXT, b"last".to_vec()));
        assert_eq!(peer.hears_close_and_end(code), "");
    }
    let mut peer = Peer::at(addr);
    peer.frame(CLOSE, b"");
    assert_eq!(peer.hears(), (CLOSE, Vec::new()));
    assert_eq!(peer.0.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_stream_that_ends_without_a_close_frame_is_no_conversation_any_more() {
    let (mut server, addr) = Program::server(&["ws-server", ":0"]);
    for (bytes, missing) in [
        (&b""[..], "this conversation"),
        (&masked(TEXT, b"Hello")[..1], "a frame's head"),
        (&masked(TEXT, b"Hello")[..8], "a frame"),
        (&masked(0x01, b"Hello"), "a message"),
    ] {
        let peer = Peer::at(addr);
        peer.sends(bytes);
        peer.0.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(read_to_end(&peer.0), b"");
        server.wait_for_words(&format!("1006: {missing} has no end, no close frame"));
    }
}

#[test]
fn silence_is_pinged_and_let_go_wherever_it_begins() {
    let (_server, addr) = serving(&["--ping-every", "0.2"]);
    for begun in [&b""[..], &masked(TEXT, b"Hello")[..1], &masked(TEXT, b"Hello")[..8]] {
        let mut peer = Peer(connect(addr));
        peer.sends(&[REQUEST.as_bytes(), begun].concat());
        assert!(peer.head().starts_with("HTTP/1.1 101 "));
        assert_eq!(peer.hears(), (PING, b"still there?".to_vec()));
        assert_eq!(peer.hears_close_and_end(1008), "no answer to a ping");
    }
}

#[test]
fn whoever_answers_pings_may_stay() {
    let (_server, addr) = serving(&["--ping-every", "0.7"]);
    let mut peer = Peer::at(addr);
    for _ in 0..4 {
        let (first, payload) = peer.hears();
        assert_eq!(first, PING);
        peer.frame(PONG, &payload);
    }
    peer.is_echoed("here I am");
}

#[test]
fn pongs_alone_are_idle() {
    let (_server, addr) = serving(&["--ping-every", "0.7", "--idle-timeout", "2"]);
    let begun = Instant::now();
    let mut peer = Peer::at(addr);
    let (code, reason) = loop {
        match peer.hears() {
            (PING, payload) => peer.frame(PONG, &payload),
            (CLOSE, why) => break (why[..2].to_vec(), why[2..].to_vec()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        (&code[..], &reason[..]),
        (&b"\x03\xf0"[..], &b"no message for too long"[..])
    );
    assert!(begun.elapsed() >= Duration::from_millis(1900), "{:?}", begun.elapsed());
}

#[test]
fn ctrl_c_tells_everybody_with_1001_and_ends() {
    let (server, addr) = serving(&[]);
    let mut peers: Vec<_> = (0..20).map(|_| Peer::at(addr)).collect();
    peers.iter_mut().for_each(|peer| peer.is_echoed("here"));
    let half_asked = connect(addr);
    (&half_asked).write_all(&REQUEST.as_bytes()[..30]).unwrap();
    server.interrupt();
    for mut peer in peers {
        let (first, why) = peer.hears();
        assert_eq!((first, &why[..]), (CLOSE, &b"\x03\xe9the server is stopping"[..]));
        peer.frame(CLOSE, &why);
        assert_eq!(peer.0.read(&mut [0]).unwrap(), 0);
    }
    drop(half_asked);
    let server = server.end();
    assert_eq!((server.code(), server.stderr.as_str()), (Some(0), ""));
}

#[test]
fn whoever_does_not_answer_the_close_or_does_not_read_is_cut() {
    let (server, addr) = serving(&[]);
    let mut silent = Peer::at(addr);
    silent.is_echoed("here");
    // Its echoes fill all buffers on the way to it, and it reads none of them.
    let stuck = Peer::at(addr);
    stuck.0.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let message = masked(BINARY, &[7; 60_000]);
    while (&stuck.0).write_all(&message).is_ok() {}
    let begun = Instant::now();
    server.interrupt();
    silent.hears_close_and_end(1001);
    let server = server.end();
    assert_eq!((server.code(), server.stderr.as_str()), (Some(0), ""));
    assert!(begun.elapsed() < HANG / 2, "{:?}", begun.elapsed());
}

#[test]
fn whoever_does_not_read_costs_nobody_else_anything() {
    let (_server, addr) = serving(&[]);
    let stuck = Peer::at(addr);
    stuck.0.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let message = masked(BINARY, &[7; 60_000]);
    while (&stuck.0).write_all(&message).is_ok() {}
    let mut other = Peer::at(addr);
    for _ in 0..100 {
        other.is_echoed("served");
    }
}

#[test]
fn a_full_server_says_so_in_http() {
    let (_server, addr) = serving(&["--max-clients", "1"]);
    let mut first = Peer::at(addr);
    let (status, _) = answer(addr, REQUEST);
    assert_eq!(status, "503");
    first.is_echoed("still served");
}

#[test]
fn once_is_one_conversation() {
    let (server, addr) = serving(&["--once"]);
    let mut peer = Peer::at(addr);
    peer.is_echoed("only");
    peer.frame(CLOSE, b"");
    assert_eq!(peer.hears().0, CLOSE);
    drop(peer);
    assert_eq!(server.end().code(), Some(0));
}

/// A send for each frame would take eight times as long.
#[test]
fn what_comes_together_is_answered_with_one_send() {
    let (server, addr) = Program::server(&["ws-server", ":0", "--json", "--once"]);
    let mut peer = Peer::at(addr);
    let many: Vec<u8> = (0..100).flat_map(|_| masked(TEXT, b"together")).collect();
    peer.sends(&many);
    for _ in 0..100 {
        assert_eq!(peer.hears().1, b"together");
    }
    peer.frame(CLOSE, b"");
    peer.hears();
    drop(peer);
    let events = events(&server.end().stderr);
    let sends = events.iter().filter(|event| event.call == Some(Call::Send));
    let sends = sends.filter(|event| event.waited_us.is_some()).count();
    // The answer to the request, the echoes (whose frames may have come in two or three
    // pieces), and the close frame.
    assert!((3..=10).contains(&sends), "{sends}");
    let notes = events.iter().filter_map(|event| event.text.as_deref());
    assert_eq!(notes.filter(|note| note.starts_with("frame out: text")).count(), 100);
}

#[test]
fn another_implementation_has_a_conversation_with_it() {
    let (_server, addr) = serving(&[]);
    let url = format!("ws://{addr}/any/path?and=query");
    let (mut peer, response) = tungstenite::client(url, connect(addr)).unwrap();
    assert_eq!(response.status(), 101);
    let long = "日本".repeat(100_000);
    for message in [
        Message::text("Hello"),
        Message::binary(vec![0, 1, 255]),
        Message::text(""),
        Message::text(long),
    ] {
        peer.send(message.clone()).unwrap();
        assert!(peer.read().unwrap() == message);
    }
    peer.send(Message::Ping(b"ping"[..].into())).unwrap();
    assert_eq!(peer.read().unwrap(), Message::Pong(b"ping"[..].into()));
    peer.close(None).unwrap();
    assert_eq!(peer.read().unwrap(), Message::Close(None));
    assert!(matches!(peer.read(), Err(tungstenite::Error::ConnectionClosed)));
}

#[test]
fn what_one_says_can_go_to_all_others() {
    let (_server, addr) = serving(&["--broadcast"]);
    let [mut ann, mut bob, mut cho] = [Peer::at(addr), Peer::at(addr), Peer::at(addr)];
    for peer in [&mut ann, &mut bob, &mut cho] {
        peer.frame(PING, b""); // Whoever is answered is on the list.
        assert_eq!(peer.hears(), (PONG, Vec::new()));
    }
    ann.sends(&[masked(TEXT, b"one"), masked(BINARY, b"two")].concat());
    for peer in [&mut bob, &mut cho] {
        assert_eq!(peer.hears(), (TEXT, b"one".to_vec()));
        assert_eq!(peer.hears(), (BINARY, b"two".to_vec()));
    }
    bob.frame(TEXT, b"three");
    assert_eq!(ann.hears(), (TEXT, b"three".to_vec()), "nothing of her own before it");
    assert_eq!(cho.hears(), (TEXT, b"three".to_vec()));
}

#[test]
fn whoever_does_not_take_what_others_say_is_let_go() {
    let (mut server, addr) = Program::server(&["ws-server", ":0", "--broadcast"]);
    let [mut ann, mut bob, mut deaf] = [Peer::at(addr), Peer::at(addr), Peer::at(addr)];
    for peer in [&mut ann, &mut bob, &mut deaf] {
        peer.frame(PING, b"");
        assert_eq!(peer.hears(), (PONG, Vec::new()));
    }
    let large = vec![b'x'; 8 << 20]; // More than the kernels keep for one who does not read.
    ann.frame(BINARY, &large);
    assert!(bob.hears() == (BINARY, large));
    server.wait_for_words("does not take what the others say: let go");
    ann.frame(TEXT, b"next");
    assert_eq!(bob.hears(), (TEXT, b"next".to_vec()));
}
