//! How the calls are told: lines, ladder, sentences, JSON, recordings.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::thread;

use sockdemo::kit::event::{Call, Event, Phase};

use crate::harness::{
    HANG, Program, Scratch, connect, events, exchange, flat, run, too_wide,
};

/// One conversation of a real pair: what each of them told.
fn converse(pair: [&str; 2], flags: &[&str]) -> [String; 2] {
    let [server, client] = pair;
    let (server, addr) = Program::server(&[&[server, ":0"], flags].concat());
    let client = run(&[&[client, &addr.to_string()], flags].concat(), b"hello\n");
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "hello\n"));
    [server.stop().stderr, client.stderr]
}

const TCP: [&str; 2] = ["tcp-server", "tcp-client"];
const UDP: [&str; 2] = ["udp-server", "udp-client"];

fn of_call(events: &[Event], call: Call) -> Vec<&Event> {
    let ended = events.iter().filter(|event| event.phase == Phase::End);
    ended.filter(|event| event.call == Some(call)).collect()
}

#[test]
fn every_call_that_can_wait_is_announced_before_it_is_told() {
    for told in [TCP, UDP].map(|pair| converse(pair, &["--json"])).concat() {
        let mut begun = HashMap::new();
        for event in events(&told) {
            let thread = (event.who.clone(), event.thread.clone(), event.connection);
            match (event.phase, event.call) {
                (Phase::Begin, call) => {
                    assert_eq!(begun.insert(thread, call), None, "{told}");
                }
                // These are told by the line of std that made them.
                (Phase::End, Some(Call::Socket | Call::Setsockopt | Call::Listen)) => {}
                (Phase::End, call) => {
                    assert_eq!(begun.remove(&thread), Some(call), "{event:?}\n{told}");
                }
                (Phase::Note, call) => assert_eq!(call, None),
            }
        }
        assert!(begun.is_empty(), "everything returned: {begun:?}\n{told}");
    }
}

#[test]
fn events_are_numbered_from_one_and_their_time_never_runs_back() {
    for told in [TCP, UDP].map(|pair| converse(pair, &["--json"])).concat() {
        let events = events(&told);
        let numbers: Vec<u64> = events.iter().map(|event| event.seq).collect();
        assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<_>>());
        // Threads speak at the same time: only within one of them is there an order.
        let mut latest = HashMap::new();
        for event in &events {
            let before = latest.insert((&event.thread, event.connection), event.time_us);
            assert!(before <= Some(event.time_us), "{event:?}\n{told}");
        }
    }
}

