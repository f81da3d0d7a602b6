//! The one event log: every thread speaks into it, one thread writes it down.

use std::collections::VecDeque;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, after, at, bounded, never, select};

use crate::kit::ear::{Asking, Ear, Entry, Inbox};
use crate::kit::event::Event;
use crate::kit::runs::Runs;
use crate::kit::say::Say;
use crate::kit::step::Steps;
use crate::kit::stop::Stop;
use crate::kit::untangle::Untangle;
use crate::kit::view::{HELD, Page};

/// How long the end of the program waits for a writer whose reader stands still.
const PATIENCE: Duration = Duration::from_secs(1);

/// The log and its writer.
#[derive(Debug)]
pub struct Log {
    ear: Option<Ear>,
    outcome: Receiver<io::Result<()>>,
    stop: Stop,
    /// Every line is wanted, however slow its reader is.
    whole: bool,
}

impl Log {
    /// A log that writes to `pages`; with `steps`, each call waits for Enter.
    pub fn start(pages: Vec<Page>, steps: Option<Steps>, stop: &Stop) -> io::Result<Log> {
        if pages.is_empty() {
            let (outcome, stop) = (never(), stop.clone());
            return Ok(Log { ear: None, outcome, stop, whole: false });
        }
        let (ear, inbox) = Ear::new(stop, steps.is_some());
        let (done, outcome) = bounded(1);
        let whole = pages.iter().any(Page::is_whole);
        let writer = Writer {
            pages,
            steps: steps.unwrap_or_else(Steps::none),
            runs: Runs::default(),
            untangle: Untangle::default(),
            inbox,
            seq: 0,
            time_us: 0,
            ask_at: None,
        };
        // Detached, because it may hang in a pipe that nobody reads: `finish` is patient,
        // but not for ever.
        thread::Builder::new().name("log".to_owned()).spawn(move || {
            let _ = done.send(writer.write()); // `finish` may have given up.
        })?;
        Ok(Log { ear: Some(ear), outcome, stop: stop.clone(), whole })
    }

    /// The voice of one participant.
    pub fn speaker(&self, who: &'static str) -> Say {
        Say::new(who, self.ear.clone())
    }

    /// Takes down an event of an earlier time.
    pub fn replay(&self, event: Event) {
        if let Some(ear) = &self.ear {
            ear.hear_again(event);
        }
    }

    /// Returns when everything said so far is written. Whoever asked for a recording, or for
    /// a picture on standard output, gets all of it, unless they ask us to stop.
    pub fn finish(self) -> io::Result<()> {
        let Some(ear) = self.ear else { return Ok(()) };
        if self.whole {
            select! {
                send(ear.entries(), Entry::Finish) -> _ => {}
                recv(self.stop.channel()) -> _ => {}
            }
            select! {
                recv(self.outcome) -> outcome => return outcome.unwrap_or(Ok(())),
                recv(self.stop.channel()) -> _ => {}
            }
        }
        let limit = after(PATIENCE);
        select! {
            send(ear.entries(), Entry::Finish) -> _ => {}
            recv(limit) -> _ => return Ok(()), // Whoever should read this stands still.
        }
        select! {
            recv(self.outcome) -> outcome => outcome.unwrap_or(Ok(())),
            recv(limit) -> _ => Ok(()),
        }
    }
}

/// The writing thread.
struct Writer {
    pages: Vec<Page>,
    steps: Steps,
    runs: Runs,
    untangle: Untangle,
    inbox: Inbox,
    seq: u64,
    /// When the last event happened.
    time_us: u64,
    /// When to ask for the next Enter, if something is still to be shown before.
    ask_at: Option<Instant>,
}

