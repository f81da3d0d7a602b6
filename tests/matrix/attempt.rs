//! One attempt at an exercise: where it is, what must become of it, how it is run.

use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::Value;

use crate::harness::{Scratch, is_installed, sockdemo};

/// Linked with the shared library of std: half a second becomes a quarter.
pub const RUST: &[&str] =
    &["--edition", "2024", "-A", "warnings", "-C", "prefer-dynamic", "-C", "rpath"];

#[derive(Clone, Debug)]
pub struct Attempt {
    pub lesson: u8,
    pub path: PathBuf,
    pub fate: Fate,
    /// What it does differently, in a few words.
    pub why: String,
}

/// What the checks say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    Passes,
    Fails(String),
    CannotTell,
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fate::Passes => f.write_str("passes"),
            Fate::Fails(id) => write!(f, "fails {id}"),
            Fate::CannotTell => f.write_str("could not tell"),
        }
    }
}

impl Fate {
    /// From the report of `check --json`.
    pub fn of(report: &Value) -> Fate {
        match report["verdict"].as_str() {
            Some("pass") => Fate::Passes,
            Some("fail") => {
                Fate::Fails(report["failure"]["id"].as_str().unwrap().to_owned())
            }
            _ => Fate::CannotTell,
        }
    }
}

impl Attempt {
    /// Everything in `tests/attempts/NN/`, in order.
    pub fn all() -> Vec<Attempt> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attempts");
        let mut paths: Vec<_> =
            entries(&root).iter().flat_map(|dir| entries(dir)).collect();
        paths.sort();
        paths.into_iter().filter(|path| path.is_file()).map(Attempt::read).collect()
    }

    fn read(path: PathBuf) -> Attempt {
        let text = fs::read_to_string(&path).unwrap();
        let mut lines = text.lines().filter(|line| !line.starts_with("#!"));
        let first = lines.next().unwrap_or_default();
        let first = first.trim_start_matches(['/', '!', '#', '*', ' ']);
        let (fate, why) = first.split_once(": ").unwrap_or((first, ""));
        let fate = match fate.split_once(' ') {
            Some(("fails", id)) => Fate::Fails(id.to_owned()),
            None if fate == "passes" => Fate::Passes,
            _ => {
                panic!("{}: the first line says neither passes nor fails", path.display())
            }
        };
        let folder = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
        let lesson = folder.parse().unwrap_or_else(|_| panic!("{folder} is no lesson"));
        Attempt { lesson, fate, why: why.trim_end_matches(" */").to_owned(), path }
    }

    pub fn file(&self) -> &str {
        self.path.file_name().unwrap().to_str().unwrap()
    }

    fn stem(&self) -> &str {
        self.path.file_stem().unwrap().to_str().unwrap()
    }

    fn extension(&self) -> &str {
        self.path.extension().unwrap().to_str().unwrap()
    }

    pub fn language(&self) -> &'static str {
        match self.extension() {
            "rs" => "Rust",
            "py" => "Python",
            "c" => "C",
            "js" => "JavaScript",
            "sh" => "shell",
            other => panic!("{other}: no such language"),
        }
    }

    /// The program that this attempt cannot do without, if it is not there.
    pub fn missing(&self) -> Option<&'static str> {
        let needs = match self.extension() {
            "py" => "python3",
            "c" => "cc",
            "js" => "node",
            _ => return None,
        };
        (!is_installed(needs)).then_some(needs)
    }

    pub fn name(&self) -> String {
        format!("{:02} {} {}", self.lesson, self.file(), self.fate)
    }

    /// What `sockdemo check --json` says of it.
    pub fn check(&self) -> Result<Value, String> {
        let source = self.path.to_str().unwrap();
        let command = match self.extension() {
            "rs" => vec![self.compiled_with_packages()?],
            "c" => vec![self.compiled("cc", &["-pthread"])?],
            "py" => vec![python(), source.to_owned()],
            "js" => vec!["node".to_owned(), source.to_owned()],
            "sh" => vec!["sh".to_owned(), source.to_owned()],
            other => panic!("{other}: no such language"),
        };
        check(self.lesson, &command, &[])
    }

    /// An attempt may use `ctrlc`, as a student's exercise does. Cargo has built that for
    /// this program, perhaps several times, for other compilers or with other features: the
    /// newest one that can be used is the right one.
    fn compiled_with_packages(&self) -> Result<String, String> {
        // Without the names in std, a program has half a megabyte instead of four.
        const PLAIN: [&str; 6] =
            ["--edition", "2024", "-A", "warnings", "-C", "strip=symbols"];
        if !fs::read_to_string(&self.path).unwrap().contains("ctrlc::") {
            return self.compiled("rustc", &PLAIN);
        }
        let folder = std::env::current_exe().unwrap().parent().unwrap().to_owned();
        let search = format!("dependency={}", folder.display());
        let mut refused = format!("no libctrlc in {}", folder.display());
        for library in newest_first(&folder, "libctrlc-", "rlib") {
            let library = format!("ctrlc={}", library.display());
            let with = ["--extern", &library, "-L", &search];
            match self.compiled("rustc", &[&PLAIN[..], &with].concat()) {
                Err(error) => refused = error,
                made => return made,
            }
        }
        Err(refused)
    }

    /// Compiles it, unless the same text has been compiled before.
    fn compiled(&self, compiler: &str, flags: &[&str]) -> Result<String, String> {
        compile(
            &self.path,
            compiler,
            flags,
            &format!("{:02}-{}", self.lesson, self.stem()),
        )
    }
}

