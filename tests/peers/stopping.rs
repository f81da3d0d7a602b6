//! Ctrl-C, whatever the clients are doing, and the silence of a server with nothing to do.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::thread;

use crate::Test;
use crate::harness::{
    Ended, HANG, Program, closed_connections, connect, exchange, python, read_to_end,
    start,
};

pub const TESTS: &[Test] = &[
    Test {
        name: "stopping: clients that nobody has accepted see the end of the stream",
        needs: &["sh"],
        run: clients_that_nobody_has_accepted_see_the_end_of_the_stream,
    },
    Test {
        name: "stopping: Ctrl-C ends a server without clients",
        needs: &["kill"],
        run: ctrl_c_ends_a_server_without_clients,
    },
    Test {
        name: "stopping: an idle client sees the end of the stream",
        needs: &["kill"],
        run: an_idle_client_sees_the_end_of_the_stream,
    },
    Test {
        name: "stopping: three hundred idle clients see the end of the stream",
        needs: &["kill"],
        run: three_hundred_idle_clients_see_the_end_of_the_stream,
    },
    Test {
        name: "stopping: a transfer under way is cut with a word and without a wrong byte",
        needs: &["kill"],
        run: a_transfer_under_way_is_cut_with_a_word_and_without_a_wrong_byte,
    },
    Test {
        name: "stopping: a client that never reads and never leaves cannot hold the server",
        needs: &["kill"],
        run: a_client_that_never_reads_and_never_leaves_cannot_hold_the_server,
    },
    Test {
        name: "stopping: a client that ignores the end of the stream is cut off",
        needs: &["kill"],
        run: a_client_that_ignores_the_end_of_the_stream_is_cut_off,
    },
    Test {
        name: "stopping: a client that still has to say something meets no reset",
        needs: &["kill"],
        run: a_client_that_still_has_to_say_something_meets_no_reset,
    },
    Test {
        name: "stopping: SIGTERM stops like Ctrl-C",
        needs: &["kill"],
        run: sigterm_stops_like_ctrl_c,
    },
    Test {
        name: "stopping: a second Ctrl-C ends at once with 130",
        needs: &["kill"],
        run: a_second_ctrl_c_ends_at_once_with_130,
    },
    Test {
        name: "stopping: a server hears its own wake up call wherever it listens",
        needs: &["kill"],
        run: a_server_hears_its_own_wake_up_call_wherever_it_listens,
    },
    Test {
        name: "stopping: Ctrl-C in the middle of connect ends our client",
        needs: &["python3"],
        run: ctrl_c_in_the_middle_of_connect_ends_our_client,
    },
    Test {
        name: "stopping: Ctrl-C in the middle of a transfer ends our client",
        needs: &["python3"],
        run: ctrl_c_in_the_middle_of_a_transfer_ends_our_client,
    },
    Test {
        name: "stopping: an idle tcp-server makes no system call",
        needs: &["strace", "timeout"],
        run: an_idle_tcp_server_makes_no_system_call,
    },
    Test {
        name: "stopping: an idle udp-server makes no system call",
        needs: &["strace", "timeout"],
        run: an_idle_udp_server_makes_no_system_call,
    },
];

/// The server has stopped as asked, and its port is free for the next one.
fn assert_stopped(server: &Ended, addr: SocketAddr) {
    assert_eq!(server.code(), Some(0), "{server:?}");
    assert!(server.stderr.contains("stopping"), "{}", server.stderr);
    assert!(!server.stderr.contains("panicked"), "{}", server.stderr);
    let (_next, next_addr) = Program::server(&["tcp-server", &addr.to_string(), "-q"]);
    assert_eq!(next_addr, addr);
    assert_eq!(exchange(&connect(addr), b"next"), b"next");
}

/// Clients that have been served once, and wait.
fn idle_clients(addr: SocketAddr, n: usize) -> Vec<TcpStream> {
    let client = |_| {
        let client = connect(addr);
        assert_eq!(exchange(&client, b"idle from now on"), b"idle from now on");
        client
    };
    (0..n).map(client).collect()
}

fn ctrl_c_ends_a_server_without_clients() {
    let (mut server, addr) = Program::server(&["tcp-server", ":0"]);
    server.wait_for("waiting for a client");

    let server = server.stop();

    assert_stopped(&server, addr);
    assert!(server.stderr.contains("server    close         descriptor"), "{server:?}");
}

fn an_idle_client_sees_the_end_of_the_stream() {
    let (server, addr) = Program::server(&["tcp-server", ":0"]);
    let clients = idle_clients(addr, 1);

    server.interrupt();
    assert_eq!(read_to_end(&clients[0]), b"");
    drop(clients);

    let server = server.end();
    assert_stopped(&server, addr);
    assert!(server.stderr.contains("server 1  shutdown("), "{}", server.stderr);
    assert!(!server.stderr.contains("so cut off"), "{}", server.stderr);
    assert!(server.stderr.contains("server 1  close"), "{}", server.stderr);
}

