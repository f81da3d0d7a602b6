//! `tcp-server` and `tcp-client`.

use crate::harness::{Program, connect, exchange, read_to_end, run};
use std::io::Write;
use std::net::Shutdown;

#[test]
fn the_pair_runs_side_by_side() {
    let (server, addr) = Program::server(&["tcp-server", ":0"]);
    let addr = addr.to_string();

    let client = run(&["tcp-client", &addr], b"hello\n");
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "hello\n"));
    for call in ["connect(", "send(", "shutdown(", "recv(", "end of stream", "close"] {
        assert!(client.stderr.contains(call), "{call}: {}", client.stderr);
    }

    let server = server.stop();
    assert_eq!(
        (server.code(), server.stdout),
        (Some(0), format!("listening on {addr}\n"))
    );
    for call in ["socket ", "bind(", "listen(", "accept(", "recv(", "send(", "close"] {
        assert!(server.stderr.contains(call), "{call}: {}", server.stderr);
    }
}

#[test]
fn the_answer_still_arrives_after_a_half_close() {
    let (_server, addr) = Program::server(&["tcp-server", ":0", "--quiet"]);
    let mut stream = connect(addr);

    stream.write_all(b"last words").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();

    assert_eq!(read_to_end(&stream), b"last words");
}

#[test]
fn an_idle_client_does_not_delay_the_next() {
    let (_server, addr) = Program::server(&["tcp-server", ":0", "--quiet"]);
    let _idle = connect(addr);
    assert_eq!(exchange(&connect(addr), b"me too"), b"me too");
}
