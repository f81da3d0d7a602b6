//! `forward` between programs that others wrote, with a good network and with a bad one.

use std::fs;
use std::net::{Shutdown, SocketAddr};
use std::path::PathBuf;
use std::time::Instant;

use sockdemo::proto::datagram_faults::Fate;
use sockdemo::proto::faults::Faults;
use sockdemo::proto::random::Random;

use crate::Test;
use crate::harness::{
    Ended, HANG, Program, Scratch, connect, exchange, flat, python, read_to_end,
    sockdemo, start,
};
use crate::netcats::{nc, ncat, numbered_lines, python_server};
use crate::terminal::{CTRL_C, assert_no_wider_than_80_columns, plain, terminal};

pub const TESTS: &[Test] = &[
    Test {
        name: "forwarding: curl gets its file through a good network",
        needs: &["curl", "python3"],
        run: curl_gets_its_file_through_a_good_network,
    },
    Test {
        name: "forwarding: curl gets its file in pieces that come irregularly",
        needs: &["curl", "python3"],
        run: curl_gets_its_file_in_pieces_that_come_irregularly,
    },
    Test {
        name: "forwarding: curl gets its file through a slow network",
        needs: &["curl", "python3"],
        run: curl_gets_its_file_through_a_slow_network,
    },
    Test {
        name: "forwarding: curl sees a cut as a file that is too short",
        needs: &["curl", "python3"],
        run: curl_sees_a_cut_as_a_file_that_is_too_short,
    },
    Test {
        name: "forwarding: curl sees a reset as a reset",
        needs: &["curl", "python3"],
        run: curl_sees_a_reset_as_a_reset,
    },
    Test {
        name: "forwarding: curl sees a refusal at once and silence for as long as it waits",
        needs: &["curl", "python3"],
        run: curl_sees_a_refusal_at_once_and_silence_for_as_long_as_it_waits,
    },
    Test {
        name: "forwarding: every client ends as it does without a forwarder",
        needs: &["nc", "ncat", "socat", "python3"],
        run: every_client_ends_as_it_does_without_a_forwarder,
    },
    Test {
        name: "forwarding: a reset ends every client as it does without a forwarder",
        needs: &["nc", "ncat", "socat", "python3"],
        run: a_reset_ends_every_client_as_it_does_without_a_forwarder,
    },
    Test {
        name: "forwarding: every server ends as it does without a forwarder",
        needs: &["nc", "ncat", "socat", "python3"],
        run: every_server_ends_as_it_does_without_a_forwarder,
    },
    Test {
        name: "forwarding: a thousand at the same time leave nothing behind",
        needs: &["sh", "python3"],
        run: a_thousand_at_the_same_time_leave_nothing_behind,
    },
    Test {
        name: "forwarding: two hundred questions are answered across a lossy network",
        needs: &["python3"],
        run: two_hundred_questions_are_answered_across_a_lossy_network,
    },
    Test {
        name: "forwarding: socat hears its datagram four times when all are doubled",
        needs: &["socat"],
        run: socat_hears_its_datagram_four_times_when_all_are_doubled,
    },
    Test {
        name: "forwarding: socat answers datagrams from behind",
        needs: &["socat", "python3"],
        run: socat_answers_datagrams_from_behind,
    },
    Test {
        name: "forwarding: a ladder in a terminal keeps to it and Ctrl-C ends it",
        needs: &["script"],
        run: a_ladder_in_a_terminal_keeps_to_it_and_ctrl_c_ends_it,
    },
];

fn forward(target: SocketAddr, flags: &[&str]) -> (Program, SocketAddr) {
    let target = target.to_string();
    Program::server(&[&["forward", ":0", &target], flags].concat())
}

/// A folder with one file in it, and Python's server of files.
struct Site {
    _server: Program,
    addr: SocketAddr,
    body: String,
    folder: Folder,
}

