//! The door for browsers: a page, and the chat's lines as texts of a WebSocket.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use super::outbox::Wire;
use super::room::Event;
use super::{Entrance, Newcomer, readable};
use crate::demos::http_server::answer::{Answer, Then, Visit};
use crate::demos::http_server::{self, Site};
use crate::demos::tcp_server::Serving;
use crate::demos::ws_server::{Rules, Said, Upgrade, upgrade};
use crate::kit::error::Result;
use crate::kit::say::Say;
use crate::kit::stop::Stop;
use crate::proto::chat::LONGEST_LINE;
use crate::proto::http::status::Bad;
use crate::proto::lines::Lines;

/// The chat's own files: name, type, text.
pub(crate) const FILES: &[(&str, &str, &str)] = &[
    ("/chat.css", "text/css; charset=utf-8", include_str!("web/chat.css")),
    ("/chat.js", "text/javascript; charset=utf-8", include_str!("web/chat.js")),
    ("/icon.svg", "image/svg+xml", include_str!("web/icon.svg")),
];

const PAGE: &str = include_str!("web/index.html");

/// Only what comes from this server: no other address, no script in the text.
pub(crate) const POLICY: &str =
    "default-src 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Several lines may be pasted into one text.
const MAX_MESSAGE: usize = 64 * 1024;

/// Whoever is silent for so long is asked whether he is there.
const PING_EVERY: Duration = Duration::from_secs(30);

/// Serves browsers until somebody pulls `stop`.
pub(super) fn serve(
    listener: TcpListener,
    serving: &Serving,
    entrance: &Entrance,
    stop: &Stop,
    say: &Say,
) -> Result<()> {
    let chat = Chat { entrance, idle_timeout: serving.idle_timeout };
    http_server::serve(listener, serving, &chat, stop, say)
}

/// A page with nothing but the chat.
struct Chat<'a> {
    entrance: &'a Entrance,
    idle_timeout: Option<Duration>,
}

impl Site for Chat<'_> {
    fn answer(&self, visit: &Visit<'_>) -> io::Result<Then> {
        match (visit.request.method, visit.target.path) {
            ("GET", "/chat") => converse(self.entrance, self.idle_timeout, visit),
            (_, "/chat") => visit.allow_only("GET, OPTIONS"),
            ("GET" | "HEAD", path) => visit.answer(&find(path)),
            _ => visit.allow_only("GET, HEAD, OPTIONS"),
        }
    }
}

fn find(path: &str) -> Answer {
    let page = ("/", "text/html; charset=utf-8", PAGE);
    let mut files = FILES.iter().chain([&page]);
    match files.find(|(name, ..)| *name == path) {
        Some((_, kind, text)) => file(kind, text),
        None => Answer::refusal(&Bad { status: 404, why: "there is no such page" }),
    }
}

/// A file from inside the binary.
pub(crate) fn file(kind: &'static str, text: &'static str) -> Answer {
    Answer::new(200, kind, text.as_bytes())
        .with("Cache-Control", "no-cache")
        .with("Content-Security-Policy", POLICY)
        .with("X-Content-Type-Options", "nosniff")
}

/// A member who speaks in frames, from joining to leaving.
pub(crate) fn converse(
    entrance: &Entrance,
    idle_timeout: Option<Duration>,
    visit: &Visit<'_>,
) -> io::Result<Then> {
    let (number, stream, say) = (visit.number, visit.stream, visit.say);
    let rules = Rules {
        max_message: MAX_MESSAGE,
        ping_every: PING_EVERY,
        idle_timeout,
        origins: Vec::new(),
    };
    let mut conversation = match upgrade(visit, &rules)? {
        Upgrade::Done(conversation) => conversation,
        Upgrade::Refused(then) => return Ok(then),
    };
    let outbound = Arc::clone(conversation.outbound());
    let newcomer = Newcomer { number, stream, wire: Wire::Frames(&outbound) };
    entrance.accompany(newcomer, say, |_| {
        conversation.hear(say, |said, _| {
            let text = match said {
                Said::Text(text) => text.as_bytes(),
                Said::Binary(bytes) => bytes, // Whoever sends text as binary is understood.
                Said::Pause => return,
            };
            let mut lines = Lines::up_to(LONGEST_LINE);
            let mut said = lines.take(text);
            said.extend(lines.finish());
            let said = said.into_iter().map(readable).collect();
            entrance.tell(Event::Said(number, said));
        })
    })?;
    Ok(Then::Over)
}
