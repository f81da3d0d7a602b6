//! What a bad network does to datagrams: loses, doubles, delays, reorders, cuts, corrupts.
//!
//! Nothing here waits or sends. The n-th datagram of a direction has a fate, and the same
//! seed gives it the same fate again.

use std::fmt;
use std::str::FromStr;

use crate::proto::random::Random;

/// How likely something is, in steps of a ten-thousandth: `20%`, `0.5%`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chance(u32);

const CERTAIN: u32 = 10_000;

impl Chance {
    /// So many per cent.
    pub fn percent(percent: u32) -> Chance {
        Chance(percent.min(100) * 100)
    }

    /// Throws the dice, even where the outcome is certain: so the numbers that follow are
    /// the same whatever this chance is.
    pub fn happens(self, random: &mut Random) -> bool {
        let thrown = random.between(1, CERTAIN as usize);
        u32::try_from(thrown).is_ok_and(|thrown| thrown <= self.0)
    }
}

impl FromStr for Chance {
    type Err = String;

    fn from_str(text: &str) -> Result<Chance, String> {
        let number = text.strip_suffix('%').unwrap_or(text).parse::<f64>();
        match number {
            // The range has been looked at, so the number fits.
            Ok(percent) if (0.0..=100.0).contains(&percent) => {
                Ok(Chance((percent * 100.0).round() as u32))
            }
            _ => Err(format!("{text} is no chance: give 0% to 100%")),
        }
    }
}

impl fmt::Display for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", f64::from(self.0) / 100.0)
    }
}

/// The faults of one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatagramFaults {
    /// It never arrives.
    pub loss: Chance,
    /// It arrives twice.
    pub duplicate: Chance,
    /// It arrives behind the one that was sent after it.
    pub reorder: Chance,
    /// Its tail is missing.
    pub truncate: Chance,
    /// One of its bits is another.
    pub corrupt: Chance,
    /// Milliseconds that each one takes.
    pub delay: u64,
    /// Milliseconds more, at most.
    pub jitter: u64,
}

/// What becomes of one datagram.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// It never arrives; nothing else matters then.
    pub lost: bool,
    /// It arrives twice.
    pub doubled: bool,
    /// It lets the next one pass.
    pub late: bool,
    /// Only so many bytes of it arrive.
    pub cut_to: Option<usize>,
    /// This bit is turned round, counted from the first byte's highest.
    pub flipped: Option<usize>,
    /// Milliseconds that it takes.
    pub delay: u64,
}

impl DatagramFaults {
    /// The fate of the next datagram, which has `length` bytes. Every datagram takes the
    /// same number of throws, so the n-th throws do not depend on what came before.
    pub fn fate(&self, random: &mut Random, length: usize) -> Fate {
        let [lost, doubled, late, cut, flipped] =
            [self.loss, self.duplicate, self.reorder, self.truncate, self.corrupt]
                .map(|chance| chance.happens(random));
        let shorter = random.between(0, usize::MAX - 1);
        let bit = random.between(0, usize::MAX - 1);
        let jitter = random.between(0, usize::MAX - 1) as u64;
        let fate = Fate { lost, ..Fate::default() };
        if lost {
            return fate;
        }
        let cut_to = shorter.checked_rem(length).filter(|_| cut);
        let arrives = cut_to.unwrap_or(length);
        Fate {
            doubled,
            late,
            cut_to,
            flipped: bit.checked_rem(8 * arrives).filter(|_| flipped),
            delay: self.delay + jitter % (self.jitter + 1),
            ..fate
        }
    }

    /// Is this direction as good as a cable?
    pub fn is_nothing(&self) -> bool {
        *self == DatagramFaults::default()
    }
}

impl Fate {
    /// How often the datagram arrives.
    pub fn copies(&self) -> u64 {
        if self.lost { 0 } else { 1 + u64::from(self.doubled) }
    }