impl Writer {
    fn write(mut self) -> io::Result<()> {
        let (mut asking, mut catching_up) = (VecDeque::new(), Vec::new());
        loop {
            if self.inbox.entries.is_empty() {
                self.pages.iter_mut().for_each(Page::flush);
            }
            let timer = self.due().map_or_else(never, at);
            select! {
                recv(self.inbox.entries) -> entry => match entry {
                    Ok(Entry::Event(event, missed)) => {
                        self.tell_gap(missed);
                        self.push(*event);
                    }
                    Ok(Entry::Past(event)) => self.number(*event),
                    Ok(Entry::Ask(asked)) => asking.push_back(asked),
                    Ok(Entry::Caught(line)) => catching_up.push(line),
                    Ok(Entry::Finish) | Err(_) => break,
                },
                recv(timer) -> _ => self.tick(Instant::now()),
                recv(self.steps.presses()) -> press => match press {
                    Ok(()) if self.steps.pressed() => self.go_on(asking.pop_front()),
                    Ok(()) => {} // Nobody had asked.
                    Err(_) => self.steps.end(),
                },
                recv(self.steps.stopped()) -> _ => self.steps.end(),
            }
            if !catching_up.is_empty() && self.untangle.due().is_none() {
                self.pages.iter_mut().for_each(Page::flush);
                catching_up.clear();
            }
            self.ask_next(&mut asking);
        }
        self.end()
    }

    /// Asks for Enter before the next call, or lets everybody go on when nobody steps.
    fn ask_next(&mut self, asking: &mut VecDeque<Asking>) {
        if self.steps.over() {
            asking.drain(..).for_each(|asked| self.go_on(Some(asked)));
        } else if !self.steps.is_asking() && !asking.is_empty() {
            // Let what has just happened be shown, and let the others come to their next
            // call. Whoever is to receive is asked first: the server.
            let now = Instant::now();
            if now < *self.ask_at.get_or_insert(now + HELD) {
                return;
            }
            self.ask_at = None;
            asking.make_contiguous().sort_by_key(|(event, _)| event.who == "client");
            self.steps.ask(&asking[0].0, &mut self.pages[0]);
        }
    }

    /// The call may be made.
    fn go_on(&mut self, asked: Option<Asking>) {
        if let Some((event, gate)) = asked {
            self.pages[0].answered();
            self.push(*event);
            drop(gate); // Its thread goes on.
        }
    }

    fn push(&mut self, event: Event) {
        if !self.steps.over() {
            return self.number(event);
        }
        let (now, mut told) = (Instant::now(), Vec::new());
        self.runs.push(event, now, &mut |event| told.push(event));
        self.tell(told, now);
    }

    /// Folded events, in the order of cause and effect.
    fn tell(&mut self, events: Vec<Event>, now: Instant) {
        let mut told = Vec::new();
        for event in events {
            self.untangle.push(event, now, &mut |event| told.push(event));
        }
        told.into_iter().for_each(|event| self.number(event));
    }

    /// What found no room in the queue is gone, but not in silence.
    fn tell_gap(&mut self, missed: u64) {
        if missed > 0 {
            let text =
                format!("{missed} events are missing here: nobody took them in time");
            self.number(Event {
                text: Some(text),
                time_us: self.time_us,
                ..Event::default()
            });
        }
    }

    fn number(&mut self, mut event: Event) {
        self.seq += 1;
        event.seq = self.seq;
        self.time_us = event.time_us;
        self.pages.iter_mut().for_each(|page| page.show(&event));
    }

    fn due(&self) -> Option<Instant> {
        let pages = self.pages.iter().filter_map(Page::due);
        pages.chain(self.runs.due()).chain(self.untangle.due()).chain(self.ask_at).min()
    }

    fn tick(&mut self, now: Instant) {
        let mut told = Vec::new();
        self.runs.tick(now, &mut |event| told.push(event));
        self.tell(told, now);
        let mut late = Vec::new();
        self.untangle.tick(now, &mut |event| late.push(event));
        late.into_iter().for_each(|event| self.number(event));
        self.pages.iter_mut().for_each(|page| page.tick(now));
    }

    fn end(mut self) -> io::Result<()> {
        self.tell_gap(self.inbox.missed());
        let mut told = Vec::new();
        self.runs.finish(&mut |event| told.push(event));
        self.tell(told, Instant::now());
        let mut late = Vec::new();
        self.untangle.finish(&mut |event| late.push(event));
        late.into_iter().for_each(|event| self.number(event));
        self.pages.into_iter().map(Page::finish).fold(Ok(()), io::Result::and)
    }
}
