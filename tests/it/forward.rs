//! `forward`: what is carried, what is told, and what a bad network does to it.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use sockdemo::kit::event::{Call, Event, Phase};
use sockdemo::proto::datagram_faults::Fate;
use sockdemo::proto::faults::Faults;
use sockdemo::proto::random::Random;

use crate::harness::{
    HANG, Program, connect, events, exchange, flat, has_ipv6, nobody_listens,
    read_to_end, run, too_wide,
};

/// A target of the test's own, and a forwarder in front of it.
fn before(flags: &[&str]) -> (Program, SocketAddr, TcpListener) {
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let (program, addr) = forward(target.local_addr().unwrap(), flags);
    (program, addr, target)
}

fn forward(target: SocketAddr, flags: &[&str]) -> (Program, SocketAddr) {
    let target = target.to_string();
    Program::server(&[&["forward", ":0", &target], flags].concat())
}

/// A caller, and the connection that the target gets for it.
fn pair(addr: SocketAddr, target: &TcpListener) -> (TcpStream, TcpStream) {
    let caller = connect(addr);
    let (behind, _) = target.accept().unwrap();
    behind.set_read_timeout(Some(HANG)).unwrap();
    behind.set_write_timeout(Some(HANG)).unwrap();
    (caller, behind)
}

/// Sends both ways at once, each side everything before it reads.
fn exchange_all(caller: &TcpStream, behind: &TcpStream, up: &[u8], down: &[u8]) {
    let send = |mut stream: &TcpStream, bytes: &[u8]| {
        stream.write_all(bytes).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
    };
    thread::scope(|scope| {
        scope.spawn(|| send(caller, up));
        scope.spawn(|| send(behind, down));
        let came_down = scope.spawn(|| read_to_end(caller));
        assert!(read_to_end(behind) == up, "up is as it was sent");
        assert!(came_down.join().unwrap() == down, "down is as it was sent");
    });
}

fn reset(stream: TcpStream) {
    sockdemo::kit::reset::reset_on_close(&stream).unwrap();
}

/// The kind of the error that reading ends with.
fn broken(mut stream: &TcpStream) -> ErrorKind {
    stream.read_to_end(&mut Vec::new()).unwrap_err().kind()
}

/// How a connection that is made and then broken ends. A reset may come so soon that
/// connect is already the call that reports it.
fn taken_and_broken(addr: SocketAddr) -> ErrorKind {
    match TcpStream::connect_timeout(&addr, HANG) {
        Ok(stream) => {
            stream.set_read_timeout(Some(HANG)).unwrap();
            broken(&stream)
        }
        Err(error) => error.kind(),
    }
}

#[test]
fn both_directions_and_both_half_closes_go_through() {
    let (forwarder, addr, target) = before(&[]);
    let (mut caller, mut behind) = pair(addr, &target);
    caller.write_all(b"question").unwrap();
    caller.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_to_end(&behind), b"question");
    behind.write_all(b"answer").unwrap();
    drop(behind);
    assert_eq!(read_to_end(&caller), b"answer");

    let (mut caller, behind) = pair(addr, &target);
    behind.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_to_end(&caller), b"", "the end came first from behind");
    caller.write_all(b"still here").unwrap();
    drop(caller);
    assert_eq!(read_to_end(&behind), b"still here");
    assert_eq!(forwarder.stop().code(), Some(0));
}

#[test]
fn the_server_sees_the_forwarder_and_not_the_caller() {
    let (mut forwarder, addr, target) = before(&[]);
    let caller = connect(addr);
    let (_behind, seen) = target.accept().unwrap();
    assert_ne!(seen, caller.local_addr().unwrap());
    let told = forwarder.wait_for("back 1    connect(");
    assert!(flat(&told).contains(&format!("from {}", caller.local_addr().unwrap())));
}

