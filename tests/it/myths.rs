//! `myth`: every claim has an experiment, and every experiment its verdict.

use std::collections::BTreeSet;
use std::process::Command;

use crate::harness::{Program, run, sockdemo, too_wide};

/// The rows of the list: the ids of one experiment, and the claim.
fn rows() -> Vec<(Vec<String>, String)> {
    let ended = run(&["myth"], b"");
    assert_eq!((ended.code(), ended.stderr.as_str()), (Some(0), ""));
    let rows = ended.stdout.lines().filter_map(|line| line.strip_prefix("  "));
    let split = rows.map(|row| {
        let (ids, claim) = row.split_at(8);
        let ids = ids.split_whitespace().map(str::to_owned);
        (ids.collect(), claim.trim().to_owned())
    });
    split.collect()
}

/// With at most so many descriptors.
fn with_descriptors(limit: u32, args: &str) -> Program {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -n {limit}; exec {} {args}", sockdemo())]);
    Program::run(command)
}

#[test]
fn the_list_has_every_claim_once_and_fits() {
    let page = run(&["myth"], b"").stdout;
    assert_eq!(too_wide(&page), [""; 0]);
    assert!(page.ends_with("runs one of them, `sockdemo myth all` all.\n"), "{page}");

    let rows = rows();
    let ids: Vec<_> = rows.iter().flat_map(|(ids, _)| ids).collect();
    let different: BTreeSet<_> = ids.iter().collect();
    assert_eq!(different.len(), ids.len(), "an id names one experiment");
    assert!(rows.len() >= 50, "{} experiments", rows.len());
    let claims: BTreeSet<_> = rows.iter().map(|(_, claim)| claim).collect();
    assert_eq!(claims.len(), rows.len(), "a claim stands once");
    for (ids, claim) in &rows {
        assert!(!ids.is_empty() && claim.len() <= 60 && !claim.ends_with('.'), "{claim}");
    }
}

#[test]
fn every_experiment_tells_its_steps_and_gives_a_verdict() {
    for (ids, claim) in rows() {
        let ended = run(&["myth", &ids[0]], b"");

        let page = &ended.stdout;
        assert_eq!((ended.code(), ended.stderr.as_str()), (Some(0), ""), "{page}");
        let heading = format!("{}: \"{claim}\"\n\n", ids.join(", "));
        assert!(page.starts_with(&heading), "{page}");
        assert!(page.lines().filter(|line| line.starts_with("  ")).count() >= 2);
        let (_, verdict) = page.rsplit_once("\n\nverdict: ").unwrap();
        let flaw = verdict.starts_with("wrong. ") || verdict.starts_with("half true. ");
        assert!(flaw && verdict.ends_with(".\n"), "{page}");
        assert_eq!(too_wide(page), [""; 0]);
        assert!(page.is_ascii(), "any terminal can show it: {page}");
        assert!(page.lines().all(|line| line.trim_end() == line), "{page}");
    }
}

#[test]
fn an_id_is_found_in_small_letters_and_by_both_its_names() {
    for id in ["c1", "C4", "c4"] {
        let page = run(&["myth", id], b"").stdout;
        assert!(page.starts_with("C1, C4: "), "{id}: {page}");
    }
}

#[test]
fn an_unknown_id_is_an_error_that_names_the_list() {
    for id in ["F99", "F", "F66", "6", ""] {
        let ended = run(&["myth", id], b"");

        assert_eq!((ended.code(), ended.stdout.as_str()), (Some(3), ""), "{id:?}");
        let error = format!("error: could not find a myth called {id}: ");
        assert!(ended.stderr.starts_with(&error), "{}", ended.stderr);
        assert!(ended.stderr.contains("\n  hint: `sockdemo myth` lists them\n"));
    }
}

#[test]
fn all_runs_every_experiment_in_the_order_of_the_list_and_counts_them() {
    let ended = run(&["myth", "ALL"], b"");

    let rows = rows();
    let n = rows.len();
    let sum =
        format!("\n{n} experiments: {n} shown, 0 not shown here, 0 could not tell\n");
    assert!(ended.stdout.ends_with(&sum), "{}", ended.stdout);
    assert_eq!((ended.code(), ended.stderr.as_str()), (Some(0), ""));
    let headings: Vec<_> = rows
        .iter()
        .map(|(ids, claim)| format!("{}: \"{claim}\"", ids.join(", ")))
        .collect();
    let told: Vec<_> =
        ended.stdout.lines().filter(|line| headings.iter().any(|h| h == line)).collect();
    assert_eq!(told, headings);
    assert_eq!(ended.stdout.matches("\nverdict: ").count(), n);
    assert!(!ended.stdout.contains("expect"), "no questions");
}

#[test]
fn what_is_not_seen_is_not_told() {
    // The queue cannot be filled: the client's descriptors end before that.
    let ended = with_descriptors(20, "myth F16").end_of_input();

    assert_eq!((ended.code(), ended.stderr.as_str()), (Some(1), ""));
    assert!(ended.stdout.contains("\nverdict: not shown here: "), "{}", ended.stdout);
    assert!(!ended.stdout.contains("wrong"), "{}", ended.stdout);
    assert_eq!(too_wide(&ended.stdout), [""; 0]);
}

