//! How `sockdemo check` talks: reports, hints, progress, and what ends it.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::Trial;
use serde_json::Value;

use crate::attempt::{RUST, compile};
use crate::harness::{Ended, Program, Scratch, sockdemo, too_wide};
use crate::trouble::{running, troublemaker};

pub fn trials() -> Vec<Trial> {
    let trial = |name: &str, test: fn()| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    };
    vec![
        trial("a failure is told with its evidence", a_failure_is_told_with_its_evidence),
        trial("a seed replays a delivery", a_seed_replays_a_delivery),
        trial("only one check is run if one is asked for", only_one_check),
        trial("what cannot be judged has a code of its own", what_cannot_be_judged),
        trial("hints are climbed and remembered", hints_are_climbed_and_remembered),
        trial("progress is kept, and only a whole run passes", progress_is_kept),
        trial("without a place for progress there is a verdict", without_a_place),
        trial("Ctrl-C ends the program, too", ctrl_c_ends_the_program_too),
        trial("an output that ends early is not waited for", an_output_that_ends_early),
        trial("who ended without a line has not closed its output", ended_without_a_line),
        trial("a stranger at its port is not the program", a_stranger_at_its_port),
        trial("watch checks again when the file changes", watch_checks_again),
        trial("the student's own file is built and checked", the_students_own_file),
        trial("a program that does not build fails", a_program_that_does_not_build),
    ]
}

/// A student with a home of their own.
struct Student(Scratch);

impl Student {
    fn new() -> Student {
        Student(Scratch::new())
    }

    fn starts(&self, args: &[&str], folder: &Path) -> Program {
        let mut command = std::process::Command::new(sockdemo());
        command.args(args).env("SOCKDEMO_HOME", self.0.path()).current_dir(folder);
        Program::run(command)
    }

    fn runs(&self, args: &[&str]) -> Ended {
        self.starts(args, Path::new(env!("CARGO_MANIFEST_DIR"))).end_of_input()
    }

    fn progress(&self) -> String {
        fs::read_to_string(Path::new(self.0.path()).join("progress")).unwrap_or_default()
    }
}

impl Drop for Student {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.0.path()); // Perhaps nothing was written.
    }
}

fn attempt(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = root.join("tests/attempts/05").join(format!("{name}.rs"));
    compile(&source, "rustc", RUST, &format!("05-{name}")).unwrap()
}

fn solution() -> String {
    let folder = Path::new(sockdemo()).parent().unwrap();
    folder.join("examples/05-bytes-not-messages-solution").to_str().unwrap().to_owned()
}

fn a_failure_is_told_with_its_evidence() {
    let reads_once = attempt("reads-once");
    let ended = Student::new().runs(&["check", "5", "--", &reads_once]);

    let told = ended.stdout;
    let in_order = [
        "hello            what is sent comes back                        pass",
        "one-mib          1 MiB comes back, byte for byte                FAIL",
        "\nFAIL one-mib: 1 MiB comes back",
        "expected  1,048,576 B: ",
        "\nlikely causes\n  1. ",
        "\nby hand, each in a terminal of its own\n",
        "127.0.0.1:7878\n",
        "sockdemo check 05 --only one-mib --seed ",
        "\nFAIL: 1 of 6 checks passed\n",
    ];
    let mut rest = told.as_str();
    for part in in_order {
        let found = rest.find(part).unwrap_or_else(|| panic!("no {part:?} in\n{told}"));
        rest = &rest[found + part.len()..];
    }
    let wide = too_wide(&told);
    let commands = wide.iter().all(|line| line.contains(&reads_once));
    assert!(commands, "only the student's own command may be so wide: {wide:?}");
    assert_eq!(ended.status.code(), Some(1));
}

fn a_seed_replays_a_delivery() {
    let reads_once = attempt("reads-once");
    let seen = |seed| {
        let args = ["check", "5", "--json", "--only", "one-mib", "--seed", seed, "--"];
        let ended = Student::new().runs(&[&args[..], &[&reads_once]].concat());
        let report: Value = serde_json::from_str(&ended.stdout).unwrap();
        report["failure"]["evidence"][0].to_string()
    };
    assert_eq!(seen("7"), seen("7"));
    assert_ne!(seen("7"), seen("8"));
}