/// A folder of the test's own, gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let folder = PathBuf::from(Scratch::new().path());
        fs::create_dir(&folder).unwrap();
        Folder(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Site {
    fn new() -> Site {
        let (folder, body) = (Folder::new(), numbered_lines(300_000));
        fs::write(folder.path("file"), &body).unwrap();
        // With HTTP/1.1 a connection stays open for the next request.
        let serve = "
import functools, http.server
files = http.server.SimpleHTTPRequestHandler
files.protocol_version = 'HTTP/1.1'
files = functools.partial(files, directory=sys.argv[1])
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), files)
print('listening on %s:%d' % server.server_address, flush=True)
server.serve_forever()
";
        let mut server = python(serve, &[&folder.path("")]);
        let addr = server.addr();
        Site { _server: server, addr, body, folder }
    }

    /// Lets curl get the file twice in one go; gives its words.
    fn get_twice(&self, addr: SocketAddr) -> Ended {
        let url = format!("http://{addr}/file");
        let (first, second) = (self.folder.path("first"), self.folder.path("second"));
        let report = "%{http_code}, %{num_connects} connect, %{size_download} B\n";
        curl(&["-w", report, "-o", &first, &url, "-o", &second, &url])
    }

    /// Lets curl get the file once, with the header; gives its words and what it got.
    fn get_with_header(&self, addr: SocketAddr, flags: &[&str]) -> (Ended, String) {
        let (url, got) = (format!("http://{addr}/file"), self.folder.path("got"));
        let ended = curl(&[&["-i", "-o", &got, &url], flags].concat());
        (ended, fs::read_to_string(got).unwrap_or_default())
    }

    /// Both files have arrived as they are, over one connection.
    fn assert_got_twice(&self, curl: &Ended) {
        assert_eq!(curl.code(), Some(0), "{curl:?}");
        let length = self.body.len();
        let report = format!("200, 1 connect, {length} B\n200, 0 connect, {length} B\n");
        assert_eq!(curl.stdout, report);
        for name in ["first", "second"] {
            let got = fs::read_to_string(self.folder.path(name)).unwrap();
            assert!(got == self.body, "{name}: {} of {length} B", got.len());
        }
    }
}

/// Runs curl to its end, without what the user of this machine has set for it.
fn curl(args: &[&str]) -> Ended {
    let own = ["-q", "--silent", "--show-error", "--noproxy", "*", "--max-time", "12"];
    start("curl", &[&own, args].concat()).end_of_input()
}

/// Stops a forwarder that must be content; gives its narration without line breaks.
fn stop(forwarder: Program) -> String {
    let ended = forwarder.stop();
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    flat(&ended.stderr)
}

fn number_before(told: &str, words: &str) -> usize {
    let before = told.split(words).next().unwrap();
    let number = before.rsplit(' ').next().unwrap().replace(',', "");
    number.parse().unwrap_or_else(|_| panic!("no number before {words:?}: {told}"))
}

/// What the last words of a forwarder say of these faults.
fn sum<'a>(told: &'a str, faults: &str) -> &'a str {
    let sum = told.rsplit_once(&format!("{faults}: ")).map(|(_, sum)| sum);
    sum.unwrap_or_else(|| panic!("no sum of {faults}: {told}"))
}

fn curl_gets_its_file_through_a_good_network() {
    let site = Site::new();
    let (forwarder, addr) = forward(site.addr, &[]);

    site.assert_got_twice(&site.get_twice(addr));

    stop(forwarder);
}

fn curl_gets_its_file_in_pieces_that_come_irregularly() {
    let site = Site::new();
    let (up, down) = ("split=1", "split=random,jitter=2ms");
    let (forwarder, addr) =
        forward(site.addr, &["--up", up, "--down", down, "--seed", "3"]);

    site.assert_got_twice(&site.get_twice(addr));

    let told = stop(forwarder);
    let requests = sum(&told, "up split=1");
    let bytes = number_before(requests, " B came");
    assert!(bytes > 100, "{requests}");
    assert_eq!(number_before(requests, " B went on"), bytes, "{requests}");
    assert_eq!(number_before(requests, " pieces"), bytes, "{requests}");
    let answers = sum(&told, "down jitter=2ms,split=random");
    assert!(number_before(answers, " pieces") > 100, "{answers}");
}

