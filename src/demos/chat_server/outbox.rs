//! What a member is to read, and the thread that sends it.

use std::convert::Infallible;
use std::io;
use std::mem;
use std::net::TcpStream;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Weak};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crossbeam_channel::{
    Receiver, RecvTimeoutError, SendTimeoutError, Sender, TryRecvError, TrySendError,
};

use crate::demos::tcp_client::{end, finish};
use crate::demos::tcp_server::send_all;
use crate::demos::ws_server::Outbound;
use crate::kit::say::Say;
use crate::proto::websocket::code;
use crate::proto::websocket::frame::{self, Opcode};

/// Bundles of letters that may wait for one member. All members share the same bytes.
pub(super) const BUNDLES: usize = 64;

/// How long the room waits, in all, for a member whose outbox is full.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// How long the answer to a close frame may take.
const LAST_WORD: Duration = Duration::from_secs(2);

/// Each bundle that is taken gives some of it back: ten a second are enough to stay.
const EARNED: Duration = Duration::from_millis(100);

/// As much goes into one send: a member who has been waited for catches up quickly.
const BATCH: usize = 64 * 1024;

/// Lines, shared by all who are to read them.
pub(super) type Letter = Arc<[u8]>;

/// The loop's side.
#[derive(Debug)]
pub(super) struct Outbox {
    /// Letters that the writer has not been given yet.
    unsent: Vec<Letter>,
    post: Sender<Vec<Letter>>,
    /// Dropped behind the post: then the writer wakes up and sees that it is closed.
    writer: Wake,
    written: Receiver<Infallible>,
    /// Only to cut it: the member's own thread has it, and closes it.
    stream: Weak<TcpStream>,
    patience: Duration,
    /// As many bundles were in it after the last one.
    left: usize,
    /// When we last saw that some had been taken out.
    taken: Instant,
    /// In which turn of the loop the last letter was left.
    turn: u64,
}

/// Wakes a thread that has parked itself. A blocked `recv` would look for a message a few
/// hundred times before it sleeps; with a hundred writers that costs more than the sends.
#[derive(Debug)]
struct Wake(Thread);

impl Drop for Wake {
    fn drop(&mut self) {
        self.0.unpark();
    }
}

/// What became of the letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    Taken,
    /// Nobody takes letters out any more.
    Gone,
    /// Our patience is at its end.
    Stuck,
}

impl Outbox {
    pub(super) fn new(
        post: Sender<Vec<Letter>>,
        writer: Thread,
        written: Receiver<Infallible>,
        stream: Weak<TcpStream>,
    ) -> Outbox {
        Outbox {
            unsent: Vec::new(),
            post,
            writer: Wake(writer),
            written,
            stream,
            patience: PATIENCE,
            left: 0,
            taken: Instant::now(),
            turn: 0,
        }
    }

    /// Leaves a letter, to be sent with what else there will be. Is it the first of this
    /// turn?
    pub(super) fn add(&mut self, letter: &Letter, turn: u64) -> bool {
        self.unsent.push(Arc::clone(letter));
        mem::replace(&mut self.turn, turn) != turn
    }

    /// Gives the writer what there is. If it has too much already, everybody waits for a
    /// moment. Meanwhile all others can take theirs: whoever has not is not waited for once
    /// more.
    pub(super) fn post(&mut self) -> Put {
        if self.unsent.is_empty() {
            return Put::Taken;
        }
        let (now, waiting) = (Instant::now(), self.post.len());
        if waiting < self.left {
            self.taken = now;
        }
        match self.post.try_send(mem::take(&mut self.unsent)) {
            Ok(()) => {}
            Err(TrySendError::Disconnected(_)) => return Put::Gone,
            Err(TrySendError::Full(letters)) => {
                let patience =
                    self.patience.min(PATIENCE.saturating_sub(now - self.taken));
                match self.post.send_timeout(letters, patience) {
                    Ok(()) => {}
                    Err(SendTimeoutError::Disconnected(_)) => return Put::Gone,
                    Err(SendTimeoutError::Timeout(_)) => return Put::Stuck,
                }
                self.patience = self.patience.saturating_sub(now.elapsed());
            }
        }
        self.writer.0.unpark();
        self.left = waiting + 1;
        self.patience = PATIENCE.min(self.patience + EARNED);
        Put::Taken
    }

