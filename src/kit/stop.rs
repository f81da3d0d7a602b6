//! Ctrl-C as a channel that closes.
//!
//! Ctrl-C does not interrupt a blocked call: std repeats it. So every demo that blocks
//! has a thread that waits for [`Stop`] and then makes the blocked call return.

use std::convert::Infallible;
use std::io;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{
    Receiver, RecvTimeoutError, Sender, TryRecvError, bounded, select, select_biased,
};

use crate::kit::terminal;

/// Never carries a message. When its other end is dropped, it is time to stop: a message
/// would reach one listener, an ended channel is seen by all, for ever.
#[derive(Clone, Debug)]
pub struct Stop(Receiver<Infallible>);

/// Dropping it stops whoever holds the matching [`Stop`].
pub type StopLine = Sender<Infallible>;

impl Stop {
    /// A stop that somebody else than Ctrl-C pulls: the tour, for its servers.
    pub fn by_hand() -> (StopLine, Stop) {
        let (line, stop) = bounded(0);
        (line, Stop(stop))
    }

    /// The first Ctrl-C (or SIGTERM) asks everybody to stop; the second ends the process.
    pub fn on_ctrl_c() -> Result<Stop, ctrlc::Error> {
        let (line, stop) = Stop::by_hand();
        let mut line = Some(line);
        ctrlc::set_handler(move || match line.take() {
            Some(line) => drop(line),
            None => exit_at_once(),
        })?;
        Ok(stop)
    }

    /// Has somebody asked us to stop?
    pub fn requested(&self) -> bool {
        self.0.try_recv() == Err(TryRecvError::Disconnected)
    }

    /// Sleeps until it is time to stop (true), or until `ended` closes (false). If both
    /// happen while we sleep it is time to stop: somebody may still wait to be woken.
    pub fn wait_unless(&self, ended: &Receiver<Infallible>) -> bool {
        select_biased! {
            recv(self.0) -> _ => true,
            recv(ended) -> _ => false,
        }
    }

    /// Sleeps for `time`, or until it is time to stop: says whether it is.
    pub fn within(&self, time: Duration) -> bool {
        self.0.recv_timeout(time) == Err(RecvTimeoutError::Disconnected)
    }

    /// What `work` gives, or `None` if we are asked to stop before that. For the few
    /// calls that nothing can wake: the thread is detached, the end of the process takes
    /// it along.
    pub fn unless_first<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<Option<T>> {
        let (give, given) = bounded(1);
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            let _ = give.send(work()); // We may have been asked to stop.
        })?;
        Ok(select! {
            recv(given) -> given => given.ok(),
            recv(self.0) -> _ => None,
        })
    }

    /// The channel itself, for a `select!` of one's own.
    pub fn channel(&self) -> &Receiver<Infallible> {
        &self.0
    }
}

#[expect(clippy::disallowed_methods, reason = "the user asked twice")]
fn exit_at_once() {
    terminal::restore(); // Nothing is dropped any more.
    std::process::exit(130);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_goes_before_an_end_at_the_same_time() {
        for _ in 0..100 {
            let (line, stop) = Stop::by_hand();
            let (over, ended) = bounded(0);
            drop((over, line));
            assert!(stop.wait_unless(&ended));
        }
    }
}
