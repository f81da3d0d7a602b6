//! Lesson 6: words in frames, a length of two bytes before each.

use crate::course::trial::{Check, Exercise, Outcome, Trial};

pub(super) const EXERCISE: Exercise = Exercise {
    lesson: 6,
    checks: &[
        Check {
            id: "one-word",
            says: "a word comes back in capitals, framed",
            talk: one_word,
            causes: &[
                "the length is little-endian: to_be_bytes, from_be_bytes",
                "the length counts characters, or counts itself",
                "the answer waits: for a newline, for the end, or in a buffer",
                "a newline was sent along",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                r"printf '\000\005hello' | sockdemo tcp-client -q | od -c",
            ],
        },
        Check {
            id: "three-in-one",
            says: "three frames in one write: three answers",
            talk: three_in_one,
            causes: &[
                "one read was taken for one frame, and what came behind it was lost",
                "a second BufReader was made: the first had swallowed the rest",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                r"printf '\000\001a\000\001b\000\001c' | sockdemo tcp-client -q | od -c",
            ],
        },
        Check {
            id: "split-length",
            says: "a frame that is cut inside its length",
            talk: split_length,
            causes: &[
                "a read that gives 1 byte was taken for the whole length: read_exact",
                "only one byte of the length is looked at",
                "what has come of a frame is forgotten when the frame is not whole",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                r"(printf '\000'; sleep 1; printf '\005hello') | sockdemo tcp-client -q | od -c",
            ],
        },
        Check {
            id: "split-character",
            says: "a frame that is cut inside a character",
            talk: split_character,
            causes: &[
                "half a frame was turned into text: take all its bytes first, then decode",
                "a read that gives less than the frame was taken for all of it",
                "the length counts characters, or is that of the question: it counts the \
                 bytes of the answer",
                "only the letters a to z are made capitals",
                "a frame that is not UTF-8 was answered or skipped: it closes the connection",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                r"(printf '\000\002\303'; sleep 1; printf '\251') | sockdemo tcp-client -q",
            ],
        },
        Check {
            id: "extremes",
            says: "frames of 0 and of 65,535 bytes",
            talk: extremes,
            causes: &[
                "a fixed buffer is smaller than the longest frame, or a limit is",
                "length 0 was taken for the end: an empty frame is a frame",
                "the length was read into a signed number, or 2 was added in 16 bits",
                "a zero, a space or a newline in the text was taken for its end",
                "an answer of more than 65,535 bytes was sent: it closes the connection",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                r"printf '\000\000\000\001a' | sockdemo tcp-client -q | od -c",
            ],
        },
        Check {
            id: "cut-off",
            says: "half a frame at the end is not answered",
            talk: cut_off,
            causes: &[
                "the end of the stream in the middle of a frame was taken for its end",
                "an error there ends the whole server, not this connection alone",
                "the connection is not closed at the end of the stream",
                "it serves one client only",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                r"printf '\000\005hel' | sockdemo tcp-client -q | od -c",
            ],
        },
    ],
};

fn one_word(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let word = trial.random.word(5);
    let mut caller = trial.caller()?;
    caller.sends(&frame(&word))?;
    caller.hears_only(&answer(&word))
}

fn three_in_one(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let words = [3, 1, 12].map(|length| trial.random.word(length));
    let mut caller = trial.caller()?;
    caller.sends(&words.each_ref().map(|word| frame(word)).concat())?;
    caller.hears(&words.each_ref().map(|word| answer(word)).concat())?;
    // And the connection goes on.
    caller.sends(&frame("again"))?;
    caller.hears_only(&answer("again"))
}

fn split_length(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let word = trial.random.word(300);
    let (frame, answer) = (frame(&word), answer(&word));
    let mut caller = trial.caller()?;
    for cut in [1, 2] {
        let (first, rest) = frame.split_at(cut);
        caller.sends_pieces([first, rest])?;
        caller.hears(&answer)?;
    }
    let (first, rest) = frame.split_at(1);
    // The end of one frame and the beginning of the next in one piece.
    caller.sends_pieces([&[&frame, first].concat()[..], rest])?;
    caller.hears(&[answer.clone(), answer].concat())
}

/// The capital of \u{131} is a single byte: an answer can be shorter than its question.
fn split_character(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let word = format!("{}é\u{131}日{}", trial.random.word(2), trial.random.word(3));
    let (frame, answer) = (frame(&word), answer(&word));
    let mut caller = trial.caller()?;
    for cut in 1..frame.len() {
        let (first, rest) = frame.split_at(cut);
        caller.sends_pieces([first, rest])?;
        caller.hears(&answer)?;
    }
    caller.sends_each_byte(&frame)?;
    caller.hears(&answer)?;
    // A whole frame with half a character in it is not text.
    caller.sends(b"\0\x01\xc3")?;
    caller.hears_end()
}

fn extremes(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let longest = trial.random.word(65_535);
    let mut caller = trial.caller()?;
    for word in ["", &longest, "", " a\0b\r\n"] {
        caller.sends(&frame(word))?;
        caller.hears(&answer(word))?;
    }
    caller.sends(&frame(&longer_in_capitals()))?;
    caller.hears_end()
}

/// One client after the other leaves in the middle; between them, some break off.
fn cut_off(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let word = trial.random.word(5);
    let (whole, answer) = (frame(&word), answer(&word));
    for cut in 0..whole.len() {
        let half = whole.split_at(cut).0;
        let mut caller = trial.caller()?;
        caller.sends(&[&whole, half].concat())?;
        caller.ends()?;
        caller.hears_and_end(&answer)?;
        trial.caller()?.resets();
    }
    for bad in [b"\0\x01\xff".to_vec(), frame(&longer_in_capitals())] {
        let mut caller = trial.caller()?;
        caller.sends(&bad)?;
        caller.hears_end()?;
    }
    let mut next = trial.caller()?;
    next.sends(&whole)?;
    next.hears(&answer)
}

/// The capital of \u{250} takes three bytes instead of two: 98,301 bytes fit no frame.
fn longer_in_capitals() -> String {
    "\u{250}".repeat(32_767)
}

fn frame(word: &str) -> Vec<u8> {
    let length = u16::try_from(word.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes(), word.as_bytes()].concat()
}

fn answer(word: &str) -> Vec<u8> {
    frame(&word.to_uppercase())
}
