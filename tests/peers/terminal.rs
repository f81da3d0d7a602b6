//! The demos in a terminal of 80 columns, at a keyboard.
//!
//! `script` makes the pseudo-terminal: what is written to its input is typed, what appears
//! on the screen is its output. Standard output and standard error share the screen.

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::process::Command;

use crate::Test;
use crate::harness::{Ended, HANG, Program, connect, exchange, python, run, sockdemo};

pub const TESTS: &[Test] = &[
    Test {
        name: "terminal: before enter no call is made and after it one is",
        needs: &["script"],
        run: before_enter_no_call_is_made_and_after_it_one_is,
    },
    Test {
        name: "terminal: enter by enter the whole tour is walked",
        needs: &["script"],
        run: enter_by_enter_the_whole_tour_is_walked,
    },
    Test {
        name: "terminal: Ctrl-C ends a tour before its first call",
        needs: &["script"],
        run: || ctrl_c_at_question(1),
    },
    Test {
        name: "terminal: Ctrl-C ends a tour before the server accepts",
        needs: &["script"],
        run: || ctrl_c_at_question(2),
    },
    Test {
        name: "terminal: Ctrl-C ends a tour before the client connects",
        needs: &["script"],
        run: || ctrl_c_at_question(3),
    },
    Test {
        name: "terminal: Ctrl-C ends a tour in the middle of the conversation",
        needs: &["script"],
        run: || ctrl_c_at_question(6),
    },
    Test {
        name: "terminal: the end of the keyboard lets a stepped tour run on",
        needs: &["script"],
        run: the_end_of_the_keyboard_lets_a_stepped_tour_run_on,
    },
    Test {
        name: "terminal: a tour without step asks nothing",
        needs: &["script"],
        run: a_tour_without_step_asks_nothing,
    },
    Test {
        name: "terminal: a server's bytes cannot move the cursor",
        needs: &["script"],
        run: a_servers_bytes_cannot_move_the_cursor,
    },
    Test {
        name: "terminal: a message without a line end does not share its line",
        needs: &["script"],
        run: a_message_without_a_line_end_does_not_share_its_line,
    },
    Test {
        name: "terminal: a stepped server accepts only after enter",
        needs: &["script"],
        run: a_stepped_server_accepts_only_after_enter,
    },
    Test {
        name: "terminal: typed lines come back and Ctrl-D is the half close",
        needs: &["script"],
        run: typed_lines_come_back_and_ctrl_d_is_the_half_close,
    },
    Test {
        name: "terminal: typed lines are datagrams and Ctrl-D is the end",
        needs: &["script"],
        run: typed_lines_are_datagrams_and_ctrl_d_is_the_end,
    },
    Test {
        name: "terminal: a stepped client does not share its keyboard",
        needs: &["script"],
        run: a_stepped_client_does_not_share_its_keyboard,
    },
    Test {
        name: "terminal: a stepped client with a message goes call by call",
        needs: &["script"],
        run: a_stepped_client_with_a_message_goes_call_by_call,
    },
    Test {
        name: "terminal: no screen is wider than 80 columns",
        needs: &["script"],
        run: no_screen_is_wider_than_80_columns,
    },
    Test {
        name: "terminal: help fits into 80 columns",
        needs: &["script"],
        run: help_fits_into_80_columns,
    },
    Test {
        name: "terminal: errors and hints fit into 80 columns",
        needs: &["script", "python3"],
        run: errors_and_hints_fit_into_80_columns,
    },
    Test {
        name: "terminal: a terminal is coloured unless somebody says no",
        needs: &["script"],
        run: a_terminal_is_coloured_unless_somebody_says_no,
    },
    Test {
        name: "terminal: Ctrl-C ends clients that wait for the keyboard",
        needs: &["script"],
        run: ctrl_c_ends_clients_that_wait_for_the_keyboard,
    },
    Test {
        name: "terminal: Ctrl-C ends a udp-client that waits for an answer",
        needs: &["script"],
        run: ctrl_c_ends_a_udp_client_that_waits_for_an_answer,
    },
    Test {
        name: "terminal: Ctrl-C ends servers in a terminal",
        needs: &["script"],
        run: ctrl_c_ends_servers_in_a_terminal,
    },
    Test {
        name: "terminal: a lesson asks first, runs then, and compares",
        needs: &["script"],
        run: a_lesson_asks_first_runs_then_and_compares,
    },
    Test {
        name: "terminal: a page has its looks, and none with NO_COLOR",
        needs: &["script"],
        run: a_page_has_its_looks_and_none_with_no_color,
    },
    Test {
        name: "terminal: a udp-client that was frozen still gets its answer",
        needs: &["python3"],
        run: a_udp_client_that_was_frozen_still_gets_its_answer,
    },
    Test {
        name: "terminal: a server with an idle timeout that was frozen keeps its clients",
        needs: &["kill"],
        run: a_server_with_an_idle_timeout_that_was_frozen_keeps_its_clients,
    },
];

