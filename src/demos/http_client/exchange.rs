//! One question and its answer: what is sent, what comes back, where it ends.

use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::time::Duration;

use crate::demos::http_client::Args;
use crate::demos::http_server::inbox::limit_reading;
use crate::demos::tcp_client::receive;
use crate::demos::tcp_server::{is_over_time, send_all};
use crate::kit::error::{Doing, Error, Result};
use crate::kit::output;
use crate::kit::say::Say;
use crate::kit::text;
use crate::proto::http::body::{Framing, of_response};
use crate::proto::http::head::{Fields, Response, Version, parse_response};
use crate::proto::http::incoming::Incoming;
use crate::proto::http::question::{Question, is_redirect};
use crate::proto::http::status::Bad;

/// As much as is worth a write to standard output.
const BUFFER: usize = 64 * 1024;

/// So much of a page that nobody wants to see is read to keep the connection. Behind more
/// than that a new one is there sooner.
const MAX_SKIPPED: u64 = 64 * 1024;

/// What became of a question.
pub(super) enum Heard {
    Answer(Answer),
    /// The connection ended before a byte of an answer had come.
    Nothing(io::Error),
}

/// What has to be known of an answer's head.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// For people: `404 Not Found`.
    pub(super) line: String,
    /// Where a redirect leads to.
    pub(super) location: Option<String>,
    /// Will the connection take another question?
    pub(super) stays: bool,
    framing: Framing,
    /// What was done to the body besides cutting it into chunks: `gzip`.
    coded: String,
}

impl Answer {
    fn of(
        question: &Question,
        response: &Response<'_>,
    ) -> std::result::Result<Answer, Bad> {
        let (status, fields) = (response.status, &response.fields);
        let framing = of_response(&question.method, response)?;
        let stays = match response.version {
            Version::Http11 => !fields.has_token("connection", "close"),
            Version::Http10 => fields.has_token("connection", "keep-alive"),
        };
        let location = fields.get("location");
        Ok(Answer {
            status,
            line: format!("{status} {}", response.reason),
            location: location
                .filter(|to| is_redirect(status) && !to.is_empty())
                .map(str::to_owned),
            stays: stays && framing != Framing::UntilEnd && !question.closes(),
            framing,
            coded: codings(fields),
        })
    }

    /// Only a word on the way: the answer itself is still to come.
    fn is_interim(&self) -> bool {
        self.status < 200 && self.status != SWITCHING
    }
}

/// All but those that change no byte.
fn codings(fields: &Fields<'_>) -> String {
    let changes = |coding: &&str| {
        !["chunked", "identity"].iter().any(|none| coding.eq_ignore_ascii_case(none))
    };
    let codings: Vec<_> = fields.list("transfer-encoding").filter(changes).collect();
    text::safe(codings.join(", ").as_bytes())
}

/// The server wants the body.
const CONTINUE: u16 = 100;

/// Behind this head begins another protocol.
const SWITCHING: u16 = 101;

/// A server that knows the question answers at once; one that does not says nothing.
const FOR_A_WORD: Duration = Duration::from_secs(1);

