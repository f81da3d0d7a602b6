//! The event loop: takes an event off the queue, calls its handler, and again.

use std::collections::BTreeMap;
use std::fmt;
use std::mem;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, select_biased};

use super::log::Log;
use super::outbox::{Letter, Outbox, Put};
use crate::kit::error::Result;
use crate::kit::say::Say;
use crate::kit::stop::Stop;
use crate::kit::text::several;
use crate::proto::chat::{Refusal, guest};
use crate::proto::hall::{Hall, Post};

/// How long the last letters may take.
const GRACE: Duration = Duration::from_millis(500);

/// Letters are posted when no event waits, or when there are so many bytes of them: many
/// events that come at once make one send for each member. And a few bytes can ask for many:
/// whoever does that has to read before he is answered further, and cannot fill our memory.
const LARGE: usize = 64 * 1024;

/// What can happen to a chat. Readers put these on the queue.
pub(super) enum Event {
    Joined(u32, Outbox),
    Said(u32, Vec<std::result::Result<String, Refusal>>),
    /// And why, if it was not by itself.
    Left(u32, Option<&'static str>),
}

/// Who is here, and where to leave what they are to read.
pub(super) struct Room<'a> {
    hall: Hall,
    outboxes: BTreeMap<u32, Outbox>,
    /// Bytes of letters that have not been posted.
    unsent: usize,
    /// Counts the turns of the loop.
    turn: u64,
    log: Option<Log>,
    say: &'a Say,
}

