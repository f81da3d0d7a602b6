//! What those who do not read cost the page.

use std::io::Write;
use std::time::Instant;

use tungstenite::Message;

use super::{connect, socket};
use crate::harness::{HANG, Program};
use crate::websocket::{Peer, TEXT, masked};

/// Half a conversation is none: its texts would be news for all, and it would hear nothing.
#[test]
fn whoever_does_not_read_the_news_may_say_nothing_more() {
    // Whoever may be idle for a second may be stuck for a third of it.
    let (_server, addr) =
        Program::server(&["http-server", ":0", "--idle-timeout", "1", "--quiet"]);
    let mut deaf = Peer(connect(addr));
    deaf.sends(
        b"GET /news/socket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
          Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    assert!(deaf.head().starts_with("HTTP/1.1 101 "));
    let texts = masked(TEXT, &[b'x'; 1000]).repeat(100);
    let begun = Instant::now();
    while (&deaf.0).write_all(&texts).is_ok() {
        assert!(begun.elapsed() < HANG, "it is still heard");
    }

    let mut other = socket(addr, "/news/socket?after=0");
    other.send(Message::text("last")).unwrap();
    // It comes, unless a thousand other texts are heard in the meantime.
    loop {
        match other.read().unwrap() {
            Message::Text(text) if text.contains("last") => return,
            Message::Text(_) => {}
            silence => panic!("{silence:?}: whoever does not read was heard on and on"),
        }
    }
}
