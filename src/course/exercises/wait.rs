//! Lesson 15: news, and clients that wait for it: parked, released, and sent home in time.

mod crowd;
mod quiet;
mod talk;

use std::time::{Duration, Instant};

use self::crowd::{KEPT, LOCKED, LOST, MIXED, ONE, PAYS, POOL, SHORT};
use self::crowd::{between, deaf, fifty, leaves, ten};
use self::quiet::sleeps;
use self::talk::{ANEW, AT_ONCE, LIMITLESS, LOOKS, SINGLE, UNIT};
use self::talk::{Feed, Parked, post};
use crate::course::trial::{Check, Exercise, Finding, Outcome, Trial};

/// Longer than a check lasts.
const LONG: u64 = 60_000;

/// For so long a parked request is seen to be parked.
const SILENCE: Duration = Duration::from_millis(200);

/// A client gives up after so long, and meanwhile other things happen, one after each pause.
const LIMIT: u64 = 700;
const PAUSE: Duration = Duration::from_millis(100);
const TOO_LONG: Duration = Duration::from_millis(3200);
const TRIES: usize = 3;

const OFF: &str = "newer than N are the pieces N + 1, N + 2 and so on, all of them";
const PIECES: &str =
    "one read is taken for one request; its body may come later than its head";
const STRIPPED: &str = "a piece is its whole body, with the spaces at its ends";
const CHANGED: &str =
    "a piece is no form and no page: what has a meaning there stays as it is";
const HALVES: &str =
    "the bytes are text when all have come: one read may end inside of a letter";
const NONE_AT_ALL: &str = "a limit of 0 is taken for no limit: it is over at once";
const AGAIN: &str =
    "who is woken answers at once, and does not look again whether there is something";

pub(super) const EXERCISE: Exercise = Exercise {
    lesson: 15,
    checks: &[
        Check {
            id: "newer",
            says: "all that is newer comes at once, in order",
            talk: newer,
            causes: &[
                OFF,
                "only the newest piece is kept, or only those who wait hear of one",
                PIECES,
                "a length is counted in letters instead of bytes",
                STRIPPED,
                CHANGED,
                HALVES,
            ],
            by_hand: &[
                "{work} 127.0.0.1:8080",
                "curl -si 127.0.0.1:8080/news -d 'it rains'",
                "curl -si '127.0.0.1:8080/wait?after=0&limit=5000'",
            ],
        },
        Check {
            id: "parks",
            says: "without news it waits, and hears of the next",
            talk: parks,
            causes: &[AT_ONCE, SINGLE, "nobody wakes the one who waits"],
            by_hand: BY_HAND,
        },
        Check {
            id: "gives-up",
            says: "204 when the limit is over, not earlier",
            talk: gives_up,
            causes: &[
                LIMITLESS,
                UNIT,
                "it answers 200 with nothing instead of 204",
                NONE_AT_ALL,
            ],
            by_hand: &[
                "{work} 127.0.0.1:8080",
                "curl -si '127.0.0.1:8080/wait?after=0&limit=0'",
                "curl -si '127.0.0.1:8080/wait?after=0&limit=700'",
            ],
        },
        Check {
            id: "ten",
            says: "a piece of news releases all who wait for it",
            talk: ten,
            causes: &[ONE, AGAIN],
            by_hand: &[
                "{work} 127.0.0.1:8080",
                "curl -s '127.0.0.1:8080/wait?after=0&limit=60000'",
                "curl -s '127.0.0.1:8080/wait?after=0&limit=60000'",
                "curl -s 127.0.0.1:8080/news -d 'it rains'",
            ],
        },
        Check {
            id: "ahead",
            says: "who is woken for nothing waits on",
            talk: ahead,
            causes: &[AGAIN, ANEW, OFF],
            by_hand: &[
                "{work} 127.0.0.1:8080",
                "curl -si '127.0.0.1:8080/wait?after=2&limit=60000'",
                "curl -s 127.0.0.1:8080/news -d 'it rains'",
            ],
        },
        Check {
            id: "between",
            says: "nothing is lost between two polls",
            talk: between,
            causes: &[LOST, MIXED, SHORT],
            by_hand: BY_HAND,
        },
        Check {
            id: "leaves",
            says: "who leaves while it waits does no harm",
            talk: leaves,
            causes: &[
                PAYS,
                "a lock is left poisoned by a thread that has panicked",
                KEPT,
            ],
            by_hand: &[
                "{work} 127.0.0.1:8080",
                "timeout 1 curl -s '127.0.0.1:8080/wait?after=0&limit=5000'",
                "curl -s 127.0.0.1:8080/news -d 'it rains'",
            ],
        },
        Check {
            id: "sleeps",
            says: "while nothing happens, nothing runs",
            talk: sleeps,
            causes: &[LOOKS, "a wait with a short time limit, again and again"],
            by_hand: &[
                "{work} 127.0.0.1:8080",
                "curl -s '127.0.0.1:8080/wait?after=0&limit=60000'",
                "grep voluntary /proc/$(pgrep -of 8080)/task/*/status",
            ],
        },
        Check {
            id: "fifty",
            says: "fifty who wait keep nobody else waiting",
            talk: fifty,
            causes: &[POOL, SINGLE],
            by_hand: BY_HAND,
        },
        Check {
            id: "deaf",
            says: "who does not read its answer holds up nobody",
            talk: deaf,
            causes: &[LOCKED, SINGLE],
            by_hand: BY_HAND,
        },
    ],
};

const BY_HAND: &[&str] = &[
    "{work} 127.0.0.1:8080",
    "curl -si '127.0.0.1:8080/wait?after=0&limit=60000'",
    "curl -si 127.0.0.1:8080/news -d 'it rains'",
];

