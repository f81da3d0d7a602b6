//! The firewall: who may pass, who is told no, and who is told nothing.
//!
//! A program sees a caller only when its kernel has made the connection. So a refusal
//! here is a reset of a connection that exists, and silence comes after a connect that
//! succeeded. A firewall in the kernel speaks before that: then connect itself fails.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};

use crate::demos::tcp_server::farewell::drain;
use crate::kit::reset::reset_on_close;
use crate::kit::say::Say;
use crate::kit::stop::Stop;
use crate::proto::rules::{Rule, Rules, Verdict};

/// How long a dropped caller hears nothing, once it has ended its own half, and one whose
/// stream is stalled. Whoever waits for an answer has given up by then, or never will.
pub(super) const SILENCE: Duration = Duration::from_secs(60);

/// The rules, in the order in which they were typed: `--allow` and `--deny` mixed.
#[derive(Clone, Debug, Default)]
pub struct Door(Rules);

impl Door {
    /// Is this caller to be carried on? One who is not is dealt with here.
    pub(super) fn lets_in(
        &self,
        caller: &TcpStream,
        peer: SocketAddr,
        stop: &Stop,
        say: &Say,
    ) -> bool {
        match self.verdict(peer, say) {
            Verdict::Allow => return true,
            Verdict::Refuse => reset(caller, say),
            Verdict::Drop => {
                drain(caller, say);
                stop.within(SILENCE); // The end of its stream is not answered either.
            }
        }
        false
    }

    /// The rules as they were typed.
    pub(super) fn words(&self) -> String {
        self.0.iter().map(|rule| format!(" {rule}")).collect()
    }

    /// What the rules say of this address.
    pub(super) fn verdict(&self, peer: SocketAddr, say: &Say) -> Verdict {
        let (verdict, rule) = self.0.judge(peer.ip());
        let rule = rule.map_or("no rule speaks".to_owned(), ToString::to_string);
        let fate = match verdict {
            Verdict::Allow if self.0.is_empty() => return verdict,
            Verdict::Allow => "allowed",
            Verdict::Refuse => "refused",
            Verdict::Drop => "dropped: from here on, silence",
        };
        say.note(format_args!("firewall: {rule}: {peer} is {fate}"));
        verdict
    }
}

/// Makes the coming close a reset.
pub(super) fn reset(stream: &TcpStream, say: &Say) {
    let set = reset_on_close(stream);
    say.set("SO_LINGER 0", &set);
}

impl FromArgMatches for Door {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Door, clap::Error> {
        let mut rules = Vec::new();
        for name in ["allow", "deny"] {
            let places = matches.indices_of(name).into_iter().flatten();
            let typed = matches.get_many::<Rule>(name).into_iter().flatten();
            rules.extend(places.zip(typed.copied()));
        }
        rules.sort_by_key(|(place, _)| *place);
        Ok(Door(Rules::new(rules.into_iter().map(|(_, rule)| rule).collect())))
    }

    fn update_from_arg_matches(
        &mut self,
        matches: &ArgMatches,
    ) -> Result<(), clap::Error> {
        *self = Door::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for Door {
    fn augment_args(command: Command) -> Command {
        let rule = |name: &'static str| {
            let arg =
                Arg::new(name).long(name).value_name("WHO").action(ArgAction::Append);
            arg.help_heading("Firewall (the first rule that matches speaks)")
        };
        let allow = rule("allow").value_parser(Rule::allow);
        let deny = rule("deny").value_parser(Rule::deny);
        command
            .arg(
                allow.help(
                    "Let these callers in: an address, a prefix (10.0.0.0/8), or all; whom no rule \
             names may pass, too, unless the last one is --deny all",
                ),
            )
            .arg(
                deny.help(
                    "Refuse these callers with a reset; WHO=drop: tell them nothing",
                ),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Door::augment_args(command)
    }
}