#[test]
fn an_experiment_that_cannot_run_could_not_tell() {
    let ended = with_descriptors(20, "myth C2").end_of_input();

    assert_eq!((ended.code(), ended.stderr.as_str()), (Some(3), ""));
    assert!(ended.stdout.contains("\nverdict: could not tell: Too many open files"));
    assert!(!ended.stdout.contains("wrong"), "{}", ended.stdout);
}

#[test]
fn all_counts_what_was_not_seen() {
    let ended = with_descriptors(20, "myth all").end_of_input();

    let sum = ended.stdout.lines().last().unwrap();
    assert!(!sum.contains(" 0 not shown here") && !sum.contains(" 0 could not"), "{sum}");
    assert_eq!(ended.code(), Some(1), "{sum}");
}

#[test]
fn ctrl_c_ends_all_at_once() {
    let mut all = Program::start(&["myth", "all"]);
    all.wait_for_output("verdict: ");

    let ended = all.stop();

    assert_eq!((ended.code(), ended.stderr.as_str()), (Some(3), ""));
    assert!(!ended.stdout.contains("experiments: "), "{}", ended.stdout);
}

#[test]
#[cfg(target_os = "linux")]
fn ctrl_c_leaves_no_program_behind() {
    let mut myth = Program::start(&["myth", "F13"]);
    myth.wait_for_output("is frozen");

    let ended = myth.stop();

    let lines = ended.stdout.lines().filter_map(|line| line.strip_prefix("  process "));
    let programs: Vec<_> = lines.filter_map(|line| line.split(':').next()).collect();
    assert_eq!(programs.len(), 2, "{}", ended.stdout);
    for program in programs {
        let process = std::path::Path::new("/proc").join(program);
        assert!(!process.exists(), "{program} is still there");
    }
}

#[test]
fn a_reader_who_leaves_is_a_normal_end() {
    for args in [&["myth"][..], &["myth", "F6"], &["myth", "all"]] {
        let ended = Program::without_reader(args).end();
        assert_eq!((ended.code(), ended.stderr.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[cfg(unix)]
mod in_a_terminal {
    use std::fs::File;
    use std::io::{Read, Write};
    use std::process::{Command, Stdio};

    use crossbeam_channel::bounded;
    use nix::pty::openpty;

    use crate::harness::{HANG, sockdemo, too_wide};

    /// What a terminal shows when this is typed at it.
    fn screen(typed: &[u8]) -> String {
        let pair = openpty(None, None).unwrap();
        let (mut keys, side) = (File::from(pair.master), pair.slave);
        let mut screen = keys.try_clone().unwrap();
        keys.write_all(typed).unwrap();
        let mut command = Command::new(sockdemo());
        command.args(["myth", "F6"]).stdin(side.try_clone().unwrap());
        command.stdout(side).stderr(Stdio::null());
        let mut myth = command.spawn().unwrap();
        drop(command); // And with it our end of the program's side.

        let (ended, end) = bounded(1);
        std::thread::spawn(move || {
            let mut shown = Vec::new();
            let _ = screen.read_to_end(&mut shown); // Linux: an error, when all have left.
            let _ = ended.send(shown);
        });
        let shown = end.recv_timeout(HANG);
        let _ = myth.kill(); // It should have ended.
        let status = myth.wait().unwrap();
        let shown = String::from_utf8(shown.expect("it ends")).unwrap();
        assert_eq!(status.code(), Some(0), "{shown}");
        let shown = shown.replace("\r\n", "\n");
        // What is typed before a question was on the screen before it.
        assert_eq!(too_wide(&shown.replace("? ", "?\n")), [""; 0]);
        assert!(shown.contains("\n  a  Ok(1)\n  b  BrokenPipe\n"), "{shown}");
        assert!(shown.contains("\nverdict: wrong. "), "{shown}");
        shown
    }

    #[test]
    fn a_right_prediction_is_told_at_the_end() {
        assert!(screen(b"a\n").ends_with("\nyour prediction: a, and so it was\n"));
        assert!(screen(b" A \n").ends_with("\nyour prediction: a, and so it was\n"));
    }

    #[test]
    fn a_wrong_prediction_is_told_at_the_end() {
        assert!(screen(b"b\n").ends_with("\nyour prediction: b; it was a\n"));
    }

    #[test]
    fn enter_alone_and_the_end_of_the_input_skip_the_question() {
        for skipped in [&b"\n"[..], &[4]] {
            let shown = screen(skipped);
            assert!(!shown.contains("your prediction"), "{shown}");
            assert_eq!(shown.matches("What do you expect (a to c, ").count(), 1);
        }
    }

    #[test]
    fn another_letter_is_asked_again() {
        let shown = screen(b"z\nbroken\nc\n");
        assert_eq!(shown.matches("What do you expect (a to c, ").count(), 3, "{shown}");
        assert!(shown.ends_with("\nyour prediction: c; it was a\n"), "{shown}");
    }
}
