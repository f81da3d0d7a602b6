//! Call by call: before each call somebody presses Enter.

use std::collections::HashSet;
use std::convert::Infallible;
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::thread;

use crossbeam_channel::{Receiver, bounded, never};

use crate::kit::event::Event;
use crate::kit::explain;
use crate::kit::stop::Stop;
use crate::kit::view::Page;

/// Who presses Enter, and whether we are waiting for it.
#[derive(Debug)]
pub struct Steps {
    presses: Receiver<()>,
    stopped: Receiver<Infallible>,
    explained: HashSet<&'static str>,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// Nobody steps, or no longer.
    Over,
    /// The next call asks.
    Ready,
    /// A call has asked and waits.
    Asking,
}

impl Steps {
    /// Nobody steps.
    pub fn none() -> Steps {
        Steps {
            presses: never(),
            stopped: never(),
            explained: HashSet::new(),
            state: State::Over,
        }
    }

    /// Enter on the terminal. `None` if there is none: then nobody could press anything,
    /// and the program runs straight through.
    pub fn by_keyboard(page: &impl IsTerminal, stop: &Stop) -> io::Result<Option<Steps>> {
        if !page.is_terminal() {
            return Ok(None);
        }
        let keyboard: Box<dyn Read + Send> = match File::open("/dev/tty") {
            _ if io::stdin().is_terminal() => Box::new(io::stdin()),
            Ok(terminal) => Box::new(terminal),
            Err(_) => return Ok(None),
        };
        let (pressed, presses) = bounded(0);
        // Detached, like every keyboard thread: see `kit::keyboard`.
        thread::Builder::new().name("keyboard".to_owned()).spawn(move || {
            let lines = BufReader::new(keyboard).lines();
            for _ in lines.map_while(Result::ok) {
                if pressed.send(()).is_err() {
                    break;
                }
            }
        })?;
        let stopped = stop.channel().clone();
        Ok(Some(Steps {
            presses,
            stopped,
            explained: HashSet::new(),
            state: State::Ready,
        }))
    }

    /// One message for each Enter; the channel ends with the keyboard.
    pub fn presses(&self) -> &Receiver<()> {
        &self.presses
    }

    /// Closes when the program is asked to stop.
    pub fn stopped(&self) -> &Receiver<Infallible> {
        &self.stopped
    }

    /// Is nobody going to press Enter any more?
    pub fn over(&self) -> bool {
        self.state == State::Over
    }

    /// Is a call waiting for Enter?
    pub fn is_asking(&self) -> bool {
        self.state == State::Asking
    }

    /// Says what the next call is for, and asks for Enter.
    pub fn ask(&mut self, next: &Event, page: &mut Page) {
        self.state = State::Asking;
        let Some(call) = next.call else { return };
        let purpose = explain::purpose(next, call);
        let (who, call) = (explain::label(next), call.name());
        page.ask(&match self.explained.insert(purpose) {
            true => format!("next, {who}: {call}. {purpose} [Enter]"),
            false => format!("next, {who}: {call} [Enter]"),
        });
        page.flush();
    }

    /// Somebody pressed Enter. True if a call had asked.
    pub fn pressed(&mut self) -> bool {
        let asked = self.is_asking();
        if asked {
            self.state = State::Ready;
        }
        asked
    }

    /// From now on nobody steps: the keyboard has ended, or the program stops.
    pub fn end(&mut self) {
        *self = Steps::none();
    }
}
