//! Nothing happens, and nothing runs: who waits is woken, and does not look.

use std::time::Duration;

use super::LONG;
use super::talk::{Feed, LOOKS, Parked};
use crate::course::trial::{Activity, Finding, Outcome, Trial};

/// How many wait meanwhile, and for how long they are watched.
const MANY: usize = 20;
const WATCHED: Duration = Duration::from_secs(1);

/// So often something may wake in the program in that time: a clock, ten times a second.
/// Some programs have clocks of their own as well, also when nobody waits.
const WAKES: u64 = 15;
const OWN: u64 = 25;

/// So long it may compute, and so often it may have to be stopped.
const BUSY: Duration = Duration::from_millis(60);
const CUTS: u64 = 200;

/// The same client hears of news so often, each time soon after it has asked.
const TIMES: usize = 7;

/// How late the answers may be when nothing in the program wakes by itself. Who looks from
/// time to time is late by such a time, and each look is a waking: so two hands are caught.
const LATE: Duration = Duration::from_millis(200);
const HALF: Duration = Duration::from_millis(500);
const PROMPT: Duration = Duration::from_millis(15);

pub(super) fn sleeps(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let mut feed = Feed::default();
    feed.publishes(trial)?;
    let all = Parked::are_parked(trial, MANY, 1, LONG)?;
    let restless = trial.activity_in(WATCHED)?;
    feed.publishes(trial)?;
    for parked in all {
        parked.hears_newer(&feed)?;
    }
    let Some(restless) = restless else { return is_woken(trial, &mut feed, 0) };
    let second = "in a second in which nothing happened";
    let is_busy = |it: Activity| it.runs > BUSY || it.cuts > CUTS;
    if is_busy(restless) && !trial.activity_in(WATCHED)?.is_some_and(is_busy) {
        let busy = restless.runs.as_millis();
        let words = format!("{MANY} clients wait: {second}, it computed for {busy} ms");
        let cause = "a loop looks again and again, and never waits";
        return Err(Finding::new(words).because(cause));
    }
    let wakes = restless.wakes;
    if wakes > WAKES {
        let alone = trial.activity_in(WATCHED)?.unwrap_or_default().wakes;
        if wakes > WAKES + alone.min(OWN) {
            let words =
                format!("{MANY} clients wait: {second}, its threads woke {wakes} times");
            return Err(Finding::new(words).because(LOOKS));
        }
    }
    is_woken(trial, &mut feed, wakes)
}

/// Whoever looks from time to time has just looked when it answers, and is late again.
fn is_woken(trial: &mut Trial, feed: &mut Feed, wakes: u64) -> Outcome {
    let mut delays = Vec::new();
    for _ in 0..TIMES {
        let parked = Parked::asks(trial, feed.newest(), LONG)?;
        parked.caller.pauses();
        feed.publishes(trial)?;
        delays.push(parked.hears_newer(feed)?);
    }
    delays.sort();
    let median = delays.get(TIMES / 2).copied().unwrap_or_default();
    let wakes = u32::try_from(wakes).unwrap_or(u32::MAX);
    let limit = (HALF / wakes.max(1)).clamp(PROMPT, LATE);
    if median <= limit {
        return Ok(());
    }
    let median = median.as_millis();
    let words = format!(
        "of {TIMES} answers, half came {median} ms or more after the news; when nothing \
         happens, its threads wake {wakes} times a second"
    );
    Err(Finding::new(words).because(LOOKS))
}
