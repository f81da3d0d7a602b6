//! What a check says to a feed, and what it hears: pieces of news, and those who wait.

use std::time::{Duration, Instant};

use crate::course::trial::{Caller, Finding, Outcome, Trial};
use crate::kit::text::duration;

/// Later than this is too late, also on a busy machine.
const LATE: Duration = Duration::from_secs(2);

/// Many programs ask for a queue of five.
const QUEUE: usize = 5;

/// What clocks and the rounding of milliseconds may take away from a limit.
const EARLY: Duration = Duration::from_millis(30);

pub(super) const SINGLE: &str =
    "one thread serves all: while a request is parked, it serves nobody else";
pub(super) const AT_ONCE: &str =
    "it answers at once with what there is, even if that is nothing";
pub(super) const LIMITLESS: &str = "the wait has no time limit";
pub(super) const UNIT: &str = "the limit is not in milliseconds";
pub(super) const ANEW: &str = "the limit begins anew whenever somebody is woken";
pub(super) const LOOKS: &str =
    "a loop sleeps for a while and looks, instead of being woken by the news";
const KEPT_OPEN: &str = "the connection is kept after the answer";

/// The pieces of news, as the check has brought them. Piece N stands at N - 1.
#[derive(Debug, Default)]
pub(super) struct Feed {
    pub(super) pieces: Vec<String>,
}

impl Feed {
    /// How many there are.
    pub(super) fn newest(&self) -> usize {
        self.pieces.len()
    }

    /// What a client is to hear who has all up to `after`.
    pub(super) fn newer(&self, after: usize) -> String {
        let numbered = (1..).zip(&self.pieces).skip(after);
        numbered.map(|(number, text)| format!("{number} {text}\n")).collect()
    }

    /// Brings a piece, which gets the next number.
    pub(super) fn publishes(&mut self, trial: &mut Trial) -> Outcome {
        let text = format!("{} {}", trial.random.word(5), trial.random.word(7));
        self.posts(trial, &text)
    }

    /// Brings this piece.
    pub(super) fn posts(&mut self, trial: &mut Trial, text: &str) -> Outcome {
        let mut caller = trial.caller()?;
        caller.sends(post(text).as_bytes())?;
        self.is_numbered(caller, text)
    }

    /// The piece that this caller has brought gets the next number.
    pub(super) fn is_numbered(&mut self, caller: Caller, text: &str) -> Outcome {
        let number = self.pieces.len() + 1;
        self.pieces.push(text.to_owned());
        let answer = hears(caller, "POST /news")?;
        answer.is(201, &format!("{number}\n"))
    }
}

/// So many connections, never more at once than the shortest queue of a listener holds.
pub(super) fn connect(trial: &mut Trial, many: usize) -> Outcome<Vec<Caller>> {
    let mut all = Vec::new();
    while all.len() < many {
        if all.len() % QUEUE == 0 && !all.is_empty() {
            trial.accepts_everybody()?;
        }
        all.push(trial.caller()?);
    }
    Ok(all)
}

/// The request that brings a piece of news.
pub(super) fn post(text: &str) -> String {
    let length = text.len();
    let fields = "Host: localhost\r\nConnection: close\r\nContent-Type: text/plain";
    format!("POST /news HTTP/1.1\r\n{fields}\r\nContent-Length: {length}\r\n\r\n{text}")
}

/// A client that has asked for what is newer, and has not been answered.
#[derive(Debug)]
pub(super) struct Parked {
    pub(super) caller: Caller,
    after: usize,
    limit: Duration,
    since: Instant,
}

impl Parked {
    /// Asks, on a connection of its own.
    pub(super) fn asks(trial: &mut Trial, after: usize, limit: u64) -> Outcome<Parked> {
        Parked::asks_on(trial.caller()?, after, limit)
    }

    /// Asks on this connection.
    pub(super) fn asks_on(
        mut caller: Caller,
        after: usize,
        limit: u64,
    ) -> Outcome<Parked> {
        let since = Instant::now();
        let target = format!("/wait?after={after}&limit={limit}");
        let fields = "Host: localhost\r\nConnection: close";
        caller.sends(format!("GET {target} HTTP/1.1\r\n{fields}\r\n\r\n").as_bytes())?;
        Ok(Parked { caller, after, limit: Duration::from_millis(limit), since })
    }

    /// Asks, and the program has taken the request.
    pub(super) fn is_parked(
        trial: &mut Trial,
        after: usize,
        limit: u64,
    ) -> Outcome<Parked> {
        let parked = Parked::asks(trial, after, limit)?;
        parked.caller.waits_until_taken();
        Ok(parked)
    }

    /// So many ask for the same, and the program has taken their requests.
    pub(super) fn are_parked(
        trial: &mut Trial,
        many: usize,
        after: usize,
        limit: u64,
    ) -> Outcome<Vec<Parked>> {
        let all = connect(trial, many)?;
        let all = all.into_iter().map(|caller| Parked::asks_on(caller, after, limit));
        let all = all.collect::<Outcome<Vec<_>>>()?;
        // Each look takes a while, and mostly the others have been taken meanwhile.
        all.iter().rev().step_by(8).for_each(|parked| parked.caller.waits_until_taken());
        Ok(all)
    }

    fn request(&self) -> String {
        let (after, limit) = (self.after, self.limit.as_millis());
        format!("GET /wait?after={after}&limit={limit}")
    }

    /// Is there an answer within this time?
    pub(super) fn is_answered_within(&self, time: Duration) -> Outcome<bool> {
        self.caller.is_spoken_to_within(time)
    }

