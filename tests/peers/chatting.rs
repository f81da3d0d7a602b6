//! `chat-server` with members that others wrote, with many of them, and with rude ones.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Instant;

use crate::Test;
use crate::forwarding::with_descriptors;
use crate::harness::{HANG, Program, connect, python, sockdemo, start};

pub const TESTS: &[Test] = &[
    Test {
        name: "chatting: nc, ncat, telnet, Python and our client talk in one room",
        needs: &["nc", "ncat", "telnet", "python3"],
        run: nc_ncat_telnet_python_and_our_client_talk_in_one_room,
    },
    Test {
        name: "chatting: two thousand in one room, and a line reaches all of them",
        needs: &["python3", "sh"],
        run: two_thousand_in_one_room,
    },
    Test {
        name: "chatting: ten thousand come and go and leave nothing behind",
        needs: &["sh"],
        run: ten_thousand_come_and_go_and_leave_nothing_behind,
    },
    Test {
        name: "chatting: ten thousand names and rooms take no room",
        needs: &[],
        run: ten_thousand_names_and_rooms_take_no_room,
    },
    Test {
        name: "chatting: whoever asks for much and does not read fills no memory",
        needs: &[],
        run: whoever_asks_for_much_and_does_not_read_fills_no_memory,
    },
    Test {
        name: "chatting: two who flood get equal shares and a third gets through",
        needs: &["python3"],
        run: two_who_flood_get_equal_shares_and_a_third_gets_through,
    },
    Test {
        name: "chatting: without threads the rest is refused and the room goes on",
        needs: &["sh"],
        run: without_threads_the_rest_is_refused_and_the_room_goes_on,
    },
    Test {
        name: "chatting: Ctrl-C ends a server in a flood with everybody told",
        needs: &["kill"],
        run: ctrl_c_ends_a_server_in_a_flood_with_everybody_told,
    },
    Test {
        name: "chatting: a second Ctrl-C ends a chat at once",
        needs: &["kill"],
        run: a_second_ctrl_c_ends_a_chat_at_once,
    },
];

/// Somebody who has read his welcome.
struct Member(BufReader<TcpStream>);

impl Member {
    fn at(addr: SocketAddr) -> Member {
        let mut member = Member(BufReader::new(connect(addr)));
        let welcome = member.line();
        assert!(welcome.starts_with("* welcome, guest-"), "{welcome:?}");
        member
    }

    fn says(&self, line: &str) {
        self.0.get_ref().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end_matches('\n').to_owned()
    }

    fn hears_in_the_end(&mut self, line: &str) {
        while let next = self.line()
            && next != line
        {
            assert_ne!(next, "", "the end, and no {line:?}");
        }
    }
}

fn chat(flags: &[&str]) -> (Program, SocketAddr) {
    Program::server(&[&["chat-server", ":0", "--quiet"], flags].concat())
}

fn stops(server: Program) {
    let server = server.stop();
    assert_eq!(server.code(), Some(0), "{}", server.stderr);
    assert_eq!(server.stderr, "");
}

