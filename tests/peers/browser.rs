//! The pages in a real browser. What it does is told in `browser/*.js`; here it gets a
//! network of its own, with nobody in it but the server.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::harness::{Program, is_installed, sockdemo};
use crate::{Test, installed};

pub const TESTS: &[Test] = &[
    Test {
        name: "browser::the_page_goes_on_when_the_server_is_back",
        needs: NEEDS,
        run: the_page_goes_on_when_the_server_is_back,
    },
    Test {
        name: "browser::every_way_shows_the_news_and_its_ladder",
        needs: NEEDS,
        run: || run("ways.js"),
    },
    Test {
        name: "browser::two_tabs_hear_each_other",
        needs: NEEDS,
        run: || run("tabs.js"),
    },
    Test {
        name: "browser::everything_can_be_done_with_the_keyboard",
        needs: NEEDS,
        run: || run("keyboard.js"),
    },
    Test {
        name: "browser::everybody_can_read_the_pages_in_light",
        needs: NEEDS,
        run: || look("light"),
    },
    Test {
        name: "browser::everybody_can_read_the_pages_in_dark",
        needs: NEEDS,
        run: || look("dark"),
    },
    Test {
        name: "browser::the_pages_fit_on_a_phone",
        needs: NEEDS,
        run: || look("narrow"),
    },
];

const NEEDS: &[&str] = &[
    "chromium",
    "node",
    "target/peers/browser/node_modules/playwright-core",
    "target/peers/browser/node_modules/axe-core",
];

fn run(script: &str) {
    let net = Net::new();
    let (_server, url) = net.server(&["http-server", "127.0.0.1:0"]);
    is_well(net.browser(script, &[&url]));
}

fn look(how: &str) {
    let net = Net::new();
    let (_server, url) = net.server(&["http-server", "127.0.0.1:0"]);
    let (mut chat, _) =
        net.server(&["chat-server", "127.0.0.1:0", "--web", "127.0.0.1:0"]);
    let told = chat.wait_for_output("/\n");
    let door = told.lines().nth(1).unwrap().strip_prefix("for browsers: ").unwrap();
    is_well(net.browser("looks.js", &[&url, door, how]));
}

fn the_page_goes_on_when_the_server_is_back() {
    let net = Net::new();
    let (mut server, url) = net.server(&["http-server", "127.0.0.1:0"]);
    let addr = url.trim_start_matches("http://").trim_end_matches('/');
    let mut browser = net.browser("restart.js", &[&url]);
    let again: [(_, &[_]); 2] = [
        ("start the server\n", &["http-server", addr]),
        ("start a quiet server\n", &["http-server", addr, "--quiet"]),
    ];
    for (times, (please, words)) in again.into_iter().enumerate() {
        browser.wait_until_output("another wish to stop the server", |said| {
            said.matches("stop the server\n").count() > times
        });
        server.stop();
        browser.input(b"done\n");
        browser.wait_for_output(please);
        (server, _) = net.server(words);
        browser.input(b"done\n");
    }
    is_well(browser);
}

/// The script has said that all is well.
fn is_well(browser: Program) {
    let ended = browser.end();
    assert_eq!(ended.code(), Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.ends_with("all is well\n"), "{}", ended.stdout);
}

/// A network with a loopback and nothing else, where we may make one: whoever asks another
/// host gets no answer. It goes when this does.
struct Net(Option<String>);

impl Net {
    fn new() -> Net {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        if !(crate::is_there("root") && is_installed("ip")) {
            return Net(None);
        }
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let net = format!("sockdemo-{}-browser-{count}", std::process::id());
        ip(&format!("netns add {net}"));
        ip(&format!("-n {net} link set lo up"));
        Net(Some(net))
    }

    fn command(&self, program: &str) -> Command {
        let Some(net) = &self.0 else { return Command::new(program) };
        let mut command = Command::new("ip");
        command.args(["netns", "exec", net, program]);
        command
    }

    /// A server, and where a browser finds it.
    fn server(&self, words: &[&str]) -> (Program, String) {
        let mut command = self.command(sockdemo());
        command.args(words);
        let mut server = Program::run(command);
        let url = format!("http://{}/", server.addr());
        (server, url)
    }

    fn browser(&self, script: &str, words: &[&str]) -> Program {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/browser");
        let mut command = self.command("node");
        command
            .arg(folder.join(script))
            .args(words)
            .env("NODE_PATH", installed("browser/node_modules"));
        Program::run(command)
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        if let Some(net) = &self.0 {
            let _ = Command::new("ip").args(["netns", "del", net]).output();
        }
    }
}

fn ip(words: &str) {
    let made = Command::new("ip").args(words.split(' ')).output().unwrap();
    assert!(made.status.success(), "{words}: {}", String::from_utf8_lossy(&made.stderr));
}
