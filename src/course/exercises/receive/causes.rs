//! What usually causes a failure of lesson 12's checks, and which failure speaks for which.

use super::file::BLOCK;
use crate::course::trial::Finding;

pub(super) const LAST_BLOCK: &str =
    "the last block is the one with fewer than 512 bytes: it may have none";
pub(super) const AS_IT_CAME: &str =
    "the file is printed as it came, any bytes: not as text, and with nothing around it";
pub(super) const TWICE: &str = "a block is acknowledged more than once";
pub(super) const THE_NEXT: &str =
    "the number that is sent is not that of the block that came";
pub(super) const ONE_BYTE: &str =
    "the number is kept in one byte, and there are more than 255";
pub(super) const FLUSH: &str =
    "nothing is written to standard output, or it is not flushed";
pub(super) const HEADER: &str =
    "the two bytes of the number are written along with the content";
pub(super) const ROOM: &str =
    "the buffer has 512 bytes, and a block has 514 with its number";
pub(super) const STAYS: &str =
    "after the last block, LINGER is the time limit, in milliseconds";
pub(super) const TAKEN_FOR_NEW: &str =
    "the acknowledgement was lost, so the block came again, and was taken for new";
pub(super) const NOT_ACKED_AGAIN: &str =
    "a block that comes again is not acknowledged again: the sender cannot go on";
pub(super) const TOO_SHORT: &str =
    "a datagram may have less than two bytes, and none at all";
pub(super) const FIRST: &str =
    "the sender is whoever sends first, even if that is no block 1";
pub(super) const BEHIND: &str = "a block behind the last one is acknowledged, or written";
pub(super) const WHOLE_FILE: &str =
    "the time limit stands for the whole file, not for each datagram";
pub(super) const ONLY_NEW: &str =
    "a block that comes again does not begin the time limit again";
pub(super) const OTHER_LIMIT: &str =
    "the time limit is another one than GIVE-UP, or LINGER";
pub(super) const HALF_A_FILE: &str =
    "half a file, or a message, is printed on standard output";
pub(super) const NO_FAILURE: &str =
    "to give up is a failure: a message on standard error, and exit code 1";
pub(super) const HIGHEST: &str =
    "the last block that it has had is acknowledged, not the one that came";
pub(super) const TOO_EARLY: &str =
    "a number that it has not had is acknowledged: one that came too early, or none";
pub(super) const ONLY_THE_LAST: &str =
    "only the last block is known as one that it has had, not those before it";
pub(super) const NO_BLOCK: &str =
    "what is shorter than 2 bytes or longer than 514 is taken for a block";
pub(super) const NOT_YET: &str =
    "the time limit begins before there is a block 1, or with what a stranger sends";
pub(super) const LEAVES_EARLY: &str =
    "it ends with the last block: its acknowledgement can be lost, too";
pub(super) const STAYS_SILENT: &str =
    "it stays, and does not acknowledge what comes then, or not each time";
pub(super) const NOT_AGAIN: &str =
    "the time that it stays does not begin again with each datagram";
pub(super) const BY_STRANGERS: &str = "a stranger's datagrams begin the time limit again";
pub(super) const NO_LIMIT: &str =
    "nothing limits how long the program waits for the sender";

/// On a good network, block `number` of a file with so many bytes was not acknowledged.
pub(super) fn why_not_acknowledged(
    finding: Box<Finding>,
    length: usize,
    number: u16,
) -> Box<Finding> {
    match acknowledged_instead(&finding) {
        Some(other) if other + 1 == number => finding.or_because(TWICE),
        Some(other) if other == number + 1 => finding.or_because(THE_NEXT),
        None if length == 0 || number == 2 && length <= BLOCK + 1 => {
            finding.or_because(LAST_BLOCK)
        }
        None if number > 255 => finding.or_because(ONE_BYTE),
        _ => finding,
    }
}

/// All blocks were acknowledged, and the file was not printed as it is.
pub(super) fn why_not_received(finding: Box<Finding>, length: usize) -> Box<Finding> {
    let is_at_an_edge = length == 0 || (BLOCK - 2..=BLOCK).contains(&length);
    match finding.seen_bytes() {
        None if is_at_an_edge => finding.because(LAST_BLOCK),
        None => finding.because(STAYS),
        Some([]) => finding.because(FLUSH),
        Some([0, 1, ..]) => finding.because(HEADER),
        Some(seen) if (BLOCK - 2..length).contains(&seen.len()) && length < 2 * BLOCK => {
            finding.because(ROOM)
        }
        Some(_) => finding.because(AS_IT_CAME),
    }
}

/// The number that was acknowledged instead of the right one.
pub(super) fn acknowledged_instead(finding: &Finding) -> Option<u16> {
    let bytes = finding.seen_bytes()?.try_into().ok()?;
    Some(u16::from_be_bytes(bytes))
}
