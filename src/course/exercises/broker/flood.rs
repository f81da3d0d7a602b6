//! One subscriber does not read, and more is published than any kernel takes for it.

use std::time::{Duration, Instant};

use super::{LONGEST, delivery, publishes, subscriber};
use crate::course::trial::{Caller, Finding, Outcome, PATIENCE, Trial};

/// Who does not read may make others wait for a second, once. A busy machine takes longer.
const HELD_UP: Duration = Duration::from_secs(3);

/// Lines that were sent at once and took so long have waited, and for longer than a busy
/// machine makes them, if they took ten times as long as before.
const WAITED: Duration = Duration::from_millis(500);
const TIMES: u32 = 10;

/// So long may all waits take together: a right program lets others wait for a second.
const ALL_WAITS: Duration = Duration::from_secs(6);

/// So much longer may all lines take than without the one who does not read. A machine can
/// have become busy meanwhile.
const WHOLE_FLOOD: Duration = Duration::from_secs(30);

/// So many lines are more than both kernels take for somebody who does not read.
const KERNELS: usize = 1_800;

/// So many are published while one does not read. It may keep a thousand of them.
const FLOOD: usize = 8_000;

/// So many are published before: the program then has what it needs for the others, and
/// shows how fast it is.
const WARM: usize = 640;

/// A program that has kept so much has no limit, or none that a page would call one.
const KEPT: u64 = 36 << 20;

/// So long all is full for the one who does not read. A program may lose its patience.
const STUCK: Duration = Duration::from_millis(600);

/// So many lines are sent at once.
const BATCH: usize = 8;

/// So many lines may be under way. A program has to keep a hundred.
const UNDER_WAY: usize = 64;

pub(super) const STALLED: &str =
    "it writes to the one who does not read, and others wait: for a lock, or the loop";
pub(super) const EACH_WAITS: &str =
    "it waits for room in a full queue with a limit, and again for the next line";
const TORN: &str = "a line was written in part, and the rest thrown away";
const FORGOTTEN: &str = "it is in no list any more, and its connection is still open";

/// One does not read. Others do, and come, and go. Then it reads: whole lines, until it is
/// let go or is served again.
pub(super) fn stuck(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let topic = trial.random.word(6);
    let mut ann = subscriber(trial, &topic)?.plays("a subscriber who reads");
    let mut publisher = trial.caller()?.plays("the publisher");
    let mut flood = Flood::of(trial, &topic);
    flood.warms(&mut publisher, &mut ann)?;
    let mut mute = subscriber(trial, &topic)?.plays("the one who did not read");
    flood.flows(KERNELS, &mut publisher, &mut ann)?;
    let begun = Instant::now();
    while begun.elapsed() < STUCK {
        flood.flows(BATCH, &mut publisher, &mut ann)?;
        mute.pauses();
    }
    let mut bob = subscriber(trial, &topic)?.plays("one who came later");
    flood.flows(BATCH, &mut publisher, &mut ann)?;
    bob.hears(&flood.batch("", flood.heard - BATCH))?;
    reads_after_all(&mut mute, &mut publisher, &flood)
}

fn reads_after_all(mute: &mut Caller, publisher: &mut Caller, flood: &Flood) -> Outcome {
    let mut heard = Vec::new();
    let mut asked = None;
    let begun = Instant::now();
    let marker = |n: usize| delivery(&flood.topic, &format!("marker {n}"));
    let is_over = loop {
        match mute.catches(Duration::from_millis(300))? {
            None => break true,
            Some(more) if more.is_empty() => {
                let n = asked.map_or(0, |n: usize| n + 1);
                if asked.is_some_and(|n| heard.ends_with(&marker(n))) {
                    break false;
                }
                if begun.elapsed() > 2 * PATIENCE {
                    let words = "as the one who did not read: when it reads again, nothing \
                                 comes, and no end of the stream";
                    return Err(Finding::new(words).because(FORGOTTEN));
                }
                publishes(publisher, &flood.topic, &format!("marker {n}"))?;
                asked = Some(n);
            }
            Some(more) => heard.extend(more),
        }
    };
    let mut lines: Vec<_> = heard.split_inclusive(|byte| *byte == b'\n').collect();
    if is_over {
        lines.pop_if(|last| !last.ends_with(b"\n"));
    }
    let mut last = None;
    for line in lines {
        let number = flood.number_of(line);
        let is_marker = asked.is_some_and(|n| (0..=n).any(|n| line == marker(n)));
        if is_marker {
            continue;
        }
        let expected = flood.line(number.unwrap_or(0));
        if number.is_none() || line != expected {
            let words = "as the one who did not read: a line is not as it was published";
            return Err(Finding::differs(words, &expected, line).because(TORN));
        }
        if last >= number {
            let words = "as the one who did not read: a line came out of order, or twice";
            return Err(Finding::differs(words, b"", line));
        }
        last = number;
    }
    Ok(())
}

