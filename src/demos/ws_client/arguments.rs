//! What may stand on the command line, and what the server would not understand.

use crate::proto::http::head::is_token;
use crate::proto::http::question::Field;
use crate::proto::http::url::{NoUrl, Url};
use crate::proto::websocket::Bad;
use crate::proto::websocket::frame::LONGEST_CONTROL;

/// A WebSocket has the same address as a page, with another word in front.
pub(super) fn address(text: &str) -> Result<Url, String> {
    const FORM: &str =
        "\n  hint: type ws://HOST[:PORT][/PATH], such as ws://127.0.0.1:9001";
    let rest = match text.split_once("://") {
        None => text,
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ws") => rest,
        Some(("wss", _)) => {
            let words = "wss:// is WebSocket over TLS, and there is no TLS here";
            return Err(format!("{words}\n  hint: type ws://"));
        }
        Some(_) => return Err(format!("not a WebSocket address{FORM}")),
    };
    rest.parse().map_err(|NoUrl { why, .. }| why + FORM)
}

/// A ping is a control frame, which has to be short.
pub(super) fn ping(text: &str) -> Result<String, String> {
    match text.len() {
        ..=LONGEST_CONTROL => Ok(text.to_owned()),
        _ => Err(Bad::ControlTooLong.to_string()),
    }
}

/// A subprotocol has a name without spaces and commas: several stand in one field.
pub(super) fn name(text: &str) -> Result<String, String> {
    match is_token(text) {
        true => Ok(text.to_owned()),
        false => Err("a name is letters, digits, and signs such as - and .".to_owned()),
    }
}

/// What is to stand in a field of the request. A line break in it would be the beginning of
/// another field, or the end of the head.
pub(super) fn value(text: &str) -> Result<String, String> {
    Field::parse(&format!("Origin: {text}")).map(|field| field.value)
}
