//! The demos against programs that others wrote: netcats and Python's sockets.
//!
//! Each peer has its own idea of what the end of its input means. A server in Python prints
//! the same first line as ours, so the harness reads its address in the same way.

use std::net::SocketAddr;

use crate::Test;
use crate::harness::{Ended, Program, python, run, start};

pub const TESTS: &[Test] = &[
    Test {
        name: "netcats: nc gets back what was piped in",
        needs: &["nc"],
        run: nc_gets_back_what_was_piped_in,
    },
    Test {
        name: "netcats: ncat gets back what was piped in",
        needs: &["ncat"],
        run: ncat_gets_back_what_was_piped_in,
    },
    Test {
        name: "netcats: socat gets back what was piped in",
        needs: &["socat"],
        run: socat_gets_back_what_was_piped_in,
    },
    Test {
        name: "netcats: Python gets back what it sent before its half close",
        needs: &["python3"],
        run: python_gets_back_what_it_sent_before_its_half_close,
    },
    Test {
        name: "netcats: a mebibyte comes back to nc unchanged",
        needs: &["nc"],
        run: a_mebibyte_comes_back_to_nc_unchanged,
    },
    Test {
        name: "netcats: a mebibyte comes back to ncat unchanged",
        needs: &["ncat"],
        run: a_mebibyte_comes_back_to_ncat_unchanged,
    },
    Test {
        name: "netcats: ncat is served over IPv6",
        needs: &["ncat"],
        run: ncat_is_served_over_ipv6,
    },
    Test {
        name: "netcats: our client and socat as the server exchange a mebibyte",
        needs: &["socat"],
        run: our_client_and_socat_as_the_server_exchange_a_mebibyte,
    },
    Test {
        name: "netcats: a server that answers at the end of the stream sees our half close",
        needs: &["python3"],
        run: a_server_that_answers_at_the_end_of_the_stream_sees_our_half_close,
    },
    Test {
        name: "netcats: a server that closes with bytes unread does not confuse our client",
        needs: &["python3"],
        run: a_server_that_closes_with_bytes_unread_does_not_confuse_our_client,
    },
    Test {
        name: "netcats: a server that resets is an error with a name",
        needs: &["python3"],
        run: a_server_that_resets_is_an_error_with_a_name,
    },
    Test {
        name: "netcats: a server that ends first does not leave our client at the keyboard",
        needs: &["python3"],
        run: a_server_that_ends_first_does_not_leave_our_client_at_the_keyboard,
    },
    Test {
        name: "netcats: socat gets its datagram back",
        needs: &["socat"],
        run: socat_gets_its_datagram_back,
    },
    Test {
        name: "netcats: an empty datagram is answered with an empty one",
        needs: &["python3"],
        run: an_empty_datagram_is_answered_with_an_empty_one,
    },
    Test {
        name: "netcats: the largest datagram comes back whole",
        needs: &["python3"],
        run: the_largest_datagram_comes_back_whole,
    },
    Test {
        name: "netcats: a datagram longer than the buffer is cut and that is said",
        needs: &["python3"],
        run: a_datagram_longer_than_the_buffer_is_cut_and_that_is_said,
    },
    Test {
        name: "netcats: Python exchanges datagrams over IPv6",
        needs: &["python3"],
        run: python_exchanges_datagrams_over_ipv6,
    },
    Test {
        name: "netcats: our udp-client gets the answers of a Python server",
        needs: &["python3"],
        run: our_udp_client_gets_the_answers_of_a_python_server,
    },
    Test {
        name: "netcats: a lost datagram is sent again and answered",
        needs: &["python3"],
        run: a_lost_datagram_is_sent_again_and_answered,
    },
    Test {
        name: "netcats: an unconnected client ignores a stranger's datagram and says so",
        needs: &["python3"],
        run: an_unconnected_client_ignores_a_strangers_datagram_and_says_so,
    },
    Test {
        name: "netcats: a connected client never hears a stranger",
        needs: &["python3"],
        run: a_connected_client_never_hears_a_stranger,
    },
];

/// Every line is different, so a missing, doubled or moved piece shows.
pub fn numbered_lines(bytes: usize) -> String {
    let lines = (0..).map(|n| format!("line {n}\n"));
    let mut text = String::new();
    lines.take_while(|line| (text.push_str(line), text.len() < bytes).1).for_each(drop);
    text
}

