//! Lesson 11: dice over UDP. A datagram for a datagram, to whoever sent it.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::course::trial::{Check, Correspondent, Exercise, Finding, Outcome, Trial};

/// What has not come behind an answer after so long does not belong to it.
const NO_MORE: Duration = Duration::from_millis(100);

const ERROR: &[u8] = b"error\n";

pub(super) const EXERCISE: Exercise = Exercise {
    lesson: 11,
    checks: &[
        Check {
            id: "roll",
            says: "a roll is answered with results and sum",
            talk: roll,
            causes: &[
                "the answer is the whole buffer, or has something behind it",
                "the LF at the end is missing, or another is written",
                "the sum or the = is missing, or there are more or fewer results",
                "an LF behind the request is allowed, and none is allowed as well",
            ],
            by_hand: &["{work} 127.0.0.1:7878", "sockdemo udp-client -m 'roll 3d6'"],
        },
        Check {
            id: "range",
            says: "each result is from 1 to the sides",
            talk: range,
            causes: &[
                "counting from 0: the highest number is missing, and 0 comes",
                "it always comes to the same: where does chance come from?",
                "the sides or the dice are not those of the request",
            ],
            by_hand: &["{work} 127.0.0.1:7878", "sockdemo udp-client -m 'roll 99d2'"],
        },
        Check {
            id: "three-senders",
            says: "each of three senders gets its own answer",
            talk: three_senders,
            causes: &[
                "the socket was connected to the first sender: it hears nobody else",
                "the answer goes to an address that was kept from an earlier request",
                "it waits for more from one sender before it answers another",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "sockdemo udp-client -m 'roll 1d6'",
                "sockdemo udp-client -m 'roll 2d6'",
            ],
        },
        Check {
            id: "empty",
            says: "an empty datagram ends nothing",
            talk: empty,
            causes: &[
                "a length of 0 was taken for the end, as in a stream",
                "an empty request was taken apart without looking",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "printf '\\nroll 1d6\\n' | sockdemo udp-client",
            ],
        },
        Check {
            id: "too-long",
            says: "a request that is too long is no request",
            talk: too_long,
            causes: &[
                "the buffer is too small: the rest was cut off, and nobody was told",
                "what stands behind the request was not looked at",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "sockdemo udp-client -m \"roll 1d6$(printf '%1990s' x)\"",
            ],
        },
        Check {
            id: "junk",
            says: "everything else is answered with error",
            talk: junk,
            causes: &[
                "what is no text, or no number, ended the program",
                "the limits are not looked at: 1 to 100 dice, 2 to 1000 sides",
                "what turns text into a number takes more than digits: +3, 1_0, or spaces",
                "a number too large for its type begins again: 257 is 1 in 8 bits",
                "more than one LF was taken away at the end, or something else",
                "bytes that are no text were left out, or the text was cut at a zero byte",
                "capital letters, other spaces, or a space in front, are let pass",
                "the answer is not error and LF",
                "a request of this kind gets no answer at all",
            ],
            by_hand: &["{work} 127.0.0.1:7878", "sockdemo udp-client -m 'roll 0d6'"],
        },
        Check {
            id: "gone-sender",
            says: "a sender who has gone ends nothing",
            talk: gone_sender,
            causes: &[
                "an answer that could not be delivered ended the program",
                "the socket was connected, so it is told of the refusal",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "sockdemo udp-client -m 'roll 1d6' --timeout 0.001 --retries 0",
                "sockdemo udp-client -m 'roll 1d6'",
            ],
        },
        Check {
            id: "one-datagram",
            says: "an answer is one datagram",
            talk: one_datagram,
            causes: &[
                "the results are sent one by one",
                "the rest of a longer answer is sent along",
                "a long answer is cut",
            ],
            by_hand: &["{work} 127.0.0.1:7878", "sockdemo udp-client -m 'roll 100d1000'"],
        },
    ],
};

fn roll(trial: &mut Trial) -> Outcome {
    let asker = serves(trial)?;
    asks(&asker, b"roll 3d6", 3)?;
    asks(&asker, b"roll 1d20\n", 1)?;
    asks(&asker, b"roll 12d10", 12).map(drop)
}

fn range(trial: &mut Trial) -> Outcome {
    let asker = serves(trial)?;
    // Of a hundred dice, each side shows: the chance that one does not is 1 in 10 million.
    for sides in [2, 6] {
        let rolled = asks(&asker, format!("roll 100d{sides}").as_bytes(), 100)?;
        if let Some(wrong) = rolled.iter().find(|result| !(1..=sides).contains(*result)) {
            return Err(Finding::new(format!("a die with {sides} sides shows {wrong}")));
        }
        if rolled.into_iter().collect::<BTreeSet<_>>().len() as u64 != sides {
            let words = format!("of 100 dice with {sides} sides, one side never shows");
            return Err(Finding::new(words));
        }
    }
    let first = asks(&asker, b"roll 100d1000", 100)?;
    let highest = first.iter().max().copied().unwrap_or_default();
    if !(501..=1000).contains(&highest) {
        let words = format!("of 100 dice with 1000 sides, the highest shows {highest}");
        return Err(Finding::new(words));
    }
    if first == asks(&asker, b"roll 100d1000", 100)? {
        return Err(Finding::new("100 dice with 1000 sides came to the same twice"));
    }
    Ok(())
}

