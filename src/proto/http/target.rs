//! What a request asks for: a path and a query, and on which host.

use std::net::Ipv6Addr;

use crate::proto::http::head::{Request, Version};
use crate::proto::http::status::{Bad, bad};

/// A request's target, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// Who is asked: `127.0.0.1:8080`. HTTP/1.0 need not say.
    pub host: Option<&'a str>,
    /// As it was sent, with its `%20`; `*` stands for the server as a whole, and CONNECT
    /// has none.
    pub path: &'a str,
    /// What stands behind the `?`.
    pub query: &'a str,
}

/// What a request asks for. A request that names its host twice, or not at all, is refused:
/// a proxy and a server might think of different ones.
pub fn of<'a>(request: &'a Request<'a>) -> Result<Target<'a>, Bad> {
    let mut hosts = request.fields.all("host");
    let host = match (hosts.next(), hosts.next()) {
        (Some(_), Some(_)) => return Err(bad("more than one Host")),
        (None, _) if request.version >= Version::Http11 => {
            return Err(bad("HTTP/1.1 asks for a field Host"));
        }
        (Some(host), None) if !host.is_empty() && !is_host(host) => {
            return Err(bad("Host is not a name or an address with or without a port"));
        }
        (host, _) => host,
    };
    let target = request.target;
    if request.method == "CONNECT" {
        let port = target.rsplit_once(':').map_or("", |(_, port)| port);
        return match is_host(target) && !port.is_empty() {
            true => Ok(Target { host: Some(target), path: "", query: "" }),
            false => Err(bad("CONNECT asks for a host and a port")),
        };
    }
    if target == "*" {
        return match request.method {
            "OPTIONS" => Ok(Target { host, path: target, query: "" }),
            _ => Err(bad("only OPTIONS can ask for *")),
        };
    }
    if target.contains('#') {
        return Err(bad("what stands behind # is the browser's affair and is not sent"));
    }
    // With the whole address, as a proxy is asked, the host in it is the one that counts.
    let is_path = target.starts_with('/');
    let address = if is_path { None } else { target.split_once("://") };
    let (host, target) = match address {
        _ if is_path => (host, target),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let (host, target) = rest.split_at(end);
            if !is_host(host) {
                return Err(bad("the address that is asked for has no host"));
            }
            (Some(host), target)
        }
        _ => return Err(bad("the target does not begin with /")),
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Ok(Target { host, path: if path.is_empty() { "/" } else { path }, query })
}

/// `name`, `name:80`, `[::1]:80`.
fn is_host(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) if address.parse::<Ipv6Addr>().is_ok() => ("v6", port),
            _ => return false,
        },
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let in_name =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte);
    let port = port.strip_prefix(':').unwrap_or(port);
    !name.is_empty()
        && name.bytes().all(in_name)
        && decoded(name).is_some()
        && (port.is_empty() || port.bytes().all(|byte| byte.is_ascii_digit()))
        && (port.is_empty() || port.parse::<u16>().is_ok())
}

impl Target<'_> {
    /// What the query says for `name`: `after=3` is `3` for `after`.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

/// Bytes for `%20` and the like; nothing if a `%` has no two digits behind it.
pub fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        if *first != b'%' {
            out.push(*first);
            continue;
        }
        let [high, low, behind @ ..] = rest else { return None };
        out.push(16 * digit(*high)? + digit(*low)?);
        rest = behind;
    }
    Some(out)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| digit.try_into().ok())
}

/// The names on the way to a file: no empty ones, and nothing that leads up or elsewhere.
pub fn names(path: &str) -> Result<Vec<String>, Bad> {
    const AWAY: Bad = Bad { status: 403, why: "no name on a path is .. or has a slash" };
    let mut names = Vec::new();
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let Some(name) = decoded(name) else {
            return Err(bad("a % without two hexadecimal digits behind it"));
        };
        let name =
            String::from_utf8(name).map_err(|_| bad("a name that is not UTF-8"))?;
        match name.as_str() {
            "." => {}
            ".." => return Err(AWAY),
            _ if name.contains(['/', '\\']) => return Err(AWAY),
            _ if cfg!(windows) && name.contains(':') => return Err(AWAY), // Another drive.
            _ if name.contains(char::is_control) => {
                return Err(bad("a name with a control character"));
            }
            _ => names.push(name),
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::http::head::parse_request;

    fn target(head: &str) -> Result<(Option<String>, String, String), u16> {
        let (request, _) = parse_request(head.as_bytes()).unwrap().unwrap();
        let own = |target: Target<'_>| {
            let host = target.host.map(str::to_owned);
            (host, target.path.to_owned(), target.query.to_owned())
        };
        of(&request).map(own).map_err(|bad| bad.status)
    }

    #[test]
    fn a_target_has_a_host_a_path_and_a_query() {
        for (head, host, path, query) in [
            ("GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n", Some("x"), "/a", "b=c"),
            ("GET / HTTP/1.0\r\n\r\n", None, "/", ""),
            ("GET / HTTP/1.1\r\nHost:\r\n\r\n", Some(""), "/", ""),
            ("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", Some("[::1]:80"), "/", ""),
            ("GET http://a:1/b?c HTTP/1.1\r\nHost: x\r\n\r\n", Some("a:1"), "/b", "c"),
            ("GET HTTP://a HTTP/1.1\r\nHost: x\r\n\r\n", Some("a"), "/", ""),
            ("GET http://a?b HTTP/1.1\r\nHost: x\r\n\r\n", Some("a"), "/", "b"),
            ("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", Some("x"), "*", ""),
            ("CONNECT a:80 HTTP/1.1\r\nHost: x\r\n\r\n", Some("a:80"), "", ""),
        ] {
            let wanted = (host.map(str::to_owned), path.to_owned(), query.to_owned());
            assert_eq!(target(head), Ok(wanted), "{head:?}");
        }
        for head in [
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: me@a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a:http\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
            "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET ?a HTTP/1.1\r\nHost: a\r\n\r\n",
            "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n",
            "CONNECT a: HTTP/1.1\r\nHost: a\r\n\r\n",
            "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n",
        ] {
            assert_eq!(target(head), Err(400), "{head:?}");
        }
    }

    #[test]
    fn no_path_leads_out_of_the_folder() {
        assert_eq!(names("/a%20b//./c%C3%A9/").unwrap(), ["a b", "c\u{e9}"]);
        for path in ["/..", "/a/../b", "/%2e%2e/a", "/.%2E", "/a%2f..%2fb", "/..%5cx"] {
            assert_eq!(names(path).unwrap_err().status, 403, "{path}");
        }
        for path in ["/%", "/%4", "/%zz", "/%ff", "/%00", "/a%0ab", "/%+1"] {
            assert_eq!(names(path).unwrap_err().status, 400, "{path}");
        }
    }

    #[test]
    fn a_query_has_parameters() {
        let target = Target { host: None, path: "/", query: "a=1&after=3&b" };
        assert_eq!(target.parameter("after"), Some("3"));
        assert_eq!((target.parameter("b"), target.parameter("c")), (None, None));
    }
}
