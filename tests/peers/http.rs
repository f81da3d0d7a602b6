//! `http-server` before judges that we did not write: parsers, a linter, clients, attackers.

#[path = "../it/http/answers.rs"]
#[allow(dead_code, reason = "shared by two test programs")]
mod answers;
#[path = "../it/http/cases/mod.rs"]
mod cases;
#[path = "../it/http/site.rs"]
mod site;

use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::thread;

use self::site::{Site, play, table};
use crate::harness::{Ended, Program, Scratch, python, sockdemo, start};
use crate::{Test, installed};

pub const TESTS: &[Test] = &[
    Test {
        name: "http: h11 understands every answer of the table",
        needs: &["target/peers/http"],
        run: h11_understands_every_answer,
    },
    Test {
        name: "http: llhttp understands every answer of the table",
        needs: &["node"],
        run: llhttp_understands_every_answer,
    },
    Test {
        name: "http: redbot finds nothing to complain about",
        needs: &["target/peers/http"],
        run: redbot_finds_nothing_to_complain_about,
    },
    Test {
        name: "http: curl gets parts, heads, versions and its own words",
        needs: &["curl"],
        run: curl_gets_parts_heads_versions_and_its_own_words,
    },
    Test {
        name: "http: curl asks twice on one connection",
        needs: &["curl"],
        run: curl_asks_twice_on_one_connection,
    },
    Test {
        name: "http: curl waits for 100 before it sends",
        needs: &["curl"],
        run: curl_waits_for_100_before_it_sends,
    },
    Test {
        name: "http: ab keeps its connections of HTTP/1.0",
        needs: &["ab"],
        run: ab_keeps_its_connections,
    },
    Test {
        name: "http: slowhttptest cannot keep others away",
        needs: &["slowhttptest"],
        run: slowhttptest_cannot_keep_others_away,
    },
    Test {
        name: "http: a thousand silent connections cost the others nothing",
        needs: &["python3", "sh"],
        run: a_thousand_silent_connections_cost_the_others_nothing,
    },
];

/// All answers of the table, a line each: how many answers there must be, which of them
/// answer HEAD, and the bytes in hexadecimal.
fn answers_of_the_table() -> Scratch {
    let site = Site::new();
    let (_server, addr) = site.serve(&["--quiet"]);
    let mut lines = String::new();
    let all = table(addr);
    for case in &all {
        let wants: Vec<_> = case.wants.split(" | ").collect();
        let is_open = wants.last() == Some(&"open");
        let answers = &wants[..wants.len() - 1];
        let mut heads: Vec<_> =
            answers.iter().map(|wants| u8::from(wants.starts_with("head "))).collect();
        heads.extend(is_open.then_some(0));
        let received = play(addr, case, &[]);
        let heads: String = heads.iter().map(|head| head.to_string()).collect();
        let hex = received.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let _ = writeln!(lines, "{heads}\t{}\t{hex}", case.name);
    }
    assert!(all.len() >= 300);
    Scratch::containing(&lines)
}

fn ends_well(program: Program, says: &str) -> Ended {
    let ended = program.end();
    assert_eq!(ended.code(), Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains(says), "{}{}", ended.stdout, ended.stderr);
    ended
}

fn h11_understands_every_answer() {
    let answers = answers_of_the_table();
    let python = installed("http").join("bin/python");
    let program = r"
import sys, h11
count = 0
for line in open(sys.argv[1]):
    heads, name, raw = line.rstrip('\n').split('\t')
    client = h11.Connection(h11.CLIENT)
    client.receive_data(bytes.fromhex(raw))
    client.receive_data(b'')
    try:
        for i, head in enumerate(heads):
            if i:
                client.start_next_cycle()
            method = 'HEAD' if head == '1' else 'GET'
            client.send(h11.Request(method=method, target='/', headers=[('Host', 'a')]))
            client.send(h11.EndOfMessage())
            while True:
                event = client.next_event()
                if isinstance(event, h11.EndOfMessage):
                    break
                assert event is not h11.NEED_DATA, 'not whole'
                assert not isinstance(event, h11.ConnectionClosed), 'closed'
            count += 1
        assert client.trailing_data == (b'', True), client.trailing_data
    except Exception as error:
        sys.exit(f'{name}: {error!r}: {bytes.fromhex(raw)}')
print(count, 'answers')
";
    let judge = start(python.to_str().unwrap(), &["-c", program, answers.path()]);
    ends_well(judge, " answers");
}

