//! `http-client`, against servers of the test's own and against `http-server`.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

#[cfg(unix)]
use nix::sys::socket::{setsockopt, sockopt::ReceiveTimeout};
#[cfg(unix)]
use nix::sys::time::{TimeVal, TimeValLike};

use crate::harness::{
    Ended, HANG, Program, Scratch, flat, has_ipv6, nobody_listens, read_to_end, run,
};

/// A server that does what the test says. Its address, and the test's part of it.
fn site(talk: impl FnOnce(&TcpListener) + Send + 'static) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    #[cfg(unix)] // A client that does not come is a failure, not a hang.
    setsockopt(&listener, ReceiveTimeout, &TimeVal::seconds(30)).unwrap();
    (addr, thread::spawn(move || talk(&listener)))
}

fn accept(listener: &TcpListener) -> TcpStream {
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    stream.set_write_timeout(Some(HANG)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// A request with its body; nothing if the client has ended its stream.
fn hear(mut stream: &TcpStream) -> Option<String> {
    let mut heard = Vec::new();
    let mut byte = [0];
    while !heard.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).unwrap() == 0 {
            assert_eq!(heard, b"", "a request that was cut");
            return None;
        }
        heard.push(byte[0]);
    }
    let mut heard = String::from_utf8(heard).unwrap();
    let length = heard.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    let length = length.map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    heard.push_str(&String::from_utf8(body).unwrap());
    Some(heard)
}

/// Answers one question on a connection of its own, and ends the stream.
fn answering(answer: &'static [u8]) -> (String, JoinHandle<()>) {
    site(move |listener| {
        let mut stream = accept(listener);
        hear(&stream).unwrap();
        stream.write_all(answer).unwrap();
        let _ = stream.shutdown(Shutdown::Write); // Who has read enough may have reset.
        let _ = stream.read(&mut [0]); // Until the client has left, or has reset.
    })
}

/// Fetches from a server that gives this one answer.
fn fetch(answer: &'static [u8], flags: &[&str]) -> Ended {
    let (addr, site) = answering(answer);
    let ended = run(&[&["http-client", &addr], flags].concat(), b"");
    site.join().unwrap();
    ended
}

fn say(mut stream: &TcpStream, words: &str) {
    stream.write_all(words.as_bytes()).unwrap();
}

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

#[test]
fn the_pair_runs_side_by_side() {
    let folder =
        std::env::temp_dir().join(format!("sockdemo-web-{}", std::process::id()));
    fs::create_dir_all(folder.join("sub")).unwrap();
    fs::write(folder.join("a b.txt"), "a file\n").unwrap();
    let flags = ["--root", folder.to_str().unwrap()];
    let (server, addr) = Program::server(&[&["http-server", ":0"], &flags[..]].concat());
    let url = |path: &str| format!("http://{addr}{path}");

    let client = run(&["http-client", &url("/a%20b.txt"), &url("/a b.txt")], b"");
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "a file\na file\n"));
    for line in
        ["> GET /a%20b.txt HTTP/1.1", &format!("> Host: {addr}"), "< HTTP/1.1 200"]
    {
        assert_eq!(client.stderr.matches(line).count(), 2, "{}", client.stderr);
    }
    assert_eq!(client.stderr.matches(" from 127.0.0.1:").count(), 1, "one connection");
    assert!(client.stderr.contains("the same connection again"), "{}", client.stderr);

    let client = run(&["http-client", &url("/sub"), "-L", "--data", "x"], b"");
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "x"), "an echo");
    let client = run(&["http-client", &url("/sub"), "-L", "-q"], b"");
    assert_eq!((client.code(), client.stderr.as_str()), (Some(0), ""));
    assert!(client.stdout.contains("<h1>/sub/</h1>"), "{}", client.stdout);
    let client = run(&["http-client", &url("/no"), "--fail"], b"");
    assert_eq!(client.code(), Some(1));
    let error = format!("error: could not fetch http://{addr}/no: 404 Not Found\n");
    assert!(client.stderr.ends_with(&error), "{}", client.stderr);

    assert_eq!(server.stop().code(), Some(0));
    fs::remove_dir_all(folder).unwrap();
}

