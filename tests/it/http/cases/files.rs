//! Files: names, kinds, folders, parts, versions, and what lies outside.

use super::{Case, ask, case, post};

pub fn cases() -> Vec<Case> {
    let mut all = names();
    all.extend(outside());
    all.extend(kinds());
    all.extend(parts());
    all.extend(versions());
    all.extend(origins());
    all
}

const HELLO: &str = "200; body=hello\n | open";

fn get(path: &str) -> String {
    ask(&format!("GET {path}"), &[])
}

fn names() -> Vec<Case> {
    vec![
        case("an empty file", get("/empty.txt"), "200; Content-Length=0; body= | open"),
        case("a large file", get("/big.bin"), "200; Content-Length=300000 | open"),
        case("a space in a name", get("/list/b%20c.txt"), "200; body=b c | open"),
        case("a name beyond ASCII", get("/caf%C3%A9.txt"), "200; body=coffee | open"),
        case("small letters as digits", get("/caf%c3%a9.txt"), "200; body=coffee | open"),
        case("letters as %", get("/%61%2Etxt"), HELLO),
        case("a plus is a plus", get("/1+1.txt"), "200; body=two | open"),
        case("a % in a name", get("/100%25.txt"), "200; body=all | open"),
        case("decoded once only", get("/100%2525.txt"), "404 | open"),
        case("a ? in a name", get("/who%3F.txt"), "200; body=me | open"),
        case("capitals are others", get("/A.txt"), "404 | open"),
        case("no such file", get("/none"), "404; Content-Type~text/plain | open"),
        case("no such folder", get("/none/a.txt"), "404 | open"),
        case("a file as a folder", get("/a.txt/"), "404 | open"),
        case("a file in a file", get("/a.txt/x"), "404 | open"),
        case("a folder without its slash", get("/sub"), "301; Location=/sub/ | open"),
        case(
            "a folder without its slash, and a query",
            get("/sub?a=b"),
            "301; Location=/sub/?a=b | open",
        ),
        case(
            "HEAD of such a folder",
            ask("HEAD /sub", &[]),
            "head 301; Location=/sub/ | open",
        ),
        case(
            "a folder and two slashes before it",
            get("//sub"),
            "301; Location=/sub/ | open",
        ),
        case("a folder and a dot behind it", get("/sub/."), "301; Location~/sub/ | open"),
        case("a folder in an address", get("http://b/sub"), "301; Location=/sub/ | open"),
        case(
            "a folder with a page",
            get("/sub/"),
            "200; Content-Type~text/html; body=<p>index</p>\n | open",
        ),
        case(
            "a folder without a page",
            get("/list/"),
            "200; Content-Type~text/html; body~b%20c.txt | open",
        ),
        case(
            "names in a list cannot be HTML",
            get("/list/"),
            "200; body~&lt;x&gt;&amp;.txt | open",
        ),
        case(
            "names in a list cannot be schemes",
            get("/list/"),
            "200; body~\"./javascript%3Aalert%281%29\" | open",
        ),
        case(
            "hidden files are not in a list",
            get("/list/"),
            "200; no body hidden | open",
        ),
        case("hidden files are not served", get("/.secret"), "404 | open"),
        case("hidden files in folders", get("/list/.hidden"), "404 | open"),
        case("a link to a hidden file", get("/hidden.txt"), "404 | open"),
        case("a link into a hidden folder", get("/hidden-too.txt"), "404 | open"),
        case(
            "a folder named index.html",
            get("/no-index/"),
            "200; body~index.html/ | open",
        ),
        case(
            "a file from before all dates",
            get("/old.txt"),
            "200; Last-Modified=Thu, 01 Jan 1970 00:00:00 GMT; body=old | open",
        ),
        case("hidden, with %", get("/%2Esecret"), "404 | open"),
        case("a hidden folder", get("/.git/config"), "404 | open"),
        case("dots that lead nowhere", get("/./list/.././a.txt"), "403 | open"),
        case("a dot", get("/./a.txt"), HELLO),
        case("two slashes", get("//a.txt"), HELLO),
        case("a pipe", get("/pipe"), "404 | open"),
        case("a link inside", get("/link.txt"), HELLO),
        case("a link to itself", get("/loop"), "404 | open"),
        case("a very long name", get(&format!("/{}", "x".repeat(3000))), "404 | open"),
        case("a very deep name", get(&"/x".repeat(1500)), "404 | open"),
    ]
}

