//! Methods, targets, versions, Host, and every way to write a head wrongly.

use super::{Case, ask, case};

pub fn cases() -> Vec<Case> {
    let mut all = methods();
    all.extend(hosts_and_targets());
    all.extend(versions());
    all.extend(malformed());
    all.extend(unusual());
    all
}

const FILE: &str = "200; Content-Type~text/plain; Content-Length=6; body=hello\n";

fn methods() -> Vec<Case> {
    const KNOWN: &str = "405; Allow=GET, HEAD, POST, OPTIONS; Content-Type~text | open";
    vec![
        case("GET", ask("GET /a.txt", &[]), format!("{FILE} | open")),
        case("HEAD", ask("HEAD /a.txt", &[]), "head 200; Content-Length=6 | open"),
        case("HEAD of nothing", ask("HEAD /none", &[]), "head 404 | open"),
        case("HEAD of nobody", "HEAD / HTTP/1.1\r\n\r\n", "head 400 | closed"),
        case(
            "HEAD with two lengths",
            ask("HEAD /", &["Content-Length: 1", "Content-Length: 2"]),
            "head 400 | closed",
        ),
        case(
            "POST comes back",
            ask("POST /x", &["Content-Length: 5"]) + "hello",
            "200; body=hello | open",
        ),
        case(
            "OPTIONS of a path",
            ask("OPTIONS /a.txt", &[]),
            "204; Allow=GET, HEAD, POST, OPTIONS | open",
        ),
        case(
            "OPTIONS of the server",
            ask("OPTIONS *", &[]),
            "204; Allow=GET, HEAD, POST, OPTIONS | open",
        ),
        case(
            "OPTIONS with a body",
            ask("OPTIONS *", &["Content-Length: 2"]) + "hi",
            "204 | open",
        ),
        case("PUT", ask("PUT /a.txt", &["Content-Length: 1"]) + "x", KNOWN),
        case("PATCH", ask("PATCH /a.txt", &["Content-Length: 1"]) + "x", KNOWN),
        case("DELETE", ask("DELETE /a.txt", &[]), KNOWN),
        case("TRACE", ask("TRACE /a.txt", &[]), KNOWN),
        case("CONNECT", ask("CONNECT a:80", &[]), KNOWN),
        case("CONNECT without a port", ask("CONNECT a", &[]), "400 | closed"),
        case("CONNECT of a path", ask("CONNECT /a.txt", &[]), "400 | closed"),
        case("CONNECT to a port that is none", ask("CONNECT a:", &[]), "400 | closed"),
        case("an unknown method", ask("BREW /a.txt", &[]), "501 | closed"),
        case("small letters are another method", ask("get /", &[]), "501 | closed"),
        case("a longer method", ask("GETS /", &[]), "501 | closed"),
        case(
            "every character of a token",
            ask("!#$%&'*+-.^_`|~9aZ /", &[]),
            "501 | closed",
        ),
        case("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505 | closed"),
    ]
}

