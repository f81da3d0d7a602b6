//! Too many, too slow, too rude: what one client may cost the others.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use crate::Test;
use crate::harness::{
    HANG, Program, closed_connections, connect, exchange, python, read_to_end, sockdemo,
    start,
};

pub const TESTS: &[Test] = &[
    Test {
        name: "limits: a tour without descriptors ends with a word",
        needs: &["sh"],
        run: a_tour_without_descriptors_ends_with_a_word,
    },
    Test {
        name: "limits: a client too many is told and the next has the place",
        needs: &[],
        run: a_client_too_many_is_told_and_the_next_has_the_place,
    },
    Test {
        name: "limits: a client too many is told even if it has said much",
        needs: &["kill"],
        run: a_client_too_many_is_told_even_if_it_has_said_much,
    },
    Test {
        name: "limits: a silent client is let go and that is said",
        needs: &[],
        run: a_silent_client_is_let_go_and_that_is_said,
    },
    Test {
        name: "limits: a lively client stays when a silent one is let go",
        needs: &[],
        run: a_lively_client_stays_when_a_silent_one_is_let_go,
    },
    Test {
        name: "limits: a client that does not read is let go when idle for too long",
        needs: &[],
        run: a_client_that_does_not_read_is_let_go_when_idle_for_too_long,
    },
    Test {
        name: "limits: a reset is that client's trouble only",
        needs: &["python3"],
        run: a_reset_is_that_clients_trouble_only,
    },
    Test {
        name: "limits: a client that sends and never reads does not slow down others",
        needs: &[],
        run: a_client_that_sends_and_never_reads_does_not_slow_down_others,
    },
    Test {
        name: "limits: a half closed client gets its answer beside others",
        needs: &[],
        run: a_half_closed_client_gets_its_answer_beside_others,
    },
    Test {
        name: "limits: a thousand that connect and leave do no harm",
        needs: &[],
        run: a_thousand_that_connect_and_leave_do_no_harm,
    },
    Test {
        name: "limits: without descriptors the rest is refused and later served",
        needs: &["sh"],
        run: without_descriptors_the_rest_is_refused_and_later_served,
    },
    Test {
        name: "limits: without threads the rest is refused and later served",
        needs: &["sh"],
        run: without_threads_the_rest_is_refused_and_later_served,
    },
    Test {
        name: "limits: narration that nobody reads holds nobody up",
        needs: &["kill"],
        run: narration_that_nobody_reads_holds_nobody_up,
    },
];

const FULL: &[u8] = b"server full, try again later\n";

/// Somebody who is served all the while.
struct Polite(TcpStream);

impl Polite {
    fn at(addr: SocketAddr) -> Polite {
        let polite = Polite(connect(addr));
        polite.is_served();
        polite
    }

    fn is_served(&self) {
        assert_eq!(exchange(&self.0, b"please"), b"please");
    }

    /// The server is through with a client that sees the end after its own half-close.
    fn leave(self) {
        self.0.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_to_end(&self.0), b"");
    }
}

/// The server is alive, serves, and ends when it is asked to.
fn assert_serves_and_stops(server: Program, addr: SocketAddr) -> String {
    Polite::at(addr).leave();
    let server = server.stop();
    assert_eq!(server.code(), Some(0), "{}", server.stderr);
    assert!(!server.stderr.contains("panicked"), "{}", server.stderr);
    server.stderr
}

fn a_client_too_many_is_told_and_the_next_has_the_place() {
    let (server, addr) = Program::server(&["tcp-server", ":0", "--max-clients", "1"]);
    let first = Polite::at(addr);

    assert_eq!(read_to_end(&connect(addr)), FULL);
    assert_eq!(read_to_end(&connect(addr)), FULL);
    first.is_served();
    first.leave();

    let said = assert_serves_and_stops(server, addr);
    assert!(said.contains("full: "), "{said}");
}