/// Whatever it is, it is not the file beside the folder, in which "outside" stands.
fn outside() -> Vec<Case> {
    let mut all = Vec::new();
    for path in [
        "/../outside.txt",
        "/..",
        "/../",
        "/sub/../../outside.txt",
        "/sub/..",
        "/%2e%2e/outside.txt",
        "/%2E%2E/outside.txt",
        "/.%2e/outside.txt",
        "/..%2foutside.txt",
        "/%2e%2e%2foutside.txt",
        "/..%2Foutside.txt",
        "/..\\outside.txt",
        "/..%5coutside.txt",
        "/sub%2f..%2f..%2foutside.txt",
        "//../outside.txt",
        "/./../outside.txt",
        "/%2fetc%2fpasswd",
        "/away.txt",
        "/away/outside.txt",
        "/away/",
        "/away",
    ] {
        all.push(case("out of the folder", get(path), "403; no body outside | open"));
    }
    for path in [
        "//etc/passwd",
        "/etc/passwd",
        "/file:///etc/passwd",
        "/...",
        "/.../outside.txt",
        "/..;/outside.txt",
        "/%252e%252e/outside.txt",
        "/proc/self/environ",
    ] {
        all.push(case("nothing there", get(path), "404; no body outside | open"));
    }
    for path in [
        "/a.txt%00",
        "/a%00.txt",
        "/%00",
        "/a%0d%0ab",
        "/a%0a",
        "/%7f",
        "/%",
        "/%4",
        "/%zz",
        "/a%",
        "/%c0%ae%c0%ae/outside.txt",
        "/%ff",
        "/%u002e/x",
        "/%+1",
        "/caf%e9.txt",
    ] {
        all.push(case("no name", get(path), "400; no body outside | open"));
    }
    all
}

fn kinds() -> Vec<Case> {
    [
        ("x.html", "text/html; charset=utf-8"),
        ("x.css", "text/css; charset=utf-8"),
        ("x.js", "text/javascript; charset=utf-8"),
        ("x.json", "application/json"),
        ("x.svg", "image/svg+xml"),
        ("x.png", "image/png"),
        ("X.TXT", "text/plain; charset=utf-8"),
        ("x.strange", "application/octet-stream"),
        ("plain", "application/octet-stream"),
        ("png", "application/octet-stream"),
    ]
    .into_iter()
    .map(|(name, kind)| {
        let kind = kind.split(';').next().unwrap();
        let wants =
            format!("200; Content-Type~{kind}; X-Content-Type-Options=nosniff | open");
        case("a kind", get(&format!("/{name}")), wants)
    })
    .collect()
}

fn parts() -> Vec<Case> {
    let part = |range: &str| ask("GET /a.txt", &[&format!("Range: {range}")]);
    let mut all = vec![
        case("parts are offered", get("/a.txt"), "200; Accept-Ranges=bytes | open"),
        case(
            "one byte",
            part("bytes=0-0"),
            "206; Content-Range=bytes 0-0/6; Content-Length=1; body=h | open",
        ),
        case(
            "some bytes",
            part("bytes=1-3"),
            "206; Content-Range=bytes 1-3/6; body=ell | open",
        ),
        case(
            "to the end",
            part("bytes=4-"),
            "206; Content-Range=bytes 4-5/6; body=o\n | open",
        ),
        case(
            "the last bytes",
            part("bytes=-2"),
            "206; Content-Range=bytes 4-5/6; body=o\n | open",
        ),
        case(
            "more than there is",
            part("bytes=0-99"),
            "206; Content-Range=bytes 0-5/6; body=hello\n | open",
        ),
        case(
            "more last bytes than there are",
            part("bytes=-99"),
            "206; Content-Range=bytes 0-5/6 | open",
        ),
        case(
            "a huge end",
            part("bytes=0-18446744073709551615"),
            "206; Content-Range=bytes 0-5/6 | open",
        ),
        case(
            "a huger end",
            part("bytes=0-99999999999999999999999"),
            "206; Content-Range=bytes 0-5/6 | open",
        ),
        case("a unit in capitals", part("BYTES=0-0"), "206 | open"),
        case("behind the end", part("bytes=6-"), "416; Content-Range=bytes */6 | open"),
        case("far behind the end", part("bytes=99999999999999999999-"), "416 | open"),
        case("the last no bytes", part("bytes=-0"), "416 | open"),
        case(
            "nothing of an empty file",
            ask("GET /empty.txt", &["Range: bytes=0-0"]),
            "416; Content-Range=bytes */0 | open",
        ),
        case(
            "the end of an empty file",
            ask("GET /empty.txt", &["Range: bytes=-5"]),
            "200; body= | open",
        ),
        case(
            "HEAD knows no parts",
            ask("HEAD /a.txt", &["Range: bytes=0-0"]),
            "head 200; Content-Length=6; no Content-Range | open",
        ),
        case(
            "HEAD knows no parts behind the end",
            ask("HEAD /a.txt", &["Range: bytes=9-"]),
            "head 200 | open",
        ),
        case(
            "POST knows no parts",
            post(&["Range: bytes=0-0", "Content-Length: 2"], "hi"),
            "200; body=hi | open",
        ),
        case("404 knows no parts", ask("GET /none", &["Range: bytes=0-0"]), "404 | open"),
        case(
            "a list knows no parts",
            ask("GET /list/", &["Range: bytes=0-0"]),
            "200 | open",
        ),
        case(
            "in the middle of a large file",
            ask("GET /big.bin", &["Range: bytes=65536-131071"]),
            "206; Content-Length=65536 | open",
        ),
    ];
    for range in [
        "bytes=2-1",
        "bytes=a-b",
        "bytes=1-b",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=1",
        "lines=0-0",
        "0-0",
        "bytes=+1-2",
        "bytes=0x0-1",
        "bytes=1--2",
        "bytes=0-0,2-2",
        "bytes=0-0,",
        "bytes 0-0",
    ] {
        all.push(case(
            "a range that is none, or several",
            part(range),
            "200; body=hello\n; no Content-Range | open",
        ));
    }
    all
}

