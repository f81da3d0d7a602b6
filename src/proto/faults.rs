//! The faults of a road, as they are typed: `delay=50ms,split=3,cut=1000`.

use std::fmt;
use std::str::FromStr;

use crate::proto::datagram_faults::{Chance, DatagramFaults};
use crate::proto::stream_faults::{End, Split, StreamFaults};

/// Everything that was asked for, for one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// What can befall a stream.
    pub stream: StreamFaults,
    /// What can befall datagrams.
    pub datagrams: DatagramFaults,
}

/// For who has typed something else.
const FORMS: &str =
    "\n  hint: `sockdemo help forward` names them, as in delay=50ms,split=3";

impl Faults {
    /// A delay of so many milliseconds, and nothing else.
    pub fn delay(ms: u64) -> Faults {
        let mut faults = Faults::default();
        (faults.stream.delay, faults.datagrams.delay) = (ms, ms);
        faults
    }

    /// What was asked for and cannot befall a stream.
    pub fn unfit_for_streams(&self) -> Option<&'static str> {
        let DatagramFaults { loss, duplicate, reorder, truncate, corrupt, .. } =
            self.datagrams;
        let asked = [
            (loss, "loss"),
            (duplicate, "duplicate"),
            (reorder, "reorder"),
            (truncate, "truncate"),
            (corrupt, "corrupt"),
        ];
        let found = asked.into_iter().find(|(chance, _)| *chance != Chance::default());
        found.map(|(_, name)| name)
    }

    /// What was asked for and cannot befall datagrams.
    pub fn unfit_for_datagrams(&self) -> Option<&'static str> {
        let StreamFaults { rate, split, merge, end, .. } = self.stream;
        let asked = [
            (rate.is_some(), "rate"),
            (split.is_some(), "split"),
            (merge.is_some(), "merge"),
            (end.is_some(), "an end at a byte"),
        ];
        asked.into_iter().find(|(is_asked, _)| *is_asked).map(|(_, name)| name)
    }

    /// Is this direction as good as a cable?
    pub fn is_nothing(&self) -> bool {
        self.stream.is_nothing() && self.datagrams.is_nothing()
    }

    fn take(&mut self, name: &str, value: Option<&str>) -> Result<(), String> {
        let offset = || number(value.unwrap_or("0"));
        let value = value.unwrap_or("nothing"); // Which is no time, and no chance.
        let (stream, datagrams) = (&mut self.stream, &mut self.datagrams);
        match name {
            "delay" => {
                stream.delay = milliseconds(value)?;
                datagrams.delay = stream.delay;
            }
            "jitter" => {
                stream.jitter = milliseconds(value)?;
                datagrams.jitter = stream.jitter;
            }
            "rate" => stream.rate = Some(above_zero(value)?),
            "split" if value == "random" => stream.split = Some(Split::Random),
            "split" => stream.split = Some(Split::Every(above_zero(value)?)),
            "merge" => {
                // So much is kept in memory.
                let bytes = usize::try_from(above_zero(value)?).unwrap_or(usize::MAX);
                if bytes > MOST_MERGED {
                    return Err(format!("merge keeps {MOST_MERGED} bytes at most"));
                }
                stream.merge = Some(bytes);
            }
            "stall" => stream.end = Some((offset()?, End::Stall)),
            "swallow" => stream.end = Some((offset()?, End::Swallow)),
            "cut" => stream.end = Some((offset()?, End::Cut)),
            "reset" => stream.end = Some((offset()?, End::Reset)),
            "loss" => datagrams.loss = value.parse()?,
            "duplicate" => datagrams.duplicate = value.parse()?,
            "reorder" => datagrams.reorder = value.parse()?,
            "truncate" => datagrams.truncate = value.parse()?,
            "corrupt" => datagrams.corrupt = value.parse()?,
            "" => return Err("no fault in it".to_owned() + FORMS),
            _ => return Err(format!("{name} is no fault{FORMS}")),
        }
        Ok(())
    }
}

/// What merging may keep back.
const MOST_MERGED: usize = 1 << 20;

impl FromStr for Faults {
    type Err = String;

