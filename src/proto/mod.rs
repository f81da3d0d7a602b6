//! Floor 1: bytes to values and back. No sockets, no threads, no clock, no printing.

pub mod socket_table;
