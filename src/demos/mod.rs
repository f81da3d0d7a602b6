//! Floor 3: the demos, in reading order. Each file is one subcommand and reads like its
//! lesson; a demo may use the ones above it.

pub mod tcp_server;

pub mod tcp_client;

pub mod udp_server;

pub mod udp_client;
