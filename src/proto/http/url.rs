//! Addresses of the web, `http://127.0.0.1:8080/news?after=3`: as people type them, and as
//! servers write them into a field Location.

use std::fmt::{self, Write};
use std::net::Ipv6Addr;
use std::str::FromStr;

/// Who is asked, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// A name or an address, IPv6 without its brackets.
    pub host: String,
    /// 80, if the address does not say.
    pub port: u16,
    /// The path and the query: what the first line of a request asks for.
    pub target: String,
}

/// Why a text is no address that we can ask, and what to type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoUrl {
    /// What is wrong, in words.
    pub why: String,
    /// What to do instead.
    pub hint: &'static str,
}

impl fmt::Display for NoUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  hint: {}", self.why, self.hint)
    }
}

impl std::error::Error for NoUrl {}

/// The port of plain HTTP.
const PORT: u16 = 80;

/// Typing only a port means this machine.
const THIS_MACHINE: &str = "127.0.0.1";

const FORMS: &str = "type http://HOST:PORT/PATH, such as http://127.0.0.1:8080/";

fn wrong<T>(why: &str) -> Result<T, NoUrl> {
    Err(NoUrl { why: why.to_owned(), hint: FORMS })
}

/// As people type it: without `http://` if they like, and `:8080` or `8080` alone.
impl FromStr for Url {
    type Err = NoUrl;

    fn from_str(text: &str) -> Result<Url, NoUrl> {
        let rest = match text.split_once("://") {
            Some((scheme, rest)) if is_scheme(scheme) => {
                only_http(scheme)?;
                rest
            }
            _ => text,
        };
        let (authority, target) = split(rest);
        let is_port = !authority.is_empty() && authority.bytes().all(is_digit);
        let authority = match authority {
            "" => return wrong("no host in it"),
            port if is_port => format!("{THIS_MACHINE}:{port}"),
            port if port.starts_with(':') => format!("{THIS_MACHINE}{port}"),
            other => other.to_owned(),
        };
        Url::new(&authority, target)
    }
}

/// As it is typed, with `http://` before it and the port only if it is not 80.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority(), self.target)
    }
}

impl Url {
    /// The address that a field Location names, seen from this one (RFC 3986, section 5).
    pub fn follow(&self, location: &str) -> Result<Url, NoUrl> {
        let location = location.trim();
        if let Some((scheme, rest)) = location.split_once(':')
            && is_scheme(scheme)
        {
            only_http(scheme)?;
            return match rest.strip_prefix("//") {
                Some(rest) => Url::of_two_slashes(rest),
                None => wrong("http: without //"),
            };
        }
        if let Some(rest) = location.strip_prefix("//") {
            return Url::of_two_slashes(rest);
        }
        let location = location.split('#').next().unwrap_or_default();
        let (path, _) = path_and_query(&self.target);
        let target = match location.chars().next() {
            None => self.target.clone(),
            Some('/') => without_dots(location),
            Some('?') => format!("{path}{location}"),
            Some(_) => {
                let folder = path.rfind('/').map_or("/", |slash| &path[..=slash]);
                without_dots(&format!("{folder}{location}"))
            }
        };
        Ok(Url { target: visible(&target), ..self.clone() })
    }

    /// What stands behind `http://`, where a machine has written it.
    fn of_two_slashes(rest: &str) -> Result<Url, NoUrl> {
        let (authority, target) = split(rest);
        let url = Url::new(authority, target)?;
        Ok(Url { target: without_dots(&url.target), ..url })
    }

    fn new(authority: &str, target: &str) -> Result<Url, NoUrl> {
        let (host, port) = host_and_port(authority)?;
        let slash = if target.starts_with('/') { "" } else { "/" };
        let target = visible(&format!("{slash}{target}"));
        Ok(Url { host: host.to_owned(), port, target })
    }

    /// The host as a field Host wants it: `[::1]:8080`, and `a` for port 80.
    pub fn authority(&self) -> String {
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        match self.port {
            PORT => format!("{open}{}{close}", self.host),
            port => format!("{open}{}{close}:{port}", self.host),
        }
    }

    /// Is it the same server, as far as the address says?
    pub fn is_with(&self, other: &Url) -> bool {
        self.host.eq_ignore_ascii_case(&other.host) && self.port == other.port
    }
}

