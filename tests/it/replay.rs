//! `replay`: one recording told again, two recordings merged.

use std::io::Write;
use std::net::SocketAddr;

use sockdemo::course::merge::merge;
use sockdemo::kit::event::{Call, Event, Phase};

use crate::harness::{Ended, Program, Scratch, events, flat, run, too_wide};

/// The two recordings of one conversation.
struct Recorded {
    server: Scratch,
    client: Scratch,
}

/// A pair that says each of these lines and hears each answer before it says the next.
fn record(pair: [&str; 2], lines: &[&str]) -> Recorded {
    let (server_file, client_file) = (Scratch::new(), Scratch::new());
    let args = [pair[0], ":0", "--once", "-q", "--record", server_file.path()];
    let (server, addr) = Program::server(&args);
    let args = [pair[1], &addr.to_string(), "-q", "--record", client_file.path()];
    let mut client = Program::start(&args);
    let mut said = String::new();
    for line in lines {
        said.push_str(line);
        client.input(line.as_bytes());
        client.wait_for_output(&said);
    }
    assert_eq!(client.end_of_input().code(), Some(0));
    assert_eq!(server.end().code(), Some(0));
    Recorded { server: server_file, client: client_file }
}

const TCP: [&str; 2] = ["tcp-server", "tcp-client"];
const UDP: [&str; 2] = ["udp-server", "udp-client"];

fn replay(args: &[&str]) -> Ended {
    run(&[&["replay"], args].concat(), b"")
}

/// What `replay` shows when all is well.
fn replayed(args: &[&str]) -> String {
    let ended = replay(args);
    assert_eq!((ended.code(), ended.stderr.as_str()), (Some(0), ""), "{args:?}");
    ended.stdout
}

/// Without the announcements: whether a call waited long enough to be announced is a matter
/// of the moment, and a replay does not wait.
fn without_announcements(told: &str) -> Vec<&str> {
    let goes_on =
        |line: &str| line.trim_start_matches([' ', '│']).len() + 10 < line.len();
    let mut announced = false;
    let is_told = |line: &&str| {
        announced = line.contains('…') || (announced && goes_on(line));
        !announced
    };
    told.lines().filter(is_told).collect()
}

/// The row of a ladder that has all of these, in this order.
fn row<'a>(ladder: &'a str, parts: &[&str]) -> &'a str {
    let has_all = |line: &&str| {
        let mut rest = *line;
        parts.iter().all(|part| match rest.split_once(part) {
            Some((_, behind)) => {
                rest = behind;
                true
            }
            None => false,
        })
    };
    ladder.lines().find(has_all).unwrap_or_else(|| panic!("no {parts:?} in\n{ladder}"))
}

fn position(ladder: &str, parts: &[&str]) -> usize {
    let row = row(ladder, parts);
    ladder.lines().position(|line| line == row).unwrap()
}

#[test]
fn a_recording_is_told_again_as_it_was() {
    for (pair, view) in [TCP, UDP]
        .into_iter()
        .flat_map(|pair| ["lines", "ladder", "sentences"].map(|view| (pair, view)))
    {
        let (_server, addr) = Program::server(&[pair[0], ":0", "-q"]);
        let (file, addr) = (Scratch::new(), addr.to_string());
        let args = [pair[1], &addr, "--record", file.path(), "--view", view];
        let live = run(&args, b"hello\n").stderr;

        let again = replayed(&[file.path(), "--view", view]);

        assert_eq!(without_announcements(&again), without_announcements(&live));
        assert!(again.contains("connect"), "{view}: {again}");
    }
}

#[test]
fn lines_are_the_usual_view_of_one_recording() {
    let file = record(TCP, &["hello\n"]).server;
    assert_eq!(replayed(&[file.path()]), replayed(&[file.path(), "--view", "lines"]));
    let explained = "· all four calls were made by one line: TcpListener::bind";
    assert!(replayed(&[file.path()]).contains(explained));
    assert!(!replayed(&[file.path(), "--terse"]).contains(explained));
}

#[test]
fn json_of_a_replay_has_the_very_lines_of_the_recording() {
    for pair in [TCP, UDP] {
        let recorded = record(pair, &["hello\n"]);
        for file in [recorded.server, recorded.client] {
            assert_eq!(replayed(&[file.path(), "--json"]), file.text());
        }
    }
}

