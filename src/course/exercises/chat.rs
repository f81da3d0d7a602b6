//! Lesson 18: a chat, one room, names; whoever leaves or does not read harms nobody.

mod crowd;
mod leaving;
mod room;

use self::crowd::{ENDLESS, LISTED, SILENT, WAITS, order, stuck};
use self::leaving::{HALF, LOST, PAYS, REST, is_refused_at_the_end, leaves};
use self::room::{ECHO, Room, TOLD, WELCOME};
use crate::course::trial::{Check, Exercise, Finding, Outcome, Trial};

const WORDS: &str =
    "a line is split at its spaces, or trimmed, before it is looked at or said";
const CAPITALS: &str = "names are compared with their capitals, or not at all";
const RULES: &str =
    "not all rules for a name are looked at: length, first letter, the rest";
const BEGINNING: &str =
    "a command is known by its beginning: a longer word begins in the same way";
const LOUD: &str = "commands are known in capitals, too: only the same bytes are one";
const HIDDEN: &str = "what was refused is told to the others, or has changed something";
const KEPT: &str = "a name that nobody has any more is still taken";
const PIECES: &str = "one read is taken for one line";
const NO_TEXT: &str = "bytes that are no text end the thread, the loop or the program";
const SHORT: &str = "a line ends where a buffer ends, or the limit counts the line's end";
const TWICE: &str =
    "a leave is told twice: after /quit, and again at the end of the stream";
const BEHIND: &str =
    "lines that came behind /quit are still looked at, for one who is not there";
const LONG: &str = "a line that is too long is said: whole, in part, or as two";

pub(super) const EXERCISE: Exercise = Exercise {
    lesson: 18,
    checks: &[
        Check {
            id: "joins",
            says: "a newcomer is welcome, the others are told",
            talk: joins,
            causes: &[
                TOLD,
                WELCOME,
                "a line is not sent at once: it waits in a buffer, or has no LF",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "sockdemo tcp-client",
                "sockdemo tcp-client",
            ],
        },
        Check {
            id: "said",
            says: "what one says reaches all others",
            talk: said,
            causes: &[ECHO, WORDS, "the list of members has only the newest, or one"],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "sockdemo tcp-client",
                "sockdemo tcp-client --message '  as  it  is  '",
            ],
        },
        Check {
            id: "names",
            says: "a name is taken, told, and free again",
            talk: names,
            causes: &[
                "the name is kept in two places, and one of them is not changed",
                "the old name stays in the set of names",
                "the others are told after the name has changed, and hear it twice",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "sockdemo tcp-client --message '/name ann'",
            ],
        },
        Check {
            id: "refused",
            says: "what cannot be is refused, nobody is told",
            talk: refused,
            causes: &[CAPITALS, RULES, BEGINNING, LOUD, HIDDEN],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "sockdemo tcp-client --message '/name a>b'",
                "sockdemo tcp-client --message '/dance'",
            ],
        },
        Check {
            id: "lines",
            says: "lines in pieces, many at once, CR LF",
            talk: lines,
            causes: &[
                PIECES,
                "what was read behind a line's end is thrown away",
                "each piece is made text alone: a letter may be cut in two",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "sockdemo tcp-client",
                "(printf 'half a '; sleep 1; printf 'line\\r\\n') | sockdemo tcp-client",
            ],
        },
        Check {
            id: "leaves",
            says: "however a member leaves, the others know",
            talk: leaves,
            causes: &[
                LOST,
                PAYS,
                "the member stays in the list, or its name in the set of names",
                HALF,
                REST,
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "sockdemo tcp-client",
                "timeout -s KILL 1 sockdemo tcp-client",
            ],
        },
        Check {
            id: "who-quit",
            says: "who is here; and a goodbye",
            talk: who_quit,
            causes: &[
                "the list is not in the order in which they came",
                "it names those who have left",
                TWICE,
                BEHIND,
            ],
            by_hand: &["{work} 127.0.0.1:7878", "sockdemo tcp-client --message /quit"],
        },
        Check {
            id: "limits",
            says: "too long, or no text: refused, and it goes on",
            talk: limits,
            causes: &[
                NO_TEXT,
                LONG,
                SHORT,
                REST,
                "the limit counts letters instead of bytes",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "sockdemo tcp-client",
                "printf '\\377\\n' | sockdemo tcp-client",
                "head -c 2000 /dev/zero | tr '\\0' x | sockdemo tcp-client",
            ],
        },
        Check {
            id: "order",
            says: "all see the same lines in the same order",
            talk: order,
            causes: &[
                "two threads send to the members at the same time",
                "each line or each member has a task of its own, and they overtake",
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "sockdemo tcp-client",
                "seq 200 | sockdemo tcp-client & seq 200 | sockdemo tcp-client",
            ],
        },
        Check {
            id: "stuck",
            says: "who never reads is let go, the others talk on",
            talk: stuck,
            causes: &[
                WAITS,
                ENDLESS,
                "a member who is slow for a moment is let go, or loses lines",
                SILENT,
                LISTED,
            ],
            by_hand: &[
                "{work} 127.0.0.1:7878",
                "sockdemo tcp-client | sleep 100",
                "yes something | head -n 2000000 | sockdemo tcp-client -q",
            ],
        },
    ],
};

