//! Floor 4: the classroom.

pub mod check;
pub mod exercises;
mod kernel;
pub mod lessons;
pub mod merge;
pub mod myth;
pub mod progress;
pub mod replay;
pub mod repository;
pub mod sockets;
pub mod tour;
pub mod trial;
