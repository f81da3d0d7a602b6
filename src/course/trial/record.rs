//! What the kernel counts for the threads of a program.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::course::kernel;

/// How often a program's threads went to sleep, and how long they ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Each time a thread has gone to sleep again, it had woken before.
    pub wakes: u64,
    /// It ran, could have gone on, and had to let others run.
    pub cuts: u64,
    /// On all processors.
    pub runs: Duration,
}

/// The same for each thread, since it began.
pub(super) type Record = BTreeMap<u32, Activity>;

/// Threads that have ended since are not counted.
pub(super) fn growth(before: &Record, now: &Record) -> Activity {
    let mut sum = Activity::default();
    for (thread, now) in now {
        let before = before.get(thread).copied().unwrap_or_default();
        sum.wakes += now.wakes.saturating_sub(before.wakes);
        sum.cuts += now.cuts.saturating_sub(before.cuts);
        sum.runs += now.runs.saturating_sub(before.runs);
    }
    sum
}

/// What the kernel has counted for these processes.
pub(super) fn record(pids: &[u32]) -> Record {
    let threads = pids.iter().flat_map(|pid| {
        let of = move |thread: u32| Some((thread, activity(*pid, thread)?));
        kernel::threads(*pid).into_iter().filter_map(of)
    });
    threads.collect()
}

fn activity(pid: u32, thread: u32) -> Option<Activity> {
    let (wakes, cuts) = kernel::turns(pid, thread)?;
    let runs = kernel::time_run(pid, thread)?;
    Some(Activity { wakes, cuts, runs })
}
