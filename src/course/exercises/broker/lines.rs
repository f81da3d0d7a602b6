//! What a line is: however its bytes come, and whatever stands in it.

use super::{ERROR, LONGEST, OK, delivery, has_heard_all, publishes, subscriber};
use crate::course::trial::{Caller, Outcome, Trial};

/// Clearly longer than a line may be: whoever counts its end, too, need not be wrong.
const TOO_LONG: usize = LONGEST + 1_000;

pub(super) const ONE_READ: &str =
    "one read is taken for one line: a line ends with LF, and only there";
pub(super) const TRIMMED: &str =
    "the text is split at its spaces, or cut: it is all behind the topic";
pub(super) const CR: &str = "a CR before the LF belongs to the end of the line";
/// Each of two things has caused it, and the bytes tell which.
const ORDER: &str =
    "several lines came at once: one was not found, or answers went past what waited";

pub(super) const TEXT: &str =
    "a line is made text: what is not UTF-8 ends the thread, or is changed or lost";

pub(super) const IN_A_LINE: &str =
    "a CR within a line ends it or is lost: only one CR before the LF is its end";

pub(super) const LOOSE: &str =
    "nearly a command is one: the topic is missing, has a space, or comes after two";
pub(super) const SILENT: &str =
    "what is no command gets no answer, or ends the connection";
pub(super) const HALF: &str =
    "half a line, which the end of the stream has cut off, counts as a line";
pub(super) const ENDLESS: &str =
    "a line may be as long as it likes, and is kept until it ends";
pub(super) const LONGER: &str =
    "the limit is that of a buffer or of a library, and not 8,000 bytes";

pub(super) fn lines(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let topic = format!("{}é", trial.random.word(5));
    let mut ann = trial.caller()?.plays("a subscriber");
    ann.sends_each_byte(format!("SUB {topic}\n").as_bytes())?;
    ann.hears(OK).map_err(|finding| finding.because(ONE_READ))?;
    let mut publisher = trial.caller()?.plays("the publisher");
    for text in ["two  words", " a space before it", "one behind it ", "日本", "PUB a b"]
    {
        publishes(&mut publisher, &topic, text)?;
        ann.hears(&delivery(&topic, text)).map_err(|finding| {
            match finding.is_silence() {
                true => finding,
                false => finding.because(TRIMMED),
            }
        })?;
    }
    let text = format!("{}日", trial.random.word(4));
    publisher.sends_each_byte(format!("PUB {topic} {text}\n").as_bytes())?;
    ann.hears(&delivery(&topic, &text)).map_err(|finding| finding.because(ONE_READ))?;

    for (half, other) in [("PUB a ", "PUB b "), ("1\n", "2\n")] {
        ann.sends_pieces([half.as_bytes()])?;
        publisher.sends_pieces([other.as_bytes()])?;
    }
    for caller in [&mut ann, &mut publisher] {
        has_heard_all(caller, "half lines of two clients were joined")?;
    }

    let some: Vec<String> = (0..9).map(|n| format!("a {n}\n")).collect();
    let (sent, some) = (some.iter().map(|line| format!("PUB {line}")), some.concat());
    let sent = sent.collect::<String>();
    let many = format!("SUB a\n{sent}UNSUB a\nPUB a 40\nSUB a\nPUB a 41\nPUB a 42");
    let all = format!("ok\n{some}ok\nok\na 41\na 42 and a half\n");
    for _ in 0..4 {
        // What goes past the queue does not do so each time.
        publisher.sends_pieces([many.as_bytes(), b" and a half\n"])?;
        let heard = publisher.hears(all.as_bytes());
        heard.map_err(|finding| match finding.is_silence() {
            true => finding.because(ONE_READ),
            false => finding.because(ORDER),
        })?;
    }

    let mut telnet = trial.caller()?.plays("a client that ends lines with CR LF");
    telnet.sends_pieces([b"SUB ab\r\nSUB a\r".as_slice(), b"\nPUB a 6\r\n"])?;
    telnet.hears(b"ok\nok\na 6\n").map_err(|finding| finding.because(CR))?;
    publisher.hears(b"a 6\n").map_err(|finding| finding.because(CR))?;

    let length = LONGEST - "PUB  ".len() - topic.len();
    let longest = trial.random.word(length);
    for end in ["", "\r"] {
        publishes(&mut publisher, &topic, &format!("{longest}{end}"))?;
        ann.hears(&delivery(&topic, &longest))?;
    }
    are_bytes(&mut ann, &mut publisher)?;
    for caller in [&mut ann, &mut publisher, &mut telnet] {
        has_heard_all(caller, ONE_READ)?;
    }
    Ok(())
}