fn hosts_and_targets() -> Vec<Case> {
    let mut all = vec![
        case("no Host", "GET / HTTP/1.1\r\n\r\n", "400 | closed"),
        case(
            "no Host for the whole address",
            "GET http://a/ HTTP/1.1\r\n\r\n",
            "400 | closed",
        ),
        case(
            "an empty Host",
            "GET /a.txt HTTP/1.1\r\nHost:\r\n\r\n",
            format!("{FILE} | open"),
        ),
        case("two Hosts", ask("GET /", &["Host: a"]), "400 | closed"),
        case("two Hosts, capitals", ask("GET /", &["hOST: b"]), "400 | closed"),
        case(
            "two Hosts in HTTP/1.0",
            "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n",
            "400 | closed",
        ),
        case(
            "a whole address",
            ask("GET http://b:80/a.txt", &[]),
            format!("{FILE} | open"),
        ),
        case(
            "a scheme in capitals",
            ask("GET HTTP://b/a.txt", &[]),
            format!("{FILE} | open"),
        ),
        case(
            "an address without a path",
            ask("GET http://b", &[]),
            "200; body~a.txt | open",
        ),
        case(
            "an address with a query only",
            ask("GET http://b?x", &[]),
            "200; body~a.txt | open",
        ),
        case(
            "a query is no name",
            ask("GET /a.txt?x=/../..&y=%", &[]),
            format!("{FILE} | open"),
        ),
        case(
            "an address in a query",
            ask("GET /a.txt?u=http://b/c", &[]),
            format!("{FILE} | open"),
        ),
    ];
    for (name, target) in [
        ("no leading slash", "a.txt"),
        ("a query without a path", "?a"),
        ("* for GET", "*"),
        ("a fragment", "/a.txt#part"),
        ("another scheme", "ftp://a/"),
        ("TLS by name", "https://a/a.txt"),
        ("an address without a host", "http:///a.txt"),
        ("an address with a password", "http://me:pw@a/a.txt"),
        ("an address with a wrong port", "http://a:x/a.txt"),
        ("a backslash for a slash", "\\a.txt"),
        ("a host and a port", "a:80"),
    ] {
        all.push(case(name, ask(&format!("GET {target}"), &[]), "400 | closed"));
    }
    for host in [
        "a b", "a/b", "me@a", "a:http", "a:99999", "[::1", "[::g]", ":80", "a,b", "a?b",
        "a:1:2", "[::1]x", "\u{e9}", "a%", "a%4", "a%zz",
    ] {
        let wants = if host == "a,b" { "200 | open" } else { "400 | closed" };
        let head = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        all.push(case("a Host", head, wants));
    }
    for host in
        ["a", "A.b-c_d.", "127.0.0.1:8080", "[::1]", "[::1]:80", "a:", "a:65535", "a%20b"]
    {
        let head = format!("GET /a.txt HTTP/1.1\r\nHost: {host}\r\n\r\n");
        all.push(case("a right Host", head, "200 | open"));
    }
    all
}

fn versions() -> Vec<Case> {
    let with = |version: &str| format!("GET /a.txt {version}\r\nHost: a\r\n\r\n");
    vec![
        case("HTTP/1.0", with("HTTP/1.0"), format!("{FILE}; Connection=close | closed")),
        case(
            "HTTP/1.0 without Host",
            "GET /a.txt HTTP/1.0\r\n\r\n",
            format!("{FILE} | closed"),
        ),
        case("a later 1.x", with("HTTP/1.9"), format!("{FILE} | open")),
        case("HTTP/2.0", with("HTTP/2.0"), "505 | closed"),
        case("HTTP/0.9 in long", with("HTTP/0.9"), "505 | closed"),
        case("HTTP/3.1", with("HTTP/3.1"), "505 | closed"),
        case("HTTP/0.9 in short", "GET /a.txt\r\n\r\n", "400 | closed"),
        case("small letters", with("http/1.1"), "400 | closed"),
        case("no dot", with("HTTP/1"), "400 | closed"),
        case("two digits", with("HTTP/1.10"), "400 | closed"),
        case("digits before", with("HTTP/01.1"), "400 | closed"),
        case("a comma", with("HTTP/1,1"), "400 | closed"),
        case("another protocol", with("ICY/1.1"), "400 | closed"),
        case("a sign", with("HTTP/+1.1"), "400 | closed"),
        case("a letter", with("HTTP/1.x"), "400 | closed"),
        case("no slash", with("HTTP1.1"), "400 | closed"),
    ]
}

