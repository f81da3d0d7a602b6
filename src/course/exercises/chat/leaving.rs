//! The ways in which a member leaves, and what is left of it.

use super::room::{Member, Room};
use super::{KEPT, after};
use crate::course::trial::{Finding, Outcome, Trial};

/// So many come at the same time: no more than a class.
const MANY: usize = 25;

/// In one of three rounds a program that is wrong speaks before it notices the reset.
const CROWDS: usize = 30;

pub(super) const LOST: &str =
    "an error of a read ends the thread, and nobody is told that the member has left";
pub(super) const HALF: &str = "what was said without an LF before the end is lost";
pub(super) const REST: &str =
    "a line without an LF before the end is a line as others: commands, limits, UTF-8";
const LEAKS: &str =
    "what a member had is kept when it has left: a stream, or a thread that waits";
pub(super) const PAYS: &str =
    "a write to one who is gone fails, and ends the round, or the speaker's thread";

/// One after the other comes, takes the same name, and leaves in its own way.
pub(super) fn leaves(trial: &mut Trial) -> Outcome {
    let mut room = Room::of(trial, 2)?;
    room.is_named(0, "ann")?;
    for way in [Way::Ends, Way::Closes, Way::Resets, Way::Ignores] {
        room.comes(trial)?;
        room.is_named(2, "cho").map_err(|finding| finding.or_because(KEPT))?;
        let Some(cho) = room.members.pop() else { continue };
        leaves_so(trial, &mut room, cho, way)
            .map_err(|finding| after(way.says(), finding))?;
        room.talks(trial)?;
    }
    asks_without_an_end(trial, &mut room).map_err(|finding| finding.or_because(REST))?;
    for _ in 0..CROWDS {
        leaves_in_a_crowd(trial, &mut room)?;
    }
    nothing_is_left(trial, &mut room)
}

/// Many come, and all of them leave: of what the program had for them, nothing is kept.
fn nothing_is_left(trial: &mut Trial, room: &mut Room) -> Outcome {
    let before = trial.size()?;
    for _ in 0..2 {
        (0..MANY).try_for_each(|_| room.comes(trial))?;
        while room.members.len() > 2 {
            let Some(gone) = room.members.pop() else { continue };
            let left = format!("* {} left", gone.name);
            match room.members.len() % 2 {
                0 => gone.caller.resets(),
                _ => drop(gone),
            }
            room.all_hear(&left).map_err(|finding| finding.or_because(LOST))?;
        }
    }
    let shrinks = before.map_or(Ok(()), |before| trial.shrinks_to(before, MANY));
    shrinks.map_err(|finding| finding.or_because(LEAKS))?;
    room.talks(trial)
}

/// How a member leaves.
#[derive(Clone, Copy)]
enum Way {
    /// Ends its half behind a line without LF, and waits for the end of the other.
    Ends,
    /// Closes, as a program that is killed.
    Closes,
    /// Resets.
    Resets,
    /// Closes with a line unread.
    Ignores,
}

impl Way {
    fn says(self) -> &'static str {
        match self {
            Way::Ends => "a half-close",
            Way::Closes => "a close",
            Way::Resets => "a reset",
            Way::Ignores => "a close with a line unread",
        }
    }
}

fn leaves_so(trial: &mut Trial, room: &mut Room, mut cho: Member, way: Way) -> Outcome {
    match way {
        Way::Ends => {
            cho.caller.sends(b"/dance\n/dance\n/name dan\nhalf a line")?;
            cho.caller.ends()?;
            room.all_hear("* cho is now dan")?;
            room.all_hear("<dan> half a line")
                .map_err(|finding| finding.or_because(HALF))?;
            room.all_hear("* dan left")?;
            cho.is_told_no()?;
            cho.is_told_no()?;
            return cho.caller.hears_and_end(b"= you are dan\n");
        }
        Way::Closes => drop(cho),
        Way::Resets => cho.caller.resets(),
        Way::Ignores => {
            room.says(0, &trial.random.word(8))?;
            cho.caller.waits_for_a_byte()?;
            drop(cho);
        }
    }
    room.all_hear("* cho left").map_err(|finding| finding.or_because(LOST))
}

/// The end of the stream ends a line, which may be a command.
fn asks_without_an_end(trial: &mut Trial, room: &mut Room) -> Outcome {
    room.comes(trial)?;
    let Some(mut guest) = room.members.pop() else { return Ok(()) };
    guest.caller.sends(b"/name dan")?;
    guest.caller.ends()?;
    room.all_hear(&format!("* {} is now dan", guest.name))?;
    room.all_hear("* dan left")?;
    guest.caller.hears_and_end(b"= you are dan\n")
}

/// The end of the stream ends a line, which cannot be.
pub(super) fn is_refused_at_the_end(
    trial: &mut Trial,
    room: &mut Room,
    line: &[u8],
) -> Outcome {
    room.comes(trial)?;
    let Some(mut guest) = room.members.pop() else { return Ok(()) };
    guest.caller.sends(line)?;
    guest.caller.ends()?;
    room.all_hear(&format!("* {} left", guest.name))?;
    guest.is_told_no()?;
    guest.caller.hears_end()
}

/// One resets while another one speaks: what is said to the one who is gone fails, and
/// neither the speaker nor those who hear it have anything to do with that.
fn leaves_in_a_crowd(trial: &mut Trial, room: &mut Room) -> Outcome {
    room.comes(trial)?;
    let Some(gone) = room.members.pop() else { return Ok(()) };
    let left = format!("* {} left", gone.name);
    let words: Vec<_> = (0..20).map(|_| trial.random.word(6)).collect();
    trial.while_frozen(|_| {
        room.member(0)?.sends(&words.join("\n"))?;
        gone.caller.resets();
        Ok(())
    })?;
    let crowd = |finding: Box<Finding>| {
        after("a reset while another member spoke", finding.or_because(PAYS))
    };
    room.member(0)?.hears(&left).map_err(crowd)?;
    let mut heard = Vec::new();
    for _ in 0..=words.len() {
        heard.push(room.member(1)?.caller.hears_line().map_err(crowd)?);
    }
    let told = heard.iter().filter(|line| **line == left).count();
    heard.retain(|line| *line != left);
    let said: Vec<_> = words.iter().map(|word| format!("<ann> {word}")).collect();
    if told == 1 && heard == said {
        return Ok(());
    }
    let words = "after a reset while another member spoke: as member 2: other lines came";
    let expected = [said, vec![left]].concat().join("\n");
    let heard = heard.join("\n");
    Err(Finding::differs(words, expected.as_bytes(), heard.as_bytes()).because(PAYS))
}