/// Pipes `input` into a peer that talks to `tcp-server ADDR`; gives both ends.
fn through_our_server(
    listen: &str,
    input: &str,
    peer: impl Fn(SocketAddr) -> Program,
) -> (Ended, Ended) {
    let (server, addr) = Program::server(&["tcp-server", listen, "--once"]);
    let mut peer = peer(addr);
    peer.input(input.as_bytes());
    (peer.end_of_input(), server.end())
}

/// The peer has everything back and is content, and our server saw the end of the stream.
fn assert_echoed((peer, server): &(Ended, Ended), input: &str) {
    assert_eq!((peer.code(), server.code()), (Some(0), Some(0)), "{peer:?} {server:?}");
    assert!(peer.stdout == input, "{} of {} B came back", peer.stdout.len(), input.len());
    assert!(server.stderr.contains("0 B: end of stream"), "{}", server.stderr);
}

pub fn nc(addr: SocketAddr) -> Program {
    start("nc", &["-N", &addr.ip().to_string(), &addr.port().to_string()])
}

pub fn ncat(addr: SocketAddr) -> Program {
    start("ncat", &[&addr.ip().to_string(), &addr.port().to_string()])
}

fn nc_gets_back_what_was_piped_in() {
    let input = "one\ntwo\n";

    let ended = through_our_server(":0", input, nc);

    assert_echoed(&ended, input);
}

fn ncat_gets_back_what_was_piped_in() {
    let input = "one\ntwo, without a line end";

    let ended = through_our_server(":0", input, ncat);

    assert_echoed(&ended, input);
}

fn socat_gets_back_what_was_piped_in() {
    let input = "one\ntwo\n";

    // After its half-close socat waits half a second for the rest, if not told otherwise.
    let socat = |addr| start("socat", &["-t3", "-", &format!("TCP:{addr}")]);
    let ended = through_our_server(":0", input, socat);

    assert_echoed(&ended, input);
}

fn python_gets_back_what_it_sent_before_its_half_close() {
    let input = "sent first, read later\n";

    let half_closer = "
peer = socket.create_connection(sys.argv[1].rsplit(':', 1))
peer.sendall(sys.stdin.buffer.read())
peer.shutdown(socket.SHUT_WR)
sys.stdout.write(peer.makefile().read())
";
    let ended =
        through_our_server(":0", input, |addr| python(half_closer, &[&addr.to_string()]));

    assert_echoed(&ended, input);
}

fn a_mebibyte_comes_back_to_nc_unchanged() {
    let input = numbered_lines(1 << 20);

    let ended = through_our_server(":0", &input, nc);

    assert_echoed(&ended, &input);
}

fn a_mebibyte_comes_back_to_ncat_unchanged() {
    let input = numbered_lines(1 << 20);

    let ended = through_our_server(":0", &input, ncat);

    assert_echoed(&ended, &input);
}

fn ncat_is_served_over_ipv6() {
    let input = "six\n";

    let ended = through_our_server("[::1]:0", input, ncat);

    assert_echoed(&ended, input);
    assert!(ended.1.stdout.starts_with("listening on [::1]:"), "{}", ended.1.stdout);
    assert!(ended.1.stderr.contains("TCP over IPv6"), "{}", ended.1.stderr);
}

fn our_client_and_socat_as_the_server_exchange_a_mebibyte() {
    let input = numbered_lines(1 << 20);
    let mut socat =
        start("socat", &["-dd", "-t3", "TCP-LISTEN:0,bind=127.0.0.1", "PIPE"]);
    let listening = "listening on AF=2 127.0.0.1:";
    let said = socat.wait_for(listening);
    let port = said.split(listening).nth(1).unwrap().lines().next().unwrap();

    let client = run(&["tcp-client", port], input.as_bytes());

    assert_eq!(client.code(), Some(0), "{}", client.stderr);
    assert!(client.stdout == input, "{} of {} B", client.stdout.len(), input.len());
    assert_eq!(socat.end().code(), Some(0));
}

/// Starts a server for one client in Python, with `serve` as what it does to `peer`.
pub fn python_server(serve: &str) -> (Program, String) {
    let listen = "
server = socket.create_server(('127.0.0.1', 0))
print('listening on %s:%d' % server.getsockname(), flush=True)
peer, _ = server.accept()
";
    let mut server = python(&format!("{listen}{serve}"), &[]);
    let addr = server.addr().to_string();
    (server, addr)
}