fn only_one_check() {
    let student = Student::new();
    let ended =
        student.runs(&["check", "5", "--json", "--only", "binary", "--", &solution()]);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();

    let checks = report["checks"].as_array().unwrap();
    assert_eq!((checks.len(), &checks[0]["id"]), (1, &Value::from("binary")));
    assert_eq!(student.progress(), "05 begun tries=1 hints=0\n");
    let unknown = student.runs(&["check", "5", "--only", "nothing", "--", "true"]);
    assert!(unknown.stderr.contains("its checks are hello, one-mib"), "{unknown:?}");
    assert_eq!(unknown.status.code(), Some(3));
}

fn what_cannot_be_judged() {
    let student = Student::new();
    let ended = student.runs(&["check", "5", "--", "/nowhere/python", "server.py"]);

    assert!(ended.stdout.contains("there is no such program"), "{ended:?}");
    assert!(ended.stdout.contains("COULD NOT TELL"), "{ended:?}");
    assert_eq!(ended.status.code(), Some(3));
    assert_eq!(student.progress(), "05 begun tries=0 hints=0\n");
    let missing = student.runs(&["check", "99"]);
    assert_eq!(missing.status.code(), Some(3), "{missing:?}");
    let elsewhere = student.starts(&["check", "5"], Path::new("/")).end_of_input();
    assert!(elsewhere.stderr.contains("hint: go to your copy"), "{elsewhere:?}");
    assert_eq!(elsewhere.status.code(), Some(3));
}

fn hints_are_climbed_and_remembered() {
    let student = Student::new();
    let hint = || student.runs(&["check", "5", "--hint"]).stdout;
    let hints = [hint(), hint(), hint(), hint(), hint()];

    for (i, name) in ["Symptom", "Concept", "The call", "A sketch"].iter().enumerate() {
        let heading = format!("\nhint {} of 4: {name}\n", i + 1).to_lowercase();
        assert!(hints[i].contains(&heading), "{heading}: {}", hints[i]);
    }
    assert_eq!(hints[3], hints[4], "the last hint stays the last");
    assert!(hints[0].ends_with("3 hints left.\n"), "{}", hints[0]);
    assert!(hints[3].contains("sockdemo lesson 05 --solution"));
    assert_eq!(student.progress(), "05 begun tries=0 hints=4\n");
}

fn progress_is_kept() {
    let student = Student::new();
    student.runs(&["check", "5", "--", &attempt("reads-once")]);
    assert_eq!(student.progress(), "05 begun tries=1 hints=0\n");
    let passed = student.runs(&["check", "5", "--", &solution()]);
    assert!(passed.stdout.ends_with("\nPASS: 6 checks\n"), "{passed:?}");
    assert_eq!(student.progress(), "05 passed tries=2 hints=0\n");
    student.runs(&["check", "5", "--", &attempt("reads-once")]);
    assert_eq!(student.progress(), "05 passed tries=3 hints=0\n", "once passed, passed");
}

fn without_a_place() {
    let file = Scratch::containing("no folder");
    let mut command = std::process::Command::new(sockdemo());
    command.args(["check", "5", "--only", "hello", "--", &solution()]);
    command.env("SOCKDEMO_HOME", file.path());
    let ended = Program::run(command).end_of_input();

    assert!(ended.stdout.contains("note: could not read your progress"), "{ended:?}");
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
}

fn ctrl_c_ends_the_program_too() {
    let command = troublemaker();
    let mark = format!("mark-{}-ctrl-c", std::process::id());
    let args = ["check", "5", "--", &command, "never-answers", &mark];
    let student = Student::new();
    let mut check = student.starts(&args, Path::new("/"));
    check.wait_for_output("what is sent comes back");
    let ended = check.stop();

    assert!(ended.stdout.contains("stopped: nothing is said"), "{ended:?}");
    assert_eq!(ended.status.code(), Some(3));
    assert_eq!(running(&mark), Vec::<String>::new());
}

/// Before the program does, or while it goes on.
fn an_output_that_ends_early() {
    for (then, seen) in [
        ("sleep 0.1; exit 7", "the program ended without printing a whole line"),
        ("exec sleep 60", "on standard output, and the program has closed it"),
    ] {
        let script = Scratch::containing(&format!("exec >&- 2>&-\n{then}\n"));
        let args = ["check", "2", "--only", "port-zero", "--json", "--"];
        let ended = Student::new().runs(&[&args[..], &["sh", script.path()]].concat());
        assert!(ended.stdout.contains(seen), "{ended:?}");
        assert_eq!(
            ended.stdout.contains("exit code 7"),
            then.ends_with('7'),
            "{ended:?}"
        );
        assert!(!ended.stdout.contains("waited"), "{ended:?}");
    }
}

