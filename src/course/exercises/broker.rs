//! Lesson 17: a broker. Whoever publishes knows a topic, and nobody who listens to it.

mod flood;
mod leaving;
mod lines;

use self::flood::{EACH_WAITS, STALLED, bounded, stuck};
use self::leaving::{DEAD, leaves};
use self::lines::{
    CR, ENDLESS, HALF, IN_A_LINE, LONGER, LOOSE, ONE_READ, SILENT, TEXT, TRIMMED, lines,
    no_command,
};
use crate::course::trial::{Caller, Check, Exercise, Finding, Outcome, Trial};

const OK: &[u8] = b"ok\n";
const ERROR: &[u8] = b"error\n";

/// The longest line, without its end.
const LONGEST: usize = 8_000;

const ALL: &str = "it goes to all clients, not to those who have subscribed to the topic";
const SIMILAR: &str =
    "topics are alike only if all their bytes are: no parts, no capitals";
const SEVERAL: &str =
    "a client can have several topics: the new one took the place of the old";
const SELF: &str = "a publisher is left out, although it has subscribed to the topic";
const FEW: &str = "at least 100 lines may wait for a subscriber: fewer did";
const TWICE: &str = "a client that subscribes twice is in the list twice";
const MORE_GONE: &str = "UNSUB takes away more than one topic of one client";

pub(super) const EXERCISE: Exercise = Exercise {
    lesson: 17,
    checks: &[
        Check {
            id: "only-subs",
            says: "who subscribed gets it, and nobody else",
            talk: only_subs,
            causes: &[
                "each client's thread knows its own topics only: the table must be shared",
                ALL,
                SIMILAR,
            ],
            by_hand: CLIENTS,
        },
        Check {
            id: "publisher",
            says: "a publisher is treated as everybody else",
            talk: publisher,
            causes: &[SELF, "whoever publishes is sent what it has published", ALL],
            by_hand: CLIENTS,
        },
        Check {
            id: "unsub",
            says: "UNSUB ends one subscription, and only that",
            talk: unsub,
            causes: &["UNSUB changes nothing", MORE_GONE, TWICE],
            by_hand: CLIENTS,
        },
        Check {
            id: "lines",
            says: "lines are lines, however the bytes come",
            talk: lines,
            causes: &[ONE_READ, TRIMMED, CR, TEXT, IN_A_LINE],
            by_hand: CLIENTS,
        },
        Check {
            id: "no-command",
            says: "what is no command does no harm",
            talk: no_command,
            causes: &[SILENT, LOOSE, HALF, ENDLESS, LONGER],
            by_hand: CLIENTS,
        },
        Check {
            id: "leaves",
            says: "who leaves is forgotten, and harms nobody",
            talk: leaves,
            causes: &[
                DEAD,
                "an error of one client's read or write ends the whole program",
                "a client is forgotten only at the end of its stream, not after an error",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "sockdemo tcp-client",
                "timeout -s KILL 1 sockdemo tcp-client",
            ],
        },
        Check {
            id: "order",
            says: "a topic has one order, the same for all",
            talk: order,
            causes: &[
                "two threads publish at once: one is faster here, the other one there",
                "each line has a thread or a task of its own, and some are faster",
                FEW,
            ],
            by_hand: CLIENTS,
        },
        Check {
            id: "stuck",
            says: "who does not read keeps nobody waiting",
            talk: stuck,
            causes: &[
                STALLED,
                EACH_WAITS,
                "its queue is full, and the loop waits for room in it",
                "the one who is let go is not let go: a clone of the stream is kept",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "sockdemo tcp-client | sleep 1000",
                "sockdemo tcp-client",
            ],
        },
        Check {
            id: "bounded",
            says: "what waits for one subscriber has a limit",
            talk: bounded,
            causes: &[
                "the queue of the one who does not read has no limit",
                "each line for it has a thread or a task, and all of them wait",
                "the library keeps what could not be written, and nobody asks how much",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "sockdemo tcp-client | sleep 1000",
                "grep VmRSS /proc/PID/status",
            ],
        },
    ],
};

