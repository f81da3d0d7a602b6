//! How HTTP becomes WebSocket (RFC 6455, section 4): a request with a key, and an answer that
//! proves that somebody has read it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1_smol::Sha1;

use crate::proto::http::head::{Request, Response, Version};
use crate::proto::http::status::{Bad, bad};

/// The only version there has ever been outside of drafts.
pub const VERSION: &str = "13";

/// What every server puts behind the key before it hashes. The number itself means nothing;
/// it makes sure that nobody gives the right answer by accident.
const SUFFIX: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The key of a request: 16 random bytes in base64.
pub fn key(random: [u8; 16]) -> String {
    STANDARD.encode(random)
}

/// Is this the base64 of 16 bytes?
pub fn is_key(text: &str) -> bool {
    STANDARD.decode(text).is_ok_and(|bytes| bytes.len() == 16)
}

/// What a server answers to a key: the hash of it and the suffix.
pub fn accept(key: &str) -> String {
    let mut hash = Sha1::from(key);
    hash.update(SUFFIX.as_bytes());
    STANDARD.encode(hash.digest().bytes())
}

/// The key of a request that wants to go on as WebSocket, or why it cannot.
pub fn wanted<'a>(request: &'a Request<'_>) -> Result<&'a str, Bad> {
    let fields = &request.fields;
    if !fields.has_token("upgrade", "websocket") {
        let why = "here is WebSocket: use ws://, for example with sockdemo ws-client";
        return Err(Bad { status: 426, why });
    }
    if request.method != "GET" {
        return Err(Bad { status: 405, why: "a WebSocket begins with GET" });
    }
    if request.version < Version::Http11 {
        return Err(bad("a WebSocket begins with HTTP/1.1"));
    }
    if !fields.has_token("connection", "upgrade") {
        return Err(bad("Connection does not name Upgrade: did a proxy remove it?"));
    }
    let mut keys = fields.all("sec-websocket-key");
    let key = match (keys.next(), keys.next()) {
        (Some(key), None) if is_key(key) => key,
        (None, _) => return Err(bad("there is no Sec-WebSocket-Key")),
        (_, Some(_)) => return Err(bad("more than one Sec-WebSocket-Key")),
        _ => return Err(bad("Sec-WebSocket-Key is not 16 bytes in base64")),
    };
    let mut versions = fields.all("sec-websocket-version");
    match (versions.next(), versions.next()) {
        (Some(VERSION), None) => Ok(key),
        (None, _) => Err(bad("there is no Sec-WebSocket-Version")),
        (_, Some(_)) => Err(bad("more than one Sec-WebSocket-Version")),
        _ => Err(Bad { status: 426, why: "only version 13 is spoken here" }),
    }
}

/// Does the answer to `key` prove that there is a WebSocket? Gives the subprotocol that the
/// server has chosen from `offered`.
pub fn agreed<'a>(
    response: &'a Response<'_>,
    key: &str,
    offered: &[String],
) -> Result<Option<&'a str>, &'static str> {
    let fields = &response.fields;
    if response.status != 101 {
        return Err("the answer is not 101");
    }
    if !fields.has_token("upgrade", "websocket") {
        return Err("the answer does not upgrade to websocket");
    }
    if !fields.has_token("connection", "upgrade") {
        return Err("the answer's Connection does not name Upgrade");
    }
    if fields.get("sec-websocket-accept") != Some(&accept(key)) {
        return Err("Sec-WebSocket-Accept is not the hash of our key");
    }
    if fields.list("sec-websocket-extensions").next().is_some() {
        return Err("the server has chosen an extension that was not offered");
    }
    let mut chosen = fields.all("sec-websocket-protocol");
    match (chosen.next(), chosen.next()) {
        (None, _) => Ok(None),
        (Some(one), None) if offered.iter().any(|other| other == one) => Ok(Some(one)),
        _ => Err("the server has chosen a subprotocol that was not offered"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sections 1.2 and 1.3.
    #[test]
    fn the_examples_of_the_rfc() {
        let random: [u8; 16] = *b"the sample nonce";
        assert_eq!(key(random), "dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_key_is_sixteen_bytes() {
        assert!(is_key("dGhlIHNhbXBsZSBub25jZQ=="));
        for wrong in
            ["", "dGhlIHNhbXBsZSBub25jZQ", "c2hvcnQ=", "not base64 at all!", "=="]
        {
            assert!(!is_key(wrong), "{wrong:?}");
        }
    }
}
