//! `sockdemo ws-server`: a request becomes a conversation, and each frame of it is told.
//!
//! An echo server. It is an `http_server` whose site answers with 101, and from then on both
//! sides send frames. A client's thread reads them and answers; what came with one recv is
//! answered with one send. The thread *goodbye* sleeps until Ctrl-C and tells everybody.

mod farewell;
mod outbound;
pub(crate) mod told;

use std::io;
use std::mem;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) use self::farewell::{Meeting, Present, serve};
pub(crate) use self::outbound::{Outbound, Sent};
use self::told::FrameIn;
use crate::demos::http_server::Site;
use crate::demos::http_server::answer::{Answer, Then, Visit};
use crate::demos::http_server::inbox::limit_reading;
use crate::demos::tcp_client::receive;
use crate::demos::tcp_server::{
    FIRST_BUFFER, LARGEST_BUFFER, Serving, is_over_time, listen, send_all,
};
use crate::kit::addr::Addr;
use crate::kit::error::{Doing, Result};
use crate::kit::output;
use crate::kit::say::Say;
use crate::kit::stop::Stop;
use crate::kit::text;
use crate::proto::http::status::{Bad, reason};
use crate::proto::websocket::code;
use crate::proto::websocket::frame::{self, Opcode};
use crate::proto::websocket::handshake;
use crate::proto::websocket::message::{Event, Incoming, KEPT};
use crate::proto::websocket::origin;

/// Large enough for the Autobahn suite, whose largest message has 16 MiB. A message is kept
/// whole in memory, and so is its echo.
pub(crate) const MAX_MESSAGE: usize = 16 * 1024 * 1024;

/// Answers are sent when the bytes of one recv are used up, or when there are so many.
const BUNDLE: usize = 256 * 1024;

/// Everybody waits so long for a client that does not read what the others say.
const PATIENCE: Duration = Duration::from_secs(1);

/// A pong is a byte that moves, and yet the client may be forgotten in a tab.
const IDLE_TIMEOUT: &str =
    "Let go of a client when no message has come for this long; pongs are none";

/// WebSocket server: the handshake, frames, an echo of each message
///
/// RFC 6455 by hand, for browsers and every other WebSocket client, on any path.
#[derive(Clone, Debug, clap::Args)]
#[command(mut_arg("idle_timeout", |arg| arg.help(IDLE_TIMEOUT)))]
pub struct Args {
    /// Where to listen.
    #[arg(
        default_value = "127.0.0.1:9001",
        help = "Where to listen: HOST:PORT, [V6]:PORT, :PORT or PORT (0: any port)"
    )]
    pub addr: Addr,

    /// Refuse messages that are larger than this, such as 64K or 16M
    #[arg(long, value_name = "SIZE", default_value = "16M", value_parser = text::size)]
    pub max_message: usize,

    /// Ping a client that is silent for this long, and let go of it if it stays silent
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = text::seconds)]
    pub ping_every: Duration,

    /// Also serve browser pages from here, such as http://localhost:8080 (*: from anywhere)
    #[arg(long = "origin", value_name = "ORIGIN", value_parser = origin)]
    pub origins: Vec<String>,

    /// Send each message to everybody else instead of back
    #[arg(long)]
    pub broadcast: bool,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub serving: Serving,
}

fn origin(text: &str) -> std::result::Result<String, String> {
    const FORM: &str =
        "type SCHEME://HOST[:PORT], such as http://localhost:3000, or * for any";
    origin::parse(text).map_err(|why| format!("{why}\n  hint: {FORM}"))
}

/// Serves until somebody pulls `stop`.
pub fn run(args: &Args, stop: &Stop, say: &Say) -> Result<()> {
    let listener = listen(&args.addr, say)?;
    let addr = listener.local_addr().doing("ask for our own address")?;
    output::listening_on(addr)?;
    let rules = Rules {
        max_message: args.max_message,
        ping_every: args.ping_every,
        idle_timeout: args.serving.idle_timeout,
        origins: args.origins.clone(),
    };
    let site = Echo { present: Present::default(), rules, broadcast: args.broadcast };
    serve(listener, &args.serving, &site, stop, say)
}

/// How a server has its conversations.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) max_message: usize,
    pub(crate) ping_every: Duration,
    pub(crate) idle_timeout: Option<Duration>,
    /// Pages of other sites that may talk to us.
    pub(crate) origins: Vec<String>,
}

/// Each message comes back, on any path, or goes to all others.
struct Echo {
    present: Present,
    rules: Rules,
    broadcast: bool,
}

impl Meeting for Echo {
    fn present(&self) -> &Present {
        &self.present
    }
}