#[test]
fn a_reset_goes_through_in_both_directions() {
    let (forwarder, addr, target) = before(&["--quiet"]);
    let (caller, behind) = pair(addr, &target);
    assert_eq!(exchange(&caller, b""), b"");
    reset(behind);
    assert_eq!(broken(&caller), ErrorKind::ConnectionReset);

    let (caller, behind) = pair(addr, &target);
    reset(caller);
    assert_eq!(broken(&behind), ErrorKind::ConnectionReset);

    // While both directions are full and nobody reads.
    let (caller, behind) = pair(addr, &target);
    let fill = |mut stream: &TcpStream| {
        stream.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
        while stream.write(&[0; 65_536]).is_ok() {}
    };
    fill(&caller);
    fill(&behind);
    reset(behind);
    assert_eq!(broken(&caller), ErrorKind::ConnectionReset);
    assert_eq!(forwarder.stop().code(), Some(0));
}

#[test]
fn a_refusal_behind_is_told_in_front() {
    let (nobody, _keep) = nobody_listens();
    let (mut forwarder, addr) = forward(nobody, &[]);
    assert_eq!(taken_and_broken(addr), ErrorKind::ConnectionReset);
    forwarder.wait_for_words("Connection refused (os error 111): the caller is told");
    assert_eq!(taken_and_broken(addr), ErrorKind::ConnectionReset, "and it goes on");
    assert_eq!(forwarder.stop().code(), Some(0));
}

#[test]
fn ten_megabytes_each_way_before_anybody_reads() {
    let (_forwarder, addr, target) = before(&["--quiet"]);
    let (caller, behind) = pair(addr, &target);
    let mut random = Random::of(1, "ten megabytes");
    let (up, down) = (random.bytes(10_000_000), random.bytes(12_000_000));
    exchange_all(&caller, &behind, &up, &down);
}

/// Any combination of faults that must not lose data.
fn lossless(random: &mut Random) -> String {
    let split = match random.between(0, 1) {
        0 => "split=random".to_owned(),
        _ => format!("split={}", random.between(1000, 3000)),
    };
    let all = ["delay=3ms", "rate=20M", "merge=70000", &split];
    let mut some = vec![format!("jitter={}ms", random.between(0, 3))];
    some.extend(
        all.iter().filter(|_| random.between(0, 1) == 1).map(ToString::to_string),
    );
    some.join(",")
}

#[test]
fn a_bad_network_that_loses_nothing_loses_nothing() {
    for seed in 0..8 {
        let mut random = Random::of(seed, "lossless");
        let (up, down) = (lossless(&mut random), lossless(&mut random));
        let flags = ["--quiet", "--seed", "7", "--up", &up, "--down", &down];
        let (forwarder, addr, target) = before(&flags);
        let (caller, behind) = pair(addr, &target);
        let length = if seed == 0 { 10_000_000 } else { 1_000_000 };
        println!("{flags:?}");
        exchange_all(&caller, &behind, &random.bytes(length), &random.bytes(length));
        assert_eq!(forwarder.stop().code(), Some(0));
    }
}

#[test]
fn a_cut_comes_at_its_byte_and_both_sides_see_an_end() {
    let (mut forwarder, addr, target) = before(&["--up", "cut=1000"]);
    let (mut caller, behind) = pair(addr, &target);
    caller.write_all(&[1; 3000]).unwrap();
    assert_eq!(read_to_end(&behind), [1; 1000]);
    assert_eq!(read_to_end(&caller), b"");
    drop((caller, behind));
    forwarder.wait_for_words("bad network: up 1: cut at byte 1000");
    let told = flat(&forwarder.stop().stderr);
    assert!(told.contains("3,000 B came, 1,000 B went on"), "{told}");
    assert!(told.contains("cut at byte 1000: 1 time, 2,000 B went no further"), "{told}");
}

#[test]
fn a_reset_comes_at_its_byte_and_both_sides_see_a_reset() {
    let (_forwarder, addr, target) = before(&["--down", "reset=1000"]);
    let (mut caller, mut behind) = pair(addr, &target);
    behind.write_all(&[1; 3000]).unwrap();
    let mut got = [0; 1000];
    caller.read_exact(&mut got).unwrap();
    assert_eq!(broken(&caller), ErrorKind::ConnectionReset);
    assert_eq!(broken(&behind), ErrorKind::ConnectionReset);
}

