//! `sockdemo http-client`: a question goes out, an answer comes back, and it is known where
//! the answer ends.
//!
//! The main thread asks and hears, one question after the other, over one connection for as
//! long as both sides keep it. The stopper sleeps until Ctrl-C and then ends the connection,
//! so that the call in which the main thread is blocked returns.

mod exchange;

use std::net::TcpStream;
use std::slice;
use std::thread;
use std::time::Duration;

use crossbeam_channel::bounded;

use self::exchange::{Answer, Exchange, Heard};
pub(crate) use self::exchange::{NOTHING, cut_head, no_answer};
use crate::demos::tcp_client::{close, connect, end};
use crate::kit::addr::Addr;
use crate::kit::error::{Doing, Error, Result};
use crate::kit::say::Say;
use crate::kit::stop::Stop;
use crate::kit::text;
use crate::proto::http::question::{self, Field, Question};
use crate::proto::http::url::{NoUrl, Url};

/// Pages that point at each other would be followed for ever.
const MAX_REDIRECTS: u32 = 10;

/// What we are, for whoever keeps statistics.
const USER_AGENT: &str = concat!("sockdemo/", env!("CARGO_PKG_VERSION"));

/// HTTP client: send a request, receive the answer up to its end
///
/// Prints the body of the answer, byte for byte; the heads are part of the narration. Several
/// addresses of one server are asked over one connection, if it stays open.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What to fetch.
    #[arg(
        value_name = "URL",
        default_value = "http://127.0.0.1:8080/",
        help = "What to fetch: http://HOST:PORT/PATH, HOST:PORT/PATH, :PORT/PATH"
    )]
    pub urls: Vec<Url>,

    /// Use this method instead of GET, or POST with --data
    #[arg(short = 'X', long, value_name = "METHOD", value_parser = question::method)]
    #[arg(visible_alias = "request")]
    pub method: Option<String>,

    /// Send a body, with POST; '@FILE' is not a file here
    #[arg(short, long, value_name = "TEXT")]
    pub data: Option<String>,

    /// Send this field, too, or instead of ours; 'Name:' leaves ours out
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    #[arg(value_parser = Field::parse)]
    pub fields: Vec<Field>,

    /// Ask for the head only, and print it
    #[arg(short = 'I', long, conflicts_with_all = ["method", "data"])]
    pub head: bool,

    /// Print the head of the answer before its body
    #[arg(short, long)]
    pub include: bool,

    /// If the answer is a redirect, go there, at most 10 times
    #[arg(short = 'L', long)]
    pub location: bool,

    /// End with exit code 1 if the answer is an error, from 400 on
    #[arg(short, long)]
    pub fail: bool,

    /// Give up connecting to an address after this long
    #[arg(long, value_name = "SECONDS", value_parser = text::seconds)]
    pub connect_timeout: Option<Duration>,
}

/// Asks until everything is answered, or somebody pulls `stop`.
pub fn run(args: &Args, stop: &Stop, say: &Say) -> Result<()> {
    let mut errand = Errand::new(args);
    while let Some(question) = errand.question() {
        let addr = Addr::new(&question.url.host, question.url.port);
        let (limit, voice) = (args.connect_timeout, say.on_thread("connect"));
        let connected =
            stop.unless_first("connect", move || connect(&addr, limit, &voice));
        let Some(stream) = connected.doing("start a thread")?.transpose()? else {
            say.note("stopping: no connection yet");
            return Ok(());
        };
        let say = say.about(&stream);
        let outcome = converse(&stream, &mut errand, stop, &say);
        if stop.requested() {
            leave_unfinished(outcome, &say);
            close(stream, &say);
            return Ok(());
        }
        close(stream, &say);
        outcome?;
    }
    Ok(())
}

/// Whoever stops us knows that something is missing; how much, we can say.
fn leave_unfinished(outcome: Result<()>, say: &Say) {
    if let Err(error) = outcome {
        say.note(format_args!("left unfinished: {error}"));
    }
}

/// One connection, and a thread that ends it if somebody pulls `stop`.
fn converse(
    stream: &TcpStream,
    errand: &mut Errand<'_>,
    stop: &Stop,
    say: &Say,
) -> Result<()> {
    thread::scope(|scope| {
        let (over, ended) = bounded(0);
        let voice = say.on_thread("stopper");
        let stopper = move || {
            if stop.wait_unless(&ended) {
                give_up(stream, &voice);
            }
        };
        thread::Builder::new().spawn_scoped(scope, stopper).doing("start a thread")?;
        let outcome = ask_each(stream, errand, stop, say);
        drop(over); // Lets the stopper go.
        outcome
    })
}

