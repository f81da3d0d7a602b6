//! It never lies: what each demo says is compared with what the kernel did.
//!
//! A demo runs under strace. Then, thread by thread, the calls in the trace and the events in
//! the recording must be the same, with the same descriptors, addresses, sizes and errors, in
//! the same order: nothing invented, nothing left out. What may stay untold is the list
//! [`SILENT`], which `docs/events.md` explains.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use sockdemo::kit::event::{Call, Event, Phase};
use sockdemo::kit::reset::reset_on_close;

use crate::Test;
use crate::harness::{self, Program, connect, events, exchange, read_to_end, sockdemo};

pub const TESTS: &[Test] = &[
    test("truth: tcp-server tells a whole conversation", tcp_server_conversations),
    test(
        "truth: tcp-server tells several clients, over IPv6",
        tcp_server_several_over_ipv6,
    ),
    test("truth: tcp-server tells refusals and time limits", tcp_server_limits),
    test("truth: tcp-server tells a port in use", tcp_server_port_in_use),
    test("truth: tcp-server tells how it cuts a transfer", tcp_server_cut),
    Test {
        name: "truth: tcp-server tells a reset",
        needs: &["strace", "python3"],
        run: tcp_server_reset,
    },
    test("truth: tcp-client tells a whole conversation", tcp_client_conversation),
    test("truth: tcp-client tells an empty conversation", tcp_client_empty),
    test("truth: tcp-client tells a refusal", tcp_client_refused),
    test("truth: tcp-client tells a connect with a time limit", tcp_client_with_limit),
    test("truth: tcp-client tells how it is stopped", tcp_client_stopped),
    test("truth: chat-client tells a whole conversation", chat_client_conversation),
    test("truth: chat-client tells one connection after the other", chat_client_again),
    test("truth: chat-client tells how it is stopped", chat_client_stopped),
    test("truth: udp-server tells every datagram", udp_server_datagrams),
    test("truth: udp-server tells a cut datagram", udp_server_cut),
    test("truth: udp-client tells question and answer", udp_client_conversation),
    test("truth: udp-client tells that nobody listens", udp_client_refused),
    test("truth: udp-client tells silence and retries", udp_client_silence),
    test("truth: udp-client tells how it is stopped", udp_client_stopped),
    test("truth: forward tells whole conversations", forward_conversations),
    test("truth: forward tells resets and a refusal", forward_resets),
    test("truth: forward tells what a bad network does", forward_badly),
    test("truth: forward tells how it is stopped", forward_stopped),
    test("truth: forward tells every datagram", forward_datagrams),
    test("truth: chat-server tells whole conversations", chat_server_conversations),
    test("truth: chat-server tells whom it lets go and refuses", chat_server_limits),
    test("truth: chat-server tells how it is stopped", chat_server_stopped),
    test("truth: ws-server tells whole conversations", ws_server_conversations),
    test("truth: ws-server tells what it refuses and lets go", ws_server_limits),
    test("truth: ws-server tells how it is stopped", ws_server_stopped),
    test("truth: ws-client tells a whole conversation", ws_client_conversation),
    test("truth: ws-client tells a refusal and a cut stream", ws_client_refused),
    test("truth: ws-client tells how it is stopped", ws_client_stopped),
    test("truth: http-server tells whole conversations", http_server_conversations),
    test("truth: http-server tells refusals and slow heads", http_server_limits),
    test("truth: http-server tells how it is stopped", http_server_stopped),
    test("truth: http-client tells questions over one connection", http_client_keeps),
    test("truth: http-client tells a second connection", http_client_again),
    test("truth: http-client tells a cut body and a refusal", http_client_cut),
    test("truth: http-client tells how it is stopped", http_client_stopped),
    test("truth: a bulk transfer is told in sums that are exact", tcp_server_bulk),
];

const fn test(name: &'static str, run: fn()) -> Test {
    Test { name, needs: &["strace"], run }
}

/// Calls on our own sockets that are not narrated: they ask, or they are how std makes another
/// call. `fcntl(F_GETFD)` is made by debug builds before each close.
const SILENT: &[&str] =
    &["getsockname", "getpeername", "getsockopt", "poll", "ioctl", "fcntl"];

fn tcp_server_conversations() {
    let (mut server, addr) = Traced::server(&["tcp-server", ":0"]);
    let mut stream = connect(addr);
    assert_eq!(exchange(&stream, b"hello\n"), b"hello\n");
    stream.write_all(b"last words").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_to_end(&stream), b"last words");

    drop(connect(addr));
    server.program.wait_for_many("close  ", 2);
    let idle = connect(addr);
    server.program.wait_for_many(", here 127.0.0.1", 3);
    server.program.interrupt();
    assert_eq!(read_to_end(&idle), b"");
    drop(idle);
    server.compare();
}

fn tcp_server_several_over_ipv6() {
    let (mut server, addr) = Traced::server(&["tcp-server", "[::1]:0"]);
    let clients: Vec<_> = (0..5).map(|_| connect(addr)).collect();
    for (i, client) in clients.iter().enumerate().rev() {
        let words = format!("client {i}");
        assert_eq!(exchange(client, words.as_bytes()), words.as_bytes());
    }
    drop(clients);
    server.program.wait_for_many("end of stream", 5);
    server.program.interrupt();
    server.compare();
}

