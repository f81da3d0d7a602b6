//! A flood told in few lines.
//!
//! The first transfers of a burst are told one by one. From then on, calls that follow
//! one another without a pause are added up, and told as one event for each call: when
//! the pause comes, when something else happens, or once a second. Nothing is left out:
//! the sum says how many calls it stands for, and their sizes.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::kit::event::{Call, Event, Phase, Run};

/// This many transfers in a row are told one by one: a typed conversation never has more.
const ONE_BY_ONE: u32 = 32;

/// A longer silence ends a burst.
const PAUSE: Duration = Duration::from_millis(100);

/// A burst that goes on is told this often.
const REPORT: Duration = Duration::from_secs(1);

/// Adds up what each thread says.
#[derive(Debug, Default)]
pub struct Runs {
    speakers: HashMap<Speaker, Burst>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Speaker {
    who: String,
    thread: String,
    connection: Option<u32>,
}

/// What one thread did without a pause.
#[derive(Debug, Default)]
struct Burst {
    transfers: u32,
    sums: Vec<Event>,
    announced: Option<Event>,
    since: Option<Instant>,
    latest: Option<Instant>,
}

impl Runs {
    /// Takes one event and hands on what is to be told now.
    pub fn push(&mut self, event: Event, now: Instant, tell: &mut impl FnMut(Event)) {
        let speaker = Speaker {
            who: event.who.clone().into_owned(),
            thread: event.thread.clone().into_owned(),
            connection: event.connection,
        };
        if is_close(&event) {
            // The last word of a thread: forget the thread with it.
            let mut burst = self.speakers.remove(&speaker).unwrap_or_default();
            burst.end(tell);
            return tell(event);
        }
        let burst = self.speakers.entry(speaker).or_default();
        burst.push(event, now, tell);
    }

    /// When to look again, even if nothing is said.
    pub fn due(&self) -> Option<Instant> {
        self.speakers.values().filter_map(Burst::due).min()
    }

    /// Tells the sums that have waited long enough.
    pub fn tick(&mut self, now: Instant, tell: &mut impl FnMut(Event)) {
        for burst in self.speakers.values_mut() {
            if burst.due().is_some_and(|due| due <= now) {
                let paused = burst.latest.is_some_and(|latest| latest + PAUSE <= now);
                burst.tell_sums(tell);
                if paused {
                    burst.end(tell);
                }
            }
        }
    }

    /// Tells everything that was kept.
    pub fn finish(&mut self, tell: &mut impl FnMut(Event)) {
        for (_, mut burst) in self.speakers.drain() {
            burst.end(tell);
        }
    }
}

impl Burst {
    fn push(&mut self, event: Event, now: Instant, tell: &mut impl FnMut(Event)) {
        if !is_transfer(&event) {
            self.end(tell);
            return tell(event);
        }
        if event.phase == Phase::Begin {
            if self.transfers < ONE_BY_ONE {
                return tell(event);
            }
            self.announced = Some(event);
            self.latest = Some(now);
            return;
        }
        let paused = event.waited_us.is_some_and(|us| Duration::from_micros(us) >= PAUSE);
        if paused {
            self.end(tell);
        }
        self.transfers += 1;
        if self.transfers <= ONE_BY_ONE {
            return tell(event);
        }
        self.announced = None;
        self.latest = Some(now);
        self.since.get_or_insert(now);
        match self.sums.iter_mut().find(|sum| sum.call == event.call) {
            Some(sum) => add(sum, &event),
            None => self.sums.push(event),
        }
    }

    fn due(&self) -> Option<Instant> {
        let pause = self.latest.map(|latest| latest + PAUSE);
        let report = self.since.map(|since| since + REPORT);
        pause.into_iter().chain(report).min()
    }

    fn tell_sums(&mut self, tell: &mut impl FnMut(Event)) {
        self.sums.drain(..).for_each(tell);
        self.since = None;
    }