fn curl_gets_its_file_through_a_slow_network() {
    let site = Site::new();
    let (forwarder, addr) = forward(site.addr, &["--down", "rate=1M,merge=5000"]);

    let begin = Instant::now();
    let ended = site.get_twice(addr);
    let took = begin.elapsed().as_millis();

    site.assert_got_twice(&ended);
    assert!(took >= 500, "600 kB at a million bytes a second: {took} ms");
    let told = stop(forwarder);
    let answers = sum(&told, "down rate=1000000,merge=5000");
    let bytes = number_before(answers, " B came");
    assert!(bytes > 2 * site.body.len(), "{answers}");
    assert_eq!(number_before(answers, " B went on"), bytes, "{answers}");
}

/// What curl has got are the first 1000 B of header and file.
fn assert_first_1000_bytes(site: &Site, got: &str) {
    assert_eq!(got.len(), 1000);
    let (header, start) = got.split_once("\r\n\r\n").unwrap();
    assert!(header.starts_with("HTTP/1.1 200 OK\r\n"), "{header}");
    assert!(!start.is_empty() && site.body.starts_with(start), "{start}");
}

fn curl_sees_a_cut_as_a_file_that_is_too_short() {
    let site = Site::new();
    let (forwarder, addr) = forward(site.addr, &["--down", "cut=1000"]);

    let (ended, got) = site.get_with_header(addr, &[]);

    assert_eq!(ended.code(), Some(18), "{ended:?}");
    assert!(ended.stderr.contains("bytes remaining to read"), "{ended:?}");
    assert_first_1000_bytes(&site, &got);
    let told = stop(forwarder);
    assert!(told.contains("down 1: cut at byte 1000"), "{told}");
    assert!(told.contains("cut at byte 1000: 1 time"), "{told}");
}

fn curl_sees_a_reset_as_a_reset() {
    let site = Site::new();
    let (forwarder, addr) = forward(site.addr, &["--down", "reset=1000"]);

    let (ended, got) = site.get_with_header(addr, &[]);

    assert_eq!(ended.code(), Some(56), "{ended:?}");
    assert!(ended.stderr.contains("Connection reset"), "{ended:?}");
    assert_first_1000_bytes(&site, &got);
    let told = stop(forwarder);
    assert!(told.contains("reset at byte 1000: 1 time"), "{told}");
}

fn curl_sees_a_refusal_at_once_and_silence_for_as_long_as_it_waits() {
    let site = Site::new();

    let (forwarder, addr) = forward(site.addr, &["--deny", "all"]);
    let (ended, got) = site.get_with_header(addr, &[]);
    // The reset comes when the connection is there: curl is still looking whether it is
    // (7), or is sending already (55), or is waiting for the answer (56).
    assert!(matches!(ended.code(), Some(7 | 55 | 56)), "{ended:?}");
    assert_eq!(got, "");
    let told = stop(forwarder);
    assert!(told.contains("firewall: --deny all: 127.0.0.1:"), "{told}");
    assert!(!told.contains("back 1 connect"), "{told}");

    let (mut forwarder, addr) = forward(site.addr, &["--deny", "all=drop"]);
    let (ended, got) = site.get_with_header(addr, &["--max-time", "1"]);
    assert_eq!((ended.code(), got.as_str()), (Some(28), ""), "{ended:?}");
    assert!(ended.stderr.contains("0 bytes received"), "{ended:?}");
    forwarder.wait_for_words("dropped: from here on, silence");
    let told = stop(forwarder);
    assert!(!told.contains("back 1 connect"), "{told}");
}

/// What can be seen of the end of a client and of its server.
type Seen = [(Option<i32>, String); 2];