pub const CTRL_C: &[u8] = b"\x03";
pub const CTRL_D: &[u8] = b"\x04";
const ENTER: &[u8] = b"\n";

/// What stands at the end of every question.
const ASKED: &str = "[Enter]";

/// Starts `sockdemo` in a terminal, with settings such as `NO_COLOR=1` before it.
pub fn terminal_with(settings: &str, words: &str) -> Program {
    let program = sockdemo();
    let line = format!("stty cols 80 rows 40 echo; {settings} exec '{program}' {words}");
    at_a_terminal(&line)
}

/// A line of shell at a terminal of its own. `script` takes the shell that `SHELL` names, and
/// that can be any or none.
pub fn at_a_terminal(line: &str) -> Program {
    let mut command = Command::new("script");
    command.args(["-qec", line, "/dev/null"]).env("SHELL", "/bin/sh");
    Program::run(command)
}

pub fn terminal(words: &str) -> Program {
    terminal_with("", words)
}

/// The screen as it is read: without colours, lines ended as in a file.
pub fn plain(screen: &str) -> String {
    let mut pieces = screen.split("\x1b[");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        // Without its end it has not arrived completely.
        text.push_str(piece.split_once('m').unwrap_or_default().1);
    }
    text.replace("\r\n", "\n")
}

/// Waits until the screen has asked for Enter this often; gives all of it so far.
fn wait_for_questions(program: &mut Program, times: usize) -> String {
    let asked = |screen: &str| screen.matches(ASKED).count() >= times;
    plain(&program.wait_until_output(&format!("{times} times {ASKED}"), asked))
}

/// Presses Enter at every question until the program has ended.
fn walk(mut program: Program, last_words: &str) -> Ended {
    for presses in 1.. {
        let what = format!("{ASKED} number {presses}, or {last_words:?}");
        let screen = program.wait_until_output(&what, |screen| {
            screen.matches(ASKED).count() >= presses || screen.contains(last_words)
        });
        if screen.contains(last_words) {
            break;
        }
        program.input(ENTER);
    }
    program.end()
}

/// How many sockets the program in this terminal has open.
fn open_sockets(terminal: &Program) -> usize {
    let pid = terminal.pid();
    let children = format!("/proc/{pid}/task/{pid}/children");
    let child = fs::read_to_string(children).unwrap();
    let descriptors = fs::read_dir(format!("/proc/{}/fd", child.trim())).unwrap();
    let is_socket = |path: &std::path::PathBuf| {
        fs::read_link(path).is_ok_and(|to| to.to_string_lossy().starts_with("socket:"))
    };
    descriptors.map(|entry| entry.unwrap().path()).filter(is_socket).count()
}

