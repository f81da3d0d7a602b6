//! Ranges: whatever is asked for, the part lies in the file and is not empty.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sockdemo::proto::http::range::{Wanted, wanted};

fuzz_target!(|question: (u64, &str)| {
    let (size, field) = question;
    if let Wanted::Part(part) = wanted(Some(field), size) {
        assert!(part.start < part.end && part.end <= size);
    }
});