#[test]
fn what_is_swallowed_or_stalled_is_told_to_nobody() {
    for fault in ["swallow=5", "stall=5"] {
        let (mut forwarder, addr, target) = before(&["--up", fault]);
        let (mut caller, mut behind) = pair(addr, &target);
        caller.write_all(b"hello, and more").unwrap();
        let mut got = [0; 5];
        behind.read_exact(&mut got).unwrap();
        forwarder.wait_for_words("at byte 5");
        behind.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        assert_eq!(behind.read(&mut got).unwrap_err().kind(), ErrorKind::WouldBlock);
        behind.write_all(b"fine").unwrap();
        let mut answer = [0; 4];
        caller.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"fine", "{fault}: the other direction is good");

        let other = pair(addr, &target);
        assert_eq!(exchange_small(&other), b"ok", "{fault}: and so are other callers");
        assert_eq!(forwarder.stop().code(), Some(0), "{fault}: it can be stopped");
    }
}

#[test]
fn a_stall_goes_on_when_the_other_direction_ends_and_its_sums_add_up() {
    let (mut forwarder, addr, target) = before(&["--up", "stall=5"]);
    let (mut caller, behind) = pair(addr, &target);
    behind.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_to_end(&caller), b"");
    caller.write_all(b"abcd, and more").unwrap();
    forwarder.wait_for_words("bad network: up 1: stall at byte 5");
    (0..6).for_each(|_| caller.write_all(b"again").unwrap());
    behind.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut got = Vec::new();
    let error = (&behind).read_to_end(&mut got).unwrap_err();
    assert_eq!((got.as_slice(), error.kind()), (&b"abcd,"[..], ErrorKind::WouldBlock));
    caller.write_all(b"ends").unwrap();
    caller.shutdown(Shutdown::Write).unwrap();
    assert_eq!((&behind).read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    let told = flat(&forwarder.stop().stderr);
    assert!(told.contains("48 B came, 5 B went on"), "{told}");
    assert!(told.contains("stall at byte 5: 1 time, 43 B went no further"), "{told}");
}

fn exchange_small((caller, behind): &(TcpStream, TcpStream)) -> Vec<u8> {
    let (mut caller, mut behind) = (caller, behind);
    caller.write_all(b"ok").unwrap();
    let mut got = vec![0; 2];
    behind.read_exact(&mut got).unwrap();
    got
}

#[test]
fn a_caller_who_does_not_read_delays_nobody_else() {
    let (forwarder, addr, target) = before(&["--quiet"]);
    let (_silent, mut behind) = pair(addr, &target);
    behind.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    while behind.write(&[0; 65_536]).is_ok() {}
    assert_eq!(exchange_small(&pair(addr, &target)), b"ok");
    assert_eq!(forwarder.stop().code(), Some(0));
}

/// What was sent behind: the first ten calls.
fn pieces(flags: &[&str]) -> Vec<u64> {
    let (forwarder, addr, target) = before(&[flags, &["--json"]].concat());
    let (mut caller, behind) = pair(addr, &target);
    caller.write_all(&[7; 9000]).unwrap();
    caller.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_to_end(&behind).len(), 9000);
    drop((caller, behind));
    let sent = |event: &Event| {
        event.who == "back" && event.phase == Phase::End && event.call == Some(Call::Send)
    };
    let told = events(&forwarder.stop().stderr).into_iter().filter(sent);
    told.take(10).map(|event| event.bytes.unwrap()).collect()
}

#[test]
fn the_same_seed_gives_the_same_pieces() {
    let with = |seed| pieces(&["--up", "split=random", "--seed", seed]);
    let first = with("11");
    assert_eq!(first.len(), 10, "{first:?}");
    assert_eq!(first, with("11"));
    assert_ne!(first, with("12"));
}