fn llhttp_understands_every_answer() {
    let answers = answers_of_the_table();
    let program = r"
const { HTTPParser } = process.binding('http_parser');
let count = 0;
for (const line of require('fs').readFileSync(process.argv[1], 'utf8').split('\n')) {
  if (!line) continue;
  const [heads, name, hex] = line.split('\t');
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.RESPONSE, {});
  let begun = 0, whole = 0;
  parser[HTTPParser.kOnHeadersComplete] = () => heads[begun++] === '1' ? 1 : 0;
  parser[HTTPParser.kOnMessageComplete] = () => { whole++; };
  const raw = Buffer.from(hex, 'hex');
  const done = raw.length ? parser.execute(raw) : 0;
  const ended = parser.finish();
  if (done !== raw.length || ended instanceof Error || whole !== heads.length) {
    console.error(name, done, ended, whole, heads.length, raw.toString());
    process.exit(1);
  }
  count += whole;
}
console.log(count, 'answers');
";
    let judge = start("node", &["--no-deprecation", "-e", program, answers.path()]);
    ends_well(judge, " answers");
}

fn redbot_finds_nothing_to_complain_about() {
    let site = Site::new();
    let (_server, addr) = site.serve(&["--quiet"]);
    let redbot = installed("http").join("bin/redbot");
    let url = format!("http://{addr}/a.txt");
    let judge = start(redbot.to_str().unwrap(), &["-o", "text", &url]);
    let ended = ends_well(judge, "HTTP/1.1 200 OK");
    for sentence in [
        "The server's clock is correct.",
        "The Content-Length header is correct.",
        "If-None-Match conditional requests are supported.",
        "If-Modified-Since conditional requests are supported.",
        "A ranged request returned the correct partial content.",
    ] {
        assert!(ended.stdout.contains(sentence), "{sentence}\n{}", ended.stdout);
    }
    let notes = ended.stdout.lines().filter(|line| line.starts_with("  * ")).count();
    assert_eq!(notes, 10, "other notes than these have come:\n{}", ended.stdout);
}

/// What curl prints.
fn curl(addr: SocketAddr, path: &str, args: &[&str]) -> Ended {
    let url = format!("http://{addr}{path}");
    let limit = ["--silent", "--max-time", "30", "--noproxy", "*", &*url];
    let ended = start("curl", &[&limit, args].concat()).end_of_input();
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    ended
}

fn curl_gets_parts_heads_versions_and_its_own_words() {
    let site = Site::new();
    let (_server, addr) = site.serve(&["--quiet"]);
    let says = |path, args: &[&str]| curl(addr, path, args).stdout;
    let code = ["--output", "/dev/null", "--write-out", "%{http_code} %{http_version}"];
    let status = |path, args: &[&str]| says(path, &[&code, args].concat());

    assert_eq!(says("/a.txt", &[]), "hello\n");
    assert_eq!(says("/a.txt", &["--range", "1-3"]), "ell");
    assert_eq!(says("/a.txt", &["--range", "-2"]), "o\n");
    assert_eq!(says("/sub", &["--location"]), "<p>index</p>\n");
    assert_eq!(says("/a.txt", &["--http1.0"]), "hello\n");
    assert_eq!(says("/x", &["--data", "hello"]), "hello");
    let chunked = ["--header", "Transfer-Encoding: chunked", "--data", "in chunks"];
    assert_eq!(says("/x", &chunked), "in chunks");
    let head = says("/a.txt", &["--head"]);
    assert!(head.contains("Content-Length: 6\r\n") && !head.contains("hello"), "{head}");
    assert_eq!(
        status("/a.txt", &["--time-cond", "Tue, 01 Jan 2002 00:00:00 GMT"]),
        "304 1.1"
    );
    assert_eq!(status("/none", &[]), "404 1.1");
    assert_eq!(status("/../outside.txt", &["--path-as-is"]), "403 1.1");
    assert_eq!(status("/a.txt", &["--range", "9-"]), "416 1.1");
    assert_eq!(status("/a.txt", &["--request", "BREW"]), "501 1.1");
    assert_eq!(
        says("/big.bin", &["--write-out", "%{size_download}", "--output", "/dev/null"]),
        "300000"
    );
}

fn curl_asks_twice_on_one_connection() {
    let site = Site::new();
    let (_server, addr) = site.serve(&["--quiet"]);
    let again = format!("http://{addr}/none");
    for version in ["--http1.1", "--http1.0"] {
        let keep = "Connection: keep-alive";
        let told =
            curl(addr, "/a.txt", &[&*again, "--verbose", "--header", keep, version]);
        assert!(told.stderr.contains("Re-using existing connection"), "{}", told.stderr);
        assert!(told.stdout.starts_with("hello\n404 "), "{}", told.stdout);
    }
}

