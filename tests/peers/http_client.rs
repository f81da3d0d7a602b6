//! `http-client` asks servers that we did not write: Python's, Node's, nginx.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;

use crate::Test;
use crate::harness::{Ended, Program, Scratch, flat, python, run, start};

pub const TESTS: &[Test] = &[
    Test {
        name: "http-client: Python's file server, one connection for each question",
        needs: &["python3"],
        run: pythons_old_server,
    },
    Test {
        name: "http-client: Python's file server, with connections that stay",
        needs: &["python3"],
        run: pythons_server_of_today,
    },
    Test {
        name: "http-client: Node's chunks, trailers, hints, echoes and news",
        needs: &["node"],
        run: nodes_server,
    },
    Test {
        name: "http-client: Node ends a connection that it has not said it would end",
        needs: &["node"],
        run: nodes_silent_end,
    },
    Test {
        name: "http-client: nginx, its redirects, ranges, refusals and limits",
        needs: &["nginx"],
        run: nginx,
    },
];

/// A folder to be served, gone when the test is over.
struct Folder(PathBuf);

/// Bytes of every value, more than any buffer on the way takes at once.
fn large() -> Vec<u8> {
    (0..3_000_000_u32).map(|n| (n * 7 / 3) as u8).collect()
}

impl Folder {
    fn new() -> Folder {
        let folder = PathBuf::from(Scratch::new().path());
        fs::create_dir_all(folder.join("sub")).unwrap();
        fs::write(folder.join("small.txt"), "a small file\n").unwrap();
        fs::write(folder.join("sub/index.html"), "the index\n").unwrap();
        fs::write(folder.join("large"), large()).unwrap();
        Folder(folder)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Fetches these paths of a server, with these flags.
fn fetch(addr: SocketAddr, paths: &[&str], flags: &[&str]) -> Ended {
    let urls: Vec<_> = paths.iter().map(|path| format!("http://{addr}{path}")).collect();
    let urls: Vec<_> = urls.iter().map(String::as_str).collect();
    run(&[&["http-client"], flags, &urls].concat(), b"")
}

fn connections(client: &Ended) -> usize {
    client.stderr.matches(" from 127.0.0.1:").count()
}

/// The large file must come byte for byte; the harness would make text of it.
fn fetch_the_large_file(addr: SocketAddr, folder: &Folder) {
    let copy = folder.0.join("copy");
    let status = Command::new(crate::harness::sockdemo())
        .args(["http-client", "-q", &format!("http://{addr}/large")])
        .stdout(fs::File::create(&copy).unwrap())
        .status();
    assert!(status.unwrap().success());
    assert!(fs::read(copy).unwrap() == large(), "another file");
}

fn python_serves(folder: &Folder, version: &str) -> (Program, SocketAddr) {
    let serve = "
import functools, http.server
files = http.server.SimpleHTTPRequestHandler
files.protocol_version = sys.argv[2]
files = functools.partial(files, directory=sys.argv[1])
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), files)
print('listening on %s:%d' % server.server_address, flush=True)
server.serve_forever()
";
    let mut server = python(serve, &[folder.path(), version]);
    let addr = server.addr();
    (server, addr)
}

fn pythons_old_server() {
    let folder = Folder::new();
    let (_server, addr) = python_serves(&folder, "HTTP/1.0");

    let client = fetch(addr, &["/small.txt", "/small.txt"], &[]);
    assert_eq!(client.code(), Some(0), "{}", client.stderr);
    assert_eq!(client.stdout, "a small file\na small file\n");
    assert_eq!(connections(&client), 2);
    assert!(client.stderr.contains("< HTTP/1.0 200 OK"), "{}", client.stderr);
    fetch_the_large_file(addr, &folder);

    let client = fetch(addr, &["/sub"], &["--location"]);
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "the index\n"));
    let client = fetch(addr, &["/none"], &["--fail", "-q"]);
    assert_eq!(client.code(), Some(1), "{}", client.stderr);
    let client = fetch(addr, &["/small.txt"], &["--head"]);
    assert!(client.stdout.contains("Content-Length: 13\r\n"), "{}", client.stdout);
    assert_eq!(fetch(addr, &["/x"], &["-d", "x", "-f"]).code(), Some(1), "no POST there");
}

fn pythons_server_of_today() {
    let folder = Folder::new();
    let (_server, addr) = python_serves(&folder, "HTTP/1.1");

    let client = fetch(addr, &["/sub", "/small.txt", "/sub/"], &["-L"]);

    assert_eq!(client.code(), Some(0), "{}", client.stderr);
    assert_eq!(client.stdout, "the index\na small file\nthe index\n");
    assert_eq!(connections(&client), 1, "{}", client.stderr);
    fetch_the_large_file(addr, &folder);
}

/// Starts a Node program whose server is called `server`.
fn node(program: &str) -> (Program, SocketAddr) {
    let listen = "server.listen(0, '127.0.0.1', () => \
                  console.log('listening on 127.0.0.1:' + server.address().port));";
    let program = format!("const http = require('http');\n{program}\n{listen}");
    let mut server = start("node", &["-e", &program]);
    let addr = server.addr();
    (server, addr)
}

