//! Addresses as people type them: `HOST:PORT`, `[V6]:PORT`, `:PORT` or `PORT`.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use crate::kit::say::Say;

/// Where a server listens and where a client connects, before any name is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addr {
    host: String,
    port: u16,
}

/// Typing only a port means this machine and nobody else.
const DEFAULT_HOST: &str = "127.0.0.1";

const FORMS: &str = "\n  \
    hint: type HOST:PORT, [V6]:PORT, :PORT or PORT, such as 127.0.0.1:7878";

impl FromStr for Addr {
    type Err = String;

    fn from_str(text: &str) -> Result<Addr, String> {
        let (host, port) = match text.rsplit_once(':') {
            None if text.parse::<u64>().is_err() => {
                return Err(format!("no port in it{FORMS}"));
            }
            None => (DEFAULT_HOST, text),
            Some(("", port)) => (DEFAULT_HOST, port),
            Some((host, port)) => (host, port),
        };
        let Ok(port) = port.parse() else {
            return Err(match port.parse::<u64>() {
                Ok(_) => "a port goes up to 65535".to_owned(),
                Err(_) => format!("not an address{FORMS}"),
            });
        };
        let host = match host.strip_prefix('[').map(|host| host.strip_suffix(']')) {
            Some(Some(v6)) if v6.parse::<Ipv6Addr>().is_ok() => v6,
            Some(_) => return Err(format!("not an address{FORMS}")),
            None if host.contains('/') => return Err(format!("not an address{FORMS}")),
            None if host.contains(':') => {
                return Err(format!(
                    "not an address\n  hint: IPv6 in brackets: [::1]:{port}"
                ));
            }
            None => host,
        };
        Ok(Addr { host: host.to_owned(), port })
    }
}

impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl From<SocketAddr> for Addr {
    fn from(addr: SocketAddr) -> Addr {
        Addr { host: addr.ip().to_string(), port: addr.port() }
    }
}

impl Addr {
    /// An address whose parts are known, IPv6 without its brackets.
    pub fn new(host: &str, port: u16) -> Addr {
        Addr { host: host.to_owned(), port }
    }

    /// Whether a second socket of the same kind is refused there.
    pub fn is_for_one(&self) -> bool {
        self.port != 0
    }

    /// Every address the name stands for, in the system's order. A number needs no look-
    /// up.
    pub fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        Ok((self.host.as_str(), self.port).to_socket_addrs()?.collect())
    }

    /// Gives each address in turn to `attempt`, until one works. The last error counts.
    pub fn try_each<T>(
        &self,
        say: &Say,
        mut attempt: impl FnMut(SocketAddr) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut outcome =
            Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
        let is_name = self.host.parse::<IpAddr>().is_err();
        if is_name {
            say.note(format_args!("looking up {}", self.host));
        }
        let found = self.resolve()?;
        if is_name {
            let list: Vec<_> = found.iter().map(SocketAddr::to_string).collect();
            say.note(format_args!("{} stands for {}", self.host, list.join(" and ")));
        }
        for addr in found {
            outcome = attempt(addr);
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }
}

/// Where to knock so that a socket bound to `addr` hears it: an unspecified address means
/// every address of this machine, so loopback will do.
pub fn own_door(addr: SocketAddr) -> SocketAddr {
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, addr.port())
}

/// Who can now reach a server, when that is more than this machine.
pub fn reach(addr: SocketAddr) -> Option<String> {
    match addr.ip() {
        ip if ip.to_canonical().is_loopback() => None,
        ip if ip.is_unspecified() => Some(format!(
            "{ip} is every address of this machine: \
             whoever reaches one of them reaches this server"
        )),
        ip => Some(format!("whoever reaches {ip} over the network reaches this server")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_forms_are_understood() {
        let shown = |text: &str| text.parse::<Addr>().map(|addr| addr.to_string());
        assert_eq!(shown("7878").unwrap(), "127.0.0.1:7878");
        assert_eq!(shown(":0").unwrap(), "127.0.0.1:0");
        assert_eq!(shown("[::1]:80").unwrap(), "[::1]:80");
        assert_eq!(shown("example.org:80").unwrap(), "example.org:80");
    }

    #[test]
    fn wrong_forms_say_what_to_type() {
        for wrong in ["", "host", "host:", "host:x", "[::1", "[::1]", "[host]:1", "1:2:x"]
        {
            let error = wrong.parse::<Addr>().unwrap_err();
            assert!(
                error.contains("HOST:PORT") || error.contains("[::1]"),
                "{wrong}: {error}"
            );
        }
        assert!("::1:80".parse::<Addr>().unwrap_err().contains("brackets"));
        assert!("h:99999".parse::<Addr>().unwrap_err().contains("65535"));
    }

    #[test]
    fn only_a_wider_door_is_announced() {
        let reach = |text: &str| reach(text.parse().unwrap());
        assert_eq!(reach("127.0.0.9:1"), None);
        assert_eq!(reach("[::1]:1"), None);
        assert!(reach("0.0.0.0:1").unwrap().contains("every address"));
        assert!(reach("192.0.2.7:1").unwrap().contains("192.0.2.7"));
    }
}