fn nc_ncat_telnet_python_and_our_client_talk_in_one_room() {
    let (server, addr) = chat(&[]);
    let (host, port) = (addr.ip().to_string(), addr.port().to_string());
    let mut ann = Member::at(addr);
    let talks = "
import threading
peer = socket.create_connection(sys.argv[1].rsplit(':', 1))
def hear():
    for line in peer.makefile():
        print(line, end='', flush=True)
threading.Thread(target=hear).start()
for line in sys.stdin:
    peer.sendall(line.encode())
peer.shutdown(socket.SHUT_WR)
";
    let mut peers = [
        ("nc", start("nc", &["-N", &host, &port])),
        ("ncat", start("ncat", &[&host, &port])),
        ("ncat-C", start("ncat", &["-C", &host, &port])),
        ("telnet", start("telnet", &[&host, &port])),
        ("python", python(talks, &[&addr.to_string()])),
        ("ours", Program::start(&["chat-client", &addr.to_string()])),
    ];
    for (name, peer) in &mut peers {
        peer.wait_for_output("* welcome, guest-");
        peer.input(format!("/name {name}\n").as_bytes());
        peer.wait_for_output(&format!("= you are {name}"));
    }
    for i in 0..peers.len() {
        let (name, peer) = &mut peers[i];
        peer.input("hello, grüß euch\n".as_bytes());
        let said = format!("<{name}> hello, grüß euch\n");
        ann.hears_in_the_end(said.trim_end());
        let own = *name;
        for (name, peer) in peers.iter_mut().filter(|(name, _)| *name != own) {
            let heard = peer.wait_for_output(&said);
            assert!(!heard.contains(&format!("<{name}>")), "{name}: {heard}");
        }
    }
    for (name, mut peer) in peers {
        match name {
            "telnet" => peer.input(b"/quit\n"),
            _ => peer.close_input(),
        }
        ann.hears_in_the_end(&format!("* {name} left"));
        let ended = peer.end();
        let kept = ended.stdout.lines().all(|line| !line.ends_with('\r'));
        assert!(kept, "{name}: {}", ended.stdout);
    }
    stops(server);
}

/// All of them join, a hundred at a time; then the first says a line, and the others wait
/// for it.
const CROWD: &str = "
host, port = sys.argv[1].rsplit(':', 1)
crowd = []
def come():
    crowd.append(socket.create_connection((host, int(port))))
    return crowd[-1]
def read_up_to(peer, line):
    got = b''
    while line not in got:
        piece = peer.recv(1 << 16)
        assert piece, got[-100:]
        got = got[-50:] + piece
while len(crowd) < int(sys.argv[2]):
    for peer in [come() for _ in range(100)]:
        read_up_to(peer, b'\\n')
    print(len(crowd), 'are here', flush=True)
sys.stdin.readline()
crowd[0].sendall(b'can you hear me?\\n')
for peer in crowd[1:]:
    read_up_to(peer, b'can you hear me?\\n')
print('all have heard', flush=True)
sys.stdin.readline()
";

fn figures(program: &Program) -> [usize; 2] {
    let count = |what| fs::read_dir(format!("/proc/{}/{what}", program.pid()));
    ["task", "fd"].map(|what| count(what).unwrap().count())
}

/// Memory in use, in KiB.
fn memory(program: &Program) -> usize {
    memory_as(program, "VmRSS:")
}

fn memory_as(program: &Program, name: &str) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", program.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// Waits until no more threads and descriptors are there than `most`. Each look is one
/// answer later.
fn wait_for(server: &Program, asker: &mut Member, most: [usize; 2]) {
    let deadline = Instant::now() + HANG;
    while figures(server).iter().zip(most).any(|(now, most)| *now > most) {
        assert!(Instant::now() < deadline, "{:?} of {most:?} are left", figures(server));
        asker.says("/join cellar");
        asker.hears_in_the_end("= you are in cellar, alone");
    }
}

fn two_thousand_in_one_room() {
    const MEMBERS: usize = 2000;
    let mut server = with_descriptors(sockdemo(), &["chat-server", ":0", "--quiet"]);
    let addr = server.addr();
    let mut asker = Member::at(addr);
    asker.says("/join cellar");
    asker.hears_in_the_end("= you are in cellar, alone");
    let start = figures(&server);

    let program = format!("import socket, sys\n{CROWD}");
    let words = ["-c", &program, &addr.to_string(), &MEMBERS.to_string()];
    let mut crowd = with_descriptors("python3", &words);
    for here in (100..=MEMBERS).step_by(100) {
        crowd.wait_for_output(&format!("{here} are here"));
    }
    let now = figures(&server);
    assert_eq!(now, [start[0] + 2 * MEMBERS, start[1] + MEMBERS]);
    asker.says("/list");
    asker.hears_in_the_end(&format!("= rooms: cellar 1, lobby {MEMBERS}"));
    crowd.input(b"\n");
    crowd.wait_for_output("all have heard");
    crowd.input(b"\n");
    assert_eq!(crowd.end().code(), Some(0));
    wait_for(&server, &mut asker, start);
    stops(server);
}

