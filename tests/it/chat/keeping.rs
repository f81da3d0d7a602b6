//! Stopping, the log and the history.

use std::fs;
use std::io::{Read, Write};
use std::iter;
use std::net::TcpStream;
use std::thread;

use super::{Member, ann_and_bob, chat};
use crate::harness::{Program, Scratch, flat, run};

const GOODBYE: &str = "* goodbye: the server is stopping\n";

/// What a log says, without date and time.
fn entries(log: &Scratch) -> Vec<String> {
    let entry = |line: &str| line.splitn(3, ' ').nth(2).unwrap_or_default().to_owned();
    log.text().lines().map(entry).collect()
}

#[test]
fn ctrl_c_says_goodbye_behind_all_that_was_said() {
    let log = Scratch::new();
    let (server, addr) = chat(&["--log", log.path()]);
    let (mut ann, mut bob) = ann_and_bob(addr);
    let stuck = Member::named(addr, "stuck");
    stuck.says("/join cellar");
    stuck.sends("/help\n".repeat(100).as_bytes());
    ann.hears_in_the_end("* stuck left");
    bob.says("one");
    bob.says("two");
    bob.is_heard();
    server.interrupt();
    assert_eq!(ann.rest(), format!("<bob> one\n<bob> two\n{GOODBYE}"));
    assert_eq!(bob.rest(), GOODBYE);
    drop((ann, bob, stuck));
    let server = server.end();
    assert_eq!(server.code(), Some(0), "{}", server.stderr);
    assert_eq!(entries(&log), ["lobby <bob> one", "lobby <bob> two"]);
}

#[test]
fn a_member_who_neither_reads_nor_leaves_cannot_hold_a_server_that_stops() {
    let (server, addr) = chat(&[]);
    let (mut ann, bob) = ann_and_bob(addr);
    let stuck = Member::named(addr, "stuck");
    let line = format!("{}\n", "x".repeat(990));
    bob.sends(line.repeat(4000).as_bytes());
    ann.hears_in_the_end(&format!("<bob> {}", line.trim_end()));
    server.interrupt();
    assert!(ann.rest().ends_with(GOODBYE));
    let server = server.end();
    assert_eq!(server.code(), Some(0), "{}", server.stderr);
    drop((stuck, bob));
}

/// The doors stay open until everybody has been told.
#[test]
fn whoever_comes_during_the_goodbye_cannot_hold_a_server_that_stops() {
    let (server, addr) = chat(&[]);
    let members = [(); 30].map(|()| Member::at(addr));
    let come = || {
        let connected =
            iter::repeat_with(|| TcpStream::connect(addr)).map_while(Result::ok);
        let greeted =
            connected.take_while(|mut stream| matches!(stream.read(&mut [0]), Ok(1)));
        greeted.take(500).collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(come);
        }
        server.interrupt();
        assert_eq!(server.end().code(), Some(0));
        drop(members);
    });
}

/// The loop waits for somebody who does not read, while the last words lie in its queue.
#[test]
fn what_lies_in_the_queue_is_told_before_the_goodbye() {
    let (mut server, addr) = Program::server(&["chat-server", ":0"]);
    let (mut ann, bob) = ann_and_bob(addr);
    let stuck = Member::named(addr, "stuck");
    // More answers than fit anywhere, and fewer events than fit into the queue.
    stuck.sends("/help\n".repeat(40_000).as_bytes());
    server.wait_for_words("waiting for room");
    bob.says("my last words");
    server.wait_for("my last words");
    server.interrupt();
    let rest = ann.rest();
    assert!(rest.contains("<bob> my last words\n"), "{rest}");
    assert!(rest.ends_with(GOODBYE), "{rest}");
}

#[test]
fn a_restart_remembers_what_was_said_in_rooms() {
    let log = Scratch::new();
    let (server, addr) = chat(&["--log", log.path()]);
    let (mut ann, mut bob) = ann_and_bob(addr);
    for n in 1..=5 {
        ann.says(&format!("line {n}"));
    }
    ann.says("/msg bob a secret");
    bob.hears_in_the_end("[ann] a secret");
    ann.says("/join tea");
    ann.says("in tea");
    ann.is_heard();
    assert_eq!(server.stop().code(), Some(0));
    assert!(!log.text().contains("secret"), "{}", log.text());

    let (_server, addr) = chat(&["--log", log.path(), "--history", "2"]);
    let mut eve = Member::at(addr);
    for line in
        ["* 2 earlier lines:", "<ann> line 4", "<ann> line 5", "* that was earlier"]
    {
        eve.hears(line);
    }
    eve.says("/join tea");
    eve.hears("= you are in tea, alone");
    for line in ["* 1 earlier line:", "<ann> in tea", "* that was earlier"] {
        eve.hears(line);
    }
}