    /// The answer comes soon, with at least one piece that is newer. Says how many.
    pub(super) fn hears_some_of(self, feed: &Feed) -> Outcome<usize> {
        let (request, after) = (self.request(), self.after);
        let answer = hears(self.caller, &request)?;
        let many = answer.lines().len().max(1);
        let newer = feed.newer(after);
        let some: String = newer.split_inclusive('\n').take(many).collect();
        answer.is(200, &some).map(|()| many)
    }

    /// For so long no answer comes.
    pub(super) fn hears_nothing(&mut self, time: Duration) -> Outcome {
        let heard = match self.caller.catches(time)? {
            Some(heard) if heard.is_empty() => return Ok(()),
            heard => heard.unwrap_or_default(),
        };
        let after = duration(self.since.elapsed());
        let words = format!(
            "{}: answered after {after}, and there is nothing newer",
            self.request()
        );
        let finding = match heard.as_slice() {
            [] => Finding::new(format!("{}: the connection ended", self.request())),
            _ => Finding::differs(&words, b"", &heard),
        };
        Err(finding.because(AT_ONCE))
    }

    /// The answer, with all pieces that are newer, comes soon: something has just happened.
    pub(super) fn hears_newer(mut self, feed: &Feed) -> Outcome<Duration> {
        let (request, after) = (self.request(), self.after);
        let begun = Instant::now();
        self.caller.waits_for_a_byte().map_err(|finding| named(&request, finding))?;
        let took = begun.elapsed();
        hears(self.caller, &request)?.is(200, &feed.newer(after))?;
        if took > LATE {
            let words = format!("answered {} after the news came", duration(took));
            return Err(Finding::new(format!("{request}: {words}")).because(LOOKS));
        }
        Ok(took)
    }

    /// The limit is over, and there is nothing: that comes neither early nor late.
    pub(super) fn gives_up(self) -> Outcome {
        let (request, since, limit) = (self.request(), self.since, self.limit);
        let answer = hears(self.caller, &request);
        let answer = answer.map_err(|finding| match finding.has_waited() {
            true => finding.or_because(LIMITLESS),
            false => finding,
        })?;
        let took = since.elapsed();
        answer.is(204, "")?;
        if took + EARLY < limit {
            let words = format!("{request}: given up after {}", duration(took));
            return Err(Finding::new(words).because(UNIT));
        }
        if took > limit + LATE {
            let words = format!("{request}: given up after {}", duration(took));
            return Err(Finding::new(words).because(ANEW));
        }
        Ok(())
    }
}

/// An answer, taken apart.
#[derive(Debug)]
pub(super) struct Answer {
    request: String,
    status: u16,
    body: Vec<u8>,
}

/// Hears an answer and the end of the stream behind it.
pub(super) fn hears(mut caller: Caller, request: &str) -> Outcome<Answer> {
    caller.waits_for_a_byte().map_err(|finding| named(request, finding))?;
    let heard = caller.hears_to_end().map_err(|finding| {
        let some = finding.seen_bytes().is_some_and(|seen| !seen.is_empty());
        match some && finding.has_waited() {
            true => named(request, finding.because(KEPT_OPEN)),
            false => named(request, finding),
        }
    })?;
    Answer::parse(request, &heard)
}

/// With the request to which the answer was due.
pub(super) fn named(request: &str, mut finding: Box<Finding>) -> Box<Finding> {
    finding.seen = format!("{request}: {}", finding.seen);
    finding
}

impl Answer {
    fn parse(request: &str, heard: &[u8]) -> Outcome<Answer> {
        let wrong = |words: &str, wanted: &[u8]| {
            let finding = Finding::differs(&format!("{request}: {words}"), wanted, heard);
            Err(finding)
        };
        let end = heard.windows(4).position(|four| four == b"\r\n\r\n");
        let Some(end) = end else {
            return wrong("the answer's head does not end (CR LF CR LF)", b"HTTP/1.1 ");
        };
        let head = String::from_utf8_lossy(heard.get(..end).unwrap_or_default());
        let body = heard.get(end + 4..).unwrap_or_default().to_vec();
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let mut words = first.split(' ');
        let version = words.next().filter(|word| word.starts_with("HTTP/1."));
        let status = words.next().and_then(|word| word.parse().ok());
        let Some((_, status)) = version.zip(status) else {
            return wrong("the answer begins with no status line", b"HTTP/1.1 ");
        };
        for (name, value) in lines.filter_map(|field| field.split_once(':')) {
            let is = |known| name.eq_ignore_ascii_case(known);
            if is("transfer-encoding") {
                let words = "the answer comes in chunks, which are not spoken of here";
                return Err(Finding::new(format!("{request}: {words}")));
            }
            if is("content-length") && value.trim() != body.len().to_string() {
                let (said, came) = (value.trim(), body.len());
                let words = format!("Content-Length is {said}, and {came} bytes came");
                return wrong(&words, b"");
            }
        }
        Ok(Answer { request: request.to_owned(), status, body })
    }

    /// It has this status and this body.
    fn is(&self, status: u16, body: &str) -> Outcome {
        let Answer { request, .. } = self;
        if self.status != status {
            let words =
                format!("{request}: answered with {} instead of {status}", self.status);
            let finding = Finding::differs(&words, body.as_bytes(), &self.body);
            return Err(match self.body == body.as_bytes() {
                true => Finding::new(words),
                false => finding,
            });
        }
        if self.body != body.as_bytes() {
            let words = format!("{request}: another body than expected");
            return Err(Finding::differs(&words, body.as_bytes(), &self.body));
        }
        Ok(())
    }

    /// The lines of its body.
    pub(super) fn lines(&self) -> Vec<String> {
        String::from_utf8_lossy(&self.body).lines().map(str::to_owned).collect()
    }

    /// It has this status.
    pub(super) fn has(&self, status: u16) -> Outcome {
        let body = String::from_utf8_lossy(&self.body);
        self.is(status, &body)
    }
}