fn joins(trial: &mut Trial) -> Outcome {
    Room::of(trial, 4).map(drop)
}

/// Two speak, and the words of one are such that a careless program changes them.
fn said(trial: &mut Trial) -> Outcome {
    let mut room = Room::of(trial, 3)?;
    room.talks(trial)?;
    for text in [
        "three words here",
        "  as   it  is  ",
        "a > b < c",
        "   ",
        " /who",
        "caf\u{e9} \u{2713}",
        "\u{fffd}",
    ] {
        room.says(0, text).map_err(|finding| finding.or_because(WORDS))?;
        room.says(1, "yes")?;
    }
    Ok(())
}

fn names(trial: &mut Trial) -> Outcome {
    let mut room = Room::of(trial, 3)?;
    room.is_named(0, "ann")?;
    room.talks(trial)?;
    for name in ["Z-9_abcdefghijkl", "b", "bo"] {
        room.is_named(1, name).map_err(|finding| finding.or_because(RULES))?;
    }
    room.is_named(0, "eve")?;
    room.is_named(2, "ann").map_err(|finding| finding.or_because(KEPT))?;
    room.comes(trial)?;
    room.talks(trial)
}

/// The next that anybody hears is what somebody says: under the old name.
fn refused(trial: &mut Trial) -> Outcome {
    let mut room = Room::of(trial, 2)?;
    room.is_named(0, "Ann")?;
    let names =
        ["Ann", "ANN", "guest-7", "guest-ann", "9lives", "-ann", "_ann", "an n", "a>b"];
    let names =
        names.iter().chain(&["\u{fc}do", "m\u{fc}n"]).map(|name| format!("/name {name}"));
    let others = ["/name", "/name ", "/name abcdefghijklmnopq", "/dance", "/names eve"];
    let more = ["/whoever", "/quits", "/WHO", "/QUIT", "/Name eve"];
    let others = others.iter().chain(&more).map(ToString::to_string);
    for line in ["/name ann".to_owned()].into_iter().chain(names).chain(others) {
        let cause = match line.as_str() {
            "/name ann" | "/name Ann" | "/name ANN" => CAPITALS,
            "/names eve" | "/whoever" | "/quits" => BEGINNING,
            "/WHO" | "/QUIT" | "/Name eve" => LOUD,
            "/dance" => HIDDEN,
            _ => RULES,
        };
        let refused = room.member(1)?.is_refused(line.as_bytes());
        let refused = refused.map_err(|finding| finding.or_because(cause));
        let mut talk = || room.says(1, "hello").and_then(|()| room.says(0, "hello"));
        let all =
            refused.and_then(|()| talk().map_err(|finding| finding.or_because(HIDDEN)));
        all.map_err(|finding| after(&line, finding))?;
    }
    Ok(())
}

fn lines(trial: &mut Trial) -> Outcome {
    let mut room = Room::of(trial, 2)?;
    let pieces: &[&[&str]] = &[
        &["in thr", "ee pie", "ces\n"],
        &["one\ntwo\nthr", "ee\n"],
        &["four\r\nfive\r\n", "\r\n", "six\r", "\n\n"],
        &["/name a", "nn\r\n"],
    ];
    for pieces in pieces {
        room.member(0)?
            .caller
            .sends_pieces(pieces.iter().map(|piece| piece.as_bytes()))?;
    }
    for text in ["in three pieces", "one", "two", "three", "four", "five", "six"] {
        let line = format!("<{}> {text}", room.member(0)?.name);
        room.member(1)?.hears(&line).map_err(|finding| finding.or_because(PIECES))?;
    }
    room.has_become(0, "ann")?;
    room.member(0)?.caller.sends_pieces([&b"good "[..]])?;
    room.says(1, "hello")?;
    room.member(0)?.sends("day")?;
    room.member(1)?.hears("<ann> good day")?;
    let letters = "one b\u{ff}te at a time \u{2713}";
    room.member(0)?.caller.sends_each_byte(format!("{letters}\n").as_bytes())?;
    room.member(1)?.hears(&format!("<ann> {letters}"))?;
    let many: Vec<_> =
        (0..500).map(|n| format!("{n} {}", trial.random.word(9))).collect();
    room.member(0)?.sends(&many.join("\n"))?;
    for line in many {
        room.member(1)?.hears(&format!("<ann> {line}"))?;
    }
    room.talks(trial)
}

