//! How a conversation ended: which of several causes is the one to tell.

use crate::kit::error::{Error, Result};
use crate::kit::text;
use crate::proto::websocket::{Bad, code, meaning};

/// The last word.
pub(super) enum Closed {
    /// The server said so, and why.
    Said(u16, String),
    /// The server broke this rule.
    WeRefuse(Bad),
    /// There was none: the stream ended, perhaps in the middle of something.
    Unsaid(&'static str),
}

impl Closed {
    /// Whoever lets somebody go takes no more echoes, so that the reason counts more than
    /// an echo that could not be sent.
    pub(super) fn outcome(self, unsent: Option<Error>) -> Result<()> {
        match (self, unsent) {
            (Closed::WeRefuse(bad), _) => {
                Err(Error::because("understand the server", bad))
            }
            (Closed::Said(code, reason), _) if !is_good(code) => {
                Err(unfinished(code, &reason))
            }
            (_, Some(unsent)) => Err(unsent),
            (Closed::Said(..), None) => Ok(()),
            (Closed::Unsaid(within), None) => Err(unfinished(code::ABNORMAL, within)),
        }
    }
}

/// Does a conversation that is finished end like this?
fn is_good(code: u16) -> bool {
    matches!(code, code::NORMAL | code::GOING_AWAY | code::NONE)
}

fn unfinished(code: u16, detail: &str) -> Error {
    let detail = match (code, detail) {
        (_, "") => String::new(),
        (code::ABNORMAL, within) => format!(", in the middle of {within}"),
        (_, reason) => format!(", \"{}\"", text::safe(reason.as_bytes())),
    };
    Error::because(
        "finish the conversation",
        format!("{code}, {}{detail}", meaning(code)),
    )
}
