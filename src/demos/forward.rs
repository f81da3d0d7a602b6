//! `sockdemo forward`: a server in front, a client behind, and bytes carried both ways.
//!
//! The accept loop is `tcp-server`'s. Each caller has a thread that connects to the target
//! and then carries what the caller sends; a second thread carries what the target sends.
//! Each blocks in recv on one socket and in send on the other. With `--udp` there are no
//! connections: see `datagrams.rs`.

mod datagrams;
mod direction;
mod door;
mod dump;
mod post;
mod road;
mod way;

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::bounded;

use self::direction::Direction;
use self::door::Door;
use self::dump::Dump;
use self::road::Roads;
use self::way::{Shared, Side, Way};
use crate::demos::tcp_client::connect;
use crate::demos::tcp_server::farewell::{say_goodbye, see_off};
use crate::demos::tcp_server::{Serving, limit_time, listen, serve_each_client};
use crate::kit::addr::{Addr, own_door};
use crate::kit::clients::{Clients, Numbers};
use crate::kit::error::{Doing, Error, Result};
use crate::kit::limits;
use crate::kit::output;
use crate::kit::say::Say;
use crate::kit::stop::Stop;
use crate::kit::text;
use crate::proto::faults::Faults;

/// A caller has two sockets: its own and the one to the target.
const DESCRIPTORS: usize = 2;

/// Forward a port: accept here, connect there, carry both ways
///
/// What callers send goes to the target, and what it sends comes back: bytes, the ends of
/// the streams, and resets. On the way there can be a firewall and a bad network.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Where to listen.
    #[arg(help = "Where to listen: HOST:PORT, [V6]:PORT, :PORT or PORT (0: any port)")]
    pub listen: Addr,

    /// Where to carry it.
    #[arg(help = "Where to carry it: HOST:PORT, [V6]:PORT, :PORT or PORT")]
    pub target: Addr,

    /// Forward datagrams, as a NAT does: a socket to the target for each caller, forgotten
    /// after a minute of silence, or --idle-timeout
    #[arg(long)]
    pub udp: bool,

    /// Show the table of a NAT whenever it changes
    #[arg(long, requires = "udp")]
    pub table: bool,

    /// Show on standard output all that passes, in numbers and characters
    #[arg(long)]
    pub dump: bool,

    /// Give up connecting to the target after this long
    #[arg(long, value_name = "SECONDS", value_parser = text::seconds)]
    pub connect_timeout: Option<Duration>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub serving: Serving,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub door: Door,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub network: Network,
}

/// What the road between the two sides is like.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Bad network")]
pub struct Network {
    /// What befalls all that callers send: delay=50ms,split=3
    #[arg(long, value_name = "FAULTS")]
    pub up: Option<Faults>,

    /// What befalls all that the target sends
    #[arg(long, value_name = "FAULTS")]
    pub down: Option<Faults>,

    /// Where chance comes from: the same number, the same faults [default: any]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

impl Args {
    /// Is there something that cannot be had together?
    pub fn contradiction(&self) -> Option<String> {
        if self.udp && self.serving.once {
            return Some(
                "--once: datagrams have no end that could be waited for".to_owned(),
            );
        }
        if self.udp && self.connect_timeout.is_some() {
            return Some("--connect-timeout: datagrams need no connection".to_owned());
        }
        [&self.network.up, &self.network.down].into_iter().flatten().find_map(|faults| {
            let unfit = match self.udp {
                true => faults.unfit_for_datagrams(),
                false => faults.unfit_for_streams(),
            };
            Some(match self.udp {
                true => format!("{}: datagrams are no stream", unfit?),
                false => format!("{}: a stream has no datagrams; see --udp", unfit?),
            })
        })
    }
}

impl Args {
    /// A forwarder from here to there through this network, with nothing else.
    pub(crate) fn between(from: SocketAddr, to: SocketAddr, network: Network) -> Args {
        Args {
            listen: from.into(),
            target: to.into(),
            udp: false,
            table: false,
            dump: false,
            connect_timeout: None,
            serving: Serving::default(),
            door: Door::default(),
            network,
        }
    }