impl<'a> Room<'a> {
    pub(super) fn new(hall: Hall, log: Option<Log>, say: &'a Say) -> Room<'a> {
        Room { hall, outboxes: BTreeMap::new(), unsent: 0, turn: 0, log, say }
    }

    /// Until somebody stops us, all have left, or the log cannot be written.
    pub(super) fn run(mut self, queue: &Receiver<Event>, stop: &Stop) -> Result<()> {
        let outcome = self.take_each(queue, stop);
        self.say_goodbye();
        outcome
    }

    /// The loop. It waits for events here, and nowhere else.
    fn take_each(&mut self, queue: &Receiver<Event>, stop: &Stop) -> Result<()> {
        loop {
            select_biased! {
                recv(stop.channel()) -> _ => break,
                recv(queue) -> event => match event {
                    Ok(event) => self.handle(event, queue.len())?,
                    Err(_) => return Ok(()), // All have left, and nobody will come.
                },
            }
            if queue.is_empty() {
                self.post_all()?;
            }
        }
        for event in queue.try_iter().take(queue.len()) {
            self.handle(event, queue.len())?; // What was heard before is still told.
        }
        self.post_all()
    }

    /// One turn: the handler runs to its end before the next event is looked at.
    fn handle(&mut self, event: Event, waiting: usize) -> Result<()> {
        let say = self.say;
        self.turn += 1;
        say.taking_off(event.name(), self.describe(&event), waiting);
        match event {
            Event::Joined(member, outbox) => self.on_joined(member, outbox),
            Event::Said(member, lines) => self.on_said(member, lines),
            Event::Left(member, why) => self.on_left(member, why),
        }
    }

    fn on_joined(&mut self, member: u32, outbox: Outbox) -> Result<()> {
        let say = self.say;
        self.outboxes.insert(member, outbox);
        let post = self.hall.enter(member);
        let told = self.deliver(post)?;
        say.handled("on_joined", told);
        Ok(())
    }

    fn on_said(
        &mut self,
        member: u32,
        lines: Vec<std::result::Result<String, Refusal>>,
    ) -> Result<()> {
        let (say, mut post, mut told) = (self.say, Post::default(), 0);
        for line in lines {
            match line {
                Ok(line) => self.hall.hear(member, &line, &mut post),
                Err(refusal) => post.refuse(member, &refusal),
            }
            if post.leaving {
                break;
            }
            if post.size > LARGE {
                told += self.deliver(mem::take(&mut post))?;
            }
        }
        let leaving = post.leaving;
        told += self.deliver(post)?;
        if leaving {
            told += self.dismiss(member, None)?;
        }
        say.handled("on_said", told);
        Ok(())
    }

    fn on_left(&mut self, member: u32, why: Option<&str>) -> Result<()> {
        let say = self.say;
        let told = self.dismiss(member, why)?;
        say.handled("on_left", told);
        Ok(())
    }

    /// Without its outbox a member hears nothing more: its writer sends what it has, and
    /// ends the stream.
    fn dismiss(&mut self, member: u32, why: Option<&str>) -> Result<usize> {
        if let Some(mut outbox) = self.outboxes.remove(&member) {
            outbox.post(); // Taken or not, it was the last time.
        }
        let post = self.hall.leave(member, why);
        self.deliver(post)
    }

    /// Tells the observers, and counts them: leaves a letter in each one's outbox.
    fn deliver(&mut self, post: Post) -> Result<usize> {
        if let Some(log) = &mut self.log {
            log.write(&post.said)?;
        }
        let mut told = 0;
        for letter in post.letters {
            let text = Letter::from(letter.text.into_bytes());
            self.unsent += text.len();
            for member in self.hall.readers(&letter.to) {
                if let Some(outbox) = self.outboxes.get_mut(&member) {
                    told += usize::from(outbox.add(&text, self.turn));
                }
            }
        }
        if self.unsent > LARGE {
            self.post_all()?;
        }
        Ok(told)
    }

    /// Empties the outboxes. Whoever does not read is let go, and the others are told.
    fn post_all(&mut self) -> Result<()> {
        self.unsent = 0;
        let put = |(member, outbox): (&u32, &mut Outbox)| (*member, outbox.post());
        let trouble = |(_, put): &(u32, Put)| *put != Put::Taken;
        let trouble: Vec<_> = self.outboxes.iter_mut().map(put).filter(trouble).collect();
        for (member, put) in trouble {
            match put {
                Put::Taken => {}
                Put::Gone => self.hang_up(member),
                Put::Stuck => {
                    let post = self.let_go(member);
                    self.deliver(post)?;
                }
            }
        }
        match self.unsent {
            0 => Ok(()),
            _ => self.post_all(), // Somebody was let go.
        }
    }

    fn let_go(&mut self, member: u32) -> Post {
        let (say, name) = (self.say, self.hall.name(member).unwrap_or_default());
        say.note(format_args!("{name} does not read, and all wait: let go"));
        self.hang_up(member);
        self.hall.leave(member, Some("did not read"))
    }

    /// Its writer ends, and its reader, and says that this member has left.
    fn hang_up(&mut self, member: u32) {
        if let Some(outbox) = self.outboxes.remove(&member) {
            outbox.cut(self.say);
        }
    }

    /// Whoever can hear it is told, and has a moment to read what came before it.
    fn say_goodbye(&mut self) {
        if self.outboxes.is_empty() {
            return;
        }
        let (say, present) = (self.say, several(self.outboxes.len(), "member"));
        say.note(format_args!("stopping: saying goodbye to {present}"));
        let goodbye = Letter::from(&b"* goodbye: the server is stopping\n"[..]);
        let outboxes = mem::take(&mut self.outboxes).into_values();
        let written: Vec<_> =
            outboxes.map(|outbox| outbox.close_with(&goodbye)).collect();
        let deadline = Instant::now() + GRACE;
        for writer in written {
            let _ = writer.recv_deadline(deadline); // Late or not, we go on.
        }
    }

    /// Whom an event is about, and what it brings.
    fn describe<'b>(&'b self, event: &'b Event) -> Description<'b> {
        let member = event.member();
        Description { member, name: self.hall.name(member), event }
    }
}

impl Event {
    fn name(&self) -> &'static str {
        match self {
            Event::Joined(..) => "joined",
            Event::Said(..) => "said",
            Event::Left(..) => "left",
        }
    }

    fn member(&self) -> u32 {
        let (Event::Joined(member, _) | Event::Said(member, _) | Event::Left(member, _)) =
            self;
        *member
    }
}

/// An event in words: written only if somebody reads them.
struct Description<'a> {
    member: u32,
    name: Option<&'a str>,
    event: &'a Event,
}

impl fmt::Display for Description<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name, self.event) {
            (Some(name), _) => f.write_str(name)?,
            (None, Event::Left(..)) => f.write_str("somebody who had left")?,
            (None, _) => f.write_str(&guest(self.member))?, // Not here yet.
        }
        match self.event {
            Event::Said(_, lines) => {
                match lines.first() {
                    Some(Ok(line)) => write!(f, ": {line}")?,
                    Some(Err(refusal)) => write!(f, ": {refusal}")?,
                    None => {}
                }
                match lines.len() {
                    0 | 1 => Ok(()),
                    n => write!(f, " … {n} lines"),
                }
            }
            Event::Left(_, Some(why)) => write!(f, ": {why}"),
            Event::Joined(..) | Event::Left(..) => Ok(()),
        }
    }
}