fn before_enter_no_call_is_made_and_after_it_one_is() {
    let mut tour = terminal("tour tcp --step");

    let screen = wait_for_questions(&mut tour, 1);
    assert!(screen.contains("? next, server: bind."), "{screen}");
    assert!(!screen.contains("listen"), "{screen}");
    assert_eq!(open_sockets(&tour), 0);
    tour.input(ENTER);

    let screen = wait_for_questions(&mut tour, 2);
    assert!(screen.contains("listen     queue of 128"), "{screen}");
    assert!(screen.contains("? next, server: accept."), "{screen}");
    assert_eq!(open_sockets(&tour), 1);
    tour.input(ENTER);

    let screen = wait_for_questions(&mut tour, 3);
    assert!(screen.contains("accept     … waiting for a client"), "{screen}");
    assert!(screen.contains("? next, client: connect."), "{screen}");
    assert_eq!(open_sockets(&tour), 1);
}

fn enter_by_enter_the_whole_tour_is_walked() {
    let ended = walk(terminal("tour --step"), "Now try it in two terminals");

    let screen = plain(&ended.stdout);
    assert_eq!(ended.code(), Some(0), "{screen}");
    for call in ["bind", "accept", "connect", "send", "recv", "shutdown", "close"] {
        assert!(screen.contains(&format!(": {call}")), "{call} was not asked: {screen}");
    }
    for call in ["listen     queue of 128", "end of stream", "recvfrom   5 B", "sendto"] {
        assert!(screen.contains(call), "{call} was not told: {screen}");
    }
}

fn ctrl_c_at_question(number: usize) {
    let mut tour = terminal("tour --step");
    for asked in 1..number {
        wait_for_questions(&mut tour, asked);
        tour.input(ENTER);
    }
    wait_for_questions(&mut tour, number);

    tour.input(CTRL_C);

    let ended = tour.end();
    assert_eq!(ended.code(), Some(0), "{}", ended.stdout);
    assert!(!ended.stdout.contains("two terminals"), "{}", ended.stdout);
}

fn the_end_of_the_keyboard_lets_a_stepped_tour_run_on() {
    let mut tour = terminal("tour udp --step");
    wait_for_questions(&mut tour, 1);

    tour.input(CTRL_D);

    let ended = tour.end();
    assert_eq!(ended.code(), Some(0), "{}", ended.stdout);
    assert!(ended.stdout.contains("two terminals"), "{}", ended.stdout);
}

fn a_tour_without_step_asks_nothing() {
    let ended = terminal("tour").end();

    assert_eq!(ended.code(), Some(0), "{}", ended.stdout);
    assert!(ended.stdout.contains("Now try it in two terminals"), "{}", ended.stdout);
    assert!(!ended.stdout.contains(ASKED), "{}", ended.stdout);
}

fn a_stepped_server_accepts_only_after_enter() {
    let mut server = terminal("tcp-server :0 --step");
    wait_for_questions(&mut server, 1);
    server.input(ENTER);
    let screen = wait_for_questions(&mut server, 2);
    assert!(screen.contains("? next, server: accept"), "{screen}");
    let (_, addr) = screen.split_once("listening on ").unwrap();
    let client = connect(addr.lines().next().unwrap().parse().unwrap());

    assert_eq!(open_sockets(&server), 1, "the client waits in the listener's queue");
    server.input(ENTER);

    let here = client.local_addr().unwrap();
    let accepted = format!("from {here}");
    server.wait_until_output(&accepted, |screen| plain(screen).contains(&accepted));
    assert_eq!(open_sockets(&server), 2);
}

fn typed_lines_come_back_and_ctrl_d_is_the_half_close() {
    let (server, addr) = Program::server(&["tcp-server", ":0", "--once"]);
    let mut client = terminal(&format!("tcp-client {addr} --quiet"));

    // Once from the terminal itself, which echoes the keys, and once from the server.
    client.input(b"one\n");
    client.wait_for_output("one\r\none\r\n");
    client.input(b"two\n");
    client.wait_for_output("two\r\ntwo\r\n");
    client.input(CTRL_D);

    let (client, server) = (client.end(), server.end());
    assert_eq!((client.code(), server.code()), (Some(0), Some(0)));
    assert!(server.stderr.contains("0 B: end of stream"), "{}", server.stderr);
}

