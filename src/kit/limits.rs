//! How many clients this process has room for.

use std::fs;
use std::io;

/// Descriptors kept back: for the word to a client too many, for waking our own `accept`,
/// for a name look-up.
const KEPT_BACK: usize = 8;

/// The limit where the system cannot be asked: the common default is 256 descriptors.
const ELSEWHERE: usize = 200;

/// As many clients as there are descriptors left, less a few. Every client needs one, and
/// a server without any cannot even say that it is full.
pub fn clients_by_descriptors() -> usize {
    let limit =
        fs::read_to_string("/proc/self/limits").ok().and_then(|text| open_files(&text));
    let open = fs::read_dir("/proc/self/fd").map(Iterator::count);
    match (limit, open) {
        (Some(limit), Ok(open)) => limit.saturating_sub(open + KEPT_BACK).max(1),
        _ => ELSEWHERE,
    }
}

/// The soft limit in the text of `/proc/self/limits`.
fn open_files(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(usize::MAX),
        number => number.parse().ok(),
    }
}

/// A descriptor to give up when one is needed, if this system has a file for that.
pub fn spare_descriptor() -> Option<fs::File> {
    fs::File::open("/dev/null").ok()
}

/// Did the system refuse because this process, or all of them together, has too much
/// open?
pub fn is_out_of_descriptors(error: &io::Error) -> bool {
    // ENFILE, EMFILE, ENOMEM and ENOBUFS; std has no portable kind for the first two.
    cfg!(unix) && matches!(error.raw_os_error(), Some(23 | 24 | 12 | 55 | 105))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_soft_limit_is_the_first_number() {
        let text = "Limit   Soft Limit  Hard Limit  Units\n\
                    Max open files            64                   4096   files\n";
        assert_eq!(super::open_files(text), Some(64));
        assert_eq!(
            super::open_files("Max open files  unlimited  unlimited"),
            Some(usize::MAX)
        );
        assert_eq!(super::open_files("nothing"), None);
    }
}
