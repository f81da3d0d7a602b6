//! HTTP/1.1 as text: what RFC 9112 calls a message, and what follows from its fields.
//!
//! Everything here reads from the front of some bytes and answers: done, and so many were
//! used; more are needed; or wrong, because.

pub mod body;
pub mod head;
pub mod incoming;
pub mod question;
pub mod range;
pub mod status;
pub mod target;
pub mod url;
