//! Behaviour of the real program, needing nothing but Rust.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(missing_docs, unreachable_pub, clippy::disallowed_methods, reason = "tests")]

#[path = "../harness/mod.rs"]
#[allow(dead_code, reason = "shared by two test programs")]
mod harness;

mod chat;
mod chat_client;
mod cli;
mod compare;
mod forward;
mod http;
mod http_client;
mod lessons;
mod myths;
mod page;
mod readme;
mod replay;
mod sockets;
mod tcp;
mod tidy;
mod tour;
mod udp;
mod views;
mod websocket;