fn nodes_server() {
    let (_server, addr) = node(
        "const server = http.createServer((request, response) => {
          switch (request.url) {
            case '/chunks':
              response.setHeader('Trailer', 'X-Sum');
              for (let i = 0; i < 100; i++) response.write(`line ${i}\\n`);
              response.addTrailers({ 'X-Sum': '100' });
              response.end();
              break;
            case '/hints':
              response.writeProcessing();
              response.end('hinted\\n');
              break;
            case '/echo':
              request.pipe(response);
              break;
            case '/to-echo':
              request.resume();
              response.writeHead(307, { Location: '/echo' });
              response.end('over there');
              break;
            case '/news':
              response.writeHead(200, { 'Content-Type': 'text/event-stream' });
              response.write('data: one\\n\\n');
              break;
          }
        });",
    );
    let lines: String = (0..100).map(|n| format!("line {n}\n")).collect();
    let client = fetch(addr, &["/chunks", "/hints", "/chunks"], &[]);
    assert_eq!(client.code(), Some(0), "{}", client.stderr);
    assert_eq!(client.stdout, format!("{lines}hinted\n{lines}"));
    assert_eq!(connections(&client), 1, "{}", client.stderr);
    assert!(client.stderr.contains("< HTTP/1.1 102 Processing"), "{}", client.stderr);
    assert_eq!(client.stderr.matches("< X-Sum: 100").count(), 2, "{}", client.stderr);

    let data = "0123456789".repeat(10_000);
    let client = fetch(addr, &["/to-echo", "/echo"], &["-L", "--data", &data]);
    assert_eq!(client.code(), Some(0), "{}", client.stderr);
    assert!(client.stdout == data.repeat(2), "{} B", client.stdout.len());

    let mut client = Program::start(&["http-client", &format!("{addr}/news")]);
    client.wait_for_output("data: one\n\n");
    assert_eq!(client.stop().code(), Some(0));
}

/// The second question meets a connection that is gone, or going.
fn nodes_silent_end() {
    let (_server, addr) = node(
        "const server = http.createServer((request, response) => {
          const socket = request.socket;
          response.end('hello\\n', () => socket.destroySoon());
        });",
    );
    let client = fetch(addr, &["/a", "/b"], &[]);
    assert_eq!(client.code(), Some(0), "{}", client.stderr);
    assert_eq!(client.stdout, "hello\nhello\n");
    assert_eq!(connections(&client), 2, "{}", client.stderr);
    assert!(flat(&client.stderr).contains("once more, over a new one"));

    let client = fetch(addr, &["/a", "/b"], &["-d", "buy"]);
    assert_eq!((client.code(), client.stdout.as_str()), (Some(1), "hello\n"));
}

/// What nginx is to serve, and to leave alone.
fn settings(place: &str, port: SocketAddr) -> String {
    format!(
        "daemon off; master_process off; pid {place}/pid; error_log {place}/errors;
         events {{}}
         http {{
           access_log off; client_body_temp_path {place}/t; proxy_temp_path {place}/t;
           fastcgi_temp_path {place}/t; uwsgi_temp_path {place}/t;
           scgi_temp_path {place}/t;
           client_max_body_size 10k; keepalive_requests 3;
           server {{ listen {port}; root {place};
             location /old {{ return 301 /small.txt; }}
             location /post {{ return 303 small.txt; }} }} }}"
    )
}

/// nginx cannot tell which port it was given, so it gets one where a listener was a moment
/// ago: what a client has had may be remembered for a minute, and then nobody can bind it.
fn nginx() {
    let folder = Folder::new();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let place = folder.path();
    fs::write(folder.0.join("settings"), settings(place, port)).unwrap();
    let settings = format!("{place}/settings");
    let _server = start("nginx", &["-p", place, "-c", &settings]);
    // It writes its number when it listens. Calling it again and again until it answers could
    // reach the caller itself, from the same port.
    let listens = || fs::read(folder.0.join("pid")).is_ok_and(|pid| pid.ends_with(b"\n"));
    let deadline = std::time::Instant::now() + crate::harness::HANG;
    while !listens() {
        let errors = || fs::read_to_string(folder.0.join("errors")).unwrap_or_default();
        assert!(std::time::Instant::now() < deadline, "nginx: {}", errors());
        std::thread::yield_now();
    }

    let client = fetch(port, &["/old", "/sub/", "/small.txt"], &["-L"]);
    assert_eq!(client.code(), Some(0), "{}", client.stderr);
    assert_eq!(client.stdout, "a small file\nthe index\na small file\n");
    assert_eq!(connections(&client), 2, "three for each: {}", client.stderr);
    fetch_the_large_file(port, &folder);

    let client = fetch(port, &["/small.txt"], &["-H", "Range: bytes=2-6", "-i"]);
    assert!(client.stdout.starts_with("HTTP/1.1 206 "), "{}", client.stdout);
    assert!(client.stdout.ends_with("\r\n\r\nsmall"), "{}", client.stdout);
    let client = fetch(port, &["/post"], &["-L", "-d", "form"]);
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "a small file\n"));
    let client = fetch(port, &["/post"], &["-d", &"x".repeat(100_000), "-f"]);
    assert_eq!(client.code(), Some(1));
    assert!(client.stdout.contains("413 Request Entity Too Large"), "{}", client.stderr);
    assert_eq!(fetch(port, &["/"], &["-H", "Host:", "-f"]).code(), Some(1));
    assert_eq!(fetch(port, &["/"], &["-X", "PURGE", "-f"]).code(), Some(1));
}