fn tcp_server_limits() {
    let (mut server, addr) = Traced::server(&[
        "tcp-server",
        ":0",
        "--max-clients",
        "1",
        "--idle-timeout",
        "2",
    ]);
    let _silent = connect(addr);
    server.program.wait_for("waiting for bytes");
    let refused = connect(addr);
    assert_eq!(read_to_end(&refused), b"server full, try again later\n");
    server.program.wait_for("idle for too long");
    server.program.interrupt();
    server.compare();
}

fn tcp_server_port_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    Traced::start(&["tcp-server", &addr]).compare();
}

/// With SO_LINGER on and zero, close sends a reset; std cannot set that, Python can.
fn tcp_server_reset() {
    let (mut server, addr) = Traced::server(&["tcp-server", ":0"]);
    let script = format!(
        "import socket, struct\n\
         s = socket.create_connection(('127.0.0.1', {}))\n\
         s.sendall(b'rude')\n\
         s.recv(4, socket.MSG_WAITALL)\n\
         s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))\n\
         s.close()",
        addr.port()
    );
    assert!(Command::new("python3").args(["-c", &script]).status().unwrap().success());
    server.program.wait_for("Connection reset");
    server.program.interrupt();
    server.compare();
}

/// The client sends and does not read, so the server is stuck in send when it is stopped.
fn tcp_server_cut() {
    let (mut server, addr) = Traced::server(&["tcp-server", ":0"]);
    let stream = connect(addr);
    let piece = vec![7; 1 << 20];
    thread::scope(|scope| {
        scope.spawn(|| while (&stream).write_all(&piece).is_ok() {});
        server.program.wait_for("waiting for room");
        server.program.interrupt();
        server.program.wait_for("cut: we are stopping");
        stream.shutdown(Shutdown::Both).unwrap();
    });
    server.compare();
}

fn tcp_server_bulk() {
    let (mut server, addr) = Traced::server(&["tcp-server", ":0"]);
    let stream = connect(addr);
    let piece = vec![7; 100_000];
    for _ in 0..40 {
        assert_eq!(exchange(&stream, &piece), piece);
    }
    drop(stream);
    server.program.wait_for("end of stream");
    server.program.interrupt();
    server.compare();
}

/// Sends lines and waits until the last line of an answer has come.
fn chats(mut member: &TcpStream, lines: &str, answer: &str) {
    member.write_all(lines.as_bytes()).unwrap();
    let mut heard = Vec::new();
    while !heard.ends_with(format!("{answer}\n").as_bytes()) {
        let mut piece = [0; 1000];
        let n = member.read(&mut piece).unwrap();
        assert_ne!(n, 0, "the end, and no {answer:?}");
        heard.extend(&piece[..n]);
    }
}

const WELCOMED: &str = "/help lists the commands";

fn chat_server_conversations() {
    let (mut server, addr) = Traced::server(&["chat-server", ":0"]);
    let ann = connect(addr);
    chats(&ann, "", WELCOMED);
    chats(&ann, "/name ann\n", "= you are ann");
    let bob = connect(addr);
    chats(&bob, "", WELCOMED);
    chats(&ann, "", "* guest-2 joined");
    chats(&bob, "hello\n/dance\n", "(/help lists them)");
    chats(&ann, "", "<guest-2> hello");
    bob.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_to_end(&bob), b"");
    chats(&ann, "", "* guest-2 left");
    let eve = connect(addr);
    chats(&eve, "", WELCOMED);
    reset_on_close(&eve).unwrap();
    drop(eve);
    chats(&ann, "", "* guest-3 left");
    chats(&ann, "/quit\n", "= goodbye");
    drop((ann, bob));
    server.program.wait_for_many("close  ", 3);
    server.program.interrupt();
    server.compare();
}

fn chat_server_limits() {
    let flags = ["--max-clients", "2", "--idle-timeout", "2"];
    let (mut server, addr) =
        Traced::server(&[&["chat-server", ":0"], &flags[..]].concat());
    let ann = connect(addr);
    chats(&ann, "", WELCOMED);
    let bob = connect(addr);
    chats(&bob, "", WELCOMED);
    assert_eq!(read_to_end(&connect(addr)), b"server full, try again later\n");
    // Who of them is let go first, and whether the other hears it, is left open.
    drop((read_to_end(&ann), read_to_end(&bob)));
    drop((ann, bob));
    server.program.wait_for_many("close  ", 3);
    server.program.interrupt();
    server.compare();
}

fn chat_server_stopped() {
    let (mut server, addr) = Traced::server(&["chat-server", ":0"]);
    let ann = connect(addr);
    chats(&ann, "", WELCOMED);
    let stuck = connect(addr);
    chats(&stuck, "", WELCOMED);
    // Its answers fill all buffers on the way to it, and it reads none of them.
    stuck.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    while (&stuck).write(&b"/help\n".repeat(1000)).is_ok() {}
    server.program.wait_for("does not read, and all wait: let go");
    chats(&ann, "", "* guest-2 left: did not read");
    server.program.interrupt();
    assert!(read_to_end(&ann).ends_with(b"* goodbye: the server is stopping\n"));
    drop(ann);
    server.compare();
}

fn tcp_client_conversation() {
    let (_server, addr) = Program::server(&["tcp-server", ":0", "--quiet"]);
    let mut client = Traced::start(&["tcp-client", &addr.to_string()]);
    client.program.input(b"one\n");
    client.program.wait_for_output("one\n");
    client.program.input(b"two\n");
    client.program.wait_for_output("two\n");
    client.program.close_input();
    client.compare();
}

