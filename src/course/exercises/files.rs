//! Lesson 14: a server of files over HTTP/1.1, with requests written by hand.

mod answer;
mod kept;
mod outside;
mod site;
mod troubles;

use std::time::Duration;

use self::answer::{CHARACTERS, CLOSES, FORGETS, NO_LENGTH, ONE_READ};
use self::kept::{
    ALL_TOGETHER, AT_START, BEHIND, SEARCHED, close, keep_alive, pipelined,
};
use self::site::Site;
use crate::course::trial::{Check, Exercise, Finding, Outcome, Trial};

/// A head of this length has to be taken.
const LONG_HEAD: usize = 8192;

/// A request may take its time.
const PAUSE: Duration = Duration::from_millis(600);

const NOT_YET: &str =
    "a pause was taken for the end of the request: an empty line is its end";
const NOT_SPLIT: &str =
    "a field is cut at \": \": behind the colon there may be no space, or several";
const NO_TEXT: &str = "the whole head is decoded as UTF-8, and an error there ends all";
const SHORT_HEAD: &str = "the head does not fit into a fixed buffer, or a limit is short";
const NAMES: &str =
    "names and values are compared with their capitals, or with the spaces around them";
const MORE: &str = "more than the body is written: a newline, or the rest of a buffer";
const ERRORS: &str = "only the error for a missing file is dealt with: a folder or an \
     impossible name gives others";
const SMALL: &str = "the capitals of a name are made small: it names another file then";
const DOTS: &str =
    "two dots lead upwards only if they are all that stands between two slashes";
const HIDDEN: &str = "a name that begins with a dot is a name like others";
const PLUS: &str = "a + in a path is a plus: it stands for a space behind a ? only";
const NO_ESCAPE: &str =
    "what stands behind a % need not be two hex digits, nor the bytes a text";

const BY_HAND: &[&str] = &[
    "{work} . 127.0.0.1:8080",
    "curl -si --http1.1 http://127.0.0.1:8080/README.md http://127.0.0.1:8080/no",
];

const IN_ONE_PIECE: &[&str] = &[
    "{work} . 127.0.0.1:7878",
    r#"r='GET /LICENSE HTTP/1.1\r\n\r\n'; printf "$r$r$r" | sockdemo tcp-client -q"#,
];

pub(super) const EXERCISE: Exercise = Exercise {
    lesson: 14,
    checks: &[
        Check {
            id: "file",
            says: "a file: 200, its length, its bytes",
            talk: file,
            causes: &[
                "the head of a request ends with CR LF CR LF: not with LF LF, not with \
                 the end of the stream",
                "each line of an answer's head ends with CR LF, and an empty line ends it",
                NO_LENGTH,
                CHARACTERS,
                "the file is read as text, or only as much as fits into a buffer",
            ],
            by_hand: BY_HAND,
        },
        Check {
            id: "not-there",
            says: "what is not there: 404, with a length",
            talk: not_there,
            causes: &[ERRORS, NO_LENGTH, NO_ESCAPE, "the error ends the whole program"],
            by_hand: BY_HAND,
        },
        Check {
            id: "split",
            says: "a request that comes in pieces",
            talk: split,
            causes: &[
                ONE_READ,
                "the end of the head is looked for in each piece alone: it may be cut, too",
                NOT_YET,
            ],
            by_hand: &[
                "{work} . 127.0.0.1:7878",
                r"(printf 'GET /LIC'; sleep 1; printf 'ENSE HTTP/1.1\r\n\r\n') \",
                "  | sockdemo tcp-client -q",
            ],
        },
        Check {
            id: "fields",
            says: "fields of all kinds, up to 8 KiB of them",
            talk: fields,
            causes: &[SHORT_HEAD, NOT_SPLIT, NO_TEXT],
            by_hand: &[
                "{work} . 127.0.0.1:8080",
                "curl -si -H 'A:b' -H \"C: $(seq -s, 1500)\" 127.0.0.1:8080/LICENSE",
            ],
        },
        Check {
            id: "keep-alive",
            says: "several requests on one connection",
            talk: keep_alive,
            causes: &[CLOSES, AT_START, NO_LENGTH, ALL_TOGETHER],
            by_hand: BY_HAND,
        },
        Check {
            id: "pipelined",
            says: "requests in one piece, answered in order",
            talk: pipelined,
            causes: &[
                FORGETS,
                "a new buffer or BufReader is made for each request: the old one had more",
                ALL_TOGETHER,
            ],
            by_hand: IN_ONE_PIECE,
        },
        Check {
            id: "close",
            says: "Connection: close, and the stream ends",
            talk: close,
            causes: &[
                NAMES,
                SEARCHED,
                BEHIND,
                "the stream stays open: somebody else still has it, or it is not dropped",
            ],
            by_hand: &[
                "{work} . 127.0.0.1:7878",
                r"printf 'GET /LICENSE HTTP/1.1\r\nconnection:CLOSE\r\n\r\n' \",
                "  | sockdemo tcp-client -q",
            ],
        },
        troubles::BAD_REQUEST,
        outside::OUTSIDE,
        troubles::OTHERS,
        troubles::ENDLESS_HEAD,
    ],
};

