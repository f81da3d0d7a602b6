//! The exercises, one file each: what the checks say to a student's program, and hear.

mod broker;
mod chat;
mod count;
mod crowd;
mod daytime;
mod dice;
mod echo;
mod files;
mod forwarder;
mod frames;
mod graceful;
mod heartbeat;
mod listen;
mod probe;
mod receive;
mod wait;
mod who;
mod word;

use crate::course::trial::Exercise;

/// All of them, in teaching order.
pub const EXERCISES: &[Exercise] = &[
    who::EXERCISE,
    listen::EXERCISE,
    daytime::EXERCISE,
    probe::EXERCISE,
    echo::EXERCISE,
    word::EXERCISE,
    count::EXERCISE,
    crowd::EXERCISE,
    heartbeat::EXERCISE,
    graceful::EXERCISE,
    dice::EXERCISE,
    receive::EXERCISE,
    forwarder::EXERCISE,
    files::EXERCISE,
    wait::EXERCISE,
    frames::EXERCISE,
    broker::EXERCISE,
    chat::EXERCISE,
];

/// The exercise of a lesson.
pub fn of(lesson: u8) -> Option<&'static Exercise> {
    EXERCISES.iter().find(|exercise| exercise.lesson == lesson)
}
