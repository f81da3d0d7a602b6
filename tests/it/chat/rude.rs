//! Members who are slow, silent or rude.

use std::io::Write;
use std::net::Shutdown;
use std::thread;

use super::{Member, ann_and_bob, chat};

/// More than all buffers on the way to a member hold.
const LINES: usize = 14_000;

fn long_lines(n: usize) -> impl Iterator<Item = String> {
    (0..n).map(|i| format!("{i} {}", "x".repeat(980)))
}

/// Bob says them all; ann reads them all, in their order, whatever else happens.
/// Gives what else she has read.
fn all_are_heard(ann: &mut Member, bob: &Member) -> Vec<String> {
    thread::scope(|scope| {
        scope.spawn(|| long_lines(LINES).for_each(|line| bob.says(&line)));
        let mut others = Vec::new();
        for said in long_lines(LINES) {
            let said = format!("<bob> {said}");
            while let line = ann.line()
                && line != said
            {
                assert!(line.starts_with("* "), "{line:?} instead of {said:?}");
                others.push(line);
            }
        }
        others
    })
}

#[test]
fn those_who_do_not_read_are_let_go_and_cost_nobody_a_line() {
    let (_server, addr) = chat(&[]);
    let (mut ann, bob) = ann_and_bob(addr);
    let names = ["s1", "s2", "s3", "s4", "s5"];
    let silent = names.map(|name| Member::named(addr, name));
    silent[4].says("I say this, and read nothing");
    ann.hears_in_the_end("* guest-7 is now s5");
    ann.hears("<s5> I say this, and read nothing");

    let others = all_are_heard(&mut ann, &bob);

    let gone = names.map(|name| format!("* {name} left: did not read"));
    let left = |line: &&String| line.contains("left");
    let mut told: Vec<_> = others.iter().filter(left).collect();
    told.sort();
    assert_eq!(told, gone.iter().collect::<Vec<_>>());
    ann.says("/who");
    ann.hears("= in lobby: ann, bob");
}

/// While the room waits for one of them, the others could read, too, and do not: so it
/// does not wait for each of them in turn. That would be 20 seconds.
#[test]
fn twenty_who_do_not_read_make_the_room_wait_once() {
    let (_server, addr) = chat(&[]);
    let (mut ann, bob) = ann_and_bob(addr);
    let silent: Vec<_> = (0..20).map(|_| Member::at(addr)).collect();
    let begun = std::time::Instant::now();
    let others = all_are_heard(&mut ann, &bob);
    assert_eq!(others.iter().filter(|l| l.ends_with(": did not read")).count(), 20);
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    drop(silent);
}

#[test]
fn one_who_ends_his_half_and_does_not_read_is_gone_for_the_room_at_once() {
    let (server, addr) = chat(&[]);
    let (mut ann, bob) = ann_and_bob(addr);
    let silent = Member::named(addr, "silent");
    silent.stream().shutdown(Shutdown::Write).unwrap();
    ann.hears_in_the_end("* silent left");
    assert_eq!(all_are_heard(&mut ann, &bob), [""; 0]);
    drop(server.stop());
}

#[test]
fn half_a_line_costs_nothing_and_is_said_when_it_is_whole() {
    let (_server, addr) = chat(&[]);
    let (mut ann, mut bob) = ann_and_bob(addr);
    let eve = Member::named(addr, "eve");
    eve.sends(b"half");
    ann.hears_in_the_end("* guest-3 is now eve");
    bob.says("a whole one");
    ann.hears("<bob> a whole one");
    eve.sends(b" and whole\n");
    ann.hears("<eve> half and whole");
    bob.is_heard();
}

#[test]
fn a_burst_of_eight_at_once_reaches_all_completely_and_in_one_order() {
    let (_server, addr) = chat(&[]);
    let talkers: Vec<_> = (0..8).map(|i| Member::named(addr, &format!("t{i}"))).collect();
    let mut listeners: Vec<_> = (0..20).map(|_| Member::at(addr)).collect();
    let orders: Vec<Vec<String>> = thread::scope(|scope| {
        for talker in &talkers {
            let reads = talker.stream().try_clone().unwrap();
            scope.spawn(move || std::io::copy(&mut &reads, &mut std::io::sink()));
            scope.spawn(move || {
                let lines: String = (0..1000).map(|i| format!("line {i}\n")).collect();
                talker.stream().write_all(lines.as_bytes()).unwrap();
            });
        }
        let read = |listener: &mut Member| {
            let mut said = Vec::new();
            while said.len() < 8000 {
                let line = listener.line();
                assert_ne!(line, "", "let go after {} lines", said.len());
                said.extend(line.starts_with('<').then_some(line));
            }
            said
        };
        let reading: Vec<_> =
            listeners.iter_mut().map(|l| scope.spawn(move || read(l))).collect();
        let orders = reading.into_iter().map(|r| r.join().unwrap()).collect();
        talkers.iter().for_each(|t| t.stream().shutdown(Shutdown::Both).unwrap());
        orders
    });
    for i in 0..8 {
        let own: Vec<_> = orders[0]
            .iter()
            .filter_map(|l| l.strip_prefix(&format!("<t{i}> ")))
            .collect();
        assert!(own.iter().copied().eq((0..1000).map(|n| format!("line {n}"))), "t{i}");
    }
    assert!(orders.iter().all(|order| *order == orders[0]), "one order for all");
}

#[test]
fn a_listener_is_not_idle_but_whoever_is_silent_in_silence_is_let_go() {
    let (_server, addr) = chat(&["--idle-timeout", "1.5"]);
    let mut silent = Member::named(addr, "silent");
    silent.says("/join cellar");
    silent.hears("= you are in cellar, alone");
    let (mut ann, bob) = (Member::named(addr, "ann"), Member::named(addr, "bob"));
    ann.hears_in_the_end("* guest-3 is now bob");
    // Bob is told something whenever nothing has come for a while; he says nothing himself.
    let begun = std::time::Instant::now();
    let pause = std::time::Duration::from_millis(100);
    ann.stream().set_read_timeout(Some(pause)).unwrap();
    while begun.elapsed() < 30 * pause {
        ann.says("are you there?");
        let quiet = std::io::Read::read(&mut ann.stream(), &mut [0]);
        assert!(quiet.is_err(), "nobody has left the lobby: {quiet:?}");
    }
    assert_eq!(silent.rest(), "", "let go meanwhile");
    ann.stream().set_read_timeout(Some(crate::harness::HANG)).unwrap();
    ann.says("/join tea");
    ann.hears("= you are in tea, alone");
    let mut eve = Member::named(addr, "eve");
    eve.hears("* bob left: idle");
    drop(bob);
}

/// His writer gives up before the patience of the room is at its end. Were his reader to go
/// on, he could talk for ever without hearing anything.
#[test]
fn whoever_does_not_read_until_he_is_idle_cannot_talk_on() {
    let (_server, addr) = chat(&["--idle-timeout", "0.3"]);
    let rude = Member::at(addr);
    let begun = std::time::Instant::now();
    let questions = "/help\n".repeat(1000);
    while rude.stream().write_all(questions.as_bytes()).is_ok() {
        assert!(begun.elapsed() < crate::harness::HANG, "he talks for ever");
    }
}
