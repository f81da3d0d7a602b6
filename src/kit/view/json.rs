//! One JSON object a line: for programs, for recordings.

use crate::kit::event::Event;
use crate::kit::view::View;

/// The events themselves.
#[derive(Clone, Copy, Debug)]
pub struct Json;

impl View for Json {
    fn show(&mut self, event: &Event, page: &mut String) {
        // Plain data: numbers, strings and addresses always have a JSON form.
        if let Ok(line) = serde_json::to_string(event) {
            page.push_str(&line);
            page.push('\n');
        }
    }
}
