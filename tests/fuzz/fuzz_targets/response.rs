//! Heads of responses: no panic, and the same wherever they are cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sockdemo::proto::http::body;
use sockdemo::proto::http::head::parse_response;

fuzz_target!(|input: &[u8]| {
    let Ok(Some((response, used))) = parse_response(input) else { return };
    assert!(used <= input.len() && (100..1000).contains(&response.status));
    for cut in [0, used / 3, used / 2, used - 1] {
        assert_eq!(parse_response(&input[..cut]), Ok(None), "cut at {cut}");
    }
    for method in ["GET", "HEAD"] {
        let _ = body::of_response(method, &response);
    }
});
