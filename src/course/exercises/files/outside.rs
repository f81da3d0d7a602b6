//! Paths that lead out of the folder, spelled in the ways that are tried first.

use super::answer;
use super::site::{SECRET, Site, asked, get};
use crate::course::trial::{Check, Finding, Outcome, Trial};

const DOTS: &str = "the path is put behind the folder's name as it is, with its dots";
const DECODED: &str =
    "what is encoded is looked at first and decoded then: the other way";
const ABSOLUTE: &str =
    "to join a folder and an absolute path gives the absolute path alone";
const REMOVED: &str =
    "../ is taken out, and what is left of ....// has it again: refuse, and mend nothing";
const PREFIX: &str =
    "the beginning of the path is compared as text: files-too begins like files";

pub(super) const OUTSIDE: Check = Check {
    id: "outside",
    says: "nothing outside of the folder is given away",
    talk: outside,
    causes: &[DOTS, DECODED, ABSOLUTE, REMOVED, PREFIX],
    by_hand: &[
        "{work} lessons 127.0.0.1:8080",
        "curl -si --path-as-is http://127.0.0.1:8080/../README.md",
        "curl -si --path-as-is http://127.0.0.1:8080/%2e%2e/README.md",
    ],
};

fn outside(trial: &mut Trial) -> Outcome {
    let site = Site::serves(trial)?;
    let secret = site.secret();
    let encoded = secret.replace('/', "%2F");
    for (path, cause) in [
        ("../secret.txt", DOTS),
        ("sub/../../secret.txt", DOTS),
        ("no/../../secret.txt", DOTS),
        ("./../secret.txt", DOTS),
        ("....//secret.txt", REMOVED),
        ("..././secret.txt", REMOVED),
        ("../../secret.txt", REMOVED),
        (secret.as_str(), ABSOLUTE),
        ("../files-too/secret.txt", PREFIX),
        ("%2e%2e/secret.txt", DECODED),
        (".%2E/secret.txt", DECODED),
        ("..%2fsecret.txt", DECODED),
        ("%2e%2e%2fsecret.txt", DECODED),
        ("%252e%252e/secret.txt", DECODED),
        (encoded.as_str(), ABSOLUTE),
        ("%2e%2e/files-too/secret.txt", PREFIX),
    ] {
        let refused = is_refused(trial, path);
        refused.map_err(|finding| asked(path, finding.or_because(cause)))?;
    }
    site.asks(&mut trial.caller()?, "sub/page.html")
}

fn is_refused(trial: &mut Trial, path: &str) -> Outcome {
    let mut caller = trial.caller()?;
    caller.sends(get(path, "").as_bytes())?;
    let head = answer::hears_head(&mut caller)?;
    let body = caller.hears_so_many(head.length()?)?;
    if body.windows(SECRET.len()).any(|bytes| bytes == SECRET) {
        return Err(Finding::new("a file outside of the folder came back"));
    }
    if matches!(head.status, 400 | 403 | 404) {
        return Ok(());
    }
    let words = format!("the status is {}, not 400, 403 or 404", head.status);
    Err(Finding::new(words))
}