/// Lets a client talk to a server, once directly and once through a forwarder.
///
/// The server prints what it has got, or nothing. Both must end in the same way.
fn directly_and_forwarded(
    server: impl Fn() -> (Program, SocketAddr),
    client: impl Fn(SocketAddr) -> Program,
    input: &str,
) -> Seen {
    let talk = |addr: SocketAddr| {
        let mut client = client(addr);
        client.input(input.as_bytes());
        client.end_of_input()
    };
    let seen = |client: Ended, server: Ended| {
        let address = server.stdout.find('\n').map_or(0, |end| end + 1);
        let is_told = server.stdout.starts_with("listening on ");
        let got = server.stdout[if is_told { address } else { 0 }..].to_owned();
        [(client.code(), client.stdout), (server.code(), got)]
    };

    let (behind, addr) = server();
    let direct = seen(talk(addr), behind.end());

    let (behind, addr) = server();
    let (forwarder, addr) = forward(addr, &["--once"]);
    let forwarded = seen(talk(addr), behind.end());
    let forwarder = forwarder.end();
    assert!(forwarder.stderr.contains("back 1    close"), "{}", forwarder.stderr);
    let short = |seen: &Seen| {
        seen.clone().map(|(code, text)| format!("{code:?}, {} B: {text:.80}", text.len()))
    };
    let both = [short(&direct), short(&forwarded)];
    assert!(direct == forwarded, "{both:#?}\n{}", forwarder.stderr);
    direct
}

/// Sends all of its input, half-closes, and prints what comes back.
fn half_closer(addr: SocketAddr) -> Program {
    let talk = "
peer = socket.create_connection(sys.argv[1].rsplit(':', 1))
peer.sendall(sys.stdin.buffer.read())
peer.shutdown(socket.SHUT_WR)
sys.stdout.write(peer.makefile().read())
";
    python(talk, &[&addr.to_string()])
}

/// Sends all of its input, prints what comes back, and ends only then.
fn reads_first(addr: SocketAddr) -> Program {
    let talk = "
peer = socket.create_connection(sys.argv[1].rsplit(':', 1))
peer.sendall(sys.stdin.buffer.read())
sys.stdout.write(peer.makefile().read())
peer.close()
";
    python(talk, &[&addr.to_string()])
}

/// After its half-close socat waits half a second for the rest, if not told otherwise.
fn socat(addr: SocketAddr) -> Program {
    start("socat", &["-t20", "-", &format!("TCP:{addr}")])
}

type Client = fn(SocketAddr) -> Program;

const CLIENTS: [(&str, Client); 4] =
    [("nc", nc), ("ncat", ncat), ("socat", socat), ("Python", half_closer)];

fn every_client_ends_as_it_does_without_a_forwarder() {
    // It prints the question and answers when it is over.
    let serve = || {
        let (server, addr) = python_server(
            "
question = peer.makefile().read()
print(question, end='')
peer.sendall(question.upper().encode())
peer.close()
",
        );
        (server, addr.parse().unwrap())
    };
    let (question, answer) = ("one\ntwo, no line end", "ONE\nTWO, NO LINE END");

    for (name, client) in CLIENTS {
        let seen = directly_and_forwarded(serve, client, question);
        let good = [(Some(0), answer.to_owned()), (Some(0), question.to_owned())];
        assert_eq!(seen, good, "{name}");
    }
}

fn a_reset_ends_every_client_as_it_does_without_a_forwarder() {
    let serve = || {
        let (server, addr) = python_server(
            "
peer.makefile('rb').read()
peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
peer.close()
",
        );
        (server, addr.parse().unwrap())
    };

    // Not every netcat calls a reset a failure. Python does.
    let codes = CLIENTS.map(|(name, client)| {
        let [client, server] = directly_and_forwarded(serve, client, "hello\n");
        assert_eq!((client.1.as_str(), server.0), ("", Some(0)), "{name}");
        client.0
    });
    assert_eq!(codes[3], Some(1), "{codes:?}");
}

