//! How much a program has of what it could forget to give back.

use std::time::{Duration, Instant};

use crate::course::trial::Trial;
use crate::course::trial::caller::PATIENCE;
use crate::course::trial::finding::{Finding, Outcome};
use crate::course::trial::witness::Size;

/// What a program has does not change for so long: it has come to rest.
const REST: Duration = Duration::from_millis(100);

impl Trial<'_> {
    /// How large the program is right now, if this system shows it.
    pub fn size(&mut self) -> Outcome<Option<Size>> {
        Ok(self.program()?.witness.size())
    }

    /// The program has become as small as it was, or nearly: what it needed for callers
    /// that are gone is given back. It may take its time.
    pub fn shrinks_to(&mut self, before: Size, slack: usize) -> Outcome {
        let program = self.program()?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let Some(now) = program.witness.size() else { return Ok(()) };
            let Some(grown) = now.larger_than(before, slack) else { return Ok(()) };
            if Instant::now() > deadline {
                let does = program.witness.testimony(None);
                let what = "it to give back what they took";
                return Err(Finding::waited(grown, PATIENCE, what, does));
            }
            if program.ended_in_a_moment() {
                return Err(Finding::broken("the program ended"));
            }
        }
    }

    /// Waits until what the program has stays the same, but not for long.
    pub fn comes_to_rest(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        let mut before = self.size().ok();
        while Instant::now() < deadline && !self.stop.within(REST) {
            let now = self.size().ok();
            if now == before {
                return;
            }
            before = now;
        }
    }
}
