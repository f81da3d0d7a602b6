//! Heads of requests: what we accept, httparse accepts with the same meaning; and a head
//! is the same wherever it is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sockdemo::proto::http::body;
use sockdemo::proto::http::head::{Version, parse_request};
use sockdemo::proto::http::target;

fuzz_target!(|input: &[u8]| {
    let Ok(Some((request, used))) = parse_request(input) else { return };
    assert!(used <= input.len());
    for cut in [0, used / 3, used / 2, used - 1] {
        assert_eq!(parse_request(&input[..cut]), Ok(None), "cut at {cut}");
    }
    assert_eq!(parse_request(&input[..used]), Ok(Some((request.clone(), used))));

    let mut fields = [httparse::EMPTY_HEADER; 101];
    let mut other = httparse::Request::new(&mut fields);
    let status = match other.parse(input) {
        // A later 1.x is spoken to as 1.1; httparse knows no later one.
        Err(httparse::Error::Version) if request.version == Version::Http11 => return,
        status => status.expect("httparse refuses what we accept"),
    };
    assert_eq!(status.unwrap(), used);
    assert_eq!(other.method, Some(request.method));
    assert_eq!(other.path, Some(request.target));
    assert_eq!(other.version, Some((request.version == Version::Http11).into()));
    assert_eq!(other.headers.len(), request.fields.count());
    for (theirs, (name, value)) in other.headers.iter().zip(request.fields.iter()) {
        assert_eq!(theirs.name, name);
        assert_eq!(String::from_utf8_lossy(theirs.value), value);
    }

    let _ = body::of_request(&request);
    if let Ok(target) = target::of(&request) {
        let _ = (target::names(target.path), target.parameter("a"));
    }
});
