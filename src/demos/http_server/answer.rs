//! Answers: whole ones, and those that go on for as long as there is news.

use std::borrow::Cow;
use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::SystemTime;

use crate::demos::http_server::Site;
use crate::demos::http_server::outbox::Outbox;
use crate::kit::say::Say;
use crate::kit::text;
use crate::proto::http::body::{LAST_CHUNK, push_chunk};
use crate::proto::http::head::{Request, Version};
use crate::proto::http::status::{Bad, reason};
use crate::proto::http::target::Target;

/// One request, and the connection on which it came.
pub(crate) struct Visit<'a> {
    pub(crate) request: &'a Request<'a>,
    pub(crate) target: Target<'a>,
    pub(crate) body: &'a [u8],
    pub(crate) stream: &'a Arc<TcpStream>,
    pub(crate) outbox: &'a Outbox<'a>,
    /// Which connection of this server it is.
    pub(crate) number: u32,
    /// Does the client want to go on afterwards?
    pub(crate) stays: bool,
    /// What came behind the request: the next one, or the first bytes of another protocol.
    pub(crate) left: &'a [u8],
    pub(crate) say: &'a Say,
}

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    NextQuestion,
    Over,
}

/// An answer whose length is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(&'static str, Cow<'static, str>)>,
    pub(crate) body: Cow<'static, [u8]>,
}

impl Answer {
    pub(crate) fn new(
        status: u16,
        kind: &'static str,
        body: impl Into<Cow<'static, [u8]>>,
    ) -> Answer {
        Answer { status, fields: Vec::new(), body: body.into() }
            .with("Content-Type", kind)
    }

    /// Without a body: 204, 304.
    pub(crate) fn empty(status: u16) -> Answer {
        Answer { status, ..Answer::default() }
    }

    /// A sentence for whoever wrote the request.
    pub(crate) fn refusal(bad: &Bad) -> Answer {
        let words = format!("{} {}: {}\n", bad.status, reason(bad.status), bad.why);
        Answer::new(bad.status, TEXT, words.into_bytes())
    }

    pub(crate) fn with(
        mut self,
        name: &'static str,
        value: impl Into<Cow<'static, str>>,
    ) -> Answer {
        self.fields.push((name, value.into()));
        self
    }

    /// Everything in one piece, for one send. The answer to HEAD is a head that says how
    /// long the body would be.
    pub(crate) fn head_and_body(&self, only_head: bool, connection: &str) -> Vec<u8> {
        let length = has_body(self.status).then_some(self.body.len() as u64);
        let mut out = Vec::with_capacity(ROOM + self.body.len());
        push_head(&mut out, self, length, connection);
        if !only_head && length.is_some() {
            out.extend(&*self.body);
        }
        out
    }
}

/// The kind of plain text.
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

/// These two end with their head, by definition.
fn has_body(status: u16) -> bool {
    !matches!(status, 100..200 | 204 | 304)
}

/// Most heads are shorter than this.
const ROOM: usize = 512;

/// The head of an answer, with `length` if it is known.
pub(super) fn head(answer: &Answer, length: Option<u64>, connection: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(ROOM);
    push_head(&mut out, answer, length, connection);
    out
}

fn push_head(out: &mut Vec<u8>, answer: &Answer, length: Option<u64>, connection: &str) {
    let mut push = |parts: &[&str]| {
        for part in parts {
            out.extend(part.as_bytes());
        }
    };
    let (status, date) = (answer.status, httpdate::fmt_http_date(SystemTime::now()));
    push(&["HTTP/1.1 ", &status.to_string(), " ", reason(status), "\r\n"]);
    push(&["Date: ", &date, "\r\n"]);
    for (name, value) in &answer.fields {
        push(&[name, ": ", value, "\r\n"]);
    }
    if let Some(length) = length {
        push(&["Content-Length: ", &length.to_string(), "\r\n"]);
    }
    if !connection.is_empty() {
        push(&["Connection: ", connection, "\r\n"]);
    }
    push(&["\r\n"]);
}

