//! Where a body ends: lengths, chunks, and every attempt to have two answers to that.

use super::{Case, ask, case, post};

pub fn cases() -> Vec<Case> {
    let mut all = lengths();
    all.extend(smuggling());
    all.extend(chunks());
    all.extend(wrong_chunks());
    all.extend(expectations());
    all
}

fn lengths() -> Vec<Case> {
    let mut all = vec![
        case("a body", post(&["Content-Length: 5"], "hello"), "200; body=hello | open"),
        case("an empty body", post(&["Content-Length: 0"], ""), "200; body= | open"),
        case(
            "leading zeros",
            post(&["Content-Length: 005"], "hello"),
            "200; body=hello | open",
        ),
        case(
            "spaces around it",
            post(&["Content-Length:  5 "], "hello"),
            "200; body=hello | open",
        ),
        case(
            "a body like a request",
            post(&["Content-Length: 18"], "GET / HTTP/1.1\r\n\r\n"),
            "200; body~GET / | open",
        ),
        case(
            "a body of empty lines",
            post(&["Content-Length: 4"], "\r\n\r\n"),
            "200; body=\r\n\r\n | open",
        ),
        case(
            "a body with zeros",
            post(&["Content-Length: 3"], "a\0b"),
            "200; body=a\0b | open",
        ),
        case(
            "a body of GET is read past",
            ask("GET /a.txt", &["Content-Length: 3"]) + "abc",
            "200; body=hello\n | open",
        ),
        case(
            "a body of HEAD is read past",
            ask("HEAD /a.txt", &["Content-Length: 3"]) + "abc",
            "head 200 | open",
        ),
        case(
            "the kind comes back",
            post(&["Content-Type: a/b", "Content-Length: 1"], "x"),
            "200; Content-Type=a/b | open",
        ),
        case(
            "no kind is text",
            post(&["Content-Length: 1"], "x"),
            "200; Content-Type~text/plain | open",
        ),
        case("POST without a length", post(&[], ""), "411 | closed"),
        case("PUT without a length", ask("PUT /x", &[]), "411 | closed"),
        case(
            "a body of HTTP/1.0",
            "POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi",
            "200; body=hi | closed",
        ),
        case(
            "POST of HTTP/1.0 without a length",
            "POST / HTTP/1.0\r\n\r\nhi",
            "411 | closed",
        ),
        case("half a body", post(&["Content-Length: 5"], "hel"), "400 | cut"),
        case("half a head", "GET / HTTP/1.1\r\nHo", "400 | cut"),
        case("nothing", "", "cut"),
        case("an empty line and nothing", "\r\n", "cut"),
        case(
            "a body with a line end behind it",
            post(&["Content-Length: 5"], "hello\r\n"),
            "200; body=hello | open",
        ),
        case(
            "a body with a line end, then nothing",
            post(&["Content-Length: 5"], "hello\r\n"),
            "200; body=hello | cut",
        ),
    ];
    for (name, value) in [
        ("a sign", "+5"),
        ("less than nothing", "-1"),
        ("hexadecimal", "0x5"),
        ("a fraction", "5.0"),
        ("letters", "five"),
        ("two numbers", "5 5"),
        ("a list of equal numbers", "5, 5"),
        ("a list of others", "5, 6"),
        ("a list with nothing in it", "5,"),
        ("a number in quotes", "\"5\""),
        ("digits of another script", "\u{665}"),
        ("an empty length", ""),
        ("2 to the power of 64", "18446744073709551616"),
        ("thirty digits", "999999999999999999999999999999"),
        ("an underscore", "1_0"),
        ("an exponent", "1e1"),
        ("a parameter", "5;x=y"),
        ("a form feed", "5\x0c"),
    ] {
        let head = format!("Content-Length: {value}");
        all.push(case(name, post(&[&head], "hello"), "400 | closed"));
    }
    all
}

