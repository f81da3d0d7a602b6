//! Floor 4: the classroom.

pub mod check;
pub mod compare;
pub mod exercises;
mod kernel;
pub mod lesson;
pub mod lessons;
pub mod merge;
pub mod myth;
pub mod page;
mod predict;
pub mod progress;
pub mod replay;
pub mod repository;
pub mod sockets;
pub mod tour;
pub mod trial;
