//! What a client asks: a request as it is sent, and what becomes of it when the answer says
//! to look elsewhere.

use crate::proto::http::head::is_token;
use crate::proto::http::url::{NoUrl, Url};

/// A request of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// `GET`, `POST`: capitals matter.
    pub method: String,
    /// Who is asked, and for what.
    pub url: Url,
    /// The fields, in the order in which they are sent. Host is made of the address unless
    /// it is among them.
    pub fields: Vec<Field>,
    /// The bytes behind the head, if there are any.
    pub body: Option<Vec<u8>>,
}

/// A line of a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// In any mixture of capitals.
    pub name: String,
    /// Empty if the field is to be left out.
    pub value: String,
}

impl Field {
    /// A field of our own.
    pub fn new(name: &str, value: impl Into<String>) -> Field {
        Field { name: name.to_owned(), value: value.into() }
    }

    /// Reads `Name: value`. A line break in it would be the beginning of another field, or
    /// the end of the head.
    pub fn parse(text: &str) -> Result<Field, String> {
        let Some((name, value)) = text.split_once(':') else {
            return Err("a field looks like 'Name: value'".to_owned());
        };
        if !is_token(name) {
            return Err("a field's name is a word with a colon directly behind it".into());
        }
        let is_control = |c: char| c.is_control() && c != '\t';
        if value.contains(is_control) {
            return Err("a field ends with its line: no line breaks in it".into());
        }
        if FRAMING.iter().any(|framing| name.eq_ignore_ascii_case(framing)) {
            return Err(format!(
                "{name} says where the body ends, and that is counted here\n  \
                 hint: to send any bytes you like: sockdemo tcp-client"
            ));
        }
        Ok(Field::new(name, value.trim_matches([' ', '\t'])))
    }

    /// Is this its name?
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The fields that say where a body ends.
const FRAMING: &[&str] = &["Content-Length", "Transfer-Encoding"];

/// Whoever is asked like this expects a body, and is told if there is none.
const WITH_A_BODY: &[&str] = &["POST", "PUT", "PATCH"];

/// What is told to one server only.
const SECRETS: &[&str] = &["Authorization", "Proxy-Authorization", "Cookie", "Host"];

/// Reads a method. One of them is not asked of a server.
pub fn method(text: &str) -> Result<String, String> {
    match text {
        "CONNECT" => Err("CONNECT asks a proxy for a tunnel, not a server".to_owned()),
        word if is_token(word) => Ok(word.to_owned()),
        _ => Err("a method is a word, such as GET or POST".to_owned()),
    }
}

impl Question {
    /// The head, as it is sent.
    pub fn head(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.url.target);
        let host = Field::new("Host", self.url.authority());
        let host = (!self.has("Host")).then_some(&host);
        let none = WITH_A_BODY.contains(&self.method.as_str()).then_some(0);
        let length = self.body.as_ref().map(Vec::len).or(none);
        let length = length.map(|n| Field::new("Content-Length", n.to_string()));
        for Field { name, value } in host.into_iter().chain(&self.fields).chain(&length) {
            if !value.is_empty() {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    /// Does it say something about this field, if only that there is to be none?
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.is(name))
    }

    /// Does the client want to be done after this?
    pub fn closes(&self) -> bool {
        let mut said = self.fields.iter().filter(|field| field.is("Connection"));
        said.any(|field| {
            let mut words = field.value.split(',');
            words.any(|word| word.trim().eq_ignore_ascii_case("close"))
        })
    }

    /// Is the server to say whether it wants the body, before it gets it?
    pub fn expects_a_word(&self) -> bool {
        let expect = self.fields.iter().find(|field| field.is("Expect"));
        let word = expect.map(|field| field.value.to_ascii_lowercase());
        self.body.is_some() && word.is_some_and(|word| word == "100-continue")
    }

    /// Asked twice, it does no more than asked once: so it may be sent again when nobody
    /// knows whether it arrived.
    pub fn may_be_repeated(&self) -> bool {
        matches!(
            self.method.as_str(),
            "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE"
        )
    }

    /// The question that an answer sends us on to. A form that was posted is not posted
    /// again, unless the answer insists (307, 308).
    pub fn sent_on(&self, status: u16, location: &str) -> Result<Question, NoUrl> {
        let url = self.url.follow(location)?;
        let mut next = Question { url, ..self.clone() };
        let becomes_get = match status {
            301 | 302 => self.method == "POST",
            303 => self.method != "HEAD",
            _ => false,
        };
        if becomes_get {
            next.method = "GET".to_owned();
            next.body = None;
            next.fields.retain(|field| !is_about_a_body(&field.name));
        }
        if !next.url.is_with(&self.url) {
            next.fields.retain(|field| !SECRETS.iter().any(|name| field.is(name)));
        }
        Ok(next)
    }
}

fn is_about_a_body(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("content-") || name == "expect"
}

/// Does an answer with this code send us elsewhere?
pub fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::http::head::parse_request;

    fn post() -> Question {
        Question {
            method: "POST".to_owned(),
            url: "http://a:1/form".parse().unwrap(),
            fields: vec![
                Field::new("Accept", "*/*"),
                Field::new("Authorization", "Basic x"),
                Field::new("Content-Type", "text/plain"),
            ],
            body: Some(b"hello".to_vec()),
        }
    }

