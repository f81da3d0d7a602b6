//! `chat-client` at a keyboard: the line being typed, and what is written above it. In
//! `ws-client` it is the same line.
//!
//! What a person sees is what [`Screen`] makes of the bytes. The server is a listener inside
//! the test.

use std::fs::{self, DirEntry};
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Instant;

use nix::sys::termios::{FlowArg, tcflow};
use sockdemo::kit::reset::reset_on_close;
use tungstenite::Message;
use unicode_width::UnicodeWidthChar;

use crate::Test;
use crate::forwarding::listener;
use crate::harness::{HANG, Program, sockdemo};
use crate::terminal::{CTRL_C, CTRL_D, at_a_terminal, terminal_with};

pub const TESTS: &[Test] = &[
    test("chat-client: the line being typed stays whole while others write", stays_whole),
    test("chat-client: narration stands above the line being typed", narration_above),
    test("chat-client: characters come and go as a whole", whole_characters),
    test("chat-client: keys edit the line, and Up finds it again", keys),
    test("chat-client: pasted lines are sent line by line", pasted),
    test("chat-client: a line takes a thousand bytes, and then the bell rings", limit),
    test("chat-client: a long line moves sideways, also after a resize", sideways),
    test("chat-client: a stranger's lines cannot move the cursor", strangers),
    test("chat-client: Ctrl-D ends our half, and answers still come", half_close),
    test("chat-client: every end gives the terminal back", every_end),
    test("chat-client: the second Ctrl-C gives the terminal back", second_ctrl_c),
    test("chat-client: what is typed without a connection is kept", kept),
    test("chat-client: a dumb terminal, or half of one, has plain lines", plain_lines),
    test("ws-client: what comes stands above the line being typed", over_websocket),
    Test {
        name: "chat-client: two clients talk through ncat",
        needs: &["ncat"],
        run: through_ncat,
    },
    Test {
        name: "chat-client: after Ctrl-Z and fg the line is there again",
        needs: &["script", "bash"],
        run: pause,
    },
];

const fn test(name: &'static str, run: fn()) -> Test {
    Test { name, needs: &["script", "stty"], run }
}

/// A terminal with rows without end. Each cell has a character and its marks; the second
/// cell of a wide character is empty.
struct Screen {
    rows: Vec<Vec<String>>,
    row: usize,
    column: usize,
}

impl Screen {
    fn of(bytes: &str) -> Screen {
        let mut screen = Screen { rows: vec![vec![]], row: 0, column: 0 };
        let mut chars = bytes.chars();
        while let Some(c) = chars.next() {
            match c {
                '\r' => screen.column = 0,
                '\n' => screen.row += 1,
                '\x07' => {}
                '\x1b' => {
                    let rest = chars.as_str();
                    let command = rest.find(|c: char| c.is_ascii_alphabetic());
                    let Some(at) = command else { break }; // It has not arrived yet.
                    screen.obey(rest[..at].trim_start_matches('['), &rest[at..=at]);
                    chars = rest[at + 1..].chars();
                }
                c => screen.write(c),
            }
            let rows = screen.rows.len().max(screen.row + 1);
            screen.rows.resize(rows, vec![]);
        }
        screen
    }

    fn obey(&mut self, parameters: &str, command: &str) {
        match command {
            "C" => self.column += parameters.parse::<usize>().unwrap(),
            "K" => self.rows[self.row].truncate(self.column),
            "H" => (self.row, self.column) = (0, 0),
            "J" => self.rows = vec![vec![]],
            "m" | "h" | "l" => {} // Colours, and what a shell does with its own prompt.
            _ => panic!("ESC[{parameters}{command} is not on our screen"),
        }
    }

    fn write(&mut self, c: char) {
        let (row, width) = (&mut self.rows[self.row], c.width().unwrap());
        if width == 0 {
            row[self.column - 1].push(c);
            return;
        }
        row.resize(row.len().max(self.column + width), " ".to_owned());
        row[self.column] = c.to_string();
        row[self.column + 1..self.column + width].fill(String::new());
        self.column += width;
    }