/// Our end of a connection, with what has come over it and is not used up.
pub(super) struct Exchange<'a> {
    stream: &'a TcpStream,
    args: &'a Args,
    say: &'a Say,
    buffer: Vec<u8>,
    bytes: Vec<u8>,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(stream: &'a TcpStream, args: &'a Args, say: &'a Say) -> Self {
        Exchange { stream, args, say, buffer: vec![0; BUFFER], bytes: Vec::new() }
    }

    /// Sends the question and receives all of the answer.
    pub(super) fn ask(&mut self, question: &Question) -> Result<Heard> {
        let mut heard = match &question.body {
            Some(body) if question.expects_a_word() => {
                self.ask_and_wait(question, body)?
            }
            body => {
                let sent = self.send(question, body.as_deref());
                self.hear_after(sent, question)?
            }
        };
        if let Heard::Answer(answer) = &mut heard {
            self.hear_body(answer)?;
        }
        Ok(heard)
    }

    /// Head and body in one piece. A body from the command line is small: there is room for
    /// it on the way, so that we need not read meanwhile, as `tcp_client` does.
    fn send(&self, question: &Question, body: Option<&[u8]>) -> io::Result<()> {
        let (mut bytes, say) = (question.head(), self.say);
        tell('>', &bytes, say);
        if let Some(body) = body {
            say.note(format_args!("and a body of {} B", text::count(body.len() as u64)));
            bytes.extend(body);
        }
        send_all(self.stream, &bytes, say)
    }

    /// Whoever refuses a body may have stopped reading, and have said why.
    fn hear_after(&mut self, sent: io::Result<()>, question: &Question) -> Result<Heard> {
        let Err(error) = sent else { return self.hear_head(question) };
        let say = self.say;
        say.note("not all of it could be sent: is there an answer even so?");
        Ok(match self.hear_head(question)? {
            Heard::Nothing(_) => Heard::Nothing(error),
            answer => answer,
        })
    }

    /// `Expect: 100-continue`: the head goes first. A word from the server lets the body
    /// follow, an answer makes it superfluous, and many servers say nothing at all.
    fn ask_and_wait(&mut self, question: &Question, body: &[u8]) -> Result<Heard> {
        let (stream, say) = (self.stream, self.say);
        let sent = self.send(question, None);
        if sent.is_err() {
            return self.hear_after(sent, question);
        }
        say.note("the body waits for a word from the server");
        limit_reading(stream, Some(FOR_A_WORD), say).doing("set a time limit")?;
        let word = loop {
            match self.take_head(question)? {
                Some(answer) if !answer.is_interim() => break Some(answer),
                Some(answer) if answer.status == CONTINUE => break None,
                Some(_) => continue,
                None => {}
            }
            match self.receive_more() {
                Ok(()) => {}
                Err(error) if is_over_time(&error) => break None,
                Err(error) => return self.hear_after(Err(error), question),
            }
        };
        limit_reading(stream, None, say).doing("take a time limit away")?;
        if let Some(answer) = word {
            say.note("this is the answer already: the body is not sent");
            return Ok(Heard::Answer(Answer { stays: false, ..answer }));
        }
        say.note(format_args!("now the body, {} B", text::count(body.len() as u64)));
        let sent = send_all(stream, body, say);
        self.hear_after(sent, question)
    }

    /// Receives until the head of the answer is whole.
    fn hear_head(&mut self, question: &Question) -> Result<Heard> {
        let mut begun = false;
        loop {
            while let Some(answer) = self.take_head(question)? {
                if !answer.is_interim() {
                    return Ok(Heard::Answer(answer));
                }
                begun = true;
            }
            begun |= !self.bytes.is_empty();
            match self.receive_more() {
                Ok(()) => {}
                Err(error) if begun => return Err(cut_head(&self.bytes, error)),
                Err(error) => return Ok(Heard::Nothing(error)),
            }
        }
    }

    /// The head at the front, if it is whole; it is shown.
    fn take_head(&mut self, question: &Question) -> Result<Option<Answer>> {
        let parsed = parse_response(&self.bytes);
        let understood = parsed.and_then(|parsed| match parsed {
            Some((response, used)) => Ok(Some((Answer::of(question, &response)?, used))),
            None => Ok(None),
        });
        let understood =
            understood.map_err(|bad| no_answer(&self.bytes, &bad, &question.head()))?;
        let Some((answer, used)) = understood else { return Ok(None) };
        let head: Vec<u8> = self.bytes.drain(..used).collect();
        self.show_head(&head)?;
        Ok(Some(answer))
    }

    /// One recv. Here the end of the stream is never what we want.
    fn receive_more(&mut self) -> io::Result<()> {
        match receive(self.stream, &mut self.buffer, self.say)? {
            0 => Err(io::Error::new(ErrorKind::UnexpectedEof, "the stream ended")),
            n => {
                self.bytes.extend(&self.buffer[..n]);
                Ok(())
            }
        }
    }

    fn show_head(&self, head: &[u8]) -> Result<()> {
        let say = self.say;
        tell('<', head, say);
        if !self.args.include && !self.args.head {
            return Ok(());
        }
        let mut screen = output::Foreign::new();
        say.catching_up();
        screen.payload(head)?;
        screen.finish()
    }

    /// Receives the body and prints it as it comes, unless we are sent on.
    fn hear_body(&mut self, answer: &mut Answer) -> Result<()> {
        let say = self.say;
        if answer.status == SWITCHING {
            let why = "the server speaks another protocol from here on (101)";
            return Err(Error::because("go on", why)
                .with_hint("for a WebSocket: sockdemo ws-client"));
        }
        say.note(ends(answer.framing));
        if let Some(words) = left_as_it_is(answer) {
            say.note(words);
        }
        let mut incoming = Incoming::new(answer.framing);
        let goes_on = self.args.location && answer.location.is_some();
        let mut screen = (!goes_on).then(output::Foreign::new);
        let poured = self.pour(&mut incoming, &mut screen);
        let shown = screen.map_or(Ok(()), output::Foreign::finish);
        poured.and(shown)?;
        tell('<', incoming.trailers(), say);
        if let Some(words) = ended(answer.framing, &incoming) {
            say.note(words);
        }
        answer.stays &= incoming.is_whole();
        if !self.bytes.is_empty() {
            let behind = text::count(self.bytes.len() as u64);
            say.note(format_args!("{behind} B came behind it that belong to no answer"));
            answer.stays = false;
        }
        Ok(())
    }

    /// Receives until the body is whole, or until more has come than is worth skipping.
    fn pour(
        &mut self,
        incoming: &mut Incoming,
        screen: &mut Option<output::Foreign>,
    ) -> Result<()> {
        let say = self.say;
        let mut piece = Vec::new();
        loop {
            let taken = incoming.take(&self.bytes, &mut piece);
            if let Some(screen) = screen.as_mut().filter(|_| !piece.is_empty()) {
                say.catching_up();
                screen.payload(&piece)?;
            }
            piece.clear();
            let used = taken.map_err(|bad| Error::because(THE_BODY, bad.why))?;
            self.bytes.drain(..used);
            if incoming.is_whole() {
                return Ok(());
            }
            if screen.is_none() && incoming.so_far() > MAX_SKIPPED {
                say.note("too much to skip: a new connection is there sooner");
                return Ok(());
            }
            let received = receive(self.stream, &mut self.buffer, self.say);
            match (received, incoming.missing()) {
                (Ok(n @ 1..), _) => self.bytes.extend(&self.buffer[..n]),
                (Ok(_), None) => return Ok(()), // Its end was to be the end of the stream.
                (Ok(_), Some(missing)) => {
                    let why = format!("the stream ended early; {missing}");
                    let error = Error::because(THE_BODY, why);
                    return Err(match screen {
                        Some(_) => error.with_hint(CUT),
                        None => error.with_hint(SKIPPED),
                    });
                }
                (Err(error), missing) => {
                    let missing = missing.map(|missing| format!(" ({missing})"));
                    let missing = missing.unwrap_or_default();
                    return Err(error).doing(format_args!("{THE_BODY}{missing}"));
                }
            }
        }
    }
}

