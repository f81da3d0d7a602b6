//! Our reader of heads beside `httparse`, on a hundred thousand heads that are nearly right.

use std::collections::BTreeSet;

use sockdemo::proto::http::head::{Parsed, Request, Version, parse_request};

/// Heads to begin with: what clients send, and what is almost that.
const SEEDS: &[&str] = &[
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /a?b=c HTTP/1.0\r\nHost: a:80\r\nContent-Length: 5\r\n\r\nhello",
    "OPTIONS * HTTP/1.1\r\nHost: [::1]\r\nX:\r\nY: \t z \t\r\n\r\n",
    "\r\n\r\nGET http://a/ HTTP/1.1\r\nhOST: a\r\nCookie: a=\"b; c\"\r\n\r\nGET / HT",
    "GET /caf\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: a, b\r\n\r\n0\r\n\r\n",
];

/// Bytes that mean something in a head, or must not stand there.
const BYTES: &[u8] =
    b"\r\n\t :/*?#%.019azAZGHP\"\\()<>@[]{}=,;\0\x01\x0b\x0c\x7f\x80\xc3\xa9\xff";

/// Why we refuse what httparse takes: each of these is meant.
const STRICTER: &[&str] = &[
    // It takes LF alone for the end of a line; a proxy in front might not.
    "a line ends with CR LF; this one has LF alone",
    // It lets UTF-8 pass where an address has %C3%A9.
    "the target is not made of visible ASCII",
];

/// Numbers that look random, the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn byte(&mut self) -> u8 {
        BYTES[self.below(BYTES.len())]
    }

    /// A head with a few mistakes in it.
    fn head(&mut self) -> Vec<u8> {
        let mut head = SEEDS[self.below(SEEDS.len())].as_bytes().to_vec();
        for _ in 0..=self.below(4) {
            let (at, byte) = (self.below(head.len()), self.byte());
            match self.below(5) {
                0 => head[at] = byte,
                1 => head.insert(at, byte),
                2 if head.len() > 1 => drop(head.remove(at)),
                3 => head.truncate(at.max(1)),
                _ => {
                    let part = head[at..(at + self.below(12)).min(head.len())].to_vec();
                    let to = self.below(head.len());
                    head.splice(to..to, part);
                }
            }
        }
        head
    }
}

/// The same head, read by httparse: how many bytes it took, or `None` if it is not whole.
fn other(head: &[u8], ours: &Parsed<Request<'_>>) -> Result<Option<usize>, String> {
    let mut fields = [httparse::EMPTY_HEADER; 100];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(head) {
        Err(error) => Err(error.to_string()),
        Ok(httparse::Status::Partial) => Ok(None),
        Ok(httparse::Status::Complete(used)) => {
            if let Ok(Some((ours, _))) = ours {
                assert_eq!(request.method, Some(ours.method));
                assert_eq!(request.path, Some(ours.target));
                let minor = u8::from(ours.version == Version::Http11);
                assert_eq!(request.version, Some(minor));
                let theirs = request.headers.iter();
                let theirs = theirs.map(|field| (field.name, field.value));
                let theirs: Vec<_> = theirs
                    .map(|(name, value)| (name, String::from_utf8_lossy(value)))
                    .collect();
                let ours: Vec<_> = ours.fields.iter().collect();
                let theirs: Vec<_> =
                    theirs.iter().map(|(name, value)| (*name, &**value)).collect();
                assert_eq!(theirs, ours);
            }
            Ok(Some(used))
        }
    }
}

#[test]
fn what_we_accept_means_the_same_to_httparse() {
    let mut dice = Dice(0x5eed);
    let (mut both, mut reasons) = (0, BTreeSet::new());
    for _ in 0..100_000 {
        let head = dice.head();
        let text = String::from_utf8_lossy(&head);
        let ours = parse_request(&head);
        let theirs = other(&head, &ours);
        match (&ours, &theirs) {
            (Ok(Some((_, used))), theirs) => {
                // A later 1.x is spoken to as 1.1; httparse knows no other than 1.0 and 1.1.
                let later = text.contains("HTTP/1.") && theirs.is_err();
                assert!(later || theirs == &Ok(Some(*used)), "{text:?}: {theirs:?}");
                both += 1;
            }
            (Err(bad), Ok(Some(_))) => {
                assert!(STRICTER.contains(&bad.why), "{}: {text:?}", bad.why);
                reasons.insert(bad.why);
            }
            (Ok(None), Ok(Some(_))) => panic!("httparse sees a whole head: {text:?}"),
            _ => {} // Both want more, both refuse, or one sees the mistake earlier.
        }
    }
    assert!(both > 10_000, "{both} were right: too few to say anything");
    assert_eq!(reasons, STRICTER.iter().copied().collect(), "listed, and never seen");
}