    fn rows(&self) -> Vec<String> {
        self.rows.iter().map(|row| row.concat().trim_end().to_owned()).collect()
    }

    /// The row of the cursor, with `|` where the cursor is.
    fn cursor(&self) -> String {
        let mut cells = self.rows[self.row].clone();
        cells.resize(cells.len().max(self.column), " ".to_owned());
        cells.insert(self.column, "|".to_owned());
        cells.concat()
    }
}

/// A client in a terminal, and its server.
struct Chat {
    client: Program,
    server: TcpStream,
    lines: BufReader<TcpStream>,
}

fn chat(flags: &str) -> Chat {
    chat_with("", flags)
}

/// With a shell's `settings` before it.
fn chat_with(settings: &str, flags: &str) -> Chat {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let words = format!("chat-client {addr} {flags}");
    let client = terminal_with(&format!("{settings} TERM=xterm"), &words);
    Chat::of(client, &listener)
}

impl Chat {
    fn of(client: Program, listener: &TcpListener) -> Chat {
        let (server, _) = listener.accept().unwrap();
        server.set_read_timeout(Some(HANG)).unwrap();
        let lines = BufReader::new(server.try_clone().unwrap());
        Chat { client, server, lines }
    }

    /// Waits until the cursor's row looks like this; gives all rows.
    fn wait_for_row(&mut self, row: &str) -> Vec<String> {
        let is_there = |bytes: &str| Screen::of(bytes).cursor() == row;
        let bytes = self.client.wait_until_output(&format!("the row {row:?}"), is_there);
        Screen::of(&bytes).rows()
    }

    fn types(&mut self, keys: impl AsRef<[u8]>) {
        self.client.input(keys.as_ref());
    }

    fn says(&mut self, bytes: impl AsRef<[u8]>) {
        self.server.write_all(bytes.as_ref()).unwrap();
    }

    fn hears(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line
    }

    /// Ends the server's stream; gives the rows at the end.
    fn ends(self) -> Vec<String> {
        drop((self.server, self.lines));
        let ended = self.client.end();
        assert_eq!(ended.code(), Some(0), "{}", ended.stdout);
        Screen::of(&ended.stdout).rows()
    }
}

fn stays_whole() {
    let mut chat = chat("--quiet --name ann --room tea");
    assert_eq!(
        (chat.hears(), chat.hears()),
        ("/name ann\n".into(), "/join tea\n".into())
    );
    chat.wait_for_row("> |");
    chat.types("helo\x1b[D");
    chat.wait_for_row("> hel|o");

    chat.says("* bob joined\r\n<bob> hi\n");
    chat.client.wait_until_output("bob's line above ours", |bytes| {
        bytes.contains("<bob> hi") && Screen::of(bytes).cursor() == "> hel|o"
    });
    chat.types("l");
    let rows = chat.wait_for_row("> hell|o");
    assert_eq!(rows, ["* bob joined", "<bob> hi", "> hello"]);
    chat.types("\n");
    assert_eq!(chat.hears(), "hello\n");
    chat.wait_for_row("> |");
    chat.says("<bob> you are here\n");

    let rows = ["* bob joined", "<bob> hi", "> hello", "<bob> you are here", ""];
    assert_eq!(chat.ends(), rows);
}

fn narration_above() {
    let mut chat = chat("--color always");
    chat.types("hel");
    chat.says("<bob> hi\n");
    let is_told = |bytes: &str| {
        let screen = Screen::of(bytes);
        let last_words = "… waiting for bytes";
        let told = screen.rows().iter().filter(|row| row.ends_with(last_words)).count();
        told == 2 && screen.cursor() == "> hel|"
    };
    let bytes = chat.client.wait_until_output("the second wait, and the line", is_told);

    for row in Screen::of(&bytes).rows() {
        let fits = ["client  ", "   ", "<bob> hi", "> hel"];
        assert!(fits.iter().any(|fit| row.starts_with(fit)), "{row:?} in {bytes}");
        assert!(!row.starts_with("> ") || row == "> hel", "{row:?} in {bytes}");
    }
    let told = chat.ends().join("\n");
    assert!(told.contains("\n<bob> hi\n"), "{told}");
    assert!(told.contains("0 B: end of stream"), "{told}");
    assert!(told.contains("\n> hel\n"), "what was not sent stays to be read: {told}");
}

