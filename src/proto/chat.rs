//! What members of a chat say to its server, line by line, and what names they may have.
//!
//! `docs/protocols.md` is the same for those who write their own side of it.

use std::fmt;

/// The longest line, its end not counted.
pub const LONGEST_LINE: usize = 1000;

/// The room in which everybody begins.
pub const LOBBY: &str = "lobby";

/// The longest name of a member or of a room.
const LONGEST_NAME: usize = 16;

/// Names that only the server gives begin like this.
const GUEST: &str = "guest-";

/// One line of a member, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each one is the command of that name")]
pub enum Request<'a> {
    /// A line without a command: said to the room.
    Say(&'a str),
    Name(Name<'a>),
    Join(Name<'a>),
    Leave,
    List,
    Who,
    Msg {
        to: &'a str,
        text: &'a str,
    },
    Help,
    Quit,
}

/// A name that a member or a room may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a>(&'a str);

/// Why something cannot be done. Its words are what the member is told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words below say it")]
pub enum Refusal {
    TooLong,
    NotUtf8,
    NotAName,
    Reserved(String),
    Taken(String),
    Nobody(String),
    NothingToTell,
    NoSuchCommand(String),
}

/// The commands, as `/help` lists them.
pub const HELP: &[&str] = &[
    "/name NAME       be called NAME",
    "/join ROOM       go to ROOM, and leave this one",
    "/leave           go back to the lobby",
    "/list            which rooms there are",
    "/who             who is in this room",
    "/msg NAME TEXT   say TEXT to NAME alone",
    "/quit            leave",
    "//TEXT           say a TEXT that begins with a slash",
];

/// Understands a line. `None` is a line with nothing in it.
pub fn parse(line: &str) -> Result<Option<Request<'_>>, Refusal> {
    if line.is_empty() {
        return Ok(None);
    }
    let Some(command) = line.strip_prefix('/').filter(|rest| !rest.starts_with('/'))
    else {
        return Ok(Some(Request::Say(line.strip_prefix('/').unwrap_or(line))));
    };
    let (command, rest) = split_word(command);
    Ok(Some(match command {
        "name" => Request::Name(Name::parse(rest)?),
        "join" => Request::Join(Name::parse(rest)?),
        "leave" => Request::Leave,
        "list" => Request::List,
        "who" => Request::Who,
        "msg" => match split_word(rest) {
            ("", _) | (_, "") => return Err(Refusal::NothingToTell),
            (to, text) => Request::Msg { to, text },
        },
        "help" => Request::Help,
        "quit" => Request::Quit,
        other => return Err(Refusal::NoSuchCommand(beginning(other))),
    }))
}

impl<'a> Name<'a> {
    /// Letters, digits, `-` and `_`, a letter first: nothing that could look like a mark of
    /// the server or like somebody else.
    pub fn parse(text: &'a str) -> Result<Name<'a>, Refusal> {
        let text = text.trim_end();
        let fits = (1..=LONGEST_NAME).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        match fits {
            false => Err(Refusal::NotAName),
            true if same_name(text).starts_with(GUEST) => {
                Err(Refusal::Reserved(text.to_owned()))
            }
            true => Ok(Name(text)),
        }
    }

    /// The name as it was typed.
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

/// What a newcomer is called.
pub fn guest(number: u32) -> String {
    format!("{GUEST}{number}")
}

/// Two names are the same if this is: capitals make no difference.
pub fn same_name(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// The first word, and what stands behind the space that ends it.
fn split_word(text: &str) -> (&str, &str) {
    text.split_once(' ').unwrap_or((text, ""))
}

/// As much of a stranger's word as fits into an answer.
fn beginning(word: &str) -> String {
    let mut shown: String = word.chars().take(LONGEST_NAME).collect();
    if shown.len() < word.len() {
        shown.push('…');
    }
    shown
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::TooLong => {
                write!(f, "too long: a line has at most {LONGEST_LINE} bytes")
            }
            Refusal::NotUtf8 => write!(f, "not UTF-8: nobody was told"),
            Refusal::NotAName => write!(
                f,
                "a name is 1 to {LONGEST_NAME} letters, digits, - and _, and begins \
                 with a letter"
            ),
            Refusal::Reserved(name) => write!(f, "only the server calls somebody {name}"),
            Refusal::Taken(name) => write!(f, "{name} is taken"),
            Refusal::Nobody(name) => {
                write!(f, "nobody here is called {}", beginning(name))
            }
            Refusal::NothingToTell => write!(f, "say it like this: /msg NAME TEXT"),
            Refusal::NoSuchCommand(command) => {
                write!(f, "no such command: /{command} (/help lists them)")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_it_is_for() {
        let said = |line| parse(line).map(|request| request.unwrap());
        assert_eq!(parse(""), Ok(None));
        assert_eq!(said("hello"), Ok(Request::Say("hello")));
        assert_eq!(said("  /name ann "), Ok(Request::Say("  /name ann ")));
        assert_eq!(said("//me too"), Ok(Request::Say("/me too")));
        assert_eq!(said("/name ann"), Ok(Request::Name(Name("ann"))));
        assert_eq!(said("/join tea "), Ok(Request::Join(Name("tea"))));
        assert_eq!(said("/who"), Ok(Request::Who));
        let told = Request::Msg { to: "bob", text: " two  spaces " };
        assert_eq!(said("/msg bob  two  spaces "), Ok(told));
    }

    #[test]
    fn what_is_no_request_is_refused_with_a_reason() {
        let words = |line: &str| parse(line).unwrap_err().to_string();
        assert_eq!(words("/dance on"), "no such command: /dance (/help lists them)");
        assert_eq!(words("/Name ann"), "no such command: /Name (/help lists them)");
        assert_eq!(words("/"), "no such command: / (/help lists them)");
        let long = words(&format!("/{}", "ü".repeat(300)));
        assert_eq!(
            long,
            format!("no such command: /{}… (/help lists them)", "ü".repeat(16))
        );
        for line in ["/msg", "/msg bob", "/msg bob ", "/msg  hello"] {
            assert_eq!(words(line), "say it like this: /msg NAME TEXT", "{line:?}");
        }
    }

    #[test]
    fn a_name_cannot_look_like_something_else() {
        for name in ["a", "Ann-Marie_2", "abcdefghijklmnop"] {
            assert_eq!(Name::parse(name), Ok(Name(name)));
        }
        for name in
            ["", "2pac", "-a", "a b", "a>b", "änn", "ann\u{202e}", "abcdefghijklmnopq"]
        {
            assert_eq!(Name::parse(name), Err(Refusal::NotAName), "{name:?}");
        }
        let reserved = Name::parse("Guest-7").unwrap_err().to_string();
        assert_eq!(reserved, "only the server calls somebody Guest-7");
    }
}