impl Site for Echo {
    fn answer(&self, visit: &Visit<'_>) -> io::Result<Then> {
        let mut conversation = match upgrade(visit, &self.rules)? {
            Upgrade::Done(conversation) => conversation,
            Upgrade::Refused(then) => return Ok(then),
        };
        let say = visit.say;
        if self.broadcast {
            let set = visit.stream.set_write_timeout(Some(PATIENCE));
            say.set(&format!("SO_SNDTIMEO {}", text::duration(PATIENCE)), &set);
        }
        let _here = self.present.enter(visit.number, conversation.outbound(), say);
        let mut for_others = Vec::new();
        conversation.hear(say, |said, answers| {
            let (opcode, payload) = match said {
                Said::Text(text) => (Opcode::Text, text.as_bytes()),
                Said::Binary(bytes) => (Opcode::Binary, bytes),
                Said::Pause => {
                    self.present.tell_others(visit.number, &for_others, say);
                    return for_others.clear();
                }
            };
            let out = if self.broadcast { &mut for_others } else { answers };
            frame::write(opcode, None, payload, out);
        })?;
        Ok(Then::Over)
    }
}

/// What a request for a conversation has come to.
pub(crate) enum Upgrade<'a> {
    Done(Conversation<'a>),
    /// The client has been told why.
    Refused(Then),
}

/// Answers a request that wants to go on as WebSocket.
pub(crate) fn upgrade<'a>(
    visit: &Visit<'a>,
    rules: &'a Rules,
) -> io::Result<Upgrade<'a>> {
    let say = visit.say;
    let key = match handshake::wanted(visit.request) {
        Ok(_) if visit.is_from_elsewhere() && !rules.allow(visit) => {
            let why = "a page of another site may not talk to this server";
            let refusal = Answer::refusal(&Bad { status: 403, why });
            return visit.answer(&refusal).map(Upgrade::Refused);
        }
        Ok(key) => key,
        Err(bad) => {
            let mut refusal = Answer::refusal(&bad);
            refusal = match bad.status {
                426 => refusal.with("Upgrade", "websocket").with("Connection", "Upgrade"),
                405 => refusal.with("Allow", "GET"),
                _ => refusal,
            };
            let refusal = refusal.with("Sec-WebSocket-Version", handshake::VERSION);
            return visit.answer(&refusal).map(Upgrade::Refused);
        }
    };
    let accept = handshake::accept(key);
    say.note(format_args!("the key {key} is answered with its hash, {accept}"));
    let answer = Answer::empty(101)
        .with("Upgrade", "websocket")
        .with("Connection", "Upgrade")
        .with("Sec-WebSocket-Accept", accept);
    say.note(format_args!("the answer: 101 {}; from here on: frames", reason(101)));
    let outbound = Arc::new(Outbound::of(Arc::clone(visit.stream)));
    send_all(visit.stream, &answer.head_and_body(false, ""), say)?;
    Ok(Upgrade::Done(Conversation::new(outbound, visit.left.to_vec(), rules)))
}

impl Rules {
    /// Each origin that is named has to be allowed: who names two hides one of them.
    fn allow(&self, visit: &Visit<'_>) -> bool {
        let allows = |named: &str| {
            let same = |allowed: &String| {
                allowed == origin::ANY || allowed.eq_ignore_ascii_case(named)
            };
            self.origins.iter().any(same)
        };
        visit.request.fields.all("origin").all(allows)
    }
}

/// A message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Said<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
    /// None: everything has been heard that came with one recv.
    Pause,
}

/// One client, from the first frame to the last. Another thread may send to it meanwhile,
/// through its [`Outbound`].
pub(crate) struct Conversation<'a> {
    outbound: Arc<Outbound>,
    incoming: Incoming,
    /// What came behind the request: the client did not wait for the answer.
    left: Vec<u8>,
    rules: &'a Rules,
    /// A ping is on its way, and nothing has come since.
    asked: bool,
    /// When the last part of a message came.
    last_message: Instant,
    /// How long recv may take, as the kernel knows it.
    limit: Duration,
}

