//! The kernel's socket tables, as `/proc/net/tcp`, `tcp6`, `udp` and `udp6` print them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// One socket, as the kernel keeps it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// This end.
    pub local: SocketAddr,
    /// The other end; all zeros if there is none.
    pub peer: SocketAddr,
    /// Where the connection stands, as the kernel's number.
    pub state: u8,
    /// Bytes sent and not yet acknowledged.
    pub sending: u32,
    /// Bytes received and not yet read; for a listener, connections not yet accepted.
    pub waiting: u32,
    /// Which descriptor it belongs to; 0 when no process holds it any more.
    pub inode: u64,
}

impl Entry {
    /// Bytes that wait to be read. The kernel counts the end of the other side's stream as
    /// one more, until it is read.
    pub fn unread(&self) -> u32 {
        match self.state {
            CLOSE_WAIT | LAST_ACK | CLOSING => self.waiting.saturating_sub(1),
            _ => self.waiting,
        }
    }

    /// Bytes that are not acknowledged. Again, the beginning and the end of our stream are
    /// no bytes.
    pub fn unsent(&self) -> u32 {
        match self.state {
            SYN_SENT | SYN_RECV | FIN_WAIT1 | LAST_ACK | CLOSING => {
                self.sending.saturating_sub(1)
            }
            _ => self.sending,
        }
    }
}

const SYN_SENT: u8 = 2;
const SYN_RECV: u8 = 3;
const FIN_WAIT1: u8 = 4;
const CLOSE_WAIT: u8 = 8;
const LAST_ACK: u8 = 9;
const CLOSING: u8 = 11;

/// The number that stands for a listening socket.
pub const LISTEN: u8 = 10;

/// The number that stands for a connection that only remembers.
pub const TIME_WAIT: u8 = 6;

/// Reads a whole table. A line that is not an entry (the heading) is passed over.
///
/// ```
/// let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when …
///    0: 0100007F:1EC6 00000000:0000 0A 00000000:00000003 00:00000000 0 0 0 4711 1";
/// let entries = sockdemo::proto::socket_table::parse(table);
/// assert_eq!(entries[0].local.to_string(), "127.0.0.1:7878");
/// assert_eq!((entries[0].waiting, entries[0].inode), (3, 4711));
/// ```
pub fn parse(table: &str) -> Vec<Entry> {
    table.lines().filter_map(entry).collect()
}

fn entry(line: &str) -> Option<Entry> {
    let mut words = line.split_whitespace().skip(1);
    let local = address(words.next()?)?;
    let peer = address(words.next()?)?;
    let state = u8::from_str_radix(words.next()?, 16).ok()?;
    let (sending, waiting) = words.next()?.split_once(':')?;
    let inode = words.nth(4)?.parse().ok()?;
    let number = |hex| u32::from_str_radix(hex, 16).ok();
    Some(Entry {
        local,
        peer,
        state,
        sending: number(sending)?,
        waiting: number(waiting)?,
        inode,
    })
}

/// An address in hexadecimal: words of four bytes in the machine's order, then the port.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::new();
    let mut rest = ip;
    while let Some((word, behind)) = rest.split_at_checked(8) {
        bytes.extend(u32::from_str_radix(word, 16).ok()?.to_ne_bytes());
        rest = behind;
    }
    let ip = match <[u8; 4]>::try_from(bytes.as_slice()) {
        Ok(v4) => IpAddr::from(Ipv4Addr::from(v4)),
        Err(_) => IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)),
    };
    rest.is_empty().then_some(SocketAddr::new(ip, port))
}

/// The state's name, and what it means in one line.
pub fn meaning(state: u8, udp: bool) -> (&'static str, &'static str) {
    match state {
        1 if udp => ("CONNECTED", "knows its peer; strangers' datagrams are not let in"),
        7 if udp => ("UNCONNECTED", "takes datagrams from anybody"),
        1 => ("ESTABLISHED", "both directions are open"),
        SYN_SENT => ("SYN_SENT", "asked for a connection; no answer yet"),
        SYN_RECV => {
            ("SYN_RECV", "was asked for a connection and has agreed; not confirmed yet")
        }
        FIN_WAIT1 => ("FIN_WAIT1", "this side has ended its stream; not confirmed yet"),
        5 => {
            ("FIN_WAIT2", "this side has ended its stream; the other side may still send")
        }
        TIME_WAIT => {
            ("TIME_WAIT", "over; kept for a minute, so that late packets find no one new")
        }
        7 => ("CLOSE", "not connected"),
        CLOSE_WAIT => {
            ("CLOSE_WAIT", "the other side has ended its stream; this side has not yet")
        }
        LAST_ACK => {
            ("LAST_ACK", "both sides have ended; waiting for the last confirmation")
        }
        LISTEN => ("LISTEN", "waits for connections; owns no conversation itself"),
        CLOSING => ("CLOSING", "both sides have ended at the same time"),
        12 => (
            "NEW_SYN_RECV",
            "was asked for a connection and has agreed; not confirmed yet",
        ),
        _ => ("?", "a state that this program does not know"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "   1: 00000000000000000000000001000000:1F90 \
        0000000000000000FFFF00000100007F:C000 08 00000001:0000000A \
        00:00000000 00000000 1000 0 99 1 0000000000000000";

    #[test]
    fn an_ipv6_entry_is_read() {
        if cfg!(target_endian = "big") {
            return; // The sample was taken on a little-endian machine.
        }
        let entry = &parse(LINE)[0];
        assert_eq!(entry.local.to_string(), "[::1]:8080");
        assert_eq!(entry.peer.to_string(), "[::ffff:127.0.0.1]:49152");
        assert_eq!(
            (entry.state, entry.sending, entry.waiting, entry.inode),
            (8, 1, 10, 99)
        );
    }

    #[test]
    fn a_line_that_is_cut_anywhere_is_no_panic_and_no_wrong_address() {
        for end in 0..LINE.len() {
            for entry in parse(&LINE[..end]) {
                assert_eq!(entry.local.to_string(), "[::1]:8080");
            }
        }
        for rubbish in
            ["x", "1: G:1 0:0 0A", "1: 01:1 01:1 0A 0:0 0 0 0 0 1", "1: é000007F:1 x"]
        {
            assert_eq!(parse(rubbish), [], "{rubbish}");
        }
    }

    #[test]
    fn the_same_number_means_other_things_for_udp() {
        assert_eq!(meaning(7, true).0, "UNCONNECTED");
        assert_eq!(meaning(7, false).0, "CLOSE");
    }
}