fn a_server_that_answers_at_the_end_of_the_stream_sees_our_half_close() {
    let (server, addr) = python_server(
        "
question = peer.makefile('rb').read()
peer.sendall(question[::-1])
peer.close()
",
    );

    let client = run(&["tcp-client", &addr], b"a word");

    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "drow a"));
    assert_eq!(server.end().code(), Some(0));
}

fn a_server_that_closes_with_bytes_unread_does_not_confuse_our_client() {
    // The close is a reset, because the six bytes are looked at and never taken.
    let (server, addr) = python_server(
        "
peer.recv(6, socket.MSG_PEEK | socket.MSG_WAITALL)
peer.sendall(b'bye')
peer.close()
",
    );

    let client = run(&["tcp-client", &addr], b"hello\n");

    let lost = client.stderr.contains("error: could not receive: Connection reset");
    match client.code() {
        Some(0) => assert!(!lost && client.stdout == "bye", "{client:?}"),
        Some(1) => assert!(lost, "{client:?}"),
        _ => panic!("{client:?}"),
    }
    assert!(!client.stderr.contains("panicked"), "{}", client.stderr);
    assert_eq!(server.end().code(), Some(0));
}

fn a_server_that_resets_is_an_error_with_a_name() {
    let (server, addr) = python_server(
        "
peer.recv(6, socket.MSG_WAITALL)
peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
peer.close()
",
    );

    let mut client = Program::start(&["tcp-client", &addr]);
    client.input(b"hello\n");
    let client = client.end(); // Its input is still open: the reset alone ends it.

    assert_eq!((client.code(), client.stdout.as_str()), (Some(1), ""));
    let error = "error: could not receive: Connection reset";
    assert!(client.stderr.contains(error), "{}", client.stderr);
    assert!(client.stderr.contains("hint: a reset says"), "{}", client.stderr);
    assert_eq!(server.end().code(), Some(0));
}

fn a_server_that_ends_first_does_not_leave_our_client_at_the_keyboard() {
    let (server, addr) = python_server(
        "
peer.recv(6, socket.MSG_WAITALL)
peer.sendall(b'enough')
peer.close()
",
    );

    let mut client = Program::start(&["tcp-client", &addr]);
    client.input(b"hello\n");
    let client = client.end(); // Nobody has ended its input.

    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "enough"));
    assert_eq!(server.end().code(), Some(0));
}

