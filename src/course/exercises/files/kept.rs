//! One connection and many requests: one by one, in one piece, and the last one.

use super::answer::{self, CLOSES, FORGETS};
use super::site::{Site, get, get_with};
use super::{NAMES, with};
use crate::course::trial::{Caller, Finding, Outcome, Trial};

/// So many requests of this length are more than any limit for one head.
const LONG_ONES: usize = 10;
const LONG: usize = 7000;

/// So many in one piece are longer than one head may be, and each is short.
const AT_ONCE: usize = 24;
const SHORT: usize = 800;

pub(super) const ALL_TOGETHER: &str =
    "the limit for one head counts what belongs to the requests before it or behind it";
pub(super) const AT_START: &str =
    "what a name led to once is kept, and the folder is not asked again";
pub(super) const SEARCHED: &str =
    "the whole head is searched for the words: another field may end or go on with them";
pub(super) const BEHIND: &str =
    "what has come behind the last request is answered, too, before the stream ends";
const ONE_LINE: &str = "the field may stand anywhere in the head, not in one line only";

pub(super) fn keep_alive(trial: &mut Trial) -> Outcome {
    let site = Site::serves(trial)?;
    let mut caller = trial.caller()?;
    says_no_end(&mut caller)?;
    for name in ["hello.txt", "picture.bin", "nothing.txt", "empty", "umlauts.txt"] {
        let asked = site.asks(&mut caller, name);
        asked.map_err(|finding| finding.or_because(CLOSES))?;
    }
    let kept = b"Connection: keep-alive\r\n";
    for name in ["sub", "hello.txt"] {
        let sent = caller.sends(&get_with(name, kept));
        let answered = sent.and_then(|()| site.answers(&mut caller, name));
        answered.map_err(|finding| finding.or_because(CLOSES))?;
    }
    are_read_again(trial, &site, &mut caller)?;
    for _ in 0..LONG_ONES {
        let sent = caller.sends(long("umlauts.txt", LONG).as_bytes());
        let answered = sent.and_then(|()| site.answers(&mut caller, "umlauts.txt"));
        answered.map_err(|finding| finding.because(ALL_TOGETHER))?;
    }
    Ok(())
}

/// Whoever reads that the stream ends sends nothing more.
fn says_no_end(caller: &mut Caller) -> Outcome {
    caller.sends(get("hello.txt", "").as_bytes())?;
    let head = answer::hears_head(caller)?;
    if head.closes {
        let words = "the answer says Connection: close, and the request did not";
        return Err(Finding::new(words).because(CLOSES));
    }
    caller.hears_so_many(head.length()?).map(drop)
}

/// Another content, one of the same length, and a file where there was none.
fn are_read_again(trial: &mut Trial, site: &Site, caller: &mut Caller) -> Outcome {
    let longer = format!("new, and longer: {}\n", trial.random.word(40));
    let as_long: String = longer.chars().rev().collect();
    for (name, news) in
        [("hello.txt", &longer), ("hello.txt", &as_long), ("nothing.txt", &longer)]
    {
        caller.pauses(); // So that its time is another one, too.
        site.changes(name, news.as_bytes())?;
        caller.sends(get(name, "").as_bytes())?;
        let read_again = answer::hears(caller, 200, news.as_bytes());
        read_again.map_err(|finding| finding.because(AT_START))?;
    }
    Ok(())
}

/// A request of this length.
fn long(name: &str, length: usize) -> String {
    let bare = get(name, "X: \r\n").len();
    get(name, &format!("X: {}\r\n", "x".repeat(length - bare)))
}

pub(super) fn pipelined(trial: &mut Trial) -> Outcome {
    let site = Site::serves(trial)?;
    let mut caller = trial.caller()?;
    for names in [
        &["hello.txt", "umlauts.txt"][..],
        &["nothing.txt", "picture.bin", "empty", "hello.txt", "picture.bin"],
    ] {
        let requests: String = names.iter().map(|name| get(name, "")).collect();
        caller.sends(requests.as_bytes())?;
        answers_to(&site, &mut caller, names)?;
    }
    // One and a half, and then the other half with one more behind it.
    let names = ["hello.txt", "sub/page.html", "umlauts.txt"];
    let requests = names.map(|name| get(name, "")).concat();
    for cut in [requests.find("page"), requests.rfind("\n\r\nGET")] {
        let (first, rest) = requests.split_at(cut.unwrap_or(1));
        let sent = caller.sends_pieces([first.as_bytes(), rest.as_bytes()]);
        sent.and_then(|()| answers_to(&site, &mut caller, &names))?;
    }
    caller.sends(long("hello.txt", SHORT).repeat(AT_ONCE).as_bytes())?;
    for _ in 0..AT_ONCE {
        let answered = site.answers(&mut caller, "hello.txt");
        answered.map_err(|finding| finding.because(ALL_TOGETHER))?;
    }
    Ok(())
}

fn answers_to(site: &Site, caller: &mut Caller, names: &[&str]) -> Outcome {
    for name in names {
        let answered = site.answers(caller, name);
        answered.map_err(|finding| finding.because(FORGETS))?;
    }
    Ok(())
}

pub(super) fn close(trial: &mut Trial) -> Outcome {
    let site = Site::serves(trial)?;
    for (field, cause) in [
        ("Connection: close", NAMES),
        ("connection:close", NAMES),
        ("CONNECTION:  Close", NAMES),
        ("Connection: close\r\nX-A: b\r\nX-C: d", ONE_LINE),
        ("X-A: b\r\nX-C: d\r\nConnection: close", ONE_LINE),
    ] {
        for name in ["hello.txt", "nothing.txt"] {
            let mut caller = trial.caller()?;
            site.asks(&mut caller, "umlauts.txt")?;
            caller.sends(get(name, &format!("{field}\r\n")).as_bytes())?;
            let answered = site.answers(&mut caller, name);
            let ended = answered.and_then(|()| caller.hears_end());
            ended.map_err(|finding| shown(field, finding.or_because(cause)))?;
        }
    }
    let mut caller = trial.caller()?;
    for field in ["X-Connection: close", "X-Note: connection: close", "X: close"] {
        caller.sends(get("hello.txt", &format!("{field}\r\n")).as_bytes())?;
        site.answers(&mut caller, "hello.txt")?;
        let kept = site.asks(&mut caller, "umlauts.txt");
        kept.map_err(|finding| shown(field, finding.because(SEARCHED)))?;
    }
    nothing_behind(&site, &mut caller)
}

/// A request behind the last one gets no answer of its own. Some libraries refuse both, and
/// a reset only says that something was left unread.
fn nothing_behind(site: &Site, caller: &mut Caller) -> Outcome {
    let last = get("hello.txt", "Connection: close\r\n");
    caller.sends([last, get("umlauts.txt", "")].concat().as_bytes())?;
    let heard = match caller.hears_to_end() {
        Err(finding) if finding.has_waited() => return Err(finding),
        Err(finding) => finding.seen_bytes().unwrap_or_default().to_vec(),
        Ok(heard) => heard,
    };
    let behind = site.content("umlauts.txt").unwrap_or_default();
    if heard.windows(behind.len()).any(|bytes| bytes == behind) {
        let words = "what came behind the request with Connection: close was answered";
        return Err(Finding::new(words).because(BEHIND));
    }
    Ok(())
}

fn shown(fields: &str, finding: Box<Finding>) -> Box<Finding> {
    with(&fields.replace("\r\n", ", "), finding)
}