/// Each answer, its body, in two pieces, the client having taken the first one.
#[test]
fn an_answer_is_the_same_wherever_it_is_cut() {
    const ANSWERS: &[(&str, &str)] = &[
        (HELLO, "hello"),
        ("HTTP/1.1 200\nContent-Length:5\n\nhello", "hello"),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 None\r\n\r\n", ""),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
             2\r\nhe\r\n3;x\r\nllo\r\n0\r\nA: b\r\n\r\n",
            "hello",
        ),
    ];
    for (answer, body) in ANSWERS {
        let (sender, cue) = crossbeam_channel::bounded::<()>(0);
        let (addr, site) = site(move |listener| {
            let stream = accept(listener);
            for cut in 1..answer.len() {
                hear(&stream).unwrap();
                say(&stream, &answer[..cut]);
                cue.recv().unwrap();
                say(&stream, &answer[cut..]);
            }
            assert_eq!(hear(&stream), None);
        });
        let urls: Vec<_> = (1..answer.len()).map(|_| addr.as_str()).collect();
        let mut client = Program::start(&[&["http-client"], &urls[..]].concat());
        for cut in 1..answer.len() {
            client.wait_for_many("… waiting for bytes", 2 * cut);
            sender.send(()).unwrap();
        }
        let client = client.end();
        site.join().unwrap();

        let all = body.repeat(answer.len() - 1);
        assert_eq!((client.code(), client.stdout), (Some(0), all), "{answer}");
    }
}

#[test]
fn a_body_can_end_with_the_stream() {
    for (answer, body) in [
        (&b"HTTP/1.0 200 OK\r\n\r\nhello"[..], "hello"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", "hello"),
        (b"HTTP/1.1 200 OK\r\n\r\n", ""),
    ] {
        let client = fetch(answer, &[]);
        assert_eq!((client.code(), client.stdout.as_str()), (Some(0), body));
        assert!(client.stderr.contains("it ends with the stream"), "{}", client.stderr);
        assert!(client.stderr.contains("nobody can tell"), "{}", client.stderr);
    }
}

#[test]
fn the_last_coding_says_where_a_body_ends() {
    const GZIP: &str = "it is printed as it came: nobody here undoes gzip";
    for (answer, ends, is_coded) in [
        (
            &b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nhello"[..],
            "it ends with the stream",
            false,
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\
              Transfer-Encoding: gzip\r\n\r\nhello",
            "it ends with the stream",
            true,
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n\
              5\r\nhello\r\n0\r\n\r\n",
            "the last one has 0 B",
            true,
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
              5\r\nhello\r\n0\r\n\r\n",
            "the last one has 0 B",
            false,
        ),
    ] {
        let client = fetch(answer, &[]);
        assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "hello"));
        assert!(client.stderr.contains(ends), "{}", client.stderr);
        assert_eq!(flat(&client.stderr).contains(GZIP), is_coded, "{}", client.stderr);
    }
}

#[test]
fn some_answers_have_no_body_whatever_they_say() {
    for (answer, flags) in [
        (&b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"[..], &[][..]),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", &[]),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", &["-X", "HEAD"]),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &["-X", "HEAD"]),
    ] {
        let client = fetch(answer, flags);
        assert_eq!((client.code(), client.stdout.as_str()), (Some(0), ""));
        assert!(client.stderr.contains("there is no body"), "{}", client.stderr);
    }
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    let client = fetch(head, &["--head"]);
    assert_eq!((client.code(), client.stdout.as_bytes()), (Some(0), &head[..]));
    assert!(client.stderr.contains("> HEAD / HTTP/1.1"), "{}", client.stderr);
}

#[test]
fn an_answer_that_is_cut_is_an_error_that_says_what_is_missing() {
    for (answer, body, words) in [
        (
            &b"HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\nhello"[..],
            "hello",
            "whole body: the stream ended early; 5 of 25 B have come, 20 B are missing",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
            "hel",
            "3 B have come, 2 B of a chunk are missing",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            "hello",
            "5 B have come, the last chunk is missing",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nx",
            "hello",
            "the last chunk is missing",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nx\r\n",
            "hello",
            "receive the whole body: a chunk's length is not a hexadecimal number",
        ),
        (b"HTTP/1.1 200 OK\r\nA:", "", "head of the answer (19 B have come): the stream"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "", "whole head of the answer (0 B have"),
        (b"\x15\x03\x01\x00\x02\x02\x28", "", "hint: the server speaks TLS"),
        (b"", "", "get an answer to GET http://127.0.0.1:"),
    ] {
        let client = fetch(answer, &[]);
        assert_eq!((client.code(), client.stdout.as_str()), (Some(1), body));
        let error = flat(client.stderr.split("error: could not ").nth(1).unwrap());
        assert!(error.contains(words), "{words}: {}", client.stderr);
    }
}

