//! A program that causes one kind of trouble: troublemaker KIND MARK [WORDS] ADDR.

use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

fn main() {
    let words: Vec<_> = std::env::args().collect();
    let (kind, mark) = (words[1].as_str(), &words[2]);
    let addr = words.last().unwrap();
    let port = addr.rsplit(':').next().unwrap();
    match kind {
        "sleeps" => sleep(),
        "never-listens" => sleep(),
        "crashes" => std::process::exit(7),
        "spins" => {
            let _listener = TcpListener::bind(addr);
            loop {
                std::hint::spin_loop();
            }
        }
        "wrong-port" => never_answers("127.0.0.1:0"),
        "ipv6-only" => never_answers(&format!("[::1]:{port}")),
        "floods" => {
            let megabyte = "all work and no play\n".repeat(50_000);
            let _ = std::io::stdout().write_all(megabyte.as_bytes());
            let _ = std::io::stderr().write_all(megabyte.as_bytes());
            never_answers(addr);
        }
        "leaves-a-child" => {
            let program = std::env::current_exe().unwrap();
            let mut child = Command::new(program);
            child.args(["sleeps", mark, addr]).stdin(Stdio::null()).process_group(0);
            child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            never_answers(addr);
        }
        _ => never_answers(addr),
    }
}

fn sleep() {
    loop {
        std::thread::park();
    }
}

/// Listens, accepts and reads; and has a socket for datagrams. Where it cannot listen, because it should be a client, it
/// sleeps.
fn never_answers(addr: &str) {
    let _datagrams = UdpSocket::bind(addr);
    let Ok(listener) = TcpListener::bind(addr) else { return sleep() };
    for stream in listener.incoming() {
        let _ = stream.unwrap().read_to_end(&mut Vec::new());
    }
}