fn socat_gets_its_datagram_back() {
    let (server, addr) = Program::server(&["udp-server", ":0"]);
    let mut socat = start("socat", &["-t1", "-", &format!("UDP:{addr}")]);

    socat.input(b"one datagram\n");
    let socat = socat.end_of_input();
    let server = server.stop();

    assert_eq!((socat.code(), socat.stdout.as_str()), (Some(0), "one datagram\n"));
    assert_eq!(server.code(), Some(0));
    assert!(server.stderr.contains(r#"13 B "one datagram\n" from"#), "{}", server.stderr);
}

/// Sends what the second word says, as Python reads it, to the address in the first, and
/// prints the length and the end of what comes back.
const ASK_ONCE: &str = "
host, port = sys.argv[1].rsplit(':', 1)
family = socket.AF_INET6 if '[' in host else socket.AF_INET
peer = socket.socket(family, socket.SOCK_DGRAM)
peer.settimeout(30)
peer.sendto(eval(sys.argv[2]), (host.strip('[]'), int(port)))
answer, source = peer.recvfrom(70000)
print(len(answer), answer[-6:].decode(), source[1] == int(port))
";

/// Lets Python ask a `udp-server` with these words once; gives both ends.
fn ask_our_server(server: &[&str], question: &str) -> (Ended, Ended) {
    let args = [&["udp-server"], server].concat();
    let (server, addr) = Program::server(&args);
    let peer = python(ASK_ONCE, &[&addr.to_string(), question]).end();
    (peer, server.stop())
}

fn an_empty_datagram_is_answered_with_an_empty_one() {
    let (peer, server) = ask_our_server(&[":0"], "b''");

    assert_eq!((peer.code(), peer.stdout.as_str()), (Some(0), "0  True\n"));
    assert_eq!(server.code(), Some(0));
    assert!(server.stderr.contains("not an end"), "{}", server.stderr);
}

fn the_largest_datagram_comes_back_whole() {
    let (peer, server) = ask_our_server(&[":0"], "b'a' * 65501 + b'the Z.'");

    assert_eq!((peer.code(), peer.stdout.as_str()), (Some(0), "65507 the Z. True\n"));
    assert_eq!(server.code(), Some(0));
    assert!(server.stderr.contains("65,507 B"), "{}", server.stderr);
    assert!(!server.stderr.contains("cut:"), "{}", server.stderr);
}

fn a_datagram_longer_than_the_buffer_is_cut_and_that_is_said() {
    let (peer, server) = ask_our_server(&[":0", "--buffer", "16"], "b'0123456789' * 2");

    assert_eq!((peer.code(), peer.stdout.as_str()), (Some(0), "16 012345 True\n"));
    assert_eq!(server.code(), Some(0));
    let cut = "cut: peek saw 20 B, 16 B fitted, 4 B are gone";
    assert!(server.stderr.contains(cut), "{}", server.stderr);
}

fn python_exchanges_datagrams_over_ipv6() {
    let (peer, server) = ask_our_server(&["[::1]:0"], "b'over six'");

    assert_eq!((peer.code(), peer.stdout.as_str()), (Some(0), "8 er six True\n"));
    assert_eq!(server.code(), Some(0));
    assert!(server.stderr.contains("UDP over IPv6"), "{}", server.stderr);
}

/// Starts a UDP server in Python, with `serve` as what it does to its socket.
fn python_udp_server(serve: &str) -> (Program, String) {
    let bind = "
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(('127.0.0.1', 0))
print('listening on %s:%d' % server.getsockname(), flush=True)
";
    let mut server = python(&format!("{bind}{serve}"), &[]);
    let addr = server.addr().to_string();
    (server, addr)
}

fn our_udp_client_gets_the_answers_of_a_python_server() {
    for connect in [&[][..], &["--no-connect"]] {
        let (server, addr) = python_udp_server(
            "
for _ in range(3):
    question, client = server.recvfrom(70000)
    server.sendto(question.upper(), client)
",
        );

        let words = [&["udp-client", &addr, "--timeout", "30"], connect].concat();
        let client = run(&words, b"one\n\ntwo\n");

        assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "ONE\n\nTWO\n"));
        let unconnected = client.stderr.contains("sendto(");
        assert_eq!(unconnected, !connect.is_empty(), "{}", client.stderr);
        assert_eq!(server.end().code(), Some(0));
    }
}

fn a_lost_datagram_is_sent_again_and_answered() {
    let (server, addr) = python_udp_server(
        "
server.recvfrom(100)
question, client = server.recvfrom(100)
server.sendto(b'second time: ' + question, client)
",
    );

    // The retries after the second are for a busy machine: the first answer counts.
    let retry = ["--timeout", "0.2", "--retries", "100", "-m", "hello"];
    let client = run(&[&["udp-client", &addr], &retry[..]].concat(), b"");

    assert_eq!(
        (client.code(), client.stdout.as_str()),
        (Some(0), "second time: hello\n")
    );
    assert!(client.stderr.contains("no answer in 200 ms (try 1 of 101"), "{client:?}");
    assert_eq!(server.end().code(), Some(0));
}

/// A stranger who has seen the question answers first, from a socket of its own.
const A_STRANGER_IS_FASTER: &str = "
question, client = server.recvfrom(100)
stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
stranger.sendto(b'do not trust me', client)
server.sendto(b'the answer', client)
";

fn an_unconnected_client_ignores_a_strangers_datagram_and_says_so() {
    let (server, addr) = python_udp_server(A_STRANGER_IS_FASTER);

    let ask = ["--timeout", "30", "-m", "hello", "--no-connect"];
    let client = run(&[&["udp-client", &addr], &ask[..]].concat(), b"");

    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "the answer\n"));
    let ignored = format!("not from {addr}: ignored");
    assert!(client.stderr.contains(&ignored), "{}", client.stderr);
    assert_eq!(server.end().code(), Some(0));
}

fn a_connected_client_never_hears_a_stranger() {
    let (server, addr) = python_udp_server(A_STRANGER_IS_FASTER);

    let ask = ["--timeout", "30", "-m", "hello"];
    let client = run(&[&["udp-client", &addr], &ask[..]].concat(), b"");

    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "the answer\n"));
    assert!(!client.stderr.contains("do not trust me"), "{}", client.stderr);
    assert_eq!(server.end().code(), Some(0));
}
