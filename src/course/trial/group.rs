//! The processes that a student's program consists of, and how they are ended.
//!
//! The program gets a process group of its own, so that one signal reaches it and the
//! children that it started. On Linux, whoever leaves the group is found again: orphans
//! become ours.

use std::process::Command;

/// A process and its children.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    leader: u32,
}

/// A process that was still there when its program had ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) pid: u32,
    pub(super) name: String,
}

impl Group {
    /// Of a program that was started by [`apart`].
    pub(crate) fn of(leader: u32) -> Group {
        Group { leader }
    }
}

#[cfg(unix)]
mod system {
    use std::os::unix::process::CommandExt;
    use std::time::{Duration, Instant};

    use crossbeam_channel::after;
    use nix::errno::Errno;
    use nix::sys::signal::{Signal, kill, killpg};
    use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
    use nix::unistd::Pid;

    use super::{Command, Group, Left};
    use crate::course::kernel::{self, Stat};

    /// Puts the program that is going to be started into a group of its own.
    pub(crate) fn apart(command: &mut Command) {
        command.process_group(0);
    }

    /// From now on, whoever loses its parent becomes our child.
    pub(crate) fn adopt_orphans() {
        #[cfg(target_os = "linux")]
        let _ = nix::sys::prctl::set_child_subreaper(true); // Linux 3.4 and later.
    }

    fn id(pid: u32) -> Pid {
        Pid::from_raw(pid.cast_signed())
    }

    impl Group {
        /// Asks the leader alone to end.
        pub(in super::super) fn ask_the_leader(self) {
            let _ = kill(id(self.leader), Signal::SIGTERM); // It may have ended.
        }

        /// Asks all of them to end.
        pub(in super::super) fn ask_all(self) {
            let _ = killpg(id(self.leader), Signal::SIGTERM); // They may have ended.
        }

        /// Ends all of them.
        pub(crate) fn kill(self) {
            let _ = killpg(id(self.leader), Signal::SIGKILL); // They may have ended.
        }

        /// What a terminal does with Ctrl-C.
        pub(in super::super) fn interrupt(self) {
            let _ = killpg(id(self.leader), Signal::SIGINT); // They may have ended.
        }

        /// Stops all of them, as Ctrl-Z does.
        pub(in super::super) fn freeze(self) {
            let _ = killpg(id(self.leader), Signal::SIGSTOP); // They may have ended.
        }

        /// Lets them go on, as `fg` does. A write that was under way then says how much it
        /// has taken so far.
        pub(in super::super) fn thaw(self) {
            let _ = killpg(id(self.leader), Signal::SIGCONT); // They may have ended.
        }

        /// Stops all of them, and waits until every thread has stopped.
        pub(in super::super) fn stop(self, patience: Duration) {
            self.freeze();
            let deadline = Instant::now() + patience;
            while !self.has_stopped() && Instant::now() < deadline {
                let _ = after(Duration::from_millis(1)).recv(); // Nothing tells us.
            }
        }

        fn has_stopped(self) -> bool {
            kernel::threads(self.leader).into_iter().all(|thread| {
                let folder = kernel::folder(self.leader).join("task");
                let stat = Stat::of(&folder.join(thread.to_string()));
                stat.is_none_or(|stat| matches!(stat.state, 'T' | 't' | 'Z' | 'X'))
            })
        }

        /// Who is still there, now that the leader has ended and has been waited for.
        pub(in super::super) fn left(self) -> Vec<Left> {
            reap(Pid::from_raw(-self.leader.cast_signed()));
            let ours = std::process::id();
            let mut left = Vec::new();
            for pid in kernel::processes() {
                let Some(stat) = Stat::of(&kernel::folder(pid)) else { continue };
                let is_dead = stat.state == 'Z' || stat.state == 'X';
                if is_dead && stat.parent == ours {
                    reap(id(pid));
                } else if !is_dead && (stat.parent == ours || stat.group == self.leader) {
                    left.push(Left { pid, name: stat.name });
                }
            }
            let unnamed = left.is_empty() && killpg(id(self.leader), None) == Ok(());
            if unnamed && kernel::processes().is_empty() {
                left.push(Left { pid: self.leader, name: "a process".to_owned() });
            }
            left
        }
    }

    impl Left {
        pub(in super::super) fn kill(&self) {
            let _ = kill(id(self.pid), Signal::SIGKILL); // It may have ended.
        }
    }

    /// Takes note of children that have ended, so that they can go.
    fn reap(which: Pid) {
        loop {
            match waitpid(which, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) => return,
                Ok(_) | Err(Errno::EINTR) => {}
                Err(_) => return,
            }
        }
    }
}

#[cfg(not(unix))]
mod system {
    use super::{Command, Group, Left};

    /// The tree of processes is found by its root.
    pub(crate) fn apart(_: &mut Command) {}

    /// Nobody is adopted here.
    pub(crate) fn adopt_orphans() {}

    impl Group {
        /// There is no polite way.
        pub(in super::super) fn ask_the_leader(self) {
            self.kill();
        }

        /// There is no polite way.
        pub(in super::super) fn ask_all(self) {
            self.kill();
        }

        /// Ends the whole tree.
        pub(crate) fn kill(self) {
            let pid = self.leader.to_string();
            let _ = Command::new("taskkill").args(["/T", "/F", "/PID", &pid]).output();
        }

        /// There is no such thing.
        pub(in super::super) fn interrupt(self) {}

        /// There is no such thing.
        pub(in super::super) fn freeze(self) {}

        /// Nobody was stopped.
        pub(in super::super) fn thaw(self) {}

        /// There is no such thing.
        pub(in super::super) fn stop(self, _: std::time::Duration) {}

        /// Nothing is known of them.
        pub(in super::super) fn left(self) -> Vec<Left> {
            Vec::new()
        }
    }

    impl Left {
        pub(in super::super) fn kill(&self) {}
    }
}

pub(crate) use system::{adopt_orphans, apart};