#[test]
fn a_redirect_that_is_cut_has_printed_nothing() {
    let cut = b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 100\r\n\r\nx";
    for (flags, body, hint) in [
        (
            &["-L"][..],
            "",
            "hint: it belongs to a redirect: nothing of it was to be printed",
        ),
        (&[], "x", "hint: what came of it has been printed: it is not all"),
    ] {
        let client = fetch(cut, flags);
        assert_eq!((client.code(), client.stdout.as_str()), (Some(1), body));
        assert!(flat(&client.stderr).contains(hint), "{}", client.stderr);
    }
}

#[test]
fn an_empty_location_leads_nowhere() {
    let client =
        fetch(b"HTTP/1.1 302 Found\r\nLocation:\r\nContent-Length: 1\r\n\r\nx", &["-L"]);
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "x"));
}

#[test]
fn what_is_no_answer_is_told_with_its_beginning() {
    for (answer, words) in [
        (&b"SSH-2.0-OpenSSH_9\r\n"[..], "begins with \"SSH-2.0-OpenSSH_9\\r\\n\""),
        (b"GET / HTTP/1.1\r\nHost: ", "hint: that is what we sent: an echo server"),
        (b"HTTP/1.1 20 OK\r\n", "the first line is not HTTP/1.1 STATUS REASON"),
        (b"HTTP/2.0 200 OK\r\n", "only HTTP/1.0 and HTTP/1.1"),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n", "a field has no colon"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "is not a number"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "more than one",
        ),
    ] {
        let client = fetch(answer, &["--quiet"]);
        assert_eq!((client.code(), client.stdout.as_str()), (Some(1), ""));
        let said = flat(&client.stderr);
        assert!(said.starts_with("error: could not understand the answer"), "{said}");
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn a_head_without_an_end_is_refused() {
    let (addr, site) = site(|listener| {
        let mut stream = accept(listener);
        hear(&stream).unwrap();
        say(&stream, "HTTP/1.1 200 OK\r\n");
        while stream.write_all(b"X: 0123456789012345678901234567890123456789\r\n").is_ok()
        {
        }
    });
    let client = run(&["http-client", &addr], b"");
    assert_eq!(client.code(), Some(1));
    assert!(flat(&client.stderr).contains("more than 100 fields"), "{}", client.stderr);
    site.join().unwrap();
}

#[test]
fn the_body_is_not_touched_and_the_head_is_made_safe() {
    let client = fetch(
        b"HTTP/1.1 200 \x1b[2J\xff\r\nContent-Length: 4\r\n\r\n\x1b\x00\xc3\n",
        &["-i"],
    );
    assert_eq!(client.code(), Some(0));
    assert!(!client.stderr.contains('\x1b'), "{}", client.stderr);
    assert!(client.stderr.contains(r"< HTTP/1.1 200 \u{1b}[2J\xff"), "{}", client.stderr);
    let exact =
        "HTTP/1.1 200 \u{1b}[2J\u{fffd}\r\nContent-Length: 4\r\n\r\n\u{1b}\0\u{fffd}\n";
    assert_eq!(client.stdout, exact, "the harness reads lossily, the client does not");
}

#[test]
fn a_body_is_printed_as_it_comes() {
    let (addr, site) = site(|listener| {
        let stream = accept(listener);
        hear(&stream).unwrap();
        say(
            &stream,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\ndata: 1\n",
        );
        assert_eq!(hear(&stream), None, "until somebody has had enough");
    });
    let mut client = Program::start(&["http-client", &addr]);
    client.wait_for_output("data: 1\n");
    client.wait_for_many("waiting for bytes", 2);

    let client = client.stop();

    site.join().unwrap();
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "data: 1\n"));
    assert!(client.stderr.contains("stopping"), "{}", client.stderr);
    assert!(flat(&client.stderr).contains("8 B have come, the last chunk is missing"));
    assert!(!client.stderr.contains("error"), "{}", client.stderr);
    assert!(client.stderr.trim_end().lines().last().unwrap().contains("close"));
}

