//! Floor 3: the demos, in reading order. Each file is one subcommand and reads like its
//! lesson; a demo may use the ones above it.

pub mod tcp_server;

pub mod tcp_client;

pub mod udp_server;

pub mod udp_client;

pub mod forward;

pub mod http_server;

pub mod http_client;

pub mod ws_server;

pub mod ws_client;

pub mod chat_server;

pub mod chat_client;