/// Two topics that are no text, and become the same if somebody makes a text of them.
fn are_bytes(subscriber: &mut Caller, publisher: &mut Caller) -> Outcome {
    subscriber.sends(b"SUB t\xff\n")?;
    subscriber.hears(OK).map_err(|finding| finding.or_because(TEXT))?;
    publisher.sends_pieces([&b"PUB t\xfe other\nPUB t\xff caf\xe9\n"[..]])?;
    subscriber.hears(b"t\xff caf\xe9\n").map_err(|finding| finding.or_because(TEXT))?;
    for (sent, heard) in [
        (&b"PUB t\xff a\rb\n"[..], &b"t\xff a\rb\n"[..]),
        (b"PUB t\xff two\r\r\n", b"t\xff two\r\n"),
    ] {
        publisher.sends_pieces([sent])?;
        subscriber.hears(heard).map_err(|finding| finding.or_because(IN_A_LINE))?;
    }
    Ok(())
}

pub(super) fn no_command(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    let topic = trial.random.word(6);
    let mut ann = subscriber(trial, &topic)?.plays("a subscriber");
    let mut bob = trial.caller()?.plays("a client");
    for line in ["HELLO", "", "SUB", "PUB", "sub a", "PUBLISH a b", "SUBSCRIBE a"] {
        is_no_command(&mut bob, line, SILENT)?;
    }
    let unfinished = format!("PUB {topic}");
    for line in [
        "SUB ",
        "UNSUB ",
        "SUB a b",
        "SUB  a",
        "UNSUB  a",
        "UNSUB a b",
        "SUB a ",
        "PUB  x",
    ] {
        is_no_command(&mut bob, line, LOOSE)?;
    }
    is_no_command(&mut bob, &unfinished, SILENT)?;
    publishes(&mut bob, &topic, "one")?;
    ann.hears(&delivery(&topic, "one"))?;

    let mut eve = trial.caller()?.plays("a client that ends within a line");
    eve.sends(format!("PUB {topic} half a li").as_bytes())?;
    eve.ends()?;
    eve.hears_that_it_is_over()?;
    publishes(&mut bob, &topic, "two")?;
    ann.hears(&delivery(&topic, "two")).map_err(|finding| finding.because(HALF))?;

    let begun = format!("PUB {topic} ");
    let whole = format!("{begun}{}\n", "x".repeat(TOO_LONG - begun.len()));
    is_too_long(trial, format!("{begun}{}", "x".repeat(400_000)).as_bytes(), ENDLESS)?;
    is_too_long(trial, whole.as_bytes(), LONGER)?;
    publishes(&mut bob, &topic, "three")?;
    ann.hears(&delivery(&topic, "three")).map_err(|finding| finding.because(LONGER))?;
    has_heard_all(&mut bob, "what is no command gets more than one answer")
}

fn is_no_command(caller: &mut Caller, line: &str, cause: &'static str) -> Outcome {
    caller.sends(format!("{line}\n").as_bytes())?;
    caller.hears(ERROR).map_err(|finding| {
        let mut finding = finding.because(cause);
        finding.seen = format!("after the line {line:?}: {}", finding.seen);
        finding
    })
}

/// Whoever sends it is let go.
fn is_too_long(trial: &mut Trial, line: &[u8], cause: &'static str) -> Outcome {
    let mut long = trial.caller()?.plays("a client that sends a line that is too long");
    let _ = long.sends(line); // Or it is over already.
    long.hears_that_it_is_over().map_err(|finding| finding.because(cause))
}