fn three_senders(trial: &mut Trial) -> Outcome {
    let first = serves(trial)?;
    let addr = first.peer();
    let (second, third) = (trial.correspondent(addr)?, trial.correspondent(addr)?);
    let askers = [(first, 2), (second, 3), (third, 4)];
    for _ in 0..2 {
        for (asker, dice) in &askers {
            asker.sends(format!("roll {dice}d6").as_bytes())?;
        }
        for (asker, dice) in askers.iter().rev() {
            answer(asker, *dice)?;
        }
    }
    Ok(())
}

fn empty(trial: &mut Trial) -> Outcome {
    let asker = serves(trial)?;
    for _ in 0..2 {
        asker.sends(b"")?;
        asker.hears("the answer to an empty datagram", ERROR)?;
    }
    asks(&asker, b"roll 2d6", 2).map(drop)
}

fn too_long(trial: &mut Trial) -> Outcome {
    let asker = serves(trial)?;
    let spaces = format!("roll 1d6{:>1992}", "x");
    let lines = format!("roll 1d6\n{}", "x".repeat(1991));
    let digits = format!("roll 1d6{}", "0".repeat(1992));
    for request in [spaces, lines, digits] {
        asker.sends(request.as_bytes())?;
        asker.hears("the answer to 2,000 bytes", ERROR)?;
    }
    asks(&asker, b"roll 2d6", 2).map(drop)
}

fn junk(trial: &mut Trial) -> Outcome {
    let asker = serves(trial)?;
    let requests: [&[u8]; 33] = [
        b"hello",
        b"roll",
        b"roll ",
        b"roll d6",
        b"roll 3d",
        b"roll 3x6",
        b"roll 0d6",
        b"roll 101d6",
        b"roll 3d1",
        b"roll 3d1001",
        b"roll -1d6",
        b"roll 99999999999999999999999d6",
        // 1, 3 or 6 in 8, 16, 32 or 64 bits.
        b"roll 257d6",
        b"roll 3d65542",
        b"roll 4294967299d6",
        b"roll 18446744073709551619d6",
        b"roll 3d6 and more",
        b"roll +3d6",
        b"roll 3d+6",
        b"roll  3d6",
        b" roll 3d6",
        b"ROLL 3d6",
        b"roll 3D6",
        b"roll 3d6 ",
        b"roll\t3d6",
        b"roll 1_0d6",
        b"roll 3d6\r\n",
        b"roll 3d6\n\n",
        b"roll \xff\xfed6",
        b"roll 3d6\xff",
        b"roll 3d6\0",
        b"roll 3d6\0x",
        "roll \u{663}d6".as_bytes(), // Three, in Arabic digits.
    ];
    for request in requests {
        asker.sends(request)?;
        let text = request.escape_ascii();
        asker.hears(&format!("the answer to \"{text}\""), ERROR)?;
    }
    asks(&asker, b"roll 2d6", 2).map(drop)
}

fn gone_sender(trial: &mut Trial) -> Outcome {
    let asker = serves(trial)?;
    for _ in 0..4 {
        let gone: Outcome<Vec<_>> =
            (0..4).map(|_| trial.correspondent(asker.peer())).collect();
        // It is stopped, so that none of them is there any more when it answers.
        trial.while_frozen(|_| {
            gone?.into_iter().try_for_each(|sender| sender.sends(b"roll 1d6"))
        })?;
        asks(&asker, b"roll 2d6", 2)?;
    }
    asks(&asker, b"roll 2d6", 2).map(drop)
}

fn one_datagram(trial: &mut Trial) -> Outcome {
    let asker = serves(trial)?;
    asks(&asker, b"roll 100d1000", 100)?;
    asks(&asker, b"roll 1d2", 1)?;
    asker.sends(b"hello")?;
    asker.hears("the answer to \"hello\"", ERROR)?;
    asker.hears_nothing(NO_MORE, "all requests have been answered")
}

/// Starts the server, and gives somebody who asks it.
fn serves(trial: &mut Trial) -> Outcome<Correspondent> {
    let addr = trial.receives_datagrams(&[])?;
    trial.correspondent(addr)
}

fn asks(asker: &Correspondent, request: &[u8], dice: usize) -> Outcome<Vec<u64>> {
    asker.sends(request)?;
    answer(asker, dice)
}

/// One datagram, such as `3 5 1 = 9` and LF.
fn answer(asker: &Correspondent, dice: usize) -> Outcome<Vec<u64>> {
    let heard = asker.hears_any(&format!("the results of {dice} dice"))?;
    let results = results(&heard).filter(|(rolled, _)| rolled.len() == dice);
    let Some((rolled, sum)) = results else {
        let words = format!("the answer for {dice} dice has another form than this one");
        return Err(Finding::differs(&words, example(dice).as_bytes(), &heard));
    };
    let right = rolled.iter().sum::<u64>();
    if sum != right {
        return Err(Finding::new(format!(
            "the sum is {right}, and the answer says {sum}"
        )));
    }
    Ok(rolled)
}

fn results(answer: &[u8]) -> Option<(Vec<u64>, u64)> {
    let text = std::str::from_utf8(answer).ok()?.strip_suffix('\n')?;
    let (rolled, sum) = text.split_once(" = ")?;
    let rolled: Result<Vec<u64>, _> = rolled.split(' ').map(str::parse).collect();
    Some((rolled.ok()?, sum.parse().ok()?))
}

/// What an answer could look like.
fn example(dice: usize) -> String {
    format!("{} = {dice}\n", vec!["1"; dice].join(" "))
}