impl Visit<'_> {
    /// Has the site's answer to the request, or ours if every site has the same.
    pub(super) fn answer_with(&self, site: &impl Site) -> io::Result<Then> {
        match self.request.method {
            "OPTIONS" if self.target.path == "*" => {
                self.answer(&Answer::empty(204).with("Allow", ALLOWED))
            }
            "POST" if self.is_from_elsewhere() => {
                let why = "a page of another site may not post here";
                self.answer(&Answer::refusal(&Bad { status: 403, why }))
            }
            _ => site.answer(self),
        }
    }

    /// Sends an answer.
    pub(crate) fn answer(&self, answer: &Answer) -> io::Result<Then> {
        let say = self.say;
        let bytes = answer.head_and_body(self.wants_head_only(), self.connection());
        say.note(format_args!("the answer: {} {}", answer.status, reason(answer.status)));
        self.outbox.send_all(&bytes)?;
        Ok(self.then())
    }

    /// Says that the resource knows other methods only.
    pub(crate) fn allow_only(&self, methods: &'static str) -> io::Result<Then> {
        let bad = Bad { status: 405, why: "this method makes no sense here" };
        let answer = if self.request.method == "OPTIONS" {
            Answer::empty(204)
        } else {
            Answer::refusal(&bad)
        };
        self.answer(&answer.with("Allow", methods))
    }

    /// Begins an answer whose length nobody knows yet.
    pub(crate) fn begin(&self, answer: &Answer) -> io::Result<Flow<'_>> {
        let say = self.say;
        let chunked = self.request.version >= Version::Http11;
        let answer = match chunked {
            true => answer.clone().with("Transfer-Encoding", "chunked"),
            false => answer.clone(), // Its end is the end of the stream.
        };
        let stays = chunked && self.stays;
        let bytes = head(&answer, None, if stays { self.connection() } else { "close" });
        say.note(format_args!("the answer: {} …", answer.status));
        self.outbox.send_all(&bytes)?;
        Ok(Flow { visit: self, chunked, stays })
    }

    pub(crate) fn wants_head_only(&self) -> bool {
        self.request.method == "HEAD"
    }

    /// What the field Connection has to say. To stay is the rule in HTTP/1.1, and the
    /// exception in 1.0.
    pub(crate) fn connection(&self) -> &'static str {
        match (self.stays, self.request.version) {
            (false, _) => "close",
            (true, Version::Http10) => "keep-alive",
            (true, Version::Http11) => "",
        }
    }

    pub(crate) fn then(&self) -> Then {
        if self.stays { Then::NextQuestion } else { Then::Over }
    }

    pub(crate) fn is_from_elsewhere(&self) -> bool {
        is_from_elsewhere(self.request, &self.target)
    }
}

/// A request made by a browser for the page of another site is not ours to answer. Who is
/// no browser names no origin.
pub(super) fn is_from_elsewhere(request: &Request<'_>, target: &Target<'_>) -> bool {
    let here = target.host.map(|host| format!("http://{host}"));
    let is_here = |origin: &str| {
        here.as_ref().is_some_and(|here| origin.eq_ignore_ascii_case(here))
    };
    request.fields.all("origin").any(|origin| !is_here(origin))
}

/// What some resource or other allows.
pub(crate) const ALLOWED: &str = "GET, HEAD, POST, OPTIONS";

/// An answer under way.
pub(crate) struct Flow<'a> {
    visit: &'a Visit<'a>,
    chunked: bool,
    stays: bool,
}

impl Flow<'_> {
    /// Sends the next piece, in one send.
    pub(crate) fn send(&self, bytes: &[u8]) -> io::Result<()> {
        let outbox = self.visit.outbox;
        if !self.chunked {
            return outbox.send_all(bytes);
        }
        let mut chunk = Vec::with_capacity(bytes.len() + 16);
        push_chunk(&mut chunk, bytes);
        outbox.send_all(&chunk)
    }

    /// Sends the end.
    pub(crate) fn end(self) -> io::Result<Then> {
        if self.chunked {
            self.visit.outbox.send_all(LAST_CHUNK)?;
        }
        Ok(if self.stays { Then::NextQuestion } else { Then::Over })
    }
}

/// For a note: `200 OK, 1,234 B`.
pub(super) fn summary(status: u16, length: u64) -> String {
    format!("{status} {}, {} B", reason(status), text::count(length))
}
