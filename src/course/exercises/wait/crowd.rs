//! Many at once: who wait, who bring news, who leave, and who does not read.

use super::LONG;
use super::talk::{AT_ONCE, Answer, Feed, Parked, connect, hears, named, post};
use crate::course::trial::{Caller, Finding, Outcome, Trial};

/// Who waits for the same piece.
const TEN: usize = 10;

/// More than the threads of a usual pool.
const FIFTY: usize = 50;

/// How often news and those who want it arrive together, and how many pieces each time.
const ROUNDS: usize = 32;
const POLLS: usize = 4;
const POSTS: usize = 8;

/// So much more comes behind them, a few pieces at a time: more than a short memory keeps.
const MORE: usize = 40;
const FEW: usize = 5;

/// Who leaves, and when their limit is over.
const LEAVERS: usize = 16;
const SOON: u64 = 400;

/// What may be left after all of them: less than one thing for each.
const SLACK: usize = 6;

/// So much news in one answer is more than two kernels keep for one who does not read.
const MUCH: usize = 16;
const LONG_PIECE: usize = 1 << 20;
const WORD: usize = 64;

pub(super) const ONE: &str = "one of those who wait is woken, and not all of them";
pub(super) const LOST: &str =
    "between the look and the sleep the lock is free, and news comes just then";
pub(super) const MIXED: &str = "a number is given and its piece is stored in two steps";
pub(super) const SHORT: &str =
    "all pieces are kept, however many: somebody may want them";
pub(super) const PAYS: &str =
    "an error of one write ends the program, or the loop over all who wait";
pub(super) const KEPT: &str = "who has left is kept for ever: its thread, or its stream";
pub(super) const LOCKED: &str = "a lock is held while an answer is written";
pub(super) const POOL: &str =
    "all threads of a pool wait, and nobody is left for new requests";

pub(super) fn ten(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let mut feed = Feed::default();
    feed.publishes(trial)?;
    for _ in 0..3 {
        let newest = feed.newest();
        let all = Parked::are_parked(trial, TEN, newest, LONG)?;
        for parked in &all {
            is_still_parked(parked)?;
        }
        feed.publishes(trial)?;
        for (who, parked) in (1..).zip(all) {
            let heard = parked.hears_newer(&feed);
            heard.map_err(|finding| {
                let words = format!("number {who} of {TEN} who wait");
                let silent = finding.has_waited();
                let finding = named(&words, finding);
                if silent { finding.or_because(ONE) } else { finding }
            })?;
        }
    }
    Ok(())
}

fn is_still_parked(parked: &Parked) -> Outcome {
    match parked.caller.is_spoken_to()? {
        false => Ok(()),
        true => Err(Finding::new("a request was answered, and there was nothing newer")
            .because(AT_ONCE)),
    }
}

/// News and those who want it come at the same moment, again and again. In which order they
/// are served is the program's choice; but everybody hears of something, and whoever goes
/// on from there hears everything once.
pub(super) fn between(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let mut feed = Feed::default();
    for round in 0..ROUNDS {
        let after = feed.newest();
        let many = if round % 4 == 0 { POSTS } else { 1 };
        let texts: Vec<_> = (0..many).map(|n| trial.random.word(13 - n)).collect();
        let callers = connect(trial, POLLS + texts.len())?;
        let (polls, posts) = trial.while_frozen(|_| rush(callers, after, &texts))?;
        (0..round % 3).for_each(|_| trial.freezes_and_thaws()); // All change places.
        number_all(&mut feed, posts, &texts)?;
        for mut parked in polls {
            let mut seen = after;
            loop {
                let heard = parked.hears_some_of(&feed);
                seen += heard.map_err(|finding| match finding.has_waited() {
                    true => finding.or_because(LOST),
                    false => finding,
                })?;
                if seen == feed.newest() {
                    break;
                }
                parked = Parked::asks(trial, seen, LONG)?;
            }
        }
    }
    for _ in 0..MORE {
        let texts: Vec<_> = (0..FEW).map(|n| trial.random.word(9 - n)).collect();
        let mut posts = connect(trial, FEW)?;
        for (caller, text) in posts.iter_mut().zip(&texts) {
            caller.sends(post(text).as_bytes())?;
        }
        number_all(&mut feed, posts, &texts)?;
    }
    let all = Parked::asks(trial, 0, LONG)?.hears_newer(&feed);
    all.map(drop).map_err(|finding| finding.or_because(SHORT))
}

/// Some ask before the news, and some behind it.
fn rush(
    mut callers: Vec<Caller>,
    after: usize,
    texts: &[String],
) -> Outcome<(Vec<Parked>, Vec<Caller>)> {
    let last = callers.split_off(POLLS / 2 + texts.len());
    let mut posts = callers.split_off(POLLS / 2);
    let asks = |caller| Parked::asks_on(caller, after, LONG);
    let mut polls = callers.into_iter().map(asks).collect::<Outcome<Vec<_>>>()?;
    for (caller, text) in posts.iter_mut().zip(texts) {
        caller.sends(post(text).as_bytes())?;
    }
    polls.extend(last.into_iter().map(asks).collect::<Outcome<Vec<_>>>()?);
    Ok((polls, posts))
}

