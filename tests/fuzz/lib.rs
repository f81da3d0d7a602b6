//! The part of the product that reads strangers' bytes, built alone, so that the fuzzer's
//! compiler has little to do.

pub mod proto;