/// Two ways to read one stream: a proxy in front might take the other one.
fn smuggling() -> Vec<Case> {
    const CL: &str = "Content-Length: 5";
    const TE: &str = "Transfer-Encoding: chunked";
    let mut all = vec![
        case("the length twice, equal", post(&[CL, CL], "hello"), "400 | closed"),
        case(
            "the length twice, different",
            post(&[CL, "Content-Length: 6"], "hello!"),
            "400 | closed",
        ),
        case(
            "the length twice, one empty",
            post(&[CL, "Content-Length:"], "hello"),
            "400 | closed",
        ),
        case("CL.TE", post(&["Content-Length: 6", TE], "0\r\n\r\nG"), "400 | closed"),
        case(
            "TE.CL",
            post(&[TE, "Content-Length: 3"], "8\r\nSMUGGLED\r\n0\r\n\r\n"),
            "400 | closed",
        ),
        case(
            "both, and the length is 0",
            post(&["Content-Length: 0", TE], "0\r\n\r\n"),
            "400 | closed",
        ),
        case("both, for GET", ask("GET /a.txt", &[CL, TE]) + "0\r\n\r\n", "400 | closed"),
        case(
            "both, the coding unknown",
            post(&[CL, "Transfer-Encoding: x"], "hello"),
            "400 | closed",
        ),
        case("chunked twice", post(&[TE, TE], "0\r\n\r\n"), "400 | closed"),
        case(
            "chunked twice in a list",
            post(&["Transfer-Encoding: chunked, chunked"], "0\r\n\r\n"),
            "400 | closed",
        ),
        case(
            "chunked is not the last",
            post(&["Transfer-Encoding: chunked, gzip"], "0\r\n\r\n"),
            "400 | closed",
        ),
        case(
            "chunked, then identity",
            post(&[TE, "Transfer-Encoding: identity"], "0\r\n\r\n"),
            "400 | closed",
        ),
        case(
            "chunked in HTTP/1.0",
            format!("POST / HTTP/1.0\r\n{TE}\r\n\r\n0\r\n\r\n"),
            "400 | closed",
        ),
        case(
            "a space before its colon",
            post(&["Transfer-Encoding : chunked", CL], "hello"),
            "400 | closed",
        ),
        case(
            "folded",
            post(&["Transfer-Encoding:", " chunked"], "0\r\n\r\n"),
            "400 | closed",
        ),
        case(
            "behind CR alone",
            post(&["X: y\rTransfer-Encoding: chunked", CL], "hello"),
            "400 | closed",
        ),
        case(
            "behind LF alone",
            post(&["X: y\nTransfer-Encoding: chunked", CL], "hello"),
            "400 | closed",
        ),
        case(
            "with an underscore it is another field",
            post(&["Transfer_Encoding: chunked", CL], "hello"),
            "200; body=hello | open",
        ),
        case(
            "named in Connection it still counts",
            post(&["Connection: content-length", CL], "hello"),
            "200; body=hello | open",
        ),
    ];
    for (name, value) in [
        ("gzip and chunked", "gzip, chunked"),
        ("gzip", "gzip"),
        ("identity", "identity"),
        ("nearly chunked", "xchunked"),
        ("chunked in quotes", "\"chunked\""),
        ("chunked with a parameter", "chunked;q=1"),
        ("an empty coding", ""),
        ("chunked behind a vertical bar", "|chunked"),
    ] {
        let head = format!("Transfer-Encoding: {value}");
        all.push(case(name, post(&[&head], "0\r\n\r\n"), "501 | closed"));
    }
    for value in ["\x0bchunked", "chunked\0", "chunked\x7f"] {
        let head = format!("Transfer-Encoding: {value}");
        all.push(case(
            "a control character",
            post(&[&head], "0\r\n\r\n"),
            "400 | closed",
        ));
    }
    for value in ["CHUNKED", "\tchunked\t", "chunked,", ", chunked"] {
        let head = format!("Transfer-Encoding: {value}");
        all.push(case("chunked", post(&[&head], "0\r\n\r\n"), "200; body= | open"));
    }
    all
}

fn chunked(body: &str) -> String {
    post(&["Transfer-Encoding: chunked"], body)
}

fn chunks() -> Vec<Case> {
    const HELLO: &str = "200; body=hello | open";
    vec![
        case("a chunk", chunked("5\r\nhello\r\n0\r\n\r\n"), HELLO),
        case(
            "several chunks",
            chunked("1\r\nh\r\n3\r\nell\r\n1\r\no\r\n0\r\n\r\n"),
            HELLO,
        ),
        case("no chunk", chunked("0\r\n\r\n"), "200; body= | open"),
        case(
            "letters as digits",
            chunked("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"),
            "200; body=01234567890123456789 | open",
        ),
        case("leading zeros of a chunk", chunked("0005\r\nhello\r\n000\r\n\r\n"), HELLO),
        case("an extension", chunked("5;a=b;c\r\nhello\r\n0;d\r\n\r\n"), HELLO),
        case(
            "an extension in quotes",
            chunked("5;a=\"b;c\"\r\nhello\r\n0\r\n\r\n"),
            HELLO,
        ),
        case("a space before an extension", chunked("5 ;a\r\nhello\r\n0\r\n\r\n"), HELLO),
        case("a trailer", chunked("5\r\nhello\r\n0\r\nX: y\r\nZ: w\r\n\r\n"), HELLO),
        case(
            "a trailer that looks like a length",
            chunked("5\r\nhello\r\n0\r\nContent-Length: 99\r\n\r\n"),
            HELLO,
        ),
        case(
            "chunks like chunks",
            chunked("7\r\n1\r\nx\r\n0\r\n0\r\n\r\n"),
            "200; body=1\r\nx\r\n0 | open",
        ),
        case(
            "chunks of GET are read past",
            ask("GET /a.txt", &["Transfer-Encoding: chunked"]) + "3\r\nabc\r\n0\r\n\r\n",
            "200; body=hello\n | open",
        ),
        case("half a chunk", chunked("5\r\nhel"), "400 | cut"),
        case("no last chunk", chunked("5\r\nhello\r\n"), "400 | cut"),
        case(
            "no line behind the last chunk",
            chunked("5\r\nhello\r\n0\r\n"),
            "400 | cut",
        ),
        case(
            "no line behind the trailers",
            chunked("5\r\nhello\r\n0\r\nX: y\r\n"),
            "400 | cut",
        ),
    ]
}