#[test]
fn json_fills_the_fields_of_a_tcp_conversation() {
    let [server, client] = converse(TCP, &["--json"]).map(|told| events(&told));

    let accepted = of_call(&server, Call::Accept)[0];
    let (listener, made) = (accepted.socket.unwrap(), accepted.made.unwrap());
    assert_eq!((listener.local, listener.peer), (made.local, None));
    assert_eq!(accepted.addr, made.peer);
    assert_ne!(listener.fd, made.fd);
    for (events, moved) in [(&server, Call::Recv), (&client, Call::Send)] {
        let first = of_call(events, moved)[0];
        assert_eq!((first.bytes, first.offset), (Some(6), Some(0)), "{first:?}");
        assert_eq!(first.preview.as_deref(), Some(r#""hello\n""#));
        assert!(first.waited_us.is_some() && first.error.is_none(), "{first:?}");
    }
    let ours = of_call(&client, Call::Connect)[0].socket.unwrap();
    assert_eq!((ours.local, ours.peer), (made.peer, made.local), "seen crosswise");
    let ends = of_call(&client, Call::Recv);
    let end = ends.last().unwrap();
    assert_eq!((end.bytes, end.offset), (Some(0), Some(6)), "{end:?}");
    let talk = server.iter().filter(|event| event.socket == Some(made));
    assert!(talk.clone().count() >= 8 && talk.clone().all(|e| e.connection == Some(1)));
}

#[test]
fn json_fills_the_fields_of_a_datagram_conversation() {
    let [server, client] = converse(UDP, &["--json"]).map(|told| events(&told));

    let received = of_call(&server, Call::Recvfrom)[0];
    assert_eq!((received.bytes, received.offset), (Some(5), None), "{received:?}");
    assert_eq!(received.preview.as_deref(), Some("\"hello\""));
    let ours = of_call(&client, Call::Connect)[0].socket.unwrap();
    assert_eq!(ours.local, received.addr, "the client's address");
    assert_eq!(ours.peer, received.socket.unwrap().local, "the server's");
    assert_eq!(of_call(&server, Call::Sendto)[0].addr, received.addr);
    let limit = of_call(&client, Call::Setsockopt)[0].text.as_deref();
    assert_eq!(limit, Some("SO_RCVTIMEO 1.0 s"));
}

#[test]
fn json_tells_a_failure_with_its_number() {
    let (addr, _kept) = crate::harness::nobody_listens();

    let client = run(&["tcp-client", &addr.to_string(), "--json"], b"");

    // The last words are for people, whatever the flags.
    let told: String =
        client.stderr.lines().take_while(|line| line.starts_with('{')).collect();
    let failed = events(&told.replace("}{\"seq", "}\n{\"seq")).pop().unwrap();
    assert_eq!((failed.call, failed.addr), (Some(Call::Connect), Some(addr)));
    let error = failed.error.unwrap();
    assert_eq!(error.kind, "ConnectionRefused");
    assert!(error.code.is_some() && error.text.contains("refused"), "{error:?}");
}

#[test]
fn quiet_tells_nothing() {
    for pair in [TCP, UDP] {
        assert_eq!(converse(pair, &["--quiet"]), ["", ""]);
        assert_eq!(converse(pair, &["-q"]), ["", ""]);
    }
}

#[test]
fn a_recording_has_the_very_lines_of_json() {
    let (_server, addr) = Program::server(&["tcp-server", ":0", "--quiet"]);
    let (file, addr) = (Scratch::new(), addr.to_string());

    let args = ["tcp-client", &addr, "--json", "--record", file.path()];
    let client = run(&args, b"hello\n");

    assert_eq!((client.code(), client.stderr.as_str()), (Some(0), file.text().as_str()));
    assert!(client.stderr.lines().count() > 10, "{}", client.stderr);
}

#[test]
fn a_quiet_program_still_records() {
    let (_server, addr) = Program::server(&["udp-server", ":0", "--quiet"]);
    let (file, addr) = (Scratch::new(), addr.to_string());

    let args = ["udp-client", &addr, "-q", "--record", file.path(), "-m", "hello"];
    let client = run(&args, b"");

    assert_eq!((client.code(), client.stderr.as_str()), (Some(0), ""));
    assert_eq!(of_call(&events(&file.text()), Call::Send).len(), 1);
}

#[test]
fn a_recording_that_cannot_be_written_is_an_error() {
    let path = "/no-such-folder/x.jsonl";
    for command in ["tcp-server", "udp-server", "tour"] {
        let ended = run(&[command, "--record", path], b"");

        assert_eq!((ended.code(), ended.stdout.as_str()), (Some(1), ""), "{command}");
        let error = format!("error: could not write the recording {path}: ");
        assert!(ended.stderr.starts_with(&error), "{}", ended.stderr);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let (_server, addr) = Program::server(&["tcp-server", ":0", "--quiet"]);
    let addr = addr.to_string();

    // Every write to this device says that no space is left.
    let client = run(&["tcp-client", &addr, "-q", "--record", "/dev/full"], b"hello\n");

    assert_eq!((client.code(), client.stdout.as_str()), (Some(1), "hello\n"));
    let error = "error: could not write the recording: No space left";
    assert!(client.stderr.starts_with(error), "{}", client.stderr);
}

#[test]
fn terse_leaves_out_the_explanations_and_nothing_else() {
    let explained = |line: &&str| line.trim_start().starts_with("· ");
    for pair in [TCP, UDP] {
        for told in converse(pair, &[]) {
            assert!(told.lines().any(|line| explained(&line)), "{told}");
        }
        for told in converse(pair, &["--terse"]) {
            assert!(!told.lines().any(|line| explained(&line)), "{told}");
            assert!(told.contains("\"hello"), "{told}");
            let word =
                |line: &str| line.starts_with(|c: char| c == ' ' || c.is_alphabetic());
            assert!(told.lines().all(word), "{told}");
        }
    }
}

#[test]
fn no_escape_without_a_terminal_unless_it_is_asked_for() {
    for view in ["lines", "ladder"] {
        let [server, client] = converse(TCP, &["--view", view]);
        assert!(!server.contains('\x1b') && !client.contains('\x1b'), "{server}{client}");
        let [server, client] = converse(TCP, &["--view", view, "--color", "never"]);
        assert!(!server.contains('\x1b') && !client.contains('\x1b'), "{server}{client}");
    }
    let [server, client] = converse(TCP, &["--color", "always"]);
    assert!(server.contains("\x1b[2m") && client.contains("\x1b[2m"), "{server}{client}");
    assert_eq!(client.matches("\x1b[2m").count(), client.matches("\x1b[0m").count());
}

/// Bytes that would ring, paint, hide and turn around what a terminal shows.
const RUDE: &[u8] =
    b"\x1b[31mred\x1b]0;title\x07\xff\xfe\r\x00\x08\x7f\xc2\x9b1m\xe2\x80\xaetxt\xe2\x80\x8b";

fn assert_harmless(told: &str) {
    // The harness shows bytes that are no UTF-8 as U+FFFD.
    let harmful =
        |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{200b}\u{fffd}".contains(c);
    let found: Vec<char> = told.chars().filter(|c| harmful(*c)).collect();
    assert!(found.is_empty(), "{found:?} in\n{}", told.escape_debug());
    assert_eq!(too_wide(told), [""; 0], "{told}");
}

#[test]
fn a_strangers_bytes_reach_no_view_of_a_server() {
    for view in ["lines", "ladder", "sentences"] {
        let (server, addr) = Program::server(&["tcp-server", ":0", "--view", view]);
        for piece in RUDE.chunks(5) {
            exchange(&connect(addr), piece);
        }
        exchange(&connect(addr), RUDE);
        let told = server.stop().stderr;
        assert_harmless(&told);
        assert!(view == "sentences" || flat(&told).contains(r"\u{1b}["), "{told}");

        let (server, addr) = Program::server(&["udp-server", ":0", "--view", view]);
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.set_read_timeout(Some(HANG)).unwrap();
        for piece in RUDE.chunks(5) {
            client.send_to(piece, addr).unwrap();
            client.recv(&mut [0; 64]).unwrap();
        }
        assert_harmless(&server.stop().stderr);
    }
}

#[test]
fn a_strangers_bytes_reach_no_view_of_a_client() {
    for view in ["lines", "ladder", "sentences"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap().to_string();
        let client = Program::start(&["tcp-client", &addr, "--view", view]);
        let (mut stream, _) = listener.accept().unwrap();

        stream.write_all(RUDE).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();

        let client = client.end();
        assert_eq!(client.code(), Some(0), "{}", client.stderr);
        assert!(client.stdout.starts_with("\x1b[31mred"), "the payload is not ours");
        assert_harmless(&client.stderr);
        let shown = flat(&client.stderr).contains(r"\x1b[31mred");
        assert!(view == "sentences" || shown, "{}", client.stderr);
    }
}

/// How many columns a terminal gives to a line. Only good for what is used here: the
/// characters of China, Japan and Korea take two.
fn columns(line: &str) -> usize {
    line.chars()
        .map(|c| {
            if ('\u{1100}'..='\u{ffdc}').contains(&c) && c >= '\u{2e80}' { 2 } else { 1 }
        })
        .sum()
}

#[test]
fn wide_characters_stay_inside_the_screen() {
    for view in ["lines", "ladder", "sentences"] {
        let (server, addr) = Program::server(&["tcp-server", ":0", "--view", view]);
        let text = "日本語のとても長い文章はふたつの列に立つ文字でできている";
        exchange(&connect(addr), text.as_bytes());

        let told = server.stop().stderr;

        let wide: Vec<&str> = told.lines().filter(|line| columns(line) > 80).collect();
        assert_eq!(wide, [""; 0], "{view}");
        assert!(told.contains("日本語"), "readable text stays readable: {told}");
    }
}

#[test]
fn no_line_is_wider_than_the_screen() {
    for (name, text) in
        [("tcp-server", "x".repeat(5000)), ("udp-server", "y".repeat(5000))]
    {
        for view in ["lines", "ladder", "sentences"] {
            let (server, addr) = Program::server(&[name, "0.0.0.0:0", "--view", view]);
            let client = name.replace("server", "client");
            let addr = format!("127.0.0.1:{}", addr.port());
            let client = run(&[&client, &addr, "--view", view, "-m", &text], b"");

            assert_eq!(too_wide(&client.stderr), [""; 0], "{view}");
            assert_eq!(too_wide(&server.stop().stderr), [""; 0], "{view}");
        }
    }
}

#[test]
fn the_thousandth_client_still_fits_its_column() {
    for view in ["lines", "ladder"] {
        let (mut server, addr) = Program::server(&["tcp-server", ":0", "--view", view]);
        // Each one is over before the next comes, so that the log keeps up.
        for _ in 0..999 {
            let stream = TcpStream::connect(addr).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            crate::harness::read_to_end(&stream);
        }
        exchange(&connect(addr), b"the thousandth");
        server.wait_for("the thousandth");

        let told = server.stop().stderr;

        assert_eq!(too_wide(&told), [""; 0]);
        let apart = |line: &str| {
            !line.starts_with("server 1000") || line.starts_with("server 1000 ")
        };
        assert!(told.lines().all(apart), "the name and the call stand apart");
    }
}

/// Sends and receives `total` bytes at the same time.
fn echo_much(stream: &TcpStream, total: usize) {
    let piece = vec![b'z'; 64 * 1024];
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut to = stream;
            (0..total / piece.len()).for_each(|_| to.write_all(&piece).unwrap());
            to.shutdown(Shutdown::Write).unwrap();
        });
        let (mut from, mut buffer, mut got) = (stream, vec![0; 64 * 1024], 0);
        while let n @ 1.. = from.read(&mut buffer).unwrap() {
            got += n;
        }
        assert_eq!(got, total);
    });
}

