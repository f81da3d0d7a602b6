//! What we were doing, why it failed, and what to type instead.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, ErrorKind};

/// Our results.
pub type Result<T> = std::result::Result<T, Error>;

/// Completes the sentence "could not …: cause".
#[derive(Debug)]
pub struct Error {
    doing: String,
    cause: io::Error,
    hint: Option<Cow<'static, str>>,
    output_closed: bool,
    exit_code: u8,
}

impl Error {
    /// For a failure that needs a hint of its own.
    pub fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Error {
        self.hint = Some(hint.into());
        self
    }

    /// For a call that failed, and whose failure is already at hand.
    pub fn of(doing: impl fmt::Display, cause: io::Error) -> Error {
        let doing = doing.to_string();
        Error { doing, cause, hint: None, output_closed: false, exit_code: 1 }
    }

    /// The exit code of `check` when the exercise is not to blame, and of `myth` when the
    /// claim was not put to the test.
    pub const COULD_NOT_TELL: u8 = 3;

    /// For a failure that says nothing about an exercise, or a claim.
    pub fn could_not_tell(mut self) -> Error {
        self.exit_code = Error::COULD_NOT_TELL;
        self
    }

    /// How the program ends because of it.
    pub fn exit_code(&self) -> u8 {
        self.exit_code
    }

    /// For something that somebody asked for and that is not there.
    pub fn not_found(doing: String, hint: impl Into<Cow<'static, str>>) -> Error {
        let cause = io::Error::new(ErrorKind::NotFound, "there is none");
        let hint = Some(hint.into());
        Error { doing, cause, hint, output_closed: false, exit_code: 1 }
    }

    /// For something that we ourselves do not do, and why.
    pub fn because(doing: impl fmt::Display, why: impl fmt::Display) -> Error {
        let (doing, cause) = (doing.to_string(), io::Error::other(why.to_string()));
        Error { doing, cause, hint: None, output_closed: false, exit_code: 1 }
    }

    /// Whoever read our standard output has gone. That is a normal end.
    pub fn output_closed(cause: io::Error) -> Error {
        let output_closed = cause.kind() == ErrorKind::BrokenPipe;
        let doing = "write to standard output".to_owned();
        Error { doing, cause, hint: None, output_closed, exit_code: 1 }
    }

    /// Is this the normal end of a program whose reader has gone?
    pub fn is_output_closed(&self) -> bool {
        self.output_closed
    }

    /// What to type, if anything can be typed.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref().or(match self.cause.kind() {
            ErrorKind::AddrInUse => {
                Some("stop the program that has this port, or let the system choose: port 0")
            }
            ErrorKind::AddrNotAvailable => Some("this machine does not have that address"),
            ErrorKind::ConnectionRefused => {
                Some("nothing listens there: start the server first")
            }
            ErrorKind::ConnectionReset => Some(
                "a reset says that the other side gave the connection up, \
                 often by closing with bytes unread",
            ),
            ErrorKind::TimedOut => {
                Some("nobody answered at all: a wrong address, a silent firewall, or a full queue")
            }
            _ if self.cause.to_string().starts_with("Message too long") => {
                Some("a datagram has room for 65507 bytes at most")
            }
            _ if self.cause.to_string().starts_with("failed to lookup") => {
                Some("check the name, or type the address in numbers")
            }
            _ => None,
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not {}: {}", self.doing, self.cause)
    }
}

impl std::error::Error for Error {}

/// The hint for a port that only the administrator may take.
pub fn low_port(error: Error) -> Error {
    match error.cause.kind() {
        ErrorKind::PermissionDenied => {
            error.with_hint("low ports are the administrator's: choose one above 1023")
        }
        _ => error,
    }
}

/// Adds to an error what we were doing.
pub trait Doing<T> {
    /// `doing` completes the sentence "could not …".
    fn doing(self, doing: impl fmt::Display) -> Result<T>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: impl fmt::Display) -> Result<T> {
        self.map_err(|cause| Error::of(doing, cause))
    }
}