fn wrong_chunks() -> Vec<Case> {
    [
        ("no length", "\r\nhello\r\n"),
        ("an extension without a length", ";a\r\n"),
        ("a space before the length", " 5\r\nhello\r\n0\r\n\r\n"),
        ("a space behind the length", "5 \r\nhello\r\n0\r\n\r\n"),
        ("a tab behind the length", "5\t\r\nhello\r\n0\r\n\r\n"),
        ("a form feed behind the length", "5\x0c;a\r\nhello\r\n0\r\n\r\n"),
        ("a sign before the length", "+5\r\nhello\r\n0\r\n\r\n"),
        ("a length less than nothing", "-5\r\nhello\r\n0\r\n\r\n"),
        ("a length with 0x", "0x5\r\nhello\r\n0\r\n\r\n"),
        ("a length that is no number", "xyz\r\nhello\r\n0\r\n\r\n"),
        ("a length with an underscore", "1_0\r\nhello\r\n0\r\n\r\n"),
        ("a length of seventeen digits", "00000000000000005\r\nhello\r\n0\r\n\r\n"),
        ("a length of 2 to the power of 64", "10000000000000000\r\n"),
        ("LF alone behind the length", "5\nhello\r\n0\r\n\r\n"),
        ("CR alone behind the length", "5\rhello\r\n0\r\n\r\n"),
        ("LF alone behind the chunk", "5\r\nhello\n0\r\n\r\n"),
        ("a chunk that is too long", "5\r\nhello!\r\n0\r\n\r\n"),
        ("a chunk that is too short", "5\r\nhell\r\n0\r\n\r\n"),
        ("nothing behind the chunk", "5\r\nhello0\r\n\r\n"),
        ("LF alone as the last line", "0\r\n\n"),
        ("LF alone behind a trailer", "0\r\nX: y\n\r\n"),
        ("CR in an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"),
        ("LF in an extension", "5;a\nb\r\nhello\r\n0\r\n\r\n"),
        ("NUL in an extension", "5;a\0b\r\nhello\r\n0\r\n\r\n"),
        ("an extension without a name", "5;;=\"\r\nhello\r\n0\r\n\r\n"),
        ("an extension without a name at the end", "0;;\r\n\r\n"),
        ("an extension whose text does not end", "5;a=\"b\r\nhello\r\n0\r\n\r\n"),
        ("a control character in an extension", "5;a\x01b\r\nhello\r\n0\r\n\r\n"),
        ("a trailer without a colon", "0\r\nGET /a.txt HTTP/1.1\r\n\r\n"),
        ("a trailer with a space before the colon", "0\r\nX : y\r\n\r\n"),
        ("a folded trailer", "0\r\nX: y\r\n z\r\n\r\n"),
        ("NUL in a trailer", "0\r\nX: y\0z\r\n\r\n"),
    ]
    .into_iter()
    .map(|(name, body)| case(name, chunked(body), "400 | closed"))
    .collect()
}

fn expectations() -> Vec<Case> {
    const EXPECT: &str = "Expect: 100-continue";
    vec![
        // The body has come, so there is nothing to wait for; or it has not come yet when
        // the head is read. Both answers are right, and each is seen in a test of its own.
        case("Expect without a body", ask("GET /a.txt", &[EXPECT]), "200 | open"),
        case(
            "Expect with an empty body",
            post(&[EXPECT, "Content-Length: 0"], ""),
            "200 | open",
        ),
        case(
            "Expect in HTTP/1.0",
            format!("POST / HTTP/1.0\r\n{EXPECT}\r\nContent-Length: 2\r\n\r\nhi"),
            "200; body=hi | closed",
        ),
        case(
            "Expect in HTTP/1.0, without a body",
            format!("GET /a.txt HTTP/1.0\r\n{EXPECT}\r\n\r\n"),
            "200 | closed",
        ),
        case(
            "something else in HTTP/1.0",
            "GET /a.txt HTTP/1.0\r\nExpect: x\r\n\r\n",
            "417 | closed",
        ),
        case(
            "something else is expected",
            post(&["Expect: a-pony", "Content-Length: 2"], "hi"),
            "417 | closed",
        ),
        case(
            "two things are expected",
            post(&["Expect: 100-continue, a-pony", "Content-Length: 2"], "hi"),
            "417 | closed",
        ),
        case(
            "Expect twice",
            post(&[EXPECT, "Expect: a-pony", "Content-Length: 2"], "hi"),
            "417 | closed",
        ),
        case(
            "too large to go on",
            post(&[EXPECT, "Content-Length: 1048577"], ""),
            "413 | closed",
        ),
        case(
            "no such coding, so no 100",
            post(&[EXPECT, "Transfer-Encoding: gzip"], ""),
            "501 | closed",
        ),
        case(
            "no Host, so no 100",
            format!("POST / HTTP/1.1\r\n{EXPECT}\r\nContent-Length: 2\r\n\r\n"),
            "400 | closed",
        ),
    ]
}
