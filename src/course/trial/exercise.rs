//! What an exercise is: its lesson, and its checks in order.

use crate::course::trial::Trial;
use crate::course::trial::finding::Outcome;

/// The checks of one lesson's exercise, from the first that a beginner passes to the last.
#[derive(Debug)]
pub struct Exercise {
    /// The lesson's number.
    pub lesson: u8,
    /// In this order. The first one that fails ends the run.
    pub checks: &'static [Check],
}

/// One check: a conversation, and what to say if it goes wrong.
#[derive(Debug)]
pub struct Check {
    /// Its name, for `--only`.
    pub id: &'static str,
    /// What must hold, in a few words.
    pub says: &'static str,
    /// The conversation.
    pub talk: fn(&mut Trial) -> Outcome,
    /// What usually causes a failure, the likeliest first.
    pub causes: &'static [&'static str],
    /// The same by hand: commands, with `{work}` where the program stands. It is started
    /// in a first terminal if the line ends with ` &`.
    pub by_hand: &'static [&'static str],
}
