//! Where an experiment happens: it makes sockets, and it tells each step as one line.

use std::fmt::{Debug, Display};
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, after};

use crate::course::kernel;
use crate::demos::tcp_server::is_over_time;
use crate::kit::text::{WIDTH, width, wrap};
use crate::proto::socket_table::TIME_WAIT;

/// So long nothing must come before an experiment says that nothing comes.
pub(super) const SILENCE: Duration = Duration::from_millis(200);

/// A call that is expected to return gets this long, on however busy a machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How often we look at something whose change nobody announces.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// Where the outcomes stand, behind the calls.
const COLUMN: usize = 42;

/// A mebibyte.
pub(super) const MIB: usize = 1024 * 1024;

/// What an experiment tells the thread that prints.
pub(super) enum News {
    /// A line.
    Step(String),
    /// It is over: did it show what it should?
    Over(io::Result<bool>),
}

/// One experiment's place.
pub(super) struct Lab {
    pub(super) page: Sender<News>,
    pub(super) programs: Programs,
}

impl Lab {
    /// A step: a call, and what it returned.
    pub(super) fn saw<T: Debug>(&self, call: impl Display, result: &io::Result<T>) {
        self.found(call, shown(result));
    }

    /// A step that makes a socket, where only matters whether it succeeds.
    pub(super) fn opened<T>(&self, call: impl Display, result: &io::Result<T>) {
        self.found(call, result.as_ref().map_or_else(kind, |_| "Ok".to_owned()));
    }

    /// A step whose outcome is not one call's result.
    pub(super) fn found(&self, what: impl Display, outcome: impl Display) {
        let (what, outcome) = (what.to_string(), outcome.to_string());
        if width(&what) < COLUMN && 2 + COLUMN + width(&outcome) <= WIDTH {
            return self.did(&format!("{what:<COLUMN$}{outcome}"));
        }
        self.did(&what);
        for line in wrap(&outcome, WIDTH - 6) {
            self.did(&format!("    {line}"));
        }
    }

    /// A step that returns nothing: a value is dropped, and with it its socket.
    pub(super) fn did(&self, what: &str) {
        let _ = self.page.send(News::Step(format!("  {what}\n"))); // We may be stopping.
    }

    /// A listener of our own on a port that nobody else has.
    pub(super) fn listener(&self) -> io::Result<TcpListener> {
        TcpListener::bind("127.0.0.1:0")
    }

    /// Two sockets that are connected with each other: the client's, then the server's.
    pub(super) fn connected(&self) -> io::Result<(TcpStream, TcpStream)> {
        let listener = self.listener()?;
        let client = self.connect(listener.local_addr()?)?;
        Ok((client, self.accept(&listener)?))
    }

    /// A client. Its reads and writes fail if they must wait too long.
    pub(super) fn connect(&self, addr: SocketAddr) -> io::Result<TcpStream> {
        patient(TcpStream::connect_timeout(&addr, PATIENCE)?)
    }

    /// The server's socket for the next client, with the same limits.
    pub(super) fn accept(&self, listener: &TcpListener) -> io::Result<TcpStream> {
        let (stream, _) = listener.accept()?;
        patient(stream)
    }

    /// A datagram socket of our own. It waits for a datagram, but not for ever.
    pub(super) fn udp(&self) -> io::Result<UdpSocket> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(socket)
    }

    /// Looks again and again, for what no call waits for. True once `is_so` is.
    pub(super) fn until(&self, mut is_so: impl FnMut() -> bool) -> bool {
        let start = Instant::now();
        loop {
            if is_so() {
                return true;
            }
            if start.elapsed() > PATIENCE {
                return false;
            }
            let _ = after(LOOK_AGAIN).recv(); // Always comes.
        }
    }

    /// Is there an IPv6 loopback? A machine without one is told so.
    pub(super) fn has_ipv6(&self) -> bool {
        let has = TcpListener::bind("[::1]:0");
        if has.is_err() {
            self.found("this machine has no [::1]", "IPv6: could not tell");
        }
        has.is_ok()
    }
}

fn patient(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// What a call returned, as one writes it in Rust.
fn shown<T: Debug>(result: &io::Result<T>) -> String {
    match result {
        Ok(value) => format!("Ok({value:?})"),
        Err(error) => kind(error),
    }
}

pub(super) fn kind(error: &io::Error) -> String {
    match format!("{:?}", error.kind()) {
        kind if kind == "Uncategorized" => format!("Err: {error}"),
        kind => format!("Err({kind})"),
    }
}

/// Does the kernel keep this end of a connection that is over? Only Linux shows it.
pub(super) fn remembers(local: SocketAddr, peer: SocketAddr) -> bool {
    kernel::sockets(&["tcp"]).iter().any(|(_, entry)| {
        entry.state == TIME_WAIT && entry.local == local && entry.peer == peer
    })
}

/// In a word.
pub(super) fn yes(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

/// Did the call give this?
pub(super) fn gave<T: PartialEq>(result: &io::Result<T>, value: T) -> bool {
    result.as_ref().is_ok_and(|given| *given == value)
}

/// Did the call fail in this way?
pub(super) fn failed<T>(result: &io::Result<T>, kind: ErrorKind) -> bool {
    result.as_ref().is_err_and(|error| error.kind() == kind)
}

/// Did the call wait until its time was over?
pub(super) fn waited<T>(result: &io::Result<T>) -> bool {
    result.as_ref().is_err_and(is_over_time)
}

/// A length of time in milliseconds, so that two of them can be compared.
pub(super) fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

/// The other programs of an experiment. When its time is over, they end.
#[derive(Clone, Default)]
pub(super) struct Programs(Arc<Mutex<Running>>);

#[derive(Default)]
struct Running {
    children: Vec<Child>,
    over: bool,
}

impl Programs {
    /// Starts this program once more, with these words. Its input stays open.
    pub(super) fn start(&self, words: &[&str]) -> io::Result<u32> {
        let mut running = self.lock();
        if running.over {
            return Err(ErrorKind::Interrupted.into());
        }
        let mut command = Command::new(std::env::current_exe()?);
        command.args(words).stdin(Stdio::piped());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let number = child.id();
        running.children.push(child);
        Ok(number)
    }

    /// Ends it without asking: on Unix by the signal KILL, which no program can handle.
    pub(super) fn kill(&self, number: u32) -> io::Result<()> {
        let mut running = self.lock();
        let Some(child) = running.children.iter_mut().find(|one| one.id() == number)
        else {
            return Err(ErrorKind::NotFound.into());
        };
        child.kill()?;
        child.wait().map(drop)
    }

    /// Ends all of them, and lets no other start.
    pub(super) fn end(&self) {
        let mut running = self.lock();
        running.over = true;
        for mut child in running.children.drain(..) {
            let _ = child.kill(); // It may have ended.
            let _ = child.wait();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
