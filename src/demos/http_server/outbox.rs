//! What a client is sent, and for how long we wait for it to take that.

use std::cell::Cell;
use std::io;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::demos::http_server::inbox::{Limits, SLOWEST};
use crate::demos::tcp_server::{is_over_time, send_some};
use crate::kit::reset::reset_on_close;
use crate::kit::say::Say;
use crate::kit::text;

/// So many times the patience may be spent on a client that does not read, before it has
/// to earn more. A receiver tells of its room in large steps, so a slow one is harder to
/// tell from a silent one than a slow sender is.
const STEPS: u32 = 3;

/// One client's way out.
pub(crate) struct Outbox<'a> {
    stream: &'a TcpStream,
    budget: Duration,
    /// How long we have stood waiting in send. Each [`SLOWEST`] bytes taken give a second
    /// back, but no more than was spent: what lies in the kernel's buffers is no credit.
    waited: Cell<Duration>,
    say: &'a Say,
}

impl<'a> Outbox<'a> {
    pub(super) fn new(
        stream: &'a TcpStream,
        limits: &Limits,
        say: &'a Say,
    ) -> io::Result<Outbox<'a>> {
        let budget = (STEPS * limits.patience).min(limits.idle);
        let step = budget / STEPS;
        let set = stream.set_write_timeout(Some(step));
        say.set(&format!("SO_SNDTIMEO {}", text::duration(step)), &set);
        set?;
        Ok(Outbox { stream, budget, waited: Cell::default(), say })
    }

    /// The same way out, told by another voice.
    pub(crate) fn told_by<'b>(&self, say: &'b Say) -> Outbox<'b>
    where
        'a: 'b,
    {
        Outbox { waited: self.waited.clone(), say, ..*self }
    }

    /// Sends all of it, as long as the client takes it at least slowly.
    pub(crate) fn send_all(&self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let since = Instant::now();
            let n = match send_some(self.stream, rest, self.say) {
                Err(error) if is_over_time(&error) => 0,
                sent => sent?,
            };
            rest = &rest[n..];
            let earned = Duration::from_secs_f64(n as f64 / SLOWEST as f64);
            let waited = (self.waited.get() + since.elapsed()).saturating_sub(earned);
            self.waited.set(waited);
            if waited >= self.budget {
                return self.give_up();
            }
        }
        Ok(())
    }

    /// A close would leave the kernel sending for minutes what nobody reads.
    fn give_up(&self) -> io::Result<()> {
        let say = self.say;
        let set = reset_on_close(self.stream);
        say.set("SO_LINGER 0", &set);
        Err(io::Error::other("the client does not take what it has asked for"))
    }
}
