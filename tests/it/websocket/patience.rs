//! `ws-server`: for whom it waits, and for how long.

use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::socket::{
    self, AddressFamily, SockFlag, SockType, SockaddrStorage, setsockopt, socket, sockopt,
};

use super::{BINARY, PING, PONG, Peer, TEXT, masked, masked_head, serving};
use crate::harness::{HANG, Program, flat, run};

/// More than the kernels keep for one who does not read.
const LARGE: usize = 8 << 20;

/// A byte now and then is no reading: the limit is for the whole of what was said.
#[test]
fn whoever_reads_slowly_does_not_keep_the_news_from_the_others() {
    let (mut server, addr) = Program::server(&["ws-server", ":0", "--broadcast"]);
    let mut slow = Peer::on(connect_with_little_room(addr));
    let [mut ann, mut bob] = [Peer::at(addr), Peer::at(addr)];
    for peer in [&mut slow, &mut ann, &mut bob] {
        peer.frame(PING, b"");
        assert_eq!(peer.hears(), (PONG, Vec::new()));
    }
    thread::scope(|scope| {
        let (over, ended) = channel::<()>();
        scope.spawn(move || {
            let pause = Duration::from_millis(100);
            while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                let _ = slow.0.read(&mut [0; 3000]); // It may have been let go.
            }
        });
        let large = vec![b'x'; LARGE];
        let begun = Instant::now();
        ann.frame(BINARY, &large);
        assert!(bob.hears() == (BINARY, large));
        assert!(begun.elapsed() < HANG / 2, "{:?}", begun.elapsed());
        server.wait_for_words("does not take what the others say: let go");
        drop(over);
    });
}

#[test]
fn the_help_says_what_counts_as_idle() {
    let help = |command: &str| flat(&run(&[command, "--help"], b"").stdout);
    let words = "when no message has come for this long; pongs are none";
    assert!(help("ws-server").contains(words), "{}", help("ws-server"));
    let words = "when no byte has moved for this long";
    assert!(help("tcp-server").contains(words), "{}", help("tcp-server"));
}

/// The limit was looked at when nothing came, and a pong is something.
#[test]
fn pongs_without_a_pause_are_idle_and_a_message_in_pieces_is_not() {
    let (_server, addr) = serving(&["--ping-every", "30", "--idle-timeout", "2"]);
    let begun = Instant::now();
    let mut chatty = Peer::at(addr);
    let mut slow = Peer::at(addr);
    let pause = Some(Duration::from_millis(50));
    chatty.0.set_read_timeout(pause).unwrap();
    slow.sends(&masked_head(TEXT, 60));
    let mut pieces = 0;
    while chatty.0.peek(&mut [0]).is_err() {
        chatty.frame(PONG, b"");
        if pieces < 60 {
            slow.sends(&masked(TEXT, &[b'x'; 60])[6 + pieces..][..1]);
            pieces += 1;
        }
        assert!(begun.elapsed() < HANG / 2, "pongs keep it alive");
    }
    chatty.0.set_read_timeout(Some(HANG)).unwrap();
    assert_eq!(chatty.hears_close_and_end(1008), "no message for too long");
    slow.sends(&masked(TEXT, &[b'x'; 60])[6 + pieces..]);
    assert_eq!(slow.hears(), (TEXT, vec![b'x'; 60]));
}

/// Whose kernel takes a few KiB at a time, and tells of each.
fn connect_with_little_room(addr: SocketAddr) -> TcpStream {
    let (family, kind) = (AddressFamily::Inet, SockType::Stream);
    let client = socket(family, kind, SockFlag::empty(), None).unwrap();
    setsockopt(&client, sockopt::RcvBuf, &4096).unwrap();
    socket::connect(client.as_raw_fd(), &SockaddrStorage::from(addr)).unwrap();
    let stream = TcpStream::from(client);
    stream.set_read_timeout(Some(HANG)).unwrap();
    stream
}

/// Each of them is waited for a moment, and all of them together not much longer.
#[test]
fn many_who_do_not_read_share_the_time_for_a_goodbye() {
    let (mut server, addr) = Program::server(&["ws-server", ":0"]);
    let large = masked(BINARY, &vec![b'x'; LARGE]);
    let stuck: Vec<_> = (0..12).map(|_| Peer::at(addr)).collect();
    stuck.iter().for_each(|peer| peer.sends(&large));
    server.wait_for_many("frame out: binary", stuck.len());
    server.interrupt();
    server.wait_for("SO_SNDTIMEO 1.0 ms");
    assert_eq!(server.end().code(), Some(0));
}
