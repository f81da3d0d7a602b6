//! A firewall's rules: read in order, and the first that matches speaks.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// What is done with a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may pass.
    Allow,
    /// It is told no.
    Refuse,
    /// It is told nothing.
    Drop,
}

/// Everybody, or the addresses that begin with these bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    /// Everybody.
    All,
    /// An address, and how many of its bits count.
    Prefix(IpAddr, u8),
}

/// One rule: for these callers, this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    callers: Callers,
    verdict: Verdict,
}

/// Rules in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules(Vec<Rule>);

impl Rules {
    /// These, in this order.
    pub fn new(rules: Vec<Rule>) -> Rules {
        Rules(rules)
    }

    /// What is done with a caller from there, and the rule that says so. Where no rule
    /// speaks, the caller may pass.
    pub fn judge(&self, from: IpAddr) -> (Verdict, Option<&Rule>) {
        let first = self.0.iter().find(|rule| rule.callers.include(from));
        (first.map_or(Verdict::Allow, |rule| rule.verdict), first)
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter()
    }

    /// Is nothing said at all?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Rule {
    /// The rule of `--allow`: who.
    pub fn allow(text: &str) -> Result<Rule, String> {
        Ok(Rule { callers: text.parse()?, verdict: Verdict::Allow })
    }

    /// The rule of `--deny`: who, or `who=refuse`, or `who=drop`.
    pub fn deny(text: &str) -> Result<Rule, String> {
        let (callers, how) = text.split_once('=').unwrap_or((text, "refuse"));
        let verdict = match how {
            "refuse" => Verdict::Refuse,
            "drop" => Verdict::Drop,
            _ => return Err(format!("{how}: a rule can refuse or drop")),
        };
        Ok(Rule { callers: callers.parse()?, verdict })
    }
}

impl Callers {
    fn include(self, from: IpAddr) -> bool {
        match (self, from.to_canonical()) {
            (Callers::All, _) => true,
            (Callers::Prefix(IpAddr::V4(net), bits), IpAddr::V4(from)) => {
                let apart = u32::from(net) ^ u32::from(from);
                apart.leading_zeros() >= u32::from(bits)
            }
            (Callers::Prefix(IpAddr::V6(net), bits), IpAddr::V6(from)) => {
                let apart = u128::from(net) ^ u128::from(from);
                apart.leading_zeros() >= u32::from(bits)
            }
            _ => false,
        }
    }
}

/// So many bits stand before the 32 of an IPv4 address that is written as one of IPv6.
const MAPPED: u8 = 96;

impl FromStr for Callers {
    type Err = String;

    fn from_str(text: &str) -> Result<Callers, String> {
        if text == "all" {
            return Ok(Callers::All);
        }
        let wrong = || {
            format!("{text}: give an address, a prefix such as 10.0.0.0/8 or ::1, or all")
        };
        let (addr, bits) = match text.split_once('/') {
            Some((addr, bits)) => (addr, Some(bits)),
            None => (text, None),
        };
        let addr: IpAddr = addr.parse().map_err(|_| wrong())?;
        let longest = if addr.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(longest), str::parse).map_err(|_| wrong())?;
        if bits > longest {
            return Err(format!("{text}: such an address has {longest} bits"));
        }
        // ::ffff:127.0.0.1 is how a socket for both kinds shows 127.0.0.1.
        match addr.to_canonical() {
            inner if inner != addr && bits >= MAPPED => {
                Ok(Callers::Prefix(inner, bits - MAPPED))
            }
            _ => Ok(Callers::Prefix(addr, bits)),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.verdict {
            Verdict::Allow => write!(f, "--allow {}", self.callers),
            Verdict::Refuse => write!(f, "--deny {}", self.callers),
            Verdict::Drop => write!(f, "--deny {}=drop", self.callers),
        }
    }
}

impl fmt::Display for Callers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Callers::All => f.write_str("all"),
            Callers::Prefix(addr, 32) if addr.is_ipv4() => write!(f, "{addr}"),
            Callers::Prefix(addr, 128) => write!(f, "{addr}"),
            Callers::Prefix(addr, bits) => write!(f, "{addr}/{bits}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(rules: &[Rule], from: &str) -> Verdict {
        Rules::new(rules.to_vec()).judge(from.parse().unwrap()).0
    }

    #[test]
    fn the_first_rule_that_matches_speaks() {
        let allow = Rule::allow("127.0.0.5").unwrap();
        let deny = Rule::deny("127.0.0.0/29=drop").unwrap();
        assert_eq!(judge(&[allow, deny], "127.0.0.5"), Verdict::Allow);
        assert_eq!(judge(&[deny, allow], "127.0.0.5"), Verdict::Drop);
        assert_eq!(judge(&[allow, deny], "127.0.0.7"), Verdict::Drop);
        assert_eq!(judge(&[allow, deny], "127.0.0.8"), Verdict::Allow, "none speaks");
        let nobody_else = Rule::deny("all").unwrap();
        assert_eq!(judge(&[allow, nobody_else], "::1"), Verdict::Refuse);
    }

    #[test]
    fn a_prefix_counts_bits_of_its_own_family() {
        let four = Rule::deny("0.0.0.0/0").unwrap();
        assert_eq!(judge(&[four], "10.1.2.3"), Verdict::Refuse);
        assert_eq!(judge(&[four], "::ffff:10.1.2.3"), Verdict::Refuse, "IPv4 in IPv6");
        assert_eq!(judge(&[four], "::1"), Verdict::Allow);
        let six = Rule::deny("fe80::/10").unwrap();
        assert_eq!(judge(&[six], "febf::1"), Verdict::Refuse);
        assert_eq!(judge(&[six], "fec0::1"), Verdict::Allow);
    }

    #[test]
    fn rules_are_read_and_written() {
        for text in ["127.0.0.1", "10.0.0.0/8", "::1", "fe80::/10", "all"] {
            assert_eq!(Rule::allow(text).unwrap().to_string(), format!("--allow {text}"));
        }
        assert_eq!(Rule::deny("::1=drop").unwrap().to_string(), "--deny ::1=drop");
        for wrong in ["", "10.0.0.0/33", "::/129", "10/8", "10.0.0.0/", "all=x", "host"] {
            assert!(Rule::deny(wrong).is_err(), "{wrong}");
        }
    }
}
