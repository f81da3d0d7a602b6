//! How a server ends conversations: it stops, it refuses, it cuts.
//!
//! Closing is where answers get lost. A socket that is closed with bytes unread sends a
//! reset, and the reset can take back what was sent before. So whoever ends a
//! conversation early ends its own direction first, and reads what is left.

use std::io::{self, Read};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use crate::demos::tcp_server::{FIRST_BUFFER, Full, send_all, was_interrupted};
use crate::kit::addr::own_door;
use crate::kit::clients::Clients;
use crate::kit::say::Say;
use crate::kit::text::several;

/// How long clients may take to see the end of the stream and leave.
const GRACE: Duration = Duration::from_millis(500);

/// A wake-up call goes to ourselves: if nobody answers at once, nobody is asleep.
const WAKE_UP: Duration = Duration::from_secs(1);

/// Whoever goes on sending after that is cut off: the accept loop has others to serve.
const READS_OF_A_STRANGER: u32 = 64;

/// Sleeps until Ctrl-C, then makes every blocked call return: accept by calling
/// ourselves, recv and send by ending the streams, first politely, then for good.
pub(super) fn stop_serving(listening: SocketAddr, clients: &Clients, say: &Say) {
    clients.close_the_door();
    let present = several(clients.count(), "client");
    say.note(format_args!("stopping: serving {present}"));
    wake_accept(listening, say);
    say_goodbye(clients, say);
}

/// Ends all streams, first politely, then for good.
pub(crate) fn say_goodbye(clients: &Clients, say: &Say) {
    end_all(clients, Shutdown::Write, say);
    if !clients.wait_until_empty(GRACE) {
        let left = several(clients.count(), "connection");
        say.note(format_args!("not gone after the goodbye, so cut off: {left}"));
        end_all(clients, Shutdown::Both, say);
    }
}

/// Nothing in std wakes a thread that sleeps in accept, except a client.
fn wake_accept(listening: SocketAddr, say: &Say) {
    let door = own_door(listening);
    say.note("to wake accept, we connect to ourselves");
    say.connecting_within(door, Some(WAKE_UP));
    let knock = TcpStream::connect_timeout(&door, WAKE_UP);
    say.connected(&knock);
    if let Ok(stream) = knock {
        hang_up(stream, say);
    }
}

fn end_all(clients: &Clients, how: Shutdown, say: &Say) {
    clients.each(|number, stream| {
        let say = say.numbered(number).about(stream);
        say.shutting_down(how);
        let shut = stream.shutdown(how);
        say.shut_down(how, &shut);
    });
}

/// The end of a client: off the list, and closed.
pub(crate) fn see_off(number: u32, stream: Arc<TcpStream>, clients: &Clients, say: &Say) {
    drop(clients.forget(number));
    say.closing();
    drop(stream); // The last reference: std closes the descriptor here.
    say.closed();
    clients.tell_of_leaving();
}

/// No thread could be made for a client that had already been given a place.
pub(super) fn turn_away(
    number: u32,
    clients: &Clients,
    full: Full,
    error: &io::Error,
    say: &Say,
) {
    say.note(format_args!("no thread for client {number}: {error}"));
    if let Some(stream) = clients.forget(number).and_then(Arc::into_inner) {
        refuse(stream, full, say);
    }
    clients.tell_of_leaving();
}

/// Says that we are full, and closes.
pub(super) fn refuse(stream: TcpStream, full: Full, say: &Say) {
    tell_full(&stream, full, &say.about(&stream));
    hang_up(stream, say);
}

/// Says that we are full. A few bytes on a fresh socket cannot block.
pub(crate) fn tell_full(stream: &TcpStream, full: Full, say: &Say) {
    if send_all(stream, full.0.as_bytes(), say).is_ok() {
        end_politely(stream, say);
    }
}

/// Lets go of a client with whom no conversation was begun.
pub(super) fn dismiss(stream: TcpStream, say: &Say) {
    end_politely(&stream, &say.about(&stream));
    hang_up(stream, say);
}

/// Clients that nobody has accepted yet are connected all the same: closing the listener
/// would reset them. So they are accepted, to see the end of the stream.
pub(super) fn send_late_comers_away(listener: &TcpListener, say: &Say) {
    if listener.set_nonblocking(true).is_err() {
        return; // Then the kernel resets them.
    }
    say.note("whoever is still in the queue is to see the end of the stream");
    loop {
        say.accepting();
        let accepted = listener.accept();
        say.accepted(&accepted);
        match accepted {
            Ok((stream, _)) => dismiss(stream, say),
            Err(_) => return, // Nobody is left, or nobody can be accepted.
        }
    }
}

/// Ends our direction, and reads what the other side has sent so far: a close on unread
/// bytes is a reset, and would take back what we said. Waits for nothing.
pub(super) fn end_politely(mut stream: &TcpStream, say: &Say) {
    say.shutting_down(Shutdown::Write);
    let shut = stream.shutdown(Shutdown::Write);
    say.shut_down(Shutdown::Write, &shut);
    if shut.is_err() || stream.set_nonblocking(true).is_err() {
        return; // It has left by itself.
    }
    let mut buffer = vec![0; FIRST_BUFFER];
    for _ in 0..READS_OF_A_STRANGER {
        say.receiving();
        let received = stream.read(&mut buffer);
        say.received(&received, &buffer);
        if !matches!(received, Ok(1..)) {
            return;
        }
    }
}

/// Closes a stream that nobody else holds.
fn hang_up(stream: TcpStream, say: &Say) {
    let say = say.about(&stream);
    say.closing();
    drop(stream);
    say.closed();
}

/// Whoever comes late in a conversation that we end must not meet a reset: a socket that
/// is closed with bytes unread destroys what it has just sent. So read on, to the end.
pub(crate) fn drain(mut stream: &TcpStream, say: &Say) {
    let mut buffer = vec![0; FIRST_BUFFER];
    loop {
        say.receiving();
        let received = stream.read(&mut buffer);
        say.received(&received, &buffer);
        if !matches!(received, Ok(1..)) && !was_interrupted(&received) {
            return;
        }
    }
}