fn give_up(stream: &TcpStream, say: &Say) {
    let say = say.about(stream);
    say.note("stopping: the connection ends here, whatever is still on its way");
    end(stream, &say);
}

/// Question and answer, over this connection for as long as it can be used.
fn ask_each(
    stream: &TcpStream,
    errand: &mut Errand<'_>,
    stop: &Stop,
    say: &Say,
) -> Result<()> {
    let mut exchange = Exchange::new(stream, errand.args, say);
    let mut first: Option<Url> = None;
    while let Some(question) = errand.question() {
        if first.as_ref().is_some_and(|first| !first.is_with(&question.url)) {
            say.note("the next question is for another server");
            return Ok(());
        }
        if first.is_some() {
            say.note("the same connection again: nobody has said that it ends");
        }
        let is_used = first.is_some();
        first.get_or_insert_with(|| question.url.clone());
        let answer = match exchange.ask(question)? {
            Heard::Answer(answer) => answer,
            Heard::Nothing(error) if stop.requested() => {
                return Err(unanswered(question, is_used, error));
            }
            // It may have ended while our question was on its way.
            Heard::Nothing(_) if is_used && question.may_be_repeated() => {
                say.note("this connection was no longer kept: once more, over a new one");
                return Ok(());
            }
            Heard::Nothing(error) => return Err(unanswered(question, is_used, error)),
        };
        let stays = answer.stays;
        errand.go_on(&answer, say)?;
        if !stays {
            return Ok(());
        }
    }
    Ok(())
}

fn unanswered(question: &Question, is_used: bool, error: std::io::Error) -> Error {
    let (method, url) = (&question.method, &question.url);
    let error = Error::of(format_args!("get an answer to {method} {url}"), error);
    match is_used {
        true => error.with_hint(
            "whether the server has done it is not known, so it is not asked again",
        ),
        false => error.with_hint(NOTHING),
    }
}

/// What is left to be asked.
struct Errand<'a> {
    args: &'a Args,
    urls: slice::Iter<'a, Url>,
    /// The next one; it is kept until it has been answered.
    question: Option<Question>,
    redirects: u32,
}

impl<'a> Errand<'a> {
    fn new(args: &'a Args) -> Errand<'a> {
        let mut urls = args.urls.iter();
        let question = urls.next().map(|url| first_question(args, url));
        Errand { args, urls, question, redirects: 0 }
    }

    fn question(&self) -> Option<&Question> {
        self.question.as_ref()
    }

    /// There is an answer: to the next question, which may be where the answer sends us.
    fn go_on(&mut self, answer: &Answer, say: &Say) -> Result<()> {
        let Some(asked) = self.question.take() else { return Ok(()) };
        if let Some(location) = answer.location.as_ref().filter(|_| self.args.location) {
            if self.redirects == MAX_REDIRECTS {
                let doing = format!("follow the redirect to {location}");
                let why = format!("this is number {}", MAX_REDIRECTS + 1);
                return Err(Error::because(doing, why).with_hint(
                    "do the pages point at each other? one step at a time: \
                     without --location",
                ));
            }
            self.redirects += 1;
            let next = asked.sent_on(answer.status, location);
            let next = next.map_err(|no_url| cannot_follow(location, no_url))?;
            say.note(format_args!("a redirect: on to {} {}", next.method, next.url));
            self.question = Some(next);
            return Ok(());
        }
        if answer.location.is_some() {
            say.note("a redirect: --location goes there");
        }
        if self.args.fail && answer.status >= 400 {
            return Err(Error::because(format!("fetch {}", asked.url), &answer.line));
        }
        self.redirects = 0;
        self.question = self.urls.next().map(|url| first_question(self.args, url));
        Ok(())
    }
}

fn cannot_follow(location: &str, no_url: NoUrl) -> Error {
    let doing = format!("follow the redirect to {location}");
    Error::because(doing, no_url.why).with_hint(no_url.hint)
}

/// What the command line asks of this address.
fn first_question(args: &Args, url: &Url) -> Question {
    let method = match (&args.method, &args.data) {
        (Some(method), _) => method,
        _ if args.head => "HEAD",
        (None, Some(_)) => "POST",
        (None, None) => "GET",
    };
    let mut fields =
        vec![Field::new("User-Agent", USER_AGENT), Field::new("Accept", "*/*")];
    if args.data.is_some() {
        let form = "application/x-www-form-urlencoded";
        fields.push(Field::new("Content-Type", form));
    }
    fields.retain(|ours| args.fields.iter().all(|field| !field.is(&ours.name)));
    fields.extend(args.fields.iter().cloned());
    Question {
        method: method.to_owned(),
        url: url.clone(),
        fields,
        body: args.data.as_ref().map(|text| text.clone().into_bytes()),
    }
}
