//! `chat-server`, as `docs/protocols.md` promises it: each line of the protocol, and what
//! members who are slow, silent or rude cost the others.

mod keeping;
mod rude;
mod web;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use sockdemo::kit::reset::reset_on_close;

use crate::harness::{Program, connect, read_to_end};

/// Somebody in the chat, with eyes of his own.
pub struct Member(BufReader<TcpStream>);

impl Member {
    /// A guest who has read his welcome.
    pub fn at(addr: SocketAddr) -> Member {
        let mut member = Member(BufReader::new(connect(addr)));
        let welcome = member.line();
        assert!(welcome.starts_with("* welcome, guest-"), "{welcome:?}");
        member
    }

    pub fn named(addr: SocketAddr, name: &str) -> Member {
        let mut member = Member::at(addr);
        member.says(&format!("/name {name}"));
        member.hears_in_the_end(&format!("= you are {name}"));
        member
    }

    pub fn stream(&self) -> &TcpStream {
        self.0.get_ref()
    }

    pub fn sends(&self, bytes: &[u8]) {
        self.stream().write_all(bytes).unwrap();
    }

    pub fn says(&self, line: &str) {
        self.sends(format!("{line}\n").as_bytes());
    }

    pub fn ends(&self) {
        self.stream().shutdown(Shutdown::Write).unwrap();
    }

    /// The next line, without its end; an empty one is the end of the stream.
    pub fn line(&mut self) -> String {
        let mut line = Vec::new();
        self.0.read_until(b'\n', &mut line).unwrap();
        let line = String::from_utf8(line).unwrap();
        assert!(line.is_empty() || line.ends_with('\n'), "{line:?}");
        line.trim_end_matches('\n').to_owned()
    }

    pub fn hears(&mut self, line: &str) {
        assert_eq!(self.line(), line);
    }

    /// Whatever comes before it.
    pub fn hears_in_the_end(&mut self, line: &str) {
        while let next = self.line()
            && next != line
        {
            assert_ne!(next, "", "the end, and no {line:?}");
        }
    }

    /// Everything up to the end of the stream.
    pub fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).unwrap();
        rest
    }

    /// Whoever is answered has been heard, with all that he said before.
    pub fn is_heard(&mut self) {
        self.says("/name 0");
        let refused =
            "! a name is 1 to 16 letters, digits, - and _, and begins with a letter";
        self.hears_in_the_end(refused);
    }
}

pub fn chat(flags: &[&str]) -> (Program, SocketAddr) {
    Program::server(&[&["chat-server", ":0", "--quiet"], flags].concat())
}

/// Ann and bob in the lobby, who have read all of each other's coming.
pub fn ann_and_bob(addr: SocketAddr) -> (Member, Member) {
    let (mut ann, mut bob) = (Member::named(addr, "ann"), Member::named(addr, "bob"));
    ann.hears_in_the_end("* guest-2 is now bob");
    bob.is_heard();
    (ann, bob)
}

#[test]
fn the_example_of_the_protocol_is_what_happens() {
    let document = include_str!("../../docs/protocols.md");
    let (_, example) = document.split_once("### An example").unwrap();
    let (_server, addr) = chat(&[]);
    let mut members: Vec<(&str, Option<Member>)> = Vec::new();
    let mut done = 0;
    for step in example.split("```").nth(1).unwrap().trim().lines() {
        let (name, step) = step.split_once(' ').unwrap();
        if members.iter().all(|(known, _)| *known != name) {
            let member = Member(BufReader::new(connect(addr)));
            members.push((name, Some(member)));
        }
        let member = members.iter_mut().find(|(known, _)| *known == name).unwrap();
        let step = step.trim_start();
        match step.split_once(' ').unwrap() {
            ("<", line) => member.1.as_mut().unwrap().hears(line),
            (">", line) => member.1.as_mut().unwrap().says(line),
            _ => {
                assert_eq!(step, "(resets the connection)");
                reset_on_close(member.1.as_ref().unwrap().stream()).unwrap();
                member.1 = None;
            }
        }
        done += 1;
    }
    assert!(done > 10, "the example has lines");
}

