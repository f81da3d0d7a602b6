//! Starts the real program, reads along with it, and never leaves it behind.
//!
//! Nothing here sleeps: every wait is for an event (text, an end) and has a deadline that
//! only a hang can reach. A test that meets the deadline fails with all that was printed.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, Once};
use std::thread;
use std::time::{Duration, Instant};

use sockdemo::kit::event::{Call, Event, Phase};

/// Longer than anything here takes on a busy machine: only a hang gets there.
pub const HANG: Duration = Duration::from_secs(30);

/// A running program, killed when the test is done with it.
pub struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    out: Output,
    err: Output,
}

/// A program that has ended.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }
}

/// The path of the program under test.
pub fn sockdemo() -> &'static str {
    env!("CARGO_BIN_EXE_sockdemo")
}

impl Program {
    /// Starts `sockdemo` with these words.
    pub fn start(args: &[&str]) -> Program {
        let mut command = Command::new(sockdemo());
        command.args(args);
        Program::run(command)
    }

    /// Starts any program. Its standard input stays open until [`Program::close_input`].
    pub fn run(mut command: Command) -> Program {
        hear_ctrl_c();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env_remove("NO_COLOR");
        let mut child = command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
        let out = Output::of(child.stdout.take().unwrap());
        let err = Output::of(child.stderr.take().unwrap());
        let stdin = child.stdin.take();
        Program { child, stdin, out, err }
    }

    /// Starts `sockdemo` with a standard output whose reader has gone.
    pub fn without_reader(args: &[&str]) -> Program {
        let mut command = Command::new(sockdemo());
        command.args(args).stdin(Stdio::piped()).stderr(Stdio::piped());
        command.stdout(pipe_without_reader());
        let mut child = command.spawn().unwrap();
        let err = Output::of(child.stderr.take().unwrap());
        let stdin = child.stdin.take();
        Program { child, stdin, out: Output::of(std::io::empty()), err }
    }

    /// Starts `sockdemo` with a standard error whose reader has gone.
    pub fn without_listener(args: &[&str]) -> Program {
        let mut command = Command::new(sockdemo());
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(pipe_without_reader());
        let mut child = command.spawn().unwrap();
        let out = Output::of(child.stdout.take().unwrap());
        let stdin = child.stdin.take();
        Program { child, stdin, out, err: Output::of(std::io::empty()) }
    }

    /// Starts a server on a port of the system's choice, and reads the address.
    pub fn server(args: &[&str]) -> (Program, SocketAddr) {
        let mut program = Program::start(args);
        let addr = program.addr();
        (program, addr)
    }