impl<'a> Conversation<'a> {
    fn new(outbound: Arc<Outbound>, left: Vec<u8>, rules: &'a Rules) -> Conversation<'a> {
        let incoming = Incoming::from_client(rules.max_message);
        Conversation {
            outbound,
            incoming,
            left,
            rules,
            asked: false,
            last_message: Instant::now(),
            limit: Duration::ZERO,
        }
    }

    /// To send with, from any thread.
    pub(crate) fn outbound(&self) -> &Arc<Outbound> {
        &self.outbound
    }

    /// Hears each message, until one side has closed. `hear` may leave frames behind
    /// `answers`: they are sent with all others.
    pub(crate) fn hear(
        &mut self,
        say: &Say,
        mut hear: impl FnMut(Said<'_>, &mut Vec<u8>),
    ) -> io::Result<()> {
        let outbound = Arc::clone(&self.outbound);
        let (stream, mut answers) = (outbound.stream(), Vec::new());
        let left = mem::take(&mut self.left);
        if self.take(&left, &mut answers, &mut hear, say)?.is_break() {
            return Ok(());
        }
        let mut buffer = vec![0; FIRST_BUFFER];
        loop {
            self.limit_reading(say)?;
            let n = match receive(stream, &mut buffer, say) {
                Err(error) if is_over_time(&error) => match self.is_anybody_there(say)? {
                    true => continue,
                    false => return Ok(()),
                },
                received => received?,
            };
            self.outbound.gave_up()?; // The queue may be full of what came before.
            if n == 0 {
                let within = self.incoming.within().unwrap_or("this conversation");
                say.note(format_args!("1006: {within} has no end, no close frame"));
                return Ok(());
            }
            self.asked = false;
            if self.take(&buffer[..n], &mut answers, &mut hear, say)?.is_break() {
                return Ok(());
            }
            if self.is_idle() {
                return self.let_go(IDLE, say); // However many pongs come.
            }
            if n == buffer.len() && n < LARGEST_BUFFER {
                buffer.resize(2 * n, 0);
            }
        }
    }

    /// Hears what has come, and sends the answers, all with one send. Break: it is over.
    fn take(
        &mut self,
        mut input: &[u8],
        answers: &mut Vec<u8>,
        mut hear: impl FnMut(Said<'_>, &mut Vec<u8>),
        say: &Say,
    ) -> io::Result<ControlFlow<()>> {
        let (mut heard, so_far) = (false, self.incoming.so_far());
        let over = loop {
            match self.incoming.take(&mut input) {
                None => break None,
                Some(Event::Frame(head, payload)) => {
                    say.note(FrameIn(head, payload));
                }
                Some(Event::Text(text)) => {
                    heard = true;
                    hear(Said::Text(text), answers);
                }
                Some(Event::Binary(bytes)) => {
                    heard = true;
                    hear(Said::Binary(bytes), answers);
                }
                Some(Event::Ping(payload)) => {
                    frame::write(Opcode::Pong, None, payload, answers);
                }
                Some(Event::Pong(_)) => {}
                Some(Event::Close(code, _)) => break Some((code, String::new())),
                Some(Event::Wrong(bad)) => {
                    say.note(format_args!("the client broke a rule: {bad}"));
                    break Some((bad.code(), bad.to_string()));
                }
            }
            if answers.len() >= BUNDLE {
                self.outbound.send(answers, say)?;
                answers.clear();
            }
        };
        if heard {
            hear(Said::Pause, answers);
        }
        self.outbound.send(answers, say)?;
        if heard || self.incoming.so_far() != so_far {
            self.last_message = Instant::now(); // Taking an answer is no silence.
        }
        answers.clear();
        answers.shrink_to(KEPT);
        match over {
            None => Ok(ControlFlow::Continue(())),
            Some((code, reason)) => {
                self.outbound.close(code, &reason, say)?;
                Ok(ControlFlow::Break(()))
            }
        }
    }

    /// Nothing has come for a while: asks, or gives up if we have asked before.
    fn is_anybody_there(&mut self, say: &Say) -> io::Result<bool> {
        if self.is_idle() {
            return self.let_go(IDLE, say).map(|()| false);
        }
        if self.asked {
            return self.let_go("no answer to a ping", say).map(|()| false);
        }
        self.asked = true;
        let mut ping = Vec::new();
        frame::write(Opcode::Ping, None, b"still there?", &mut ping);
        self.outbound.send(&ping, say)?;
        Ok(true)
    }

    fn is_idle(&self) -> bool {
        let limit = self.rules.idle_timeout;
        limit.is_some_and(|limit| self.last_message.elapsed() >= limit)
    }

    fn let_go(&self, why: &str, say: &Say) -> io::Result<()> {
        say.note(format_args!("{why}: letting this client go"));
        self.outbound.close(code::POLICY, why, say)?;
        Ok(())
    }

    /// How long the next recv may take: until it is time for a ping, or for good.
    fn patience(&self) -> Duration {
        let silence = self.last_message.elapsed().as_millis();
        let silence = Duration::from_millis(silence.try_into().unwrap_or(u64::MAX));
        let left = |limit: Duration| limit.saturating_sub(silence);
        let left = self.rules.idle_timeout.map_or(Duration::MAX, left);
        self.rules.ping_every.min(left).max(Duration::from_millis(1))
    }

    /// Limits the next recv. After a message, counted in milliseconds, the limit is what it
    /// was: a system call for each of them would be too many.
    fn limit_reading(&mut self, say: &Say) -> io::Result<()> {
        let limit = self.patience();
        if limit == self.limit {
            return Ok(());
        }
        self.limit = limit;
        limit_reading(self.outbound.stream(), Some(limit), say)
    }
}

/// What whoever is let go for saying nothing is told.
const IDLE: &str = "no message for too long";