fn whole_characters() {
    let mut chat = chat("--quiet");
    chat.types(b"a\xe6\x97");
    chat.wait_for_row("> a|");
    chat.says("in the middle of it\n");
    chat.client.wait_until_output("the line", |bytes| bytes.contains("middle of it"));
    chat.types(b"\xa5");
    chat.wait_for_row("> a日|");
    chat.types("本\x1b[D");
    chat.wait_for_row("> a日|本");
    chat.types("\x7f");
    chat.wait_for_row("> a|本");
    chat.types("e\u{301}\u{323}");
    chat.wait_for_row("> ae\u{301}\u{323}|本");
    chat.types("\x7f\n");
    assert_eq!(chat.hears(), "a本\n");

    assert_eq!(chat.ends(), ["in the middle of it", "> a本", ""]);
}

fn keys() {
    let mut chat = chat("--quiet");
    chat.types("one two  three\x17");
    chat.wait_for_row("> one two  |");
    chat.types("\x1b[H\x1b[3~\x1b[3~\x1b[3~\x1b[C");
    chat.wait_for_row(">  |two  ");
    chat.types("\x15T\x1b[C\x7f\x1b[F.\x1b[15~\x1b]0;x\x07");
    chat.wait_for_row("> Two  .|");
    chat.types("\nsecond\n\x1b[A\x1b[A");
    chat.wait_for_row("> Two  .|");
    chat.types("\x1b[B");
    chat.wait_for_row("> second|");
    chat.types("\x0c");
    let cleared = |bytes: &str| Screen::of(bytes).rows() == ["> second"];
    chat.client.wait_until_output("a screen with one line", cleared);
    chat.types("\x1b[B\n");
    let heard = [chat.hears(), chat.hears(), chat.hears()];
    assert_eq!(heard, ["Two  .\n", "second\n", "\n"]);
}

fn pasted() {
    let mut chat = chat("--quiet");
    let page: Vec<_> = (1..=300).map(|n| format!("line {n}")).collect();

    chat.types(page.join("\n") + "\nrest");
    for line in &page {
        assert_eq!(chat.hears(), format!("{line}\n"));
    }

    let rows = chat.wait_for_row("> rest|");
    let shown: Vec<_> = page.iter().map(|line| format!("> {line}")).collect();
    assert_eq!(&rows[..300], shown);
}

fn limit() {
    let mut chat = chat("--quiet");
    let long = "日".repeat(333);

    chat.types(&long);
    chat.types("x");
    chat.wait_for_row(&format!("> {}x|", "日".repeat(38)));
    assert!(!chat.client.wait_for_output("").contains('\x07'));
    chat.types("y");
    chat.client.wait_for_output("\x07");
    chat.types("\n");

    assert_eq!(chat.hears(), format!("{long}x\n"));
}

fn sideways() {
    let mut chat = chat_with("stty cols 20;", "--quiet");
    let alphabet = "abcdefghijklmnopqrstuvwxyz";

    chat.types(alphabet);
    chat.wait_for_row("> jklmnopqrstuvwxyz|");
    chat.says("<bob> hi\n");
    chat.client.wait_until_output("bob's line", |bytes| bytes.contains("<bob> hi"));
    chat.types("日");
    assert_eq!(
        chat.wait_for_row("> lmnopqrstuvwxyz日|"),
        ["<bob> hi", "> lmnopqrstuvwxyz日"]
    );
    chat.types("\x01");
    chat.wait_for_row("> |abcdefghijklmnopq");

    let terminal = format!("/proc/{}/fd/0", process(&chat.client));
    let wider = Command::new("stty").args(["-F", &terminal, "cols", "24"]).status();
    assert!(wider.unwrap().success());
    chat.says("<bob> wider\n"); // A line that comes draws the row anew, too.
    chat.wait_for_row("> |abcdefghijklmnopqrstu");

    chat.types("\n");
    assert_eq!(chat.hears(), format!("{alphabet}日\n"));
    assert_eq!(chat.ends()[2], format!("> {alphabet}日"), "what was sent is seen whole");
}