#[test]
fn every_command_does_what_the_table_says() {
    let (_server, addr) = chat(&[]);
    let (mut ann, mut bob) = ann_and_bob(addr);
    bob.says("  two  spaces ");
    ann.hears("<bob>   two  spaces ");
    bob.says("//who are you");
    ann.hears("<bob> /who are you");
    bob.sends(b"\n\r\n\nafter nothing\n");
    ann.hears("<bob> after nothing");

    ann.says("/join tea");
    ann.hears("= you are in tea, alone");
    bob.hears("* ann left");
    ann.says("/list");
    ann.hears("= rooms: lobby 1, tea 1");
    bob.says("/join Tea");
    bob.hears("= you are in tea, with ann");
    ann.hears("* bob joined");
    bob.says("/who");
    bob.hears("= in tea: ann, bob");
    let mut eve = Member::named(addr, "eve");
    eve.says("/msg BOB psst, bob");
    bob.hears("[eve] psst, bob");
    eve.says("nobody is in the lobby");
    eve.is_heard();
    ann.says("/leave");
    ann.hears("= you are in lobby, with eve");
    bob.hears("* ann left");
    eve.hears("* ann joined");
    bob.says("/join lobby");
    bob.hears("= you are in lobby, with eve, ann");
    eve.says("/list");
    eve.hears("* bob joined");
    eve.hears("= rooms: lobby 3");
    ann.hears("* bob joined");

    eve.says("/help");
    let help: Vec<_> = (0..8).map(|_| eve.line()).collect();
    assert!(help.iter().all(|line| line.starts_with("= /")), "{help:?}");
    for word in ["name", "join", "leave", "list", "who", "msg", "help", "quit", "/TEXT"] {
        let is_there = help.iter().any(|line| line.starts_with(&format!("= /{word}")));
        assert!(is_there || word == "help", "{word} in {help:?}");
    }
    eve.sends(b"/quit\nnobody hears this\n");
    eve.hears("= goodbye");
    assert_eq!(eve.rest(), "", "and then the end of the stream");
    ann.hears("* eve left");
    ann.is_heard();
}

#[test]
fn what_cannot_be_done_is_refused_and_changes_nothing() {
    let (_server, addr) = chat(&[]);
    let (mut ann, mut bob) = ann_and_bob(addr);
    let no_name =
        "! a name is 1 to 16 letters, digits, - and _, and begins with a letter";
    for (line, answer) in [
        ("/name Ann", "! Ann is taken"),
        ("/name", no_name),
        ("/name 2pac", no_name),
        ("/name abcdefghijklmnopq", no_name),
        ("/name b b", no_name),
        ("/name ann\u{200b}", no_name),
        ("/join ../tea", no_name),
        ("/join", no_name),
        ("/name Guest-7", "! only the server calls somebody Guest-7"),
        ("/msg eve psst", "! nobody here is called eve"),
        ("/msg guest-2 psst", "! nobody here is called guest-2"),
        ("/msg ann", "! say it like this: /msg NAME TEXT"),
        ("/msg", "! say it like this: /msg NAME TEXT"),
        ("/dance on", "! no such command: /dance (/help lists them)"),
        ("/", "! no such command: / (/help lists them)"),
        ("/WHO", "! no such command: /WHO (/help lists them)"),
    ] {
        bob.says(line);
        bob.hears(answer);
    }
    bob.says("/who");
    bob.hears("= in lobby: ann, bob");
    bob.says("still bob");
    ann.hears("<bob> still bob");
}

#[test]
fn lines_are_the_same_however_they_are_sent() {
    let (_server, addr) = chat(&[]);
    let (mut ann, bob) = ann_and_bob(addr);
    bob.stream().set_nodelay(true).unwrap();
    for byte in "grün, byte for byte\r\n".bytes() {
        bob.sends(&[byte]);
    }
    ann.hears("<bob> grün, byte for byte");
    bob.sends(b"one\ntwo\r\nthr");
    ann.hears("<bob> one");
    ann.hears("<bob> two");
    bob.sends(b"ee\nno LF behind this");
    ann.hears("<bob> three");
    bob.ends();
    ann.hears("<bob> no LF behind this");
    ann.hears("* bob left");
}