/// Three terminals: the program, and two clients to type at.
const CLIENTS: &[&str] =
    &["{work} 127.0.0.1:7878", "sockdemo tcp-client", "sockdemo tcp-client"];

fn only_subs(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let (topic, other) = (trial.random.word(6), trial.random.word(6));
    let mut ann = subscriber(trial, &topic)?.plays("a subscriber");
    let mut bob = subscriber(trial, &topic)?.plays("a second subscriber");
    let mut eve = subscriber(trial, &other)?.plays("a subscriber of another topic");
    let mut nobody = trial.caller()?.plays("a client that has not subscribed");
    let mut publisher = trial.caller()?.plays("the publisher");
    for _ in 0..2 {
        let text = trial.random.word(9);
        publishes(&mut publisher, &topic, &text)?;
        ann.hears(&delivery(&topic, &text))?;
        bob.hears(&delivery(&topic, &text))?;
        publishes(&mut publisher, &other, &text)?;
        eve.hears(&delivery(&other, &text))?;
    }
    for caller in [&mut ann, &mut bob, &mut eve, &mut nobody] {
        has_heard_all(caller, ALL)?;
    }
    let part = topic.get(..5).unwrap_or_default();
    let capitals = topic.to_uppercase();
    for alike in [&capitals, part, &format!("{topic}s"), &format!("{topic}/{other}")] {
        publishes(&mut publisher, alike, "alike")?;
    }
    publishes(&mut publisher, &topic, "same")?;
    for caller in [&mut ann, &mut bob] {
        let same = delivery(&topic, "same");
        caller.hears(&same).map_err(|finding| match finding.is_silence() {
            true => finding.because(SEVERAL),
            false => finding.because(SIMILAR),
        })?;
    }
    has_heard_all(&mut eve, SIMILAR)
}

fn publisher(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let (topic, other) = (trial.random.word(6), trial.random.word(6));
    let mut ann = subscriber(trial, &topic)?.plays("a subscriber");
    let mut publisher = trial.caller()?.plays("the publisher");
    publishes(&mut publisher, &topic, "one")?;
    ann.hears(&delivery(&topic, "one"))?;
    has_heard_all(&mut publisher, "a publisher hears itself without having subscribed")?;
    subscribes(&mut publisher, &other)?;
    publishes(&mut publisher, &topic, "two")?;
    ann.hears(&delivery(&topic, "two"))?;
    has_heard_all(&mut publisher, "it has subscribed to another topic only")?;
    subscribes(&mut publisher, &topic)?;
    publishes(&mut publisher, &topic, "three")?;
    ann.hears(&delivery(&topic, "three"))?;
    let own = publisher.hears(&delivery(&topic, "three"));
    own.map_err(|finding| finding.because(SELF))?;
    publishes(&mut ann, &topic, "four")?;
    for caller in [&mut publisher, &mut ann] {
        caller.hears(&delivery(&topic, "four"))?;
        has_heard_all(caller, TWICE)?;
    }
    Ok(())
}

fn unsub(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let (topic, other) = (trial.random.word(6), trial.random.word(6));
    let mut ann = subscriber(trial, &topic)?.plays("a subscriber");
    let mut bob = subscriber(trial, &topic)?.plays("a second subscriber");
    subscribes(&mut ann, &other)?;
    let mut publisher = trial.caller()?.plays("the publisher");
    publishes(&mut publisher, &topic, "one")?;
    ann.hears(&delivery(&topic, "one"))?;
    bob.hears(&delivery(&topic, "one"))?;

    unsubscribes(&mut ann, &topic)?;
    publishes(&mut publisher, &topic, "two")?;
    publishes(&mut publisher, &other, "three")?;
    let still = bob.hears(&delivery(&topic, "two"));
    still.map_err(|finding| finding.because(MORE_GONE))?;
    ann.hears(&delivery(&other, "three")).map_err(|finding| {
        match finding.is_silence() {
            true => finding.because(MORE_GONE),
            false => finding.because("UNSUB changes nothing"),
        }
    })?;

    unsubscribes(&mut ann, &topic)?; // A second time, and one that it never had.
    unsubscribes(&mut bob, &other)?;
    for _ in 0..3 {
        subscribes(&mut ann, &topic)?;
    }
    publishes(&mut publisher, &topic, "four")?;
    publishes(&mut publisher, &other, "five")?;
    for caller in [&mut ann, &mut bob] {
        caller.hears(&delivery(&topic, "four"))?;
    }
    let next = ann.hears(&delivery(&other, "five"));
    next.map_err(|finding| match finding.is_silence() {
        true => finding.because(MORE_GONE),
        false => finding.because(TWICE),
    })?;
    unsubscribes(&mut ann, &topic)?;
    publishes(&mut publisher, &topic, "six")?;
    bob.hears(&delivery(&topic, "six"))?;
    has_heard_all(&mut ann, TWICE)
}