/// The address at which this program listens, from what the kernel knows of it.
fn listens_at(program: &Program) -> SocketAddr {
    let folder = format!("/proc/{}/fd", program.pid());
    let links = fs::read_dir(folder).unwrap().filter_map(|entry| {
        let link = fs::read_link(entry.unwrap().path()).ok()?;
        let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
        Some(inode.to_owned())
    });
    let own: Vec<String> = links.collect();
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let listening = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let (_, port) = listening
        .filter(|row| row[3] == "0A" && own.iter().any(|inode| inode == row[9]))
        .find_map(|row| row[1].split_once(':').map(|(ip, port)| (ip, port.to_owned())))
        .expect("it listens");
    SocketAddr::from(([127, 0, 0, 1], u16::from_str_radix(&port, 16).unwrap()))
}

/// Starts a program that says on standard error when it listens.
pub fn listener(program: &str, args: &[&str]) -> (Program, SocketAddr) {
    let mut server = start(program, args);
    server.wait_for("istening on ");
    let addr = listens_at(&server);
    (server, addr)
}

fn every_server_ends_as_it_does_without_a_forwarder() {
    let question = numbered_lines(200_000);
    let echo = ["-dd", "-t20", "TCP-LISTEN:0,bind=127.0.0.1", "EXEC:cat"];
    let serve = || listener("socat", &echo);
    let seen = directly_and_forwarded(serve, half_closer, &question);
    assert!(
        seen == [(Some(0), question), (Some(0), String::new())],
        "not all of it came back"
    );

    // These two leave when the question ends, so here the answer ends first.
    for (name, flags) in [("nc", "-lvN"), ("ncat", "-lv")] {
        let serve = || {
            let (mut server, addr) = listener(name, &[flags, "127.0.0.1", "0"]);
            server.input(b"answer");
            server.close_input();
            (server, addr)
        };
        let [client, server] = directly_and_forwarded(serve, reads_first, "question");
        assert_eq!(client, (Some(0), "answer".to_owned()), "{name}");
        assert_eq!(server, (Some(0), "question".to_owned()), "{name}");
    }
}

/// As many clients as the second word says, all at the same time. One of them sends and
/// never reads, one resets; the others leave politely. Each is served before the next one
/// comes: whoever finds the listener's queue full would have to knock again a second later.
const CROWD: &str = "
host, number = sys.argv[1].rsplit(':', 1), int(sys.argv[2])
peers = []
for n in range(number):
    peers.append(socket.create_connection(host))
    peers[n].sendall(b'.')
    assert peers[n].recv(1) == b'.'
for n, peer in enumerate(peers):
    peer.sendall(b'%05d' % n)
for n, peer in reversed(list(enumerate(peers))):
    assert peer.recv(5, socket.MSG_WAITALL) == b'%05d' % n
print('all are answered', flush=True)
sys.stdin.readline()
stalls, resets = peers.pop(), peers.pop()
stalls.settimeout(0.5)
try:
    while True:
        stalls.send(bytes(65536))
except socket.timeout:
    pass
resets.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
resets.close()
for peer in peers:
    peer.shutdown(socket.SHUT_WR)
    assert peer.recv(1) == b''
    peer.close()
print('all but one have left', flush=True)
sys.stdin.readline()
";

/// Starts a program that may have many descriptors.
pub fn with_descriptors(program: &str, args: &[&str]) -> Program {
    let line = "ulimit -n 8192; exec \"$0\" \"$@\"";
    start("sh", &[&["-c", line, program], args].concat())
}

/// How many threads and descriptors a program has.
fn figures(program: &Program) -> [usize; 2] {
    let count = |what| fs::read_dir(format!("/proc/{}/{what}", program.pid()));
    ["task", "fd"].map(|what| count(what).unwrap().count())
}