fn is_scheme(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(fits)
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

fn only_http(scheme: &str) -> Result<(), NoUrl> {
    let scheme = scheme.to_ascii_lowercase();
    let hint = match scheme.as_str() {
        "http" => return Ok(()),
        "https" => "https:// is HTTP inside TLS, which is not spoken here: curl does",
        "ws" => "for a WebSocket: sockdemo ws-client",
        _ => "only http:// is spoken here",
    };
    Err(NoUrl { why: format!("the address begins with {scheme}:"), hint })
}

/// Who, and what; what stands behind a `#` is nobody's affair but the reader's.
fn split(rest: &str) -> (&str, &str) {
    let rest = rest.split('#').next().unwrap_or_default();
    rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()))
}

fn path_and_query(target: &str) -> (&str, &str) {
    target.split_at(target.find('?').unwrap_or(target.len()))
}

fn host_and_port(authority: &str) -> Result<(&str, u16), NoUrl> {
    if authority.contains('@') {
        let why = "a name and a password before the host".to_owned();
        let hint = "they would travel in plain sight; \
                    a test can send them with --header 'Authorization: …'";
        return Err(NoUrl { why, hint });
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((v6, port)) if v6.parse::<Ipv6Addr>().is_ok() => (v6, port),
            _ => return wrong("what stands in brackets is not an IPv6 address"),
        },
        None if authority.matches(':').count() > 1 => {
            return wrong("too many colons: an IPv6 address stands in brackets, [::1]");
        }
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    if host.is_empty() || !host.bytes().all(fits) {
        return wrong("the host is neither a name nor an address");
    }
    match port.strip_prefix(':').unwrap_or(port) {
        "" => Ok((host, PORT)),
        digits if port.starts_with(':') && digits.bytes().all(is_digit) => {
            match digits.parse() {
                Ok(port) => Ok((host, port)),
                Err(_) => wrong("a port goes up to 65535"),
            }
        }
        _ => wrong("what stands behind the host is not a port"),
    }
}

/// With `%20` for what a request's first line cannot carry. A `%` stays what it is.
fn visible(target: &str) -> String {
    let mut out = String::with_capacity(target.len());
    for byte in target.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            out.push(byte.into());
        } else {
            let _ = write!(out, "%{byte:02X}"); // A String takes everything.
        }
    }
    out
}

