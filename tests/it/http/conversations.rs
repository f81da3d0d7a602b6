//! What a table cannot say: who waits for whom, for how long, and at what price.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::answers::{Answer, first};
use super::site::Site;
use crate::harness::{HANG, connect, read_to_end};

const GET: &[u8] = b"GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n";

/// Sends `bytes`, and gives the only answer before the end of the stream.
fn only_answer(addr: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = connect(addr);
    stream.write_all(bytes).unwrap();
    last_answer(&stream)
}

fn last_answer(stream: &TcpStream) -> Answer {
    let received = read_to_end(stream);
    let (answer, rest) = first(&received, false).unwrap();
    assert_eq!(rest, b"", "behind {answer:?}");
    answer
}

/// Waits for a moment, or until the server says something. Was it silent?
fn silent(mut stream: &TcpStream, moment: u64) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(moment))).unwrap();
    let read = stream.read(&mut [0; 1]);
    stream.set_read_timeout(Some(HANG)).unwrap();
    read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

#[test]
fn the_body_is_asked_for_before_it_is_sent() {
    const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
    let site = Site::new();
    let (_server, addr) = site.serve(&["--quiet"]);
    let mut stream = connect(addr);
    for framing in ["Content-Length: 5", "Transfer-Encoding: chunked"] {
        let head = format!(
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n{framing}\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(b"\r\n").unwrap();
        let mut word = [0; CONTINUE.len()];
        stream.read_exact(&mut word).unwrap();
        assert_eq!(word, CONTINUE);
        let chunked = framing.starts_with('T');
        stream
            .write_all(if chunked { b"5\r\nhello\r\n0\r\n\r\n" } else { b"hello" })
            .unwrap();
        let mut answer = vec![0; 4096];
        let n = stream.read(&mut answer).unwrap();
        assert_eq!(first(&answer[..n], false).unwrap().0.body, b"hello");
    }
}

#[test]
fn a_body_that_has_come_is_not_asked_for() {
    let site = Site::new();
    let (_server, addr) = site.serve(&["--quiet"]);
    let answer = only_answer(
        addr,
        b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\
          Connection: close\r\n\r\nhi",
    );
    assert_eq!((answer.status, &*answer.body), (200, &b"hi"[..]));
}

/// Whoever waits for a word before he sends hears the answer, and nothing is sent in vain.
#[test]
fn a_body_that_is_not_taken_is_not_asked_for() {
    let site = Site::new();
    let (_server, addr) = site.serve(&["--quiet"]);
    const REST: &str = "Host: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    for (start, status) in [
        ("PUT /a.txt HTTP/1.1\r\n", 405),
        ("GET /a.txt HTTP/1.1\r\n", 200),
        ("POST / HTTP/1.1\r\nOrigin: http://b\r\n", 403),
    ] {
        let answer = only_answer(addr, format!("{start}{REST}").as_bytes());
        assert_eq!((answer.status, answer.closes()), (status, true), "{start}");
    }
}

