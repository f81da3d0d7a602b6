//! What a myth is: a claim, a question, and an experiment that answers it.

use std::io;

use super::lab::Lab;

/// A claim about sockets that an experiment contradicts.
pub(super) struct Myth {
    /// What it is called. Two claims may be answered by one experiment.
    pub(super) ids: &'static [&'static str],
    /// What is believed.
    pub(super) claim: &'static str,
    /// What to predict.
    pub(super) question: &'static str,
    /// The answers to choose from: a, b, ...
    pub(super) answers: &'static [&'static str],
    /// The letter of the answer that the experiment gives when it shows what it should.
    pub(super) right: char,
    /// How much is wrong with the claim.
    pub(super) flaw: Flaw,
    /// What is true instead.
    pub(super) truth: &'static str,
    /// Tells its steps, and says whether they contradict the claim.
    pub(super) run: fn(&Lab) -> io::Result<bool>,
}

/// How much is wrong with a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It does not hold.
    Wrong,
    /// It holds under a condition that it does not name.
    HalfTrue,
}

impl Flaw {
    /// In words.
    pub(super) fn name(self) -> &'static str {
        match self {
            Flaw::Wrong => "wrong",
            Flaw::HalfTrue => "half true",
        }
    }
}