fn three_hundred_idle_clients_see_the_end_of_the_stream() {
    let (server, addr) = Program::server(&["tcp-server", ":0", "--json"]);
    let clients = idle_clients(addr, 300);

    server.interrupt();
    for client in clients {
        assert_eq!(read_to_end(&client), b"");
    }

    let server = server.end();
    assert_stopped(&server, addr);
    assert!(server.stderr.contains("stopping: serving 300 clients"), "{}", server.stderr);
    assert_eq!(closed_connections(&server.stderr), (1..=300).collect());
}

/// A pattern in which no piece can be missing unseen: 251 is a prime.
fn pattern(from: usize, len: usize) -> Vec<u8> {
    (from..from + len).map(|i| (i % 251).to_le_bytes()[0]).collect()
}

/// Sends the pattern until the connection takes no more; says how much it took.
fn send_without_end(mut stream: &TcpStream) -> usize {
    let mut sent = 0;
    loop {
        match stream.write(&pattern(sent, 32 * 1024)) {
            Ok(n) => sent += n,
            Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("hangs"),
            Err(_) => return sent,
        }
    }
}

fn a_transfer_under_way_is_cut_with_a_word_and_without_a_wrong_byte() {
    let (server, addr) = Program::server(&["tcp-server", ":0"]);
    let client = connect(addr);
    let mut came = vec![0; 4 << 20];

    let sent = thread::scope(|scope| {
        let sender = scope.spawn(|| send_without_end(&client));
        (&client).read_exact(&mut came).unwrap();
        server.interrupt(); // Both directions are busy.
        came.extend(read_to_end(&client));
        sender.join().unwrap()
    });

    let server = server.end();
    assert_stopped(&server, addr);
    assert!(server.stderr.contains("server 1  *             cut:"), "{}", server.stderr);
    assert!(came.len() <= sent && came == pattern(0, came.len()), "{}", came.len());
}

fn a_client_that_never_reads_and_never_leaves_cannot_hold_the_server() {
    let (mut server, addr) = Program::server(&["tcp-server", ":0"]);
    let client = connect(addr);

    thread::scope(|scope| {
        scope.spawn(|| send_without_end(&client));
        server.wait_for_words("waiting for room"); // All buffers are full.
        let server = server.stop();
        assert_stopped(&server, addr);
        assert!(server.stderr.contains("cut"), "{}", server.stderr);
    });
}

fn a_client_that_ignores_the_end_of_the_stream_is_cut_off() {
    let (server, addr) = Program::server(&["tcp-server", ":0"]);
    let clients = idle_clients(addr, 2);

    let server = server.stop(); // Nobody reads, nobody leaves.

    assert_stopped(&server, addr);
    let cut = "so cut off";
    assert!(server.stderr.contains(cut), "{}", server.stderr);
    drop(clients);
}

fn a_client_that_still_has_to_say_something_meets_no_reset() {
    let (mut server, addr) = Program::server(&["tcp-server", ":0"]);
    let mut client = connect(addr);
    assert_eq!(exchange(&client, b"hello"), b"hello");

    server.interrupt();
    assert_eq!(read_to_end(&client), b"");
    // Both are read, although there is no answering any more: nothing is torn.
    for words in ["one last word", "and one more"] {
        client.write_all(words.as_bytes()).unwrap();
        server.wait_for(words);
    }
    client.shutdown(Shutdown::Write).unwrap();

    let server = server.end();
    assert_stopped(&server, addr);
    assert!(server.stderr.contains("cut:"), "{}", server.stderr);
    assert!(client.take_error().unwrap().is_none());
}

fn sigterm_stops_like_ctrl_c() {
    let (server, addr) = Program::server(&["tcp-server", ":0"]);
    let clients = idle_clients(addr, 1);

    server.signal("TERM");
    assert_eq!(read_to_end(&clients[0]), b"");
    drop(clients);

    assert_stopped(&server.end(), addr);
}

fn a_second_ctrl_c_ends_at_once_with_130() {
    let (mut server, addr) = Program::server(&["tcp-server", ":0"]);
    let _stubborn = idle_clients(addr, 1); // The server gives it some time to leave.
    // Ready before it is needed: that time is short.
    let pid = server.pid().to_string();
    let mut again = start("sh", &["-c", "echo ready; read go; kill -INT \"$0\"", &pid]);
    again.wait_for_output("ready");

    server.interrupt();
    server.wait_for("stopping");
    again.input(b"go\n");

    let server = server.end();
    assert_eq!(server.code(), Some(130), "{}", server.stderr);
    assert!(!server.stderr.contains("so cut off"), "{}", server.stderr);
}

