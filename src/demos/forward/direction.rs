//! The two directions of what is forwarded.

/// Up is from the caller to the target, down is back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Up,
    Down,
}

impl Direction {
    /// What the thread is called that carries it. The caller's own thread carries up.
    pub(super) fn thread(self) -> &'static str {
        match self {
            Direction::Up => "connection",
            Direction::Down => "down",
        }
    }

    /// What the thread is called that lets time pass on a bad road.
    pub(super) fn road(self) -> &'static str {
        match self {
            Direction::Up => "up road",
            Direction::Down => "down road",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Direction::Up => "up",
            Direction::Down => "down",
        }
    }
}
