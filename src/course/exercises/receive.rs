//! Lesson 12: the receiver of a file over a network that loses, doubles and reorders.
//!
//! Each check is the sender, and the network as well: it knows what it has lost, so it
//! need not wait for it.

mod causes;
mod file;

use std::time::{Duration, Instant};

use self::causes::{
    AS_IT_CAME, BEHIND, BY_STRANGERS, FIRST, HALF_A_FILE, HIGHEST, LAST_BLOCK,
    LEAVES_EARLY, NO_BLOCK, NO_FAILURE, NO_LIMIT, NOT_ACKED_AGAIN, NOT_AGAIN, NOT_YET,
    ONLY_NEW, ONLY_THE_LAST, OTHER_LIMIT, STAYS_SILENT, TAKEN_FOR_NEW, TOO_EARLY,
    TOO_SHORT, WHOLE_FILE, acknowledged_instead, why_not_acknowledged, why_not_received,
};
use self::file::{BLOCK, block, blocks, text};
use crate::course::trial::{
    Check, Correspondent, Ended, Exercise, Finding, Outcome, PATIENCE, Trial,
};
use crate::proto::datagram_faults::{Chance, DatagramFaults};

/// For checks in which neither limit matters: nothing is sent behind the last block.
const GIVE_UP: &str = "10000";
const LINGER: &str = "100";

/// For the checks of the limits themselves.
const LIMIT: Duration = Duration::from_millis(1200);

/// Clocks and timers are counted in whole milliseconds, or in more.
const ROUNDING: Duration = Duration::from_millis(50);

/// So often, and each time for so long, nothing is sent: together longer than the limit.
const PAUSES: usize = 5;
const PAUSE: Duration = Duration::from_millis(250);

const START: &str = "{work} 10000 1000 127.0.0.1:7878";

pub(super) const EXERCISE: Exercise = Exercise {
    lesson: 12,
    checks: &[
        Check {
            id: "plain",
            says: "files of many lengths, on a good network",
            talk: plain,
            causes: &[
                "a block number has two bytes, big-endian, and the first one is 1",
                LAST_BLOCK,
                AS_IT_CAME,
                "each block is acknowledged once, with its own number, from the same socket",
            ],
            by_hand: &[START, r"printf '\0\1hello' | sockdemo udp-client"],
        },
        Check {
            id: "loss",
            says: "a fifth of all datagrams is lost",
            talk: loss,
            causes: &[TAKEN_FOR_NEW, NOT_ACKED_AGAIN],
            by_hand: &[START, r"printf '\0\1hello\n\0\1hello' | sockdemo udp-client"],
        },
        Check {
            id: "duplicates",
            says: "datagrams come two or three times",
            talk: duplicates,
            causes: &[
                "what waits in the receive buffer is thrown away after a block",
                "the repetition of a block is acknowledged less often than it comes",
            ],
            by_hand: &[START, r"printf '\0\1hello\n\0\1hello' | sockdemo udp-client"],
        },
        Check {
            id: "reordering",
            says: "old blocks come late, others too early",
            talk: reordering,
            causes: &[
                HIGHEST,
                TOO_EARLY,
                ONLY_THE_LAST,
                "the number of a block is not looked at, or only one byte of it",
            ],
            by_hand: &[
                START,
                r"(printf '\0\1'; head -c 512 /dev/zero; printf '\n\0\3x') | sockdemo udp-client",
            ],
        },
        Check {
            id: "malformed",
            says: "what is no block is ignored",
            talk: malformed,
            causes: &[NO_BLOCK, TOO_SHORT],
            by_hand: &[START, r"printf x | sockdemo udp-client"],
        },
        Check {
            id: "stranger",
            says: "what others send is ignored",
            talk: stranger,
            causes: &[
                "who sent a datagram is not compared with who sent block 1",
                FIRST,
                NOT_YET,
            ],
            by_hand: &[
                START,
                r"printf '\0\2no' | sockdemo udp-client",
                r"printf '\0\1hello' | sockdemo udp-client",
            ],
        },
        Check {
            id: "last-ack-lost",
            says: "it stays to acknowledge the last block again",
            talk: last_ack_lost,
            causes: &[LEAVES_EARLY, STAYS_SILENT, NOT_AGAIN, BY_STRANGERS, BEHIND],
            by_hand: &[
                START,
                r"(printf '\0\1hi\n'; sleep 0.5; printf '\0\1hi') | sockdemo udp-client",
            ],
        },
        Check {
            id: "gives-up",
            says: "a sender that vanishes: a message, and 1",
            talk: gives_up,
            causes: &[
                NO_LIMIT,
                WHOLE_FILE,
                ONLY_NEW,
                BY_STRANGERS,
                HALF_A_FILE,
                NO_FAILURE,
            ],
            by_hand: &[
                "{work} 1000 1000 127.0.0.1:7878",
                r"(printf '\0\1'; head -c 512 /dev/zero) | sockdemo udp-client",
            ],
        },
    ],
};