fn tcp_client_empty() {
    let (_server, addr) = Program::server(&["tcp-server", "[::1]:0", "--quiet"]);
    let mut client = Traced::start(&["tcp-client", &addr.to_string()]);
    client.program.close_input();
    client.compare();
}

fn tcp_client_refused() {
    Traced::start(&["tcp-client", &nobody().to_string(), "-m", "hello"]).compare();
}

fn tcp_client_with_limit() {
    let (_server, addr) = Program::server(&["tcp-server", ":0", "--quiet"]);
    for addr in [addr, nobody()] {
        let addr = addr.to_string();
        Traced::start(&["tcp-client", &addr, "-m", "hi", "--connect-timeout", "5"])
            .compare();
    }
}

fn tcp_client_stopped() {
    let (_server, addr) = Program::server(&["tcp-server", ":0", "--quiet"]);
    let mut client = Traced::start(&["tcp-client", &addr.to_string()]);
    client.program.wait_for("waiting for bytes");
    client.program.interrupt();
    client.compare();
}

fn chat_client_conversation() {
    let (_server, addr) = Program::server(&["chat-server", ":0", "--quiet"]);
    let wishes = ["--name", "ann", "--room", "tea"];
    let mut client =
        Traced::start(&[&["chat-client", &addr.to_string()], &wishes[..]].concat());
    client.program.wait_for_output("= you are in tea");
    client.program.input("/who\n日本\n/list\n".as_bytes());
    client.program.wait_for_output(", tea 1");
    client.program.close_input();
    client.compare();
}

/// A reset, a clean end, nobody who listens, and a goodbye.
fn chat_client_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let mut client = Traced::start(&[
        "chat-client",
        &addr.to_string(),
        "--reconnect",
        "--name",
        "ann",
    ]);
    for rude in [true, false] {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 10]).unwrap();
        stream.write_all(b"welcome\n").unwrap();
        client.program.wait_for_many(r#" B "welcome"#, if rude { 1 } else { 2 });
        if rude {
            reset_on_close(&stream).unwrap();
        }
    }
    drop(listener);
    client.program.wait_for("Connection refused");
    client.program.wait_for("trying again in 2 s");
    client.program.interrupt();
    client.compare_without_threads();
}

fn chat_client_stopped() {
    let (_server, addr) = Program::server(&["chat-server", ":0", "--quiet"]);
    let mut client = Traced::start(&["chat-client", &addr.to_string()]);
    client.program.wait_for_output("* welcome");
    client.program.wait_for_many("waiting for bytes", 2);
    client.program.interrupt();
    client.compare();
}

/// Sends a request and waits until this stands in the answer.
fn asks(mut stream: &TcpStream, request: &str, answer: &str) {
    stream.write_all(request.as_bytes()).unwrap();
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains(answer) {
        let mut piece = [0; 1000];
        let n = stream.read(&mut piece).unwrap();
        assert_ne!(n, 0, "the end, and no {answer:?}");
        heard.extend(&piece[..n]);
    }
}

const HOST: &str = "Host: a\r\n";

fn http_server_conversations() {
    let (mut server, addr) = Traced::server(&["http-server", ":0", "--root", "src"]);
    let stream = connect(addr);
    asks(&stream, &format!("GET /lib.rs HTTP/1.1\r\n{HOST}\r\n"), "pub mod");
    let begun = format!("POST / HTTP/1.1\r\n{HOST}Content-Length: 5\r\n\r\nhe");
    (&stream).write_all(begun.as_bytes()).unwrap();
    server.program.wait_for_many("SO_RCVTIMEO", 2);
    asks(&stream, "llo", "hello");
    let last = format!("GET /none HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n");
    asks(&stream, &last, "404 Not Found");
    assert!(read_to_end(&stream).is_empty());
    drop(stream);
    server.program.wait_for_many("close  ", 1);
    drop(connect(addr));
    server.program.wait_for_many("close  ", 2);
    server.program.interrupt();
    server.compare();
}

fn http_server_limits() {
    let flags = ["--max-clients", "1", "--idle-timeout", "2", "--root", "src"];
    let (mut server, addr) =
        Traced::server(&[&["http-server", ":0"], &flags[..]].concat());
    let silent = connect(addr);
    server.program.wait_for("waiting for bytes");
    let full = String::from_utf8(read_to_end(&connect(addr))).unwrap();
    assert!(full.starts_with("HTTP/1.1 503 "), "{full}");
    assert!(read_to_end(&silent).is_empty());
    drop(silent);
    server.program.wait_for_many("close  ", 2);
    let rude = connect(addr);
    asks(&rude, "nonsense\r\n", "400 Bad Request");
    drop(rude);
    server.program.wait_for_many("close  ", 3);
    server.program.interrupt();
    server.compare();
}

fn http_server_stopped() {
    let (mut server, addr) = Traced::server(&["http-server", ":0", "--root", "src"]);
    let stream = connect(addr);
    asks(&stream, &format!("GET /lib.rs HTTP/1.1\r\n{HOST}\r\n"), "pub mod");
    server.program.wait_for_many("waiting for bytes", 2);
    server.program.interrupt();
    assert!(read_to_end(&stream).is_empty());
    drop(stream);
    server.compare();
}

fn http_client_keeps() {
    let (_server, addr) = Program::server(&["http-server", ":0", "-q", "--root", "src"]);
    let (one, two) = (format!("{addr}/lib.rs"), format!("{addr}/none"));
    Traced::start(&["http-client", &one, &two, &one]).compare();
    Traced::start(&["http-client", &one, "--data", "hello", "-i"]).compare();
}