    /// A forwarder to itself would call itself until it has no descriptor left. A target
    /// that is no address at all is better said now than to the first caller.
    fn leads_elsewhere(&self, own: SocketAddr) -> Result<()> {
        let target = &self.target;
        let targets = target.resolve().doing(format_args!("look up {target}"))?;
        if targets.iter().any(|target| *target == own || *target == own_door(own)) {
            let why = "that is where we listen ourselves";
            return Err(Error::because(format_args!("forward to {target}"), why));
        }
        Ok(())
    }
}

/// Forwards until somebody pulls `stop`.
pub fn run(args: &Args, stop: &Stop, say: &Say) -> Result<()> {
    if args.udp {
        return datagrams::run(args, &Roads::new(&args.network), stop, say);
    }
    let listener = listen(&args.listen, say)?;
    let addr = listener.local_addr().doing("ask for our own address")?;
    args.leads_elsewhere(addr)?;
    output::listening_on(addr)?;
    serve(listener, args, stop, say)
}

/// The same for a listener that is there already.
pub(crate) fn serve(
    listener: TcpListener,
    args: &Args,
    stop: &Stop,
    say: &Say,
) -> Result<()> {
    let roads = Roads::new(&args.network);
    let addr = listener.local_addr().doing("ask for our own address")?;
    roads.announce(args, addr, say);
    let limit = limits::clients_by_descriptors() / DESCRIPTORS;
    let places = args.serving.max_clients.map_or(limit, |n| limit.min(n as usize));
    let max_clients = u32::try_from(places).ok();
    let serving = Serving { max_clients, ..args.serving.clone() };
    let targets = Clients::with_room_for(places, &Numbers::default());
    let relay = Relay { args, roads: &roads, targets, stop };
    thread::scope(|scope| {
        let (over, ended) = bounded::<Infallible>(0);
        let (targets, voice) = (&relay.targets, say.named("back").on_thread("goodbye"));
        let let_targets_go = move || {
            if stop.wait_unless(&ended) {
                targets.close_the_door();
                say_goodbye(targets, &voice);
            }
        };
        let stopper = thread::Builder::new().spawn_scoped(scope, let_targets_go);
        stopper.doing("start a thread")?;
        let serve =
            |number, caller: &Arc<TcpStream>, say: &Say| relay.carry(number, caller, say);
        let outcome = serve_each_client(listener, &serving, stop, say, serve);
        drop(over); // Lets the stopper go.
        outcome
    })?;
    roads.report(args, addr, say);
    Ok(())
}

/// What the thread of each caller needs to know.
struct Relay<'a> {
    args: &'a Args,
    roads: &'a Roads,
    /// The connections behind, so that stopping can reach them.
    targets: Clients,
    stop: &'a Stop,
}

impl Relay<'_> {
    /// One caller, from the firewall to the last byte.
    fn carry(&self, number: u32, caller: &TcpStream, say: &Say) -> io::Result<()> {
        if !self.args.door.lets_in(caller, caller.peer_addr()?, self.stop, say) {
            return Ok(());
        }
        let back = say.named("back");
        let Some(target) = self.connect(caller, say, &back) else { return Ok(()) };
        let Ok((place, target)) = self.targets.enter(target) else { return Ok(()) };
        let back = back.about(&*target);
        let front = Side { stream: caller, say: say.about(caller) };
        let behind = Side { stream: &target, say: back.about(&*target) };
        let outcome = self
            .set_up(&front, &behind)
            .and_then(|()| self.carry_both_ways(number, &front, &behind));
        see_off(place, target, &self.targets, &back);
        outcome
    }

    /// Calls the target. A refusal behind is told in front, with a reset.
    fn connect(&self, caller: &TcpStream, say: &Say, back: &Say) -> Option<TcpStream> {
        let (target, limit) = (self.args.target.clone(), self.args.connect_timeout);
        let voice = back.on_thread("connect");
        let connect = move || connect(&target, limit, &voice);
        let connected =
            self.stop.unless_first("connect", connect).doing("start a thread");
        match connected.and_then(Option::transpose) {
            Ok(target) => target, // Or we are asked to stop.
            Err(error) => {
                say.note(format_args!("{error}: the caller is told with a reset"));
                door::reset(caller, say);
                None
            }
        }
    }

    /// Bytes are not to wait here for company, and nobody waits longer than is allowed.
    fn set_up(&self, front: &Side, behind: &Side) -> io::Result<()> {
        for Side { stream, say } in [front, behind] {
            let set = stream.set_nodelay(true);
            say.set("TCP_NODELAY on", &set);
            set?;
        }
        limit_time(behind.stream, self.args.serving.idle_timeout, &behind.say)
    }

    /// Two threads: this one carries up, a second one down.
    fn carry_both_ways(
        &self,
        number: u32,
        front: &Side,
        behind: &Side,
    ) -> io::Result<()> {
        let shared = &Shared::default();
        let way = |direction: Direction| {
            let (front, behind) = (
                front.on_thread(direction.thread()),
                behind.on_thread(direction.thread()),
            );
            let (from, to) = match direction {
                Direction::Up => (front, behind),
                Direction::Down => (behind, front),
            };
            let dump = Dump::of(self.args.dump, number, direction);
            Way { direction, number, from, to, shared, stop: self.stop, dump }
        };
        let (up, down) = (way(Direction::Up), way(Direction::Down));
        let (up_over, up_ended) = bounded(0);
        let (down_over, down_ended) = bounded(0);
        thread::scope(|scope| {
            let carry_down = move || {
                self.roads.carry(&down, &up_ended);
                drop(down_over);
            };
            thread::Builder::new().spawn_scoped(scope, carry_down)?;
            self.roads.carry(&up, &down_ended);
            drop(up_over);
            Ok(())
        })
    }
}