    #[test]
    fn what_we_ask_a_server_can_read() {
        let head = post().head();
        let (request, used) = parse_request(&head).unwrap().unwrap();
        assert_eq!((request.method, request.target), ("POST", "/form"));
        let fields: Vec<_> = request.fields.iter().collect();
        let wanted = [
            ("Host", "a:1"),
            ("Accept", "*/*"),
            ("Authorization", "Basic x"),
            ("Content-Type", "text/plain"),
            ("Content-Length", "5"),
        ];
        assert_eq!((fields.as_slice(), used), (&wanted[..], head.len()));
    }

    #[test]
    fn no_body_is_said_where_one_is_expected() {
        for (method, expected) in [
            ("POST", Some("0")),
            ("PUT", Some("0")),
            ("PATCH", Some("0")),
            ("GET", None),
            ("HEAD", None),
            ("DELETE", None),
        ] {
            let question = Question { method: method.to_owned(), body: None, ..post() };
            let head = question.head();
            let (request, _) = parse_request(&head).unwrap().unwrap();
            assert_eq!(request.fields.get("content-length"), expected, "{method}");
        }
    }

    #[test]
    fn a_field_can_be_replaced_or_left_out() {
        let with = |text| {
            let fields = vec![Field::parse(text).unwrap()];
            let get = Question { method: "GET".to_owned(), fields, body: None, ..post() };
            String::from_utf8(get.head()).unwrap()
        };
        assert_eq!(with("host: b"), "GET /form HTTP/1.1\r\nhost: b\r\n\r\n");
        assert_eq!(with("Host:"), "GET /form HTTP/1.1\r\n\r\n");
        let both = "GET /form HTTP/1.1\r\nHost: a:1\r\nX: y: z\r\n\r\n";
        assert_eq!(with("X:  y: z \t"), both);
    }

    #[test]
    fn a_field_cannot_bring_another_one_along() {
        for text in [
            "X: y\r\nEvil: z",
            "X: y\nEvil: z",
            "X: y\rEvil: z",
            "X: \0",
            "X\r\n: y",
            "X : y",
            " X: y",
            ": y",
            "X",
            "X: \u{85}",
            "Content-Length: 5",
            "transfer-encoding: chunked",
        ] {
            assert!(Field::parse(text).is_err(), "{text:?}");
        }
        assert!(method("GE T").is_err() && method("").is_err());
        assert!(method("CONNECT").is_err() && method("purge").is_ok());
    }

    #[test]
    fn a_redirect_becomes_the_next_question() {
        let next = |method: &str, status| {
            let question = Question { method: method.to_owned(), ..post() };
            let next = question.sent_on(status, "/b").unwrap();
            assert_eq!(next.url.to_string(), "http://a:1/b");
            assert_eq!(next.body.is_some(), next.has("Content-Type"));
            (next.method, next.body.is_some())
        };
        let get = ("GET".to_owned(), false);
        for status in [301, 302, 303] {
            assert_eq!(next("POST", status), get);
            assert_eq!(next("HEAD", status).0, "HEAD");
        }
        assert_eq!(next("PUT", 303), get);
        for status in [307, 308] {
            assert_eq!(next("POST", status), ("POST".to_owned(), true));
        }
        assert_eq!(next("PUT", 302), ("PUT".to_owned(), true));
        assert!(is_redirect(308) && !is_redirect(304) && !is_redirect(300));
    }

    #[test]
    fn another_server_is_not_told_the_secrets_of_the_first() {
        let mut question = post();
        for name in ["Proxy-Authorization", "Cookie"] {
            question.fields.push(Field::new(name, "x"));
        }
        let secret = |location: &str| {
            let next = question.sent_on(307, location).unwrap();
            assert!(next.has("accept") && next.has("content-type"));
            let told = ["authorization", "proxy-authorization", "cookie"];
            let told = told.map(|name| next.has(name));
            assert!(told == [told[0]; 3], "all of them or none: {told:?}");
            told[0]
        };
        assert!(secret("/b") && secret("//A:1/b") && secret("http://a:1/"));
        assert!(!secret("//a:2/") && !secret("http://b:1/") && !secret("http://a/"));
    }

    #[test]
    fn only_what_may_be_done_twice_is_asked_twice() {
        let may = |method: &str| {
            Question { method: method.to_owned(), ..post() }.may_be_repeated()
        };
        assert!(may("GET") && may("PUT") && !may("POST") && !may("PATCH") && !may("get"));
        let closes = |value: &str| {
            let fields = vec![Field::new("connection", value)];
            Question { fields, ..post() }.closes()
        };
        let expects = |value: &str, body: Option<Vec<u8>>| {
            let fields = vec![Field::new("expect", value)];
            Question { fields, body, ..post() }.expects_a_word()
        };
        assert!(expects("100-Continue", Some(vec![])) && !expects("100-continue", None));
        assert!(!expects("tea", Some(vec![])) && !post().expects_a_word());
        assert!(closes("x, Close") && !closes("keep-alive") && !post().closes());
    }
}