#[test]
fn the_answer_to_head_is_the_one_to_get_without_its_body() {
    let site = Site::new();
    let (_server, addr) = site.serve(&["--quiet"]);
    for path in
        ["/a.txt", "/empty.txt", "/big.bin", "/sub", "/sub/", "/list/", "/none", "/%"]
    {
        let ask = |method| {
            let request = format!(
                "{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            );
            let mut stream = connect(addr);
            stream.write_all(request.as_bytes()).unwrap();
            let received = read_to_end(&stream);
            let (mut answer, rest) = first(&received, method == "HEAD").unwrap();
            assert_eq!(rest, b"");
            answer.fields.retain(|(name, _)| name != "Date");
            answer
        };
        let (get, head) = (ask("GET"), ask("HEAD"));
        assert_eq!((get.status, get.fields), (head.status, head.fields), "{path}");
    }
}

/// Each byte is on its way only when the one before it has been received.
#[test]
fn bytes_that_come_one_by_one_are_a_request_all_the_same() {
    const BYTES: &[u8] = b"POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc";
    let site = Site::new();
    let (mut server, addr) = site.serve(&[]);
    let mut stream = connect(addr);
    stream.set_nodelay(true).unwrap();
    for (i, byte) in BYTES.iter().enumerate() {
        stream.write_all(&[*byte]).unwrap();
        server.wait_for_many(" recv(", i + 1);
    }
    assert_eq!(last_answer(&stream).body, b"abc");
}

#[test]
fn whoever_does_not_finish_a_request_is_told_so() {
    let site = Site::new();
    let (_server, addr) = site.serve(&["--quiet", "--patience", "0.3"]);
    for half in [
        "GET / HT",
        "GET / HTTP/1.1\r\nHost: a\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n",
    ] {
        let answer = only_answer(addr, half.as_bytes());
        assert_eq!((answer.status, answer.closes()), (408, true), "{half:?}");
    }
}

/// The limit for silence holds in the middle of a request, too, and of an answer.
#[test]
fn a_client_that_falls_silent_is_not_waited_for_any_longer() {
    let site = Site::new();
    large_file(&site);
    let (mut server, addr) = site.serve(&["--patience", "1000", "--idle-timeout", "0.4"]);
    for half in ["GET / HT", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel"]
    {
        assert_eq!(only_answer(addr, half.as_bytes()).status, 408, "{half:?}");
    }
    let mut stream = connect(addr);
    stream.write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    server.wait_for_words("the client does not take what it has asked for");
}

#[test]
fn a_byte_now_and_then_does_not_make_a_request_last() {
    let site = Site::new();
    let (_server, addr) = site.serve(&["--quiet", "--patience", "0.5"]);
    for start in [
        "GET / HTTP/1.1\r\nX: ",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",
    ] {
        let mut stream = connect(addr);
        stream.set_nodelay(true).unwrap();
        stream.write_all(start.as_bytes()).unwrap();
        let since = Instant::now();
        while silent(&stream, 100) {
            assert!(since.elapsed() < HANG, "still waiting behind {start:?}");
            stream.write_all(b"x").unwrap();
        }
        assert!(read_to_end(&stream).starts_with(b"TTP/1.1 408 "), "{start:?}");
    }
}

#[test]
fn a_slow_body_that_keeps_the_pace_is_heard_to_its_end() {
    let site = Site::new();
    let (_server, addr) = site.serve(&["--quiet", "--patience", "2"]);
    let mut stream = connect(addr);
    let head = b"POST / HTTP/1.0\r\nContent-Length: 40960\r\n\r\n";
    stream.write_all(head).unwrap();
    for _ in 0..40 {
        assert!(silent(&stream, 75), "refused, after more than 1 KiB in a second");
        stream.write_all(&[b'x'; 1024]).unwrap();
    }
    let answer = last_answer(&stream);
    assert_eq!((answer.status, answer.body.len()), (200, 40960));
}

/// Silence between two requests is measured by another limit.
#[test]
fn between_two_requests_there_is_more_time() {
    let site = Site::new();
    let (_server, addr) =
        site.serve(&["--quiet", "--patience", "0.7", "--idle-timeout", "9"]);
    let mut stream = connect(addr);
    let mut answer = vec![0; 4096];
    for pieces in [vec![GET], vec![&GET[..7], &GET[7..]], vec![GET]] {
        for piece in pieces {
            stream.write_all(piece).unwrap();
        }
        let n = stream.read(&mut answer).unwrap();
        assert_eq!(first(&answer[..n], false).unwrap().0.status, 200);
        assert!(silent(&stream, 1000));
    }
}

#[test]
fn a_silent_client_is_let_go_without_a_word() {
    let site = Site::new();
    let (_server, addr) = site.serve(&["--quiet", "--idle-timeout", "1"]);
    assert_eq!(read_to_end(&connect(addr)), b"");
    let mut stream = connect(addr);
    stream.write_all(GET).unwrap();
    assert_eq!(last_answer(&stream).status, 200);
}

/// A file that does not fit into the buffers of both kernels.
fn large_file(site: &Site) {
    File::create(site.root().join("large")).unwrap().set_len(64 << 20).unwrap();
}

#[test]
fn whoever_does_not_take_the_answer_is_let_go() {
    let site = Site::new();
    large_file(&site);
    let (mut server, addr) = site.serve(&["--patience", "0.2"]);
    let mut stream = connect(addr);
    stream.write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    server.wait_for_words("the client does not take what it has asked for");
    let mut all = Vec::new();
    let error = stream.read_to_end(&mut all).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(read_answer(addr), 200, "and the others are served");
}

fn read_answer(addr: SocketAddr) -> u16 {
    only_answer(addr, b"GET /a.txt HTTP/1.0\r\n\r\n").status
}

#[test]
fn whoever_takes_a_byte_now_and_then_is_let_go_too() {
    let site = Site::new();
    large_file(&site);
    let (mut server, addr) = site.serve(&["--patience", "0.3"]);
    let mut stream = connect(addr);
    stream.write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    // What has come this far can still be read when the connection is gone.
    let (over, ended) = channel::<()>();
    thread::spawn(move || {
        let pause = Duration::from_millis(20);
        while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout)
            && stream.read(&mut [0; 1]).is_ok()
        {}
    });
    server.wait_for_words("the client does not take what it has asked for");
    drop(over);
}

#[test]
fn whoever_reads_slowly_and_steadily_gets_everything() {
    let site = Site::new();
    File::create(site.root().join("large")).unwrap().set_len(12 << 20).unwrap();
    let (_server, addr) = site.serve(&["--quiet", "--patience", "1"]);
    let mut stream = connect(addr);
    stream.write_all(b"GET /large HTTP/1.0\r\n\r\n").unwrap();
    let (clock, mut buffer, mut total) = (connect(addr), vec![0; 128 << 10], 0);
    loop {
        let n = stream.read(&mut buffer).unwrap();
        if n == 0 {
            break;
        }
        total += n;
        silent(&clock, 30);
    }
    assert!(total > 12 << 20, "{total}");
}

#[test]
fn a_client_too_many_is_told_in_its_own_language() {
    let site = Site::new();
    let (_server, addr) = site.serve(&["--quiet", "--max-clients", "1"]);
    let mut here = connect(addr);
    here.write_all(GET).unwrap();
    let mut answer = vec![0; 4096];
    let n = here.read(&mut answer).unwrap();
    assert_eq!(first(&answer[..n], false).unwrap().0.status, 200);

    let full = only_answer(addr, b"");
    assert_eq!((full.status, full.closes()), (503, true));
    here.write_all(GET).unwrap();
    let n = here.read(&mut answer).unwrap();
    assert_eq!(first(&answer[..n], false).unwrap().0.status, 200, "the first one stays");
}

#[test]
fn a_file_that_becomes_shorter_ends_the_connection() {
    let site = Site::new();
    large_file(&site);
    let (_server, addr) = site.serve(&["--quiet"]);
    let mut stream = connect(addr);
    stream.write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    stream.read_exact(&mut [0; 1024]).unwrap();
    File::options()
        .write(true)
        .open(site.root().join("large"))
        .unwrap()
        .set_len(9)
        .unwrap();
    let rest = read_to_end(&stream);
    assert!(rest.len() < 64 << 20, "{}", rest.len());
}

#[test]
fn who_waits_with_an_open_connection_does_not_delay_the_end() {
    let site = Site::new();
    let (server, addr) = site.serve(&["--quiet"]);
    let mut stream = connect(addr);
    stream.write_all(GET).unwrap();
    assert!(!silent(&stream, 30_000));
    let ended = server.stop();
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    read_to_end(&stream);
}

/// In the second in which a file was changed, it may be changed once more.
#[test]
fn a_date_of_just_now_proves_nothing() {
    let site = Site::new();
    let (_server, addr) = site.serve(&["--quiet"]);
    let ask = |name: &str, fields: &str| {
        let request = format!(
            "GET /{name} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fields}\r\n"
        );
        only_answer(addr, request.as_bytes())
    };
    let begun = ask("x.html", "");
    let date = begun.get("Last-Modified").unwrap();
    let all = ask("x.html", &format!("Range: bytes=0-0\r\nIf-Range: {date}\r\n"));
    assert_eq!(all.status, 200, "{all:?}");

    let new = ask("future.txt", "");
    let time = |name| httpdate::parse_http_date(new.get(name).unwrap()).unwrap();
    assert!(time("Last-Modified") <= time("Date"), "{new:?}");
}

#[test]
fn a_body_in_the_smallest_chunks_costs_little_time() {
    let site = Site::new();
    let (_server, addr) = site.serve(&["--quiet"]);
    let mut request =
        b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
            .to_vec();
    request.extend(b"1\r\nx\r\n".repeat(1 << 20));
    request.extend(b"0\r\n\r\n");
    assert_eq!(only_answer(addr, &request).body.len(), 1 << 20);
}

/// The most memory that a process has had, in KiB.
#[cfg(target_os = "linux")]
fn most_memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn what_has_no_end_takes_no_memory() {
    let site = Site::new();
    let (server, addr) = site.serve(&["--quiet"]);
    let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let endless = [
        ("GET /".into(), "x", 414),
        ("GET / HTTP/1.1\r\n".into(), "X: y\r\n", 431),
        ("GET / HTTP/1.1\r\nX: ".into(), "y", 431),
        (String::new(), "\r\n", 431),
        (chunked.into(), "4\r\nword\r\n", 413),
        (chunked.into(), "1;extension\r\nx\r\n", 413),
        (format!("{chunked}1;"), "x", 431),
        (format!("{chunked}0\r\n"), "X: y\r\n", 431),
    ];
    thread::scope(|scope| {
        for (start, forever, status) in &endless {
            scope.spawn(|| send_for_ever(addr, start, forever, *status));
        }
    });
    let most = most_memory(server.pid());
    assert!(most < 40 * 1024, "{most} KiB");
    eprintln!("the most memory: {most} KiB");
}

/// Sends until the server does not listen any more.
fn send_for_ever(addr: SocketAddr, start: &str, forever: &str, status: u16) {
    let mut stream = connect(addr);
    stream.write_all(start.as_bytes()).unwrap();
    let (forever, since) = (forever.repeat(16 * 1024), Instant::now());
    while stream.write_all(forever.as_bytes()).is_ok() {
        assert!(since.elapsed() < HANG, "{start:?} goes on for ever");
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer); // It may have been reset by now.
    let said = format!("HTTP/1.1 {status} ");
    assert!(answer.is_empty() || answer.starts_with(said.as_bytes()), "{start:?}");
}
