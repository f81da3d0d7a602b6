//! Frames and messages: the same in one piece and byte by byte, and never more memory than
//! a message may have.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sockdemo::proto::websocket::message::{Event, Incoming};

const LIMIT: usize = 200;

/// What was understood, in words, however the bytes come.
fn read(from_client: bool, input: &[u8], step: usize) -> Vec<String> {
    let mut incoming = match from_client {
        true => Incoming::from_client(LIMIT),
        false => Incoming::from_server(LIMIT),
    };
    let mut told = Vec::new();
    for mut piece in input.chunks(step) {
        while let Some(event) = incoming.take(&mut piece) {
            match event {
                Event::Text(text) => assert!(text.len() <= LIMIT),
                Event::Binary(bytes) => assert!(bytes.len() <= LIMIT),
                Event::Frame(..) => continue, // A text may be refused before its frame ends.
                _ => {}
            }
            told.push(format!("{event:?}"));
        }
    }
    told
}

fuzz_target!(|input: &[u8]| {
    let Some((first, frames)) = input.split_first() else { return };
    let from_client = first & 1 == 0;
    let whole = read(from_client, frames, frames.len().max(1));
    for step in [1, 3, 7] {
        assert_eq!(read(from_client, frames, step), whole, "in pieces of {step}");
    }
});