    /// The datagram as it arrives.
    pub fn apply(&self, datagram: &mut Vec<u8>) {
        if let Some(length) = self.cut_to {
            datagram.truncate(length);
        }
        if let Some(bit) = self.flipped
            && let Some(byte) = datagram.get_mut(bit / 8)
        {
            *byte ^= 0x80 >> (bit % 8);
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.lost {
            return f.write_str("lost");
        }
        let mut words = Vec::new();
        words.extend(self.doubled.then(|| "doubled".to_owned()));
        words.extend(self.late.then(|| "late".to_owned()));
        words.extend(self.cut_to.map(|length| format!("cut to {length} B")));
        words.extend(self.flipped.map(|bit| format!("bit {bit} flipped")));
        words.extend((self.delay > 0).then(|| format!("takes {} ms", self.delay)));
        f.write_str(&words.join(", "))
    }
}

/// How often each fault has struck.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct DatagramCount {
    pub came: u64,
    pub lost: u64,
    pub doubled: u64,
    pub late: u64,
    pub cut: u64,
    pub corrupted: u64,
    /// Counted by whoever has tried to send them.
    pub failed: u64,
}

impl DatagramCount {
    /// One more, with this fate.
    pub fn add(&mut self, fate: &Fate) {
        self.came += 1;
        self.lost += u64::from(fate.lost);
        self.doubled += u64::from(fate.doubled);
        self.late += u64::from(fate.late);
        self.cut += u64::from(fate.cut_to.is_some());
        self.corrupted += u64::from(fate.flipped.is_some());
    }

    /// How many went on: those that were not lost, and a second time those doubled, but
    /// for those that the kernel did not take.
    pub fn went_on(&self) -> u64 {
        self.came - self.lost + self.doubled - self.failed
    }
}

impl fmt::Display for DatagramCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} came - {} lost", self.came, self.lost)?;
        write!(f, " + {} doubled", self.doubled)?;
        if self.failed > 0 {
            write!(f, " - {} not sent", self.failed)?;
        }
        write!(f, " = {} went on", self.went_on())?;
        write!(f, "; of these {} late", self.late)?;
        write!(f, ", {} cut, {} corrupted", self.cut, self.corrupted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(faults: &DatagramFaults, seed: u64) -> Vec<Fate> {
        let mut random = Random::of(seed, "up");
        (0..1000).map(|n| faults.fate(&mut random, n % 50)).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_fates() {
        let faults = DatagramFaults {
            loss: Chance::percent(20),
            duplicate: Chance::percent(10),
            truncate: Chance::percent(5),
            corrupt: Chance::percent(5),
            jitter: 30,
            ..DatagramFaults::default()
        };
        assert_eq!(fates(&faults, 7), fates(&faults, 7));
        assert_ne!(fates(&faults, 7), fates(&faults, 8));
        let lost = fates(&faults, 7).iter().filter(|fate| fate.lost).count();
        assert!((150..250).contains(&lost), "{lost} of 1000 for 20%");
    }

    #[test]
    fn one_fault_does_not_move_the_others() {
        let loss = DatagramFaults { loss: Chance::percent(20), ..Default::default() };
        let more = DatagramFaults { duplicate: Chance::percent(50), ..loss.clone() };
        let lost = |faults| fates(faults, 3).iter().map(|f| f.lost).collect::<Vec<_>>();
        assert_eq!(lost(&loss), lost(&more));
    }

    #[test]
    fn counts_add_up_and_what_arrives_is_as_said() {
        let half = Chance::percent(50);
        let faults = DatagramFaults {
            loss: half,
            duplicate: half,
            truncate: half,
            corrupt: half,
            ..Default::default()
        };
        let (mut count, mut went_on) = (DatagramCount::default(), 0);
        for (n, fate) in fates(&faults, 1).iter().enumerate() {
            count.add(fate);
            went_on += fate.copies();
            let sent = vec![0; n % 50];
            let mut arrived = sent.clone();
            fate.apply(&mut arrived);
            assert_eq!(arrived.len() < sent.len(), fate.cut_to.is_some());
            let ones: u32 = arrived.iter().map(|byte| byte.count_ones()).sum();
            assert_eq!(ones, u32::from(fate.flipped.is_some()));
        }
        assert_eq!((count.came, count.went_on()), (1000, went_on));
    }

    #[test]
    fn chances_are_read_and_written() {
        for text in ["0%", "0.5%", "20%", "100%"] {
            assert_eq!(text.parse::<Chance>().unwrap().to_string(), text);
        }
        assert_eq!("20".parse(), Ok(Chance::percent(20)));
        for wrong in ["101%", "-1%", "x", "", "nan"] {
            assert!(wrong.parse::<Chance>().is_err(), "{wrong}");
        }
        let mut random = Random::of(1, "");
        assert!((0..1000).all(|_| Chance::percent(100).happens(&mut random)));
        assert!(!(0..1000).any(|_| Chance::percent(0).happens(&mut random)));
    }
}
