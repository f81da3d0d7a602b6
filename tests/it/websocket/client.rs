//! `ws-client`: what it sends, what it shows, and how it ends.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::thread;
use std::time::Instant;

use sockdemo::proto::websocket::handshake::accept;
use tungstenite::Message;

use super::{BINARY, CLOSE, PING, PONG, Peer, TEXT, serving};
use crate::harness::{Ended, Program, flat, run};

/// A server of the test's own, for one client.
struct Listening(TcpListener);

impl Listening {
    fn new() -> Listening {
        Listening(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    fn url(&self) -> String {
        format!("ws://{}", self.addr())
    }

    fn addr(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// The client, and its request.
    fn asked(&self) -> (Peer, String) {
        let mut peer = Peer(self.0.accept().unwrap().0);
        peer.0.set_read_timeout(Some(crate::harness::HANG)).unwrap();
        let request = peer.head();
        (peer, request)
    }

    /// A client whose handshake was answered.
    fn opened(&self) -> Peer {
        let (peer, request) = self.asked();
        peer.sends(switching(&request, "").as_bytes());
        peer
    }
}

fn switching(request: &str, more: &str) -> String {
    let key = request.split("Sec-WebSocket-Key: ").nth(1).unwrap();
    let accept = accept(key.lines().next().unwrap());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{more}\r\n"
    )
}

/// A frame of a server.
fn plain(first: u8, payload: &[u8]) -> Vec<u8> {
    [&[first, u8::try_from(payload.len()).unwrap()], payload].concat()
}

#[test]
fn the_pair_runs_side_by_side() {
    let (_server, addr) = serving(&[]);
    let url = format!("ws://{addr}");
    let client = run(&["ws-client", &url, "--ping", "hey"], "one\n\n日本\n".as_bytes());
    assert_eq!(
        (client.code(), client.stdout.as_str()),
        (Some(0), "pong: hey\none\n\n日本\n")
    );
    let told = flat(&client.stderr);
    for words in
        ["101 Switching Protocols", "it has the hash of our key", "frame out: close"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }

    let client = run(&["ws-client", "-q", &url, "-m", "one", "-m", "two"], b"not read");
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "one\ntwo\n"));
    let client =
        run(&["ws-client", "-q", &url, "--binary"], b"\x00\xff\x1b\n0123456789abcdefg\n");
    let shown = "binary, 3 B: 00 ff 1b\n\
        binary, 17 B: 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 …\n";
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), shown));
}

#[test]
fn the_request_is_what_a_server_wants_to_see() {
    let listening = Listening::new();
    let url = format!("{}/a/b?c=d", listening.url());
    let words =
        ["--origin", "http://page.example", "--subprotocol", "v2", "--subprotocol", "v1"];
    let client = Program::start(&[&["ws-client", &url][..], &words].concat());
    let (mut peer, request) = listening.asked();
    assert!(request.starts_with("GET /a/b?c=d HTTP/1.1\r\n"), "{request}");
    for field in [
        format!("Host: {}", listening.addr()),
        "Upgrade: websocket".to_owned(),
        "Connection: Upgrade".to_owned(),
        "Sec-WebSocket-Version: 13".to_owned(),
        "Origin: http://page.example".to_owned(),
        "Sec-WebSocket-Protocol: v2, v1".to_owned(),
    ] {
        assert!(request.contains(&format!("\r\n{field}\r\n")), "{field}: {request}");
    }
    peer.sends(switching(&request, "Sec-WebSocket-Protocol: v1\r\n").as_bytes());
    peer.sends(&plain(CLOSE, b""));
    assert_eq!(peer.hears_masked().2, b"");
    drop(peer);
    let client = client.end();
    assert_eq!(client.code(), Some(0), "{client:?}");
    assert!(flat(&client.stderr).contains("subprotocol: v1"), "{client:?}");
}

#[test]
fn every_frame_has_a_mask_of_its_own() {
    let listening = Listening::new();
    let words: Vec<String> = (0..50).map(|i| format!("-mmessage {i}")).collect();
    let url = listening.url();
    let args: Vec<&str> = ["ws-client", "-q", &url].into_iter().collect();
    let args: Vec<&str> =
        args.into_iter().chain(words.iter().map(String::as_str)).collect();
    let client = Program::start(&args);
    let mut peer = listening.opened();
    let mut keys = BTreeSet::new();
    for i in 0..50 {
        let (first, key, payload) = peer.hears_masked();
        assert_eq!((first, payload), (TEXT, format!("message {i}").into_bytes()));
        keys.insert(key.unwrap());
    }
    assert_eq!(keys.len(), 50);
    let (first, key, payload) = peer.hears_masked();
    assert_eq!((first, key.is_some(), payload), (CLOSE, true, b"\x03\xe8".to_vec()));
    peer.sends(&plain(CLOSE, b"\x03\xe8"));
    drop(peer);
    assert_eq!(client.end().code(), Some(0));
}

