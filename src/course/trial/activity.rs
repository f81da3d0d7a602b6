//! What a program does while nothing happens to it, and what it keeps.

use std::time::{Duration, Instant};

use crate::course::trial::Trial;
use crate::course::trial::caller::PATIENCE;
use crate::course::trial::finding::Outcome;
use crate::course::trial::record::{Activity, Record, growth};

/// When hardly anything has woken for so long, whatever happened before is over.
const REST: Duration = Duration::from_millis(50);
const HARDLY: u64 = 1;

impl Trial<'_> {
    /// What the program does in this time, if this system shows it: first it may finish
    /// what it has to do, if it does finish.
    pub fn activity_in(&mut self, time: Duration) -> Outcome<Option<Activity>> {
        let deadline = Instant::now() + PATIENCE / 10;
        let mut before = self.record()?;
        while Instant::now() < deadline && !self.stop.within(REST) {
            let now = self.record()?;
            let grown = growth(&before, &now).wakes;
            before = now;
            if grown <= HARDLY {
                break;
            }
        }
        if before.is_empty() || self.stop.within(time) {
            return Ok(None);
        }
        Ok(Some(growth(&before, &self.record()?)))
    }

    /// How many bytes of memory the program uses right now, if this system shows it.
    pub fn memory(&mut self) -> Outcome<Option<u64>> {
        Ok(Some(self.program()?.witness.memory()).filter(|bytes| *bytes > 0))
    }

    fn record(&mut self) -> Outcome<Record> {
        Ok(self.program()?.witness.record())
    }
}
