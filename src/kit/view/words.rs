//! What was observed, in words: the part that the line view and the ladder share.

use std::net::SocketAddr;
use std::time::Duration;

use crate::kit::event::{Call, Event};
use crate::kit::text::{count, duration};

/// A wait shorter than this is not worth a word.
const WORTH_TELLING_US: u64 = 100;

/// Handing bytes over takes its time; below this it was no wait.
const WORTH_TELLING_SEND_US: u64 = 50_000;

/// What a call that has returned did.
pub fn outcome(event: &Event) -> String {
    let words = match &event.error {
        Some(error) => failure(event, &error.text),
        None => success(event),
    };
    words + &wait(event)
}

/// `, waited 2.1 s`, if this is a call that can block, and it did for long enough.
pub fn wait(event: &Event) -> String {
    match event.waited_us {
        // The kernel takes bytes at once, unless it has no room: then it is a wait.
        Some(..WORTH_TELLING_SEND_US) if event.call.is_some_and(Call::sends) => {
            String::new()
        }
        Some(us @ WORTH_TELLING_US..) if can_wait(event) => {
            format!(", waited {}", duration(Duration::from_micros(us)))
        }
        _ => String::new(),
    }
}

/// The same for the ladder, whose arrows and columns have said a part of it.
pub fn brief(event: &Event) -> String {
    match event.call {
        _ if event.error.is_some() => {
            outcome(&Event { waited_us: None, ..event.clone() })
        }
        Some(Call::Socket) => {
            let protocol = if event.is_udp() { "UDP" } else { "TCP" };
            format!("{protocol}, descriptor {}", fd(event))
        }
        Some(Call::Accept) => {
            let made = event.made.map_or(0, |made| made.fd);
            format!("descriptor {made}, peer {}", address(event.addr))
        }
        Some(Call::Connect) if !event.is_udp() => format!("from {}", here(event)),
        _ => success(event),
    }
}

/// What a call that is about to be made waits for.
pub fn announcement(event: &Event) -> String {
    match event.call {
        Some(Call::Accept) => "… waiting for a client".to_owned(),
        Some(Call::Connect) => format!("… to {}", address(event.addr)),
        Some(Call::Recv) if event.is_udp() => {
            format!("… waiting for a datagram from {}", peer(event))
        }
        Some(Call::Recv) => "… waiting for bytes".to_owned(),
        Some(Call::Recvfrom | Call::Peek) => "… waiting for a datagram".to_owned(),
        Some(Call::Send | Call::Sendto) => {
            format!("… waiting for room for {} B", count(event.bytes.unwrap_or(0)))
        }
        _ => "…".to_owned(),
    }
}

/// `5 B "hello"`, or the sum of a run.
pub fn bytes(event: &Event) -> String {
    let total = event.bytes.unwrap_or(0);
    match (event.run, &event.preview) {
        (Some(run), _) if run.smallest == run.largest => {
            format!(
                "{} calls, {} B: {} B each",
                count(run.calls),
                count(total),
                count(run.largest)
            )
        }
        (Some(run), _) => format!(
            "{} calls, {} B: {} to {} B each",
            count(run.calls),
            count(total),
            count(run.smallest),
            count(run.largest)
        ),
        (None, Some(preview)) if total > 0 => format!("{} B {preview}", count(total)),
        _ => format!("{} B", count(total)),
    }
}

fn success(event: &Event) -> String {
    let text = event.text.clone().unwrap_or_default();
    match event.call {
        Some(Call::Socket) => format!("{}: descriptor {}", kind(event), fd(event)),
        Some(Call::Bind) => address(event.socket.and_then(|socket| socket.local)),
        Some(Call::Accept) => {
            let made = event.made.map_or(0, |made| made.fd);
            let local = event.made.and_then(|made| made.local);
            let (from, at) = (address(event.addr), address(local));
            format!("descriptor {made} from {from}, here {at}")
        }
        Some(Call::Connect) if event.is_udp() => {
            format!("peer {}, here {}", peer(event), here(event))
        }
        Some(Call::Connect) => format!("to {} from {}", peer(event), here(event)),
        Some(Call::Recv) if event.bytes == Some(0) && !event.is_udp() => {
            "0 B: end of stream".to_owned()
        }
        Some(Call::Recvfrom) if event.addr.is_some() => {
            format!("{} from {}", bytes(event), address(event.addr))
        }
        Some(Call::Sendto) if event.addr.is_some() => {
            format!("{} to {}", bytes(event), address(event.addr))
        }
        Some(Call::Peek) => format!("{} is next in the queue", bytes(event)),
        Some(Call::Send | Call::Recv | Call::Sendto | Call::Recvfrom) => bytes(event),
        Some(Call::Close) => format!("descriptor {}", fd(event)),
        Some(Call::Setsockopt | Call::Listen | Call::Shutdown) | None => text,
    }
}

fn failure(event: &Event, error: &str) -> String {
    let kind = event.error.as_ref().map(|error| error.kind.as_str());
    match (event.call, &event.text) {
        // Only a listener that does not wait says so, and that is an answer.
        (Some(Call::Accept), _) if kind == Some("WouldBlock") => {
            format!("nobody is in the queue: {error}")
        }
        (Some(Call::Bind | Call::Socket), _) => {
            format!("{} failed: {error}", address(event.addr))
        }
        (Some(Call::Connect), _) => format!("to {} failed: {error}", address(event.addr)),
        (Some(Call::Sendto), _) => format!("to {} failed: {error}", address(event.addr)),
        (_, Some(text)) => format!("{text} failed: {error}"),
        _ => format!("failed: {error}"),
    }
}

fn can_wait(event: &Event) -> bool {
    matches!(
        event.call,
        Some(
            Call::Accept
                | Call::Connect
                | Call::Recv
                | Call::Recvfrom
                | Call::Peek
                | Call::Send
                | Call::Sendto
        )
    )
}

fn kind(event: &Event) -> String {
    let local = event.socket.and_then(|socket| socket.local);
    let version =
        if local.is_some_and(|local| local.is_ipv6()) { "IPv6" } else { "IPv4" };
    format!("{} over {version}", if event.is_udp() { "UDP" } else { "TCP" })
}

fn fd(event: &Event) -> u64 {
    event.socket.map_or(0, |socket| socket.fd)
}

fn here(event: &Event) -> String {
    address(event.socket.and_then(|socket| socket.local))
}

fn peer(event: &Event) -> String {
    address(event.socket.and_then(|socket| socket.peer).or(event.addr))
}

fn address(addr: Option<SocketAddr>) -> String {
    addr.map_or_else(|| "nobody".to_owned(), |addr| addr.to_string())
}