fn ten_thousand_come_and_go_and_leave_nothing_behind() {
    let mut server = with_descriptors(sockdemo(), &["chat-server", ":0", "--quiet"]);
    let addr = server.addr();
    let mut asker = Member::at(addr);
    asker.says("/join cellar");
    asker.hears_in_the_end("= you are in cellar, alone");
    let come_and_go = |at_once: usize, times: usize| {
        for _ in 0..times {
            drop((0..at_once).map(|_| Member::at(addr)).collect::<Vec<_>>());
        }
    };
    let start = figures(&server);
    come_and_go(200, 2);
    wait_for(&server, &mut asker, start);
    let before = memory(&server);

    come_and_go(200, 24);
    come_and_go(1, 5000);

    wait_for(&server, &mut asker, start);
    asker.says("/list");
    asker.hears_in_the_end("= rooms: cellar 1, lobby 0");
    let after = memory(&server);
    assert!(after < before + 4096, "{before} KiB at first, {after} KiB in the end");
    stops(server);
}

fn ten_thousand_names_and_rooms_take_no_room() {
    let (server, addr) = chat(&["--history", "100"]);
    let mut asker = Member::at(addr);
    let mut round = |times: usize| {
        for n in 0..times {
            asker.says(&format!("/name n{n}\n/join r{n}\nwords"));
            asker.hears_in_the_end(&format!("= you are n{n}"));
            asker.hears_in_the_end(&format!("= you are in r{n}, alone"));
        }
    };
    round(200);
    let before = memory(&server);
    round(10_000);
    let after = memory(&server);
    assert!(after < before + 1024, "{before} KiB at first, {after} KiB in the end");
    asker.says("/list");
    asker.hears_in_the_end("= rooms: lobby 0, r9999 1");
    let mut other = Member::at(addr);
    other.says("/name n0");
    other.hears_in_the_end("= you are n0");
    stops(server);
}

/// A hundred lines that must be made visible are a long history, and `/join` asks for it
/// with eight bytes.
fn whoever_asks_for_much_and_does_not_read_fills_no_memory() {
    for question in ["/help\n", "/join tea\n/leave\n"] {
        let (server, addr) = chat(&["--history", "100"]);
        let mut ann = Member::at(addr);
        (0..100).for_each(|_| ann.says(&"\u{1b}".repeat(1000)));
        ann.says("/join cellar");
        ann.hears_in_the_end("= you are in cellar, alone");
        let before = memory_as(&server, "VmHWM:");
        let rude = connect(addr);
        let questions = question.repeat(4000);
        while (&rude).write_all(questions.as_bytes()).is_ok() {}
        let most = memory_as(&server, "VmHWM:");
        assert!(most < before + 64 * 1024, "{question}: {before} KiB, then {most} KiB");
        stops(server);
    }
}

/// Says the same line as fast as it can, and reads all that comes.
const FLOOD: &str = "
import threading
peer = socket.create_connection(sys.argv[1].rsplit(':', 1))
def hear():
    while peer.recv(1 << 20):
        pass
threading.Thread(target=hear, daemon=True).start()
print('here', flush=True)
try:
    while True:
        peer.sendall(b'words, words, words\\n' * 1000)
except OSError:
    pass
";