fn a_server_hears_its_own_wake_up_call_wherever_it_listens() {
    for address in ["[::1]:0", "127.0.0.2:0"] {
        let (mut server, addr) = Program::server(&["tcp-server", address]);
        server.wait_for("waiting for a client");
        assert_stopped(&server.stop(), addr);

        let (mut server, _) = Program::server(&["udp-server", address]);
        server.wait_for("waiting for a datagram");
        assert_eq!(server.stop().code(), Some(0), "{address}");
    }
}

fn ctrl_c_in_the_middle_of_connect_ends_our_client() {
    // A queue of no length has room for one connection. The kernel then answers nobody.
    let mut full = python(
        "
server = socket.socket()
server.bind(('127.0.0.1', 0))
server.listen(0)
first = socket.create_connection(server.getsockname())
second = socket.socket()
second.setblocking(False)
second.connect_ex(server.getsockname())
print('listening on %s:%d' % server.getsockname(), flush=True)
sys.stdin.read()
",
        &[],
    );
    let addr = full.addr().to_string();
    let mut client = Program::start(&["tcp-client", &addr]);
    client.wait_for(&format!("connect       … to {addr}"));

    let client = client.stop();

    assert_eq!(client.code(), Some(0), "{}", client.stderr);
    assert!(client.stderr.contains("stopping: no connection yet"), "{}", client.stderr);
    assert!(!client.stderr.contains("connect("), "{}", client.stderr);
    assert_eq!(full.end_of_input().code(), Some(0));
}

fn ctrl_c_in_the_middle_of_a_transfer_ends_our_client() {
    // A server that takes nothing: our client ends up waiting for room.
    let mut deaf = python(
        "
server = socket.create_server(('127.0.0.1', 0))
print('listening on %s:%d' % server.getsockname(), flush=True)
peer, _ = server.accept()
sys.stdin.read()
",
        &[],
    );
    let addr = deaf.addr().to_string();
    let mut client = Program::start(&["tcp-client", &addr]);
    let mut keyboard = client.take_input();
    // As much as all buffers hold and more. The end of the client ends this, too.
    let typist = thread::spawn(move || keyboard.write_all(&vec![b'a'; 64 << 20]));
    client.wait_for_words("waiting for room");

    let client = client.stop();

    assert_eq!(client.code(), Some(0), "{}", client.stderr);
    assert!(typist.join().unwrap().is_err(), "not all of it fits into buffers");
    assert_eq!(deaf.end_of_input().code(), Some(0));
}

/// Watches every thread for two seconds, which is what this test is about; gives the trace.
fn trace_for_two_seconds(program: &Program) -> String {
    let pid = program.pid().to_string();
    let strace = start("timeout", &["2", "strace", "-f", "-p", &pid]);
    strace.end().stderr
}

/// Each thread is seen in the one call in which it sleeps. None returns, none begins.
fn assert_silent(trace: &str) {
    let (attached, calls) = trace.split_once('\n').unwrap();
    let threads = attached.split_once("attached with ").expect(trace).1;
    let threads: usize = threads.split_once(' ').unwrap().0.parse().unwrap();
    let calls = calls.lines().filter(|line| line.contains('('));
    assert_eq!(calls.count(), threads, "{trace}");
    assert!(!trace.contains(" = ") && !trace.contains("resumed"), "{trace}");
}

fn an_idle_tcp_server_makes_no_system_call() {
    let (mut server, addr) = Program::server(&["tcp-server", ":0"]);
    let client = idle_clients(addr, 1);
    server.wait_for_many("… waiting for bytes", 2);

    let trace = trace_for_two_seconds(&server);

    assert_silent(&trace);
    assert!(trace.contains("accept4(") && trace.contains("recvfrom("), "{trace}");
    drop(client);
}

fn an_idle_udp_server_makes_no_system_call() {
    let (mut server, addr) = Program::server(&["udp-server", ":0"]);
    let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    client.set_read_timeout(Some(HANG)).unwrap();
    client.send_to(b"hello", addr).unwrap();
    assert_eq!(client.recv(&mut [0; 9]).unwrap(), 5);
    server.wait_for_many("… waiting for a datagram", 2);

    let trace = trace_for_two_seconds(&server);

    assert_silent(&trace);
    assert!(trace.contains("recvfrom("), "{trace}");
}

/// The server is frozen, so its clients wait in the kernel's queue until Ctrl-C.
fn clients_that_nobody_has_accepted_see_the_end_of_the_stream() {
    let (mut server, addr) = Program::server(&["tcp-server", ":0"]);
    server.wait_for("waiting for a client");
    server.signal("STOP");
    let waiting: Vec<_> = (0..20).map(|_| connect(addr)).collect();
    for mut client in &waiting {
        client.write_all(b"is anybody there?").unwrap();
    }

    server.interrupt();
    server.signal("CONT");

    for client in &waiting {
        let answer = read_to_end(client); // An error would be a reset.
        assert!(answer.is_empty() || answer == b"is anybody there?", "{answer:?}");
    }
    assert_eq!(server.end().code(), Some(0));
}
