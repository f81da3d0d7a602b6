//! Does the connection stay? And several requests on one.

use super::{Case, ask, case, post};

pub fn cases() -> Vec<Case> {
    let mut all = connections();
    all.extend(pipelines());
    all
}

fn connections() -> Vec<Case> {
    let new = |field: &str| ask("GET /a.txt", &[field]);
    let old = |field: &str| format!("GET /a.txt HTTP/1.0\r\n{field}\r\n\r\n");
    const CLOSED: &str = "200; Connection=close | closed";
    const OPEN: &str = "200; no Connection | open";
    const KEPT: &str = "200; Connection=keep-alive | open";
    vec![
        case("1.1 stays", ask("GET /a.txt", &[]), OPEN),
        case("1.1 and close", new("Connection: close"), CLOSED),
        case("1.1 and CLOSE", new("CONNECTION: CLOSE"), CLOSED),
        case("1.1 and close in a list", new("Connection: x, close ,y"), CLOSED),
        case(
            "1.1 and close in a second field",
            ask("GET /a.txt", &["Connection: x", "Connection: close"]),
            CLOSED,
        ),
        case("1.1 and keep-alive", new("Connection: keep-alive"), OPEN),
        case("1.1, close and keep-alive", new("Connection: keep-alive, close"), CLOSED),
        case("1.1 and a part of the word", new("Connection: closed"), OPEN),
        case("1.1 and empty members", new("Connection: ,, ,"), OPEN),
        case("1.0 ends", old("X: y"), CLOSED),
        case("1.0 and keep-alive", old("Connection: keep-alive"), KEPT),
        case("1.0 and Keep-Alive", old("Connection: Keep-Alive"), KEPT),
        case("1.0 and keep-alive in a list", old("Connection: x, keep-alive"), KEPT),
        case("1.0, keep-alive and close", old("Connection: keep-alive, close"), CLOSED),
        case("1.0 and Keep-Alive of its own", old("Keep-Alive: 300"), CLOSED),
        case("1.0 and Proxy-Connection", old("Proxy-Connection: keep-alive"), CLOSED),
        case(
            "HEAD of 1.0 and keep-alive",
            "HEAD /a.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            "head 200; Connection=keep-alive | open",
        ),
        case(
            "POST of 1.0 and keep-alive",
            "POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi",
            "200; body=hi; Connection=keep-alive | open",
        ),
        case(
            "an error of 1.0 and keep-alive",
            "GET /none HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            "404; Connection=keep-alive | open",
        ),
        case(
            "POST and close",
            post(&["Connection: close", "Content-Length: 2"], "hi"),
            "200; Connection=close; body=hi | closed",
        ),
        case("404 stays", ask("GET /none", &[]), "404; no Connection | open"),
        case(
            "404 and close",
            ask("GET /none", &["Connection: close"]),
            "404; Connection=close | closed",
        ),
        case("304 stays", ask("GET /a.txt", &["If-None-Match: *"]), "304 | open"),
        case(
            "HEAD and close",
            ask("HEAD /a.txt", &["Connection: close"]),
            "head 200; Connection=close | closed",
        ),
        case(
            "OPTIONS and close",
            ask("OPTIONS *", &["Connection: close"]),
            "204; Connection=close | closed",
        ),
        case(
            "an upgrade that nobody knows",
            ask(
                "GET /a.txt",
                &[
                    "Connection: upgrade",
                    "Upgrade: h2c",
                    "HTTP2-Settings: AAMAAABkAAQAAP__",
                ],
            ),
            OPEN,
        ),
        case(
            "a refusal says close",
            "GET / HTTP/1.1\r\n\r\n",
            "400; Connection=close | closed",
        ),
        case(
            "a client that ends its half is answered",
            ask("GET /a.txt", &[]),
            "200; body=hello\n | cut",
        ),
    ]
}

fn pipelines() -> Vec<Case> {
    let get = ask("GET /a.txt", &[]);
    let last = ask("GET /a.txt", &["Connection: close"]);
    let echo = post(&["Content-Length: 2"], "hi");
    let chunks = post(&["Transfer-Encoding: chunked"], "2\r\nho\r\n0\r\n\r\n");
    vec![
        case("two requests", get.repeat(2), "200 | 200 | open"),
        case("twenty requests", get.repeat(20), "200 | ".repeat(20) + "open"),
        case("two hundred requests", get.repeat(200), "200 | ".repeat(200) + "open"),
        case(
            "with empty lines between",
            format!("{get}\r\n{get}\r\n\r\n{get}"),
            "200 | 200 | 200 | open",
        ),
        case(
            "bodies between",
            format!("{echo}{get}{chunks}{echo}"),
            "200; body=hi | 200; body=hello\n | 200; body=ho | 200; body=hi | open",
        ),
        case(
            "HEAD before GET",
            ask("HEAD /a.txt", &[]) + &get,
            "head 200 | 200; body=hello\n | open",
        ),
        case(
            "304 before GET",
            ask("GET /a.txt", &["If-None-Match: *"]) + &get,
            "304 | 200; body=hello\n | open",
        ),
        case(
            "204 before GET",
            ask("OPTIONS *", &[]) + &get,
            "204 | 200; body=hello\n | open",
        ),
        case("nothing is answered behind close", format!("{last}{get}"), "200 | closed"),
        case(
            "nothing is answered behind a mistake",
            format!("{get}GET /\r\n\r\n{get}"),
            "200 | 400 | closed",
        ),
        case(
            "nothing is answered behind HTTP/1.0",
            format!("{get}GET /a.txt HTTP/1.0\r\n\r\n{get}"),
            "200 | 200 | closed",
        ),
        case("one and a half", format!("{get}GET /a.t"), "200 | 400 | cut"),
        case("one and an empty line", format!("{get}\r\n"), "200 | cut"),
        case(
            "in the order of the questions",
            ["/none", "/a.txt", "/sub", "/empty.txt"]
                .map(|path| ask(&format!("GET {path}"), &[]))
                .concat(),
            "404 | 200 | 301 | 200; body= | open",
        ),
        case(
            "a body that is longer than it says",
            post(&["Content-Length: 2"], "hiho"),
            "200; body=hi | 501 | closed",
        ),
    ]
}