fn who_quit(trial: &mut Trial) -> Outcome {
    let mut room = Room::of(trial, 3)?;
    is_listed(&mut room, 0)?;
    room.is_named(1, "bob")?;
    room.is_named(0, "zoe")?;
    is_listed(&mut room, 2)?;
    let mut bob = room.members.remove(1);
    bob.sends("/quit")?;
    bob.hears("= goodbye")?;
    bob.caller.hears_end()?;
    room.all_hear("* bob left")?;
    drop(bob);
    is_listed(&mut room, 1).map_err(|finding| {
        let seen = finding.seen_bytes().unwrap_or_default();
        if seen.starts_with(b"* bob left\n") { finding.because(TWICE) } else { finding }
    })?;
    room.comes(trial)?;
    room.is_named(2, "bob").map_err(|finding| finding.or_because(KEPT))?;
    is_listed(&mut room, 2)?;
    let first = room.members.remove(0);
    first.caller.resets();
    room.all_hear("* zoe left")?;
    is_listed(&mut room, 0)?;
    for _ in 0..3 {
        says_more_than_quit(trial, &mut room)?;
    }
    room.talks(trial).map_err(|finding| finding.or_because(BEHIND))
}

/// It may be reset: a program need not read what comes behind a goodbye.
fn says_more_than_quit(trial: &mut Trial, room: &mut Room) -> Outcome {
    room.comes(trial)?;
    let Some(mut guest) = room.members.pop() else { return Ok(()) };
    guest.sends("/quit\nhello")?;
    guest.hears("= goodbye")?;
    guest.caller.hears_that_it_is_over()?;
    let left = room.all_hear(&format!("* {} left", guest.name));
    guest.caller.pauses(); // What is said behind it would be told now.
    left.map_err(|finding| finding.or_because(BEHIND))
}

/// Who asks hears all of them, in the order in which they came.
fn is_listed(room: &mut Room, who: usize) -> Outcome {
    let names: Vec<_> = room.members.iter().map(|member| member.name.clone()).collect();
    let member = room.member(who)?;
    member.sends("/who")?;
    member.hears(&format!("= in lobby: {}", names.join(", ")))
}

fn limits(trial: &mut Trial) -> Outcome {
    let mut room = Room::of(trial, 2)?;
    room.is_named(0, "ann")?;
    for line in [trial.random.word(1000), "\u{e9}".repeat(500)] {
        let said = room.says(0, &line);
        said.map_err(|f| after("a line of 1,000 bytes", f.or_because(SHORT)))?;
    }
    for (what, line) in [
        ("a line of 1,001 bytes", trial.random.word(1001)),
        ("a line of 1,002 bytes, which are 501 letters", "\u{e9}".repeat(501)),
        ("a line of 5,000 bytes", trial.random.word(5000)),
        ("a line of 100,000 bytes", trial.random.word(100_000)),
    ] {
        let told = is_not_told(&mut room, line.as_bytes());
        told.map_err(|finding| after(what, finding.or_because(LONG)))?;
    }
    for line in [&b"\xff"[..], b"caf\xe9", b"cut \xe2\x9c", b"/name \xff"] {
        let told = is_not_told(&mut room, line);
        let what = "a line that is not UTF-8";
        told.map_err(|finding| after(what, finding.or_because(NO_TEXT)))?;
    }
    for line in [&[b'x'; 1001][..], b"caf\xe9"] {
        let refused = is_refused_at_the_end(trial, &mut room, line);
        refused.map_err(|finding| {
            after("a line that the end of the stream has ended", finding.or_because(REST))
        })?;
    }
    room.member(0)?.caller.sends(format!("{}\r\n", "x".repeat(1000)).as_bytes())?;
    room.member(1)?.hears(&format!("<ann> {}", "x".repeat(1000)))?;
    room.talks(trial)
}

/// It is refused once, and the next that anybody hears is what somebody says then.
fn is_not_told(room: &mut Room, line: &[u8]) -> Outcome {
    room.member(0)?.is_refused(line)?;
    room.says(0, "hello")?;
    room.says(1, "hello")
}

/// When it was seen: after what.
fn after(what: &str, mut finding: Box<Finding>) -> Box<Finding> {
    finding.seen = format!("after {what}: {}", finding.seen);
    finding
}