#[test]
fn pings_are_answered_and_messages_are_shown_however_they_come() {
    let listening = Listening::new();
    let client = Program::start(&["ws-client", "-q", &listening.url()]);
    let (mut peer, request) = listening.asked();
    // The first frames come with the answer.
    let begun = [plain(0x01, b"Hel"), plain(PING, b"between")].concat();
    peer.sends(&[switching(&request, "").as_bytes(), &begun].concat());
    let (first, key, payload) = peer.hears_masked();
    assert_eq!((first, key.is_some(), payload), (PONG, true, b"between".to_vec()));
    peer.sends(&[plain(0x80, b"lo"), plain(BINARY, &[0, 255])].concat());
    peer.sends(&plain(PONG, b"nobody asked"));
    peer.sends(&plain(CLOSE, b"\x03\xe8bye"));
    assert_eq!(peer.hears_masked().2, b"\x03\xe8");
    drop(peer);
    let client = client.end();
    assert_eq!(
        (client.code(), client.stdout.as_str()),
        (Some(0), "Hello\nbinary, 2 B: 00 ff\n")
    );
}

/// How the client ends after these bytes of a server, which then ends its stream.
fn after(bytes: &[u8]) -> Ended {
    let listening = Listening::new();
    let client = Program::start(&["ws-client", "-q", &listening.url()]);
    let peer = listening.opened();
    peer.sends(bytes);
    peer.0.shutdown(Shutdown::Write).unwrap();
    client.end()
}

