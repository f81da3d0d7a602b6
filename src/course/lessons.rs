//! The lessons: their pages, hints and programs are inside the binary.

use crate::kit::error::{Error, Result};

/// One lesson folder.
#[derive(Debug)]
pub struct Lesson {
    /// From 1.
    pub number: u8,
    /// The folder's name, `05-bytes-not-messages`. Its examples are called after it.
    pub name: &'static str,
    /// README.md.
    pub page: &'static str,
    /// hints.md: four rungs.
    pub hints: &'static str,
    /// exercise.rs as it was when this program was built.
    pub exercise: &'static str,
    /// solution.rs.
    pub solution: &'static str,
}

/// A lesson is a number, the name of its folder, and what stands in it.
macro_rules! lesson {
    ($number:literal, $name:literal) => {
        Lesson {
            number: $number,
            name: $name,
            page: include_str!(concat!("../../lessons/", $name, "/README.md")),
            hints: include_str!(concat!("../../lessons/", $name, "/hints.md")),
            exercise: include_str!(concat!("../../lessons/", $name, "/exercise.rs")),
            solution: include_str!(concat!("../../lessons/", $name, "/solution.rs")),
        }
    };
}

/// All of them, in teaching order.
pub const LESSONS: &[Lesson] = &[
    lesson!(1, "01-what-is-a-socket"),
    lesson!(2, "02-addresses-and-ports"),
    lesson!(3, "03-listening-and-accepting"),
    lesson!(4, "04-connecting"),
    lesson!(5, "05-bytes-not-messages"),
    lesson!(6, "06-framing"),
    lesson!(7, "07-closing"),
    lesson!(8, "08-many-clients"),
    lesson!(9, "09-time"),
    lesson!(10, "10-stopping"),
    lesson!(11, "11-datagrams"),
    lesson!(12, "12-reliability"),
    lesson!(13, "13-the-road"),
    lesson!(14, "14-client-pull"),
    lesson!(15, "15-polling-and-push"),
    lesson!(16, "16-websocket"),
    lesson!(17, "17-events"),
    lesson!(18, "18-chat"),
];

/// The lesson that somebody calls `5`, `05` or `05-bytes-not-messages`.
pub fn find(called: &str) -> Result<&'static Lesson> {
    let number = called.parse().ok();
    let found = LESSONS.iter().find(|lesson| {
        Some(lesson.number) == number || lesson.name == called.trim_end_matches('/')
    });
    found.ok_or_else(|| {
        Error::not_found(
            format!("find a lesson called {called}"),
            "`sockdemo lesson` lists them",
        )
    })
}

impl Lesson {
    /// What stands behind the number in the page's first line.
    pub fn title(&self) -> &'static str {
        let heading = self.page.lines().next().unwrap_or_default();
        heading.split_once(". ").map_or(heading, |(_, title)| title)
    }

    /// The question that the lesson answers: the page's first bold line.
    pub fn question(&self) -> &'static str {
        let bold = self.page.lines().find_map(|line| line.strip_prefix("**"));
        bold.map(|line| line.trim_end_matches("**")).unwrap_or_default()
    }

    /// How long it takes in class, exercise included.
    pub fn minutes(&self) -> u32 {
        let line = self.page.lines().find(|line| line.contains(" minutes. Calls: "));
        let number = line.and_then(|line| line.split(' ').next()?.parse().ok());
        number.unwrap_or_default()
    }

    /// The hint ladder: symptom, concept, call, sketch.
    pub fn rungs(&self) -> Vec<&'static str> {
        self.hints.split("\n## ").skip(1).map(str::trim_end).collect()
    }

    /// The question before the run, with its lettered answers.
    pub fn prediction(&self) -> &'static str {
        between(self.page, "\n## Predict\n", "<details>")
    }

    /// What the prediction should have been, and why.
    pub fn answer(&self) -> &'static str {
        between(self.page, "</summary>", "</details>").trim()
    }

    /// The letter of the right answer.
    pub fn right_answer(&self) -> char {
        self.answer().trim_start_matches('*').chars().next().unwrap_or_default()
    }

    /// Does this output of the example show what the answer says? The answer quotes it.
    pub fn is_shown_by(&self, output: &str) -> bool {
        let transcript = between(self.page, "\n## Run it\n", "\n## ");
        let quotes = self.answer().split('`').skip(1).step_by(2);
        let mut quotes = quotes.filter(|quote| transcript.contains(quote)).peekable();
        quotes.peek().is_some() && quotes.all(|quote| output.contains(quote))
    }
}

/// What stands between two marks.
fn between(text: &'static str, from: &str, to: &str) -> &'static str {
    let behind = text.split_once(from).map_or("", |(_, behind)| behind);
    behind.split_once(to).map_or(behind, |(between, _)| between)
}
