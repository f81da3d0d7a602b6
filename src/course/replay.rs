//! `sockdemo replay`: a recording told again, or two recordings of one conversation
//! merged.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::course::merge;
use crate::kit::error::{Doing, Error, Result};
use crate::kit::event::Event;
use crate::kit::log::Log;
use crate::kit::stop::Stop;

/// Tell a recording again, in any view
///
/// Two recordings of one conversation, the server's and the client's, become one ladder.
/// Their clocks are not compared: what is known is which bytes had to be sent before they
/// could be received. Where the order is not known, a ~ says so.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What --record wrote
    #[arg(value_name = "FILE")]
    pub first: PathBuf,

    /// The other side's recording
    #[arg(value_name = "FILE")]
    pub second: Option<PathBuf>,
}

/// What was recorded, in one order.
pub fn load(args: &Args) -> Result<Vec<Event>> {
    let first = read(&args.first)?;
    Ok(match &args.second {
        None => first,
        Some(second) => {
            let second = read(second)?;
            check_sides(&first, &second)?;
            let apart = !merge::share_a_connection(&first, &second);
            if apart {
                let error = io::Error::new(
                    ErrorKind::InvalidData,
                    "no connection appears in both, so nothing says how they belong together",
                );
                let outcome = Err(error).doing("merge the two recordings");
                return outcome.map_err(|error| error.with_hint(BOTH_SIDES));
            }
            merge::merge(first, second)
        }
    })
}

/// Two recordings of one side have nothing to say to each other.
fn check_sides(first: &[Event], second: &[Event]) -> Result<()> {
    let same = |event: &&Event| {
        !event.who.is_empty() && second.iter().any(|other| other.who == event.who)
    };
    let Some(event) = first.iter().find(same) else { return Ok(()) };
    let words = format!("both were recorded by the {}", event.who);
    let outcome = Err(io::Error::new(ErrorKind::InvalidData, words));
    outcome.doing("merge the two recordings").map_err(|error| error.with_hint(BOTH_SIDES))
}

const BOTH_SIDES: &str = "record both sides of one conversation, each with --record";

/// Did both sides speak into this, as they do in a tour or after a merge?
pub fn has_both_sides(events: &[Event]) -> bool {
    ["client", "server"].iter().all(|side| events.iter().any(|event| event.who == *side))
}

/// Shows the recording.
pub fn run(events: Vec<Event>, stop: &Stop, log: Log) -> Result<()> {
    for event in events {
        if stop.requested() {
            break;
        }
        log.replay(event);
    }
    log.finish().doing("write the recording")
}

fn read(path: &Path) -> Result<Vec<Event>> {
    let text = fs::read_to_string(path).doing(format_args!("read {}", path.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let events = lines.map(|(i, line)| {
        let event = serde_json::from_str(line).map_err(|error| {
            // The line has a number already; the parser counts within it.
            let words = error.to_string();
            io::Error::other(
                words.split(" at line ").next().unwrap_or_default().to_owned(),
            )
        });
        event.doing(format_args!("understand line {} of {}", i + 1, path.display()))
    });
    let events: Vec<Event> = events.collect::<Result<_>>()?;
    match events.is_empty() {
        false => Ok(events),
        true => {
            let doing = format!("replay {}", path.display());
            Err(Error::because(doing, "nothing was recorded in it"))
        }
    }
}
