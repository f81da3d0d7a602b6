//! `sockdemo compare`: the same news fetched in four ways at the same time, and what each
//! way costs.
//!
//! One server publishes. Four clients, a thread each, hear of it: by short polling, by long
//! polling, by server-sent events and over a WebSocket. The clients count what goes through
//! their sockets, the server's calls are counted in its log.

mod cost;
mod fetch;

use std::convert::Infallible;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded, select};

use self::cost::{Cost, Count, WAYS};
use self::fetch::Fetcher;
use crate::course::page::{self, Page};
use crate::course::tour::any_port;
use crate::demos::forward::{self, Network};
use crate::demos::tcp_server::{Serving, listen};
use crate::kit::error::{Doing, Error, Result};
use crate::kit::log::Log;
use crate::kit::output;
use crate::kit::say::Say;
use crate::kit::stop::{Stop, StopLine};
use crate::kit::text;
use crate::proto::faults::Faults;
use crate::proto::random::Random;

/// The same news in four ways, and what each of them costs
///
/// Publishes news, and fetches it in four ways at the same time: first when news is rare,
/// then when there is much; each time over loopback and through a network with a delay.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Short polling asks this often
    #[arg(long, value_name = "SECONDS", value_parser = text::seconds, default_value = "0.1")]
    pub interval: Duration,

    /// What the slow network adds in each direction
    #[arg(long, value_name = "SECONDS", value_parser = text::seconds, default_value = "0.05")]
    pub delay: Duration,

    /// Instead of the two usual ones: so much news
    #[arg(long, value_name = "N", requires = "every")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub news: Option<u32>,

    /// ...a piece this often
    #[arg(long, value_name = "SECONDS", value_parser = text::seconds, requires = "news")]
    pub every: Option<Duration>,
}

/// How much there is to tell, and how often.
#[derive(Clone, Copy, Debug)]
struct Pace {
    news: u32,
    every: Duration,
}

/// A piece a second is much for a newspaper and little for a game.
const RARE: Pace = Pace { news: 8, every: Duration::from_millis(400) };
const MUCH: Pace = Pace { news: 300, every: Duration::from_millis(5) };

/// Short polling is the only way in which nobody waits at the server.
const READERS: usize = WAYS.len() - 1;

/// The same irregular moments each time.
const SEED: u64 = 15;

/// Measures, and shows the tables.
pub fn run(args: &Args, stop: &Stop) -> Result<()> {
    let paces = match (args.news, args.every) {
        (Some(news), Some(every)) => vec![Pace { news, every }],
        _ => vec![RARE, MUCH],
    };
    let mut columns = cost::COLUMNS; // Said behind the first table.
    for (i, pace) in paces.into_iter().enumerate() {
        let gap = if i > 0 { "\n" } else { "" };
        output::payload(format!("{gap}{}", pace.title(args.interval)).as_bytes())?;
        for delay in [None, Some(args.delay)] {
            aside(&pace.patience(args.interval, delay))?;
            let outcome = measure(pace, args.interval, delay, stop);
            if stop.requested() {
                return Ok(()); // Whatever failed, failed because we are leaving.
            }
            let table = cost::table(&outcome?, delay);
            output::payload(format!("\n{table}{columns}").as_bytes())?;
            columns = "";
        }
    }
    Ok(())
}

/// What waits says for how long.
fn aside(words: &str) -> Result<()> {
    writeln!(output::Aside::new(), "{words}").doing("write to standard error")
}

impl Pace {
    fn title(self, interval: Duration) -> String {
        let (every, interval) = (text::duration(self.every), text::duration(interval));
        let news = match self.news {
            1 => format!("1 piece of news, after {every}"),
            many => format!("{many} pieces of news, one every {every}"),
        };
        format!("{news}. Short polling asks every {interval}.\n")
    }

    /// The last piece waits for the next question of short polling, which goes there and
    /// comes back.
    fn patience(self, interval: Duration, delay: Option<Duration>) -> String {
        let takes = self.every * self.news + interval + 2 * delay.unwrap_or_default();
        format!("measuring: this takes about {}", text::duration(takes))
    }
}

