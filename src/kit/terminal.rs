//! The terminal's own settings: keys one by one and without echo, and as before at the end.

use std::io;

/// How wide the screen is, asked anew each time: somebody may pull at its corner.
pub fn columns() -> usize {
    let size = terminal_size::terminal_size_of(io::stdout());
    let columns = size.map_or(0, |(terminal_size::Width(columns), _)| columns);
    if columns == 0 { crate::kit::text::WIDTH } else { columns.into() }
}

#[cfg(unix)]
mod settings {
    use std::io;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use nix::sys::signal::{Signal, kill};
    use nix::sys::termios::{
        LocalFlags, SetArg, SpecialCharacterIndices as Key, Termios, tcgetattr, tcsetattr,
    };
    use nix::unistd::Pid;

    /// The settings to go back to. The second Ctrl-C needs them when nobody else can act, so
    /// they lie here, behind a lock that is never held while anything is written.
    static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

    /// What `termios` has for "no key".
    const NO_KEY: u8 = nix::libc::_POSIX_VDISABLE;

    fn before() -> MutexGuard<'static, Option<Termios>> {
        BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on each key comes at once and is not echoed. Ctrl-C is still a signal; Ctrl-Z
    /// is a key, because whoever pauses has to give the terminal back first.
    pub fn keys_one_by_one() -> io::Result<()> {
        let usual = tcgetattr(io::stdin())?;
        let mut keys = usual.clone();
        keys.local_flags.remove(LocalFlags::ICANON | LocalFlags::ECHO);
        keys.control_chars[Key::VMIN as usize] = 1;
        keys.control_chars[Key::VTIME as usize] = 0;
        keys.control_chars[Key::VSUSP as usize] = NO_KEY;
        let mut before = before();
        tcsetattr(io::stdin(), SetArg::TCSANOW, &keys)?;
        *before = Some(usual);
        Ok(())
    }

    /// The terminal is as it was.
    pub fn restore() {
        if let Some(usual) = before().take() {
            let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &usual); // It may be gone.
        }
    }

    /// Does what Ctrl-Z does: the whole job pauses, and the shell has the terminal. Returns
    /// when somebody has typed `fg`. Linux gives the signal to the main thread, so only there
    /// is it sure that nothing is done between the signal and the pause.
    pub fn pause() {
        let whole_job = Pid::from_raw(0);
        let _ = kill(whole_job, Signal::SIGTSTP); // Without job control nobody pauses.
    }
}

#[cfg(not(unix))]
mod settings {
    use std::io;

    pub fn keys_one_by_one() -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn restore() {}

    pub fn pause() {}
}

pub use settings::{keys_one_by_one, pause, restore};
