//! Where a page comes from, as browsers write it into the field `Origin` (RFC 6454, section
//! 6.1): a scheme, a host, and the port unless it is the usual one.

use std::net::Ipv6Addr;

/// Any page.
pub const ANY: &str = "*";

/// A page without a place of its own, such as a file that a browser has opened.
const NONE: &str = "null";

/// The origin as browsers write it, or why it is none.
pub fn parse(text: &str) -> Result<String, &'static str> {
    if text == ANY || text == NONE {
        return Ok(text.to_owned());
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err("there is no scheme, such as http://, in it");
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if !is_scheme(scheme) {
        return Err("what stands before :// is no scheme");
    }
    if authority.contains(['/', '?', '#', '@']) {
        return Err("an origin is a scheme, a host and a port, and nothing else");
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if !is_host(host) {
        return Err("the host is neither a name nor an address");
    }
    match (scheme.to_ascii_lowercase().as_str(), port) {
        (_, None) | ("http", Some("80")) | ("https", Some("443")) => {
            Ok(format!("{scheme}://{host}"))
        }
        (_, Some(port)) if is_port(port) => Ok(format!("{scheme}://{host}:{port}")),
        _ => Err("what stands behind the host is not a port"),
    }
}

fn is_scheme(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(fits)
}

/// IPv6 addresses stand in brackets.
fn is_host(text: &str) -> bool {
    let in_brackets = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match in_brackets {
        Some(v6) => v6.parse::<Ipv6Addr>().is_ok(),
        None => {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            !text.is_empty() && text.bytes().all(fits)
        }
    }
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_do() {
        for (typed, origin) in [
            ("*", "*"),
            ("null", "null"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://localhost:3000/", "http://localhost:3000"),
            ("http://a.example", "http://a.example"),
            ("http://a.example:80", "http://a.example"),
            ("https://a.example:443/", "https://a.example"),
            ("https://a.example:80", "https://a.example:80"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://[::1]/", "http://[::1]"),
            ("chrome-extension://abc", "chrome-extension://abc"),
        ] {
            assert_eq!(parse(typed).as_deref(), Ok(origin), "{typed}");
        }
    }

    #[test]
    fn what_no_browser_sends_is_no_origin() {
        for typed in [
            "",
            "localhost",
            "localhost:3000",
            "://a",
            "http://",
            "http:///",
            "http://a/b",
            "http://a//",
            "http://a?b",
            "http://a#b",
            "http://me@a",
            "http://a:",
            "http://a:b",
            "http://a:+1",
            "http://a:70000",
            "http://::1",
            "http://[::1",
            "http://[a]",
            "http://a b",
            "http://*.example",
            "http://a, http://b",
        ] {
            assert!(parse(typed).is_err(), "{typed}");
        }
    }
}