    /// The address in the first line of standard output.
    pub fn addr(&mut self) -> SocketAddr {
        self.wait_for_output("\n");
        let line = self.out.text();
        let addr = line.lines().next().unwrap().strip_prefix("listening on ");
        addr.unwrap_or_else(|| panic!("no address in {line:?}")).parse().unwrap()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the narration contains `text`; gives all of it so far.
    pub fn wait_for(&mut self, text: &str) -> String {
        self.err
            .wait_until(|so_far| so_far.contains(text), &format!("{text:?} on stderr"))
    }

    /// Waits until the narration contains these words, wherever its lines are broken.
    pub fn wait_for_words(&mut self, words: &str) -> String {
        let unbroken =
            |so_far: &str| so_far.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_there = |so_far: &str| unbroken(so_far).contains(words);
        self.err.wait_until(is_there, &format!("{words:?} on stderr"))
    }

    /// Waits until the narration contains `text` `times` times.
    pub fn wait_for_many(&mut self, text: &str, times: usize) -> String {
        let what = format!("{times} times {text:?} on stderr");
        self.err.wait_until(|so_far| so_far.matches(text).count() >= times, &what)
    }

    /// Waits until standard output contains `text`; gives all of it so far.
    pub fn wait_for_output(&mut self, text: &str) -> String {
        self.out
            .wait_until(|so_far| so_far.contains(text), &format!("{text:?} on stdout"))
    }

    /// Waits until standard output is as `is_there` wants it; gives all of it so far.
    pub fn wait_until_output(
        &mut self,
        what: &str,
        is_there: impl Fn(&str) -> bool,
    ) -> String {
        self.out.wait_until(is_there, &format!("{what} on stdout"))
    }

    /// Types or pipes in.
    pub fn input(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("input is open");
        stdin.write_all(bytes).and_then(|()| stdin.flush()).unwrap();
    }

    /// Standard input for another thread to write to, as long as that takes.
    pub fn take_input(&mut self) -> ChildStdin {
        self.stdin.take().expect("input is open")
    }

    pub fn close_input(&mut self) {
        self.stdin = None;
    }

    /// Ctrl-C.
    pub fn interrupt(&self) {
        self.signal("INT");
    }

    pub fn signal(&self, name: &str) {
        let kill = Command::new("sh")
            .args(["-c", &format!("kill -{name} {}", self.pid())])
            .status();
        assert!(kill.unwrap().success(), "kill -{name}");
    }

    /// Waits for the program to end by itself.
    pub fn end(self) -> Ended {
        self.end_within(HANG)
    }

    /// The same for a program that has more to do.
    pub fn end_within(mut self, limit: Duration) -> Ended {
        let deadline = Instant::now() + limit;
        // The pipes end with the program: no polling.
        self.out.wait_for_end(deadline, &self.err);
        self.err.wait_for_end(deadline, &self.out);
        let status = self.child.wait().unwrap();
        Ended { status, stdout: self.out.text(), stderr: self.err.text() }
    }

    /// Ends the input, and waits for the program to end.
    pub fn end_of_input(mut self) -> Ended {
        self.close_input();
        self.end()
    }

    /// Ctrl-C, and waits for the program to end.
    pub fn stop(self) -> Ended {
        self.interrupt();
        self.end()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill(); // It may have ended.
        let _ = self.child.wait();
    }
}

/// Runs `sockdemo` to its end, with this standard input.
pub fn run(args: &[&str], input: &[u8]) -> Ended {
    let mut program = Program::start(args);
    // A program that ends with an error need not have read its input.
    let _ = program.stdin.as_mut().map(|stdin| stdin.write_all(input));
    program.end_of_input()
}

/// Starts a program of this machine with these words.
pub fn start(program: &str, args: &[&str]) -> Program {
    let mut command = Command::new(program);
    command.args(args);
    Program::run(command)
}

/// Starts a Python program. The modules that it needs are imported.
pub fn python(program: &str, args: &[&str]) -> Program {
    let program = format!("import os, socket, struct, sys\n{program}");
    start("python3", &[&["-c", &program], args].concat())
}

/// The events in a recording, or in the narration of `--json`.
pub fn events(jsonl: &str) -> Vec<Event> {
    let parse =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    jsonl.lines().map(parse).collect()
}

/// The numbers of the clients whose sockets a server has closed, from its `--json`.
pub fn closed_connections(jsonl: &str) -> BTreeSet<u32> {
    let events = events(jsonl).into_iter();
    let closed = events.filter(|event| event.call == Some(Call::Close));
    closed
        .filter(|event| event.phase == Phase::End)
        .filter_map(|event| event.connection)
        .collect()
}

/// A plain client, for tests of servers.
pub fn connect(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&addr, HANG).unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    stream.set_write_timeout(Some(HANG)).unwrap();
    stream
}

/// Sends `bytes` and reads as many back.
pub fn exchange(mut stream: &TcpStream, bytes: &[u8]) -> Vec<u8> {
    stream.write_all(bytes).unwrap();
    let mut answer = vec![0; bytes.len()];
    stream.read_exact(&mut answer).unwrap();
    answer
}

/// Reads to the end of the stream.
pub fn read_to_end(mut stream: &TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    all
}