/// One connection is ended by both sides, the next is gone when it is needed again.
fn http_client_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    let client = Traced::start(&["http-client", &addr, &addr, &addr]);
    for connection in ["close", "keep-alive", "keep-alive"] {
        let (stream, _) = listener.accept().unwrap();
        hear_question(&stream);
        let head = format!("HTTP/1.1 200 OK\r\nConnection: {connection}\r\n");
        let answer = format!("{head}Content-Length: 5\r\n\r\nhello");
        (&stream).write_all(answer.as_bytes()).unwrap();
    }
    client.compare_without_threads();
}

/// All of it: a socket that is closed with bytes unread resets.
fn hear_question(mut stream: &TcpStream) {
    let mut heard = Vec::new();
    while !heard.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        heard.extend(byte);
    }
}

fn http_client_cut() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    let client = Traced::start(&["http-client", &addr]);
    let (stream, _) = listener.accept().unwrap();
    hear_question(&stream);
    (&stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello").unwrap();
    reset_on_close(&stream).unwrap();
    drop(stream);
    client.compare();
    Traced::start(&["http-client", &nobody().to_string()]).compare();
}

fn http_client_stopped() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    let mut client = Traced::start(&["http-client", &addr]);
    let (stream, _) = listener.accept().unwrap();
    client.program.wait_for("waiting for bytes");
    client.program.interrupt();
    assert!(!read_to_end(&stream).is_empty(), "the question");
    client.compare();
}

fn udp_server_datagrams() {
    let (mut server, addr) = Traced::server(&["udp-server", ":0"]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(harness::HANG)).unwrap();
    for words in ["hello", "", "the third"] {
        socket.send_to(words.as_bytes(), addr).unwrap();
        let mut answer = [0; 100];
        let (n, _) = socket.recv_from(&mut answer).unwrap();
        assert_eq!(&answer[..n], words.as_bytes());
    }
    server.program.wait_for_many("sendto(", 3);
    server.program.interrupt();
    server.compare();
}

fn udp_server_cut() {
    let (mut server, addr) = Traced::server(&["udp-server", ":0", "--buffer", "4"]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(b"0123456789", addr).unwrap();
    server.program.wait_for("cut: peek saw 10 B, 4 B fitted, 6 B are gone");
    server.program.wait_for("sendto(");
    server.program.interrupt();
    server.compare();
}

fn udp_client_conversation() {
    let (_server, addr) = Program::server(&["udp-server", ":0", "--quiet"]);
    let addr = addr.to_string();
    Traced::start(&["udp-client", &addr, "-m", "one", "-m", "", "-m", "two"]).compare();
    Traced::start(&["udp-client", &addr, "-m", "one", "--no-connect"]).compare();
}

fn udp_client_refused() {
    Traced::start(&["udp-client", &nobody().to_string(), "-m", "hello"]).compare();
}

fn udp_client_silence() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let addr = silent.local_addr().unwrap().to_string();
    let few = ["--timeout", "0.05", "--retries", "1", "--no-connect"];
    Traced::start(&[&["udp-client", &addr, "-m", "hello"], &few[..]].concat()).compare();
}

fn udp_client_stopped() {
    let silent = UdpSocket::bind("[::1]:0").unwrap();
    let addr = silent.local_addr().unwrap().to_string();
    let mut client =
        Traced::start(&["udp-client", &addr, "-m", "hello", "--timeout", "60"]);
    client.program.wait_for("waiting for a datagram");
    client.program.interrupt();
    client.compare();
}

/// A client that has its answer.
fn ws_peer(addr: SocketAddr) -> TcpStream {
    let mut stream = connect(addr);
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {addr}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.extend(byte);
    }
    stream
}

/// Masked with zeros, so that it can be read.
const WS_HELLO: &[u8] = b"\x81\x85\0\0\0\0hello";
const WS_CLOSE: &[u8] = b"\x88\x82\0\0\0\0\x03\xe8";

fn ws_server_conversations() {
    let (mut server, addr) = Traced::server(&["ws-server", ":0"]);
    let mut stream = ws_peer(addr);
    stream.write_all(&[WS_HELLO, WS_HELLO, b"\x89\x80\0\0\0\0"].concat()).unwrap();
    let mut answers = [0; 16];
    stream.read_exact(&mut answers).unwrap();
    assert_eq!(&answers, b"\x81\x05hello\x81\x05hello\x8a\x00");
    stream.write_all(WS_CLOSE).unwrap();
    assert_eq!(read_to_end(&stream), b"\x88\x02\x03\xe8");
    drop(stream);
    // One who leaves without a word, one in the middle of a frame, one with a reset.
    drop(ws_peer(addr));
    ws_peer(addr).write_all(&WS_HELLO[..7]).unwrap();
    reset_on_close(&ws_peer(addr)).unwrap();
    server.program.wait_for_many("close  ", 4);
    server.program.interrupt();
    server.compare();
}

fn ws_server_limits() {
    let flags = ["--ping-every", "1", "--idle-timeout", "5", "--max-message", "100"];
    let (mut server, addr) = Traced::server(&[&["ws-server", ":0"], &flags[..]].concat());
    let plain = connect(addr);
    (&plain)
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .unwrap();
    assert!(read_to_end(&plain).starts_with(b"HTTP/1.1 426 "));
    let mut large = ws_peer(addr);
    large.write_all(b"\x82\xe5\0\0\0\0").unwrap();
    assert!(read_to_end(&large).starts_with(b"\x88"));
    let silent = ws_peer(addr);
    let heard = read_to_end(&silent);
    assert!(heard.ends_with(b"no answer to a ping"), "{heard:?}");
    drop((plain, large, silent));
    server.program.wait_for_many("close  ", 3);
    server.program.interrupt();
    server.compare();
}

