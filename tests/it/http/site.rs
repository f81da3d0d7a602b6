//! A folder to serve, and a client that plays a line of the table.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use super::answers::first;
use super::cases::{self, Case};
use crate::harness::{Program, connect};

/// A folder to serve, with another one beside it that nobody may see.
pub struct Site(PathBuf);

impl Site {
    pub fn new() -> Site {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("sockdemo-site-{}-{number}", std::process::id());
        let site = Site(std::env::temp_dir().join(name));
        let root = site.root();
        for folder in ["sub", "list/d", ".git", "no-index/index.html"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        let big: Vec<u8> = (0..300_000u32).map(|n| (n % 251) as u8).collect();
        fs::write(root.join("big.bin"), big).unwrap();
        for (name, text) in [
            ("a.txt", "hello\n"),
            ("empty.txt", ""),
            ("caf\u{e9}.txt", "coffee"),
            ("1+1.txt", "two"),
            ("100%.txt", "all"),
            ("who?.txt", "me"),
            (".secret", "hidden"),
            (".git/config", "hidden"),
            ("sub/index.html", "<p>index</p>\n"),
            ("list/b c.txt", "b c"),
            ("list/<x>&.txt", "x"),
            ("list/javascript:alert(1)", "x"),
            ("list/.hidden", "hidden"),
            ("../outside.txt", "outside"),
            ("x.html", "x"),
            ("x.css", "x"),
            ("x.js", "x"),
            ("x.json", "1"),
            ("x.svg", "x"),
            ("x.png", "x"),
            ("X.TXT", "x"),
            ("x.strange", "x"),
            ("old.txt", "old"),
            ("future.txt", "new"),
            ("plain", "x"),
            ("png", "x"),
        ] {
            fs::write(root.join(name), text).unwrap();
        }
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let years = Duration::from_secs(10 * 365 * 24 * 60 * 60);
        for (name, changed) in [
            ("a.txt", then),
            ("old.txt", SystemTime::UNIX_EPOCH - years),
            ("future.txt", SystemTime::now() + years),
        ] {
            let file = File::options().write(true).open(root.join(name)).unwrap();
            file.set_modified(changed).unwrap();
        }
        site.lead_elsewhere();
        site
    }

    /// Links, and a pipe.
    fn lead_elsewhere(&self) {
        let root = self.root();
        for (link, to) in [
            ("link.txt", "a.txt"),
            ("hidden.txt", ".secret"),
            ("hidden-too.txt", ".git/config"),
            ("loop", "loop"),
            ("away.txt", "../outside.txt"),
            ("away", ".."),
        ] {
            std::os::unix::fs::symlink(to, root.join(link)).unwrap();
        }
        let pipe = Command::new("mkfifo").arg(root.join("pipe")).status();
        assert!(pipe.unwrap().success());
    }

    pub fn root(&self) -> PathBuf {
        self.0.join("root")
    }

    /// A server for it.
    pub fn serve(&self, args: &[&str]) -> (Program, SocketAddr) {
        let root = self.root();
        let own = ["http-server", ":0", "--root", root.to_str().unwrap()];
        Program::server(&[&own, args].concat())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0); // Perhaps it was never made.
    }
}

/// A last request, behind those of a case: it is answered if the connection is open.
const LAST: &str = "GET /a.txt?last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// A request in front of a case that is cut once. Its answer shows that the server has taken
/// what was sent with it.
const FIRST: &str = "GET /a.txt?first HTTP/1.1\r\nHost: a\r\n\r\n";

/// As much is certain to come with one recv.
const ONE_RECV: usize = 3000;

/// Sends a case, cut at `cuts`, and gives everything that comes back.
pub fn play(addr: SocketAddr, case: &Case, cuts: &[usize]) -> Vec<u8> {
    let mut stream = connect(addr);
    stream.set_nodelay(true).unwrap();
    let (mut start, mut cuts) = (0, cuts);
    if let [cut @ ..ONE_RECV] = cuts {
        stream.write_all(&[FIRST.as_bytes(), &case.sends[..*cut]].concat()).unwrap();
        hear_first(&mut stream);
        (start, cuts) = (*cut, &[]);
    }
    for cut in cuts {
        stream.write_all(&case.sends[start..*cut]).unwrap();
        start = *cut;
    }
    stream.write_all(&case.sends[start..]).unwrap();
    if case.wants.ends_with("cut") {
        stream.shutdown(Shutdown::Write).unwrap();
    } else {
        stream.write_all(LAST.as_bytes()).unwrap();
    }
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    all
}

/// Hears the answer to [`FIRST`], and not a byte more.
fn hear_first(stream: &mut TcpStream) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let mut body = [0; 6];
    stream.read_exact(&mut body).unwrap();
    assert_eq!(&body, b"hello\n", "{}", String::from_utf8_lossy(&head));
}

/// The table with the entity tag of this site's `a.txt`.
pub fn table(addr: SocketAddr) -> Vec<Case> {
    let question = Case { name: "", sends: Vec::new(), wants: "open".into() };
    let received = play(addr, &question, &[]);
    let tag = first(&received, false).unwrap().0.get("etag").unwrap().to_owned();
    let mut all = cases::all();
    for case in &mut all {
        if let Ok(text) = str::from_utf8(&case.sends) {
            case.sends = text.replace("{tag}", &tag).into_bytes();
        }
        case.wants = case.wants.replace("{tag}", &tag);
    }
    all
}