fn plain(trial: &mut Trial) -> Outcome {
    for length in [5, 0, 1, 511, 512, 513, 10_000, 150_000] {
        let content = match length {
            10_000 => trial.random.bytes(length),
            _ => text(trial, length),
        };
        let sender = starts(trial, GIVE_UP, LINGER)?;
        for (number, block) in blocks(&content) {
            sender.sends(&block)?;
            acknowledged(&sender, number)
                .map_err(|finding| why_not_acknowledged(finding, length, number))?;
        }
        received(trial, &content).map_err(|finding| why_not_received(finding, length))?;
    }
    Ok(())
}

/// Whoever loses knows what is lost: nothing has to be waited for.
fn loss(trial: &mut Trial) -> Outcome {
    let faults = DatagramFaults { loss: Chance::percent(20), ..Default::default() };
    let content = text(trial, 30 * BLOCK + 100);
    let sender = starts(trial, GIVE_UP, LINGER)?;
    for (number, block) in blocks(&content) {
        // Whatever the dice say, the acknowledgement of block 2 is lost twice.
        let mut bad_luck = if number == 2 { 2_u8 } else { 0 };
        loop {
            if faults.fate(&mut trial.random, block.len()).lost {
                continue;
            }
            sender.sends(&block)?;
            acknowledged(&sender, number).map_err(|f| f.or_because(NOT_ACKED_AGAIN))?;
            let is_lost = faults.fate(&mut trial.random, 2).lost || bad_luck > 0;
            // To lose the last one is another check's subject.
            if !is_lost || block.len() < 2 + BLOCK {
                break;
            }
            bad_luck = bad_luck.saturating_sub(1);
        }
    }
    received(trial, &content).map_err(|f| f.or_because(TAKEN_FOR_NEW))
}

fn duplicates(trial: &mut Trial) -> Outcome {
    let content = text(trial, 12 * BLOCK + 300);
    let sender = starts(trial, GIVE_UP, LINGER)?;
    for (number, block) in blocks(&content) {
        let is_last = block.len() < 2 + BLOCK;
        let copies = if is_last { 1 } else { trial.random.between(2, 3) };
        for _ in 0..copies {
            sender.sends(&block)?;
        }
        for _ in 0..copies {
            acknowledged(&sender, number)?;
        }
    }
    received(trial, &content)
}

