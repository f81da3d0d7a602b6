//! What a bad network does to a stream: cuts it into other pieces, is slow, and ends it.
//!
//! Nothing here waits or sends. Every fault belongs to an offset in the stream, and the
//! same seed puts it there again.

use std::fmt;

use crate::proto::random::Random;

/// The faults of one direction. The first four lose nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamFaults {
    /// Milliseconds that each piece takes.
    pub delay: u64,
    /// Milliseconds more, at most.
    pub jitter: u64,
    /// Bytes per second.
    pub rate: Option<u64>,
    /// Into which pieces the stream is cut.
    pub split: Option<Split>,
    /// So many bytes are waited for before they go on together.
    pub merge: Option<usize>,
    /// Where the stream comes to grief, and how.
    pub end: Option<(u64, End)>,
}

/// How long the pieces are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// All as long as this.
    Every(u64),
    /// From 1 to 1,024 bytes, and short ones as often as long ones.
    Random,
}

/// What happens at an offset, instead of what should have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing moves any more, and nobody is told.
    Stall,
    /// Everything that comes is thrown away, and nobody is told.
    Swallow,
    /// The connection is closed in both directions.
    Cut,
    /// The connection is reset in both directions.
    Reset,
}

/// Bytes that go on together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What goes on.
    pub bytes: Vec<u8>,
    /// Milliseconds that it takes.
    pub delay: u64,
}

/// One direction of one connection.
#[derive(Debug)]
pub struct BadStream {
    faults: StreamFaults,
    seed: u64,
    name: String,
    cuts: Random,
    /// Where the next piece begins, and where the next cut is.
    at: u64,
    cut: u64,
    /// Bytes that wait to be merged.
    kept: Vec<u8>,
    /// What has happened.
    pub count: StreamCount,
}

impl BadStream {
    /// A direction that is known by this name: `up 3`.
    pub fn new(faults: &StreamFaults, seed: u64, name: &str) -> BadStream {
        let mut bad = BadStream {
            faults: faults.clone(),
            seed,
            name: name.to_owned(),
            cuts: Random::of(seed, name),
            at: 0,
            cut: 0,
            kept: Vec::new(),
            count: StreamCount::default(),
        };
        bad.next_cut();
        bad
    }

    /// Takes what has come, and appends what goes on. Where the stream comes to grief,
    /// says how.
    pub fn push(&mut self, bytes: &[u8], pieces: &mut Vec<Piece>) -> Option<End> {
        let came = self.count.came;
        self.count.came += bytes.len() as u64;
        let (rest, end) = match self.faults.end {
            Some((at, end)) if came + bytes.len() as u64 > at => {
                let left = usize::try_from(at.saturating_sub(came)).unwrap_or(0);
                (bytes.get(..left).unwrap_or_default(), Some(end))
            }
            _ => (bytes, None),
        };
        self.kept.extend(rest);
        if end.is_some() || self.kept.len() >= self.faults.merge.unwrap_or(0) {
            self.flush(pieces);
        } else {
            self.count.kept += 1;
        }
        end
    }

    /// Appends what has been kept: nothing more will come, or not for a while.
    pub fn flush(&mut self, pieces: &mut Vec<Piece>) {
        let kept = std::mem::take(&mut self.kept);
        let mut rest = kept.as_slice();
        while !rest.is_empty() {
            let until_cut = usize::try_from(self.cut - self.at).unwrap_or(usize::MAX);
            let (piece, behind) = rest.split_at(until_cut.min(rest.len()));
            pieces.push(Piece { bytes: piece.to_vec(), delay: self.delay_at(self.at) });
            self.at += piece.len() as u64;
            if self.at == self.cut {
                self.next_cut();
            }
            rest = behind;
        }
    }

    /// Does something wait to be merged?
    pub fn keeps(&self) -> bool {
        !self.kept.is_empty()
    }

    fn next_cut(&mut self) {
        self.cut = match self.faults.split {
            None => u64::MAX,
            Some(Split::Every(n)) => self.cut.saturating_add(n.max(1)),
            Some(Split::Random) => {
                let longest = 1 << self.cuts.between(0, 10);
                self.cut + self.cuts.between(1, longest) as u64
            }
        };
    }

    /// The same offset has the same delay, wherever a read happened to end.
    fn delay_at(&self, offset: u64) -> u64 {
        let place = format!("{} {offset}", self.name);
        let jitter = Random::of(self.seed, &place).between(0, usize::MAX - 1) as u64;
        self.faults.delay + jitter % (self.faults.jitter + 1)
    }
}

impl StreamFaults {
    /// Is this direction as good as a cable?
    pub fn is_nothing(&self) -> bool {
        *self == StreamFaults::default()
    }

    /// Microseconds in which so many bytes go through, if the rate is limited.
    pub fn time_for(&self, bytes: usize) -> u64 {
        let micros = |rate| (bytes as u64).saturating_mul(1_000_000) / rate;
        self.rate.map_or(0, micros)
    }
}

