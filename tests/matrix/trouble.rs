//! Programs that hang, spin, flood, crash or leave something behind: each gets a verdict
//! that names the cause, and nothing of it survives.

use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};
use sockdemo::course::lessons::LESSONS;

use crate::attempt::{Fate, RUST, check, compile};
use crate::harness::{Scratch, has_ipv6};

/// What a lesson's first check starts.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    Server,
    /// It is to print where it listens.
    Printer,
    Client,
    /// It receives datagrams.
    Datagrams,
}

fn role(lesson: u8) -> Role {
    match lesson {
        2 => Role::Printer,
        4 | 7 => Role::Client,
        11 | 12 => Role::Datagrams,
        _ => Role::Server,
    }
}

/// A kind of trouble, and what the report has to say for a server, for one that prints,
/// for a client, and for one that receives datagrams.
struct Trouble {
    kind: &'static str,
    cause: [&'static str; 4],
}

const SLEEPS: &str = "sleeps until another of its threads wakes it";

const TROUBLES: &[Trouble] = &[
    Trouble {
        kind: "never-answers",
        cause: ["sleeps in", "listens on 127.0.0.1", SLEEPS, "did not come"],
    },
    Trouble { kind: "never-listens", cause: [SLEEPS; 4] },
    Trouble { kind: "spins", cause: ["it spins"; 4] },
    Trouble { kind: "ignores-sigterm", cause: ["(SIGTERM), and was killed"; 4] },
    Trouble { kind: "leaves-a-child", cause: ["left a process behind"; 4] },
    Trouble {
        kind: "floods",
        cause: [
            "the end of 1,050,000 bytes",
            "does not say where it listens",
            "the end of 1,050,000 bytes",
            "the end of 1,050,000 bytes",
        ],
    },
    Trouble { kind: "crashes", cause: ["exit code 7"; 4] },
    Trouble {
        kind: "wrong-port",
        cause: [
            "; the program listens on 127.0.0.1:",
            "listens on 127.0.0.1",
            "sleeps in",
            "; the program's is at 127.0.0.1:",
        ],
    },
    Trouble {
        kind: "ipv6-only",
        cause: ["but [::1]:", "listens on [::1]", "sleeps", "is at [::1]:"],
    },
];

/// Every kind of trouble, in every exercise.
pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for lesson in LESSONS.iter().map(|lesson| lesson.number) {
        for trouble in TROUBLES {
            let name = format!("{lesson:02} a program that {}", trouble.kind);
            trials.push(Trial::test(name, move || cause(lesson, trouble)));
        }
        let name = format!("{lesson:02} a program without its interpreter");
        trials.push(Trial::test(name, move || no_interpreter(lesson)));
    }
    trials
}

fn cause(lesson: u8, trouble: &Trouble) -> Result<(), Failed> {
    if trouble.kind == "ipv6-only" && !has_ipv6() {
        return Ok(());
    }
    let source =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/matrix/troublemaker.rs");
    let program = compile(&source, "rustc", RUST, "troublemaker")?;
    let mark = format!("mark-{}-{lesson}-{}", std::process::id(), trouble.kind);
    let mut command = vec![program, trouble.kind.to_owned(), mark.clone()];
    if trouble.kind == "ignores-sigterm" {
        // What a shell ignores, the program that it becomes ignores as well.
        let become_it = "trap '' TERM; exec \"$0\" \"$@\"".to_owned();
        command = [vec!["sh".to_owned(), "-c".to_owned(), become_it], command].concat();
    }
    let report = check(lesson, &command, &[])?;
    let words = report.to_string();
    let cause = trouble.cause[role(lesson) as usize];
    if !matches!(Fate::of(&report), Fate::Fails(_)) || !words.contains(cause) {
        return Err(format!("a failure that says {cause:?} is wanted\n{report:#}").into());
    }
    let left = running(&mark);
    if left.is_empty() { Ok(()) } else { Err(format!("still there: {left:?}").into()) }
}

fn no_interpreter(lesson: u8) -> Result<(), Failed> {
    let command = ["/nowhere/python".to_owned(), "server.py".to_owned()];
    let report = check(lesson, &command, &[])?;
    let script = Scratch::containing("#!/nowhere/python\n");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(script.path(), executable)?;
    let without = check(lesson, &[script.path().to_owned()], &[])?;
    let is_named = without.to_string().contains("interpreter");
    if Fate::of(&report) == Fate::CannotTell
        && Fate::of(&without) == Fate::CannotTell
        && is_named
    {
        return Ok(());
    }
    Err(format!("{report:#}\n{without:#}").into())
}

/// The program that causes it.
pub fn troublemaker() -> String {
    let source =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/matrix/troublemaker.rs");
    compile(&source, "rustc", RUST, "troublemaker").unwrap()
}

/// The processes that have this word on their command line.
pub fn running(mark: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").into_iter().flatten();
    let lines = processes.filter_map(|entry| {
        let line = fs::read_to_string(entry.ok()?.path().join("cmdline")).ok()?;
        (line.contains(mark) && !line.contains("\0check\0")).then_some(line)
    });
    lines.collect()
}
