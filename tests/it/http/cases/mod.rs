//! What is sent, and what must come back: the table.
//!
//! A case's answers are written as `200; Content-Length=6; body=hello | 404 | open`:
//! each answer is a status and what must be true of it (`Name=value`, `Name~part`,
//! `no Name`, `body=…`, `body~part`, `head` for an answer to HEAD), and the last word says
//! what becomes of the connection:
//!
//! - `open`: the next request on it is answered;
//! - `closed`: it ends, and what is sent behind is not read as a request;
//! - `cut`: the client ends its half behind these bytes.
//!
//! `{tag}` is the entity tag of `a.txt`.

#![allow(clippy::too_many_lines, reason = "a table is as long as it is")]

mod bodies;
mod files;
mod heads;
mod limits;
mod staying;

/// A line of the table.
pub struct Case {
    pub name: &'static str,
    pub sends: Vec<u8>,
    pub wants: String,
}

/// All of them.
pub fn all() -> Vec<Case> {
    [heads::cases(), bodies::cases(), staying::cases(), files::cases(), limits::cases()]
        .into_iter()
        .flatten()
        .collect()
}

fn case(name: &'static str, sends: impl Into<Vec<u8>>, wants: impl Into<String>) -> Case {
    Case { name, sends: sends.into(), wants: wants.into() }
}

/// A request without a body. `what` is a method and a target, `fields` have no line ends.
fn ask(what: &str, fields: &[&str]) -> String {
    let mut request = format!("{what} HTTP/1.1\r\nHost: a\r\n");
    for field in fields {
        request.push_str(&format!("{field}\r\n"));
    }
    request + "\r\n"
}

/// A request to put a body behind.
fn post(fields: &[&str], body: &str) -> String {
    ask("POST /", fields) + body
}