const THEN: &str = "Sun, 09 Sep 2001 01:46:40 GMT"; // When a.txt was changed.
const BEFORE: &str = "Sun, 09 Sep 2001 01:46:39 GMT";
const LATER: &str = "Sun, 09 Sep 2001 01:46:41 GMT";

fn versions() -> Vec<Case> {
    let with = |fields: &str| {
        let fields = fields.replace("THEN", THEN).replace("BEFORE", BEFORE);
        let fields = fields.replace("LATER", LATER);
        ask("GET /a.txt", &fields.split(" + ").collect::<Vec<_>>())
    };
    let known = "304; ETag={tag}; Cache-Control=no-cache; no Content-Type; no Last-Modified | open";
    let mut all = vec![case(
        "a version",
        get("/a.txt"),
        format!("200; ETag={{tag}}; Last-Modified={THEN}; Cache-Control=no-cache | open"),
    )];
    for (fields, wants) in [
        // If-None-Match
        ("If-None-Match: {tag}", known),
        ("If-None-Match: W/{tag}", known),
        ("If-None-Match: *", known),
        ("If-None-Match: \"x\", {tag}", known),
        ("If-None-Match: \"x\" ,W/\"y\" , {tag},", known),
        ("If-None-Match: \"x\" + If-None-Match: {tag}", known),
        ("If-None-Match: \"x\"", HELLO),
        ("If-None-Match:", HELLO),
        ("If-None-Match: x", HELLO),
        // If-Modified-Since
        ("If-Modified-Since: THEN", known),
        ("If-Modified-Since: LATER", known),
        ("If-Modified-Since: BEFORE", HELLO),
        ("If-Modified-Since: yesterday", HELLO),
        ("If-Modified-Since: 0", HELLO),
        ("If-Modified-Since: Sunday, 09-Sep-01 01:46:40 GMT", known),
        ("If-Modified-Since: Sun Sep  9 01:46:40 2001", known),
        // Of two dates neither counts.
        ("If-Modified-Since: THEN + If-Modified-Since: THEN", HELLO),
        ("If-Modified-Since: THEN + If-Modified-Since: BEFORE", HELLO),
        ("If-Unmodified-Since: BEFORE + If-Unmodified-Since: BEFORE", HELLO),
        // Two fields are a list, and of several parts the answer is the whole.
        ("Range: bytes=0-0 + Range: bytes=2-2", HELLO),
        ("If-Range: {tag} + If-Range: {tag} + Range: bytes=0-0", HELLO),
        // Tags are asked before dates.
        ("If-None-Match: \"x\" + If-Modified-Since: LATER", HELLO),
        ("If-None-Match: {tag} + If-Modified-Since: BEFORE", known),
        // If-Match, If-Unmodified-Since
        ("If-Match: {tag}", HELLO),
        ("If-Match: *", HELLO),
        ("If-Match: \"x\", {tag}", HELLO),
        ("If-Match: \"x\"", "412 | open"),
        ("If-Match: W/{tag}", "412 | open"),
        ("If-Match:", "412 | open"),
        ("If-Unmodified-Since: THEN", HELLO),
        ("If-Unmodified-Since: LATER", HELLO),
        ("If-Unmodified-Since: BEFORE", "412 | open"),
        ("If-Unmodified-Since: yesterday", HELLO),
        ("If-Match: {tag} + If-Unmodified-Since: BEFORE", HELLO),
        ("If-Match: \"x\" + If-Unmodified-Since: LATER", "412 | open"),
        // Those before these.
        ("If-Match: \"x\" + If-None-Match: {tag}", "412 | open"),
        ("If-Match: {tag} + If-None-Match: {tag}", known),
        ("If-Unmodified-Since: BEFORE + If-Modified-Since: LATER", "412 | open"),
        // And all before a part.
        ("If-None-Match: {tag} + Range: bytes=0-0", known),
        ("If-None-Match: \"x\" + Range: bytes=0-0", "206; body=h | open"),
        ("If-Match: \"x\" + Range: bytes=0-0", "412 | open"),
        ("If-Match: {tag} + Range: bytes=0-0", "206; body=h | open"),
        ("If-Match: \"x\" + Range: bytes=9-", "412 | open"),
        ("If-Modified-Since: THEN + Range: bytes=9-", known),
        // If-Range
        ("If-Range: {tag} + Range: bytes=0-0", "206; body=h | open"),
        ("If-Range: W/{tag} + Range: bytes=0-0", HELLO),
        ("If-Range: \"x\" + Range: bytes=0-0", HELLO),
        ("If-Range: * + Range: bytes=0-0", HELLO),
        ("If-Range: THEN + Range: bytes=0-0", "206; body=h | open"),
        ("If-Range: BEFORE + Range: bytes=0-0", HELLO),
        ("If-Range: LATER + Range: bytes=0-0", HELLO),
        ("If-Range: yesterday + Range: bytes=0-0", HELLO),
        ("If-Range: {tag} + Range: bytes=9-", "416 | open"),
        ("If-Range: \"x\" + Range: bytes=9-", HELLO),
        ("If-Range: {tag}", HELLO),
        ("If-Range: {tag} + If-None-Match: {tag} + Range: bytes=0-0", known),
    ] {
        all.push(case("a condition", with(fields), wants));
    }
    all.push(case(
        "a condition of HEAD",
        ask("HEAD /a.txt", &["If-None-Match: {tag}"]),
        "304 | open",
    ));
    all.push(case(
        "a condition of HEAD that fails",
        ask("HEAD /a.txt", &["If-Match: \"x\""]),
        "head 412 | open",
    ));
    all.push(case(
        "a condition for nothing",
        ask("GET /none", &["If-Match: *"]),
        "404 | open",
    ));
    all.push(case(
        "a condition for nothing, the other way",
        ask("GET /none", &["If-None-Match: *"]),
        "404 | open",
    ));
    all.push(case(
        "a condition of POST that would fail",
        post(&["If-Match: \"x\"", "Content-Length: 2"], "hi"),
        "200; body=hi | open",
    ));
    all.push(case(
        "a condition of a list",
        ask("GET /list/", &["If-Match: \"x\""]),
        "200 | open",
    ));
    all.push(case(
        "a condition of POST",
        post(&["If-Modified-Since: x", "Content-Length: 2"], "hi"),
        "200; body=hi | open",
    ));
    all
}