#[test]
fn a_flood_is_told_in_few_lines_and_no_byte_is_hidden() {
    const TOTAL: usize = 64 << 20;
    let file = Scratch::new();
    let args = ["tcp-server", ":0", "--once", "--record", file.path()];
    let (server, addr) = Program::server(&args);

    echo_much(&connect(addr), TOTAL);

    let server = server.end();
    assert_eq!(server.code(), Some(0));
    assert!(server.stderr.lines().count() < 150, "{}", server.stderr);
    assert!(server.stderr.contains(" calls, "), "{}", server.stderr);
    let events = events(&file.text());
    for call in [Call::Recv, Call::Send] {
        let bytes = of_call(&events, call).into_iter().filter_map(|event| event.bytes);
        assert_eq!(bytes.sum::<u64>(), TOTAL as u64, "{call:?}");
    }
    assert_eq!(of_call(&events, Call::Recv).last().unwrap().bytes, Some(0));
}

#[test]
fn a_live_ladder_shows_what_goes_over() {
    let [server, client] = converse(TCP, &["--view", "ladder"]);

    for (told, verb, arrow) in [
        (&client, "send ", '►'),
        (&client, "recv ", '◄'),
        (&server, "recv ", '►'),
        (&server, "send ", '◄'),
    ] {
        let row =
            |line: &&str| line.contains(verb) && line.contains(r#" 6 B "hello\n" "#);
        let row = told.lines().find(row).unwrap_or_else(|| panic!("no {verb}:\n{told}"));
        assert!(row.contains(arrow), "{row}");
    }
    for told in [&server, &client] {
        assert!(told.starts_with(" client                                   server\n"));
        assert!(told.contains("end of stream"), "{told}");
        assert!(!told.contains('~'), "one recording has one order: {told}");
    }
}

#[test]
fn live_sentences_tell_the_same_without_a_picture() {
    let [server, client] = converse(TCP, &["--view", "sentences"]);

    assert!(flat(&client).contains("client: send 6 B"), "{client}");
    assert!(flat(&client).contains("client: recv 0 B: end of stream"), "{client}");
    assert!(flat(&server).contains("server: recv 6 B"), "{server}");
    for told in [server, client] {
        assert!(!told.contains(['│', '─', '►', '◄', '~']), "{told}");
        let sentence = |line: &str| line.contains(": ") || line.starts_with("  ");
        assert!(told.lines().all(sentence), "each says who: {told}");
    }
}

#[test]
fn sentences_tell_the_text_that_the_picture_shows() {
    let [server, client] = converse(TCP, &["--view", "sentences"]);

    for told in [server, client] {
        assert_eq!(told.matches(r#"6 B "hello\n""#).count(), 2, "there and back: {told}");
    }
}

#[test]
fn a_ladder_says_which_client_a_call_is_about() {
    for view in ["ladder", "sentences"] {
        let (mut server, addr) = Program::server(&["tcp-server", ":0", "--view", view]);
        let (first, second) = (connect(addr), connect(addr));
        exchange(&first, b"first");
        exchange(&second, b"seconds");
        server.wait_for_many("7 B", 2);

        let told = server.stop().stderr;

        let mut transfers = told.lines().filter(|line| line.contains("7 B"));
        assert!(transfers.all(|line| line.contains("#2")), "{told}");
    }
}

#[test]
fn a_server_that_wakes_itself_draws_no_client() {
    for name in ["tcp-server", "udp-server"] {
        let (mut server, _) = Program::server(&[name, ":0", "--view", "ladder"]);
        server.wait_for("… waiting for a");

        let told = server.stop().stderr;

        assert!(told.contains("stopping"), "{told}");
        assert!(!told.contains(['►', '◄']), "nobody was there: {told}");
    }
}

#[test]
fn a_call_that_makes_a_socket_is_announced_without_one() {
    // Of the client's, and of the server's wake-up call when it stops.
    for told in converse(TCP, &["--json"]) {
        let events = events(&told);
        let asked = events.iter().filter(|event| event.call == Some(Call::Connect));
        let mut asked = asked.filter(|event| event.phase == Phase::Begin).peekable();
        assert!(asked.peek().is_some(), "{told}");
        assert!(asked.all(|event| event.socket.is_none()), "{told}");
    }
}

#[test]
fn a_call_that_waits_is_told_while_it_waits() {
    for (view, words) in [
        ("lines", "accept("),
        ("ladder", "accept     … waiting for a client"),
        ("sentences", "server: accept … waiting for a client"),
    ] {
        let (mut server, addr) = Program::server(&["tcp-server", ":0", "--view", view]);
        server.wait_for(words); // Nobody has come: the call has not returned.
        let _client = connect(addr);
        server.wait_for("recv");
        server.wait_for("… waiting for bytes");
    }
}

#[test]
fn who_has_no_event_loop_cannot_show_its_events() {
    for command in [&["tcp-server", ":0"][..], &["tour"], &["forward", ":0", ":1"]] {
        let refused = run(&[command, &["--view", "events"]].concat(), b"");
        assert_eq!(
            (refused.code(), refused.stdout.as_str()),
            (Some(2), ""),
            "{command:?}"
        );
        assert!(refused.stderr.contains("there is no event loop here"), "{refused:?}");
    }
}