fn strangers() {
    let mut chat = chat("--quiet");
    chat.types("typing");
    chat.wait_for_row("> typing|");

    chat.says("\x1b[2J\x1b[H\rred\x1b[31m\u{9b}2J\u{202e}\x07\n");
    chat.says(b"caf\xc3");
    chat.says(b"\xa9\r\nnot \xff UTF-8\n");
    let (long, rest) = ("-".repeat(4096), "-".repeat(5000 - 4096));
    chat.says(format!("{long}{rest}"));
    chat.client.wait_until_output("as much as a line may have", |bytes| {
        Screen::of(bytes).rows().contains(&long)
    });
    chat.says("\nhalf");
    chat.client.wait_until_output("the rest of it", |bytes| {
        Screen::of(bytes).rows().contains(&rest)
    });
    let rows = chat.wait_for_row("> typing|");
    assert_eq!(rows[0], r"\u{1b}[2J\u{1b}[H\rred\u{1b}[31m\u{9b}2J\u{202e}\u{7}");
    assert_eq!(rows[1..4], ["café", r"not \xff UTF-8", &long]);
    assert_eq!(rows[4..], [&rest, "> typing"], "half a line is not shown yet");
    assert_eq!(chat.ends()[5..], ["half", "> typing", ""]);
}

fn half_close() {
    let mut chat = chat("--quiet");
    chat.types("bye\n");
    chat.wait_for_row("> |");
    chat.types(CTRL_D);

    assert_eq!((chat.hears(), chat.hears()), ("bye\n".into(), String::new()));
    chat.says("<bob> bye\nhalf");
    chat.wait_for_row("half|"); // Nobody types any more, so it can stand there.

    assert_eq!(chat.ends(), ["> bye", "<bob> bye", "half"]);
}

fn over_websocket() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let words = format!("ws-client ws://{} --quiet", listener.local_addr().unwrap());
    let mut client = terminal_with("TERM=xterm", &words);
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    let mut server = tungstenite::accept(stream).unwrap();
    let row_is = |client: &mut Program, row: &str| {
        client.wait_until_output(row, |bytes| Screen::of(bytes).cursor() == row);
    };
    row_is(&mut client, "> |");
    client.input(b"half a li");
    row_is(&mut client, "> half a li|");
    server.send(Message::text("two\nlines")).unwrap();
    client.wait_until_output("the message", |bytes| bytes.contains("lines"));
    row_is(&mut client, "> half a li|");
    client.input(b"ne\n");
    assert_eq!(server.read().unwrap(), Message::text("half a line"));

    // A line may be as long as without us.
    let long = "x".repeat(4095);
    client.input(format!("{long}\n").as_bytes());
    assert_eq!(server.read().unwrap(), Message::text(long));
    row_is(&mut client, "> |");
    client.input(CTRL_D);
    assert!(server.read().unwrap().is_close());
    assert!(server.read().is_err());
    drop(server);
    let ended = client.end();
    assert_eq!(ended.code(), Some(0), "{}", ended.stdout);
    let rows = Screen::of(&ended.stdout).rows();
    assert_eq!(rows[..3], ["two", "lines", "> half a line"]);
}