fn a_servers_bytes_cannot_move_the_cursor() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let client = terminal(&format!("tcp-client {addr} --quiet --message x"));
    let (mut stream, _) = listener.accept().unwrap();
    // A character that arrives in two halves is one character.
    stream.write_all(b"\x1b[2J\r\x9b caf\xc3").unwrap();
    stream.write_all(b"\xa9\n").unwrap();
    drop(stream);

    let screen = client.end().stdout;

    assert!(screen.contains("\\u{1b}[2J\\r\\x9b café\r\n"), "{screen:?}");
    assert!(!screen.contains('\x1b'), "{screen:?}");
}

fn a_message_without_a_line_end_does_not_share_its_line() {
    let (_server, addr) = Program::server(&["tcp-server", ":0", "--quiet"]);

    let ended =
        terminal(&format!("tcp-client {addr} --message hello --color never")).end();

    assert!(ended.stdout.lines().any(|line| line == "hello"), "{}", ended.stdout);
}

fn typed_lines_are_datagrams_and_ctrl_d_is_the_end() {
    let (server, addr) = Program::server(&["udp-server", ":0"]);
    let mut client = terminal(&format!("udp-client {addr} --quiet --timeout 30"));

    client.input(b"one\n");
    client.wait_for_output("one\r\none\r\n");
    client.input(CTRL_D);

    let (client, server) = (client.end(), server.stop());
    assert_eq!((client.code(), server.code()), (Some(0), Some(0)));
    assert!(server.stderr.contains(r#"3 B "one" from"#), "{}", server.stderr);
}

fn a_stepped_client_does_not_share_its_keyboard() {
    for client in ["tcp-client", "udp-client", "chat-client"] {
        let ended = terminal(&format!("{client} --step")).end();

        assert_eq!(ended.code(), Some(2), "{}", ended.stdout);
        assert!(ended.stdout.contains("--message TEXT"), "{}", ended.stdout);
        assert!(!ended.stdout.contains(ASKED), "{}", ended.stdout);
    }
}

fn a_stepped_client_with_a_message_goes_call_by_call() {
    let (_server, addr) = Program::server(&["tcp-server", ":0", "--quiet"]);
    let client = terminal(&format!("tcp-client {addr} --step --message hello"));

    let ended = walk(client, "close         descriptor");

    let screen = plain(&ended.stdout);
    assert_eq!(ended.code(), Some(0), "{screen}");
    for call in ["connect", "send", "recv", "shutdown", "close"] {
        assert!(screen.contains(&format!("? next, client: {call}")), "{call}: {screen}");
    }
}

fn no_screen_is_wider_than_80_columns() {
    let (_server, v6) = Program::server(&["tcp-server", "[::1]:0", "--quiet"]);
    let (_server, udp) = Program::server(&["udp-server", "[::1]:0", "--quiet"]);
    let long = "a long message with ümläuts, \u{1b}[2J and \u{7}bells ".repeat(3);
    // What a client prints is the server's text, of any width: here it goes elsewhere.
    let screens = [
        terminal("tour").end(),
        terminal("tour --view lines").end(),
        terminal("tour --view sentences").end(),
        walk(terminal("tour --step"), "Now try it in two terminals"),
        terminal(&format!("tcp-client {v6} -m '{long}' >/dev/null")).end(),
        terminal(&format!("tcp-client {v6} -m '{long}' --view ladder >/dev/null")).end(),
        terminal(&format!("udp-client {udp} -m '{long}' --no-connect >/dev/null")).end(),
        terminal(&format!("udp-client {udp} -m '{long}' --buffer 9 >/dev/null")).end(),
        terminal("tcp-client 127.0.0.1:1 -m refused").end(),
    ];

    assert_no_wider_than_80_columns(screens);
}

fn help_fits_into_80_columns() {
    assert_no_wider_than_80_columns([
        terminal("help").end(),
        terminal("tcp-server --help").end(),
        terminal("udp-client --help").end(),
        terminal("chat-client --help").end(),
        terminal("tour --help").end(),
    ]);
}

fn errors_and_hints_fit_into_80_columns() {
    let (_server, in_use) = Program::server(&["tcp-server", ":0", "--quiet"]);
    let mut resets = python(
        "
server = socket.create_server(('127.0.0.1', 0))
print('listening on %s:%d' % server.getsockname(), flush=True)
peer, _ = server.accept()
peer.recv(1, socket.MSG_WAITALL)
peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
peer.close()
",
        &[],
    );
    let reset = resets.addr();

    assert_no_wider_than_80_columns([
        terminal("tcp-client nowhere").end(),
        terminal("tcp-client --step").end(),
        terminal(&format!("tcp-client {reset} -m x")).end(),
        terminal(&format!("tcp-server {in_use}")).end(),
    ]);
}

pub fn assert_no_wider_than_80_columns(screens: impl IntoIterator<Item = Ended>) {
    for ended in screens {
        let screen = plain(&ended.stdout);
        assert!(screen.lines().count() > 1, "an empty screen proves nothing");
        for line in screen.lines() {
            let width = line.chars().count();
            assert!(width <= 80, "{width} columns: {line:?} in\n{screen}");
        }
    }
}

fn a_terminal_is_coloured_unless_somebody_says_no() {
    let (_server, addr) = Program::server(&["tcp-server", ":0", "--quiet"]);
    let talk = format!("tcp-client {addr} -m hello");

    let usual = terminal(&talk).end();
    let no_color = terminal_with("NO_COLOR=1", &talk).end();
    let never = terminal(&format!("{talk} --color never")).end();
    let piped = run(&["tcp-client", &addr.to_string(), "-m", "hello"], b"");

    assert!(usual.stdout.contains("\x1b["), "{}", usual.stdout);
    for plain in [&no_color.stdout, &never.stdout, &piped.stderr] {
        assert!(plain.contains("end of stream"), "{plain}");
        assert!(!plain.contains('\x1b'), "{plain:?}");
    }
}

fn ctrl_c_ends_clients_that_wait_for_the_keyboard() {
    let (_tcp, tcp) = Program::server(&["tcp-server", ":0", "--quiet"]);
    let (_udp, udp) = Program::server(&["udp-server", ":0", "--quiet"]);
    for words in [
        format!("tcp-client {tcp}"),
        format!("udp-client {udp} --timeout 60"),
        format!("udp-client {udp} --timeout 60 --no-connect"),
    ] {
        let mut client = terminal(&words);
        client.input(b"one\n");
        // The echo of the keys, and the answer: it is back at the keyboard, or soon is.
        client.wait_until_output("the answer", |screen| {
            plain(screen).lines().filter(|line| *line == "one").count() == 2
        });

        client.input(CTRL_C);

        let ended = client.end();
        assert_eq!(ended.code(), Some(0), "{words}: {}", ended.stdout);
        assert!(ended.stdout.contains("close         descriptor"), "{}", ended.stdout);
    }
}

fn ctrl_c_ends_a_udp_client_that_waits_for_an_answer() {
    // The time limit is longer than this test may take.
    for how in ["", "--no-connect"] {
        let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = silent.local_addr().unwrap();
        let mut client = terminal(&format!("udp-client {addr} --timeout 60 {how}"));
        client.input(b"anybody?\n");
        client.wait_for_output("waiting for a datagram");

        client.input(CTRL_C);

        let ended = client.end();
        assert_eq!(ended.code(), Some(0), "{how}: {}", ended.stdout);
        assert!(ended.stdout.contains("close         descriptor"), "{}", ended.stdout);
    }
}

fn ctrl_c_ends_servers_in_a_terminal() {
    for server in ["tcp-server", "udp-server"] {
        let mut server = terminal(&format!("{server} :0"));
        server.wait_for_output("waiting for a");

        server.input(CTRL_C);

        let ended = server.end();
        assert_eq!(ended.code(), Some(0), "{}", ended.stdout);
        assert!(ended.stdout.contains("stopping"), "{}", ended.stdout);
    }
}

/// Freezes the program as Ctrl-Z does, and lets it go on. A call with a time limit that it
/// was blocked in then fails with EINTR.
fn freeze_and_continue(program: &Program) {
    let stat = format!("/proc/{}/stat", program.pid());
    let is_frozen = || fs::read_to_string(&stat).unwrap().contains(") T ");
    program.signal("STOP");
    let deadline = std::time::Instant::now() + HANG;
    while !is_frozen() {
        // Only `waitpid` could wait for this, and std has none that does.
        assert!(std::time::Instant::now() < deadline, "it does not freeze");
        std::thread::yield_now();
    }
    program.signal("CONT");
}

fn a_udp_client_that_was_frozen_still_gets_its_answer() {
    for how in ["--retries=0", "--no-connect"] {
        let mut server = python(
            "
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(('127.0.0.1', 0))
print('listening on %s:%d' % server.getsockname(), flush=True)
question, client = server.recvfrom(100)
sys.stdin.read()
server.sendto(question.upper(), client)
",
            &[],
        );
        let addr = server.addr().to_string();
        let ask = ["udp-client", &addr, how, "--timeout", "60", "-m", "hello"];
        let mut client = Program::start(&ask);
        client.wait_for("waiting for a datagram");

        for _ in 0..10 {
            freeze_and_continue(&client);
        }
        server.close_input(); // Now it answers.

        let client = client.end();
        assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "HELLO\n"));
        assert_eq!(server.end().code(), Some(0));
    }
}