#[test]
fn ctrl_c_ends_a_client_that_waits_for_an_answer() {
    let (addr, site) = site(|listener| {
        let stream = accept(listener);
        hear(&stream).unwrap();
        assert_eq!(hear(&stream), None);
    });
    let mut client = Program::start(&["http-client", &addr, &addr]);
    client.wait_for("waiting for bytes");

    let client = client.stop();

    site.join().unwrap();
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), ""));
    assert!(!client.stderr.contains("error"), "{}", client.stderr);
}

#[test]
fn a_redirect_is_shown_or_followed() {
    const MOVED: &[u8] =
        b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 4\r\n\r\nb...";
    let client = fetch(MOVED, &[]);
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "b..."));
    assert!(client.stderr.contains("--location goes there"), "{}", client.stderr);

    let (addr, site) = site(|listener| {
        let mut stream = accept(listener);
        for (first, rest) in [
            ("POST /a/x ", "name=value"),
            ("GET /b ", "\r\n\r\n"),
            ("GET /a/c?d ", "\r\n\r\n"),
        ] {
            let heard = hear(&stream).unwrap();
            assert!(heard.starts_with(first) && heard.ends_with(rest), "{heard}");
            assert_eq!(heard.contains("Content-"), first.starts_with("POST"), "{heard}");
            assert!(heard.contains("Authorization: x\r\n"), "{heard}");
            match first {
                "POST /a/x " => stream.write_all(MOVED).unwrap(),
                "GET /b " => say(
                    &stream,
                    "HTTP/1.1 301 No\r\nLocation: a/b/../c?d\r\n\
                     Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
                ),
                _ => say(&stream, HELLO),
            }
        }
        assert_eq!(hear(&stream), None);
    });
    let flags = ["--location", "-d", "name=value", "-H", "Authorization: x"];
    let client =
        run(&[&["http-client", &format!("{addr}/a/x")], &flags[..]].concat(), b"");
    site.join().unwrap();
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "hello"));
    let on = format!("a redirect: on to GET http://{addr}/b");
    assert!(flat(&client.stderr).contains(&on), "{}", client.stderr);
    assert_eq!(client.stderr.matches("the same connection").count(), 2);
}

#[test]
fn a_redirect_can_insist_on_the_body_and_lead_to_another_server() {
    let (other, second) = site(|listener| {
        let stream = accept(listener);
        let heard = hear(&stream).unwrap();
        assert!(heard.starts_with("POST /there ") && heard.ends_with("\r\n\r\nhello"));
        assert!(heard.contains("X-Ours: y\r\n"), "{heard}");
        assert!(!heard.contains("secret"), "{heard}");
        say(&stream, HELLO);
        assert_eq!(hear(&stream), None);
    });
    let location = other.clone();
    let (addr, first) = site(move |listener| {
        let stream = accept(listener);
        assert!(hear(&stream).unwrap().contains("secret"));
        let head = format!("HTTP/1.1 307 On\r\nLocation: http://{location}/there\r\n");
        say(&stream, &format!("{head}Content-Length: 0\r\n\r\n"));
        assert_eq!(hear(&stream), None);
    });
    let fields = [
        "Authorization: secret",
        "Proxy-Authorization: secret",
        "Cookie: secret",
        "X-Ours: y",
    ];
    let secret = fields.map(|field| ["-H", field]).concat();
    let flags = [&["http-client", &addr, "-L", "-d", "hello"], &secret[..]].concat();
    let client = run(&flags, b"");
    first.join().unwrap();
    second.join().unwrap();
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "hello"));
    assert!(flat(&client.stderr).contains(&format!("to {other} from ")), "{other}");
}