fn a_client_too_many_is_told_even_if_it_has_said_much() {
    let (server, addr) = Program::server(&["tcp-server", ":0", "--max-clients", "1"]);
    let first = Polite::at(addr);

    for len in [6, 100_000] {
        server.signal("STOP"); // So that all of it is there before the server looks.
        let mut second = connect(addr);
        second.write_all(&vec![b'a'; len]).unwrap();
        server.signal("CONT");
        assert_eq!(read_to_end(&second), FULL, "after {len} B");
    }

    first.leave();
    assert_serves_and_stops(server, addr);
}

fn a_silent_client_is_let_go_and_that_is_said() {
    let (mut server, addr) =
        Program::server(&["tcp-server", ":0", "--idle-timeout", "1"]);
    let silent = connect(addr);

    assert_eq!(read_to_end(&silent), b"");

    server.wait_for("server 1  *             idle for too long");
    assert_serves_and_stops(server, addr);
}

fn a_lively_client_stays_when_a_silent_one_is_let_go() {
    // Told in full, a conversation at this speed would be told with gaps.
    let (server, addr) =
        Program::server(&["tcp-server", ":0", "--idle-timeout", "2", "--quiet"]);
    let silent = Polite::at(addr);
    let lively = Polite::at(addr);

    thread::scope(|scope| {
        let reader = scope.spawn(|| read_to_end(&silent.0));
        while !reader.is_finished() {
            lively.is_served();
        }
        assert_eq!(reader.join().unwrap(), b"");
    });

    lively.is_served();
    lively.leave();
    assert_serves_and_stops(server, addr);
}

/// Sends as much as the connection takes, and reads nothing.
fn flood(mut client: &TcpStream) {
    let much = vec![b'a'; 64 << 20];
    assert!(client.write_all(&much).is_err(), "64 MiB are more than buffers hold");
}

fn a_client_that_does_not_read_is_let_go_when_idle_for_too_long() {
    let (mut server, addr) =
        Program::server(&["tcp-server", ":0", "--idle-timeout", "1"]);
    let deaf = connect(addr);

    flood(&deaf); // Ends when the server has closed the connection.

    server.wait_for("idle for too long");
    assert_serves_and_stops(server, addr);
}

fn a_reset_is_that_clients_trouble_only() {
    let (mut server, addr) = Program::server(&["tcp-server", ":0"]);
    let polite = Polite::at(addr);

    let rude = python(
        "
peer = socket.create_connection(sys.argv[1].rsplit(':', 1))
peer.sendall(b'hello')
peer.recv(5, socket.MSG_WAITALL)
peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
peer.close()
",
        &[&addr.to_string()],
    );
    assert_eq!(rude.end().code(), Some(0));
    polite.is_served();

    let said = server.wait_for("server 2  close         descriptor");
    let word = "server 2  *             this conversation ended early: Connection reset";
    assert!(said.contains(word), "{said}");
    polite.leave();
    assert_serves_and_stops(server, addr);
}

fn a_client_that_sends_and_never_reads_does_not_slow_down_others() {
    let (mut server, addr) = Program::server(&["tcp-server", ":0"]);
    let polite = Polite::at(addr);
    let deaf = connect(addr);

    thread::scope(|scope| {
        scope.spawn(|| flood(&deaf));
        server.wait_for_words("waiting for room"); // All buffers are full.
        polite.is_served();
        Polite::at(addr).leave();
        deaf.shutdown(Shutdown::Both).unwrap();
    });
    drop(deaf);

    polite.is_served();
    polite.leave();
    assert_serves_and_stops(server, addr);
}

fn a_half_closed_client_gets_its_answer_beside_others() {
    let (server, addr) = Program::server(&["tcp-server", ":0"]);
    let polite = Polite::at(addr);

    let mut half_closed = connect(addr);
    half_closed.write_all(b"the last thing I say").unwrap();
    half_closed.shutdown(Shutdown::Write).unwrap();
    polite.is_served();

    assert_eq!(read_to_end(&half_closed), b"the last thing I say");
    polite.leave();
    assert_serves_and_stops(server, addr);
}

