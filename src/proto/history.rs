//! What was said: the last lines of each room, and the form in which a log keeps them.

use std::collections::BTreeMap;

use crate::proto::chat::{LOBBY, Name};

/// How many rooms are remembered: whoever talks in a thousand rooms fills no memory.
const ROOMS: usize = 32;

/// What is put behind the last line of a log, if it ends in the middle of it.
pub const CUT: &str = " [cut]";

/// The last lines of each room.
#[derive(Debug, Default)]
pub struct History {
    keep: usize,
    said: u64,
    rooms: BTreeMap<String, Said>,
}

#[derive(Debug, Default)]
struct Said {
    lines: Vec<String>,
    /// When its last line was said, counted in lines.
    at: u64,
}

impl History {
    /// Remembers the last `keep` lines of a room.
    pub fn of_last(keep: usize) -> History {
        History { keep, said: 0, rooms: BTreeMap::new() }
    }

    /// Something was said.
    pub fn remember(&mut self, room: &str, line: &str) {
        if self.keep == 0 {
            return;
        }
        self.said += 1;
        let said = self.rooms.entry(room.to_owned()).or_default();
        said.at = self.said;
        said.lines.push(line.to_owned());
        if said.lines.len() > self.keep {
            said.lines.remove(0);
        }
        if self.rooms.len() > ROOMS {
            self.forget_the_quietest();
        }
    }

    /// The last lines of a room, the oldest first.
    pub fn of(&self, room: &str) -> &[String] {
        self.rooms.get(room).map_or(&[], |said| &said.lines)
    }

    /// The line of a log, read again. What nobody can have said is left out.
    pub fn read(&mut self, entry: &str) {
        if let [_date, _time, room, line] = entry.splitn(4, ' ').collect::<Vec<_>>()[..]
            && (room == LOBBY || Name::parse(room).is_ok())
            && line.starts_with('<')
        {
            self.remember(room, line);
        }
    }

    fn forget_the_quietest(&mut self) {
        let quietest = self.rooms.iter().min_by_key(|(_, said)| said.at);
        if let Some(room) = quietest.map(|(room, _)| room.clone()) {
            self.rooms.remove(&room);
        }
    }
}

/// The line of a log for what was said so many seconds after the beginning of 1970.
pub fn entry(seconds: u64, room: &str, line: &str) -> String {
    format!("{} {room} {line}\n", utc(seconds))
}

/// `2026-11-21 09:05:00`, by the calendar: 400 years have 146,097 days, and a year that
/// begins in March has its leap day at the end.
fn utc(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let since_march_of_year_0 = days + 719_468;
    let (era, day) = (since_march_of_year_0 / 146_097, since_march_of_year_0 % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = match month {
        0..=9 => (era * 400 + year, month + 3),
        _ => (era * 400 + year + 1, month - 9),
    };
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_lines_are_kept() {
        let mut history = History::of_last(2);
        for line in ["<ann> 1", "<ann> 2", "<bob> 3"] {
            history.remember("tea", line);
        }
        assert_eq!(history.of("tea"), ["<ann> 2", "<bob> 3"]);
        assert_eq!(history.of("lobby").len(), 0);
    }

    #[test]
    fn the_rooms_with_the_oldest_last_line_are_forgotten() {
        let mut history = History::of_last(1);
        for room in 0..ROOMS {
            history.remember(&format!("r{room}"), "<ann> hello");
        }
        history.remember("r0", "<ann> again");
        history.remember("new", "<ann> hello");
        assert_eq!((history.of("r0").len(), history.of("r1").len()), (1, 0));
        assert_eq!(history.rooms.len(), ROOMS);
    }

    #[test]
    fn a_log_is_read_as_it_was_written() {
        let mut history = History::of_last(9);
        history.read(entry(0, "tea", "<ann>  two spaces ").trim_end_matches('\n'));
        for rubbish in [
            "",
            "2026-11-21 09",
            "a b c d",
            "a b ../c <ann> hi",
            "2026-11-21 09:05:00 tea <ann",
        ] {
            history.read(rubbish);
        }
        assert_eq!(history.of("tea"), ["<ann>  two spaces ", "<ann"]);
    }

    #[test]
    fn seconds_become_a_date() {
        for (seconds, date) in [
            (0, "1970-01-01 00:00:00"),
            (951_782_399, "2000-02-28 23:59:59"),
            (951_782_400, "2000-02-29 00:00:00"),
            (1_709_164_800, "2024-02-29 00:00:00"),
            (1_795_252_500, "2026-11-21 09:15:00"),
            (4_107_542_399, "2100-02-28 23:59:59"),
            (4_107_542_400, "2100-03-01 00:00:00"),
        ] {
            assert_eq!(utc(seconds), date);
        }
    }
}