fn two_who_flood_get_equal_shares_and_a_third_gets_through() {
    let (server, addr) = chat(&[]);
    let (mut ann, bob) = (Member::at(addr), Member::at(addr));
    let floods = [(); 2].map(|()| {
        let mut flood = python(FLOOD, &[&addr.to_string()]);
        flood.wait_for_output("here");
        flood
    });
    let mut reads = bob.0.get_ref().try_clone().unwrap();
    thread::spawn(move || std::io::copy(&mut reads, &mut std::io::sink()));
    let mut lines = [0; 2];
    for n in 0..10 {
        bob.says(&format!("line {n}"));
        let said = format!("<guest-2> line {n}");
        let begun = Instant::now();
        while let line = ann.line()
            && line != said
        {
            assert_ne!(line, "", "let go before line {n}");
            lines[0] += u32::from(line.starts_with("<guest-3>"));
            lines[1] += u32::from(line.starts_with("<guest-4>"));
        }
        assert!(begun.elapsed().as_secs() < 10, "line {n}: {:?}", begun.elapsed());
    }
    let [one, other] = lines;
    assert!(one < 5 * other && other < 5 * one, "{one} and {other} lines");
    drop(floods);
    bob.0.get_ref().shutdown(std::net::Shutdown::Both).unwrap();
    drop(ann);
    stops(server);
}

/// With the limit of `limits.rs`: there is room for some forty stacks, and a member needs
/// two.
fn without_threads_the_rest_is_refused_and_the_room_goes_on() {
    let limit = "export RUST_MIN_STACK=67108864 MALLOC_ARENA_MAX=1; ulimit -v 2928000";
    let line = format!("{limit}; exec '{}' chat-server :0 --quiet", sockdemo());
    let mut server = start("sh", &["-c", &line]);
    let addr = server.addr();
    for round in ["at first", "after all have left"] {
        let mut ann = Member::at(addr);
        ann.says("/join cellar");
        ann.hears_in_the_end("= you are in cellar, alone");
        let start = figures(&server);
        ann.says("/leave");
        let crowd: Vec<_> = (0..60).map(|_| connect(addr)).collect();
        let mut members = Vec::new();
        for stream in crowd {
            let mut reader = BufReader::new(stream);
            let mut first = String::new();
            reader.read_line(&mut first).unwrap();
            match first.starts_with("* welcome, ") {
                true => members.push(Member(reader)),
                false => assert_eq!(first, "server full, try again later\n"),
            }
        }
        assert!((10..50).contains(&members.len()), "{round}: {}", members.len());
        let last = members.pop().unwrap();
        last.says("/name last");
        last.says("the room goes on");
        ann.hears_in_the_end("<last> the room goes on");
        ann.says("/join cellar");
        ann.hears_in_the_end("= you are in cellar, alone");
        drop((members, last));
        wait_for(&server, &mut ann, start);
    }
    let server = server.stop();
    assert_eq!(server.code(), Some(0), "{}", server.stderr);
    assert!(!server.stderr.contains("panicked"), "{}", server.stderr);
}

fn ctrl_c_ends_a_server_in_a_flood_with_everybody_told() {
    let (server, addr) = chat(&[]);
    let (mut ann, bob, _stuck) = (Member::at(addr), Member::at(addr), Member::at(addr));
    let mut floods = bob.0.get_ref().try_clone().unwrap();
    let piece = b"words, words, words\n".repeat(1000);
    thread::spawn(move || while floods.write_all(&piece).is_ok() {});
    ann.hears_in_the_end("<guest-2> words, words, words");
    server.interrupt();
    let mut rest = String::new();
    ann.0.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("\n* goodbye: the server is stopping\n"));
    let server = server.end();
    assert_eq!(server.code(), Some(0), "{}", server.stderr);
}

fn a_second_ctrl_c_ends_a_chat_at_once() {
    let (mut server, addr) = Program::server(&["chat-server", ":0"]);
    let _stubborn = Member::at(addr); // The server gives him some time to leave.
    let pid = server.pid().to_string();
    let mut again = start("sh", &["-c", "echo ready; read go; kill -INT \"$0\"", &pid]);
    again.wait_for_output("ready");
    server.interrupt();
    server.wait_for("stopping");
    again.input(b"go\n");
    assert_eq!(server.end().code(), Some(130));
}