fn file(trial: &mut Trial) -> Outcome {
    let site = Site::serves(trial)?;
    for (name, cause) in [
        ("hello.txt", None),
        ("umlauts.txt", None),
        ("empty", None),
        ("picture.bin", None),
        ("sub/page.html", None),
        ("sub/Capitals.TXT", Some(SMALL)),
        ("sub/two..dots", Some(DOTS)),
        ("sub/..dots", Some(DOTS)),
        ("dots../page", Some(DOTS)),
        ("sub/.dot", Some(HIDDEN)),
        ("one+one", Some(PLUS)),
    ] {
        let mut caller = trial.caller()?;
        let given = site.asks(&mut caller, name);
        given.map_err(|finding| match cause {
            Some(cause) => finding.because(cause), // The other names gave no trouble.
            None => finding,
        })?;
        let nothing = caller.hears_only(b"");
        nothing.map_err(|finding| site::asked(name, finding.because(MORE)))?;
    }
    Ok(())
}

fn not_there(trial: &mut Trial) -> Outcome {
    let site = Site::serves(trial)?;
    let long = trial.random.word(300);
    for (name, cause) in [
        ("nothing.txt", None),
        ("hello.tx", None),
        ("sub/hello.txt", None),
        ("no/such/folder", None),
        ("sub", Some(ERRORS)),
        (long.as_str(), Some(ERRORS)),
        ("hello.txt%00", Some(ERRORS)),
        ("", Some(ERRORS)),
    ] {
        let mut caller = trial.caller()?;
        let missed = site.asks(&mut caller, name);
        missed.map_err(|finding| match cause {
            Some(cause) => finding.or_because(cause),
            None => finding,
        })?;
    }
    for name in ["%zz", "%ff", "hello.txt%"] {
        let mut caller = trial.caller()?;
        let sent = caller.sends(site::get(name, "").as_bytes());
        let refused = sent.and_then(|()| answer::hears_400(&mut caller));
        drop(caller); // Who serves one after the other is found elsewhere.
        let refused = refused.map_err(|finding| site::asked(name, finding));
        let next = refused.and_then(|()| site.asks(&mut trial.caller()?, "hello.txt"));
        next.map_err(|finding| finding.or_because(NO_ESCAPE))?;
    }
    Ok(())
}

/// One connection for each, since this is not about keeping one.
fn split(trial: &mut Trial) -> Outcome {
    let site = Site::serves(trial)?;
    let request = site::get("sub/page.html", "");
    let end = request.len();
    for cut in [1, 9, end - 5, end - 3, end - 2, end - 1] {
        let (first, rest) = request.split_at(cut);
        let mut caller = trial.caller()?;
        caller.sends_pieces([first.as_bytes()])?;
        if cut == end - 2 {
            let silent = caller.hears_nothing(PAUSE);
            silent.map_err(|finding| finding.because(NOT_YET))?;
        }
        let sent = caller.sends(rest.as_bytes());
        in_pieces(sent.and_then(|()| site.answers(&mut caller, "sub/page.html")))?;
    }
    let mut caller = trial.caller()?;
    let sent = caller.sends_each_byte(site::get("hello.txt", "").as_bytes());
    in_pieces(sent.and_then(|()| site.answers(&mut caller, "hello.txt")))
}

/// The same request in one piece gave no trouble.
fn in_pieces(outcome: Outcome) -> Outcome {
    outcome.map_err(|finding| finding.because(ONE_READ))
}

fn fields(trial: &mut Trial) -> Outcome {
    let site = Site::serves(trial)?;
    let many: String =
        (0..90).map(|n| format!("X-{n}: {}\r\n", trial.random.word(50))).collect();
    let bare = site::get("hello.txt", "X: \r\n").len();
    let long = format!("X: {}\r\n", "x".repeat(LONG_HEAD - bare));
    for (what, fields, cause) in [
        (
            "a field without a space",
            &b"accept:*/*\r\nX-Empty:\r\nX-Tab:\ta\t\r\n"[..],
            NOT_SPLIT,
        ),
        (
            "a field with more colons",
            b"X-Colons: a:b: c\r\nX-Get: GET /nothing.txt HTTP/1.1\r\n",
            NOT_SPLIT,
        ),
        ("a byte that is not UTF-8", b"X-Name: caf\xe9 \xff\r\n", NO_TEXT),
        ("a browser's fields", BROWSER, SHORT_HEAD),
        ("90 fields", many.as_bytes(), SHORT_HEAD),
        ("a head of 8,192 bytes", long.as_bytes(), SHORT_HEAD),
    ] {
        let request = site::get_with("hello.txt", fields);
        let mut caller = trial.caller()?;
        let sent = caller.sends(&request);
        let given = sent.and_then(|()| site.answers(&mut caller, "hello.txt"));
        given.map_err(|finding| with(what, finding.because(cause)))?;
    }
    Ok(())
}

/// What a browser adds of its own accord.
const BROWSER: &[u8] = b"Connection: keep-alive\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-US,en;q=0.9\r\n";

/// What was special about the request.
fn with(what: &str, mut finding: Box<Finding>) -> Box<Finding> {
    finding.seen = format!("with {what}: {}", finding.seen);
    finding
}
