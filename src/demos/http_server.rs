//! `sockdemo http-server`: a request, an answer, a request, an answer, on one connection.
//!
//! The threads are those of `tcp_server`. A client's thread reads the head of a request,
//! then its body, answers, and waits for the next head. What is answered is the site's
//! affair: here a folder of files.

pub(crate) mod answer;
pub(crate) mod files;
pub(crate) mod inbox;
mod outbox;

use std::io;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use self::answer::{Answer, Then, Visit, is_from_elsewhere};
use self::files::Folder;
use self::inbox::{Inbox, Limits, Received};
use self::outbox::Outbox;
use crate::demos::tcp_server::{Full, Serving, listen, serve_each_client};
use crate::kit::addr::Addr;
use crate::kit::error::{Doing, Result};
use crate::kit::output;
use crate::kit::say::Say;
use crate::kit::stop::Stop;
use crate::kit::text;
use crate::proto::http::body::{self, Framing};
use crate::proto::http::head::{Request, Version, parse_request};
use crate::proto::http::status::Bad;
use crate::proto::http::target;

/// A connection without a question costs a thread. Browsers keep some open in reserve.
const IDLE: Duration = Duration::from_secs(60);

/// Whoever begins a message has so long for it, and a second more for each KiB. Otherwise a
/// thousand clients that send a byte now and then would keep a thousand threads.
const PATIENCE: Duration = Duration::from_secs(10);

/// A body is kept in memory while it comes.
const MAX_BODY: u64 = 1024 * 1024;

/// What a client too many is told.
const FULL: Full = Full(
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n\
     Content-Type: text/plain\r\nContent-Length: 29\r\n\r\nserver full, try again later\n",
);

/// Everything that HTTP defines. What is none of these is not implemented.
const METHODS: &[&str] =
    &["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/// HTTP server: files of a folder, or a page with news in four ways
///
/// With --root it serves the files of a folder. Without, a page for a browser: the same
/// news fetched in several ways, what this server does, the lessons. What is posted comes
/// back.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Where to listen.
    #[arg(
        default_value = "127.0.0.1:8080",
        help = "Where to listen: HOST:PORT, [V6]:PORT, :PORT or PORT (0: any port)"
    )]
    pub addr: Addr,

    /// Serve the files of this folder
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,

    /// A request has so long to come, and a second more for each KiB [default: 10]
    #[arg(long, value_name = "SECONDS", value_parser = text::seconds, requires = "root")]
    pub patience: Option<Duration>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub serving: Serving,
}

