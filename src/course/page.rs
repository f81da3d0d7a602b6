//! `sockdemo http-server` without a folder: a page for a browser about client pull and
//! server push, with news, what this server does, a chat, and the lessons.

pub(crate) mod feed;
mod lessons;
pub mod watch;
mod ways;

use std::io;
use std::net::TcpListener;
use std::thread;

use crossbeam_channel::bounded;

use self::feed::Feed;
use self::watch::Watch;
use crate::demos::chat_server::{Entrance, Kept, in_a_room, web};
use crate::demos::http_server::answer::{ALLOWED, Answer, Then, Visit};
use crate::demos::http_server::{self, Args};
use crate::demos::tcp_server::{Serving, listen};
use crate::demos::ws_server::{self, Present};
use crate::kit::error::{Doing, Result};
use crate::kit::output;
use crate::kit::say::Say;
use crate::kit::stop::Stop;
use crate::proto::http::status::Bad;

/// The page's files are inside the binary: name, type, text.
const FILES: &[(&str, &str, &str)] = &[
    ("/", "text/html; charset=utf-8", include_str!("page/index.html")),
    ("/page.css", CSS, include_str!("page/page.css")),
    ("/page.js", SCRIPT, include_str!("page/page.js")),
    ("/panel.js", SCRIPT, include_str!("page/panel.js")),
    ("/ways.js", SCRIPT, include_str!("page/ways.js")),
    ("/news.js", SCRIPT, include_str!("page/news.js")),
    ("/server.js", SCRIPT, include_str!("page/server.js")),
    ("/ladder.js", SCRIPT, include_str!("page/ladder.js")),
    ("/tabs.js", SCRIPT, include_str!("page/tabs.js")),
    ("/lessons.js", SCRIPT, include_str!("page/lessons.js")),
];

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Serves the page until somebody pulls `stop`.
pub fn run(args: &Args, watch: Option<Watch>, stop: &Stop, say: &Say) -> Result<()> {
    let listener = listen(&args.addr, say)?;
    let addr = listener.local_addr().doing("ask for our own address")?;
    output::listening_on(addr)?;
    say.note(format_args!("for a browser: http://{addr}/"));
    let page = &Page { news: Feed::default(), watch };
    serve(listener, &args.serving, page, stop, say)
}

/// The same for a listener that is there already.
pub(crate) fn serve(
    listener: TcpListener,
    serving: &Serving,
    page: &Page,
    stop: &Stop,
    say: &Say,
) -> Result<()> {
    in_a_room(Kept::default(), stop, say, |entrance, stop| {
        thread::scope(|scope| {
            let (over, ended) = bounded(0);
            let (line, ours) = Stop::by_hand();
            let close = move || {
                if stop.wait_unless(&ended) {
                    page.news.close(); // Whoever waits for news is answered first.
                    page.watch.iter().for_each(Watch::close);
                }
                drop(line);
            };
            thread::Builder::new().spawn_scoped(scope, close).doing("start a thread")?;
            let site = Site { page, entrance, present: Present::default() };
            let served = ws_server::serve(listener, serving, &site, &ours, say);
            drop(over);
            served
        })
    })
}

/// What there is to see.
#[derive(Debug, Default)]
pub(crate) struct Page {
    news: Feed,
    /// What the server does, unless it is quiet.
    watch: Option<Watch>,
}

impl Page {
    /// Tells everybody who listens.
    pub(crate) fn publish(&self, text: &str) {
        self.news.publish(text);
    }

    /// Sleeps until so many wait for news, or until nothing more will come.
    pub(crate) fn wait_for_readers(&self, number: usize) {
        self.news.wait_for_readers(number);
    }

    /// Nothing more will come.
    pub(crate) fn close(&self) {
        self.news.close();
    }
}

/// The page, and who is in a conversation with it.
struct Site<'a> {
    page: &'a Page,
    entrance: &'a Entrance,
    present: Present,
}

impl ws_server::Meeting for Site<'_> {
    fn present(&self) -> &Present {
        &self.present
    }
}

impl http_server::Site for Site<'_> {
    fn answer(&self, visit: &Visit<'_>) -> io::Result<Then> {
        let (news, path) = (&self.page.news, visit.target.path);
        match (visit.request.method, path) {
            ("GET" | "HEAD", "/news") => ways::poll(news, visit),
            ("GET", "/news/wait") => ways::wait(news, visit),
            ("GET", "/news/stream") => ways::stream(news, visit),
            ("GET", "/news/socket") => ways::socket(news, &self.present, visit),
            ("POST", "/news") => ways::publish(news, visit),
            ("GET", "/chat") => web::converse(self.entrance, None, visit),
            ("GET", "/events") => match &self.page.watch {
                Some(watch) => watch.stream(visit),
                None => visit.answer(&Answer::empty(204)), // Nothing is told here.
            },
            ("GET" | "HEAD", "/lessons") => visit.answer(&lessons::list()),
            ("POST", _) => echo(visit),
            (_, "/news/wait" | "/news/stream" | "/news/socket" | "/chat" | "/events") => {
                visit.allow_only("GET, POST, OPTIONS")
            }
            ("GET" | "HEAD", _) => visit.answer(&find(path)),
            _ => visit.allow_only(ALLOWED),
        }
    }
}

fn find(path: &str) -> Answer {
    let mut files = FILES.iter().chain(web::FILES);
    if let Some((_, kind, text)) = files.find(|(name, ..)| *name == path) {
        return web::file(kind, text);
    }
    let lesson = path.strip_prefix("/lessons/").and_then(lessons::page);
    lesson.unwrap_or_else(|| {
        Answer::refusal(&Bad { status: 404, why: "there is no such page" })
    })
}

/// What is posted comes back.
fn echo(visit: &Visit<'_>) -> io::Result<Then> {
    let kind = "application/octet-stream";
    visit.answer(&Answer::new(200, kind, visit.body.to_vec()))
}