/// The interpreter behind the name. A name that a version manager has put there starts a
/// shell first, each time.
fn python() -> String {
    static PYTHON: LazyLock<String> = LazyLock::new(|| {
        let says = ["-c", "import sys; print(sys.executable)"];
        let asked = Command::new("python3").args(says).output();
        let path = asked.map(|it| String::from_utf8_lossy(&it.stdout).trim().to_owned());
        path.ok().filter(|path| !path.is_empty()).unwrap_or("python3".to_owned())
    });
    PYTHON.clone()
}

/// Compiles a source file into the folder for tests; the same text only once.
pub fn compile(
    source: &Path,
    compiler: &str,
    flags: &[&str],
    name: &str,
) -> Result<String, String> {
    // One at a time: whoever comes second finds the program made.
    static COMPILER: Mutex<()> = Mutex::new(());
    let _turn = COMPILER.lock().unwrap_or_else(PoisonError::into_inner);
    let mut hasher = DefaultHasher::new();
    (fs::read(source).unwrap(), compiler, flags).hash(&mut hasher);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("attempts");
    fs::create_dir_all(&folder).unwrap();
    let program = folder.join(format!("{name}-{:016x}", hasher.finish()));
    if !program.exists() {
        let beside = folder.join(format!("{name}-{}", std::process::id()));
        let made = Command::new(compiler)
            .args(flags)
            .args([source.as_os_str(), "-o".as_ref(), beside.as_os_str()])
            .output()
            .map_err(|error| format!("{compiler}: {error}"))?;
        if !made.status.success() {
            return Err(String::from_utf8_lossy(&made.stderr).into_owned());
        }
        fs::rename(&beside, &program).unwrap(); // Whole, or not there.
    }
    Ok(program.to_str().unwrap().to_owned())
}

/// Runs the checks of a lesson on a program, and gives the report.
pub fn check(lesson: u8, command: &[String], flags: &[&str]) -> Result<Value, String> {
    let home = Scratch::new();
    let number = lesson.to_string();
    let output = Command::new(sockdemo())
        .args(["check", number.as_str(), "--json"])
        .args(flags)
        .arg("--")
        .args(command)
        .env("SOCKDEMO_HOME", home.path())
        .output()
        .unwrap();
    let _ = fs::remove_dir_all(home.path()); // Perhaps nothing was written.
    let report = String::from_utf8_lossy(&output.stdout);
    let parsed = serde_json::from_str::<Value>(&report);
    let report = parsed.map_err(|error| {
        format!("{error}: {report}\n{}", String::from_utf8_lossy(&output.stderr))
    })?;
    let code = output.status.code();
    let expected = match Fate::of(&report) {
        Fate::Passes => 0,
        Fate::Fails(_) => 1,
        Fate::CannotTell => 3,
    };
    if code != Some(expected) {
        return Err(format!("exit code {code:?} for this report:\n{report:#}"));
    }
    Ok(report)
}

/// The files of a folder with such a name.
fn newest_first(folder: &Path, begins: &str, ends: &str) -> Vec<PathBuf> {
    let mut found = entries(folder);
    found.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(begins) && path.extension().is_some_and(|end| end == ends)
    });
    found.sort_by_key(|path| path.metadata().and_then(|it| it.modified()).ok());
    found.reverse();
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}