fn newer(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let mut feed = Feed::default();
    for _ in 0..3 {
        feed.publishes(trial)?;
    }
    for after in [0, 1, 2] {
        Parked::asks(trial, after, LONG)?.hears_newer(&feed)?;
    }
    // As real clients send it: the head, and then the body. And in odd pieces.
    for text in ["in two pieces", "caf\u{e9} \u{2713}"] {
        let request = post(text);
        let (head, body) = request.split_at(request.len() - text.len());
        let mut caller = trial.caller()?;
        let head = head.replace("Content-Length", "content-length");
        let sent = caller.sends_pieces([head.as_bytes(), body.as_bytes()]);
        let numbered = sent.and_then(|()| feed.is_numbered(caller, text));
        numbered.map_err(|finding| finding.or_because(PIECES))?;
    }
    in_halves_of_letters(trial, &mut feed)?;
    let mut caller = trial.caller()?;
    let text = trial.random.word(9);
    caller.sends_pieces(post(&text).as_bytes().chunks(29))?;
    feed.is_numbered(caller, &text).map_err(|finding| finding.or_because(PIECES))?;
    for after in [0, 4, 6, 0] {
        Parked::asks(trial, after, LONG)?.hears_newer(&feed)?;
    }
    let before = feed.newest();
    feed.posts(trial, " \t two spaces  between, and at both ends \t ")?;
    let heard = Parked::asks(trial, before, LONG)?.hears_newer(&feed);
    heard.map_err(|finding| finding.or_because(STRIPPED))?;
    let before = feed.newest();
    feed.posts(trial, "100%25 + a=b & <c> \"d\" &lt;")?;
    let heard = Parked::asks(trial, before, LONG)?.hears_newer(&feed);
    heard.map(drop).map_err(|finding| finding.because(CHANGED))
}

/// The head, and then each byte of the body alone: letters have several of them.
fn in_halves_of_letters(trial: &mut Trial, feed: &mut Feed) -> Outcome {
    let (before, text) = (feed.newest(), "\u{fc}ber caf\u{e9} \u{2713}");
    let request = post(text);
    let (head, body) = request.as_bytes().split_at(request.len() - text.len());
    let mut caller = trial.caller()?;
    caller.sends_pieces([head])?;
    caller.sends_each_byte(body)?;
    let numbered = feed.is_numbered(caller, text);
    numbered.map_err(|finding| finding.or_because(PIECES))?;
    let heard = Parked::asks(trial, before, LONG)?.hears_newer(feed);
    heard.map(drop).map_err(|finding| finding.because(HALVES))
}

fn parks(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let mut feed = Feed::default();
    for _ in 0..2 {
        let mut parked = Parked::is_parked(trial, feed.newest(), LONG)?;
        parked.hears_nothing(SILENCE)?;
        let posted = feed.publishes(trial);
        posted.map_err(|finding| match finding.has_waited() {
            true => finding.or_because(SINGLE),
            false => finding,
        })?;
        parked.hears_newer(&feed)?;
    }
    Parked::asks(trial, 0, LONG)?.hears_newer(&feed).map(drop)
}

fn gives_up(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let mut feed = Feed::default();
    let [late, soon] = [LIMIT, LIMIT / 2].map(|limit| Parked::asks(trial, 0, limit));
    let (late, soon) = (late?, soon?);
    soon.gives_up()?;
    late.gives_up()?;
    gives_up_at_once(trial, 0)?;
    // Who has given up comes again.
    let parked = Parked::is_parked(trial, 0, LONG)?;
    feed.publishes(trial)?;
    parked.hears_newer(&feed)?;
    Parked::asks(trial, 0, 0)?.hears_newer(&feed)?;
    gives_up_at_once(trial, feed.newest())
}

/// Who has no time asks for what is there, and that may be nothing.
fn gives_up_at_once(trial: &mut Trial, after: usize) -> Outcome {
    let given_up = Parked::asks(trial, after, 0)?.gives_up();
    given_up.map_err(|finding| match finding.has_waited() {
        true => finding.because(NONE_AT_ALL),
        false => finding,
    })
}

/// They wait for a piece that is not the next one.
fn ahead(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let mut feed = Feed::default();
    let mut third = Parked::is_parked(trial, 2, LONG)?;
    for _ in 0..2 {
        feed.publishes(trial)?;
        third.hears_nothing(PAUSE).map_err(|finding| finding.because(AGAIN))?;
    }
    feed.publishes(trial)?;
    third.hears_newer(&feed)?;
    // Whatever happens meanwhile, the limit is over when it is over. On a machine that
    // stands still for a moment nobody can say so: then once more.
    for _ in 0..TRIES {
        let far = Parked::is_parked(trial, 10_000, LIMIT)?;
        let steady = news_in_between(trial, &mut feed, &far)?;
        match far.gives_up() {
            Err(finding) if steady || finding.because != Some(ANEW) => {
                return Err(finding.or_because(ANEW));
            }
            Ok(()) if steady => return Ok(()),
            _ => {}
        }
    }
    Err(Finding::cannot_tell("this machine stands still too often to time a limit"))
}

/// News that `far` does not wait for, again and again until it is answered. Was there never
/// a pause in which its limit could have ended?
fn news_in_between(trial: &mut Trial, feed: &mut Feed, far: &Parked) -> Outcome<bool> {
    let begun = Instant::now();
    let (mut steady, mut before) = (true, begun);
    while !far.is_answered_within(PAUSE)? && begun.elapsed() < TOO_LONG {
        let now = Instant::now();
        feed.publishes(trial)?;
        steady &= before.elapsed() + PAUSE < Duration::from_millis(LIMIT);
        before = now;
    }
    Ok(steady)
}
