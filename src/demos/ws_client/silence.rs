//! Waiting until nothing has come for a while.

use std::convert::Infallible;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

/// When bytes came last. One thread receives them, another waits for silence.
#[derive(Debug)]
pub(super) struct LastHeard {
    began: Instant,
    /// Microseconds after we began.
    at: AtomicU64,
}

impl LastHeard {
    pub(super) fn new() -> LastHeard {
        LastHeard { began: Instant::now(), at: AtomicU64::new(0) }
    }

    /// Bytes have come.
    pub(super) fn now(&self) {
        let at = u64::try_from(self.began.elapsed().as_micros());
        self.at.store(at.unwrap_or(u64::MAX), Relaxed);
    }

    /// Waits until nothing has come for so long. False: nothing will come any more.
    pub(super) fn falls_silent(
        &self,
        pause: Duration,
        nothing_comes: &Receiver<Infallible>,
    ) -> bool {
        let mut silent_since = self.began.elapsed();
        loop {
            // Counted from the last bytes, and not from when we found out about them.
            let waited = self.began.elapsed().saturating_sub(silent_since);
            match nothing_comes.recv_timeout(pause.saturating_sub(waited)) {
                Err(RecvTimeoutError::Timeout) => {}
                _ => return false,
            }
            let last = Duration::from_micros(self.at.load(Relaxed));
            if last <= silent_since {
                return true;
            }
            silent_since = last;
        }
    }
}