pub(super) fn bounded(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let topic = trial.random.word(6);
    let mut ann = subscriber(trial, &topic)?.plays("a subscriber who reads");
    let mut publisher = trial.caller()?.plays("the publisher");
    let mut flood = Flood::of(trial, &topic);
    flood.warms(&mut publisher, &mut ann)?;
    let before = trial.memory()?;
    let mute = subscriber(trial, &topic)?;
    flood.flows(FLOOD, &mut publisher, &mut ann)?;
    let now = trial.memory()?;
    drop(mute);
    let grown = now.zip(before).map_or(0, |(now, before)| now.saturating_sub(before));
    if grown > KEPT {
        let words = format!(
            "{} MiB were published while one did not read, and the program has grown by \
             {} MiB",
            (FLOOD * LONGEST) >> 20,
            grown >> 20
        );
        return Err(Finding::new(words));
    }
    Ok(())
}

/// Long lines with numbers, published and heard.
struct Flood {
    topic: String,
    filling: String,
    sent: usize,
    heard: usize,
    /// What lines sent at once took before somebody did not read.
    usual: Duration,
    /// Since then: all time, and that of the lines that have waited.
    spent: Duration,
    waited: Duration,
}

impl Flood {
    fn of(trial: &mut Trial, topic: &str) -> Flood {
        let length = LONGEST - "PUB  000000 ".len() - topic.len();
        let filling = trial.random.word(length);
        let (topic, zero) = (topic.to_owned(), Duration::ZERO);
        Flood {
            topic,
            filling,
            sent: 0,
            heard: 0,
            usual: zero,
            spent: zero,
            waited: zero,
        }
    }

    /// As it is delivered.
    fn line(&self, number: usize) -> Vec<u8> {
        delivery(&self.topic, &format!("{number:06} {}", self.filling))
    }

    /// Several lines, with these words before each.
    fn batch(&self, before: &str, first: usize) -> Vec<u8> {
        let mut batch = Vec::new();
        for number in first..first + BATCH {
            batch.extend_from_slice(before.as_bytes());
            batch.extend_from_slice(&self.line(number));
        }
        batch
    }

    fn number_of(&self, line: &[u8]) -> Option<usize> {
        let digits = line.get(self.topic.len() + 1..self.topic.len() + 7)?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    }

    /// The first lines, while everybody reads.
    fn warms(&mut self, mouth: &mut Caller, ear: &mut Caller) -> Outcome {
        self.flows(WARM, mouth, ear)?;
        self.usual = self.spent * BATCH as u32 / WARM as u32;
        (self.spent, self.waited) = (Duration::ZERO, Duration::ZERO);
        Ok(())
    }

    /// So many lines more, all of which `ear` hears, in time. A few are always under way:
    /// a program whose kernel waits for more before it sends is not slow.
    fn flows(&mut self, lines: usize, mouth: &mut Caller, ear: &mut Caller) -> Outcome {
        let end = self.sent + lines;
        let late = |finding: Box<Finding>| match finding.has_waited() {
            true => finding.because(STALLED),
            false => finding,
        };
        while self.heard < end {
            let begun = Instant::now();
            if self.sent < end {
                mouth.sends(&self.batch("PUB ", self.sent)).map_err(late)?;
                self.sent += BATCH;
            }
            if self.sent == end || self.sent - self.heard >= UNDER_WAY {
                ear.hears(&self.batch("", self.heard)).map_err(late)?;
                self.heard += BATCH;
            }
            self.is_in_time(begun.elapsed())?;
        }
        Ok(())
    }

    /// Lines sent at once took so long: no wait is long, and neither are all together.
    fn is_in_time(&mut self, time: Duration) -> Outcome {
        self.spent += time;
        if time > WAITED.max(TIMES * self.usual) {
            self.waited += time;
        }
        let (words, time, cause) = if time > HELD_UP {
            ("and for the others a line took", time, STALLED)
        } else if self.waited > ALL_WAITS {
            (
                "and the others had to wait again and again, in all for",
                self.waited,
                EACH_WAITS,
            )
        } else if self.spent > WHOLE_FLOOD + self.usual_for_all() {
            ("and all was slow for the others: so far it took", self.spent, EACH_WAITS)
        } else {
            return Ok(());
        };
        let words = format!("one did not read, {words} {:.1} s", time.as_secs_f64());
        Err(Finding::new(words).because(cause))
    }

    /// More than all lines so far take if the machine is as busy as before.
    fn usual_for_all(&self) -> Duration {
        TIMES * self.usual * u32::try_from(self.heard / BATCH).unwrap_or(u32::MAX)
    }
}
