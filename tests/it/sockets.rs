//! `sockets`: the kernel's own view, on Linux.

#![cfg(target_os = "linux")]

use std::net::{Shutdown, SocketAddr, TcpListener, UdpSocket};

use crate::harness::{
    HANG, Program, connect, exchange, has_ipv6, read_to_end, run, too_wide,
};

/// The cells of the row that has these addresses, if there is one.
fn row<'a>(page: &'a str, local: SocketAddr, peer: &str) -> Option<Vec<&'a str>> {
    let rows = page.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let local = local.to_string();
    rows.filter(|cells| cells.len() > 4)
        .rfind(|cells| cells[2] == local && cells[3] == peer)
}

fn page(pid: u32) -> String {
    let ended = run(&["sockets", "--pid", &pid.to_string()], b"");
    assert_eq!((ended.code(), ended.stderr.as_str()), (Some(0), ""));
    ended.stdout
}

/// Watches the table of a process until it has such a row, for states that the kernel
/// reaches in its own time. Gives the table as it is then, whole: what a watching program
/// has written can be read in the middle of a table.
fn watch_for(pid: u32, local: SocketAddr, peer: &str, cells: &[&str]) -> String {
    let mut watch = Program::start(&["sockets", "--watch", "--pid", &pid.to_string()]);
    let is_there = |page: &str| {
        let row = row(page, local, peer).unwrap_or_default();
        cells.iter().all(|cell| row.contains(cell))
    };
    watch.wait_until_output(&format!("{local} {peer} {cells:?}"), is_there);
    page(pid)
}

/// Every state in the table has a line that says what it means, and the other way round.
fn assert_explained(page: &str) {
    let rows = page.lines().filter(|line| line.starts_with("  "));
    let mut states: Vec<&str> = rows
        .filter_map(|line| line.split_whitespace().nth(1))
        .filter(|state| *state != "local")
        .collect();
    states.sort_unstable();
    states.dedup();
    let meanings = page.lines().rev().take_while(|line| !line.is_empty());
    let mut explained: Vec<&str> = meanings
        .inspect(|line| assert!(line.split_whitespace().count() > 2, "{line}"))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    explained.sort_unstable();
    assert_eq!(states, explained, "{page}");
    assert_eq!(too_wide(page), [""; 0], "{page}");
}

#[test]
fn a_listener_shows_how_full_its_queue_is() {
    let (server, addr) = Program::server(&["tcp-server", ":0", "--quiet"]);

    let page = page(server.pid());

    assert!(
        page.starts_with(&format!("sockdemo tcp-server {}\n", server.pid())),
        "{page}"
    );
    let row = row(&page, addr, "-").unwrap();
    assert_eq!(row[..2], ["tcp", "LISTEN"]);
    assert_eq!(row[4], "queue");
    let most = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
    let most = most.trim().parse::<u32>().unwrap().min(128);
    assert_eq!(row[5], format!("0/{most}"));
    assert!(page.contains("\nLISTEN       waits for connections"), "{page}");
    assert_explained(&page);
}

#[test]
fn connections_that_nobody_accepts_stand_in_the_queue() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let waiting: Vec<_> = (0..3).map(|_| connect(addr)).collect();

    watch_for(std::process::id(), addr, "-", &["LISTEN", "queue", "3/?"]);

    let accepted: Vec<_> = waiting.iter().map(|_| listener.accept().unwrap()).collect();
    watch_for(std::process::id(), addr, "-", &["LISTEN", "queue", "0/?"]);
    drop(accepted);
}