    fn from_str(text: &str) -> Result<Faults, String> {
        let mut faults = Faults::default();
        let (mut named, mut ended) = (Vec::new(), None);
        for fault in text.split(',') {
            let (name, value) = match fault.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (fault, None),
            };
            if named.contains(&name) {
                return Err(format!("{name} is there twice"));
            }
            faults.take(name, value)?;
            named.push(name);
            if faults.stream.end != ended && ended.is_some() {
                return Err("a stream comes to grief once: one of stall, swallow, cut, \
                     reset"
                    .to_owned());
            }
            ended = faults.stream.end;
        }
        Ok(faults)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StreamFaults { delay, jitter, rate, split, merge, end } = &self.stream;
        let data = &self.datagrams;
        let mut list = Vec::new();
        let mut name = |name: &str, value: Option<String>| {
            list.extend(value.map(|value| format!("{name}={value}")));
        };
        let chance =
            |chance: Chance| Some(chance.to_string()).filter(|text| text != "0%");
        let time = |ms: u64| (ms > 0).then(|| format!("{ms}ms"));
        name("loss", chance(data.loss));
        name("duplicate", chance(data.duplicate));
        name("reorder", chance(data.reorder));
        name("truncate", chance(data.truncate));
        name("corrupt", chance(data.corrupt));
        name("delay", time(*delay));
        name("jitter", time(*jitter));
        name("rate", rate.map(|rate| rate.to_string()));
        name(
            "split",
            split.map(|split| match split {
                Split::Every(n) => n.to_string(),
                Split::Random => "random".to_owned(),
            }),
        );
        name("merge", merge.map(|n| n.to_string()));
        if let Some((at, end)) = end {
            name(&end.to_string(), Some(at.to_string()));
        }
        f.write_str(&list.join(","))
    }
}

/// `1500`, `100k`, `5M`.
fn number(text: &str) -> Result<u64, String> {
    let (digits, factor) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1000),
        None => text.strip_suffix('M').map_or((text, 1), |digits| (digits, 1_000_000)),
    };
    let number = digits.parse::<u64>().ok().and_then(|n| n.checked_mul(factor));
    number.ok_or_else(|| format!("{text} is no number of bytes: 1500, 100k or 5M"))
}

fn above_zero(text: &str) -> Result<u64, String> {
    match number(text)? {
        0 => Err("0 would let nothing through; give at least 1".to_owned()),
        n => Ok(n),
    }
}

/// `50ms`, `50`, `2s`; an hour at most.
fn milliseconds(text: &str) -> Result<u64, String> {
    let (digits, factor) = match text.strip_suffix("ms") {
        Some(digits) => (digits, 1),
        None => text.strip_suffix('s').map_or((text, 1), |digits| (digits, 1000)),
    };
    let number = digits.parse::<u64>().ok().and_then(|n| n.checked_mul(factor));
    let number = number.filter(|ms| *ms <= 3_600_000);
    number.ok_or_else(|| format!("{text} is no time: 50ms or 2s, an hour at most"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_written_again() {
        for text in [
            "delay=50ms,jitter=20ms,rate=1000,split=3,merge=1000,cut=5000",
            "loss=20%,duplicate=10%,reorder=0.5%,truncate=5%,corrupt=1%,delay=1000ms",
            "split=random",
            "swallow=0",
        ] {
            assert_eq!(text.parse::<Faults>().unwrap().to_string(), text);
        }
        let short: Faults = "delay=2s,rate=100k,stall=5M".parse().unwrap();
        assert_eq!(short.to_string(), "delay=2000ms,rate=100000,stall=5000000");
        assert_eq!("swallow".parse::<Faults>().unwrap().to_string(), "swallow=0");
    }

    #[test]
    fn what_cannot_be_is_refused_with_a_reason() {
        for wrong in [
            "",
            "speed=1",
            "rate=0",
            "split=0",
            "split=x",
            "delay=-1",
            "delay=2h",
            "loss=200%",
            "cut=5,reset=6",
            "delay=1ms,split=3,delay=1ms",
            "rate=99999999999999999M",
            "merge=5M",
        ] {
            assert!(wrong.parse::<Faults>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn each_kind_knows_what_it_cannot_have() {
        let datagrams: Faults = "loss=1%,delay=5ms".parse().unwrap();
        assert_eq!(datagrams.unfit_for_streams(), Some("loss"));
        assert_eq!(datagrams.unfit_for_datagrams(), None);
        let stream: Faults = "split=1,delay=5ms".parse().unwrap();
        assert_eq!(stream.unfit_for_streams(), None);
        assert_eq!(stream.unfit_for_datagrams(), Some("split"));
        assert!(Faults::default().is_nothing() && !stream.is_nothing());
    }
}