    /// Posts a last letter if there is room, closes the outbox, and says where the end of
    /// its writer is to be seen.
    pub(super) fn close_with(mut self, letter: &Letter) -> Receiver<Infallible> {
        self.add(letter, self.turn);
        let _ = self.post.try_send(self.unsent); // Whoever is stuck would not read it.
        self.written
    }

    /// Gives the member up.
    pub(super) fn cut(&self, say: &Say) {
        if let Some(stream) = self.stream.upgrade() {
            end(&stream, &say.about(&*stream));
        }
    }
}

/// What a member's program speaks.
pub(super) enum Wire<'a> {
    Lines(&'a TcpStream),
    /// Each line is a text of its own.
    Frames(&'a Outbound),
}

impl Wire<'_> {
    fn send(&self, lines: &[u8], say: &Say) -> io::Result<()> {
        match self {
            Wire::Lines(stream) => send_all(stream, lines, say),
            Wire::Frames(outbound) => {
                let mut frames = Vec::new();
                for line in lines.split(|byte| *byte == b'\n').filter(|l| !l.is_empty()) {
                    frame::write(Opcode::Text, None, line, &mut frames);
                }
                outbound.send(&frames, say).map(drop)
            }
        }
    }

    /// The member may have left by itself.
    fn end(&self, say: &Say) {
        match self {
            Wire::Lines(stream) => drop(finish(stream, say)),
            Wire::Frames(outbound) => drop(outbound.close(code::NORMAL, "goodbye", say)),
        }
    }
}

/// The member's side.
pub(super) struct Writer<'a> {
    pub(super) wire: Wire<'a>,
    pub(super) post: Receiver<Vec<Letter>>,
    /// Set whenever bytes go out.
    pub(super) moved: &'a AtomicBool,
    pub(super) say: Say,
}

impl<'a> Writer<'a> {
    /// Sends letters until the outbox is closed, then the end of the stream.
    pub(super) fn run(self) -> io::Result<Closed<'a>> {
        loop {
            match self.post.try_recv() {
                Ok(letters) => self.send(letters)?,
                Err(TryRecvError::Empty) => thread::park(),
                Err(TryRecvError::Disconnected) => break,
            }
        }
        self.wire.end(&self.say);
        Ok(Closed { wire: self.wire, say: self.say })
    }

    /// All that has come meanwhile goes into one send: a call for each line would cost far
    /// more than the copy.
    fn send(&self, mut letters: Vec<Letter>) -> io::Result<()> {
        let mut bytes = letters.iter().map(|letter| letter.len()).sum::<usize>();
        while bytes < BATCH
            && let Ok(more) = self.post.try_recv()
        {
            bytes += more.iter().map(|letter| letter.len()).sum::<usize>();
            letters.extend(more);
        }
        match &letters[..] {
            [letter] => self.wire.send(letter, &self.say)?,
            letters => self.wire.send(&letters.concat(), &self.say)?,
        }
        self.moved.store(true, Relaxed);
        Ok(())
    }
}

/// A member who has been told that it is over.
pub(super) struct Closed<'a> {
    wire: Wire<'a>,
    say: Say,
}

impl Closed<'_> {
    /// Nobody can say anything after a close frame, so its answer is not waited for on and
    /// on. Whoever speaks in lines may go on; we only have nothing more to say.
    pub(super) fn see_off(self, has_read: &Receiver<Infallible>) {
        let Closed { wire, say } = self;
        if let Wire::Frames(outbound) = wire
            && has_read.recv_timeout(LAST_WORD) == Err(RecvTimeoutError::Timeout)
        {
            say.note("no answer to our close frame: cut off");
            end(outbound.stream(), &say);
        }
    }
}