fn ws_server_stopped() {
    let (mut server, addr) = Traced::server(&["ws-server", ":0"]);
    let (polite, silent) = (ws_peer(addr), ws_peer(addr));
    server.program.wait_for_many("waiting for bytes", 4);
    server.program.interrupt();
    assert_eq!((&polite).read(&mut [0; 100]).unwrap(), 26);
    (&polite).write_all(WS_CLOSE).unwrap();
    assert_eq!(read_to_end(&polite), b"");
    assert_eq!(read_to_end(&silent).len(), 26);
    server.compare();
}

fn ws_client_conversation() {
    let (_server, addr) = Program::server(&["ws-server", ":0", "--quiet"]);
    let mut client =
        Traced::start(&["ws-client", &format!("ws://{addr}"), "--ping", "hey"]);
    client.program.wait_for_output("pong: hey\n");
    for line in ["one\n", "日本\n"] {
        client.program.input(line.as_bytes());
        client.program.wait_for_output(line);
    }
    client.program.close_input();
    client.compare();
}

fn ws_client_refused() {
    let (_server, addr) = Program::server(&["http-server", ":0", "--quiet"]);
    Traced::start(&["ws-client", &format!("ws://{addr}/no/such/file")]).compare();
    Traced::start(&["ws-client", &format!("ws://{}", nobody())]).compare();
}

fn ws_client_stopped() {
    let (_server, addr) = Program::server(&["ws-server", ":0", "--quiet"]);
    let mut client = Traced::start(&["ws-client", &format!("ws://{addr}")]);
    client.program.wait_for_many("waiting for bytes", 2);
    client.program.interrupt();
    client.compare();
}

/// An address where nobody listens: it was somebody's a moment ago.
fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A demo under strace, with a recording.
struct Traced {
    program: Program,
    trace: PathBuf,
    recording: PathBuf,
}

impl Traced {
    fn start(args: &[&str]) -> Traced {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let base = format!("sockdemo-truth-{}-{number}", std::process::id());
        let trace = std::env::temp_dir().join(format!("{base}.strace"));
        let recording = std::env::temp_dir().join(format!("{base}.jsonl"));
        let mut command = Command::new("strace");
        // With -D our child is the demo, and strace its grandchild: signals reach the demo.
        command.args(["-D", "-f", "-qq", "-s", "32", "-o"]).arg(&trace);
        command.args([
            "-e",
            "trace=network,close,fcntl,ioctl,poll,dup,dup2,dup3,writev,readv",
        ]);
        command.arg(sockdemo()).args(args).arg("--record").arg(&recording);
        Traced { program: Program::run(command), trace, recording }
    }

    fn server(args: &[&str]) -> (Traced, SocketAddr) {
        let mut server = Traced::start(args);
        let addr = server.program.addr();
        (server, addr)
    }

    /// Waits for the end, and compares what was said with what was done.
    fn compare(self) {
        self.compare_after(|threads| threads);
    }

    /// The same for threads that follow one another under one name: which of them made a call
    /// is not said, so it is not compared.
    fn compare_without_threads(self) {
        self.compare_after(|threads| {
            let mut calls = threads.concat();
            calls.sort();
            vec![calls]
        });
    }

    fn compare_after(self, order: fn(Vec<Vec<String>>) -> Vec<Vec<String>>) {
        let ended = self.program.end();
        let trace = fs::read_to_string(&self.trace).unwrap();
        let recording = fs::read_to_string(&self.recording).unwrap();
        let events = events(&recording);

        let (done, said) = (order(by_thread(&trace)), order(by_speaker(&events)));
        assert!(!done.is_empty(), "strace saw nothing");
        assert_eq!(
            said, done,
            "\nsaid (left) and done (right) differ; the trace:\n{trace}"
        );
        assert_lines_match(&ended.stderr, &events);
        assert_announced(&events);

        fs::remove_file(self.trace).unwrap();
        fs::remove_file(self.recording).unwrap();
    }
}

/// What the screen says is what the recording says, line by line.
fn assert_lines_match(screen: &str, events: &[Event]) {
    let returned = |line: &&str| !line.contains('…') || line.contains('"');
    let heads: Vec<String> = screen
        .lines()
        .filter(|line| {
            ["server", "client", "front", "back"].iter().any(|who| line.starts_with(who))
        })
        .filter(returned)
        .filter_map(|line| line.get(10..24))
        .map(|head| head.trim().to_owned())
        .filter(|head| head != "*" && !head.is_empty())
        .collect();
    let expected: Vec<String> = events
        .iter()
        .filter(|event| event.phase == Phase::End)
        .map(|event| match (event.call.unwrap(), event.socket) {
            (call @ (Call::Socket | Call::Close), _) => call.name().to_owned(),
            (call, Some(socket)) => format!("{}({})", call.name(), socket.fd),
            (call, None) => call.name().to_owned(),
        })
        .collect();
    assert_eq!(heads, expected, "the screen said:\n{screen}");
}