/// A conversation of so many calls that the recording has sums in it.
fn record_a_flood() -> Scratch {
    let (_server, addr) = Program::server(&["tcp-server", ":0", "-q"]);
    let (file, addr) = (Scratch::new(), addr.to_string());
    let args = ["tcp-client", &addr, "-q", "--record", file.path()];
    let client = run(&args, &vec![b'x'; 20 << 20]);
    assert_eq!((client.code(), client.stdout.len()), (Some(0), 20 << 20));
    file
}

/// How many sends, and how many bytes in all.
fn sends(jsonl: &str) -> (u64, u64) {
    let ended = events(jsonl).into_iter().filter(|event| event.phase == Phase::End);
    let sent = ended.filter(|event| event.call == Some(Call::Send));
    sent.fold((0, 0), |(calls, bytes), event| {
        (calls + event.run.map_or(1, |run| run.calls), bytes + event.bytes.unwrap())
    })
}

#[test]
fn a_replay_counts_a_flood_as_the_recording_did() {
    let file = record_a_flood();
    assert!(file.text().contains("\"run\":"), "there are sums in it");
    let again = replayed(&[file.path(), "--json"]);
    assert!(again == file.text(), "the very lines");

    // A flood that goes on for longer is told in a sum each second.
    let is_sum = |line: &&str| line.contains(r#""call":"send""#) && line.contains("run");
    let sum = file.text().lines().find(is_sum).unwrap().to_owned();
    let longer = Scratch::containing(&file.text().replace(&sum, &[&*sum; 3].join("\n")));
    let again = replayed(&[longer.path(), "--json"]);
    assert_eq!(sends(&again), sends(&longer.text()));
}

#[test]
fn a_slow_conversation_is_replayed_call_by_call() {
    let file = record(TCP, &["hello\n"]).client;
    let mut long = Vec::new();
    for event in events(&file.text()) {
        let times = if event.call == Some(Call::Send) { 50 } else { 0 };
        long.push(event.clone());
        // As if it had been said again, a second later each time.
        if event.phase == Phase::End {
            long.extend(
                (0..times)
                    .flat_map(|n| {
                        let [mut begin, mut end] =
                            [long[long.len() - 2].clone(), event.clone()];
                        (begin.time_us, end.time_us) =
                            (begin.time_us + n * 1_000_000, end.time_us + n * 1_000_000);
                        [begin, end]
                    })
                    .collect::<Vec<_>>(),
            );
        }
    }
    let lines = long.iter().map(|event| serde_json::to_string(event).unwrap() + "\n");
    let long = Scratch::containing(&lines.collect::<String>());

    let again = replayed(&[long.path(), "--json"]);

    assert_eq!(sends(&long.text()), (51, 306));
    assert_eq!(sends(&again), (51, 306));
    assert_eq!(again.lines().count(), long.text().lines().count(), "none are added up");
}

#[test]
fn two_recordings_become_one_ladder_in_either_order() {
    let recorded = record(TCP, &["hello\n"]);
    let (server, client) = (recorded.server.path(), recorded.client.path());
    for files in [[server, client], [client, server]] {
        let ladder = replayed(&files);

        assert!(ladder.starts_with(" client                                   server\n"));
        row(&ladder, &["connect", "►", "accept"]);
        row(&ladder, &["send", r#"6 B "hello\n""#, "►", "recv", "6 B"]);
        row(&ladder, &["recv", "◄", r#"6 B "hello\n""#, "send", "6 B"]);
        row(&ladder, &["shutdown", "end of stream", "►", "recv", "0 B: end of stream"]);
        row(&ladder, &["recv", "◄", "end of stream", "close"]);
        assert_eq!(ladder.matches('►').count(), 3, "an arrow each: {ladder}");
        assert_eq!(ladder.matches('◄').count(), 2, "an arrow each: {ladder}");
        assert_eq!(too_wide(&ladder), [""; 0], "{ladder}");
    }
}

#[test]
fn a_connection_is_not_made_before_somebody_listens() {
    let recorded = record(TCP, &["hello\n"]);
    let (server, client) = (recorded.server.path(), recorded.client.path());
    for files in [[server, client], [client, server]] {
        let ladder = replayed(&files);

        let listens = position(&ladder, &["listen", "queue of 128"]);
        assert!(listens < position(&ladder, &["from 127.0.0.1:"]), "{ladder}");
    }
}

#[test]
fn two_recordings_of_datagrams_become_one_ladder_in_either_order() {
    let recorded = record(UDP, &["hello\n"]);
    let (server, client) = (recorded.server.path(), recorded.client.path());
    for files in [[server, client], [client, server]] {
        let ladder = replayed(&files);

        row(&ladder, &["send", r#"5 B "hello""#, "►", "recvfrom", "5 B from"]);
        row(&ladder, &["recv", "◄", r#"5 B "hello""#, "sendto", "5 B to"]);
        assert_eq!(ladder.matches(['►', '◄']).count(), 2, "an arrow each: {ladder}");
        assert_eq!(too_wide(&ladder), [""; 0], "{ladder}");
    }
}

#[test]
fn what_nobody_knows_is_marked_and_the_mark_is_explained() {
    let recorded = record(TCP, &["hello\n"]);
    let files = [recorded.server.path(), recorded.client.path()];

    for view in ["ladder", "sentences"] {
        let merged = replayed(&[&files[..], &["--view", view]].concat());
        let (told, legend) = merged.split_once("~ whether this").unwrap();
        assert!(legend.contains("no common clock"), "{legend}");
        // Nothing says whether the client made its socket before the server listened.
        let made =
            told.lines().find(|line| line.contains("socket") && line.contains('~'));
        assert!(made.is_some(), "{told}");
        // But bytes that are received have been sent.
        let known = told.lines().filter(|line| line.contains("recv"));
        assert!(known.clone().count() > 1 && known.clone().all(|l| !l.contains('~')));
        assert!(!replayed(&[files[0], "--view", view]).contains('~'), "one has an order");
    }
}

#[test]
fn recordings_of_different_conversations_are_not_merged() {
    let (one, other) = (record(TCP, &["one\n"]), record(TCP, &["two\n"]));

    let ended = replay(&[one.server.path(), other.client.path()]);

    assert_eq!((ended.code(), ended.stdout.as_str()), (Some(1), ""));
    let error =
        "error: could not merge the two recordings: no connection appears in both";
    assert!(ended.stderr.starts_with(error), "{}", ended.stderr);
    assert!(ended.stderr.contains("  hint: record both sides"), "{}", ended.stderr);
}

#[test]
fn a_broken_line_is_named() {
    let good = record(TCP, &["hello\n"]).client.text();
    let third = good.lines().nth(2).unwrap();
    let broken =
        ["{\"seq\":3", "3", "{\"sequence\":3}", "{\"phase\":\"middle\"}", "\u{1b}"];
    for broken in broken.into_iter().chain(["{}", "[]", "{\"seq\":3}"]) {
        let file = Scratch::containing(&good.replacen(third, broken, 1));

        let ended = replay(&[file.path()]);

        assert_eq!((ended.code(), ended.stdout.as_str()), (Some(1), ""), "{broken}");
        let error = format!("error: could not understand line 3 of {}: ", file.path());
        assert!(ended.stderr.starts_with(&error), "{}", ended.stderr);
        assert!(!ended.stderr.contains("line 1"), "one number only: {}", ended.stderr);
    }
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let ended = replay(&["/no-such-folder/x.jsonl"]);
    assert_eq!((ended.code(), ended.stdout.as_str()), (Some(1), ""));
    let error = "error: could not read /no-such-folder/x.jsonl: ";
    assert!(ended.stderr.starts_with(error), "{}", ended.stderr);
}

#[test]
fn a_file_of_bytes_is_an_error_and_no_panic() {
    let file = Scratch::new();
    std::fs::File::create(file.path()).unwrap().write_all(b"\xff\xfe\x00").unwrap();

    let ended = replay(&[file.path()]);

    assert_eq!((ended.code(), ended.stdout.as_str()), (Some(1), ""));
    assert!(ended.stderr.starts_with("error: could not read "), "{}", ended.stderr);
}

#[test]
fn an_empty_recording_is_an_error() {
    let (empty, other) = (Scratch::containing("\n"), record(UDP, &["hello\n"]));
    for more in [&["--view", "lines"][..], &["--view", "ladder"], &[other.client.path()]]
    {
        let ended = replay(&[&[empty.path()], more].concat());
        assert_eq!((ended.code(), ended.stdout.as_str()), (Some(1), ""));
        assert!(ended.stderr.contains(": nothing was recorded in it\n"), "{ended:?}");
    }
}

#[test]
fn a_changed_recording_cannot_move_the_cursor() {
    let good = record(TCP, &["hello\n"]).client.text();
    let evil = r"\u001b[2J\u0007\u202e\u009b";
    for (field, changed) in [
        (r#""who":"client""#, format!(r#""who":"{evil}""#)),
        (r#""thread":"main""#, format!(r#""thread":"{evil}""#)),
        (r#""preview":"\"hello"#, format!(r#""preview":"{evil}"#)),
        (r#""text":"writing""#, format!(r#""text":"{evil}""#)),
        (r#""std":"TcpStream::connect""#, format!(r#""std":"{evil}""#)),
        (r#""seq":2"#, format!(r#""{evil}":2"#)),
        (r#""phase":"end""#, format!(r#""phase":"{evil}""#)),
    ] {
        assert!(good.contains(field), "{field}");
        let file = Scratch::containing(&good.replace(field, &changed));
        for view in ["lines", "ladder", "sentences"] {
            let ended = replay(&[file.path(), "--view", view]);
            let told = ended.stdout + &ended.stderr;
            let raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!told.contains(raw), "{field}, {view}: {}", told.escape_debug());
        }
    }
}

#[test]
fn each_side_keeps_its_own_order_when_merged() {
    for recorded in
        [record(TCP, &["a\n", "bb\n", "ccc\n"]), record(UDP, &["a\n"]), recorded_bulk()]
    {
        let sides = [&recorded.server, &recorded.client].map(|file| events(&file.text()));
        for [first, second] in [sides.clone(), [sides[1].clone(), sides[0].clone()]] {
            let merged = merge(first, second);

            for (who, side) in ["server", "client"].iter().zip(&sides) {
                let kept = merged.iter().filter(|event| event.who == *who).cloned();
                let kept = kept.map(|event| Event { unordered: false, ..event });
                assert!(kept.collect::<Vec<_>>() == *side, "{who}");
            }
            assert_eq!(merged.len(), sides[0].len() + sides[1].len());
        }
    }
}

/// A conversation with sums on both sides.
fn recorded_bulk() -> Recorded {
    let line = "x".repeat(1023) + "\n";
    record(TCP, &[&line.repeat(8 << 10)])
}

#[test]
fn nothing_is_received_before_it_was_sent() {
    let lines = ["one\n", "two two\n", "three three three\n", "four\n", "five\n"];
    for recorded in [record(TCP, &lines), record(UDP, &lines[..1])] {
        let sides = [&recorded.server, &recorded.client].map(|file| events(&file.text()));
        for [first, second] in [sides.clone(), [sides[1].clone(), sides[0].clone()]] {
            let merged = merge(first, second);

            let mut sent = [0, 0];
            let mut transfers = 0;
            for event in &merged {
                let side = usize::from(event.who == "client");
                let bytes = event.bytes.unwrap_or(0);
                match (event.phase, event.call) {
                    (Phase::Begin, Some(Call::Send | Call::Sendto)) => {
                        sent[side] += bytes;
                    }
                    (Phase::End, Some(Call::Recv | Call::Recvfrom)) => {
                        let upto = event.offset.unwrap_or(0) + bytes;
                        assert!(upto <= sent[1 - side], "{event:?}");
                        transfers += usize::from(bytes > 0);
                    }
                    _ => {}
                }
            }
            assert!(transfers == 10 || transfers == 2, "{transfers}");
        }
    }
}

#[test]
fn nobody_is_accepted_who_has_not_asked() {
    let recorded = record(TCP, &["hello\n"]);
    let sides = [&recorded.server, &recorded.client].map(|file| events(&file.text()));
    for [first, second] in [sides.clone(), [sides[1].clone(), sides[0].clone()]] {
        let merged = merge(first, second);

        let at = |phase, call| {
            let wanted = |event: &Event| event.phase == phase && event.call == Some(call);
            merged.iter().position(wanted).unwrap()
        };
        let (asked, connected) =
            (at(Phase::Begin, Call::Connect), at(Phase::End, Call::Connect));
        assert!(asked < at(Phase::End, Call::Accept));
        assert!(at(Phase::End, Call::Listen) < connected);
        let ends = merged.iter().rev().find(|event| event.call == Some(Call::Close));
        assert_eq!(ends.map(|event| event.phase), Some(Phase::End));
        let peers: Vec<Option<SocketAddr>> =
            merged.iter().filter_map(|event| event.made).map(|made| made.peer).collect();
        assert_eq!(peers, [merged[connected].socket.unwrap().local]);
    }
}

#[test]
fn a_replay_can_be_recorded_again() {
    let recorded = record(TCP, &["hello\n"]);
    let copy = Scratch::new();

    let told = replayed(&[recorded.client.path(), "--record", copy.path()]);

    assert_eq!(copy.text(), recorded.client.text());
    assert_eq!(told, replayed(&[copy.path()]));
    assert!(flat(&told).contains("client connect"), "{told}");
}
