//! Every line of the table, sent in one piece, and cut at every byte.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use super::answers::{Answer, first};
use super::cases::{self, Case};
use super::site::{Site, play, table};

/// What is wrong with these answers?
fn judge(case: &Case, received: &[u8]) -> Result<(), String> {
    let (answers, end) = case.wants.rsplit_once(" | ").unwrap_or(("", &case.wants));
    let mut rest = received;
    let mut wanted: Vec<_> = answers.split(" | ").filter(|one| !one.is_empty()).collect();
    if end == "open" {
        wanted.push("200; Connection=close; body=hello\n");
    }
    for (i, wants) in wanted.iter().enumerate() {
        let to_head = wants.starts_with("head ");
        let (answer, behind) = first(rest, to_head)?;
        fits(&answer, wants.trim_start_matches("head "))?;
        let is_last = i + 1 == wanted.len();
        if answer.closes() != (is_last && end != "cut") && (end != "cut" || !is_last) {
            return Err(format!(
                "Connection: close is where it should not be: {answer:?}"
            ));
        }
        rest = behind;
    }
    match rest {
        [] => Ok(()),
        rest => Err(format!("and then {:?}", String::from_utf8_lossy(rest))),
    }
}

/// Is `answer` what is wanted, such as `206; Content-Range=bytes 0-0/6; body=h`?
fn fits(answer: &Answer, wants: &str) -> Result<(), String> {
    let mut items = wants.split("; ");
    let wrong = |item: &str| Err(format!("wanted {item:?}: {answer:?}"));
    let status = items.next().unwrap();
    if answer.status.to_string() != status {
        return wrong(status);
    }
    let body = String::from_utf8_lossy(&answer.body);
    for item in items {
        let fits = if let Some(text) = item.strip_prefix("body=") {
            body == text
        } else if let Some(part) = item.strip_prefix("body~") {
            body.contains(part)
        } else if let Some(part) = item.strip_prefix("no body ") {
            !body.contains(part)
        } else if let Some(name) = item.strip_prefix("no ") {
            answer.get(name).is_none()
        } else if let Some((name, value)) = item.split_once('=') {
            answer.get(name) == Some(value)
        } else {
            let (name, part) = item.split_once('~').unwrap();
            answer.get(name).is_some_and(|value| value.contains(part))
        };
        if !fits {
            return wrong(item);
        }
    }
    Ok(())
}

/// Plays a case, cut at these places; what is wrong, if anything is.
fn trouble(addr: SocketAddr, case: &Case, cuts: &[usize]) -> Option<String> {
    let why = judge(case, &play(addr, case, cuts)).err()?;
    let sends = String::from_utf8_lossy(&case.sends);
    let sends: String = sends.chars().take(300).collect();
    Some(format!("{}: {sends:?} cut at {cuts:?}\n  {why}", case.name))
}

/// Plays each case with each of its cuts, several at a time, and names all that fail.
fn play_all(cuts: impl Fn(&Case) -> Vec<Vec<usize>> + Sync) {
    let site = Site::new();
    let (_server, addr) = site.serve(&["--quiet"]);
    let (all, failed) = (table(addr), Mutex::new(Vec::new()));
    let next = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) =
                    all.get(next.fetch_add(1, Ordering::Relaxed) as usize)
                {
                    let trouble = |cuts: &Vec<usize>| trouble(addr, case, cuts);
                    let found = cuts(case).iter().find_map(trouble);
                    failed.lock().unwrap().extend(found); // The others need not wait.
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(
        failed.is_empty(),
        "{} of {}\n{}",
        failed.len(),
        all.len(),
        failed.join("\n")
    );
}

#[test]
fn every_line_of_the_table_is_answered_as_it_says() {
    play_all(|_| vec![vec![]]);
}

#[test]
fn wherever_a_request_is_cut_the_answer_is_the_same() {
    play_all(|case| {
        let length = case.sends.len();
        let step = (length / 32).max(1).min(if length <= 400 { 1 } else { length });
        (1..length).step_by(step).map(|cut| vec![cut]).collect()
    });
}

#[test]
fn each_byte_for_itself_gives_the_same_answers() {
    play_all(|case| match case.sends.len() {
        0..=2000 => vec![(1..case.sends.len()).collect()],
        length => vec![(1..length).step_by(length / 200).collect()],
    });
}

#[test]
fn the_table_is_long_enough_to_be_one() {
    let all = cases::all();
    assert!(all.len() >= 300, "{}", all.len());
}