/// The client between two looks at the terminal's settings. Ctrl-C is for the shell, too: a
/// trap keeps it there. `script` may lose what is written directly before the end, so the
/// shell waits for Enter behind it.
fn looked_at(flags: &str) -> Chat {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let line = format!(
        "trap : INT; stty cols 80 rows 40; stty -a; \
         TERM=xterm '{}' chat-client {addr} {flags} --quiet; \
         echo exit code $?; stty -a; echo looked; read enter",
        sockdemo()
    );
    let client = at_a_terminal(&line);
    let mut chat = Chat::of(client, &listener);
    chat.wait_for_row("> |");
    chat
}

impl Chat {
    /// Compares the settings before and after.
    fn gave_the_terminal_back(mut self, code: u32) {
        let screen = self.client.wait_for_output("looked\r\n");
        self.types("\n");
        self.client.end();
        let rows = Screen::of(&screen).rows();
        let end = rows.iter().position(|row| row.ends_with(&format!("exit code {code}")));
        let end = end.unwrap_or_else(|| panic!("no exit code {code}: {screen:?}"));
        let settings = &rows[end + 1..rows.len() - 2];
        assert!(settings.iter().any(|row| row.contains("icanon")), "{screen:?}");
        assert_eq!(settings, &rows[..settings.len()]);
    }
}

fn every_end() {
    let mut chat = looked_at("");
    let stty = Command::new("stty")
        .args(["-aF", &format!("/proc/{}/fd/0", process(&chat.client))])
        .output()
        .unwrap();
    let settings = String::from_utf8(stty.stdout).unwrap();
    assert!(settings.contains("-icanon") && settings.contains("-echo "), "{settings}");
    chat.types(CTRL_C);
    chat.gave_the_terminal_back(0);

    let chat = looked_at("--reconnect");
    signal("TERM", process(&chat.client));
    chat.gave_the_terminal_back(0);

    let mut chat = looked_at("");
    chat.types(CTRL_D);
    assert_eq!(chat.hears(), "");
    chat.server.shutdown(Shutdown::Both).unwrap();
    chat.gave_the_terminal_back(0);

    let Chat { client, server, lines } = looked_at("");
    reset_on_close(&server).unwrap();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let spare = TcpStream::connect(other.local_addr().unwrap()).unwrap();
    drop((server, lines));
    Chat { client, lines: BufReader::new(spare.try_clone().unwrap()), server: spare }
        .gave_the_terminal_back(1);
}

/// On a terminal that stands still, as after Ctrl-S, the polite end does not come to its end.
fn second_ctrl_c() {
    let mut chat = looked_at("");
    let client = process(&chat.client);
    let terminal = fs::File::open(format!("/proc/{client}/fd/0")).unwrap();
    tcflow(&terminal, FlowArg::TCOOFF).unwrap();

    signal("INT", client);
    assert_eq!(chat.hears(), "", "the first one is polite");
    signal("INT", client);
    let deadline = Instant::now() + HANG;
    let runs = || {
        let stat = fs::read_to_string(format!("/proc/{client}/stat"));
        stat.is_ok_and(|stat| !stat.contains(") Z "))
    };
    while runs() {
        assert!(Instant::now() < deadline, "the second one does not end it");
        thread::yield_now(); // Only its parent could wait for it.
    }
    tcflow(&terminal, FlowArg::TCOON).unwrap();
    drop(terminal);

    chat.gave_the_terminal_back(130);
}

fn kept() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let words = format!("chat-client {addr} --reconnect --color never");
    let mut chat = Chat::of(terminal_with("TERM=xterm", &words), &listener);
    chat.types("one\n");
    assert_eq!(chat.hears(), "one\n");
    chat.server.shutdown(Shutdown::Both).unwrap();
    chat.client.wait_for_output("no connection: trying again in 1 s");

    chat.types("two\nthree\nfou");
    chat.client.wait_for_output("kept: what is typed now is sent");
    let mut chat = Chat::of(chat.client, &listener);
    assert_eq!((chat.hears(), chat.hears()), ("two\n".into(), "three\n".into()));
    chat.wait_for_row("> fou|");
    chat.types("r\n");
    chat.types(CTRL_D);
    assert_eq!((chat.hears(), chat.hears()), ("four\n".into(), String::new()));
    chat.ends();
}