/// A target of the test's own, and a traced forwarder in front of it.
fn forwarding(flags: &[&str]) -> (Traced, SocketAddr, TcpListener) {
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = target.local_addr().unwrap().to_string();
    let (traced, addr) = Traced::server(&[&["forward", ":0", &addr], flags].concat());
    (traced, addr, target)
}

fn forward_conversations() {
    let (mut forwarder, addr, target) = forwarding(&[]);
    for words in [&b"hello"[..], b""] {
        let (mut caller, (mut behind, _)) = (connect(addr), target.accept().unwrap());
        caller.write_all(words).unwrap();
        caller.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_to_end(&behind), words);
        behind.write_all(b"answer").unwrap();
        drop(behind);
        assert_eq!(read_to_end(&caller), b"answer");
    }
    forwarder.program.wait_for_many("close  ", 4);
    forwarder.program.interrupt();
    forwarder.compare();
}

fn forward_resets() {
    let (mut forwarder, addr, target) = forwarding(&["--deny", "127.0.0.2"]);
    let (caller, (behind, _)) = (connect(addr), target.accept().unwrap());
    reset_on_close(&behind).unwrap();
    drop(behind);
    assert!((&caller).read(&mut [0]).is_err());
    let (caller, (behind, _)) = (connect(addr), target.accept().unwrap());
    reset_on_close(&caller).unwrap();
    drop(caller);
    assert!((&behind).read(&mut [0]).is_err());
    drop(target);
    assert!((&connect(addr)).read(&mut [0]).is_err());
    forwarder.program.wait_for_many("close  ", 5);
    forwarder.program.interrupt();
    forwarder.compare();
}

fn forward_badly() {
    let up = "split=2,jitter=1ms,cut=7";
    let (mut forwarder, addr, target) = forwarding(&["--up", up, "--seed", "3"]);
    let (mut caller, (behind, _)) = (connect(addr), target.accept().unwrap());
    caller.write_all(b"hello, and more").unwrap();
    assert_eq!(read_to_end(&behind), b"hello, ");
    assert_eq!(read_to_end(&caller), b"");
    drop((caller, behind));
    forwarder.program.wait_for_many("close  ", 2);
    forwarder.program.interrupt();
    forwarder.compare();
}

fn forward_stopped() {
    let (mut forwarder, addr, target) = forwarding(&[]);
    let (caller, (behind, _)) = (connect(addr), target.accept().unwrap());
    forwarder.program.wait_for_many("waiting for bytes", 2);
    forwarder.program.interrupt();
    assert_eq!((read_to_end(&caller), read_to_end(&behind)), (vec![], vec![]));
    drop((caller, behind));
    forwarder.compare();
}

fn forward_datagrams() {
    let target = UdpSocket::bind("127.0.0.1:0").unwrap();
    target.set_read_timeout(Some(harness::HANG)).unwrap();
    let at = target.local_addr().unwrap().to_string();
    let (mut forwarder, addr) = Traced::server(&["forward", ":0", &at, "--udp"]);
    let callers = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
    for caller in callers.iter().chain(&callers) {
        caller.set_read_timeout(Some(harness::HANG)).unwrap();
        caller.send_to(b"question", addr).unwrap();
        let (n, from) = target.recv_from(&mut [0; 20]).unwrap();
        target.send_to(&b"question"[..n], from).unwrap();
        assert_eq!(caller.recv(&mut [0; 20]).unwrap(), 8);
    }
    forwarder.program.wait_for_many("sendto(", 4);
    forwarder.program.interrupt();
    forwarder.compare();
}

/// Every call says that it is about to be made, and then what became of it. In a burst that is
/// told in sums the announcements are left out.
fn assert_announced(events: &[Event]) {
    let mut announced = BTreeMap::new();
    for event in events.iter().filter(|_| events.iter().all(|event| event.run.is_none()))
    {
        let speaker = speaker(event);
        match (event.phase, event.call.unwrap_or(Call::Socket)) {
            (Phase::Begin, call) => drop(announced.insert(speaker, call)),
            // Made inside another call, or not worth a word before.
            (Phase::End, Call::Socket | Call::Setsockopt | Call::Listen)
            | (Phase::Note, _) => {}
            (Phase::End, call) => {
                assert_eq!(
                    announced.remove(&speaker),
                    Some(call),
                    "not announced: {event:?}"
                );
            }
        }
    }
}

fn speaker(event: &Event) -> (String, Option<u32>) {
    // One thread, whichever client it speaks of.
    let one = ["main", "stopper", "goodbye"].contains(&&*event.thread);
    (event.thread.to_string(), event.connection.filter(|_| !one))
}

/// What each thread said that it did. The threads have no names in the trace, so sort them.
fn by_speaker(events: &[Event]) -> Vec<Vec<String>> {
    let mut said: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.phase == Phase::End) {
        said.entry(speaker(event)).or_default().push(in_words(event));
    }
    sorted(said.into_values())
}

