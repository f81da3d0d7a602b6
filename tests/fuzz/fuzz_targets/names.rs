//! Names of files: none of them leads anywhere but down.
#![no_main]

use std::path::{Component, Path};

use libfuzzer_sys::fuzz_target;
use sockdemo::proto::http::target::{decoded, names};

fuzz_target!(|path: &str| {
    let _ = decoded(path);
    let Ok(names) = names(path) else { return };
    let mut place = Path::new("/root").to_owned();
    place.extend(&names);
    let parts: Vec<_> = place.components().skip(2).collect();
    assert_eq!(parts.len(), names.len());
    for (part, name) in parts.iter().zip(&names) {
        assert_eq!(*part, Component::Normal(name.as_ref()));
        assert!(!name.contains(char::is_control));
    }
});