/// What comes too early, or has a number that is none, gets no answer: the next
/// acknowledgement is that of a block that may have one.
fn reordering(trial: &mut Trial) -> Outcome {
    let content = text(trial, 9 * BLOCK + 7);
    let blocks = blocks(&content);
    let mut numbers = vec![1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    let late = trial.random.between(1, 5);
    numbers.splice(7..7, [1, late as u16, 2, 6, 7]);
    let sender = starts(trial, GIVE_UP, LINGER)?;
    for (at, number) in numbers.iter().enumerate() {
        let had = numbers.iter().take(at).max().copied().unwrap_or(0);
        if had > 0 {
            let early = had + 2;
            for other in [early, early + 256, 0, 40_000] {
                let short = trial.random.between(0, BLOCK);
                sender.sends(&block(other, &trial.random.bytes(short)))?;
            }
        }
        sender.sends(&blocks[usize::from(*number) - 1].1)?;
        acknowledged(&sender, *number).map_err(|finding| {
            match acknowledged_instead(&finding) {
                Some(other) if other == had => finding.because(HIGHEST),
                Some(_) => finding.because(TOO_EARLY),
                None => finding.because(ONLY_THE_LAST),
            }
        })?;
    }
    received(trial, &content)
}

fn malformed(trial: &mut Trial) -> Outcome {
    let content = text(trial, 3 * BLOCK + 40);
    let too_long = trial.random.bytes(BLOCK + 1);
    let much_too_long = trial.random.bytes(4000);
    let sender = starts(trial, GIVE_UP, LINGER)?;
    for (number, good) in blocks(&content) {
        for bad in
            [vec![], vec![0], block(number, &too_long), block(number, &much_too_long)]
        {
            sender.sends(&bad)?;
        }
        sender.sends(&good)?;
        // One acknowledgement too many is heard when the next one is expected.
        acknowledged(&sender, number).map_err(|finding| {
            match acknowledged_instead(&finding) {
                Some(_) => finding.because(NO_BLOCK),
                None => finding.because(TOO_SHORT),
            }
        })?;
    }
    received(trial, &content)
}

fn stranger(trial: &mut Trial) -> Outcome {
    let content = text(trial, 2 * BLOCK + 30);
    let addr = trial.receives_datagrams(&[&LIMIT.as_millis().to_string(), LINGER])?;
    let (sender, other) = (trial.correspondent(addr)?, trial.correspondent(addr)?);
    // Nothing of this is a block 1, and the time limit has not begun.
    for number in [2, 0, 256] {
        other.sends(&block(number, b"not the beginning"))?;
    }
    other.sends(&block(1, &[b'x'; 600]))?;
    sender.hears_nothing(LIMIT + PAUSE, "nothing was sent from here")?;
    if trial.has_ended_in_a_moment()? {
        let words = "the program ended before it had a block 1";
        return Err(Finding::broken(words).because(NOT_YET));
    }
    for (number, good) in blocks(&content) {
        sender.sends(&good)?;
        acknowledged(&sender, number)
            .map_err(|f| if number == 1 { f.because(FIRST) } else { f })?;
        for number in [number, number + 1] {
            other.sends(&block(number, b"from a stranger"))?;
        }
    }
    received(trial, &content)?;
    match other.has_heard() {
        Some(heard) => {
            let words = "a stranger was sent something: its datagrams are to be ignored";
            Err(Finding::differs(words, b"", &heard))
        }
        None => Ok(()),
    }
}

fn last_ack_lost(trial: &mut Trial) -> Outcome {
    let content = text(trial, BLOCK + 200);
    let addr = trial.receives_datagrams(&[GIVE_UP, &LIMIT.as_millis().to_string()])?;
    let (sender, other) = (trial.correspondent(addr)?, trial.correspondent(addr)?);
    let blocks = blocks(&content);
    for (number, block) in &blocks {
        sender.sends(block)?;
        acknowledged(&sender, *number)?;
    }
    let (complete, mut last) = (Instant::now(), Instant::now());
    for pause in 0..PAUSES {
        // An older one is a repetition as well, and behind the last one there is none.
        let (number, again) = &blocks[if pause == 1 { 0 } else { 1 }];
        let talk = |last: &mut Instant| {
            sender.hears_nothing(PAUSE, "nothing was sent to the program")?;
            sender.sends(&block(3, b"more"))?;
            *last = Instant::now();
            sender.sends(again)?;
            acknowledged(&sender, *number)
        };
        talk(&mut last).map_err(|finding| match finding.seen_bytes() {
            Some([]) => finding.because(STAYS_SILENT),
            Some(_) => finding.because(BEHIND),
            None if complete.elapsed() < LIMIT => finding.because(LEAVES_EARLY),
            None => finding.because(NOT_AGAIN),
        })?;
    }
    waits_out(trial, &other, last)?;
    received(trial, &content)
}

fn gives_up(trial: &mut Trial) -> Outcome {
    let content = text(trial, 10 * BLOCK);
    let addr = trial.receives_datagrams(&[&LIMIT.as_millis().to_string(), LINGER])?;
    let (sender, other) = (trial.correspondent(addr)?, trial.correspondent(addr)?);
    let mut last = Instant::now();
    let blocks = blocks(&content);
    for (at, block) in [0, 1, 2, 2, 2, 2, 2, 2, 2].into_iter().enumerate() {
        if at > 0 {
            sender.hears_nothing(PAUSE, "nothing was sent to the program")?;
        }
        let (number, block) = &blocks[block];
        last = Instant::now();
        sender.sends(block)?;
        let why = if at > *number as usize { ONLY_NEW } else { WHOLE_FILE };
        acknowledged(&sender, *number).map_err(|f| f.or_because(why))?;
    }
    waits_out(trial, &other, last)?;
    let Ended { code, out, err } = trial.ends_within(PATIENCE)?;
    if !out.is_empty() {
        let words = "the file is not complete, and standard output is not empty";
        return Err(Finding::differs(words, b"", &out).because(HALF_A_FILE));
    }
    if code != Some(1) {
        let code = code.map_or("that of a signal".to_owned(), |code| code.to_string());
        let words =
            format!("the sender has vanished, and the exit code is {code} instead of 1");
        return Err(Finding::new(words).because(NO_FAILURE));
    }
    if err.trim_ascii().is_empty() {
        let words = "the sender has vanished, and there is no message on standard error";
        return Err(Finding::new(words).because(NO_FAILURE));
    }
    Ok(())
}

/// From `last` on the sender is silent, and a stranger is not. The program ends after its
/// limit, not before, and not later.
fn waits_out(trial: &mut Trial, other: &Correspondent, last: Instant) -> Outcome {
    while !trial.has_ended_in_a_moment()? {
        if last.elapsed() > LIMIT + PATIENCE {
            // Without the stranger, does it end?
            let begun = Instant::now();
            let ended = trial.ends_within(LIMIT * 2);
            let because = if ended.is_ok() { BY_STRANGERS } else { NO_LIMIT };
            let waited = (LIMIT + PATIENCE + begun.elapsed()).as_secs();
            let words =
                format!("the program has not ended {waited} s after the sender's");
            return Err(Finding::new(words + " last datagram").because(because));
        }
        let _ = other.sends(&block(1, b"from a stranger")); // It may just have ended.
        let _ = other.has_heard(); // That is another check's subject.
    }
    let elapsed = last.elapsed();
    if elapsed + ROUNDING < LIMIT {
        let words = format!(
            "it ended {} ms after the sender's last datagram; its time limit was {} ms",
            elapsed.as_millis(),
            LIMIT.as_millis()
        );
        return Err(Finding::new(words).because(OTHER_LIMIT));
    }
    Ok(())
}

/// Starts the program, and has somebody to send to it.
fn starts(trial: &mut Trial, give_up: &str, linger: &str) -> Outcome<Correspondent> {
    let addr = trial.receives_datagrams(&[give_up, linger])?;
    trial.correspondent(addr)
}

fn acknowledged(sender: &Correspondent, number: u16) -> Outcome {
    let what = format!("the acknowledgement of block {number}");
    sender.hears(&what, &number.to_be_bytes()).map_err(|finding| {
        let is_swapped = finding.seen_bytes() == Some(&number.to_le_bytes()[..]);
        match is_swapped {
            true => finding.because("the number is sent little-endian, not big-endian"),
            false => finding,
        }
    })
}

/// The program ends, and has printed the file.
fn received(trial: &mut Trial, content: &[u8]) -> Outcome {
    let ended = trial.ends_within(PATIENCE)?;
    if ended.code == Some(0) && ended.out == content {
        return Ok(());
    }
    match ended.code {
        Some(0) => {
            let words = match ended.out.is_empty() {
                true => "nothing was printed on standard output",
                false => "standard output is not the file",
            };
            Err(Finding::differs(words, content, &ended.out))
        }
        Some(code) => Err(Finding::new(format!(
            "the file was sent to its end, and the exit code is {code} instead of 0"
        ))),
        None => Err(Finding::new("it was ended by a signal")),
    }
}
