//! Clients leave in every way, and others stay.

use super::{TWICE, delivery, has_heard_all, publishes, subscriber};
use crate::course::trial::{Caller, Outcome, Trial};

pub(super) const DEAD: &str =
    "writing to somebody who is gone fails, and the others get nothing then";
const KEPT: &str = "what a client had is kept: its place in a list, its stream, a thread";

/// They leave in every way, while others who came before and after them stay.
pub(super) fn leaves(trial: &mut Trial) -> Outcome {
    const ROUNDS: usize = 6;
    const TIMES: usize = 30;
    trial.serves()?;
    let topic = trial.random.word(6);
    let mut first = subscriber(trial, &topic)?.plays("one who came before");
    let mut last = None;
    for _ in 0..ROUNDS {
        let mut leavers = subscribers(trial, &topic)?;
        let mut publisher = trial.caller()?.plays("the publisher");
        leavers.extend(subscribers(trial, &topic)?);
        let mut after = subscriber(trial, &topic)?.plays("one who came after");
        last_words(trial, leavers, &mut publisher, &topic)?;
        let all: Vec<u8> =
            ["1", "2", "3"].iter().flat_map(|n| delivery(&topic, n)).collect();
        for caller in [&mut first, &mut after] {
            caller.hears(&all).map_err(|finding| finding.because(DEAD))?;
        }
        last = Some((after, publisher));
    }
    let Some((mut last, mut publisher)) = last else { return Ok(()) };
    let mut before = None;
    for turn in 0..TIMES {
        // What half of them listened to is never published again.
        let here = turn % 2 == 0;
        let own = if here { topic.clone() } else { format!("{topic}-{turn}") };
        for way in [Way::Ends, Way::Resets, Way::Closes, Way::Ignores] {
            let mut leaver = subscriber(trial, &own)?;
            if let Way::Ignores = way {
                publishes(&mut publisher, &own, "unread")?;
                leaver.waits_for_a_byte()?;
            }
            leave(leaver, way)?;
        }
        publishes(&mut publisher, &topic, "again")?;
        for caller in [&mut first, &mut last] {
            let unread = if here { delivery(&topic, "unread") } else { Vec::new() };
            let all = [unread, delivery(&topic, "again")].concat();
            caller.hears(&all).map_err(|finding| finding.because(DEAD))?;
        }
        if turn == 1 {
            trial.comes_to_rest();
            before = trial.size()?;
        }
    }
    for caller in [&mut first, &mut last, &mut publisher] {
        has_heard_all(caller, TWICE)?;
    }
    let Some(before) = before else { return Ok(()) };
    trial.shrinks_to(before, 20).map_err(|finding| finding.because(KEPT))
}

fn subscribers(trial: &mut Trial, topic: &str) -> Outcome<Vec<Caller>> {
    (0..3).map(|_| subscriber(trial, topic)).collect()
}

/// The program finds lines for some, and that they are gone.
fn last_words(
    trial: &mut Trial,
    leavers: Vec<Caller>,
    publisher: &mut Caller,
    topic: &str,
) -> Outcome {
    trial.while_frozen(|_| {
        leavers.into_iter().for_each(Caller::resets);
        for text in ["1", "2", "3"] {
            publisher.sends(format!("PUB {topic} {text}\n").as_bytes())?;
        }
        Ok(())
    })
}

/// How a client leaves.
#[derive(Clone, Copy)]
enum Way {
    /// Ends its half, and waits for the end of the other.
    Ends,
    /// Closes, without waiting.
    Closes,
    /// Resets.
    Resets,
    /// Closes with a line unread.
    Ignores,
}

fn leave(mut leaver: Caller, way: Way) -> Outcome {
    match way {
        Way::Ends => {
            leaver.ends()?;
            leaver.hears_that_it_is_over()?;
        }
        Way::Resets => leaver.resets(),
        Way::Closes | Way::Ignores => drop(leaver),
    }
    Ok(())
}
