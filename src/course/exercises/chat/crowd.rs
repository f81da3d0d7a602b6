//! Many lines at once: for all in one order, and past somebody who does not read.

use std::time::{Duration, Instant};

use super::room::Room;
use super::{after, is_listed};
use crate::course::trial::{Finding, Outcome, Trial};

/// So many speak at the same moment, and so many lines each.
const TALK: usize = 4;
const EACH: usize = 400;

/// More than two kernels and a queue of lines hold for somebody who does not read.
const MUCH: usize = 16 << 20;

/// The room has waited for one who does not read, and then for him again, and again.
const TOO_LONG: Duration = Duration::from_secs(12);

/// So long nobody says anything, and nobody has to go.
const SILENCE: Duration = Duration::from_millis(1500);

/// So many lines are said and heard, before more are said.
const ROUND: usize = 50;

pub(super) const WAITS: &str =
    "a write to a member who does not read waits for ever, and all wait with it";
pub(super) const ENDLESS: &str =
    "the lines for a member are kept in a queue without a limit, or are dropped";
pub(super) const SILENT: &str =
    "a time limit that is meant for writes is one for reads, too";
pub(super) const LISTED: &str =
    "who is let go stays in the list or in the set of names: only its stream is gone";
const AGAIN: &str = "a time limit is over, and the member is kept all the same";

/// Four speak at the same moment, and two more listen. What one of the two has heard is
/// what all have heard, but for what each has said itself.
pub(super) fn order(trial: &mut Trial) -> Outcome {
    let mut room = Room::of(trial, TALK + 2)?;
    let (mut rounds, mut mixed) = (0, 0);
    while mixed < 3 && rounds < 6 {
        trial.while_frozen(|_| {
            room.members.iter_mut().take(TALK).try_for_each(|member| {
                let lines: Vec<_> = (0..EACH).map(|n| format!("line {n}")).collect();
                member.sends(&lines.join("\n"))
            })
        })?;
        let all = heard_by(&mut room, TALK, TALK * EACH)?;
        for who in (0..TALK).chain([TALK + 1]) {
            hears_the_same(&mut room, who, &all)?;
        }
        rounds += 1;
        mixed += usize::from(is_mixed(&all));
    }
    Ok(())
}

/// It hears all but its own lines, which are in the order in which it has said them.
fn hears_the_same(room: &mut Room, who: usize, all: &[String]) -> Outcome {
    let own = format!("<{}> ", room.member(who)?.name);
    let said: Vec<_> = all.iter().filter(|line| !line.starts_with(&own)).collect();
    let heard = heard_by(room, who, said.len())?;
    if let Some((heard, said)) = heard.iter().zip(said).find(|(one, two)| one != two) {
        let (one, two) = (TALK + 1, who + 1);
        return Err(Finding::new(format!(
            "where member {one} heard {said:?}, member {two} heard {heard:?}"
        )));
    }
    let mine = all.iter().filter_map(|line| line.strip_prefix(&own));
    let mut numbered = mine.map(str::to_owned).zip((0..).map(|n| format!("line {n}")));
    match numbered.find(|(heard, said)| heard != said) {
        None => Ok(()),
        Some((heard, said)) => Err(Finding::new(format!(
            "where {said:?} of {own}should have come, {heard:?} came"
        ))),
    }
}

/// Did the four have their turns? On a busy machine one may have ended before the next
/// one has begun, and then nothing is shown.
fn is_mixed(all: &[String]) -> bool {
    let speaker = |line: &str| line.split_once(' ').map(|(name, _)| name.to_owned());
    let turns = all.windows(2).filter(|two| speaker(&two[0]) != speaker(&two[1]));
    turns.count() > 2 * TALK
}

fn heard_by(room: &mut Room, who: usize, many: usize) -> Outcome<Vec<String>> {
    let caller = &mut room.member(who)?.caller;
    let text = |line: Vec<u8>| String::from_utf8_lossy(&line).into_owned();
    (0..many).map(|_| caller.hears_long_line().map(text)).collect()
}

/// The third member does not read: for a moment, and later never again.
pub(super) fn stuck(trial: &mut Trial) -> Outcome {
    let mut room = Room::of(trial, 3)?;
    room.is_named(2, "eve")?;
    let Some(mut slow) = room.members.pop() else { return Ok(()) };
    let text = trial.random.word(900);
    let line = format!("<{}> {text}\n", room.member(0)?.name);
    for _ in 0..100 {
        room.says(0, &text)?;
    }
    slow.caller.hears(line.repeat(100).as_bytes())?;

    let silent = room.member(1)?.caller.hears_nothing(SILENCE);
    silent.map_err(|finding| after("a silence of 1.5 s", finding.because(SILENT)))?;
    let lets_go = format!("* {} left", slow.name);
    let begun = Instant::now();
    let mut said = 0;
    while !talks_past(&mut room, &text, &lets_go)? {
        said += ROUND * text.len();
        if said > MUCH {
            let words = "16 MB were said, and the member who never reads is still there";
            return Err(Finding::new(words).because(ENDLESS));
        }
        if begun.elapsed() > TOO_LONG {
            let words =
                "a member never reads, and the others wait for it again and again";
            return Err(Finding::new(words).because(AGAIN));
        }
    }
    room.talks(trial)?;
    let listed = is_listed(&mut room, 0).and_then(|()| room.is_named(1, "eve"));
    listed.map_err(|finding| finding.or_because(LISTED))?;
    room.comes(trial)?;
    slow.caller.hears_that_it_is_over()
}

/// The first speaks, and the second hears it all: in time. Has the third been let go?
fn talks_past(room: &mut Room, text: &str, lets_go: &str) -> Outcome<bool> {
    let said = format!("<{}> {text}", room.member(0)?.name);
    let lines = vec![text; ROUND];
    room.member(0)?.sends(&lines.join("\n"))?;
    let mut is_told = false;
    let mut heard = 0;
    while heard < ROUND {
        let line = room.member(1)?.caller.hears_long_line();
        let line = line.map_err(|finding| match finding.has_waited() {
            true => finding.because(WAITS),
            false => finding,
        })?;
        if line == said.as_bytes() {
            heard += 1;
        } else if line.starts_with(lets_go.as_bytes()) && !is_told {
            is_told = true;
        } else {
            let words = "as member 2: another line came than member 1 had said";
            return Err(Finding::differs(words, said.as_bytes(), &line));
        }
    }
    if is_told {
        let line = room.member(0)?.caller.hears_long_line()?;
        if !line.starts_with(lets_go.as_bytes()) {
            let words = "as member 1: another line came than was expected";
            return Err(Finding::differs(words, lets_go.as_bytes(), &line));
        }
    }
    Ok(is_told)
}
