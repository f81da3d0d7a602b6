//! `tcp-server` and `tcp-client`.

use crate::harness::{HANG, Program, connect, exchange, flat, read_to_end, run};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, ToSocketAddrs};
#[cfg(target_os = "linux")]
use std::{thread, time::Instant};

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

#[test]
fn messages_of_the_command_line_are_sent_in_order_and_nothing_is_read() {
    let (_server, addr) = Program::server(&["tcp-server", ":0", "--quiet"]);
    let addr = addr.to_string();

    let client = run(&["tcp-client", &addr, "-m", "one ", "--message", "two"], b"typed");

    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "one two"));
    let (one, two) = (client.stderr.find("\"one \""), client.stderr.find("\"two\""));
    assert!(one.is_some() && one < two, "{}", client.stderr);
}

#[test]
fn answers_arrive_while_the_input_goes_on() {
    let (_server, addr) = Program::server(&["tcp-server", ":0", "--quiet"]);
    let mut client = Program::start(&["tcp-client", &addr.to_string()]);

    client.input(b"one\n");
    client.wait_for_output("one\n");
    client.input(b"two\n");
    client.wait_for_output("two\n");

    let client = client.end_of_input();
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "one\ntwo\n"));
}

#[test]
fn ten_megabytes_come_back_whole() {
    let (_server, addr) = Program::server(&["tcp-server", ":0", "--quiet"]);
    let mut bytes = Vec::new();
    for n in 0..1_250_000 {
        writeln!(bytes, "{n:07}").unwrap(); // A piece out of place would be seen.
    }

    let client = run(&["tcp-client", &addr.to_string()], &bytes);

    assert_eq!((client.code(), client.stdout.len()), (Some(0), bytes.len()));
    assert!(client.stdout.as_bytes() == bytes, "other bytes came back");
}

#[test]
fn a_server_for_one_client_ends_by_itself() {
    let (server, addr) = Program::server(&["tcp-server", ":0", "--once"]);

    let client = run(&["tcp-client", &addr.to_string(), "-m", "only"], b"");
    let server = server.end();

    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "only"));
    assert_eq!(server.code(), Some(0), "{}", server.stderr);
    assert_eq!(server.stderr.matches("\nserver    accept(").count(), 2, "one call");
    assert!(TcpStream::connect(addr).is_err(), "nobody listens any more");
}

/// A listener that nobody accepts from, with as many connections as its queue holds.
#[cfg(target_os = "linux")]
fn full_queue() -> (TcpListener, Vec<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let most = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
    let most = most.trim().parse::<usize>().unwrap().min(128);
    // Linux lets one more in than it was asked for.
    let waiting = (0..=most).map(|_| connect(listener.local_addr().unwrap())).collect();
    (listener, waiting)
}

#[cfg(target_os = "linux")]
#[test]
fn a_client_gives_up_when_a_full_queue_does_not_answer() {
    let (listener, _waiting) = full_queue();
    let addr = listener.local_addr().unwrap().to_string();

    let client = run(&["tcp-client", &addr, "--connect-timeout", "0.2"], b"");

    assert_eq!((client.code(), client.stdout.as_str()), (Some(1), ""));
    let error = format!("error: could not connect to {addr}: ");
    assert!(client.stderr.contains(&error), "{}", client.stderr);
    assert!(client.stderr.contains("timed out"), "{}", client.stderr);
    assert!(client.stderr.contains("hint: nobody answered"), "{}", client.stderr);
    assert!(client.stderr.contains(", waited"), "{}", client.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_a_client_that_is_not_yet_connected() {
    let (listener, _waiting) = full_queue();
    let addr = listener.local_addr().unwrap().to_string();
    let mut client = Program::start(&["tcp-client", &addr]);
    client.wait_for("… to 127.0.0.1");

    let client = client.stop();

    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), ""));
    assert!(client.stderr.contains("stopping"), "{}", client.stderr);
}

#[test]
fn every_address_of_a_name_that_is_tried_is_told() {
    let (_server, addr) = Program::server(&["tcp-server", ":0", "--quiet"]);
    let name = format!("localhost:{}", addr.port());

    let client = run(&["tcp-client", &name, "-m", "hello"], b"");

    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "hello"));
    // The server has one of them: the ones before it fail, the ones behind it are spared.
    let all: Vec<_> = name.to_socket_addrs().unwrap().collect();
    let ours = all.iter().position(|one| *one == addr).unwrap();
    let told = flat(&client.stderr);
    for failed in &all[..ours] {
        assert!(told.contains(&format!("to {failed} failed: ")), "{told}");
    }
    assert!(told.contains(&format!("to {addr} from ")), "{told}");
}