#[test]
fn a_redirect_that_leads_nowhere_is_an_error() {
    for (answer, words) in [
        (
            &b"HTTP/1.1 301 On\r\nLocation: https://example.org/\r\n\r\n"[..],
            "redirect to https://example.org/: the address begins with https: \
             hint: https:// is HTTP inside TLS",
        ),
        (
            b"HTTP/1.1 301 On\r\nLocation: ftp://a/\r\n\r\n",
            "hint: only http:// is spoken",
        ),
        (b"HTTP/1.1 301 On\r\nLocation: http://a b/\r\n\r\n", "neither a name nor an"),
    ] {
        let client = fetch(answer, &["-L", "-q"]);
        assert_eq!((client.code(), client.stdout.as_str()), (Some(1), ""));
        assert!(flat(&client.stderr).contains(words), "{}", client.stderr);
    }
    let without = b"HTTP/1.1 301 On\r\nContent-Length: 5\r\n\r\nhello";
    let client = fetch(without, &["-L"]);
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "hello"));

    let (addr, site) = site(|listener| {
        let stream = accept(listener);
        let mut asked = 0;
        while hear(&stream).is_some() {
            asked += 1;
            say(&stream, "HTTP/1.1 302 On\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
        }
        assert_eq!(asked, 11, "the first page, and ten more");
    });
    let client = run(&["http-client", &addr, "-L"], b"");
    site.join().unwrap();
    assert_eq!(client.code(), Some(1));
    let words = "could not follow the redirect to /: this is number 11";
    assert!(flat(&client.stderr).contains(words), "{}", client.stderr);
}

#[test]
fn a_long_page_that_is_skipped_costs_the_connection() {
    let (addr, site) = site(|listener| {
        let mut first = accept(listener);
        hear(&first).unwrap();
        say(
            &first,
            "HTTP/1.1 302 On\r\nLocation: /b\r\nContent-Length: 99999999\r\n\r\n",
        );
        while first.write_all(&[b'x'; 1000]).is_ok() {}
        let second = accept(listener);
        assert!(hear(&second).unwrap().starts_with("GET /b "));
        say(&second, HELLO);
        assert_eq!(hear(&second), None);
    });
    let client = run(&["http-client", &addr, "-L"], b"");
    site.join().unwrap();
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "hello"));
}

#[test]
fn a_connection_that_was_given_up_meanwhile_is_replaced_once() {
    let (addr, site) = site(|listener| {
        for _ in 0..2 {
            let stream = accept(listener);
            hear(&stream).unwrap();
            say(&stream, HELLO);
        }
    });
    let client = run(&["http-client", &addr, &addr], b"");
    site.join().unwrap();
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "hellohello"));
    assert!(
        flat(&client.stderr).contains("once more, over a new one"),
        "{}",
        client.stderr
    );
    assert_eq!(client.stderr.matches(" from 127.0.0.1:").count(), 2);
}

#[test]
fn what_may_not_be_done_twice_is_not_asked_twice() {
    let (addr, site) = site(|listener| {
        let stream = accept(listener);
        hear(&stream).unwrap();
        say(&stream, HELLO);
        drop(stream);
        listener.set_nonblocking(true).unwrap();
    });
    let client = run(&["http-client", &addr, &addr, "-d", "buy"], b"");
    site.join().unwrap();
    assert_eq!((client.code(), client.stdout.as_str()), (Some(1), "hello"));
    let said = flat(&client.stderr);
    assert!(said.contains("could not get an answer to POST"), "{said}");
    assert!(said.contains("so it is not asked again"), "{said}");
    assert_eq!(client.stderr.matches(" from 127.0.0.1:").count(), 1);
}

#[test]
fn a_connection_is_not_used_again_when_somebody_says_so() {
    for (head, flags) in [
        ("HTTP/1.1 200 OK\r\nConnection: close\r\n", &[][..]),
        ("HTTP/1.0 200 OK\r\n", &[]),
        ("HTTP/1.1 200 OK\r\n", &["-H", "Connection: close"]),
        ("HTTP/1.1 200 OK\r\nX: too much\r\n", &[]),
    ] {
        let more = if head.contains("too much") { "more" } else { "" };
        let answer = format!("{head}Content-Length: 5\r\n\r\nhello{more}");
        let (addr, site) = site(move |listener| {
            for _ in 0..2 {
                let mut stream = accept(listener);
                hear(&stream).unwrap();
                say(&stream, &answer);
                let _ = stream.read(&mut [0]); // A reset, if there was too much.
            }
        });
        let client = run(&[&["http-client", &addr, &addr], flags].concat(), b"");
        site.join().unwrap();
        assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "hellohello"));
        assert_eq!(client.stderr.matches(" from 127.0.0.1:").count(), 2, "{head}");
        assert!(!client.stderr.contains("the same connection"), "{}", client.stderr);
        assert_eq!(client.stderr.contains("belong to no answer"), !more.is_empty());
    }
}

