//! Programs that end or freeze, and how many threads one may have.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::thread::{self, Scope};

use crossbeam_channel::{Sender, bounded};

use super::claim::{Flaw, Myth};
use super::lab::{Lab, PATIENCE, SILENCE, failed, gave, waited};

pub(super) const MYTHS: &[Myth] = &[F13, M3];

const F13: Myth = Myth {
    ids: &["F13"],
    claim: "A server notices a crashed client by an error",
    question: "A client program is killed. All that was sent to it had been read. What \
        does the server's read give?",
    answers: &["an error", "Ok(0)", "it waits"],
    right: 'b',
    flaw: Flaw::HalfTrue,
    truth: "The kernel closes the sockets of a killed program, so its end looks like any \
        other. With bytes unread it looks like a reset. A program that is frozen looks \
        like one that says nothing.",
    run: a_killed_client,
};

fn a_killed_client(lab: &Lab) -> io::Result<bool> {
    let (client, mut server) = client_program(lab)?;
    lab.programs.kill(client)?;
    lab.did("that process is killed");
    let killed = server.read(&mut [0; 64]);
    lab.saw("server.read(64 B)", &killed);

    let (client, mut server) = client_program(lab)?;
    freeze(client)?;
    lab.did("that process is frozen");
    let written = server.write(b"hello?");
    lab.saw("server.write(6 B)", &written);
    server.set_read_timeout(Some(SILENCE))?;
    let frozen = server.read(&mut [0; 64]);
    lab.saw("server.read(64 B), 200 ms at most", &frozen);

    server.set_read_timeout(Some(PATIENCE))?;
    lab.programs.kill(client)?;
    lab.did("it is killed, 6 B are unread");
    let reset = server.read(&mut [0; 64]);
    lab.saw("server.read(64 B)", &reset);
    let healthy = gave(&written, 6) && waited(&frozen);
    Ok(gave(&killed, 0) && healthy && failed(&reset, ErrorKind::ConnectionReset))
}

/// `sockdemo tcp-client` in a process of its own, and our socket for it.
fn client_program(lab: &Lab) -> io::Result<(u32, TcpStream)> {
    let listener = lab.listener()?;
    let addr = listener.local_addr()?.to_string();
    let client = lab.programs.start(&["tcp-client", &addr, "--quiet"])?;
    lab.did(&format!("process {client}: sockdemo tcp-client {addr}"));
    Ok((client, lab.accept(&listener)?))
}

/// Stops a program where it is, and waits until it has stopped.
#[cfg(unix)]
fn freeze(number: u32) -> io::Result<()> {
    use nix::sys::signal::{Signal, kill};
    use nix::sys::wait::{WaitPidFlag, waitpid};
    use nix::unistd::Pid;

    let number = Pid::from_raw(number.try_into().map_err(io::Error::other)?);
    kill(number, Signal::SIGSTOP)?;
    waitpid(number, Some(WaitPidFlag::WUNTRACED))?;
    Ok(())
}

#[cfg(not(unix))]
fn freeze(_: u32) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Many, and still below the limit that most systems set for one user.
const THREADS: usize = 1000;

/// Enough for a thread that waits in one call.
const STACK: usize = 64 * 1024;

const M3: Myth = Myth {
    ids: &["M3"],
    claim: "1,000 threads, one for each client, are impossible",
    question: "A program starts 1,000 threads that each wait in recv. How much memory \
        does this take?",
    answers: &["less than 100 MB", "about 2 GB: 2 MB each", "it fails"],
    right: 'a',
    flaw: Flaw::Wrong,
    truth: "A thread that waits costs its stack as far as it has used it, and some memory \
        in the kernel. There is a limit, and it is not here.",
    run: a_thousand_threads,
};

fn a_thousand_threads(lab: &Lab) -> io::Result<bool> {
    let inbox = &lab.udp()?;
    inbox.set_read_timeout(Some(2 * PATIENCE))?; // All must start within it.
    let bell = lab.udp()?;
    bell.connect(inbox.local_addr()?)?;
    let (woken, wakes) = bounded(THREADS);
    thread::scope(|scope| {
        let ready = (0..THREADS).map(|_| wait_in_recv(scope, inbox, woken.clone()));
        let started = ready.take_while(io::Result::is_ok).count();
        lab.found("threads in recv", started);
        let memory = resident();
        lab.found(
            "memory of this program that is in use",
            memory.map_or("not known here".to_owned(), |kb| format!("{} MB", kb / 1000)),
        );
        // One datagram wakes one thread; each is waited for, so that none is lost.
        let mut awake = 0;
        for _ in 0..started {
            bell.send(b"!")?;
            awake += usize::from(wakes.recv_timeout(PATIENCE).is_ok_and(|woken| woken));
        }
        lab.found("woken by a datagram each", awake);
        let small = memory.is_none_or(|kb| kb < 100_000);
        Ok(started == THREADS && awake == THREADS && small)
    })
}

fn wait_in_recv<'scope>(
    scope: &'scope Scope<'scope, '_>,
    inbox: &'scope UdpSocket,
    woken: Sender<bool>,
) -> io::Result<()> {
    let wait = move || {
        let received = inbox.recv(&mut [0; 9]);
        let _ = woken.send(received.is_ok()); // The experiment may have given up.
    };
    thread::Builder::new().stack_size(STACK).spawn_scoped(scope, wait).map(drop)
}

/// How many kilobytes of memory this process has in use, where the system says so.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}
