//! What a way costs, and the table of it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::kit::event::{Call, Event, Phase};
use crate::kit::text::{count, duration};
use crate::kit::view::{Ink, Page, View};

/// How a client hears of news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    Short,
    Long,
    Stream,
    Socket,
}

/// All of them, in the order of the lesson.
pub(super) const WAYS: [Way; 4] = [Way::Short, Way::Long, Way::Stream, Way::Socket];

impl Way {
    fn name(self) -> &'static str {
        match self {
            Way::Short => "short polling",
            Way::Long => "long polling",
            Way::Stream => "server-sent events",
            Way::Socket => "WebSocket",
        }
    }

    /// What is asked for.
    pub(super) fn path(self) -> &'static str {
        match self {
            Way::Short => "/news",
            Way::Long => "/news/wait",
            Way::Stream => "/news/stream",
            Way::Socket => "/news/socket",
        }
    }
}

/// What one client has seen, and what the server did for it.
#[derive(Debug)]
pub(super) struct Cost {
    pub(super) way: Way,
    pub(super) requests: u64,
    pub(super) connections: u64,
    pub(super) sent: u64,
    pub(super) received: u64,
    /// When each piece of news was there.
    pub(super) heard: Vec<Instant>,
    pub(super) delays: Vec<Duration>,
    /// recv and send, by the server, for this client.
    pub(super) calls: u64,
}

impl Cost {
    pub(super) fn take_delays(&mut self, published: &[Instant]) {
        let pairs = self.heard.iter().zip(published);
        self.delays = pairs.map(|(heard, said)| heard.duration_since(*said)).collect();
        self.delays.sort();
    }

    fn mean(&self) -> Duration {
        let number = u32::try_from(self.delays.len()).unwrap_or(u32::MAX).max(1);
        self.delays.iter().sum::<Duration>() / number
    }

    /// Ninety-nine of a hundred pieces were there by then.
    fn late(&self) -> Duration {
        let place = (self.delays.len() * 99).div_ceil(100);
        self.delays.get(place.saturating_sub(1)).copied().unwrap_or_default()
    }

    fn bytes(&self) -> u64 {
        self.sent + self.received
    }
}

/// What the columns are, once for all tables.
pub(super) const COLUMNS: &str = "
      asked, conns: requests and connections of this client
    sent, received: bytes of this client, heads and frames included
        mean, 99 %: from publishing a piece to hearing of it; 99 of 100 by then
             calls: send and recv of the server for this client
";

/// The figures, and who is best at what.
pub(super) fn table(costs: &[Cost], delay: Option<Duration>) -> String {
    let network = match delay {
        None => "over loopback".to_owned(),
        Some(delay) => format!("{} each way", duration(delay)),
    };
    let mut out = format!(
        "{network:<18}  asked  conns       sent   received     mean     99 %  calls\n"
    );
    for cost in costs {
        let _ = writeln!(
            out,
            "{:<18} {:>6} {:>6} {:>10} {:>10} {:>8} {:>8} {:>6}",
            cost.way.name(),
            count(cost.requests),
            cost.connections,
            count(cost.sent),
            count(cost.received),
            duration(cost.mean()),
            duration(cost.late()),
            count(cost.calls)
        );
    }
    for (figure, ways) in [
        ("fewest bytes", best(costs, Cost::bytes, count)),
        ("fewest calls", best(costs, |cost| cost.calls, count)),
        ("soonest", best(costs, Cost::mean, duration)),
    ] {
        let _ = writeln!(out, "{figure:>18}: {ways}");
    }
    out
}

/// All ways whose figure looks like the smallest: what is shown alike is no victory.
fn best<T: Ord>(
    costs: &[Cost],
    figure: impl Fn(&Cost) -> T,
    shown: impl Fn(T) -> String,
) -> String {
    let least = costs.iter().map(&figure).min().map(&shown);
    let is_best = |cost: &&Cost| Some(shown(figure(cost))) == least;
    let names: Vec<_> =
        costs.iter().filter(is_best).map(|cost| cost.way.name()).collect();
    names.join(", ")
}

/// Counts the server's calls, read from its log: a note says which way a connection is
/// used, and from then on its calls are that way's.
#[derive(Clone, Debug, Default)]
pub(super) struct Count(Arc<Mutex<Calls>>);

#[derive(Debug, Default)]
pub(super) struct Calls {
    ways: BTreeMap<u32, Way>,
    calls: BTreeMap<u32, u64>,
}

impl Count {
    /// A page of the log that counts.
    pub(super) fn new() -> (Count, Page) {
        let counter = Count::default();
        let view = Box::new(counter.clone());
        (counter, Page::screen(view, Box::new(io::sink()), Ink(false)).subject())
    }

    pub(super) fn of(&self, way: Way) -> u64 {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = |(number, n): (&u32, &u64)| {
            (calls.ways.get(number) == Some(&way)).then_some(*n)
        };
        calls.calls.iter().filter_map(own).sum()
    }
}

impl View for Count {
    fn show(&mut self, event: &Event, _page: &mut String) {
        let Some(number) = event.connection else { return };
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if event.phase == Phase::End
            && matches!(event.call, Some(Call::Recv | Call::Send))
        {
            // One event may stand for several calls of the same kind.
            *calls.calls.entry(number).or_default() +=
                event.run.as_ref().map_or(1, |run| run.calls);
        }
        let asked =
            event.text.as_deref().and_then(|text| text.strip_prefix("the request: GET "));
        if let Some(target) = asked {
            let path = target.split('?').next().unwrap_or_default();
            if let Some(way) = WAYS.into_iter().find(|way| way.path() == path) {
                calls.ways.insert(number, way);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A way that has sent so much, needed so many calls, and so many microseconds.
    fn cost(way: Way, sent: u64, calls: u64, micros: u64) -> Cost {
        Cost {
            way,
            requests: 1,
            connections: 1,
            sent,
            received: 100,
            heard: Vec::new(),
            delays: vec![Duration::from_micros(micros)],
            calls,
        }
    }

    #[test]
    fn a_tie_has_no_winner() {
        let costs = [
            cost(Way::Short, 10, 3, 90_000),
            cost(Way::Long, 20, 5, 50_900),
            cost(Way::Stream, 10, 3, 51_100),
            cost(Way::Socket, 30, 3, 51_400),
        ];
        let table = table(&costs, None);
        let verdicts: Vec<_> = table.lines().skip(5).map(str::trim_start).collect();
        let expected = [
            "fewest bytes: short polling, server-sent events",
            "fewest calls: short polling, server-sent events, WebSocket",
            "soonest: long polling, server-sent events, WebSocket",
        ];
        assert_eq!(verdicts, expected, "50.9, 51.1 and 51.4 ms all look like 51 ms");
    }
}