#[test]
fn an_old_server_can_keep_the_connection_too() {
    let (addr, site) = site(|listener| {
        let stream = accept(listener);
        while hear(&stream).is_some() {
            let head = "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n";
            say(&stream, &format!("{head}Content-Length: 5\r\n\r\nhello"));
        }
    });
    let client = run(&["http-client", &addr, &addr], b"");
    site.join().unwrap();
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "hellohello"));
    assert!(client.stderr.contains("the same connection again"), "{}", client.stderr);
}

#[test]
fn the_flags_shape_the_question() {
    for (flags, first, fields, body) in [
        (&[][..], "GET / HTTP/1.1", &["Accept: */*", "User-Agent: sockdemo/"][..], ""),
        (&["-X", "PUT", "-d", "é"], "PUT / HTTP/1.1", &["Content-Length: 2"], "é"),
        (&["-d", ""], "POST / HTTP/1.1", &["Content-Length: 0"], ""),
        (
            &["-d", "{}", "-H", "content-type: application/json"],
            "POST / HTTP/1.1",
            &["content-type: application/json", "Content-Length: 2"],
            "{}",
        ),
        (&["-H", "Host: b", "-H", "X:  y "], "GET / HTTP/1.1", &["Host: b", "X: y"], ""),
        (&["-X", "POST"], "POST / HTTP/1.1", &["Content-Length: 0"], ""),
        (&["--request", "DELETE"], "DELETE / HTTP/1.1", &[], ""),
    ] {
        let (sender, heard) = crossbeam_channel::bounded(1);
        let (addr, site) = site(move |listener| {
            let stream = accept(listener);
            sender.send(hear(&stream).unwrap()).unwrap();
            say(&stream, HELLO);
        });
        let client = run(&[&["http-client", &addr], flags].concat(), b"");
        site.join().unwrap();
        assert_eq!(client.code(), Some(0), "{}", client.stderr);
        let heard = heard.recv().unwrap();
        let (head, rest) = heard.split_once("\r\n\r\n").unwrap();
        assert_eq!((head.lines().next().unwrap(), rest), (first, body));
        for field in fields {
            let matching = head.lines().filter(|line| line.starts_with(field));
            assert_eq!(matching.count(), 1, "{field}: {head}");
        }
        let types = head.to_lowercase().matches("content-type").count();
        assert_eq!(types, usize::from(flags.contains(&"-d")), "{head}");
        assert_eq!(head.to_lowercase().matches("host:").count(), 1, "{head}");
        for line in head.lines() {
            assert!(client.stderr.contains(&format!("> {line}")), "{}", client.stderr);
        }
    }
}

/// What the server has not read is still on its way when it closes, and that is a reset.
#[cfg(target_os = "linux")]
#[test]
fn an_answer_to_a_body_that_was_not_read_is_still_heard() {
    let (addr, site) = site(|listener| {
        let mut stream = accept(listener);
        stream.read_exact(&mut [0]).unwrap();
        let head = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n";
        say(&stream, &format!("{head}Connection: close\r\n\r\ntoo large"));
    });
    let data = "x".repeat(130_000);
    let client = run(&["http-client", &addr, "-d", &data], b"");
    site.join().unwrap();
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "too large"));
}

