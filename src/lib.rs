//! See every socket call.
//!
//! Blocking demos over `std::net`, a thread per connection, each call narrated. The
//! floors, from the ground up; a floor uses only floors below it:
//!
//! 1. [`proto`]: bytes to values and back. No sockets, no threads, no clock, no printing.
//! 2. [`kit`]: what is not the lesson: narration, stopping, errors with hints, addresses.
//! 3. [`demos`]: one file per subcommand, each reads like its lesson.
//! 4. [`course`]: the classroom: the tour, lessons, checks, myths, replay, the socket table.
//! 5. [`cli`]: the command line.
//!
//! Read `demos/tcp_server.rs` first, top to bottom, then `demos/tcp_client.rs`; then
//! `kit/say.rs` to see who is talking. `docs/architecture.md` is the longer map.

pub mod cli;
pub mod course;
pub mod demos;
pub mod kit;
pub mod proto;