    fn end(&mut self, tell: &mut impl FnMut(Event)) {
        self.tell_sums(tell);
        self.announced.take().into_iter().for_each(tell);
        self.transfers = 0;
        self.latest = None;
    }
}

/// Bytes on their way, before or after. The end of a stream and an error are told at
/// once.
fn is_transfer(event: &Event) -> bool {
    let moves = event.call.is_some_and(|call| call.sends() || call.receives());
    let moved = event.phase == Phase::Begin || event.bytes.is_some_and(|bytes| bytes > 0);
    moves && moved && event.error.is_none()
}

fn is_close(event: &Event) -> bool {
    event.phase == Phase::End && event.call == Some(Call::Close)
}

fn add(sum: &mut Event, event: &Event) {
    let (so_far, more) = (sum.bytes.unwrap_or(0), event.bytes.unwrap_or(0));
    let run = sum.run.get_or_insert(Run { calls: 1, smallest: so_far, largest: so_far });
    run.calls += 1;
    run.smallest = run.smallest.min(more);
    run.largest = run.largest.max(more);
    sum.bytes = Some(so_far + more);
    sum.waited_us = Some(sum.waited_us.unwrap_or(0) + event.waited_us.unwrap_or(0));
    if sum.addr != event.addr {
        sum.addr = None; // Several peers: none of them is the one.
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transfer(call: Call, bytes: u64) -> Event {
        Event {
            phase: Phase::End,
            call: Some(call),
            bytes: Some(bytes),
            ..Event::default()
        }
    }

    fn told(events: impl IntoIterator<Item = Event>) -> Vec<Event> {
        let (mut runs, mut told, now) = (Runs::default(), Vec::new(), Instant::now());
        for event in events {
            runs.push(event, now, &mut |event| told.push(event));
        }
        runs.finish(&mut |event| told.push(event));
        told
    }

    #[test]
    fn a_flood_is_added_up_and_nothing_is_lost() {
        let pairs =
            (1..=1000).flat_map(|n| [transfer(Call::Recv, n), transfer(Call::Send, n)]);
        let told = told(pairs);

        assert_eq!(told.len(), 34, "32 one by one, then a sum for each call");
        for call in [Call::Recv, Call::Send] {
            let of_call = told.iter().filter(|event| event.call == Some(call));
            let (calls, bytes) = of_call.fold((0, 0), |(calls, bytes), event| {
                (
                    calls + event.run.map_or(1, |run| run.calls),
                    bytes + event.bytes.unwrap(),
                )
            });
            assert_eq!((calls, bytes), (1000, 500_500));
        }
        let sum = told.last().unwrap().run.unwrap();
        assert_eq!((sum.smallest, sum.largest), (17, 1000));
    }

    #[test]
    fn the_end_of_the_stream_comes_after_the_sums() {
        let flood = (0..100).map(|_| transfer(Call::Recv, 5));
        let told = told(flood.chain([transfer(Call::Recv, 0)]));

        assert_eq!(told.last().unwrap().bytes, Some(0));
        assert_eq!(told[told.len() - 2].run.unwrap().calls, 68);
    }

    #[test]
    fn a_pause_tells_the_sums_and_then_the_call_that_waits() {
        let (mut runs, mut told, now) = (Runs::default(), Vec::new(), Instant::now());
        for _ in 0..40 {
            runs.push(transfer(Call::Recv, 5), now, &mut |event| told.push(event));
        }
        let waiting = Event { phase: Phase::Begin, ..transfer(Call::Recv, 0) };
        runs.push(waiting, now, &mut |event| told.push(event));
        assert_eq!(told.len(), 32, "the rest is kept while the burst goes on");

        assert_eq!(runs.due(), Some(now + PAUSE));
        runs.tick(now + PAUSE, &mut |event| told.push(event));

        assert_eq!(told[32].run.unwrap().calls, 8);
        assert_eq!(told[33].phase, Phase::Begin, "nobody waits in silence");
        assert_eq!(runs.due(), None, "an idle program sleeps");
    }
}
