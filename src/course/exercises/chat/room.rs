//! The check's side of a chat: members who know what they have to hear.

use crate::course::trial::{Caller, Finding, Outcome, Trial};

/// Evidence says which of the members it comes from.
const SIDES: &[&str] =
    &["member 1", "member 2", "member 3", "member 4", "member 5", "member 6", "member 7"];

pub(super) const WELCOME: &str =
    "the first line for a newcomer is the welcome: what others are told comes later";
pub(super) const TOLD: &str =
    "a newcomer is in the list before the others are told, and is told as well";
pub(super) const ECHO: &str = "whoever speaks gets its own line back: the others only";
const NAMED: &str = "a new name is told to its owner, too: the others only";

/// Those who are in the room, in the order in which they came.
pub(super) struct Room {
    pub(super) members: Vec<Member>,
    came: usize,
}

/// One of them, under its present name.
pub(super) struct Member {
    pub(super) caller: Caller,
    pub(super) name: String,
    was: String,
}

impl Room {
    /// The program is started, and so many come.
    pub(super) fn of(trial: &mut Trial, many: usize) -> Outcome<Room> {
        trial.serves()?;
        let mut room = Room { members: Vec::new(), came: 0 };
        for _ in 0..many {
            room.comes(trial)?;
        }
        Ok(room)
    }

    /// One more comes and is welcome, and the others are told.
    pub(super) fn comes(&mut self, trial: &mut Trial) -> Outcome {
        let side = SIDES.get(self.came).unwrap_or(&"a later member");
        self.came += 1;
        let newcomer = Member::welcome(trial.caller()?.plays(side))?;
        if self.members.iter().any(|member| member.name == newcomer.name) {
            let words = format!("{} is a newcomer, and somebody else", newcomer.name);
            return Err(Finding::new(words));
        }
        self.all_hear(&format!("* {} joined", newcomer.name))?;
        self.members.push(newcomer);
        Ok(())
    }

    /// A member takes a new name, and the others are told.
    pub(super) fn is_named(&mut self, who: usize, new: &str) -> Outcome {
        self.member(who)?.sends(&format!("/name {new}"))?;
        self.has_become(who, new)
    }

    /// It has asked for the name, and is told that it has it.
    pub(super) fn has_become(&mut self, who: usize, new: &str) -> Outcome {
        let member = self.member(who)?;
        member.hears(&format!("= you are {new}"))?;
        let old = std::mem::replace(&mut member.name, new.to_owned());
        member.was.clone_from(&old);
        self.others_hear(who, &format!("* {old} is now {new}"))
    }

    /// What one says, the others hear.
    pub(super) fn says(&mut self, who: usize, text: &str) -> Outcome {
        let member = self.member(who)?;
        member.sends(text)?;
        let line = format!("<{}> {text}", member.name);
        self.others_hear(who, &line)
    }

    pub(super) fn all_hear(&mut self, line: &str) -> Outcome {
        self.members.iter_mut().try_for_each(|member| member.hears(line))
    }

    pub(super) fn others_hear(&mut self, who: usize, line: &str) -> Outcome {
        let mut all = self.members.iter_mut().enumerate();
        all.try_for_each(|(at, member)| match at == who {
            true => Ok(()),
            false => member.hears(line),
        })
    }

    /// Everybody says something: so nobody has been told what it should not have heard.
    pub(super) fn talks(&mut self, trial: &mut Trial) -> Outcome {
        for who in 0..self.members.len() {
            let word = trial.random.word(8);
            self.says(who, &word)?;
        }
        let word = trial.random.word(8);
        self.says(0, &word)
    }

    pub(super) fn member(&mut self, who: usize) -> Outcome<&mut Member> {
        self.members.get_mut(who).ok_or_else(|| Finding::cannot_tell("nobody is there"))
    }
}

/// All go at once. Whoever closes with a line unread, such as one that tells of another's
/// leaving, resets its connection, and not every program that is wrong in another way
/// expects that; behind the end of the stream nobody notices.
impl Drop for Room {
    fn drop(&mut self) {
        for member in &mut self.members {
            let _ = member.caller.ends();
        }
    }
}

impl Member {
    fn welcome(mut caller: Caller) -> Outcome<Member> {
        let line = caller.hears_line()?;
        let name = line.strip_prefix("* welcome, guest-").map(|rest| {
            let digits = rest.chars().take_while(char::is_ascii_digit);
            format!("guest-{}", digits.collect::<String>())
        });
        match name.filter(|name| name != "guest-") {
            Some(name) => Ok(Member { caller, was: name.clone(), name }),
            None => {
                let words = "the first line for a newcomer is not its welcome";
                let expected = b"* welcome, guest-";
                let seen = format!("{line}\n");
                Err(Finding::differs(words, expected, seen.as_bytes()).because(WELCOME))
            }
        }
    }

    /// Sends a line.
    pub(super) fn sends(&mut self, line: &str) -> Outcome {
        self.caller.sends(format!("{line}\n").as_bytes())
    }

    /// Hears this line, and nothing before it.
    pub(super) fn hears(&mut self, line: &str) -> Outcome {
        let heard = self.caller.hears(format!("{line}\n").as_bytes());
        heard.map_err(|finding| match self.knows_why(&finding) {
            Some(cause) => finding.because(cause),
            None => finding,
        })
    }

    /// Sends a line, and is told that it cannot be: the first byte says so.
    pub(super) fn is_refused(&mut self, line: &[u8]) -> Outcome {
        self.caller.sends(&[line, b"\n"].concat())?;
        self.is_told_no()
    }

    pub(super) fn is_told_no(&mut self) -> Outcome {
        self.caller.hears(b"! ")?;
        self.caller.hears_line().map(drop)
    }

    /// Somebody's own news, where another line should have come.
    fn knows_why(&self, finding: &Finding) -> Option<&'static str> {
        let seen = finding.seen_bytes().unwrap_or_default();
        let begins = |words: String| seen.starts_with(words.as_bytes());
        let (name, was) = (&self.name, &self.was);
        if begins(format!("* {name} joined\n")) {
            return Some(TOLD);
        }
        if begins(format!("<{name}> ")) || begins(format!("<{was}> ")) {
            return Some(ECHO);
        }
        begins(format!("* {was} is now {name}\n")).then_some(NAMED)
    }
}