/// What came is not the head of an answer to what was sent.
pub(crate) fn no_answer(came: &[u8], bad: &Bad, sent: &[u8]) -> Error {
    let begin = &came[..came.len().min(4 * text::PREVIEW)];
    let begin = text::preview(begin, came.len());
    let doing = format!("understand the answer that begins with {begin}");
    let is_echo = sent.iter().zip(came).all(|(sent, came)| sent == came);
    Error::because(doing, bad.why).with_hint(match is_echo {
        true => "that is what we sent: an echo server listens there, such as tcp-server",
        false => "does the program that listens there speak HTTP/1?",
    })
}

/// The head of an answer has begun, and its end did not come.
pub(crate) fn cut_head(came: &[u8], error: io::Error) -> Error {
    let so_far = text::count(came.len() as u64);
    let doing = format!("receive the whole head of the answer ({so_far} B have come)");
    let is_tls = came.starts_with(&[0x15, 0x03]);
    let error = Error::of(doing, error);
    if is_tls {
        return error.with_hint("the server speaks TLS, as for https://; curl does, too");
    }
    error
}

/// What to ask when an answer does not even begin.
pub(crate) const NOTHING: &str =
    "nothing came at all: is this a server for HTTP, and not one for https://?";

const THE_BODY: &str = "receive the whole body";

const CUT: &str = "what came of it has been printed: it is not all";

const SKIPPED: &str = "it belongs to a redirect: nothing of it was to be printed";

/// Each line of a head, so marked that nobody takes it for a line of the body.
fn tell(mark: char, head: &[u8], say: &Say) {
    for line in text::safe_lines(head).lines() {
        say.note(format_args!("{mark} {line}"));
    }
}

/// How we shall know the end of the body.
fn ends(framing: Framing) -> String {
    match framing {
        Framing::Length(0) => "there is no body".to_owned(),
        Framing::Length(n) => format!("now the body: {} B", text::count(n)),
        Framing::Chunked => "now the body: chunks, the last one has 0 B".to_owned(),
        Framing::UntilEnd => "now the body: it ends with the stream".to_owned(),
    }
}

/// What the server did to it and nobody here can undo.
fn left_as_it_is(answer: &Answer) -> Option<String> {
    let coded = &answer.coded;
    let is_coded = !coded.is_empty() && answer.framing != Framing::Length(0);
    is_coded.then(|| format!("it is printed as it came: nobody here undoes {coded}"))
}

/// What is known once it has ended.
fn ended(framing: Framing, incoming: &Incoming) -> Option<String> {
    let so_far = text::count(incoming.so_far());
    match framing {
        Framing::Length(0) => None,
        _ if incoming.is_whole() => Some(format!("that was all of the body: {so_far} B")),
        Framing::UntilEnd => Some(format!(
            "{so_far} B up to the end of the stream: whether that is all, nobody can tell"
        )),
        _ => None,
    }
}