/// It tells its one client, and nobody else.
fn ended_without_a_line() {
    let source = Scratch::containing(
        r#"use std::io::Write;
        fn main() {
            let addr = std::env::args().next_back().unwrap();
            let (mut stream, peer) = std::net::TcpListener::bind(addr).unwrap().accept().unwrap();
            let local = stream.local_addr().unwrap();
            writeln!(stream, "conn 1 local {local} peer {peer}").unwrap();
        }"#,
    );
    let program =
        compile(Path::new(source.path()), "rustc", RUST, "01-tells-one").unwrap();
    let ended = Student::new().runs(&["check", "1", "--json", "--", &program]);

    let seen = "the program ended without printing the line: conn 1 local";
    assert!(ended.stdout.contains(seen), "{ended:?}");
    assert!(ended.stdout.contains("exit code 0"), "{ended:?}");
    assert!(!ended.stdout.contains("closed it"), "{ended:?}");
}

/// A stranger listens there when the program starts for the first time. It even gives the
/// right answers.
fn a_stranger_at_its_port() {
    let scratch = Scratch::new();
    let (place, sockdemo, solution) = (scratch.path(), sockdemo(), solution());
    let script = Scratch::containing(&format!(
        "mkdir {place} || exec {solution} \"$@\"\nmkfifo {place}/said\n\
         setsid {sockdemo} tcp-server \"$@\" >{place}/said &\nread -r _ <{place}/said\n\
         exec {solution} \"$@\"\n"
    ));
    let args = ["check", "5", "--only", "hello", "--json", "--", "sh", script.path()];
    let ended = Student::new().runs(&args);
    let _ = fs::remove_dir_all(place);

    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
}

fn watch_checks_again() {
    let becomes = |program: &str| format!("exec {program} \"$@\"\n");
    let script = Scratch::containing(&becomes(&attempt("reads-once")));
    let student = Student::new();
    let args = ["check", "5", "--watch", "--", "sh", script.path()];
    let mut check = student.starts(&args, Path::new("/"));
    check.wait_for_output("waiting for a change of");
    fs::write(script.path(), becomes(&solution())).unwrap();
    check.wait_for_output("PASS: 6 checks");
    let ended = check.stop();

    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
}

fn the_students_own_file() {
    let root =
        Repository::with(include_str!("../../lessons/05-bytes-not-messages/solution.rs"));
    let ended = Student::new().starts(&["check", "05"], &root.0).end_of_input();

    assert!(ended.stdout.contains("\nexercise.rs, seed "), "{ended:?}");
    assert!(ended.stdout.contains("PASS: 6 checks"), "{ended:?}");
}

fn a_program_that_does_not_build() {
    let root = Repository::with("fn main() { nonsense }\n");
    let ended = Student::new().starts(&["check", "05"], &root.0).end_of_input();

    assert!(ended.stdout.contains("cannot find value `nonsense`"), "{ended:?}");
    assert!(ended.stdout.contains("FAIL builds: the exercise builds"), "{ended:?}");
    assert_eq!(ended.status.code(), Some(1));
}

/// A copy of the repository in which lesson 5 is being worked on.
struct Repository(PathBuf);

impl Repository {
    fn with(exercise: &str) -> Repository {
        let scratch = Scratch::new();
        let root = PathBuf::from(scratch.path());
        let name = "05-bytes-not-messages";
        let lesson = root.join("lessons").join(name);
        fs::create_dir_all(&lesson).unwrap();
        fs::write(lesson.join("exercise.rs"), exercise).unwrap();
        fs::write(root.join("lib.rs"), "").unwrap();
        let manifest = format!(
            "[package]\nname = \"copy\"\nedition = \"2024\"\n[lib]\npath = \"lib.rs\"\n\
             [[example]]\nname = \"{name}-exercise\"\npath = \"lessons/{name}/exercise.rs\"\n"
        );
        fs::write(root.join("Cargo.toml"), manifest).unwrap();
        Repository(root)
    }
}

impl Drop for Repository {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0); // Nobody else has it.
    }
}
