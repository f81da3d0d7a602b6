//! Waiting: for an acknowledgement, for each other, and in accept.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;

use super::claim::{Flaw, Myth};
use super::lab::{Lab, MIB, PATIENCE, SILENCE, gave, ms};
use crate::demos::tcp_server::is_over_time;
use crate::kit::text::count;

pub(super) const MYTHS: &[Myth] = &[C36, F11, F22, F24];

/// An odd number, so that there is one in the middle.
const EXCHANGES: usize = 11;

/// What each side wants to send before it reads.
const MUCH: usize = 32 * MIB;

const C36: Myth = Myth {
    ids: &["C36"],
    claim: "While a connection is open, data is exchanged all the time",
    question: "A client and a server are connected, and neither program says anything. \
        What does a read with a limit of 200 ms give, and is the connection still good?",
    answers: &[
        "an error, and the connection is lost",
        "0 bytes, the end of the stream",
        "an error, and the connection is as it was",
    ],
    right: 'c',
    flaw: Flaw::Wrong,
    truth: "Nothing is exchanged, and nothing is wrong: an idle connection needs no packets. \
        For the same reason nobody notices when a peer is gone without a word; only a limit \
        of one's own, or a message that is to be answered, tells.",
    run: silence_is_no_end,
};

fn silence_is_no_end(lab: &Lab) -> io::Result<bool> {
    let (mut client, mut server) = lab.connected()?;
    client.set_read_timeout(Some(SILENCE))?;
    let mut buffer = [0; 8];
    let first = client.read(&mut buffer);
    lab.saw("client.read, at most 200 ms", &first);
    let second = client.read(&mut buffer);
    lab.saw("client.read, at most 200 ms", &second);
    let word = server.write(b"hello");
    lab.saw("server.write(5 B)", &word);
    let heard = client.read(&mut buffer);
    lab.saw("client.read", &heard);
    let waited =
        [&first, &second].iter().all(|read| read.as_ref().is_err_and(is_over_time));
    Ok(waited && gave(&heard, 5))
}

const F11: Myth = Myth {
    ids: &["F11"],
    claim: "Setting a stop flag ends the accept loop",
    question: "A thread is blocked in accept, and would look at a flag after it. Another \
        thread sets the flag. What does the first one do?",
    answers: &["it ends", "it stays in accept", "accept returns an error"],
    right: 'b',
    flaw: Flaw::Wrong,
    truth: "Nobody looks at a flag while asleep in the kernel. Something must make accept \
        return: here a connection to our own listener.",
    run: a_flag_wakes_nobody,
};

fn a_flag_wakes_nobody(lab: &Lab) -> io::Result<bool> {
    let listener = &lab.listener()?;
    let stopping = &AtomicBool::new(false);
    let (over, ended) = bounded(1);
    thread::scope(|scope| {
        let accepting = move || {
            accept_until(listener, stopping);
            let _ = over.send(()); // The experiment may be over.
        };
        thread::Builder::new().spawn_scoped(scope, accepting)?;
        stopping.store(true, Ordering::Relaxed);
        lab.did("stopping.store(true)");
        let asleep = ended.recv_timeout(SILENCE).is_err();
        lab.found(
            "after 200 ms the thread is",
            if asleep { "in accept" } else { "over" },
        );

        let start = Instant::now();
        let call = TcpStream::connect(listener.local_addr()?);
        lab.opened("TcpStream::connect(our own listener)", &call);
        let awake = ended.recv_timeout(PATIENCE).is_ok();
        let time = ms(start.elapsed());
        lab.found("the thread is", if awake { format!("over, {time}") } else { time });
        Ok(asleep && awake)
    })
}

/// As it is often written: the flag is looked at between two clients.
fn accept_until(listener: &TcpListener, stopping: &AtomicBool) {
    for _client in listener.incoming() {
        if stopping.load(Ordering::Relaxed) {
            break;
        }
    }
}

const F22: Myth = Myth {
    ids: &["F22"],
    claim: "Several small writes are a little slower than one",
    question: "A client sends a request in two small writes, then reads the answer. Does \
        set_nodelay change how long this takes on loopback?",
    answers: &["no", "a little", "more than ten times"],
    right: 'c',
    flaw: Flaw::HalfTrue,
    truth: "Our kernel holds the second small write back until the first is acknowledged, \
        and the other kernel delays that (on Linux about 40 ms). One write, or nodelay, \
        avoids the meeting of the two.",
    run: write_write_read,
};

fn write_write_read(lab: &Lab) -> io::Result<bool> {
    let slow = exchange(false, lab)?;
    lab.found("write, write, read: the median", ms(slow));
    let fast = exchange(true, lab)?;
    lab.found("the same with set_nodelay(true)", ms(fast));
    Ok(slow > 10 * fast)
}

/// How long one exchange takes, the one in the middle of several.
fn exchange(nodelay: bool, lab: &Lab) -> io::Result<Duration> {
    let (mut client, mut server) = lab.connected()?;
    client.set_nodelay(nodelay)?;
    thread::scope(|scope| {
        let answer = move || -> io::Result<()> {
            loop {
                server.read_exact(&mut [0; 2])?;
                server.write_all(b"!")?;
            }
        };
        thread::Builder::new().spawn_scoped(scope, answer)?;
        let mut times = Vec::new();
        for _ in 0..EXCHANGES {
            let start = Instant::now();
            client.write_all(b"?")?;
            client.write_all(b"?")?;
            client.read_exact(&mut [0; 1])?;
            times.push(start.elapsed());
        }
        drop(client); // The end of its stream ends the other thread.
        times.sort_unstable();
        Ok(times[EXCHANGES / 2])
    })
}

const F24: Myth = Myth {
    ids: &["F24"],
    claim: "Both sides may write first: the kernels keep it",
    question: "Both sides write 32 MiB, and read afterwards. How does that end?",
    answers: &["well", "with a reset", "it does not: both wait"],
    right: 'c',
    flaw: Flaw::HalfTrue,
    truth: "The kernels keep some megabytes. Then each side waits in write until the \
        other reads, and neither does. One of them must read while it writes.",
    run: both_write_first,
};

fn both_write_first(lab: &Lab) -> io::Result<bool> {
    let (client, server) = lab.connected()?;
    let much = &vec![b'x'; MUCH];
    thread::scope(|scope| {
        let other =
            thread::Builder::new().spawn_scoped(scope, || stuck_after(much, &server))?;
        let here = stuck_after(much, &client)?;
        let there =
            other.join().map_err(|_| io::Error::other("the writer panicked"))??;
        for (who, (taken, stuck)) in [("client", here), ("server", there)] {
            lab.found(
                format!("{who}.write(), of 32 MiB"),
                format!("Ok: {} B", count(taken as u64)),
            );
            lab.found(
                format!("{who}.write(), the rest"),
                if stuck { "waits, so we gave up" } else { "done" },
            );
        }
        Ok(here.1 && there.1)
    })
}

/// How much the kernels take until a write waits for room in vain, and whether one did.
fn stuck_after(bytes: &[u8], mut stream: &TcpStream) -> io::Result<(usize, bool)> {
    stream.set_write_timeout(Some(SILENCE))?;
    let mut taken = 0;
    while taken < bytes.len() {
        match stream.write(&bytes[taken..]) {
            Ok(n) => taken += n,
            Err(error) if is_over_time(&error) => {
                return Ok((taken, true));
            }
            Err(error) => return Err(error),
        }
    }
    Ok((taken, false))
}