fn plain_lines() {
    for (settings, flags) in [("TERM=dumb", ""), ("TERM=xterm", "2>/dev/null >/dev/null")]
    {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let words = format!("chat-client {addr} --quiet {flags}");
        let mut chat = Chat::of(terminal_with(settings, &words), &listener);

        chat.types("hello\n");
        assert_eq!(chat.hears(), "hello\n");
        chat.client.wait_for_output("hello\r\n"); // The terminal's own echo.
        chat.types(CTRL_D);
        assert_eq!(chat.hears(), "");

        assert_eq!(chat.ends(), ["hello", ""]);
    }
}

fn pause() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let line =
        "stty cols 80 rows 40; PS1='$ ' TERM=xterm exec bash --norc --noprofile -i";
    let mut client = at_a_terminal(line);
    // Not alone in its job: whoever waits for it has to be paused as well.
    let job = format!("(true; '{}' chat-client {addr} --quiet; true)\n", sockdemo());
    client.input(job.as_bytes());
    let mut chat = Chat::of(client, &listener);
    chat.wait_for_row("> |");
    for round in 1..=3 {
        chat.types("hel");
        chat.wait_for_row("> hel|");
        chat.types("\x1a");
        let shells = |bytes: &str| {
            bytes.matches("Stopped").count() == round
                && Screen::of(bytes).cursor() == "$ |"
        };
        chat.client.wait_until_output("the shell's prompt", shells);
        wait_until_stopped(&addr.to_string());
        chat.says(format!("while away {round}\n"));

        chat.types("fg\n");
        chat.client.wait_for_output(&format!("while away {round}"));
        chat.wait_for_row("> hel|");
        chat.types("lo\n");
        assert_eq!(chat.hears(), "hello\n");
        chat.wait_for_row("> |");
    }
    chat.types(CTRL_C);
    chat.wait_for_row("$ |");
    chat.types("exit\n");
    chat.client.end();
}

/// The shell has heard that its own child has stopped. The client is that one's child, and
/// while one of its threads is still about to stop, it may take what is typed for the shell.
fn wait_until_stopped(addr: &str) {
    let folders = |path: &Path| fs::read_dir(path).into_iter().flatten().flatten();
    let has_stopped = |thread: &DirEntry| {
        let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
    };
    let is_client = |process: &DirEntry| {
        let line = fs::read_to_string(process.path().join("cmdline")).unwrap_or_default();
        line.split('\0').any(|word| word == addr)
    };
    let client = folders(Path::new("/proc")).find(is_client).unwrap().path().join("task");
    let deadline = Instant::now() + HANG;
    while !folders(&client).all(|thread| has_stopped(&thread)) {
        assert!(Instant::now() < deadline, "the client does not stop");
        thread::yield_now();
    }
}

/// A server that knows nothing of our protocol: it passes on what it gets.
fn through_ncat() {
    let (_server, addr) = listener("ncat", &["-lv", "--chat", "127.0.0.1", "0"]);
    let talk = ["chat-client", &addr.to_string(), "--quiet"];
    let mut ann = Program::start(&talk);
    ann.wait_for_output("is connected as <user");
    let mut bob = Program::start(&[&talk[..], &["--name", "bob"]].concat());
    ann.wait_for_output("> /name bob\n");

    ann.input(b"is anybody here\n");
    bob.wait_for_output("> is anybody here\n");
    bob.input(b"hello\n");
    ann.wait_for_output("> hello\n");
    assert_eq!((ann.stop().code(), bob.stop().code()), (Some(0), Some(0)));
}

/// The number of the sockdemo that runs in this terminal.
fn process(terminal: &Program) -> u32 {
    let mut pid = terminal.pid();
    loop {
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap();
        if name.trim() == "sockdemo" {
            return pid;
        }
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        pid = children.unwrap().trim().parse().unwrap();
    }
}

fn signal(name: &str, pid: u32) {
    let kill = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status();
    assert!(kill.unwrap().success());
}