#[test]
fn a_connection_is_shown_at_both_ends() {
    let (server, addr) = Program::server(&["tcp-server", ":0", "--quiet"]);
    let mut client = Program::start(&["tcp-client", &addr.to_string()]);
    client.input(b"hello\n");
    client.wait_for_output("hello\n");

    let ours = page(client.pid());
    let theirs = page(server.pid());

    let local = ours.lines().find(|line| line.contains("ESTABLISHED")).unwrap();
    let local: SocketAddr = local.split_whitespace().nth(2).unwrap().parse().unwrap();
    let row_here = row(&ours, local, &addr.to_string()).unwrap();
    assert_eq!(row_here, [row_here[..4].to_vec(), vec!["0", "B", "0", "B"]].concat());
    assert_eq!(row(&theirs, addr, &local.to_string()).unwrap()[1], "ESTABLISHED");
    assert!(row(&theirs, addr, "-").is_some(), "the listener, too: {theirs}");
    assert!(theirs.find("LISTEN") < theirs.find("ESTABLISHED"), "the listener first");
    assert_explained(&ours);
    assert_explained(&theirs);
}

#[test]
fn bytes_that_nobody_has_read_are_counted() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let mut client = Program::start(&["tcp-client", &addr.to_string(), "-m", "unread"]);
    client.wait_for("shutdown");
    let (stream, peer) = listener.accept().unwrap();

    // `peek` leaves them where they are.
    stream.peek(&mut [0; 6]).unwrap();

    let page = watch_for(std::process::id(), addr, &peer.to_string(), &["CLOSE_WAIT"]);
    let row = row(&page, addr, &peer.to_string()).unwrap();
    assert_eq!(row[4..6], ["6", "B"], "the end of the stream is no byte: {page}");
    assert!(page.contains("\nCLOSE_WAIT   the other side has ended its stream"));
}

#[test]
fn a_half_closed_connection_is_shown_at_both_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let client = connect(addr);
    let (stream, peer) = listener.accept().unwrap();

    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_to_end(&stream), b"");

    let me = std::process::id();
    watch_for(me, addr, &peer.to_string(), &["CLOSE_WAIT"]);
    let page = watch_for(me, peer, &addr.to_string(), &["FIN_WAIT2"]);
    assert!(page.contains("\nFIN_WAIT2    this side has ended its stream"), "{page}");
}

#[test]
fn the_side_that_ended_first_remembers() {
    let (server, addr) =
        Program::server(&["tcp-server", ":0", "-q", "--idle-timeout", "0.05"]);
    let client = connect(addr);
    let local = client.local_addr().unwrap();
    assert_eq!(read_to_end(&client), b"", "the server has let go");
    drop(client);

    let page = watch_for(server.pid(), addr, &local.to_string(), &["TIME_WAIT"]);

    assert!(page.contains("\nTIME_WAIT    over; kept for a minute"), "{page}");
    assert!(page.find("LISTEN") < page.find("TIME_WAIT"), "memories last: {page}");
}

#[test]
fn datagram_sockets_are_connected_or_not() {
    let (server, addr) = Program::server(&["udp-server", ":0", "--quiet"]);
    let theirs = page(server.pid());
    assert_eq!(row(&theirs, addr, "-").unwrap()[..2], ["udp", "UNCONNECTED"]);
    assert!(theirs.contains("\nUNCONNECTED  takes datagrams from anybody"), "{theirs}");
    assert_explained(&theirs);

    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    silent.set_read_timeout(Some(HANG)).unwrap();
    let to = silent.local_addr().unwrap().to_string();
    let client = Program::start(&["udp-client", &to, "--timeout", "600", "-m", "?"]);
    let (_, from) = silent.recv_from(&mut [0; 9]).unwrap();
    let ours = page(client.pid());
    assert_eq!(row(&ours, from, &to).unwrap()[..2], ["udp", "CONNECTED"]);
    assert_explained(&ours);
}

#[test]
fn ipv6_sockets_are_shown() {
    if !has_ipv6() {
        return;
    }
    let (server, addr) = Program::server(&["tcp-server", "[::1]:0", "--quiet"]);
    let client = connect(addr);
    exchange(&client, b"hello");

    let page = page(server.pid());

    assert_eq!(row(&page, addr, "-").unwrap()[..2], ["tcp6", "LISTEN"]);
    let peer = client.local_addr().unwrap().to_string();
    assert_eq!(row(&page, addr, &peer).unwrap()[1], "ESTABLISHED");
    assert_explained(&page);
}