/// What has happened to a stream, or to several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct StreamCount {
    pub came: u64,
    /// Counted by whoever has sent them, as the ends are: not all that may go on can.
    pub went_on: u64,
    pub pieces: u64,
    /// Reads that were kept back, to be merged with the next.
    pub kept: u64,
    /// What came behind an end, counted by whoever knows all that came.
    pub lost: u64,
    pub ends: u64,
}

impl StreamCount {
    /// Both together.
    pub fn add(&mut self, other: &StreamCount) {
        self.came += other.came;
        self.went_on += other.went_on;
        self.pieces += other.pieces;
        self.kept += other.kept;
        self.lost += other.lost;
        self.ends += other.ends;
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            End::Stall => "stall",
            End::Swallow => "swallow",
            End::Cut => "cut",
            End::Reset => "reset",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What goes on when `sent` comes in reads of these lengths.
    fn through(
        faults: &StreamFaults,
        sent: &[u8],
        reads: impl IntoIterator<Item = usize>,
    ) -> (Vec<Piece>, Option<End>, BadStream) {
        let mut bad = BadStream::new(faults, 7, "up 1");
        let (mut pieces, mut rest) = (Vec::new(), sent);
        for length in reads {
            let (read, behind) = rest.split_at(length.min(rest.len()));
            rest = behind;
            if let Some(end) = bad.push(read, &mut pieces) {
                return (pieces, Some(end), bad);
            }
        }
        bad.push(rest, &mut pieces);
        bad.flush(&mut pieces);
        (pieces, None, bad)
    }

    fn joined(pieces: &[Piece]) -> Vec<u8> {
        pieces.iter().flat_map(|piece| piece.bytes.clone()).collect()
    }

    fn cuts(pieces: &[Piece]) -> Vec<usize> {
        let ends = pieces.iter().scan(0, |at, piece| {
            *at += piece.bytes.len();
            Some(*at)
        });
        ends.collect()
    }

    #[test]
    fn nothing_is_lost_however_it_is_cut() {
        let mut random = Random::of(1, "any");
        for _ in 0..200 {
            let sent = random.bytes(5000);
            let every = Split::Every(random.between(1, 700) as u64);
            let faults = StreamFaults {
                split: [None, Some(every), Some(Split::Random)][random.between(0, 2)],
                merge: [None, Some(random.between(1, 9000))][random.between(0, 1)],
                jitter: 9,
                ..StreamFaults::default()
            };
            let reads: Vec<_> = (0..20).map(|_| random.between(1, 400)).collect();
            let (pieces, end, bad) = through(&faults, &sent, reads);
            assert_eq!((joined(&pieces), end), (sent, None), "{faults:?}");
            assert_eq!(bad.count.came, 5000);
        }
    }

    #[test]
    fn the_same_seed_cuts_at_the_same_offsets() {
        let faults = StreamFaults {
            split: Some(Split::Random),
            jitter: 50,
            ..StreamFaults::default()
        };
        let sent = [0; 20_000];
        let whole = through(&faults, &sent, [20_000]).0;
        assert_eq!(whole, through(&faults, &sent, [20_000]).0);
        // Where a read ends there is one cut more, and no other is moved.
        let halves = through(&faults, &sent, [777]).0;
        let mut expected = cuts(&whole);
        expected.push(777);
        expected.sort_unstable();
        expected.dedup();
        assert_eq!(cuts(&halves), expected);
        assert!(whole.iter().any(|piece| piece.delay > 25));
        assert!(whole.iter().all(|piece| piece.delay <= 50));
    }

    #[test]
    fn an_end_comes_at_its_byte() {
        for at in [0, 1, 999, 1000] {
            let faults =
                StreamFaults { end: Some((at, End::Cut)), ..StreamFaults::default() };
            for reads in [vec![1; 1200], vec![1200], vec![999, 1, 1, 1]] {
                let (pieces, end, _) = through(&faults, &[1; 1200], reads);
                assert_eq!((joined(&pieces).len() as u64, end), (at, Some(End::Cut)));
            }
        }
        let faults = StreamFaults { end: Some((9, End::Cut)), ..Default::default() };
        assert_eq!(through(&faults, &[1; 9], [9]).1, None, "it has not come to that");
    }

    #[test]
    fn merging_waits_for_its_bytes() {
        let faults = StreamFaults { merge: Some(10), ..StreamFaults::default() };
        let mut bad = BadStream::new(&faults, 1, "up 1");
        let mut pieces = Vec::new();
        bad.push(&[0; 9], &mut pieces);
        assert!(pieces.is_empty() && bad.keeps());
        bad.push(&[0; 3], &mut pieces);
        assert_eq!((cuts(&pieces), bad.keeps()), (vec![12], false));
    }

    #[test]
    fn a_rate_takes_its_time() {
        let faults = StreamFaults { rate: Some(1000), ..StreamFaults::default() };
        assert_eq!(faults.time_for(500), 500_000);
        assert_eq!(StreamFaults::default().time_for(500), 0);
    }
}