#[test]
fn a_firewall_reads_its_rules_in_order() {
    let rules = ["--allow", "127.0.0.9", "--deny", "127.0.0.0/8=drop", "--deny", "all"];
    let (mut forwarder, addr, target) = before(&rules);
    let mut dropped = connect(addr);
    forwarder.wait_for_words("--deny 127.0.0.0/8=drop: 127.0.0.1:");
    dropped.write_all(b"anybody?").unwrap();
    dropped.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert_eq!(dropped.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    target.set_nonblocking(true).unwrap();
    assert_eq!(target.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(forwarder.stop().code(), Some(0));

    let (mut forwarder, addr, _target) =
        before(&["--deny", "127.0.0.1", "--allow", "all"]);
    assert_eq!(taken_and_broken(addr), ErrorKind::ConnectionReset);
    forwarder.wait_for_words("is refused");

    let (_forwarder, addr, target) = before(&["--allow", "127.0.0.1", "--deny", "all"]);
    assert_eq!(exchange_small(&pair(addr, &target)), b"ok");
}

#[test]
fn a_dropped_caller_hears_nothing_even_behind_the_end_of_its_stream() {
    let (forwarder, addr, _target) = before(&["--deny", "all=drop", "--quiet"]);
    let mut caller = connect(addr);
    caller.shutdown(Shutdown::Write).unwrap();
    caller.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert_eq!(caller.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(forwarder.stop().code(), Some(0));
}

#[test]
fn a_forwarder_to_itself_and_a_name_of_nobody_are_refused_at_once() {
    let (_other, taken) = Program::server(&["tcp-server", ":0", "--quiet"]);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert_ne!(port, taken.port());
    let own = format!(":{port}");
    for flags in [&[][..], &["--udp"]] {
        let ended = run(&[&["forward", &own, &own], flags].concat(), b"");
        assert_eq!(ended.code(), Some(1), "{flags:?}");
        assert!(flat(&ended.stderr).contains("that is where we listen ourselves"));
    }
    let ended = run(&["forward", ":0", "not-a-name.invalid:80"], b"");
    assert_eq!((ended.code(), ended.stdout.as_str()), (Some(1), ""));
    assert!(ended.stderr.contains("could not look up not-a-name.invalid:80"));
}

#[test]
fn ctrl_c_lets_both_sides_see_an_end() {
    let (forwarder, addr, target) = before(&["--quiet"]);
    let (caller, behind) = pair(addr, &target);
    thread::scope(|scope| {
        let above = scope.spawn(|| read_to_end(&caller));
        let below = scope.spawn(|| read_to_end(&behind));
        forwarder.interrupt();
        assert_eq!((above.join().unwrap(), below.join().unwrap()), (vec![], vec![]));
    });
    drop((caller, behind));
    assert_eq!(forwarder.end().code(), Some(0));

    // Both directions are full, and nobody reads.
    let (forwarder, addr, target) = before(&["--quiet", "--up", "delay=1ms"]);
    let (mut caller, mut behind) = pair(addr, &target);
    for stream in [&mut caller, &mut behind] {
        stream.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
        while stream.write(&[0; 65_536]).is_ok() {}
    }
    assert_eq!(forwarder.stop().code(), Some(0));
}

#[test]
fn an_idle_pair_is_let_go_and_a_busy_direction_keeps_it() {
    let (mut forwarder, addr, target) = before(&["--idle-timeout", "1.5"]);
    let (caller, mut behind) = pair(addr, &target);
    behind.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    for _ in 0..20 {
        behind.write_all(b".").unwrap();
        assert_eq!((&caller).read(&mut [0; 2]).unwrap(), 1, "only one way is silent");
        assert!(behind.read(&mut [0]).is_err(), "a tenth of a second passes");
    }
    behind.set_read_timeout(Some(HANG)).unwrap();
    assert_eq!(read_to_end(&caller), b"");
    assert_eq!(read_to_end(&behind), b"");
    forwarder.wait_for("idle for too long");
}

/// What moves may be a byte on a slow road, or come from one who does not read himself.
#[test]
fn whatever_moves_keeps_a_pair() {
    let flags = ["--idle-timeout", "0.7", "--up", "rate=100"];
    let (_forwarder, addr, target) = before(&flags);
    let (mut caller, behind) = pair(addr, &target);
    caller.write_all(&[b'x'; 200]).unwrap();
    caller.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_to_end(&behind).len(), 200);

    let (_forwarder, addr, target) = before(&["--idle-timeout", "0.7"]);
    let (mut caller, mut behind) = pair(addr, &target);
    caller.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    while caller.write(&[0; 65_536]).is_ok() {}
    behind.set_nonblocking(false).unwrap();
    for _ in 0..12 {
        behind.write_all(b".").unwrap();
        assert_eq!(caller.read(&mut [0; 2]).unwrap(), 1, "one way is full, one moves");
        caller.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        assert!(caller.read(&mut [0]).is_err(), "a tenth of a second passes");
        caller.set_read_timeout(Some(HANG)).unwrap();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_hundred_callers_leave_nothing_behind() {
    let (forwarder, addr, target) = before(&["--quiet"]);
    let pid = forwarder.pid();
    let figures = || {
        ["task", "fd"]
            .map(|what| std::fs::read_dir(format!("/proc/{pid}/{what}")).unwrap().count())
    };
    assert_eq!(exchange_small(&pair(addr, &target)), b"ok");
    let mut start = figures();
    let pairs: Vec<_> = (0..100).map(|_| pair(addr, &target)).collect();
    for (caller, behind) in pairs.iter().rev() {
        exchange_all(caller, behind, b"up", b"down");
    }
    drop(pairs);
    let deadline = Instant::now() + HANG;
    start = start.map(|figure| figure + 1); // The first pair may have been half gone.
    while figures().iter().zip(start).any(|(now, then)| *now > then) {
        assert!(Instant::now() < deadline, "{:?} left of {start:?}", figures());
        thread::yield_now();
    }
}

#[test]
fn the_dump_shows_every_byte_and_names_the_ends_of_lines() {
    let (forwarder, addr, target) = before(&["--dump", "--quiet"]);
    let (mut caller, behind) = pair(addr, &target);
    caller.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    caller.shutdown(Shutdown::Write).unwrap();
    read_to_end(&behind);
    drop((caller, behind));
    let shown = forwarder.stop().stdout;
    assert!(shown.contains("1 up: 18 B"), "{shown}");
    assert!(
        shown.contains("2e 31 0d 0a                                .1 CR LF"),
        "{shown}"
    );
    assert_eq!(too_wide(&shown), [""; 0]);
}

#[test]
fn the_ladder_has_three_columns_and_a_recording_has_the_same() {
    let record = crate::harness::Scratch::new();
    let flags = ["--view", "ladder", "--record", record.path()];
    let (forwarder, addr, target) = before(&flags);
    let (mut caller, mut behind) = pair(addr, &target);
    caller.write_all(b"hello").unwrap();
    let mut got = [0; 5];
    behind.read_exact(&mut got).unwrap();
    behind.write_all(b"there").unwrap();
    drop(behind);
    assert_eq!(read_to_end(&caller), b"there");
    drop(caller);
    let ladder = forwarder.stop().stderr;
    let mut rows = ladder.lines().map(str::trim_end);
    for row in [
        " client                         forwarder                                server",
        "  │  ───────── 5 B \"hello\" ──────────►  │                                    │",
        "  │                                     │  ───────── 5 B \"hello\" ─────────►  │",
        "  │                                     │  ◄───────── 5 B \"there\" ─────────  │",
        "  │  ◄───────── 5 B \"there\" ──────────  │                                    │",
    ] {
        assert!(rows.any(|line| line == row), "no {row}\nin order in\n{ladder}");
    }
    assert_eq!(too_wide(&ladder), [""; 0]);

    let again = run(&["replay", record.path()], b"").stdout;
    assert!(again.contains("client                         forwarder"), "{again}");
    assert!(again.contains("◄───────── 5 B \"there\" ─────────"), "{again}");
    let words = run(&["replay", record.path(), "--view", "sentences"], b"").stdout;
    assert!(words.contains("client to forwarder: 5 B \"hello\""), "{words}");
}

#[test]
fn the_ladder_draws_no_end_that_nobody_has_sent() {
    let (mut forwarder, addr, target) = before(&["--view", "ladder", "--up", "reset=3"]);
    let (mut caller, behind) = pair(addr, &target);
    caller.write_all(b"hello").unwrap();
    assert_eq!(broken(&behind), ErrorKind::ConnectionReset);
    forwarder.wait_for_many(" reset ─", 2);
    let ladder = forwarder.stop().stderr;
    assert!(!ladder.contains("end of stream"), "{ladder}");

    // Both keep their halves open, so the forwarder ends both, once, and then cuts them off.
    let (mut forwarder, addr, target) = before(&["--view", "ladder"]);
    let (_caller, _behind) = pair(addr, &target);
    forwarder.wait_for_many("… waiting for bytes", 2);
    let ladder = forwarder.stop().stderr;
    assert_eq!(ladder.matches("end of stream ─").count(), 2, "{ladder}");
}

fn caller(addr: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(addr).unwrap();
    socket.set_read_timeout(Some(HANG)).unwrap();
    socket
}

fn hears(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = [0; 2000];
    let n = socket.recv(&mut buffer).unwrap();
    buffer[..n].to_vec()
}

#[test]
fn each_caller_of_a_nat_gets_its_own_answers() {
    let (_echo, target) = Program::server(&["udp-server", ":0", "--quiet"]);
    let (mut forwarder, addr) = forward(target, &["--udp", "--table"]);
    let callers: Vec<_> = (0..3).map(|_| caller(addr)).collect();
    for (n, caller) in callers.iter().enumerate().chain(callers.iter().enumerate().rev())
    {
        caller.send(format!("I am {n}").as_bytes()).unwrap();
        assert_eq!(hears(caller), format!("I am {n}").as_bytes());
    }
    callers[0].send(b"").unwrap();
    assert_eq!(hears(&callers[0]), b"", "an empty datagram goes through as well");
    forwarder.wait_for_words("table: 3 callers, each forgotten after 60.0 s");
    assert_eq!(forwarder.stop().code(), Some(0));
}

#[test]
fn what_was_not_sent_has_not_gone_on() {
    let flags = ["--up", "rate=1000", "--down", "cut=5"];
    let (mut forwarder, addr, target) = before(&flags);
    let (mut caller, mut behind) = pair(addr, &target);
    caller.write_all(&[b'x'; 5000]).unwrap();
    behind.write_all(b"123456").unwrap();
    forwarder.wait_for_words("bad network: down 1: cut at byte 5");
    assert_eq!(read_to_end(&caller), b"12345");
    let got = read_to_end(&behind).len();
    drop((caller, behind));
    let told = flat(&forwarder.stop().stderr);
    let sum = told.split("up rate=1000: ").nth(1).unwrap_or_else(|| panic!("{told}"));
    let went_on = sum.split(" B came, ").nth(1).unwrap().split(" B").next().unwrap();
    assert_eq!(went_on.replace(',', "").parse::<usize>().unwrap(), got, "{told}");
    assert!(told.contains("6 B came, 5 B went on in 1 piece; cut at byte 5: 1 time"));
}

#[test]
fn an_address_is_the_same_however_a_socket_shows_it() {
    if !has_ipv6() {
        return;
    }
    for rule in ["::ffff:127.0.0.1", "::ffff:127.0.0.0/104", "127.0.0.1"] {
        let target = TcpListener::bind("127.0.0.1:0").unwrap();
        let behind = target.local_addr().unwrap().to_string();
        let args = ["forward", "[::]:0", &behind, "--deny", rule];
        let (mut forwarder, addr) = Program::server(&args);
        let caller = SocketAddr::from(([127, 0, 0, 1], addr.port()));
        assert_eq!(taken_and_broken(caller), ErrorKind::ConnectionReset, "{rule}");
        forwarder.wait_for_words("is refused");
    }
}

/// Half of the time had passed when something came: then only the other half is left.
#[test]
fn an_entry_is_forgotten_when_its_time_is_over() {
    let target = UdpSocket::bind("127.0.0.1:0").unwrap();
    let flags = ["--udp", "--idle-timeout", "2"];
    let (mut forwarder, addr) = forward(target.local_addr().unwrap(), &flags);
    let caller = caller(addr);
    caller.send(b"first").unwrap();
    forwarder.wait_for("table: in: ");
    let begun = Instant::now();
    forwarder.wait_for("table: out: ");
    let took = begun.elapsed();
    assert!((1900..3500).contains(&took.as_millis()), "{took:?}");
}

#[test]
fn an_entry_in_which_nothing_moves_is_forgotten() {
    let target = UdpSocket::bind("127.0.0.1:0").unwrap();
    target.set_read_timeout(Some(HANG)).unwrap();
    let flags = ["--udp", "--idle-timeout", "0.3"];
    let (mut forwarder, addr) = forward(target.local_addr().unwrap(), &flags);
    let caller = caller(addr);
    caller.send(b"first").unwrap();
    let (_, first) = target.recv_from(&mut [0; 9]).unwrap();
    forwarder.wait_for("table: out: ");
    caller.send(b"again").unwrap();
    let (_, second) = target.recv_from(&mut [0; 9]).unwrap();
    assert_ne!(first, second, "the target sees somebody new");
}

#[test]
fn the_counts_of_datagrams_add_up() {
    let target = UdpSocket::bind("127.0.0.1:0").unwrap();
    target.set_read_timeout(Some(HANG)).unwrap();
    let up = "loss=30%,duplicate=20%,reorder=20%,jitter=2ms";
    let flags = ["--udp", "--up", up, "--seed", "5"];
    let (mut forwarder, addr) = forward(target.local_addr().unwrap(), &flags);
    let caller = caller(addr);
    let faults: Faults = up.parse().unwrap();
    for n in 1..=200_u8 {
        caller.send(&[n]).unwrap();
        // Its fate is known: it is told before the next one is sent.
        let name = format!("up 1, datagram {n}");
        let fate = faults.datagrams.fate(&mut Random::of(5, &name), 1);
        if fate != Fate::default() {
            forwarder.wait_for_words(&format!("bad network: {name}: {fate}"));
        }
    }
    let told = flat(&forwarder.stop().stderr);
    let sum = told.split("jitter=2ms: ").nth(1).unwrap_or_else(|| panic!("{told}"));
    let number = |behind: &str| -> i64 {
        let before = sum.split(behind).next().unwrap();
        before.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let (came, lost) = (number(" came"), number(" lost"));
    let (doubled, went_on) = (number(" doubled"), number(" went on"));
    assert_eq!((came, came - lost + doubled), (200, went_on), "{sum}");
    assert!(lost > 30 && doubled > 10, "{sum}");
    target.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let arrived = std::iter::from_fn(|| target.recv(&mut [0; 9]).ok()).count();
    assert_eq!(i64::try_from(arrived).unwrap(), went_on, "{sum}");
}

/// Which of the first `count` datagrams are late, by their fate.
fn late_ones(faults: &str, seed: u64, count: u8) -> Vec<bool> {
    let faults: Faults = faults.parse().unwrap();
    let fate = |n| {
        let name = format!("up 1, datagram {n}");
        faults.datagrams.fate(&mut Random::of(seed, &name), 1).late
    };
    (1..=count).map(fate).collect()
}

/// With a delay, several are on their way when one of them is sent.
#[test]
fn who_lets_the_next_one_pass_does_not_overtake_anybody() {
    for up in ["reorder=30%", "reorder=30%,delay=400ms"] {
        let late = late_ones(up, 7, 20);
        let (mut expected, mut waiting) = (Vec::new(), Vec::new());
        for (n, late) in (1..=20_u8).zip(&late) {
            waiting.push(n);
            if !late {
                expected.push(n);
                expected.extend(waiting.drain(..).take_while(|m| *m != n));
            }
        }
        expected.extend(waiting);
        assert!((3..12).contains(&late.iter().filter(|late| **late).count()));
        // On a machine with much to do, a tenth of a second can pass between two of them.
        let all = || {
            let target = UdpSocket::bind("127.0.0.1:0").unwrap();
            target.set_read_timeout(Some(HANG)).unwrap();
            let flags = ["--udp", "--quiet", "--up", up, "--seed", "7"];
            let (_forwarder, addr) = forward(target.local_addr().unwrap(), &flags);
            let caller = caller(addr);
            (1..=20).for_each(|n| assert_eq!(caller.send(&[n]).unwrap(), 1));
            (1..=20).flat_map(|_| hears(&target)).collect::<Vec<_>>()
        };
        let heard: Vec<_> = (0..3).map(|_| all()).collect();
        assert!(heard.contains(&expected), "{up}: {heard:?} instead of {expected:?}");
    }
}

/// Who may not pass gets no number, and whom we forget gets a new one: so it matters.
#[test]
fn the_same_again_has_the_rules_and_the_time_limit() {
    let flags = ["--seed", "7", "--up", "split=3", "--idle-timeout", "1.5"];
    let rules = ["--deny", "127.0.0.2", "--allow", "127.0.0.0/8", "--deny", "all=drop"];
    let (mut forwarder, _, _target) = before(&[&flags[..], &rules].concat());
    let words = "--seed 7 --up split=3 --deny 127.0.0.2 --allow 127.0.0.0/8 \
                 --deny all=drop --idle-timeout 1.5";
    forwarder.wait_for_words(words);
}

#[test]
fn a_datagram_that_the_kernel_refuses_has_not_gone_on() {
    let target = UdpSocket::bind("127.0.0.1:0").unwrap();
    let absent = target.local_addr().unwrap();
    drop(target);
    for up in ["duplicate=100%", "duplicate=100%,delay=1ms"] {
        let flags = ["--udp", "--json", "--up", up];
        let (mut forwarder, addr) = forward(absent, &flags);
        let caller = caller(addr);
        for n in 1..=20 {
            caller.send(b"x").unwrap();
            // What comes back of the first send is known when the second fails.
            forwarder.wait_for_many("\"phase\":\"end\",\"call\":\"send\"", 2 * n);
        }
        let told = forwarder.stop().stderr;
        let sends = events(&told)
            .into_iter()
            .filter(|event| event.call == Some(Call::Send) && event.phase == Phase::End);
        let (ok, failed): (Vec<_>, Vec<_>) =
            sends.partition(|event| event.error.is_none());
        assert!(!failed.is_empty(), "{told}");
        let sum = format!(
            "20 came - 0 lost + 20 doubled - {} not sent = {} went on",
            failed.len(),
            ok.len()
        );
        assert!(told.contains(&sum), "{sum}: {told}");
    }
}

#[test]
fn what_is_on_its_way_arrives_before_the_end() {
    let target = UdpSocket::bind("127.0.0.1:0").unwrap();
    target.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let flags = ["--udp", "--up", "delay=60s"];
    let (mut forwarder, addr) = forward(target.local_addr().unwrap(), &flags);
    let caller = caller(addr);
    (0..200).for_each(|n| assert_eq!(caller.send(&[n]).unwrap(), 1));
    forwarder.wait_for_words("bad network: up 1, datagram 200: ");
    assert_eq!(forwarder.stop().code(), Some(0));
    let arrived = std::iter::from_fn(|| target.recv(&mut [0; 9]).ok()).count();
    assert_eq!(arrived, 200, "and none of them goes to ourselves");
}

#[test]
fn what_cannot_be_had_is_a_mistake_in_the_command_line() {
    for (flags, words) in [
        (&["--up", "loss=5%"][..], "loss: a stream has no datagrams; see --udp"),
        (&["--udp", "--down", "split=5"], "split: datagrams are no stream"),
        (&["--udp", "--once"], "--once: datagrams have no end"),
        (&["--udp", "--connect-timeout", "1"], "datagrams need no connection"),
        (&["--up", "speed=3"], "speed is no fault"),
        (&["--up", ""], "no fault in it"),
        (&["--up", "jitter"], "jitter"),
        (&["--udp", "--up", "loss"], "loss"),
        (&["--deny", "10.0.0.0/40"], "such an address has 32 bits"),
        (&["--table"], "--udp"),
    ] {
        let ended = run(&[&["forward", ":0", ":1"], flags].concat(), b"");
        assert_eq!(ended.code(), Some(2), "{flags:?}");
        assert!(flat(&ended.stderr).contains(words), "{flags:?}: {}", ended.stderr);
    }
}