/// The answers say in which order the pieces have come.
fn number_all(feed: &mut Feed, posts: Vec<Caller>, texts: &[String]) -> Outcome {
    let before = feed.newest();
    let mut came = vec![None; posts.len()];
    let mut numbers = Vec::new();
    for (caller, text) in posts.into_iter().zip(texts) {
        let answer = hears(caller, "POST /news")?;
        answer.has(201)?;
        let number = number_in(&answer)?;
        numbers.push(number.to_string());
        let place = number.checked_sub(before + 1).and_then(|at| came.get_mut(at));
        if let Some(place) = place {
            *place = Some(text.clone());
        }
    }
    let pieces: Option<Vec<_>> = came.into_iter().collect();
    let Some(pieces) = pieces else {
        let (first, last) = (before + 1, before + texts.len());
        let words = format!(
            "{} pieces came at the same moment: numbered {} instead of {first} to {last}",
            texts.len(),
            numbers.join(", ")
        );
        return Err(Finding::new(words).because(MIXED));
    };
    feed.pieces.extend(pieces);
    Ok(())
}

fn number_in(answer: &Answer) -> Outcome<usize> {
    let lines = answer.lines();
    let number = lines.first().and_then(|line| line.parse().ok());
    number.ok_or_else(|| Finding::new("POST /news: the answer's body is no number"))
}

pub(super) fn leaves(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let mut feed = Feed::default();
    feed.publishes(trial)?;
    // First so that it has whatever it needs for so many.
    leave(trial, &mut feed)?;
    Parked::asks(trial, feed.newest(), SOON)?.gives_up()?; // As the leavers' limit ends.
    trial.comes_to_rest();
    let before = trial.size()?;
    leave(trial, &mut feed)?;
    let shrinks = before.map_or(Ok(()), |before| trial.shrinks_to(before, SLACK));
    shrinks.map_err(|finding| finding.or_because(KEPT))
}

/// In all the ways there are.
fn leave(trial: &mut Trial, feed: &mut Feed) -> Outcome {
    leave_with_news(trial, feed)?;
    leave_with_news(trial, feed)?;
    // These leave, and no news comes before their limit is over.
    part(Parked::are_parked(trial, LEAVERS / 2, feed.newest(), SOON)?);
    Ok(())
}

/// Some leave before the news, some together with it.
fn leave_with_news(trial: &mut Trial, feed: &mut Feed) -> Outcome {
    let newest = feed.newest();
    let mut leavers = Parked::are_parked(trial, LEAVERS, newest, LONG)?;
    let stays = Parked::is_parked(trial, newest, LONG)?;
    let at_once = leavers.split_off(LEAVERS / 2);
    part(leavers);
    let text = trial.random.word(8);
    let mut caller = trial.caller()?;
    trial.while_frozen(|_| {
        part(at_once);
        caller.sends(post(&text).as_bytes())
    })?;
    let heard = feed.is_numbered(caller, &text);
    let heard = heard.and_then(|()| stays.hears_newer(feed));
    heard.map_err(|finding| {
        let words = "after others had left while they waited";
        named(words, finding.or_because(PAYS))
    })?;
    Ok(())
}

/// One half closes, the other resets.
fn part(leavers: Vec<Parked>) {
    for (i, parked) in leavers.into_iter().enumerate() {
        match i % 2 {
            0 => drop(parked),
            _ => parked.caller.resets(),
        }
    }
}

pub(super) fn fifty(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let mut feed = Feed::default();
    feed.publishes(trial)?;
    let silent = connect(trial, 2)?;
    for _ in 0..2 {
        let newest = feed.newest();
        let all = Parked::are_parked(trial, FIFTY, newest, LONG)?;
        let crowded = |finding: Box<Finding>| {
            let words = format!("while {FIFTY} clients wait");
            let blocked = finding.has_waited();
            let finding = named(&words, finding);
            if blocked { finding.or_because(POOL) } else { finding }
        };
        Parked::asks(trial, 0, LONG)?.hears_newer(&feed).map_err(crowded)?;
        feed.publishes(trial).map_err(crowded)?;
        for parked in all {
            parked.hears_newer(&feed)?;
        }
    }
    drop(silent);
    Parked::asks(trial, 0, LONG)?.hears_newer(&feed).map(drop)
}

/// One asks for everything and reads nothing. The others go on.
pub(super) fn deaf(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let mut feed = Feed::default();
    for _ in 0..MUCH {
        let text = trial.random.word(WORD).repeat(LONG_PIECE / WORD);
        feed.posts(trial, &text)?;
    }
    let mut deaf = Parked::asks(trial, 0, LONG)?;
    deaf.caller.waits_for_a_byte()?;
    let blocked = |finding: Box<Finding>| {
        let words = "while another one does not read its answer";
        let waited = finding.has_waited();
        let finding = named(words, finding);
        if waited { finding.or_because(LOCKED) } else { finding }
    };
    for _ in 0..3 {
        let parked = Parked::is_parked(trial, feed.newest(), LONG).map_err(blocked)?;
        feed.publishes(trial).map_err(blocked)?;
        parked.hears_newer(&feed).map_err(blocked)?;
    }
    Parked::asks(trial, MUCH, LONG)?.hears_newer(&feed).map_err(blocked)?;
    let all = Feed { pieces: feed.pieces.into_iter().take(MUCH).collect() };
    deaf.hears_newer(&all).map(drop) // It reads after all.
}