fn a_thousand_that_connect_and_leave_do_no_harm() {
    let (server, addr) = Program::server(&["tcp-server", ":0", "--json"]);
    let polite = Polite::at(addr);

    for n in 0..1000 {
        drop(connect(addr));
        if n % 100 == 0 {
            polite.is_served();
        }
    }

    polite.is_served();
    polite.leave();
    let said = assert_serves_and_stops(server, addr);
    assert_eq!(closed_connections(&said), (1..=1002).collect());
}

/// Connects `n` clients; gives those that are served and the number of those that are not.
fn crowd(addr: SocketAddr, n: usize) -> (Vec<Polite>, usize) {
    let crowd: Vec<TcpStream> = (0..n).map(|_| connect(addr)).collect();
    let (mut served, mut refused) = (Vec::new(), 0);
    for mut client in crowd {
        let _ = client.write_all(b"p"); // It may have been refused already.
        let mut first = [0];
        client.read_exact(&mut first).unwrap();
        if first == *b"p" {
            served.push(Polite(client));
        } else {
            assert_eq!([first.to_vec(), read_to_end(&client)].concat(), FULL);
            refused += 1;
        }
    }
    (served, refused)
}

/// A server that has room for some but not for `crowd_size` tells the rest, and serves as
/// many again when those have left.
fn assert_refuses_and_recovers(
    limit: &str,
    crowd_size: usize,
    expected: std::ops::Range<usize>,
) -> String {
    let line = format!("{limit}; exec '{}' tcp-server :0", sockdemo());
    let mut server = start("sh", &["-c", &line]);
    let addr = server.addr();

    for round in ["at first", "after all have left"] {
        let (served, refused) = crowd(addr, crowd_size);
        assert!(expected.contains(&served.len()), "{round}: {} served", served.len());
        assert_eq!(served.len() + refused, crowd_size, "{round}");
        for client in served {
            client.is_served();
            client.leave();
        }
    }

    assert_serves_and_stops(server, addr)
}

fn without_descriptors_the_rest_is_refused_and_later_served() {
    let said = assert_refuses_and_recovers("ulimit -n 64", 100, 32..64);

    assert!(said.contains("full: "), "{said}");
    assert!(!said.contains("Too many open files"), "{said}");
}

fn without_threads_the_rest_is_refused_and_later_served() {
    // Addresses for some forty stacks of 64 MiB, and for half a stack: in that half fits all
    // that is no stack, so it is threads that run short and never a small allocation. With
    // one arena, malloc keeps no addresses back.
    let limit = "export RUST_MIN_STACK=67108864 MALLOC_ARENA_MAX=1; ulimit -v 2928000";

    let said = assert_refuses_and_recovers(limit, 120, 20..100);

    assert!(said.contains("no thread for client"), "{said}");
}

/// A process that ends with the test.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn narration_that_nobody_reads_holds_nobody_up() {
    let mut command = Command::new(sockdemo());
    command.args(["tcp-server", ":0"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut server = Guard(command.spawn().unwrap());
    let mut stdout = BufReader::new(server.0.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let addr = line.trim().strip_prefix("listening on ").unwrap().parse().unwrap();

    // Each is told in a dozen lines: that fills the pipe, and then all that may wait.
    for _ in 0..3000 {
        Polite::at(addr).leave();
    }

    let pid = server.0.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let (ended, end) = mpsc::channel();
    thread::spawn(move || ended.send(stdout.read_to_end(&mut Vec::new()).is_ok()));
    assert_eq!(end.recv_timeout(HANG), Ok(true), "Ctrl-C does not end it");
    assert_eq!(server.0.wait().unwrap().code(), Some(0));
}

fn a_tour_without_descriptors_ends_with_a_word() {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 5; exec \"$0\" tour tcp"]).arg(sockdemo());

    let ended = Program::run(command).end_of_input();

    assert_eq!(ended.code(), Some(1), "{}", ended.stdout);
    assert!(ended.stderr.contains("Too many open files"), "{}", ended.stderr);
}