fn curl_waits_for_100_before_it_sends() {
    let site = Site::new();
    let (_server, addr) = site.serve(&["--quiet"]);
    // It would send after this time without being asked; so long nobody waits.
    let patient = ["--verbose", "--expect100-timeout", "25", "--header"];
    let asks = [&patient[..], &["Expect: 100-continue", "--data", "hello"]].concat();
    let told = curl(addr, "/x", &asks);
    assert_eq!(told.stdout, "hello");
    assert!(told.stderr.contains("< HTTP/1.1 100 Continue"), "{}", told.stderr);

    let large = Scratch::containing(&"x".repeat((1 << 20) + 1));
    let file = format!("@{}", large.path());
    let asks = [&patient[..], &["Expect: 100-continue", "--data-binary", &file]].concat();
    let told = curl(addr, "/x", &asks);
    assert!(told.stdout.starts_with("413 "), "{}", told.stdout);
    assert!(!told.stderr.contains("100 Continue"), "{}", told.stderr);
}

fn ab_keeps_its_connections() {
    let site = Site::new();
    let (_server, addr) = site.serve(&["--quiet"]);
    let url = format!("http://{addr}/a.txt");
    let ended = ends_well(start("ab", &["-q", "-k", "-n", "500", "-c", "5", &url]), "");
    let figure = |name: &str| {
        let line = ended.stdout.lines().find_map(|line| line.strip_prefix(name));
        line.map(|figure| figure.trim().to_owned())
    };
    for (name, count) in [
        ("Complete requests:", "500"),
        ("Failed requests:", "0"),
        ("Keep-Alive requests:", "500"),
    ] {
        assert_eq!(figure(name).as_deref(), Some(count), "{name}\n{}", ended.stdout);
    }
}

/// Heads that never end, bodies that never end, answers that nobody reads.
fn slowhttptest_cannot_keep_others_away() {
    let site = Site::new();
    let options = ["--quiet", "--patience", "1", "--max-clients", "60"];
    let (_server, addr) = site.serve(&options);
    let url = format!("http://{addr}/big.bin");
    let common = "-c 50 -r 50 -l 6 -p 3 -u";
    thread::scope(|scope| {
        for attack in
            ["-H -i 1 -x 10", "-B -i 1 -s 8192 -x 10", "-X -w 1 -y 2 -n 1 -z 1 -k 3"]
        {
            let words = format!("{attack} {common} {url}");
            scope.spawn(move || {
                let words: Vec<_> = words.split(' ').collect();
                let ended = start("slowhttptest", &words).end_of_input();
                let says = ended.stdout.clone() + &ended.stderr;
                let mut lines =
                    says.lines().filter(|line| line.contains("service available"));
                let last =
                    lines.next_back().unwrap_or_else(|| panic!("no verdict: {says}"));
                assert!(last.contains("YES"), "{attack}: {last}");
            });
        }
    });
    assert_eq!(curl(addr, "/a.txt", &[]).stdout, "hello\n");
}

fn a_thousand_silent_connections_cost_the_others_nothing() {
    let site = Site::new();
    let root = site.root();
    let words = format!(
        "ulimit -n 4096; exec {} http-server :0 --quiet --root {}",
        sockdemo(),
        root.display()
    );
    let mut server = start("sh", &["-c", &words]);
    let addr = server.addr();
    let client = python(
        r"
import resource, time
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
there = ('127.0.0.1', int(sys.argv[1]))
silent = [socket.create_connection(there) for _ in range(1000)]
for half in silent[:300]:
    half.sendall(b'GET /a.txt HTTP/1.1\r\n')
begun = time.monotonic()
caller = socket.create_connection(there)
for _ in range(200):
    caller.sendall(b'GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n')
    answer = b''
    while not answer.endswith(b'hello\n'):
        answer += caller.recv(4096)
took = time.monotonic() - begun
memory = [line for line in open(f'/proc/{sys.argv[2]}/status') if line.startswith('VmRSS')]
silent[0].sendall(b'Host: a\r\nConnection: close\r\n\r\n')
assert silent[0].makefile('rb').read().endswith(b'hello\n')
print(f'200 answers in {took:.3f} s,', *memory)
",
        &[&addr.port().to_string(), &server.pid().to_string()],
    );
    let ended = ends_well(client, "200 answers");
    eprintln!("{}", ended.stdout.trim());
    let memory: String = ended.stdout.chars().skip_while(|c| *c != ':').collect();
    let memory: u64 = memory.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(memory < 64 * 1024, "{memory} KiB");
    assert!(fs::metadata(&root).is_ok());
}