/// Each of these is refused with 400, and nothing behind it is read as a request.
fn malformed() -> Vec<Case> {
    let heads: &[(&str, &[u8])] = &[
        ("LF alone, everywhere", b"GET / HTTP/1.1\nHost: a\n\n"),
        ("LF alone behind the first line", b"GET / HTTP/1.1\nHost: a\r\n\r\n"),
        ("LF alone behind a field", b"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"),
        ("LF alone as the empty line", b"GET / HTTP/1.1\r\nHost: a\r\n\n"),
        ("LF before the request", b"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("CR alone behind the first line", b"GET / HTTP/1.1\rHost: a\r\r\n\r\n"),
        ("CR alone in a value", b"GET / HTTP/1.1\r\nHost: a\r\nX: y\rZ: w\r\n\r\n"),
        ("CR alone in a name", b"GET / HTTP/1.1\r\nHost: a\r\nX\rY: w\r\n\r\n"),
        ("CR CR LF", b"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"),
        ("CR before the request", b"\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a space before the request", b" GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("two spaces behind the method", b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("two spaces behind the target", b"GET /  HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a space behind the version", b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
        ("a tab for a space", b"GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a vertical tab for a space", b"GET /\x0bHTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a space in the target", b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a tab in the target", b"GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("no target", b"GET HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("an empty target", b"GET  HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("only a method", b"GET\r\nHost: a\r\n\r\n"),
        ("no method", b" / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a method with a bracket", b"G(T / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a method with a colon", b"GET: / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a method that is no ASCII", b"G\xc3\xa9T / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("UTF-8 in the target", b"GET /caf\xc3\xa9.txt HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("Latin-1 in the target", b"GET /caf\xe9 HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("NUL in the target", b"GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("DEL in the target", b"GET /a\x7fb HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("NUL in the method", b"G\0T / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a byte order mark", b"\xef\xbb\xbfGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a field without a colon", b"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"),
        ("a field without a name", b"GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n"),
        ("a space before the colon", b"GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n"),
        ("a tab before the colon", b"GET / HTTP/1.1\r\nHost: a\r\nX\t: y\r\n\r\n"),
        ("a space before Host's colon", b"GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
        ("a space in a name", b"GET / HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n"),
        ("a name with a bracket", b"GET / HTTP/1.1\r\nHost: a\r\nX(Y): z\r\n\r\n"),
        ("a name in quotes", b"GET / HTTP/1.1\r\nHost: a\r\n\"X\": z\r\n\r\n"),
        ("a name that is no ASCII", b"GET / HTTP/1.1\r\nHost: a\r\nH\xc3\xb6: z\r\n\r\n"),
        ("NUL in a name", b"GET / HTTP/1.1\r\nHost: a\r\nX\0: z\r\n\r\n"),
        ("NUL in a value", b"GET / HTTP/1.1\r\nHost: a\r\nX: y\0z\r\n\r\n"),
        ("BEL in a value", b"GET / HTTP/1.1\r\nHost: a\r\nX: y\x07z\r\n\r\n"),
        ("DEL in a value", b"GET / HTTP/1.1\r\nHost: a\r\nX: y\x7fz\r\n\r\n"),
        ("a folded value", b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n"),
        (
            "a value folded with a tab",
            b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\tz\r\n\r\n",
        ),
        ("a folded Host", b"GET / HTTP/1.1\r\nHost:\r\n a\r\n\r\n"),
        ("a space before the first field", b"GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        ("a line of spaces", b"GET / HTTP/1.1\r\nHost: a\r\n  \r\n\r\n"),
        ("TLS", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03"),
        ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n"),
        ("an answer", b"HTTP/1.1 200 OK\r\nHost: a\r\n\r\n"),
        ("zeros", b"\0\0\0\0\r\n\r\n"),
    ];
    heads.iter().map(|(name, head)| case(name, *head, "400 | closed")).collect()
}

/// Strange, and right.
fn unusual() -> Vec<Case> {
    let file = format!("{FILE} | open");
    vec![
        case(
            "an empty line before it",
            "\r\n".to_owned() + &ask("GET /a.txt", &[]),
            &*file,
        ),
        case("many empty lines", "\r\n".repeat(50) + &ask("GET /a.txt", &[]), &*file),
        case("no space behind the colon", ask("GET /a.txt", &["X:y"]), &*file),
        case("spaces around a value", ask("GET /a.txt", &["X: \t y \t "]), &*file),
        case("an empty value", ask("GET /a.txt", &["X:", "Y: "]), &*file),
        case("a colon in a value", ask("GET /a.txt", &["X: a:b:c"]), &*file),
        case("a tab in a value", ask("GET /a.txt", &["X: a\tb"]), &*file),
        case("UTF-8 in a value", ask("GET /a.txt", &["X: caf\u{e9}"]), &*file),
        case(
            "Latin-1 in a value",
            b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: caf\xe9\r\n\r\n",
            &*file,
        ),
        case("a strange name", ask("GET /a.txt", &["!#$%&'*+-.^_`|~9: x"]), &*file),
        case("names in capitals", "GET /a.txt HTTP/1.1\r\nHOST: a\r\n\r\n", &*file),
        case(
            "twice the same field",
            ask("GET /a.txt", &["Accept: a", "Accept: b"]),
            &*file,
        ),
    ]
}