/// Whoever is started in the background of a script ignores Ctrl-C, and so do the programs
/// that it starts: what is ignored is inherited, what is handled is not.
fn hear_ctrl_c() {
    static ONCE: Once = Once::new();
    #[expect(clippy::disallowed_methods, reason = "somebody has pressed Ctrl-C")]
    ONCE.call_once(|| ctrlc::set_handler(|| std::process::exit(130)).unwrap());
}

fn pipe_without_reader() -> std::io::PipeWriter {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer
}

/// Words without their line breaks and columns: narration wraps wherever it must.
pub fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The lines that do not fit the screen, counted in characters.
pub fn too_wide(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.chars().count() > 80).collect()
}

/// An address where nobody listens: its port belongs to a client, so that nobody else can
/// take it while the test runs. Keep the sockets.
pub fn nobody_listens() -> (SocketAddr, impl Sized) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client.local_addr().unwrap(), (listener, client))
}

/// Is there an IPv6 loopback? A machine without one skips a test, and says so.
pub fn has_ipv6() -> bool {
    let has = TcpListener::bind("[::1]:0").is_ok();
    if !has {
        eprintln!("skipped: this machine has no ::1");
    }
    has
}

/// A file of the test's own, gone when the test is over.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Scratch {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("sockdemo-test-{}-{number}", std::process::id());
        Scratch(std::env::temp_dir().join(name))
    }

    pub fn containing(text: &str) -> Scratch {
        let file = Scratch::new();
        fs::write(&file.0, text).unwrap();
        file
    }

    pub fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    pub fn text(&self) -> String {
        fs::read_to_string(&self.0).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0); // Perhaps nobody has written it.
    }
}

/// Is there a program of this name on the path?
pub fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Is a foreign program that is missing a failure?
pub fn peers_are_required() -> bool {
    std::env::var_os("SOCKDEMO_REQUIRE_PEERS").is_some_and(|value| value == "1")
}

/// Everything a pipe has said, growing.
#[derive(Clone)]
struct Output(Arc<(Mutex<Said>, Condvar)>);

#[derive(Default)]
struct Said {
    bytes: Vec<u8>,
    ended: bool,
}

impl Output {
    fn of(mut pipe: impl Read + Send + 'static) -> Output {
        let output = Output(Arc::default());
        let said = output.clone();
        thread::Builder::new()
            .spawn(move || {
                let mut buffer = [0; 4096];
                loop {
                    let n = pipe.read(&mut buffer).unwrap_or(0);
                    let (lock, news) = &*said.0;
                    let mut said = lock.lock().unwrap();
                    said.bytes.extend(&buffer[..n]);
                    said.ended = n == 0;
                    news.notify_all();
                    if n == 0 {
                        return;
                    }
                }
            })
            .unwrap();
        output
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.0.lock().unwrap().bytes).into_owned()
    }

    fn wait_until(&self, is_there: impl Fn(&str) -> bool, what: &str) -> String {
        let (lock, news) = &*self.0;
        let (said, time) = news
            .wait_timeout_while(lock.lock().unwrap(), HANG, |said| {
                !said.ended && !is_there(&String::from_utf8_lossy(&said.bytes))
            })
            .unwrap();
        let text = String::from_utf8_lossy(&said.bytes).into_owned();
        assert!(
            is_there(&text),
            "no {what} (hang: {}); it said:\n{text}",
            time.timed_out()
        );
        text
    }

    fn wait_for_end(&self, deadline: Instant, other: &Output) {
        let (lock, news) = &*self.0;
        let left = deadline.saturating_duration_since(Instant::now());
        let (said, time) = news
            .wait_timeout_while(lock.lock().unwrap(), left, |said| !said.ended)
            .unwrap();
        let text = String::from_utf8_lossy(&said.bytes).into_owned();
        drop(said);
        assert!(
            !time.timed_out(),
            "did not end; it said:\n{text}\nand:\n{}",
            other.text()
        );
    }
}