#[test]
fn whatever_anybody_has_read_is_in_the_log_also_after_a_kill() {
    let log = Scratch::new();
    let (server, addr) = chat(&["--log", log.path()]);
    let (mut ann, bob) = ann_and_bob(addr);
    let flood = move |n: usize| bob.stream().write_all(line(n).as_bytes());
    thread::spawn(move || (0..).try_for_each(flood)); // Until the server is gone.
    for n in 0..3000 {
        ann.hears(&format!("<bob> {n}"));
    }
    server.signal("KILL");
    let mut read = Vec::new();
    let _ = ann.0.read_to_end(&mut read); // Perhaps a reset.
    let read = String::from_utf8(read).unwrap();
    let whole = read.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let last = whole.lines().last().map_or(2999, |line| line[6..].parse().unwrap());
    let said = entries(&log);
    assert!(said.len() > last, "read up to {last}, in the log {}", said.len());
    let all = said.iter().enumerate().take(last + 1);
    all.for_each(|(n, said)| assert_eq!(*said, format!("lobby <bob> {n}")));
}

fn line(n: usize) -> String {
    format!("{n}\n")
}

#[test]
fn a_torn_line_is_mended_and_the_next_start_works() {
    let log = Scratch::containing(
        "2026-11-21 09:00:00 lobby <ann> whole\n2026-11-21 09:00:01 lobby <ann> to",
    );
    for (n, last) in [("first", "<ann> to [cut]"), ("second", "<guest-1> first")] {
        let (server, addr) = chat(&["--log", log.path(), "--history", "1"]);
        let mut ann = Member::at(addr);
        for line in ["* 1 earlier line:", last, "* that was earlier"] {
            ann.hears(line);
        }
        ann.says(n);
        ann.is_heard();
        assert_eq!(server.stop().code(), Some(0));
    }
    let said = ["<ann> whole", "<ann> to [cut]", "<guest-1> first", "<guest-1> second"];
    assert_eq!(entries(&log), said.map(|line| format!("lobby {line}")));
}

#[test]
fn a_log_that_cannot_be_opened_is_an_error_with_a_hint() {
    for path in ["/no/such/folder/chat.log", "/"] {
        let ended = run(&["chat-server", ":0", "--log", path], b"");
        assert_eq!((ended.code(), ended.stdout.as_str()), (Some(1), ""), "{path}");
        let told = flat(&ended.stderr);
        assert!(told.contains(&format!("could not open the log {path}")), "{told}");
        assert!(told.contains("hint: "), "{told}");
        assert!(!told.contains("panicked"), "{told}");
    }
}

#[test]
fn a_log_of_rubbish_is_no_history_and_no_trouble() {
    let log = Scratch::new();
    let rubbish: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    fs::write(log.path(), &rubbish).unwrap();
    let (server, addr) = chat(&["--log", log.path(), "--history", "9"]);
    let mut ann = Member::at(addr);
    ann.says("hello");
    ann.says("/who");
    ann.hears("= in lobby: guest-1");
    assert_eq!(server.stop().code(), Some(0));
    let now = fs::read(log.path()).unwrap();
    assert!(now.starts_with(&rubbish), "nothing is thrown away");
    assert!(now.ends_with(b" lobby <guest-1> hello\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_that_is_full_ends_the_server_with_a_goodbye_and_a_word() {
    let (server, addr): (Program, _) = chat(&["--log", "/dev/full"]);
    let (mut ann, mut bob) = ann_and_bob(addr);
    bob.says("this cannot be kept");
    assert_eq!((ann.rest().as_str(), bob.rest().as_str()), (GOODBYE, GOODBYE));
    drop((ann, bob));
    let server = server.end();
    assert_eq!(server.code(), Some(1), "{}", server.stderr);
    let told = flat(&server.stderr);
    assert!(told.contains("could not write the log /dev/full"), "{told}");
    assert!(told.contains("hint: "), "{told}");
}
