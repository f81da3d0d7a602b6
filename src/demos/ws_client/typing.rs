//! A line for typing at the bottom of the screen, while a conversation goes on above it.
//!
//! The main thread is the editor: it takes keys, draws the line, and hands over lines that
//! were ended. Another thread has the conversation.

use std::convert::Infallible;
use std::panic;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded, select_biased};

use crate::kit::error::{Doing, Result};
use crate::kit::keyboard;
use crate::kit::prompt::Prompt;
use crate::kit::say::Say;
use crate::proto::line_editor::{Change, LineEditor};

/// Lines that were typed and not sent yet: a page that somebody pastes, or what they have to
/// say while the server is restarted.
const LINES_KEPT: usize = 1000;

/// The main thread edits, a second one talks.
/// No line is longer than `room`.
pub(crate) fn at_the_terminal(
    prompt: Prompt,
    room: usize,
    say: &Say,
    talk: impl FnOnce(&Receiver<Vec<u8>>, &Say) -> Result<()> + Send,
) -> Result<()> {
    let keys = keyboard::pieces().doing("read standard input")?;
    let (entered, lines) = bounded(LINES_KEPT);
    let (over, ended) = bounded::<Infallible>(0);
    thread::scope(|scope| {
        let voice = say.on_thread("talk");
        let talking = move || {
            let _over = over; // Gone when we are done, however that happens.
            talk(&lines, &voice)
        };
        let talking = thread::Builder::new().spawn_scoped(scope, talking);
        let talking = talking.doing("start a thread")?;
        edit(&prompt, LineEditor::with_room(room), &keys, (&entered, &ended));
        drop((prompt, entered)); // Nothing more is typed; answers may still come.
        talking.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
    })
}

/// Keys become lines, until Ctrl-D or until the conversation is over.
fn edit(
    prompt: &Prompt,
    mut editor: LineEditor,
    keys: &Receiver<Vec<u8>>,
    (entered, ended): (&Sender<Vec<u8>>, &Receiver<Infallible>),
) {
    loop {
        let pressed = select_biased! {
            recv(ended) -> _ => return,
            recv(keys) -> pressed => pressed,
        };
        let Ok(pressed) = pressed else { return };
        let mut full = false;
        for key in pressed {
            match editor.push(key) {
                Change::Nothing | Change::Edited => {}
                Change::Full => full = true,
                Change::Cleared => prompt.clear_screen(),
                Change::Paused => prompt.pause(),
                Change::Ended => return,
                Change::Entered(line) => {
                    let kept = entered.try_send(line.clone().into_bytes());
                    let lost = "  (not sent: too many lines are waiting)";
                    prompt.leave(&line, if kept.is_ok() { "" } else { lost });
                }
            }
        }
        prompt.draw(editor.line(), editor.before_cursor().len());
        if full {
            prompt.ring();
        }
    }
}
