//! Lesson 10: ways to stop a server, and what becomes of its threads that sleep.
//!
//! The program starts itself a second time as a server process, to interrupt it.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

const MIB: usize = 1024 * 1024;
/// For each byte a mebibyte comes back: more than two kernels keep.
const QUESTION: &[u8; 16] = b"as much as I can";

fn main() -> io::Result<()> {
    if std::env::args().nth(1).is_some() {
        return be_the_server_process();
    }
    return_from_main()?;
    interrupt_it()?;
    set_a_flag()?;
    wake_everybody()?;
    cut_it_off()
}

fn return_from_main() -> io::Result<()> {
    println!("main returns");
    let (server, printed, client) = server_process()?;
    client.shutdown(Shutdown::Write)?;
    println!("  client  shutdown(Write)");
    read("client", &client);
    show_its_end(server, printed)
}

fn interrupt_it() -> io::Result<()> {
    println!("\na signal, and nobody handles it");
    let (server, printed, client) = server_process()?;
    Command::new("kill").args(["-INT", &server.id().to_string()]).status()?;
    println!("  main    kill -INT");
    read("client", &client);
    show_its_end(server, printed)
}

fn set_a_flag() -> io::Result<()> {
    println!("\na flag, and nothing else");
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let us = listener.local_addr()?;
    let stopping = &AtomicBool::new(false);
    let (over, ended) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || accept_until(listener, stopping, over));
        stopping.store(true, Ordering::SeqCst);
        println!("  main    sets the flag");
        sleeps_on("accept", &ended);
        let start = Instant::now();
        let client = TcpStream::connect(us)?;
        println!("  client  connect Ok");
        wakes(start, &ended);
        read("client", &client);
        Ok(())
    })
}

fn wake_everybody() -> io::Result<()> {
    println!("\na flag, and what wakes each thread");
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let us = listener.local_addr()?;
    let (idle, idle_end) = &connection(&listener)?;
    let (busy, busy_end) = &connection(&listener)?;
    let stopping = &AtomicBool::new(false);
    let (over, ended) = mpsc::channel();
    thread::scope(|scope| -> io::Result<()> {
        let (second, third) = (over.clone(), over.clone());
        scope.spawn(move || accept_until(listener, stopping, over));
        scope.spawn(move || serve(idle_end, second));
        scope.spawn(move || serve(busy_end, third));
        ask(busy)?;
        stopping.store(true, Ordering::SeqCst);
        println!("  main    sets the flag");
        sleeps_on("accept, read, write", &ended);
        let start = Instant::now();
        TcpStream::connect(us)?;
        println!("  main    connect Ok");
        wakes(start, &ended);
        let refused = TcpStream::connect(us).map_err(|error| error.kind());
        println!("  client  connect {refused:?}");
        let start = Instant::now();
        idle_end.shutdown(Shutdown::Read)?;
        println!("  main    shutdown(Read) for the idle client");
        wakes(start, &ended);
        read("client", idle);

        busy_end.shutdown(Shutdown::Read)?;
        println!("  main    shutdown(Read) for the busy client");
        sleeps_on("write", &ended);
        let start = Instant::now();
        read_to_end(busy)?;
        wakes(start, &ended);
        Ok(())
    })?;
    println!("  main    has joined its threads");
    Ok(())
}

fn cut_it_off() -> io::Result<()> {
    println!("\nshutdown(Both) in the middle of an answer");
    let (busy, busy_end) = &connection(&TcpListener::bind("127.0.0.1:0")?)?;
    let (over, ended) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || serve(busy_end, over));
        ask(busy)?;
        let start = Instant::now();
        busy_end.shutdown(Shutdown::Both)?;
        println!("  main    shutdown(Both)");
        wakes(start, &ended);
        read_to_end(busy)
    })
}

fn accept_until(listener: TcpListener, stopping: &AtomicBool, over: Sender<String>) {
    for _client in listener.incoming() {
        if stopping.load(Ordering::SeqCst) {
            break;
        }
    }
    drop(listener);
    let _ = over.send("accept Ok, listener dropped".to_owned());
}

fn serve(stream: &TcpStream, over: Sender<String>) {
    let outcome = match answer(stream) {
        Ok(n) => format!("{n} MiB written, then read Ok(0)"),
        Err(error) => format!("write Err({:?})", error.kind()),
    };
    let _ = stream.shutdown(Shutdown::Write); // It may have been done already.
    let _ = over.send(outcome);
}

/// A mebibyte for each byte that comes, to the end of the stream.
fn answer(mut stream: &TcpStream) -> io::Result<usize> {
    let mut answered = 0;
    loop {
        let n = stream.read(&mut [0; 64])?;
        if n == 0 {
            return Ok(answered);
        }
        stream.write_all(&vec![b'x'; n * MIB])?;
        answered += n;
    }
}

fn sleeps_on(calls: &str, ended: &Receiver<String>) {
    if ended.recv_timeout(Duration::from_millis(200)).is_err() {
        println!("  server  still asleep after 200 ms: {calls}");
    }
}

fn wakes(since: Instant, ended: &Receiver<String>) {
    if let Ok(outcome) = ended.recv() {
        let ms = since.elapsed().as_secs_f64() * 1000.0;
        println!("  server  awake: {outcome}, {ms:.2} ms");
    }
}

fn connection(listener: &TcpListener) -> io::Result<(TcpStream, TcpStream)> {
    let client = TcpStream::connect(listener.local_addr()?)?;
    Ok((client, listener.accept()?.0))
}

/// Asks, and waits until the answer has begun.
fn ask(mut client: &TcpStream) -> io::Result<()> {
    client.write_all(QUESTION)?;
    client.peek(&mut [0]).map(drop)
}

fn read(who: &str, mut stream: &TcpStream) {
    match stream.read(&mut [0; 64]) {
        Ok(0) => println!("  {who}  read Ok(0): end of stream"),
        Ok(n) => println!("  {who}  read Ok({n})"),
        Err(error) => println!("  {who}  read Err({:?})", error.kind()),
    }
}

fn read_to_end(mut stream: &TcpStream) -> io::Result<()> {
    let mut all = Vec::new();
    stream.read_to_end(&mut all)?;
    let much = if all.len() == 16 * MIB { "all 16 MiB" } else { "less than 16 MiB" };
    println!("  client  read {much}, then Ok(0): end of stream");
    Ok(())
}

/// Starts this program again, and talks to it.
fn server_process() -> io::Result<(Child, BufReader<ChildStdout>, TcpStream)> {
    let mut command = Command::new(std::env::current_exe()?);
    let mut server = command.arg("server").stdout(Stdio::piped()).spawn()?;
    let mut printed = BufReader::new(server.stdout.take().ok_or(ErrorKind::BrokenPipe)?);
    let mut addr = String::new();
    printed.read_line(&mut addr)?;
    let mut client = TcpStream::connect(addr.trim_end())?;
    client.write_all(b"hello")?;
    read("client", &client);
    Ok((server, printed, client))
}

/// Serves one client to the end of its stream. Then main returns, and drops what it has.
fn be_the_server_process() -> io::Result<()> {
    let _farewell = Farewell;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    let (stream, _) = listener.accept()?;
    io::copy(&mut &stream, &mut &stream).map(drop)
}

struct Farewell;

impl Drop for Farewell {
    fn drop(&mut self) {
        println!("farewell, says drop");
    }
}

fn show_its_end(mut server: Child, mut out: impl Read) -> io::Result<()> {
    let mut words = String::new();
    out.read_to_string(&mut words)?;
    println!("  server  printed {:?}", words.trim_end());
    println!("  server  {}", server.wait()?);
    Ok(())
}