#[test]
fn without_a_number_every_sockdemo_is_shown_but_not_itself() {
    let (one, _) = Program::server(&["tcp-server", ":0", "--quiet"]);
    let (two, _) = Program::server(&["udp-server", ":0", "--quiet"]);

    let ended = run(&["sockets"], b"");

    // Other tests run at the same time; theirs are shown as well.
    assert_eq!((ended.code(), ended.stderr.as_str()), (Some(0), ""));
    for (command, program) in [("tcp-server", &one), ("udp-server", &two)] {
        let heading = format!("sockdemo {command} {}\n", program.pid());
        assert_eq!(ended.stdout.matches(&heading).count(), 1, "{}", ended.stdout);
    }
    let name = |line: &&str| line.starts_with("sockdemo ");
    assert!(ended.stdout.lines().filter(name).count() >= 2);
}

#[test]
fn a_process_that_is_not_there_is_an_error() {
    // Linux gives no number above 4,194,304.
    let ended = run(&["sockets", "--pid", "4194305"], b"");

    assert_eq!((ended.code(), ended.stdout.as_str()), (Some(1), ""));
    let error = "error: could not look at process 4194305: ";
    assert!(ended.stderr.starts_with(error), "{}", ended.stderr);
    assert!(ended.stderr.contains("  hint: no process has this number"));
}

#[test]
fn a_process_without_sockets_says_so() {
    let idle = Program::run(std::process::Command::new("cat"));

    let page = page(idle.pid());

    assert_eq!(page, format!("cat {}\n  no TCP or UDP socket\n\n", idle.pid()));
}

#[test]
fn the_table_is_shown_again_when_it_changes_until_ctrl_c() {
    let (server, addr) = Program::server(&["tcp-server", ":0", "--quiet"]);
    let pid = server.pid().to_string();
    let mut watch = Program::start(&["sockets", "--watch", "--pid", &pid]);
    let first = watch.wait_for_output("LISTEN ");
    assert!(!first.contains("ESTABLISHED"), "{first}");

    let client = connect(addr);
    watch.wait_for_output("ESTABLISHED");

    let watch = watch.stop();
    assert_eq!((watch.code(), watch.stderr.as_str()), (Some(0), ""));
    let heading = format!("sockdemo tcp-server {pid}\n");
    let pages = watch.stdout.matches(&heading).count();
    assert!((2..=4).contains(&pages), "only when it changes: {}", watch.stdout);
    drop(client);
}

#[test]
fn a_table_that_does_not_change_is_shown_once() {
    let (idle, _) = Program::server(&["udp-server", ":0", "--quiet"]);
    let (busy, addr) = Program::server(&["tcp-server", ":0", "--quiet"]);
    let mut watches = [&idle, &busy].map(|server| {
        Program::start(&["sockets", "--watch", "--pid", &server.pid().to_string()])
    });
    watches[0].wait_for_output("UNCONNECTED");

    // Each of these is seen at another look, so the other watch has looked again, too.
    let mut clients = Vec::new();
    for number in 1..=3 {
        clients.push(connect(addr));
        let all = |page: &str| {
            page.rsplit("\n\n").any(|one| one.matches(" ESTABLISHED ").count() == number)
        };
        watches[1].wait_until_output("another connection", all);
    }

    let [watch, _] = watches;
    assert_eq!(watch.stop().stdout.matches("sockdemo ").count(), 1);
}

#[test]
fn the_watched_process_may_end() {
    let (server, _) = Program::server(&["udp-server", ":0", "--quiet"]);
    let pid = server.pid().to_string();
    let mut watch = Program::start(&["sockets", "--watch", "--pid", &pid]);
    watch.wait_for_output("UNCONNECTED");

    server.stop();

    let watch = watch.end();
    assert_eq!(watch.code(), Some(1));
    assert!(watch.stderr.contains("hint: no process has this number now"));
}
