//! Floor 1: bytes to values and back. No sockets, no threads, no clock, no printing.

pub mod chat;
pub mod datagram_faults;
pub mod faults;
pub mod hall;
pub mod history;
pub mod http;
pub mod line_editor;
pub mod lines;
pub mod random;
pub mod rules;
pub mod socket_table;
pub mod stream_faults;
pub mod websocket;