fn a_thousand_at_the_same_time_leave_nothing_behind() {
    const CALLERS: usize = 1000;
    let mut target = with_descriptors(sockdemo(), &["tcp-server", ":0", "--quiet"]);
    let words = ["forward", ":0", &target.addr().to_string(), "--quiet"];
    let mut forwarder = with_descriptors(sockdemo(), &words);
    let addr = forwarder.addr();
    let polite = connect(addr);
    assert_eq!(exchange(&polite, b"please"), b"please");
    let start = figures(&forwarder);

    let program = format!("import socket, struct, sys\n{CROWD}");
    let (host, number) = (addr.to_string(), CALLERS.to_string());
    let mut crowd = with_descriptors("python3", &["-c", &program, &host, &number]);
    crowd.wait_for_output("all are answered");
    // Two sockets and two threads for each. At the start one thread more may have been
    // there: the one that had connected to the target, and was ending.
    let now = figures(&forwarder);
    let all_are_here =
        now.iter().zip(start).all(|(now, then)| now + 1 >= then + 2 * CALLERS);
    assert!(all_are_here, "{start:?} at the start, {now:?} with {CALLERS} callers");

    // Polite waiting: each look is one exchange later, and those are served all the while.
    let wait_for = |most: [usize; 2]| {
        let deadline = Instant::now() + HANG;
        while figures(&forwarder).iter().zip(most).any(|(now, most)| *now > most) {
            let now = figures(&forwarder);
            assert!(Instant::now() < deadline, "{now:?} of {most:?} are left");
            assert_eq!(exchange(&polite, b"please"), b"please");
        }
    };
    crowd.input(b"\n");
    crowd.wait_for_output("all but one have left");
    wait_for(start.map(|figure| figure + 2)); // The one who stalls.
    crowd.input(b"\n");
    let crowd = crowd.end();
    assert_eq!(crowd.code(), Some(0), "{}", crowd.stderr);
    wait_for(start);

    polite.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_to_end(&polite), b"");
    stop(forwarder);
    stop(target);
}

/// Asks again until it is answered, 200 times; prints how often it has asked. Is told how
/// many answers there must be, with all copies, and waits for the last one.
const ASKS_AGAIN: &str = "
host, port = sys.argv[1].rsplit(':', 1)
peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
peer.connect((host, int(port)))
peer.settimeout(0.02)
asked = heard = 0
for n in range(200):
    question, answer = b'%04d' % n, b''
    while answer != question:
        peer.send(question)
        asked += 1
        try:
            while answer != question:
                answer = peer.recv(100)
                heard += 1
        except socket.timeout:
            pass
print(asked, flush=True)
peer.settimeout(None)
for _ in range(int(sys.stdin.readline()) - heard):
    peer.recv(100)
print('all are here')
";

/// What befalls the datagrams 1 to `n` of a direction: lost, doubled, went on.
fn fates(faults: &str, seed: u64, direction: &str, n: u64) -> [u64; 3] {
    let faults: Faults = faults.parse().unwrap();
    let fate = |n: u64| -> Fate {
        let name = format!("{direction} 1, datagram {n}");
        faults.datagrams.fate(&mut Random::of(seed, &name), 4)
    };
    let copies: Vec<u64> = (1..=n).map(|n| fate(n).copies()).collect();
    let times =
        |number| copies.iter().filter(|copies| **copies == number).map(|_| 1).sum();
    [times(0), times(2), copies.iter().sum()]
}

fn two_hundred_questions_are_answered_across_a_lossy_network() {
    let faults = "loss=20%,duplicate=20%";
    let (_echo, target) = Program::server(&["udp-server", ":0", "--quiet"]);
    let flags = ["--udp", "--up", faults, "--down", faults, "--seed", "5"];
    let (forwarder, addr) = forward(target, &flags);

    let mut peer = python(ASKS_AGAIN, &[&addr.to_string()]);
    let asked: u64 = peer.wait_for_output("\n").trim().parse().unwrap();
    // The echo answers each datagram that arrives.
    let up = fates(faults, 5, "up", asked);
    let down = fates(faults, 5, "down", up[2]);
    peer.input(format!("{}\n", down[2]).as_bytes());
    let peer = peer.end();

    assert_eq!(peer.code(), Some(0), "{}", peer.stderr);
    assert!(peer.stdout.ends_with("all are here\n"), "{}", peer.stdout);
    let told = stop(forwarder);
    for (direction, came, fates) in [("up", asked, up), ("down", up[2], down)] {
        let [lost, doubled, went_on] = fates;
        let sum = format!(
            "{direction} {faults}: {came} came - {lost} lost + {doubled} doubled = \
             {went_on} went on"
        );
        assert!(told.contains(&sum), "no {sum:?}: {told}");
        assert!(lost > 20 && doubled > 20, "{sum}");
    }
}

