//! `chat-server --web`: members in browsers, in one room with those who speak in lines.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use tungstenite::{Message, WebSocket, client};

use super::Member;
use crate::harness::{HANG, Program, connect, read_to_end};
use crate::websocket::{CLOSE, PING, Peer, TEXT, masked};

fn doors() -> (Program, SocketAddr, SocketAddr) {
    let (mut server, lines) =
        Program::server(&["chat-server", "127.0.0.1:0", "--web", "127.0.0.1:0"]);
    let said = server.wait_for_output("/\n");
    let web = said.lines().nth(1).unwrap().strip_prefix("for browsers: http://");
    (server, lines, web.unwrap().trim_end_matches('/').parse().unwrap())
}

fn browser(web: SocketAddr) -> WebSocket<TcpStream> {
    client(format!("ws://{web}/chat"), connect(web)).unwrap().0
}

fn hears(socket: &mut WebSocket<TcpStream>, line: &str) {
    assert_eq!(socket.read().unwrap(), Message::text(line));
}

#[test]
fn lines_and_frames_meet_in_one_room() {
    let (_server, lines, web) = doors();
    let mut ann = Member::named(lines, "ann");
    let mut bob = browser(web);
    hears(&mut bob, "* welcome, guest-2: this is the lobby, /help lists the commands");
    ann.hears("* guest-2 joined");
    bob.send(Message::text("/name bob")).unwrap();
    hears(&mut bob, "= you are bob");
    ann.hears("* guest-2 is now bob");

    bob.send(Message::text("several\nlines pasted")).unwrap();
    ann.hears("<bob> several");
    ann.hears("<bob> lines pasted");
    ann.says("hello");
    hears(&mut bob, "<ann> hello");
    bob.send(Message::text("x".repeat(1001))).unwrap();
    hears(&mut bob, "! too long: a line has at most 1000 bytes");

    bob.send(Message::text("/quit")).unwrap();
    hears(&mut bob, "= goodbye");
    let Ok(Message::Close(Some(close))) = bob.read() else { panic!("no close") };
    assert_eq!(u16::from(close.code), 1000);
    ann.hears("* bob left");

    let mut stream = connect(web);
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let page = read_to_end(&stream);
    assert!(page.starts_with(b"HTTP/1.1 200 OK\r\n"));
}

#[test]
fn a_browser_that_is_gone_has_left() {
    let (_server, lines, web) = doors();
    let mut ann = Member::named(lines, "ann");
    let mut bob = browser(web);
    assert!(bob.read().unwrap().to_string().starts_with("* welcome"));
    ann.hears("* guest-2 joined");
    drop(bob);
    ann.hears("* guest-2 left");
}

#[test]
fn both_doors_close_with_a_goodbye() {
    let (server, lines, web) = doors();
    let mut ann = Member::named(lines, "ann");
    let mut bob = browser(web);
    assert!(bob.read().unwrap().to_string().starts_with("* welcome"));
    ann.hears("* guest-2 joined");

    server.interrupt();
    let goodbye = "* goodbye: the server is stopping";
    ann.hears(goodbye);
    ann.hears("");
    hears(&mut bob, goodbye);
    assert!(matches!(bob.read(), Ok(Message::Close(_))));
    drop((ann, bob));
    assert_eq!(server.end().code(), Some(0));
}

/// Neither silence nor pings keep a stream on which nothing can be said any more.
#[test]
fn whoever_does_not_answer_the_close_is_cut_off() {
    let (_server, _, web) = doors();
    for pings in [false, true] {
        let mut bob = Peer::at(web);
        assert!(bob.hears().1.starts_with(b"* welcome"));
        bob.frame(TEXT, b"/quit");
        assert_eq!(bob.hears(), (TEXT, b"= goodbye".to_vec()));
        assert_eq!(bob.hears(), (CLOSE, b"\x03\xe8goodbye".to_vec()));
        let begun = Instant::now();
        bob.0.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        while let Err(error) = bob.0.read(&mut [0])
            && error.kind() != ErrorKind::ConnectionReset
        {
            if pings {
                let _ = bob.0.write_all(&masked(PING, b"")); // It may be cut by now.
            }
            assert!(begun.elapsed() < HANG / 2, "still open");
        }
    }
}