/// What a server has to say.
pub(crate) trait Site: Sync {
    /// Gives one answer to one request.
    fn answer(&self, visit: &Visit<'_>) -> io::Result<Then>;

    /// How long a message may take, without the time for its length.
    fn patience(&self) -> Duration {
        PATIENCE
    }
}

/// Serves the files of `root` until somebody pulls `stop`.
pub fn run(args: &Args, root: &Path, stop: &Stop, say: &Say) -> Result<()> {
    let folder = Folder::open(root, args.patience.unwrap_or(PATIENCE))?;
    let listener = listen(&args.addr, say)?;
    let addr = listener.local_addr().doing("ask for our own address")?;
    output::listening_on(addr)?;
    serve(listener, &args.serving, &folder, stop, say)
}

/// The same for any site.
pub(crate) fn serve(
    listener: TcpListener,
    serving: &Serving,
    site: &impl Site,
    stop: &Stop,
    say: &Say,
) -> Result<()> {
    let idle_timeout = serving.idle_timeout.or(Some(IDLE));
    let serving = Serving { idle_timeout, full: FULL, ..serving.clone() };
    serve_each_client(listener, &serving, stop, say, |number, stream, say| {
        converse(site, number, stream, say)
    })
}

/// One connection: questions and answers, until somebody has had enough.
fn converse(
    site: &impl Site,
    number: u32,
    stream: &Arc<TcpStream>,
    say: &Say,
) -> io::Result<()> {
    let idle = stream.read_timeout()?.unwrap_or(IDLE);
    let limits = &Limits { idle, patience: site.patience() };
    let mut inbox = Inbox::new(stream, limits, say);
    let outbox = &Outbox::new(stream, limits, say)?;
    loop {
        let (request, rest) = match parse_request(inbox.bytes()) {
            Ok(Some((request, used))) => (request, &inbox.bytes()[used..]),
            Ok(None) => match inbox.receive_more()? {
                Received::Some => continue,
                Received::Ended => return Ok(()),
                Received::Refused(bad) => {
                    return refuse(&inbox, outbox, &bad, false, say);
                }
            },
            Err(bad) => return refuse(&inbox, outbox, &bad, false, say),
        };
        say.note(format_args!("the request: {} {}", request.method, request.target));
        let only_head = request.method == "HEAD";
        let refuse = |bad| refuse(&inbox, outbox, bad, only_head, say);
        let (target, framing) = match examine(&request) {
            Ok(examined) => examined,
            Err(bad) => return refuse(&bad),
        };
        let waits = expects(&request) && rest.is_empty() && framing != Framing::Length(0);
        let in_vain =
            waits && (request.method != "POST" || is_from_elsewhere(&request, &target));
        if waits && !in_vain {
            outbox.send_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        // Otherwise the answer is the word, and the body stays where it is.
        let framing = if in_vain { Framing::Length(0) } else { framing };
        let (body, left) = match inbox.receive_body(rest, framing, MAX_BODY)? {
            Ok(body) => body,
            Err(bad) => return refuse(&bad),
        };
        let stays = stays_open(&request) && !in_vain;
        let visit = Visit {
            request: &request,
            target,
            body: &body,
            stream,
            outbox,
            number,
            stays,
            left: &left,
            say,
        };
        match visit.answer_with(site)? {
            Then::NextQuestion => inbox.go_on_with(left)?,
            Then::Over => return inbox.hear_out(),
        }
    }
}

/// What every request has to fulfil, whatever it asks for.
fn examine<'a>(
    request: &'a Request<'a>,
) -> std::result::Result<(target::Target<'a>, Framing), Bad> {
    if !METHODS.contains(&request.method) {
        return Err(Bad { status: 501, why: "no such method here; capitals matter" });
    }
    let target = target::of(request)?;
    let framing = body::of_request(request)?;
    match framing {
        Framing::Length(length) if length > MAX_BODY => return Err(inbox::TOO_LARGE),
        _ => {}
    }
    let has_length = request.fields.get("content-length").is_some();
    let wants_body = matches!(request.method, "POST" | "PUT" | "PATCH");
    if wants_body && framing == Framing::Length(0) && !has_length {
        return Err(Bad { status: 411, why: "a body needs a Content-Length or chunks" });
    }
    if request.fields.list("expect").any(|what| !is_continue(what)) {
        return Err(Bad { status: 417, why: "only 100-continue can be expected" });
    }
    Ok((target, framing))
}

/// The client waits for a word from us before it sends the body.
fn expects(request: &Request<'_>) -> bool {
    // HTTP/1.0 knows no such word, and would take it for the answer.
    request.version >= Version::Http11 && request.fields.list("expect").any(is_continue)
}

fn is_continue(what: &str) -> bool {
    what.eq_ignore_ascii_case("100-continue")
}

fn stays_open(request: &Request<'_>) -> bool {
    let says = |token| request.fields.has_token("connection", token);
    !says("close") && (request.version >= Version::Http11 || says("keep-alive"))
}

/// Says what is wrong, and ends the connection: nobody knows where the next request begins.
fn refuse(
    inbox: &Inbox<'_>,
    outbox: &Outbox<'_>,
    bad: &Bad,
    only_head: bool,
    say: &Say,
) -> io::Result<()> {
    say.note(format_args!("refused with {}: {}", bad.status, bad.why));
    let answer = Answer::refusal(bad).head_and_body(only_head, "close");
    outbox.send_all(&answer)?;
    inbox.hear_out()
}