#[test]
fn ctrl_c_ends_a_client_that_waits_for_input() {
    let (_server, addr) = Program::server(&["tcp-server", ":0", "--quiet"]);
    let mut client = Program::start(&["tcp-client", &addr.to_string()]);
    client.input(b"hello\n");
    client.wait_for_output("hello\n");

    let client = client.stop();

    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "hello\n"));
    assert!(client.stderr.contains("stopping"), "{}", client.stderr);
    assert!(client.stderr.trim_end().lines().last().unwrap().contains("close"));
}

#[test]
fn a_client_that_waits_for_input_ends_with_its_server() {
    let (server, addr) = Program::server(&["tcp-server", ":0"]);
    let mut client = Program::start(&["tcp-client", &addr.to_string()]);
    client.input(b"hello\n");
    client.wait_for_output("hello\n");

    let server = server.stop();
    let client = client.end(); // Its input is still open.

    assert_eq!(server.code(), Some(0), "{}", server.stderr);
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "hello\n"));
    assert!(client.stderr.contains("0 B: end of stream"), "{}", client.stderr);
    assert!(!client.stderr.contains("error"), "{}", client.stderr);
}

#[test]
fn what_was_typed_before_the_other_side_ended_is_still_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    let mut client = Program::start(&["tcp-client", &addr, "--message", "to the end"]);
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();

    stream.shutdown(Shutdown::Write).unwrap();

    assert_eq!(read_to_end(&stream), b"to the end");
    client.wait_for("end of stream");
    assert_eq!(client.end().code(), Some(0));
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0, "an end, not a reset");
}

#[test]
fn a_name_that_nobody_has_is_an_error() {
    let long = format!("{}:1", "a".repeat(5000));
    for name in ["no-such-host.invalid:1", &long, "a..b:1", " :1"] {
        for command in ["tcp-client", "udp-client", "tcp-server", "udp-server"] {
            let ended = run(&[command, name], b"hello\n");

            assert_eq!((ended.code(), ended.stdout.as_str()), (Some(1), ""), "{name}");
            assert!(ended.stderr.contains("error: could not "), "{}", ended.stderr);
            assert!(!ended.stderr.contains("panic"), "{}", ended.stderr);
        }
    }
}

/// Ctrl-Z and `fg`. The signal to go on only counts once every thread has stopped.
#[cfg(target_os = "linux")]
fn pause_and_continue(program: &Program) {
    let tasks = format!("/proc/{}/task", program.pid());
    let has_stopped = |task: &std::path::Path| {
        std::fs::read_to_string(task.join("stat")).is_ok_and(|text| text.contains(") T "))
    };
    program.signal("STOP");
    let deadline = Instant::now() + HANG;
    while !std::fs::read_dir(&tasks)
        .unwrap()
        .all(|task| has_stopped(&task.unwrap().path()))
    {
        assert!(Instant::now() < deadline, "did not stop");
        thread::yield_now();
    }
    program.signal("CONT");
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_that_is_paused_keeps_its_clients() {
    for limit in [&[][..], &["--idle-timeout", "600"]] {
        let (mut server, addr) =
            Program::server(&[&["tcp-server", ":0"], limit].concat());
        let stream = connect(addr);
        exchange(&stream, b"before");
        server.wait_for_many("… waiting for bytes", 2);

        pause_and_continue(&server);

        assert_eq!(exchange(&stream, b"after"), b"after", "{limit:?}");
        server.wait_for_many("5 B \"after\"", 2);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_client_that_is_paused_goes_on() {
    let (_server, addr) = Program::server(&["tcp-server", ":0", "--quiet"]);
    let mut client = Program::start(&["tcp-client", &addr.to_string()]);
    client.input(b"before\n");
    client.wait_for_output("before\n");

    pause_and_continue(&client);

    client.input(b"after\n");
    client.wait_for_output("after\n");
    assert_eq!(client.end_of_input().code(), Some(0));
}
