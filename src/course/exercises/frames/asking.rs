//! Requests for a WebSocket that are written in other ways, and requests for something else.

use crate::course::exercises::frames::peer::Peer;
use crate::course::exercises::frames::switching::{A_LIST, NAMES, hears_switching, key};
use crate::course::trial::{Finding, Outcome, Trial};
use crate::proto::http::head::parse_response;

const LONG_HEAD: &str =
    "the head is read with one read of a fixed size, or a field is found by its place";

pub(super) const SPACES: &str =
    "the spaces around a value do not belong to it, and a list may have none";

/// The fields of requests that are written in other ways, and what that is a trap for.
const WAYS: &[(&[&str], &str)] = &[
    (
        &[
            "CONNECTION: UPGRADE",
            "UPGRADE: WEBSOCKET",
            "SEC-WEBSOCKET-VERSION: 13",
            "SEC-WEBSOCKET-KEY: <key>",
        ],
        NAMES,
    ),
    (
        &[
            "sec-websocket-version: 13",
            "connection: keep-alive, Upgrade",
            "upgrade: WebSocket",
            "sec-websocket-key:<key>",
        ],
        A_LIST,
    ),
    (
        &[
            "User-Agent: a browser: this one",
            "Cookie: a=MANY",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Extensions: permessage-deflate",
            "Sec-WebSocket-Protocol: chat",
            "Sec-WebSocket-Key:   <key>",
        ],
        LONG_HEAD,
    ),
    (
        &[
            "Upgrade:   websocket  ",
            "Connection:  keep-alive,Upgrade ",
            "Sec-WebSocket-Key: <key>  ",
            "Sec-WebSocket-Version: 13",
        ],
        SPACES,
    ),
];

/// Two browsers, and clients that write everything in another way.
pub(super) fn handshake(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    for _ in 0..2 {
        Peer::of(trial)?;
    }
    for (fields, cause) in WAYS {
        let mut caller = trial.caller()?;
        let key = key(&mut trial.random);
        // More than fits into a small buffer.
        let fields = fields.join("\r\n").replace("MANY", &trial.random.word(1500));
        let fields = fields.replace("<key>", &key);
        let host = caller.peer_addr();
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n\r\n");
        caller.sends(request.as_bytes())?;
        hears_switching(&mut caller, &key)
            .map_err(|finding| finding.or_because(cause))?;
    }
    Ok(())
}

/// What others ask for: a page, HTTP/2, a WebSocket without a key, one through a proxy
/// that does not pass on what is meant for itself, and what only looks like one.
const OTHERS: &[&[&str]] = &[
    &["Accept: */*"],
    &["Connection: keep-alive"],
    &["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"],
    &["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"],
    &["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="],
    &["Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="],
    &[
        "Connection: Upgrade",
        "Upgrade: h2c",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ],
    &[
        "Connection: keep-alive, upgraded",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ],
    &[
        "Connection: Upgrade",
        "Upgrade: websocket2",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ],
];

pub(super) fn ordinary(trial: &mut Trial) -> Outcome {
    trial.serves()?;
    for fields in OTHERS {
        let mut caller = trial.caller()?;
        let (host, fields) = (caller.peer_addr(), fields.join("\r\n"));
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n\r\n");
        caller.sends(request.as_bytes())?;
        let head = caller.hears_head()?;
        let answer =
            parse_response(&head).ok().flatten().map(|(answer, _)| answer.status);
        if !answer.is_some_and(|status| (200..500).contains(&status)) {
            let first = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let words = "an ordinary request got no ordinary answer";
            return Err(Finding::differs(words, b"HTTP/1.1 426 ", first));
        }
    }
    Peer::of(trial).map(drop)
}
