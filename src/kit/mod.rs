//! Floor 2: what a demo needs and what is not its lesson.
//!
//! The road of an event: a demo tells [`say`] what a call did; [`log`] puts it in order,
//! [`runs`] folds a flood into few lines, a [`view`] shows it.

pub mod addr;
pub mod clients;
pub mod ear;
pub mod error;
pub mod event;
pub mod explain;
pub mod keyboard;
pub mod limits;
pub mod log;
pub mod output;
pub mod prompt;
pub mod reset;
pub mod runs;
pub mod say;
pub mod std_calls;
pub mod step;
pub mod stop;
pub mod terminal;
pub mod text;
pub mod untangle;
pub mod view;
