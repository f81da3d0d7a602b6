//! The exercises, one file each: what the checks say to a student's program, and hear.

mod count;
mod daytime;
mod echo;
mod listen;
mod probe;
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
];

/// The exercise of a lesson.
pub fn of(lesson: u8) -> Option<&'static Exercise> {
    EXERCISES.iter().find(|exercise| exercise.lesson == lesson)
}