fn in_words(event: &Event) -> String {
    let call = event.call.unwrap();
    let fd = event.socket.map(|socket| socket.fd).unwrap_or_default();
    let addr = event.addr.map(|addr| addr.to_string()).unwrap_or_default();
    if let Some(error) = &event.error {
        let name = error.code.map_or(error.kind.clone(), errno_name);
        // A socket that std gave up before we could see it has no descriptor.
        return match event.socket.is_none() {
            true => format!("{} {addr} = {name}", call.name()),
            false => format!("{}({fd}) = {name}", call.name()),
        };
    }
    let bytes = event.bytes.unwrap_or_default();
    match call {
        Call::Accept => {
            format!("accept({fd}) = {} from {addr}", event.made.unwrap().fd)
        }
        Call::Bind | Call::Connect => format!("{}({fd}) {addr}", call.name()),
        Call::Send | Call::Recv | Call::Peek => match event.run {
            Some(run) => format!("{}({fd}) = {bytes} in {}", call.name(), run.calls),
            None => format!("{}({fd}) = {bytes}", call.name()),
        },
        Call::Sendto | Call::Recvfrom => {
            format!("{}({fd}) = {bytes} {addr}", call.name())
        }
        Call::Listen => format!("listen({fd}) 128"),
        Call::Shutdown => format!("shutdown({fd}) {}", event.text.as_deref().unwrap()),
        Call::Setsockopt => {
            let option = event.text.as_deref().unwrap().split(' ').next().unwrap();
            format!("setsockopt({fd}) {option}")
        }
        Call::Socket | Call::Close => format!("{}({fd})", call.name()),
    }
}

/// What each thread did with the program's own sockets.
fn by_thread(trace: &str) -> Vec<Vec<String>> {
    let mut own = Vec::new();
    let mut done: BTreeMap<u32, Vec<Called>> = BTreeMap::new();
    for call in calls(trace) {
        let internet = call.name != "socket" || call.args.contains("AF_INET");
        let fd = if call.name == "socket" { call.result } else { call.fd };
        if !internet || (call.name != "socket" && !own.contains(&fd)) {
            continue;
        }
        match call.name.as_str() {
            "socket" => own.push(fd),
            "accept4" if call.result >= 0 => own.push(call.result),
            "close" => own.retain(|open| *open != fd),
            _ => {}
        }
        done.entry(call.thread).or_default().push(call);
    }
    sorted(done.into_values().map(fold))
}

/// The calls of one thread, as the narration words them; runs of transfers are folded the way
/// the recording folds them, so that sums can be compared.
fn fold(calls: Vec<Called>) -> Vec<String> {
    let mut words: Vec<(i64, String)> = Vec::new();
    let mut connecting: Option<(i64, String)> = None;
    for call in calls {
        let error = call.error.clone();
        match (call.name.as_str(), &error) {
            ("connect", Some(error)) if error == "EINPROGRESS" => {
                connecting = Some((call.fd, call.address()));
            }
            // What a connect with a time limit came to is what poll says of it.
            ("poll", None) => {
                if let Some((fd, addr)) =
                    connecting.take_if(|_| !call.outcome.contains("POLLERR"))
                {
                    match call.result {
                        0 => {
                            give_up(&mut words, fd, format!("connect {addr} = TimedOut"));
                        }
                        _ => words.push((fd, format!("connect({fd}) {addr}"))),
                    }
                }
            }
            ("getsockopt", None) => {
                let found =
                    call.args.split(['[', ']']).nth(1).unwrap_or_default().to_owned();
                if let Some((fd, addr)) = connecting.take() {
                    give_up(&mut words, fd, format!("connect {addr} = {found}"));
                }
            }
            ("bind", Some(error)) => {
                give_up(
                    &mut words,
                    call.fd,
                    format!("bind {} = {error}", call.address()),
                );
            }
            ("connect", Some(error)) => {
                give_up(
                    &mut words,
                    call.fd,
                    format!("connect {} = {error}", call.address()),
                );
            }
            ("close", None)
                if words
                    .iter()
                    .any(|(fd, word)| *fd == call.fd && word.ends_with("(given up)")) =>
            {
                words
                    .retain(|(fd, word)| *fd != call.fd || !word.ends_with("(given up)"));
            }
            (name, _) if SILENT.contains(&name) => assert_silent_is_meant(&call),
            _ => words.push((call.fd.max(-1), call.in_words())),
        }
    }
    words.into_iter().map(|(_, word)| word).filter(|word| !word.is_empty()).collect()
}

/// std has made a socket for this attempt and closes it again; nobody ever sees it.
fn give_up(words: &mut Vec<(i64, String)>, fd: i64, word: String) {
    while words.last().is_some_and(|(_, last)| {
        *last == format!("socket({fd})")
            || *last == format!("setsockopt({fd}) SO_REUSEADDR")
    }) {
        words.pop();
    }
    words.push((-1, word));
    words.push((fd, "(given up)".to_owned()));
}

/// The list of silent calls is short, and so is what each of them may do.
fn assert_silent_is_meant(call: &Called) {
    let meant = match call.name.as_str() {
        "fcntl" => call.args.contains("F_GETFD"),
        "ioctl" => call.args.contains("FIONBIO"),
        "getsockopt" => call.args.contains("SO_ERROR"),
        _ => true,
    };
    assert!(meant, "a call that is neither told nor on the list: {call:?}");
}

fn sorted(threads: impl Iterator<Item = Vec<String>>) -> Vec<Vec<String>> {
    let mut threads: Vec<_> =
        threads.map(fold_runs).filter(|calls| !calls.is_empty()).collect();
    threads.sort();
    threads
}

