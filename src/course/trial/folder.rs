//! A folder that a check fills, for a program that works with files.

use std::env;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::process;

use crate::course::trial::finding::{Finding, Outcome};

/// So many names are tried. Another run may have left its folder behind.
const NAMES: usize = 1000;

/// A file's name while it is written.
const NEW: &str = ".being-written";

/// A folder among the temporary ones. It goes when its owner does.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// A new one, with nothing in it.
    pub fn new() -> Outcome<Folder> {
        let temporary = env::temp_dir();
        for n in 0..NAMES {
            let path = temporary.join(format!("sockdemo-{}-{n}", process::id()));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Folder { path }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(could_not("make a folder for files", &error)),
            }
        }
        Err(Finding::cannot_tell("all names for a folder of files are taken"))
    }

    /// Puts a file there; the folders on the way to it, too. A file of this name is replaced
    /// as a whole: whoever still reads it gets nothing of the new one.
    pub fn holds(&self, name: &str, content: &[u8]) -> Outcome {
        let path = self.path.join(name);
        let folder = path.parent().unwrap_or(&self.path);
        let new = self.path.join(NEW);
        let written = fs::create_dir_all(folder)
            .and_then(|()| fs::write(&new, content))
            .and_then(|()| fs::rename(&new, &path));
        written.map_err(|error| could_not("write a file", &error))
    }

    /// Where something in it is, as it is told to a program.
    pub fn path_of(&self, name: &str) -> String {
        self.path.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path); // It is a temporary one.
    }
}

fn could_not(what: &str, error: &io::Error) -> Box<Finding> {
    Finding::cannot_tell(format!("could not {what}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_with_its_owner() {
        let (one, other) = (Folder::new().unwrap(), Folder::new().unwrap());
        one.holds("a/b/c", b"content").unwrap();
        let path = one.path_of("a/b/c");
        assert_eq!(fs::read(&path).unwrap(), b"content");
        assert_ne!(one.path, other.path);
        drop(one);
        assert!(!fs::exists(path).unwrap());
    }
}
