//! It never lies: what each demo says is compared with what the kernel did.
//!
//! A demo runs under strace. Then, thread by thread, the calls in the trace and the events in
//! the recording must be the same, with the same descriptors, addresses, sizes and errors, in
//! the same order: nothing invented, nothing left out. What may stay untold is the list
//! [`SILENT`], which `docs/events.md` explains.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use sockdemo::kit::event::{Call, Event, Phase};

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
    test("truth: udp-server tells every datagram", udp_server_datagrams),
    test("truth: udp-server tells a cut datagram", udp_server_cut),
    test("truth: udp-client tells question and answer", udp_client_conversation),
    test("truth: udp-client tells that nobody listens", udp_client_refused),
    test("truth: udp-client tells silence and retries", udp_client_silence),
    test("truth: udp-client tells how it is stopped", udp_client_stopped),
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
        "0.3",
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
        let ended = self.program.end();
        let trace = fs::read_to_string(&self.trace).unwrap();
        let recording = fs::read_to_string(&self.recording).unwrap();
        let events = events(&recording);

        let (done, said) = (by_thread(&trace), by_speaker(&events));
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
        .filter(|line| line.starts_with("server") || line.starts_with("client"))
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
    let stopper = event.thread == "stopper"; // One thread, whichever client it speaks of.
    (event.thread.to_string(), event.connection.filter(|_| !stopper))
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
                let halves = [("SHUT_WR", "writing"), ("SHUT_RDWR", "both directions")];
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