fn origins() -> Vec<Case> {
    let from =
        |origin: &str| post(&[&format!("Origin: {origin}"), "Content-Length: 2"], "hi");
    let mut all = vec![
        case("from here", from("http://a"), "200; body=hi | open"),
        case("from here, in capitals", from("HTTP://A"), "200; body=hi | open"),
        case("reading is for everybody", ask("GET /a.txt", &["Origin: http://b"]), HELLO),
        case(
            "the host of the address counts",
            ask("POST http://b/", &["Origin: http://b", "Content-Length: 0"]),
            "200 | open",
        ),
        case(
            "and not Host",
            ask("POST http://b/", &["Origin: http://a", "Content-Length: 0"]),
            "403 | open",
        ),
        case(
            "from elsewhere, in HTTP/1.0",
            "POST / HTTP/1.0\r\nOrigin: http://b\r\nContent-Length: 0\r\n\r\n",
            "403 | closed",
        ),
        case(
            "two origins",
            post(&["Origin: http://a", "Origin: http://b", "Content-Length: 0"], ""),
            "403 | open",
        ),
    ];
    for origin in [
        "http://b",
        "https://a",
        "http://a:80",
        "http://a.b",
        "http://a/",
        "null",
        "a",
        "*",
        "",
    ] {
        all.push(case("from elsewhere", from(origin), "403 | open"));
    }
    all
}
