//! Floor 4: the classroom.

pub mod merge;
pub mod replay;
pub mod sockets;
pub mod tour;