/// Two publish at once, as fast as they can. Whoever listens may hear the lines of one
/// among those of the other in any order, but in the same one as all who listen.
fn order(trial: &mut Trial) -> Outcome {
    const ROUNDS: usize = 12;
    const EACH: usize = 45;
    trial.serves()?;
    let topic = trial.random.word(6);
    let mut subscribers = Vec::new();
    for _ in 0..4 {
        subscribers.push(subscriber(trial, &topic)?.plays("a subscriber"));
    }
    let mut ann = trial.caller()?.plays("a publisher");
    let mut bob = trial.caller()?.plays("a publisher");
    for round in 0..ROUNDS {
        let lines = |who| {
            let line = |n| format!("PUB {topic} {who} {}\n", round * EACH + n);
            (0..EACH).map(line).collect::<String>()
        };
        trial.while_frozen(|_| {
            ann.sends(lines("ann").as_bytes())?;
            bob.sends(lines("bob").as_bytes())
        })?;
        let mut orders = Vec::new();
        for caller in &mut subscribers {
            let heard = caller.hears_lines(2 * EACH);
            let heard = heard.map_err(|finding| finding.because(FEW))?;
            for who in ["ann", "bob"] {
                let line = |n| delivery(&topic, &format!("{who} {}", round * EACH + n));
                let own = format!("{topic} {who} ");
                let own = heard.iter().filter(|line| line.starts_with(own.as_bytes()));
                let own: Vec<u8> = own.flatten().copied().collect();
                let expected: Vec<u8> = (0..EACH).flat_map(line).collect();
                if own != expected {
                    let words = format!("a subscriber heard {who}'s lines otherwise");
                    return Err(Finding::differs(&words, &expected, &own));
                }
            }
            orders.push(heard.concat());
        }
        let first = orders.first().map_or(&[][..], Vec::as_slice);
        if let Some(other) = orders.iter().find(|order| *order != first) {
            let words = "two subscribers heard the same lines in a different order";
            return Err(Finding::differs(words, first, other));
        }
    }
    Ok(())
}

fn subscriber(trial: &mut Trial, topic: &str) -> Outcome<Caller> {
    let mut caller = trial.caller()?;
    subscribes(&mut caller, topic)?;
    Ok(caller)
}

fn subscribes(caller: &mut Caller, topic: &str) -> Outcome {
    caller.sends(format!("SUB {topic}\n").as_bytes())?;
    caller.hears(OK)
}

fn unsubscribes(caller: &mut Caller, topic: &str) -> Outcome {
    caller.sends(format!("UNSUB {topic}\n").as_bytes())?;
    caller.hears(OK)
}

/// The line is taken before anything else is sent: that lines can come together is the
/// subject of one check only.
fn publishes(caller: &mut Caller, topic: &str, text: &str) -> Outcome {
    caller.sends_pieces([format!("PUB {topic} {text}\n").as_bytes()])
}

fn delivery(topic: &str, text: &str) -> Vec<u8> {
    format!("{topic} {text}\n").into_bytes()
}

/// Nothing lies before the answer to a question: what it might have been sent by mistake
/// would stand there.
fn has_heard_all(caller: &mut Caller, otherwise: &'static str) -> Outcome {
    subscribes(caller, "nothing").map_err(|finding| match finding.is_silence() {
        true => finding,
        false => finding.because(otherwise),
    })
}