#[test]
fn a_body_can_wait_for_a_word() {
    const EXPECT: [&str; 4] = ["-H", "Expect: 100-continue", "-d", "hello"];
    for (word, told) in [
        ("HTTP/1.1 100 Continue\r\n\r\n", "< HTTP/1.1 100 Continue"),
        ("HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 100\r\n\r\n", "< HTTP/1.1 102 Wait"),
        ("", "SO_RCVTIMEO none"), // Who says nothing gets the body after a second.
    ] {
        let (addr, site) = site(move |listener| {
            let mut stream = accept(listener);
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.extend(byte);
            }
            say(&stream, word);
            let mut body = [0; 5];
            stream.read_exact(&mut body).unwrap();
            assert_eq!(&body, b"hello");
            say(&stream, HELLO);
        });
        let client = run(&[&["http-client", &addr], &EXPECT[..]].concat(), b"");
        site.join().unwrap();
        assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "hello"));
        assert!(flat(&client.stderr).contains(told), "{told}: {}", client.stderr);
        let before = client.stderr.split("now the body, 5 B").next().unwrap();
        assert_eq!(before.contains("< HTTP/1.1 100"), !word.is_empty(), "{before}");
    }

    let (addr, site) = site(|listener| {
        let mut stream = accept(listener);
        stream.read_exact(&mut [0; 80]).unwrap();
        let head = "HTTP/1.1 417 No\r\nContent-Length: 4\r\n\r\n";
        say(&stream, &format!("{head}never"));
        let rest = read_to_end(&stream);
        assert!(!rest.ends_with(b"hello"), "the body that nobody wanted");
    });
    let client = run(&[&["http-client", &addr], &EXPECT[..]].concat(), b"");
    site.join().unwrap();
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "neve"));
    assert!(client.stderr.contains("the body is not sent"), "{}", client.stderr);

    let (_server, addr) = Program::server(&["http-server", ":0", "-q"]);
    let client = run(&[&["http-client", &addr.to_string()], &EXPECT[..]].concat(), b"");
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "hello"));
    assert!(client.stderr.contains("< HTTP/1.1 100 Continue"), "{}", client.stderr);
}

#[test]
fn the_pair_talks_over_ipv6() {
    if !has_ipv6() {
        return;
    }
    let (_server, addr) = Program::server(&["http-server", "[::1]:0", "--root", "src"]);
    let client = run(&["http-client", &format!("http://{addr}/lib.rs")], b"");
    assert_eq!(client.code(), Some(0), "{}", client.stderr);
    assert!(client.stderr.contains(&format!("> Host: {addr}")), "{}", client.stderr);
}

#[test]
fn another_protocol_is_not_taken_for_a_body() {
    let upgrade = ["-H", "Connection: Upgrade", "-H", "Upgrade: websocket"];
    let answer =
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x01x";
    let client = fetch(answer, &upgrade);
    assert_eq!((client.code(), client.stdout.as_str()), (Some(1), ""));
    assert!(flat(&client.stderr).contains("another protocol"), "{}", client.stderr);
}

#[test]
fn what_cannot_be_asked_is_a_usage_error() {
    for (args, words) in [
        (&["https://127.0.0.1/"][..], "TLS"),
        (&["http://me:secret@127.0.0.1/"], "plain sight"),
        (&["/path"], "no host"),
        (&["-H", "X: y\r\nEvil: z"], "no line breaks"),
        (&["-H", "Content-Length: 3"], "counted here"),
        (&["-H", "no colon"], "Name: value"),
        (&["-X", "GE T"], "a word"),
        (&["-X", "CONNECT"], "tunnel"),
        (&["-I", "-d", "x"], "cannot be used with"),
    ] {
        let client = run(&[&["http-client"], args].concat(), b"");
        assert_eq!((client.code(), client.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(client.stderr.contains(words), "{args:?}: {}", client.stderr);
    }
}

#[test]
fn nobody_who_listens_and_nobody_who_reads() {
    let (addr, _kept) = nobody_listens();
    let client = run(&["http-client", &addr.to_string(), "-q"], b"");
    assert_eq!((client.code(), client.stdout.as_str()), (Some(1), ""));
    assert!(client.stderr.contains("hint: nothing listens there"), "{}", client.stderr);

    let (addr, site) = answering(HELLO.as_bytes());
    let client = Program::without_reader(&["http-client", &addr]).end();
    site.join().unwrap();
    assert_eq!(client.code(), Some(0), "{}", client.stderr);
    assert!(!client.stderr.contains("error"), "{}", client.stderr);
    assert!(client.stderr.contains("close"), "{}", client.stderr);
}

#[test]
fn a_recording_can_be_shown_again() {
    let recording = Scratch::new();
    let (addr, site) = answering(HELLO.as_bytes());
    let client = run(&["http-client", &addr, "--record", recording.path()], b"");
    site.join().unwrap();
    assert_eq!(client.code(), Some(0), "{}", client.stderr);
    let again = run(&["replay", recording.path(), "--view", "lines"], b"");
    assert!(again.stdout.contains("> GET / HTTP/1.1"), "{}", again.stdout);
    assert_eq!(again.code(), Some(0));
}