#[test]
fn the_exit_code_says_how_the_conversation_ended() {
    for good in [&b""[..], b"\x03\xe8", b"\x03\xe9going"] {
        let client = after(&plain(CLOSE, good));
        assert_eq!((client.code(), client.stderr.as_str()), (Some(0), ""), "{good:?}");
    }
    for (bytes, words) in [
        (plain(CLOSE, b"\x03\xf3oops"), "1011, the server met an error, \"oops\""),
        (plain(CLOSE, b"\x03\xf1"), "1009, a message too big"),
        (plain(CLOSE, b"\x03\xf0"), "1008, against a rule of the one who closes"),
        (plain(CLOSE, b"\x0f\xa0"), "4000, the application's own"),
        (plain(CLOSE, b"\x03\xf3\x1b[2J"), r#""\u{1b}[2J""#),
        (vec![], "1006, no close frame was sent"),
        (
            b"\x81\x05He".to_vec(),
            "1006, no close frame was sent, in the middle of a frame",
        ),
        (b"\x81\x85\0\0\0\0Hello".to_vec(), "what a server sends is not masked"),
        (
            b"\x81\x01\xff".to_vec(),
            "could not understand the server: text that is not UTF-8",
        ),
        (b"\x82\x7f\x00\x00\x00\x00\x01\x00\x00\x01".to_vec(), "16777216 bytes"),
        (b"\x83\x00".to_vec(), "opcode 3 has no meaning"),
    ] {
        let client = after(&bytes);
        assert_eq!(client.code(), Some(1), "{bytes:x?}");
        let told = flat(&client.stderr);
        assert!(told.contains(words), "{words}: {told}");
    }
}

/// A client that was stopped finds everything at once: what it should have answered, and
/// why nobody waits for the answer any more.
#[cfg(unix)]
fn let_go_while_stopped(flags: &[&str], frames: &[u8], typed: &[u8]) -> Ended {
    let listening = Listening::new();
    let url = listening.url();
    let mut client = Program::start(&[&["ws-client", &url], flags].concat());
    let peer = listening.opened();
    client.wait_for_many("waiting for bytes", 2);
    client.signal("STOP");
    peer.sends(&[frames, &plain(CLOSE, b"\x03\xf0no answer")].concat());
    drop(peer);
    client.input(typed);
    client.signal("CONT");
    client.end()
}

#[cfg(unix)]
#[test]
fn whoever_was_let_go_says_why_even_if_no_answer_goes_out() {
    let ping = plain(PING, b"");
    for (flags, frames) in [
        (&[][..], ping.clone()),
        (&[], ping.repeat(3)),
        (&["--echo"], plain(TEXT, b"x").repeat(3)),
    ] {
        let client = let_go_while_stopped(flags, &frames, b"");
        let told = flat(&client.stderr);
        assert_eq!(client.code(), Some(1), "{told}");
        assert!(told.contains("could not finish the conversation: 1008, "), "{told}");
        assert!(told.contains("\"no answer\""), "{told}");
    }
}

/// Two threads find out that nobody is there any more, and one of them knows why.
#[cfg(target_os = "linux")]
#[test]
fn the_reason_counts_more_than_a_line_that_could_not_be_sent() {
    for _ in 0..10 {
        let lines = b"one\ntwo\nthree\nfour\n";
        let client = let_go_while_stopped(&[], &plain(PING, b""), lines);
        let told = flat(&client.stderr);
        assert!(told.contains("could not finish the conversation: 1008, "), "{told}");
    }
}

#[test]
fn the_wait_for_the_answer_to_our_close_frame_is_told() {
    let listening = Listening::new();
    let url = listening.url();
    let flags = ["--wait", "0.1", "-m", "x"];
    let mut client = Program::start(&[&["ws-client", &url][..], &flags].concat());
    let mut peer = listening.opened();
    client.wait_for_words("waiting until nothing has come for 100 ms");
    assert_eq!((peer.hears_masked().0, peer.hears_masked().0), (TEXT, CLOSE));
    client.wait_for_words("waiting for the server's close frame");
    peer.sends(&plain(CLOSE, b"\x03\xe8"));
    drop(peer);
    assert_eq!(client.end().code(), Some(0));
}

/// The stream is still open, and a send would succeed; but nobody would read it.
#[test]
fn input_that_comes_after_the_servers_close_is_not_told_as_sent() {
    let listening = Listening::new();
    let mut client = Program::start(&["ws-client", &listening.url()]);
    let mut peer = listening.opened();
    peer.sends(&plain(CLOSE, b"\x03\xe8"));
    assert_eq!(peer.hears_masked().0, CLOSE);
    client.wait_for_words("no more input is sent");
    client.input(b"one\ntwo\n");
    let client = client.end();
    assert_eq!(client.code(), Some(1), "{client:?}");
    let told = flat(&client.stderr);
    assert!(told.contains("could not send all of the input: the server has closed"));
    assert!(!told.contains("frame out: text"), "{told}");
}

#[test]
fn a_server_that_breaks_a_rule_is_told_which() {
    let listening = Listening::new();
    let client = Program::start(&["ws-client", "-q", &listening.url()]);
    let mut peer = listening.opened();
    peer.sends(b"\xc1");
    let (first, _, payload) = peer.hears_masked();
    assert_eq!((first, &payload[..2]), (CLOSE, &b"\x03\xea"[..]));
    drop(peer);
    assert_eq!(client.end().code(), Some(1));
}

/// What a client says to this answer of a server, which then ends its stream.
fn refused(answer: &dyn Fn(&str) -> String) -> String {
    let listening = Listening::new();
    let client = Program::start(&["ws-client", "-q", &listening.url(), "-m", "hi"]);
    let (peer, request) = listening.asked();
    peer.sends(answer(&request).as_bytes());
    // Who has read enough may have left, and a close with bytes unread is a reset.
    let _ = peer.0.shutdown(Shutdown::Write);
    let client = client.end();
    assert_eq!((client.code(), client.stdout.as_str()), (Some(1), ""));
    flat(&client.stderr)
}

#[test]
fn an_answer_that_proves_nothing_is_no_websocket() {
    let good = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    let told =
        refused(&|_| format!("{good}Sec-WebSocket-Accept: bm90IHRoZSBoYXNo\r\n\r\n"));
    assert!(told.contains("not the hash of our key"), "{told}");
    let told = refused(&|_| format!("{good}\r\n"));
    assert!(told.contains("not the hash of our key"), "{told}");
    for (field, words) in [
        ("Sec-WebSocket-Extensions: permessage-deflate\r\n", "extension"),
        ("Sec-WebSocket-Protocol: chat\r\n", "subprotocol"),
    ] {
        let told = refused(&|request| switching(request, field));
        assert!(told.contains(words), "{told}");
    }
    for (from, to, words) in [
        ("Upgrade: websocket\r\n", "", "does not upgrade"),
        ("Connection: Upgrade\r\n", "Connection: close\r\n", "does not name Upgrade"),
    ] {
        let told = refused(&|request| switching(request, "").replace(from, to));
        assert!(told.contains(words), "{told}");
    }
    let told = refused(&|_| "HTTP/1.1 403 Forbidden\r\n\r\n".to_owned());
    assert!(told.contains("403 Forbidden") && told.contains("--origin"), "{told}");
    let told = refused(&|_| "HTTP/1.1 200 OK\r\n\r\nhello".to_owned());
    assert!(told.contains("200 OK") && told.contains("another path"), "{told}");
}

#[test]
fn what_is_no_server_for_http_is_told_as_http_client_tells_it() {
    let told = refused(&|_| "HTTP/1.1 101 Switch".to_owned());
    assert!(told.contains("whole head of the answer (19 B have come)"), "{told}");
    let told = refused(&|_| String::new());
    assert!(told.contains("ended before an answer"), "{told}");
    assert!(told.contains("hint: nothing came at all: is this a server"), "{told}");
    let told = refused(&|_| "SSH-2.0-OpenSSH_9\r\n".to_owned());
    assert!(
        told.contains("answer that begins with \"SSH-2.0-OpenSSH_9\\r\\n\""),
        "{told}"
    );
    assert!(told.contains("hint: does the program that listens there"), "{told}");
    let told = refused(&str::to_owned);
    assert!(told.contains("hint: that is what we sent: an echo server"), "{told}");
    let told = refused(&|_| "\x15\x03\x03\0\x02\x02F".to_owned());
    assert!(told.contains("hint: the server speaks TLS"), "{told}");
}

#[test]
fn why_a_server_refuses_stands_in_the_body() {
    let plain = "Content-Type: text/plain; charset=utf-8\r\n";
    let full = format!("{plain}Content-Length: 20\r\n\r\nfull, later\nand more");
    let chunked = format!(
        "{plain}Transfer-Encoding: chunked\r\n\r\n4\r\nfull\r\n7\r\n, later\r\n0\r\n\r\n"
    );
    let again = format!("{plain}\r\n503 Service Unavailable: full, later\r\n");
    for fields in [full, chunked, again] {
        let told = refused(&|_| format!("HTTP/1.1 503 Sorry\r\n{fields}"));
        let words = "the server answered 503 Service Unavailable: full, later";
        assert!(told.ends_with(words), "{told}");
    }
    let told = refused(&|_| format!("HTTP/1.1 503 Sorry\r\n{plain}\r\n\x1b[2J"));
    assert!(told.ends_with(r"Unavailable: \u{1b}[2J"), "{told}");
    let long = "x".repeat(10_000);
    let told = refused(&|_| format!("HTTP/1.1 503 Sorry\r\n{plain}\r\n{long}"));
    assert!(told.ends_with("xxx") && told.len() < 500, "{told}");
    for fields in ["Content-Type: text/html\r\n", "Content-Length: 0\r\n", ""] {
        let told = refused(&|_| format!("HTTP/1.1 503 Sorry\r\n{fields}\r\n<html>"));
        assert!(told.ends_with("answered 503 Service Unavailable"), "{told}");
    }
}

/// A proxy may say that it is still there (RFC 9110, section 15.2).
#[test]
fn what_is_only_a_word_on_the_way_is_skipped() {
    let listening = Listening::new();
    let client = Program::start(&["ws-client", &listening.url()]);
    let (mut peer, request) = listening.asked();
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    let words = format!("HTTP/1.1 100 Continue\r\n\r\n{hints}");
    peer.sends(format!("{words}{}", switching(&request, "")).as_bytes());
    peer.sends(&plain(CLOSE, b""));
    assert_eq!(peer.hears_masked().0, CLOSE);
    drop(peer);
    let client = client.end();
    assert_eq!(client.code(), Some(0), "{client:?}");
    assert!(flat(&client.stderr).contains("not the answer yet: 103"), "{client:?}");
}

#[test]
fn what_would_break_a_rule_is_not_sent() {
    let long = "x".repeat(126);
    for (flag, text, words) in [
        ("--ping", long.as_str(), "at most 125 bytes"),
        ("--origin", "a\r\nX: y", "a field ends with its line: no line breaks in it"),
        (
            "--subprotocol",
            "a\nX: y",
            "a name is letters, digits, and signs such as - and .",
        ),
        ("--subprotocol", "a, b", "a name is letters, digits, and signs such as - and ."),
        ("--subprotocol", "", "a name is letters, digits, and signs such as - and ."),
    ] {
        let client = run(&["ws-client", flag, text], b"");
        assert_eq!(client.code(), Some(2), "{client:?}");
        assert!(client.stderr.contains(words), "{client:?}");
    }
    let (_server, addr) = serving(&[]);
    let (url, longest) = (format!("ws://{addr}"), "x".repeat(125));
    let client = run(&["ws-client", "-q", &url, "--ping", &longest], b"");
    assert_eq!(client.stdout, format!("pong: {longest}\n"), "{client:?}");
}

#[test]
fn a_line_that_is_no_text_is_not_sent_as_text() {
    let (_server, addr) = serving(&[]);
    let client = run(&["ws-client", "-q", &format!("ws://{addr}")], b"ok\n\xff\n");
    assert_eq!(client.code(), Some(1));
    assert!(client.stderr.contains("--binary"), "{client:?}");
}

#[test]
fn ctrl_c_ends_it_before_and_after_the_handshake() {
    let listening = Listening::new();
    let client = Program::start(&["ws-client", "-q", &listening.url()]);
    let (peer, request) = listening.asked();
    assert_eq!(client.stop().code(), Some(0));
    drop((peer, request));

    // With an answer to the close frame, and without one.
    for answers in [true, false] {
        let mut client = Program::start(&["ws-client", &listening.url()]);
        let mut peer = listening.opened();
        client.wait_for_many("waiting for bytes", 2);
        client.interrupt();
        let (first, _, payload) = peer.hears_masked();
        assert_eq!((first, &payload[..]), (CLOSE, &b"\x03\xe9"[..]));
        if answers {
            peer.sends(&plain(CLOSE, b"\x03\xe9"));
            assert_eq!(peer.0.shutdown(Shutdown::Write).ok(), Some(()));
        }
        assert_eq!(client.end().code(), Some(0));
        drop(peer);
    }
}

/// The echo comes at once, so the silence begins at once, too.
#[test]
fn the_wait_before_closing_is_as_long_as_it_says() {
    let listening = Listening::new();
    let url = listening.url();
    let client = Program::start(&["ws-client", "-q", "--wait", "2", "-m", "x", &url]);
    let mut peer = listening.opened();
    assert_eq!(peer.hears_masked().0, TEXT);
    let since = Instant::now();
    peer.sends(&plain(TEXT, b"x"));
    assert_eq!(peer.hears_masked().0, CLOSE);
    let waited = since.elapsed().as_secs_f32();
    assert!((1.5..3.5).contains(&waited), "{waited} s");
    peer.sends(&plain(CLOSE, b"\x03\xe8"));
    drop(peer);
    assert_eq!(client.end().code(), Some(0));
}

#[test]
fn a_url_that_is_none_is_a_mistake_in_the_command_line() {
    for (url, words) in [
        ("http://127.0.0.1", "ws://HOST"),
        ("ws://somebody@127.0.0.1", "ws://HOST"),
        ("wss://127.0.0.1", "no TLS here"),
        ("ws://127.0.0.1:99999", "65535"),
    ] {
        let client = run(&["ws-client", url], b"");
        assert_eq!(client.code(), Some(2), "{url}");
        assert!(client.stderr.contains(words), "{url}: {}", client.stderr);
    }
}

#[test]
fn another_implementation_has_a_conversation_with_it() {
    let listening = Listening::new();
    let client = Program::start(&["ws-client", "-q", "--echo", &listening.url()]);
    let (stream, _) = listening.0.accept().unwrap();
    let mut peer = tungstenite::accept(stream).unwrap();
    for message in
        [Message::text("Hello"), Message::binary(vec![0; 70_000]), Message::text("日本")]
    {
        peer.send(message.clone()).unwrap();
        assert!(peer.read().unwrap() == message);
    }
    peer.send(Message::Ping(b"ping"[..].into())).unwrap();
    assert_eq!(peer.read().unwrap(), Message::Pong(b"ping"[..].into()));
    peer.close(None).unwrap();
    assert_eq!(peer.read().unwrap(), Message::Close(None));
    assert!(matches!(peer.read(), Err(tungstenite::Error::ConnectionClosed)));
    drop(peer);
    assert_eq!(client.end().code(), Some(0));
}

/// Whoever reads nothing until it has sent everything would be stuck with whoever does the
/// same.
#[test]
fn a_long_input_does_not_get_stuck() {
    let (_server, addr) = serving(&[]);
    let mut client = Program::start(&["ws-client", "-q", &format!("ws://{addr}")]);
    let mut input = client.take_input();
    let line = [&[b'x'; 100_000][..], b"\n"].concat();
    thread::scope(|scope| {
        scope.spawn(move || {
            for _ in 0..100 {
                input.write_all(&line).unwrap();
            }
        });
        let client = client.end();
        assert_eq!((client.code(), client.stdout.len()), (Some(0), 100 * 100_001));
    });
}