/// Four clients, one server, and perhaps a slow road between them.
fn measure(
    pace: Pace,
    interval: Duration,
    delay: Option<Duration>,
    stop: &Stop,
) -> Result<Vec<Cost>> {
    let (count, page) = Count::new();
    let log = Log::start(vec![page], None, stop).doing("start the log's thread")?;
    let site = &Page::default();
    let quiet = Say::new("compare", None);
    let listener = listen(&any_port(), &quiet)?;
    let server = listener.local_addr().doing("ask for our own address")?;
    let voice = log.speaker("server");

    let costs = thread::scope(|scope| {
        let (line, ours) = Stop::by_hand();
        let serve =
            move || page::serve(listener, &Serving::default(), site, &ours, &voice);
        let serving = start(scope, serve)?;
        let road = delay.map(|delay| Road::build(scope, server, delay)).transpose()?;
        let addr = road.as_ref().map_or(server, |road| road.addr);

        let (give, given) = bounded(WAYS.len());
        for way in WAYS {
            let fetcher = Fetcher::new(way, addr, pace.news.into())?;
            let give = give.clone();
            start(scope, move || give.send(fetcher.fetch(interval, stop)))?;
        }
        drop(give); // So there is an end of what is given.
        wait_for_readers(scope, site, &given, stop)?;
        let published = publish(site, pace, stop);
        let mut costs =
            WAYS.iter().map(|_| next(&given, stop)).collect::<Result<Vec<_>>>()?;
        drop(road.map(|road| road.line));
        drop(line);
        serving.join().unwrap_or_else(|_| Err(panicked()))?;
        costs.sort_by_key(|cost| cost.way);
        costs.iter_mut().for_each(|cost| cost.take_delays(&published));
        Ok(costs)
    });
    let counted = log.finish().doing("read the server's log");
    let (mut costs, ()) = (costs?, counted?);
    for cost in &mut costs {
        cost.calls = count.of(cost.way);
    }
    Ok(costs)
}

fn panicked() -> Error {
    Error::because("compare", "one of the threads panicked")
}

fn stopped() -> Error {
    Error::because("compare", "asked to stop")
}

/// Waits until all have come to the server who are going to wait there. A piece that is
/// published earlier waits for them, and that is no part of what a way costs.
fn wait_for_readers<'scope>(
    scope: &'scope Scope<'scope, '_>,
    site: &'scope Page,
    given: &Receiver<Result<Cost>>,
    stop: &Stop,
) -> Result<()> {
    let (open, all_here) = bounded::<Infallible>(0);
    let wait = move || {
        site.wait_for_readers(READERS);
        drop(open);
    };
    start(scope, wait)?;
    let outcome = select! {
        recv(all_here) -> _ => return Ok(()),
        recv(stop.channel()) -> _ => Err(stopped()),
        // Before there is any news nobody can have all of it.
        recv(given) -> early => early.unwrap_or_else(|_| Err(panicked())).map(drop),
    };
    site.close(); // Lets the thread go that waits.
    outcome
}

/// What the next one has spent, unless we are asked to stop: then the server ends their
/// streams, and they their work.
fn next(given: &Receiver<Result<Cost>>, stop: &Stop) -> Result<Cost> {
    select! {
        recv(given) -> cost => cost.unwrap_or_else(|_| Err(panicked())),
        recv(stop.channel()) -> _ => Err(stopped()),
    }
}

fn start<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>> {
    thread::Builder::new().spawn_scoped(scope, work).doing("start a thread")
}

/// Publishes at this pace, once everybody listens; gives the moment of each piece.
fn publish(site: &Page, pace: Pace, stop: &Stop) -> Vec<Instant> {
    // Regular news and regular questions would always meet at the same distance.
    let (mut moments, mut random) = (Vec::new(), Random::of(SEED, "news"));
    for n in 1..=pace.news {
        let percent = random.between(50, 150);
        if stop.within(pace.every.mul_f64(percent as f64 / 100.0)) {
            break;
        }
        moments.push(Instant::now());
        site.publish(&format!("news number {n}"));
    }
    moments
}

/// A forwarder that lets time pass.
struct Road {
    addr: SocketAddr,
    line: StopLine,
}

impl Road {
    fn build<'scope>(
        scope: &'scope Scope<'scope, '_>,
        server: SocketAddr,
        delay: Duration,
    ) -> Result<Road> {
        let listener = TcpListener::bind("127.0.0.1:0").doing("listen")?;
        let addr = listener.local_addr().doing("ask for our own address")?;
        let ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        let faults = Faults::delay(ms);
        let network =
            Network { up: Some(faults.clone()), down: Some(faults), seed: None };
        let args = forward::Args::between(addr, server, network);
        let (line, ours) = Stop::by_hand();
        let quiet = Say::new("compare", None);
        start(scope, move || forward::serve(listener, &args, &ours, &quiet))?;
        Ok(Road { addr, line })
    }
}
