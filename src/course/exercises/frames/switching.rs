//! The request for a WebSocket, and what its answer has to say.

use std::net::SocketAddr;

use crate::course::trial::{Caller, Finding, Outcome};
use crate::proto::http::head::parse_response;
use crate::proto::random::Random;
use crate::proto::websocket::handshake::{self, accept};

pub(super) const CONSTANT: &str = "the value does not depend on the key of this request";
pub(super) const TRANSFORM: &str = "the value is base64 of the 20 bytes of SHA-1, of the \
                                    key as it was sent and the GUID behind it";
pub(super) const NAMES: &str = "names of fields, upgrade and websocket are compared \
                                without regard to capitals";
pub(super) const A_LIST: &str = "Connection is a list: upgrade is one of its words";

/// The key that everybody finds in the text of the protocol.
const OF_THE_RFC: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const LINES: &str = "each line of the head ends with CR LF, and an empty one behind them";

/// 16 bytes, as nobody has sent them before.
pub(super) fn key(random: &mut Random) -> String {
    handshake::key(random.bytes(16).try_into().unwrap_or_default())
}

/// The request of a browser.
pub(super) fn request(host: SocketAddr, key: &str) -> String {
    let fields = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13";
    let last = format!("Sec-WebSocket-Key: {key}\r\n\r\n");
    format!("GET /echo HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n{last}")
}

/// Hears the answer that ends HTTP, with the value that belongs to the key.
pub(super) fn hears_switching(caller: &mut Caller, key: &str) -> Outcome {
    let head = caller.hears_head()?;
    let first = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if let Some(line) = head.split_inclusive(|byte| *byte == b'\n').find(ends_wrong) {
        let right = [line.trim_ascii_end(), b"\r\n"].concat();
        let words = "a line of the answer's head does not end with CR LF";
        return Err(Finding::differs(words, &right, line).because(LINES));
    }
    let Ok(Some((response, _))) = parse_response(&head) else {
        let words = "the answer is no head of HTTP";
        return Err(Finding::differs(words, b"HTTP/1.1 101 ", first));
    };
    if response.status != 101 {
        let words = "the answer to a request for WebSocket is not 101";
        return Err(Finding::differs(words, b"HTTP/1.1 101 ", first));
    }
    let says = |name, word| {
        let words = || Finding::new(format!("the answer does not say {name}: {word}"));
        response.fields.has_token(name, word).then_some(()).ok_or_else(words)
    };
    says("Upgrade", "websocket")?;
    says("Connection", "Upgrade")?;
    for (name, _) in response.fields.iter() {
        let name = name.to_ascii_lowercase();
        if name.starts_with("sec-websocket") && name != "sec-websocket-accept" {
            let words =
                format!("the answer has the field {name}, which says other things");
            return Err(Finding::new(words).because("it copies fields of the request"));
        }
    }
    let value = response.fields.get("Sec-WebSocket-Accept");
    let Some(value) = value else {
        return Err(Finding::new("the answer has no field Sec-WebSocket-Accept"));
    };
    let right = accept(key);
    if value == right {
        return Ok(());
    }
    let words = format!("the key was {key}, and the value is another one");
    let finding = Finding::differs(&words, right.as_bytes(), value.as_bytes());
    Err(if value == accept(OF_THE_RFC) { finding.because(CONSTANT) } else { finding })
}

fn ends_wrong(line: &&[u8]) -> bool {
    !line.ends_with(b"\r\n")
}