/// Takes `.` and `..` out of the path, as if it were walked.
fn without_dots(target: &str) -> String {
    let (path, query) = path_and_query(target);
    let mut names: Vec<&str> = Vec::new();
    let mut is_folder = false;
    for name in path.split('/').skip(1) {
        is_folder = matches!(name, "." | "..");
        match name {
            "." => {}
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    if is_folder {
        names.push("");
    }
    format!("/{}{query}", names.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_understood_as_people_type_it() {
        for (typed, host, port, target) in [
            ("http://127.0.0.1:8080/path?x=y", "127.0.0.1", 8080, "/path?x=y"),
            ("HTTP://Example.org", "Example.org", 80, "/"),
            ("127.0.0.1:8080/x", "127.0.0.1", 8080, "/x"),
            ("127.0.0.1:8080", "127.0.0.1", 8080, "/"),
            (":8080", "127.0.0.1", 8080, "/"),
            (":8080/a/b", "127.0.0.1", 8080, "/a/b"),
            ("8080", "127.0.0.1", 8080, "/"),
            ("8080/a", "127.0.0.1", 8080, "/a"),
            ("http://:8080", "127.0.0.1", 8080, "/"),
            ("localhost", "localhost", 80, "/"),
            ("localhost:", "localhost", 80, "/"),
            ("localhost?a=b", "localhost", 80, "/?a=b"),
            ("localhost:1?a=b", "localhost", 1, "/?a=b"),
            ("http://a/b#c?d", "a", 80, "/b"),
            ("a#/b", "a", 80, "/"),
            ("[::1]:8080/x", "::1", 8080, "/x"),
            ("http://[::1]/x", "::1", 80, "/x"),
            ("a/b?to=http://c/d", "a", 80, "/b?to=http://c/d"),
            ("a/b:c@d", "a", 80, "/b:c@d"),
            ("a//b", "a", 80, "//b"),
            ("a/../b/./c", "a", 80, "/../b/./c"),
            ("a/b c", "a", 80, "/b%20c"),
            ("a/é?日=\"", "a", 80, "/%C3%A9?%E6%97%A5=%22"),
            ("a/%20%zz", "a", 80, "/%20%zz"),
            ("a/b\r\nHost: evil", "a", 80, "/b%0D%0AHost:%20evil"),
        ] {
            let target = target.to_owned();
            let url = Url { host: host.to_owned(), port, target };
            assert_eq!(typed.parse(), Ok(url), "{typed}");
        }
    }

    #[test]
    fn what_is_no_address_is_told_with_what_to_type() {
        for (typed, word) in [
            ("", "no host"),
            ("http://", "no host"),
            ("/path", "no host"),
            ("?a", "no host"),
            ("#a", "no host"),
            ("https://a/", "TLS"),
            ("HTTPS://a/", "TLS"),
            ("ws://a/", "ws-client"),
            ("ftp://a/", "only http://"),
            ("http://me:secret@a/", "password"),
            ("me@a", "password"),
            ("a:b", "not a port"),
            ("a:+1", "not a port"),
            ("a:-1", "not a port"),
            ("a:99999", "65535"),
            (":99999", "65535"),
            ("99999", "65535"),
            ("::1", "brackets"),
            ("::1:80", "brackets"),
            ("[::1", "brackets"),
            ("[a]", "brackets"),
            ("[::1]80", "not a port"),
            ("a b", "neither"),
            ("a\r\nb", "neither"),
            ("a\\b", "neither"),
            ("é", "neither"),
            ("a%41", "neither"),
            (" a", "neither"),
        ] {
            let error = typed.parse::<Url>().unwrap_err().to_string();
            assert!(error.contains(word), "{typed:?}: {error}");
            assert!(error.contains("\n  hint: "), "{typed:?}: {error}");
        }
    }

    #[test]
    fn an_address_is_written_as_it_is_typed() {
        for typed in
            ["http://a/", "http://a:8080/b?c", "http://[::1]/", "http://[::1]:1/"]
        {
            assert_eq!(typed.parse::<Url>().unwrap().to_string(), typed);
        }
        assert_eq!(":80".parse::<Url>().unwrap().authority(), "127.0.0.1");
        assert_eq!("[::1]:81".parse::<Url>().unwrap().authority(), "[::1]:81");
    }

    /// The examples of RFC 3986, section 5.4, as far as they are http: addresses.
    #[test]
    fn a_location_is_seen_from_where_it_was_said() {
        let base = "http://a/b/c/d;p?q".parse::<Url>().unwrap();
        for (location, whole) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g/"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q"),
            ("g#s", "http://a/b/c/g"),
            ("g?y#s", "http://a/b/c/g?y"),
            (";x", "http://a/b/c/;x"),
            ("g;x", "http://a/b/c/g;x"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("../../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            (".g", "http://a/b/c/.g"),
            ("g..", "http://a/b/c/g.."),
            ("..g", "http://a/b/c/..g"),
            ("./../g", "http://a/b/g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g/./h", "http://a/b/c/g/h"),
            ("g/../h", "http://a/b/c/h"),
            ("g?y/./x", "http://a/b/c/g?y/./x"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("http://B:81/x/../y?z", "http://B:81/y?z"),
            ("HTTP://b", "http://b/"),
            (" /g ", "http://a/g"),
            ("/a b", "http://a/a%20b"),
            ("/a//b", "http://a/a//b"),
        ] {
            let followed = base.follow(location).map(|url| url.to_string());
            assert_eq!(followed, Ok(whole.to_owned()), "{location:?}");
        }
        for (location, word) in [
            ("https://a/", "TLS"),
            ("g:h", "only http://"),
            ("javascript:alert(1)", "only http://"),
            ("http:g", "without //"),
            ("http://", "neither"),
            ("http://:8080/", "neither"),
            ("///g", "neither"),
            ("//me@b", "password"),
        ] {
            let error = base.follow(location).unwrap_err().to_string();
            assert!(error.contains(word), "{location:?}: {error}");
        }
    }

    #[test]
    fn a_server_is_a_host_and_a_port() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        assert!(url("http://A:1/b").is_with(&url("a:1")));
        assert!(!url("a:1").is_with(&url("a:2")));
        assert!(!url("a:1").is_with(&url("b:1")));
    }
}