fn socat_hears_its_datagram_four_times_when_all_are_doubled() {
    let (_echo, target) = Program::server(&["udp-server", ":0", "--quiet"]);
    let faults = "duplicate=100%";
    let (forwarder, addr) = forward(target, &["--udp", "--up", faults, "--down", faults]);
    let mut socat = start("socat", &["-t1", "-", &format!("UDP:{addr}")]);

    socat.input(b"echo\n");
    socat.wait_for_output(&"echo\n".repeat(4));
    let socat = socat.end_of_input();

    assert_eq!((socat.code(), socat.stdout), (Some(0), "echo\n".repeat(4)));
    let told = stop(forwarder);
    assert!(told.contains("1 came - 0 lost + 1 doubled = 2 went on"), "{told}");
    assert!(told.contains("2 came - 0 lost + 2 doubled = 4 went on"), "{told}");
}

fn socat_answers_datagrams_from_behind() {
    let mut socat = start("socat", &["-dd", "UDP-LISTEN:0,bind=127.0.0.1", "PIPE"]);
    let listening = "listening on UDP AF=2 127.0.0.1:";
    let said = socat.wait_for(listening);
    let port = said.split(listening).nth(1).unwrap().lines().next().unwrap();
    let target = format!("127.0.0.1:{port}").parse().unwrap();
    let (forwarder, addr) = forward(target, &["--udp"]);

    let ask = "
host, port = sys.argv[1].rsplit(':', 1)
peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
peer.settimeout(30)
for question in b'one', b'two', b'three':
    peer.sendto(question, (host, int(port)))
    answer, source = peer.recvfrom(100)
    print(answer.decode(), source[1] == int(port))
";
    let peer = python(ask, &[&addr.to_string()]).end_of_input();

    let answers = "one True\ntwo True\nthree True\n";
    assert_eq!((peer.code(), peer.stdout.as_str()), (Some(0), answers), "{peer:?}");
    stop(forwarder);
}

fn a_ladder_in_a_terminal_keeps_to_it_and_ctrl_c_ends_it() {
    let (_server, target) = Program::server(&["tcp-server", "[::1]:0", "--quiet"]);
    let words = format!("forward [::1]:0 {target} --view ladder --up split=40 --dump");
    let mut forwarder = terminal(&words);
    let screen = plain(&forwarder.wait_for_output("--up split=40"));
    let (_, addr) = screen.split_once("listening on ").unwrap();
    let caller = connect(addr.lines().next().unwrap().parse().unwrap());
    let long = "many words, ümläuts, \u{1b}[2J and \u{7}bells ".repeat(4);
    assert_eq!(exchange(&caller, long.as_bytes()), long.as_bytes());

    forwarder.input(CTRL_C);
    assert_eq!(read_to_end(&caller), b"", "an end, and no reset");
    drop(caller);

    let ended = forwarder.end();
    let screen = plain(&ended.stdout);
    assert_eq!(ended.code(), Some(0), "{screen}");
    assert!(!screen.contains("panicked"), "{screen}");
    let heading =
        |line: &str| line.split_whitespace().eq(["client", "forwarder", "server"]);
    assert!(screen.lines().any(heading), "{screen}");
    assert!(screen.contains("the same again: "), "{screen}");
    assert_no_wider_than_80_columns([ended]);
}
