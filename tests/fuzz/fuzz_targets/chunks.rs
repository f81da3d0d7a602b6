//! Bodies in chunks: the same in one piece and byte by byte, and what is written can be
//! read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sockdemo::proto::http::body::{Chunks, LAST_CHUNK, Piece, push_chunk};

/// The body, whether it has ended, and how many bytes it took; or refused.
fn read(input: &[u8], step: usize) -> Option<(Vec<u8>, bool, usize)> {
    let (mut chunks, mut body, mut used) = (Chunks::default(), Vec::new(), 0);
    for end in (0..=input.len()).step_by(step).chain([input.len()]) {
        while let Some((piece, n)) = chunks.next(&input[used..end]).ok()? {
            used += n;
            match piece {
                Piece::Data(data) => body.extend(data),
                Piece::End => return Some((body, true, used)),
            }
        }
    }
    Some((body, false, used))
}

fuzz_target!(|input: &[u8]| {
    let whole = read(input, input.len().max(1));
    for step in [1, 2, 7] {
        let cut = read(input, step);
        match (&whole, &cut) {
            (Some((body, true, used)), Some((again, true, same))) => {
                assert_eq!((body, used), (again, same));
            }
            // Bytes may be refused while a later end would have been seen as well.
            (whole, cut) => assert_eq!(whole.is_some(), cut.is_some(), "step {step}"),
        }
    }
    let mut out = Vec::new();
    for chunk in input.chunks(5) {
        push_chunk(&mut out, chunk);
    }
    out.extend(LAST_CHUNK);
    assert_eq!(read(&out, 3), Some((input.to_vec(), true, out.len())));
});