/// Adds up what is sent and received without anything else in between, on both sides alike:
/// the recording tells long bursts in sums.
fn fold_runs(calls: Vec<String>) -> Vec<String> {
    let transfer = |call: &str| {
        let (head, size) = call.split_once(" = ")?;
        let (size, times) = size.split_once(" in ").unwrap_or((size, "1"));
        let sums = head.starts_with("send(") || head.starts_with("recv(");
        let (size, times): (u64, u64) = (size.parse().ok()?, times.parse().ok()?);
        (sums && size > 0).then_some((head.to_owned(), size, times))
    };
    let mut folded = Vec::new();
    let mut sums: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let long = calls.iter().filter(|call| transfer(call).is_some()).count() > 32
        || calls.iter().any(|call| call.contains(" in "));
    for call in calls {
        match transfer(&call).filter(|_| long) {
            Some((head, size, times)) => {
                let sum = sums.entry(head).or_default();
                *sum = (sum.0 + size, sum.1 + times);
            }
            None => {
                let told = std::mem::take(&mut sums);
                folded.extend(
                    told.iter()
                        .map(|(head, (size, n))| format!("{head} = {size} in {n}")),
                );
                folded.push(call);
            }
        }
    }
    folded
}

/// One line of the trace.
#[derive(Clone, Debug)]
struct Called {
    thread: u32,
    name: String,
    args: String,
    fd: i64,
    result: i64,
    error: Option<String>,
    outcome: String,
}

impl Called {
    fn in_words(&self) -> String {
        let (fd, result) = (self.fd, self.result);
        let outcome = self.error.clone().unwrap_or(result.to_string());
        let nobody = self.args.ends_with("NULL, NULL") || self.args.ends_with("NULL, 0");
        let name = match self.name.as_str() {
            "sendto" if nobody => "send",
            "recvfrom" if self.args.contains("MSG_PEEK") => "peek",
            "recvfrom" if nobody => "recv",
            "accept4" => "accept",
            other => other,
        };
        if let Some(error) = &self.error {
            return format!("{name}({fd}) = {error}");
        }
        match name {
            "socket" => format!("socket({result})"),
            "accept" => format!("accept({fd}) = {outcome} from {}", self.address()),
            "bind" | "connect" => format!("{name}({fd}) {}", self.address()),
            "sendto" | "recvfrom" => {
                format!("{name}({fd}) = {result} {}", self.address())
            }
            "listen" => format!("listen({fd}) {}", self.args.rsplit(' ').next().unwrap()),
            "setsockopt" => {
                let option = self.args.split(", ").nth(2).unwrap();
                format!("setsockopt({fd}) {}", option.trim_end_matches("_OLD"))
            }
            "shutdown" => {
                let halves = [
                    ("SHUT_WR", "writing"),
                    ("SHUT_RDWR", "both directions"),
                    ("SHUT_RD", "reading"),
                ];
                let half =
                    halves.iter().find(|(half, _)| self.args.ends_with(half)).unwrap();
                format!("shutdown({fd}) {}", half.1)
            }
            "close" => format!("close({fd})"),
            _ => format!("{name}({fd}) = {outcome}"),
        }
    }

    /// The address among the arguments, as Rust prints it.
    fn address(&self) -> String {
        let between = |from: &str, to: &str| {
            let start = self.args.find(from)? + from.len();
            let length = self.args[start..].find(to)?;
            Some(self.args[start..start + length].to_owned())
        };
        let port = between("_port=htons(", ")").unwrap_or_default();
        match (between("inet_addr(\"", "\""), between("inet_pton(AF_INET6, \"", "\"")) {
            (Some(v4), _) => format!("{v4}:{port}"),
            (None, Some(v6)) => format!("[{v6}]:{port}"),
            (None, None) => String::new(),
        }
    }
}

/// The calls of the trace in the order in which they returned. A call that another thread
/// interrupted stands on two lines.
fn calls(trace: &str) -> Vec<Called> {
    let mut unfinished: BTreeMap<u32, String> = BTreeMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let (thread, rest) = line.split_once(' ').unwrap();
        let (thread, rest) = (thread.parse().unwrap(), rest.trim_start());
        let whole = if let Some(begin) = rest.strip_suffix("<unfinished ...>") {
            unfinished.insert(thread, begin.trim_end().to_owned());
            continue;
        } else if rest.starts_with("<... ") {
            let (_, end) = rest.split_once(" resumed>").unwrap();
            let begin = unfinished.remove(&thread).unwrap();
            let gap = if begin.ends_with(',') { " " } else { "" };
            format!("{begin}{gap}{end}")
        } else {
            rest.to_owned()
        };
        calls.extend(call(thread, &whole));
    }
    calls
}

fn call(thread: u32, line: &str) -> Option<Called> {
    let (head, outcome) = line.rsplit_once(" = ")?;
    let head = head.trim_end().strip_suffix(')')?; // strace pads short lines.
    let (name, args) = head.split_once('(')?;
    let mut words = outcome.split(' ');
    let result = words.next()?.parse().ok()?; // A call that never returned has a "?".
    let error = (result < 0).then(|| words.next().unwrap_or_default().to_owned());
    let fd = args.split(',').next()?.trim_start_matches("[{fd=").parse().unwrap_or(-1);
    let (name, args) = (name.to_owned(), args.trim_end().to_owned());
    Some(Called { thread, name, args, fd, result, error, outcome: outcome.to_owned() })
}

fn errno_name(code: i32) -> String {
    let names = [
        (4, "EINTR"),
        (11, "EAGAIN"),
        (32, "EPIPE"),
        (98, "EADDRINUSE"),
        (104, "ECONNRESET"),
        (107, "ENOTCONN"),
        (111, "ECONNREFUSED"),
    ];
    names
        .iter()
        .find(|(n, _)| *n == code)
        .map_or(code.to_string(), |(_, name)| (*name).to_owned())
}