fn a_server_with_an_idle_timeout_that_was_frozen_keeps_its_clients() {
    let (mut server, addr) =
        Program::server(&["tcp-server", ":0", "--idle-timeout", "60"]);
    let client = connect(addr);
    assert_eq!(exchange(&client, b"before"), b"before");
    server.wait_for_many("… waiting for bytes", 2);

    for _ in 0..10 {
        freeze_and_continue(&server);
    }

    assert_eq!(exchange(&client, b"after"), b"after");
}

fn a_lesson_asks_first_runs_then_and_compares() {
    for (letter, verdict) in [
        ("b", "your prediction: b, and so it was\n"),
        ("a", "your prediction: a; it was b\n"),
    ] {
        let mut lesson = terminal("lesson 05 --run");
        let before = plain(&lesson.wait_for_output("or Enter to skip)? "));
        assert!(
            before.contains("- b. ") && !before.contains("two datagrams"),
            "{before}"
        );
        lesson.input(format!("{letter}\n").as_bytes());
        let ended = lesson.end();
        let screen = plain(&ended.stdout);

        let (run, told) =
            screen.split_once(verdict).unwrap_or_else(|| panic!("{screen}"));
        assert!(run.contains("\n  read  Ok(10) \"helloworld\"\n"), "{screen}");
        assert!(told.trim_start().starts_with("b. The program prints"), "{screen}");
        assert_eq!(ended.code(), Some(0));
    }

    let mut lesson = terminal("lesson 05 --run");
    lesson.wait_for_output("or Enter to skip)? ");
    lesson.input(CTRL_C);
    let screen = plain(&lesson.end().stdout);
    assert!(!screen.contains("building"), "{screen}");
}

fn a_page_has_its_looks_and_none_with_no_color() {
    let page = terminal("lesson 05").end().stdout;
    assert!(page.contains("\x1b[1m5. Bytes, not messages\x1b[0m"), "{page}");
    assert!(page.contains("\x1b[36mwrite\x1b[0m"), "{page}");

    let page = terminal_with("NO_COLOR=1", "lesson 05").end().stdout;
    assert!(!page.contains('\x1b'), "{page}");
    assert!(page.contains("`write`"), "{page}");
}
