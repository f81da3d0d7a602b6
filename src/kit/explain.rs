//! Explanations: what a call is for, and what an outcome does and does not mean.
//!
//! They are told apart from observations everywhere, and they never guess about the peer.

use crate::kit::event::{Call, Event, Phase};
use crate::kit::text::still_safe;

/// Who speaks, as a line begins: `server`, `server 2`, `client`.
pub fn label(event: &Event) -> String {
    match event.connection {
        Some(number) => format!("{} {number}", still_safe(&event.who)),
        None => still_safe(&event.who),
    }
}

/// Did the same thread say both?
pub fn same_speaker(one: &Event, other: &Event) -> bool {
    one.who == other.who
        && one.thread == other.thread
        && one.connection == other.connection
}

/// Was it the same thread? A forwarder's threads speak of both of its sides.
pub fn same_thread(one: &Event, other: &Event) -> bool {
    let side = |event: &Event| ["front", "back"].contains(&&*event.who);
    one.thread == other.thread
        && (one.connection == other.connection || one.thread == "main")
        && (one.who == other.who || (side(one) && side(other)))
}

/// What a call is for, before it is made.
pub fn purpose(event: &Event, call: Call) -> &'static str {
    let udp = event.is_udp() || event.std.as_deref() == Some("UdpSocket::bind");
    match call {
        Call::Socket | Call::Bind if udp => {
            "One line of std asks the kernel for a datagram socket and gives it an \
             address. Nothing listens: whatever is sent there is put into its queue."
        }
        Call::Socket | Call::Bind => {
            "One line of std asks the kernel for a socket, gives it an address, and opens \
             the queue in which connections wait."
        }
        Call::Listen => "From here on the kernel answers callers and queues them.",
        Call::Accept => {
            "Takes one finished connection out of the queue, as a socket of its own. \
             If the queue is empty, this thread sleeps."
        }
        Call::Connect if udp => {
            "On a datagram socket this sends nothing: it notes the peer, \
             and from then on strangers' datagrams are not let in."
        }
        Call::Connect => {
            "Makes a socket and asks the other machine's kernel for a connection. \
             This end gets an address by itself."
        }
        Call::Send if udp => {
            "Hands one datagram to our own kernel, for the peer that connect has noted. \
             Nobody promises that it arrives."
        }
        Call::Recv if udp => {
            "Takes one whole datagram of the peer. If none is there, this thread sleeps."
        }
        Call::Send => {
            "Hands bytes to our own kernel, which takes care of the rest. \
             It blocks only when the kernel has no room for them."
        }
        Call::Sendto => {
            "Hands one datagram to our own kernel, with the address it is for."
        }
        Call::Recv => {
            "Takes what has arrived, at most a buffer full. \
             If nothing is there, this thread sleeps."
        }
        Call::Recvfrom => {
            "Takes one whole datagram, and the address it came from. \
             If none is there, this thread sleeps."
        }
        Call::Peek => "Looks at the next datagram and leaves it in the queue.",
        Call::Setsockopt => "Changes how this socket behaves.",
        Call::Shutdown => {
            "Ends one direction. The other side reads to the end of the stream; \
             we can still read what it answers."
        }
        Call::Close => {
            "Gives the descriptor back. The kernel still delivers what it has taken from us."
        }
    }
}

/// What an outcome means, where a newcomer would stumble.
pub fn remark(event: &Event) -> Option<&'static str> {
    let udp = event.is_udp();
    let kind = event.error.as_ref().map(|error| error.kind.as_str());
    if event.phase != Phase::End {
        return None;
    }
    Some(match (event.call?, kind) {
        (Call::Listen, None) => "all four calls were made by one line: TcpListener::bind",
        (Call::Bind, None) if udp => {
            "UdpSocket::bind made both calls; nothing will be accepted"
        }
        (Call::Bind, Some(_)) => "std has closed the socket that it made for this",
        (Call::Accept, None) => {
            "a socket for this client alone; the listener goes on listening"
        }
        (Call::Connect, None) if udp => "nothing was sent: connect only notes the peer",
        (Call::Connect, None) => {
            "the two kernels have a connection; the server's program need not know it yet"
        }
        (Call::Connect, Some("ConnectionRefused")) => {
            "a machine answered: nobody listens on that port. \
             std has closed the socket that it made for this"
        }
        (Call::Connect, Some("TimedOut")) => {
            "nobody answered in time, not even to refuse; std has closed its socket again"
        }
        (Call::Send, None) if !udp => {
            "our kernel has the bytes; that says nothing about the other program"
        }
        (Call::Sendto | Call::Send, None) => {
            "our kernel has the datagram; nobody promises that it arrives"
        }
        (Call::Recv | Call::Recvfrom, None) if udp && event.bytes == Some(0) => {
            "an empty datagram is a message of no bytes, not an end"
        }
        (Call::Recv, None) if event.bytes == Some(0) => {
            "no more bytes will come this way; the other way may still be open"
        }
        (Call::Recv | Call::Recvfrom, Some("WouldBlock" | "TimedOut")) => {
            "nothing came in the time that this call was to wait"
        }
        (Call::Recv, Some("ConnectionRefused")) => {
            "an earlier datagram was refused: nobody has that port, \
             and a connected socket is told"
        }
        (_, Some("Interrupted")) => {
            "a signal woke this thread; nothing was moved, and nothing is lost"
        }
        (Call::Recv | Call::Send, Some("ConnectionReset")) => {
            "the connection was given up with a reset, not ended"
        }
        (Call::Send, Some("BrokenPipe")) => "this connection takes no more bytes from us",
        _ => return None,
    })
}