#[test]
fn a_line_has_a_thousand_bytes_at_most() {
    let (_server, addr) = chat(&[]);
    let (mut ann, mut bob) = ann_and_bob(addr);
    let too_long = "! too long: a line has at most 1000 bytes";
    let (fits, longer) = ("ü".repeat(500), format!("{}x", "ü".repeat(500)));
    for end in ["\n", "\r\n"] {
        bob.sends(format!("{fits}{end}").as_bytes());
        ann.hears(&format!("<bob> {fits}"));
        bob.sends(format!("{longer}{end}").as_bytes());
        bob.hears(too_long);
    }
    bob.sends(&[b'x'; 300_000]);
    bob.hears(too_long);
    bob.sends(b"\nand on\n");
    ann.hears("<bob> and on");
    bob.is_heard();
}

#[test]
fn what_is_no_text_is_told_to_nobody_and_tricks_are_seen() {
    let (_server, addr) = chat(&[]);
    let (mut ann, mut bob) = ann_and_bob(addr);
    for rubbish in [&b"\xff\n"[..], b"half a char \xc3\n", b"\xed\xa0\x80\n"] {
        bob.sends(rubbish);
        bob.hears("! not UTF-8: nobody was told");
    }
    for (said, shown) in [
        ("\u{1b}[2J\u{7}\t\0", "\\u{1b}[2J\\u{7}\\t\\0"),
        ("a\rb\u{85}\u{2028}c", "a\\rb\\u{85}\\u{2028}c"),
        ("\u{202e}nna\u{2066}\u{200f}", "\\u{202e}nna\\u{2066}\\u{200f}"),
        ("in\u{200b}visible\u{feff}", "in\\u{200b}visible\\u{feff}"),
        ("日本 \"it's\" \\n é 🦀", "日本 \"it's\" \\n é 🦀"),
    ] {
        bob.says(said);
        ann.hears(&format!("<bob> {shown}"));
        bob.says(&format!("/msg ann {said}"));
        ann.hears(&format!("[bob] {shown}"));
    }
    bob.says("/\u{1b}]0;title\u{7}");
    bob.hears("! no such command: /\\u{1b}]0;title\\u… (/help lists them)");
}

#[test]
fn whoever_ends_his_half_gets_what_is_still_on_its_way() {
    let (_server, addr) = chat(&[]);
    let (mut ann, bob) = ann_and_bob(addr);
    let ask = 2000;
    bob.sends("/who\n".repeat(ask).as_bytes());
    bob.ends();
    let Member(mut bob) = bob;
    let mut rest = String::new();
    bob.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "= in lobby: ann, bob\n".repeat(ask));
    ann.hears("* bob left");
}

#[test]
fn a_reset_and_a_close_are_told_as_leaving() {
    let (_server, addr) = chat(&[]);
    let (mut ann, bob) = ann_and_bob(addr);
    reset_on_close(bob.stream()).unwrap();
    drop(bob);
    ann.hears("* bob left");
    let eve = Member::named(addr, "eve");
    ann.hears("* guest-3 joined");
    ann.hears("* guest-3 is now eve");
    ann.says("eve does not read this");
    ann.says("/who");
    ann.hears("= in lobby: ann, eve"); // So what she said before has been handled.
    drop(eve);
    ann.hears("* eve left");
    let mut bob = Member::named(addr, "bob");
    bob.says("/who");
    bob.hears("= in lobby: ann, bob");
}

#[test]
fn a_full_server_says_so_and_a_place_is_free_again() {
    let (_server, addr) = chat(&["--max-clients", "2"]);
    let (mut ann, bob) = ann_and_bob(addr);
    assert_eq!(read_to_end(&connect(addr)), b"server full, try again later\n");
    bob.says("/quit");
    ann.hears("* bob left");
    let Member(mut bob) = bob;
    bob.read_to_end(&mut Vec::new()).unwrap();
    drop(bob);
    // His place is free when the server has closed his socket, a moment later.
    while read_to_end_or_welcome(addr) != "* welcome" {}
    ann.is_heard();
}

fn read_to_end_or_welcome(addr: SocketAddr) -> &'static str {
    let mut first = [0; 9];
    connect(addr).read_exact(&mut first).unwrap();
    if &first == b"* welcome" { "* welcome" } else { "full" }
}
