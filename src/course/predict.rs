//! Asks what is going to happen, before it happens.

use crossbeam_channel::select;

use crate::kit::error::{Doing, Result};
use crate::kit::keyboard::{self, Rest};
use crate::kit::output;
use crate::kit::stop::Stop;

/// An answer is one letter; more is read so that a word is understood as wrong.
const ANSWER: usize = 80;

/// Shows `question`, and asks for one of the first `answers` letters. Enter alone says
/// nothing, and so does the end of the input.
pub(super) fn ask(question: &str, answers: usize, stop: &Stop) -> Result<Option<char>> {
    let letters: Vec<char> = ('a'..).take(answers).collect();
    let last = letters.last().copied().unwrap_or('a');
    let ask = format!("What do you expect (a to {last}, or Enter to skip)? ");
    output::payload(format!("{question}{ask}").as_bytes())?;
    let typed = keyboard::lines(ANSWER, Rest::Kept).doing("read the keyboard")?;
    loop {
        let line = select! {
            recv(typed) -> line => line.ok(),
            recv(stop.channel()) -> _ => None,
        };
        let Some(line) = line else {
            return output::payload(b"\n").map(|()| None); // Leaves the question's line.
        };
        let guess = String::from_utf8_lossy(&line).trim().to_ascii_lowercase();
        let letter = guess.parse().ok().filter(|letter| letters.contains(letter));
        if guess.is_empty() || letter.is_some() {
            return output::payload(b"\n").map(|()| letter);
        }
        output::payload(ask.as_bytes())?;
    }
}

/// Whether the prediction was right, in a line.
pub(super) fn compared(guess: char, right: char) -> String {
    match guess == right {
        true => format!("your prediction: {guess}, and so it was\n"),
        false => format!("your prediction: {guess}; it was {right}\n"),
    }
}
