//! The files that lesson 14's checks ask for, and what is said to get them.

use super::answer;
use crate::course::trial::{Caller, Finding, Folder, Outcome, Trial};

/// What the picture contains, somewhere: it looks like an end and like an answer.
const TRAP: &[u8] = b"\0\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n\n\n\x1a\xff";

/// What lies outside of the folder, word for word.
pub(super) const SECRET: &[u8] = b"the secret of the one beside you\n";

/// The folder that is served, among others in a folder of the check's.
const FILES: &str = "files";

/// A folder with files, and a program that serves it.
pub(super) struct Site {
    around: Folder,
    files: Vec<(&'static str, Vec<u8>)>,
}

impl Site {
    /// Fills a folder and starts the program with it.
    pub(super) fn serves(trial: &mut Trial) -> Outcome<Site> {
        let site = Site::filled(trial)?;
        trial.serves_at("127.0.0.1", &[&site.around.path_of(FILES)])?;
        Ok(site)
    }

    fn filled(trial: &mut Trial) -> Outcome<Site> {
        let mut word = |length| trial.random.word(length);
        let hello = format!("hello {}\n", word(8));
        let umlauts = format!("caf\u{e9} {} \u{2713} \u{fc}ber\r\n", word(5));
        let page = format!("<p>{}</p>", word(20));
        let (capitals, dots) = (word(9), word(7));
        let names = [word(6), word(5), word(4), word(3)];
        let (half, rest) = (trial.random.bytes(50_000), trial.random.bytes(52_400));
        let picture = [&half, TRAP, &rest].concat();
        let mut files = vec![
            ("hello.txt", hello.into_bytes()),
            ("umlauts.txt", umlauts.into_bytes()),
            ("empty", Vec::new()),
            ("picture.bin", picture),
            ("sub/page.html", page.into_bytes()),
            ("sub/Capitals.TXT", capitals.into_bytes()),
            ("sub/two..dots", dots.into_bytes()),
        ];
        let special = ["sub/..dots", "dots../page", "sub/.dot", "one+one"];
        files.extend(special.into_iter().zip(names.map(String::into_bytes)));
        let around = Folder::new()?;
        for (name, content) in &files {
            around.holds(&format!("{FILES}/{name}"), content)?;
        }
        for secret in ["secret.txt", "files-too/secret.txt"] {
            around.holds(secret, SECRET)?;
        }
        Ok(Site { around, files })
    }

    /// The path of a file outside of the folder, as the machine knows it.
    pub(super) fn secret(&self) -> String {
        self.around.path_of("secret.txt")
    }

    /// One more file, or another content. Whoever still has the old one open keeps it.
    pub(super) fn changes(&self, name: &str, content: &[u8]) -> Outcome {
        self.around.holds(&format!("{FILES}/{name}"), content)
    }

    /// Asks for a name, and gets the answer to it.
    pub(super) fn asks(&self, caller: &mut Caller, name: &str) -> Outcome {
        let sent = caller.sends(get(name, "").as_bytes());
        sent.map_err(|finding| asked(name, finding))?;
        self.answers(caller, name)
    }

    /// What the file of this name has in it, if there is one.
    pub(super) fn content(&self, name: &str) -> Option<&[u8]> {
        let file = self.files.iter().find(|(known, _)| *known == name);
        file.map(|(_, content)| content.as_slice())
    }

    /// Hears the answer to a request for this name.
    pub(super) fn answers(&self, caller: &mut Caller, name: &str) -> Outcome {
        let heard = match self.content(name) {
            Some(content) => answer::hears(caller, 200, content),
            None => answer::hears_404(caller),
        };
        heard.map_err(|finding| asked(name, finding))
    }
}

/// The request for a name, with these fields besides the one that every request needs.
pub(super) fn get(name: &str, fields: &str) -> String {
    format!("GET /{name} HTTP/1.1\r\nHost: a\r\n{fields}\r\n")
}

/// The same, with fields that need not be text.
pub(super) fn get_with(name: &str, fields: &[u8]) -> Vec<u8> {
    let first = format!("GET /{name} HTTP/1.1\r\nHost: a\r\n");
    [first.as_bytes(), fields, b"\r\n"].concat()
}

/// What had been asked.
pub(super) fn asked(name: &str, mut finding: Box<Finding>) -> Box<Finding> {
    let shown = if name.len() > 40 { "a name of 300 letters" } else { name };
    finding.seen = format!("GET /{shown}: {}", finding.seen);
    finding
}
