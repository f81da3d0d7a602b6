//! The one event log: every thread speaks into it, one thread writes it down.
//!
//! Speaking never blocks. If the writer cannot keep up (a terminal that stands still, a
//! full pipe), what is too much is counted and the count is told.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, at, bounded, never, select};

use crate::kit::event::{Event, Phase};
use crate::kit::runs::Runs;
use crate::kit::say::Say;
use crate::kit::step::Steps;
use crate::kit::stop::Stop;
use crate::kit::view::{HELD, Page};

/// Events that may wait to be written: the coming and going of a thousand clients.
const WAITING: usize = 16 * 1024;

/// How long the end of the program waits for a writer whose reader stands still.
const PATIENCE: Duration = Duration::from_secs(1);

/// The log and its writer.
#[derive(Debug)]
pub struct Log {
    ear: Option<Ear>,
    outcome: Receiver<io::Result<()>>,
}

/// Where a [`Say`] puts its events.
#[derive(Clone, Debug)]
pub struct Ear {
    entries: Sender<Entry>,
    missed: Arc<AtomicU64>,
    started: Instant,
    steps: Option<Stop>,
}

#[derive(Debug)]
enum Entry {
    Event(Box<Event>),
    /// Somebody waits for Enter before this call.
    Ask(Asking),
    Finish,
}

/// A call to come, and the line that holds its thread: dropping it lets the thread go on.
type Asking = (Box<Event>, Sender<Infallible>);

impl Log {
    /// A log that writes to `pages`; with `steps`, each call waits for Enter.
    pub fn start(pages: Vec<Page>, steps: Option<Steps>, stop: &Stop) -> io::Result<Log> {
        if pages.is_empty() {
            return Ok(Log { ear: None, outcome: never() });
        }
        let (entries, inbox) = bounded(WAITING);
        let (done, outcome) = bounded(1);
        let missed = Arc::new(AtomicU64::new(0));
        let ear = Ear {
            entries,
            missed: Arc::clone(&missed),
            started: Instant::now(),
            steps: steps.is_some().then(|| stop.clone()),
        };
        let steps = steps.unwrap_or_else(Steps::none);
        let writer =
            Writer { pages, steps, runs: Runs::default(), missed, seq: 0, ask_at: None };
        // Detached, because it may hang in a pipe that nobody reads: `finish` is patient,
        // but not for ever.
        thread::Builder::new().name("log".to_owned()).spawn(move || {
            let _ = done.send(writer.write(&inbox)); // `finish` may have given up.
        })?;
        Ok(Log { ear: Some(ear), outcome })
    }

    /// The voice of one participant.
    pub fn speaker(&self, who: &'static str) -> Say {
        Say::new(who, self.ear.clone())
    }

    /// Takes down an event of an earlier time. Waits for the writer, so nothing is missed.
    pub fn replay(&self, event: Event) {
        let Some(ear) = &self.ear else { return };
        let entry = match (&ear.steps, event.phase) {
            (Some(stop), Phase::Begin) => return ear.ask(event, stop),
            _ => Entry::Event(Box::new(event)),
        };
        let _ = ear.entries.send(entry); // The writer outlives us.
    }

    /// Returns when everything said so far is written.
    pub fn finish(self) -> io::Result<()> {
        let Some(ear) = self.ear else { return Ok(()) };
        let deadline = Instant::now() + PATIENCE;
        if ear.entries.send_deadline(Entry::Finish, deadline).is_err() {
            return Ok(()); // Whoever should read this stands still.
        }
        self.outcome.recv_deadline(deadline).unwrap_or(Ok(()))
    }
}

impl Ear {
    /// Takes an event down. Never waits, except while somebody steps.
    pub fn hear(&self, event: Event) {
        let entry = Entry::Event(Box::new(self.timed(event)));
        if self.steps.is_some() {
            let _ = self.entries.send(entry); // The writer outlives every speaker.
        } else if self.entries.try_send(entry).is_err() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes an event down before its call; while somebody steps, waits for their Enter.
    pub fn hear_before(&self, event: Event) {
        match &self.steps {
            Some(stop) => self.ask(self.timed(event), stop),
            None => self.hear(event),
        }
    }

    fn ask(&self, event: Event, stop: &Stop) {
        let (gate, opened) = bounded(0);
        let _ = self.entries.send(Entry::Ask((Box::new(event), gate)));
        stop.wait_unless(&opened);
    }

    fn timed(&self, mut event: Event) -> Event {
        let time = self.started.elapsed().as_micros();
        event.time_us = u64::try_from(time).unwrap_or(u64::MAX);
        event
    }
}

/// The writing thread.
struct Writer {
    pages: Vec<Page>,
    steps: Steps,
    runs: Runs,
    missed: Arc<AtomicU64>,
    seq: u64,
    /// When to ask for the next Enter, if something is still to be shown before.
    ask_at: Option<Instant>,
}

impl Writer {
    fn write(mut self, inbox: &Receiver<Entry>) -> io::Result<()> {
        let mut asking = VecDeque::new();
        loop {
            if inbox.is_empty() {
                self.pages.iter_mut().for_each(Page::flush);
            }
            let timer = self.due().map_or_else(never, at);
            select! {
                recv(inbox) -> entry => match entry {
                    Ok(Entry::Event(event)) => self.push(*event),
                    Ok(Entry::Ask(asked)) => asking.push_back(asked),
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
            self.ask_next(&mut asking);
        }
        self.end()
    }

    /// Asks for Enter before the next call, or lets everybody go on when nobody steps.
    fn ask_next(&mut self, asking: &mut VecDeque<Asking>) {
        if self.steps.over() {
            asking.drain(..).for_each(|asked| self.go_on(Some(asked)));
        } else if let Some((event, _)) =
            asking.front().filter(|_| !self.steps.is_asking())
        {
            // What has just happened is shown first, if it comes at once.
            let now = Instant::now();
            let holding = self.pages.iter().any(Page::is_holding);
            if holding && now < *self.ask_at.get_or_insert(now + HELD) {
                return;
            }
            self.ask_at = None;
            self.steps.ask(event, &mut self.pages[0]);
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
        let missed = self.missed.swap(0, Ordering::Relaxed);
        if missed > 0 {
            let text =
                format!("{missed} events are missing here: nobody took them in time");
            self.number(Event {
                text: Some(text),
                time_us: event.time_us,
                ..Event::default()
            });
        }
        if self.steps.wanted() {
            return self.number(event);
        }
        let mut told = Vec::new();
        self.runs.push(event, Instant::now(), &mut |event| told.push(event));
        told.into_iter().for_each(|event| self.number(event));
    }

    fn number(&mut self, mut event: Event) {
        self.seq += 1;
        event.seq = self.seq;
        self.pages.iter_mut().for_each(|page| page.show(&event));
    }

    fn due(&self) -> Option<Instant> {
        let pages = self.pages.iter().filter_map(Page::due);
        pages.chain(self.runs.due()).chain(self.ask_at).min()
    }

    fn tick(&mut self, now: Instant) {
        let mut told = Vec::new();
        self.runs.tick(now, &mut |event| told.push(event));
        told.into_iter().for_each(|event| self.number(event));
        self.pages.iter_mut().for_each(|page| page.tick(now));
    }

    fn end(mut self) -> io::Result<()> {
        let mut told = Vec::new();
        self.runs.finish(&mut |event| told.push(event));
        told.into_iter().for_each(|event| self.number(event));
        self.pages.into_iter().map(Page::finish).fold(Ok(()), io::Result::and)
    }
}
