//! `tour`: the walk that is the first thing anybody sees.

use sockdemo::kit::event::{Call, Phase};

use crate::harness::{Scratch, events, run, too_wide};

/// What the tour shows when all is well.
fn tour(args: &[&str]) -> String {
    let ended = run(&[&["tour"], args].concat(), b"");
    assert_eq!((ended.code(), ended.stderr.as_str()), (Some(0), ""), "{args:?}");
    ended.stdout
}

/// Ports and descriptors are the system's choice: each digit of theirs becomes `#`. The
/// columns stay where they are.
fn normal(told: &str) -> String {
    let mut out = String::new();
    let mut number = false;
    for c in told.chars() {
        let behind_a_name = ["0.0.1:", "0.0.0:", "descriptor "];
        number = c.is_ascii_digit()
            && (number || behind_a_name.iter().any(|name| out.ends_with(name)));
        out.push(if number { '#' } else { c });
    }
    out
}

const TCP: &str = "\
TCP: a stream of bytes between two sockets, a client's and a server's, here in
  one process.

 client                                   server
  ·                                       │ socket     TCP, descriptor #
  ·                                       │ setsockopt SO_REUSEADDR on
  ·                                       │ bind       127.0.0.1:#####
  ·                                       │ listen     queue of 128
  ·                                       │ accept     … waiting for a client
  │ socket     TCP, descriptor #          │
  │ connect ───────────────────────────►  │ accept     descriptor #, peer
  │   from 127.0.0.1:#####                │            127.0.0.1:#####
  │ send ──────── 5 B \"hello\" ─────────►  │ recv       5 B
  │ recv ◄──────── 5 B \"hello\" ─────────  │ send       5 B
  │ send ────── 9 B \"and again\" ───────►  │ recv       9 B
  │ recv ◄────── 9 B \"and again\" ───────  │ send       9 B
  │ shutdown ───── end of stream ──────►  │ recv       0 B: end of stream
  │ recv ◄─────── end of stream ────────  │ close      descriptor #
  │                                       │ close      descriptor #
  │ close      descriptor #               │
";

#[cfg(target_os = "linux")]
const UDP: &str = "\
UDP: single datagrams. No listen, no accept, no connection, no end of stream:
  each datagram stands alone.

 client                                   server
  ·                                       │ socket     UDP, descriptor #
  ·                                       │ bind       127.0.0.1:#####
  ·                                       │ recvfrom   … waiting for a datagram
  │ socket     UDP, descriptor #          │
  │ bind       0.0.0.0:#####              │
  │ connect    peer 127.0.0.1:#####, here │
  │            127.0.0.1:#####            │
  │ send ──────── 5 B \"hello\" ─────────►  │ recvfrom   5 B from 127.0.0.1:#####
  │ recv ◄──────── 5 B \"hello\" ─────────  │ sendto     5 B to 127.0.0.1:#####
  │                                       │ close      descriptor #
    * client: the server's socket is closed now; watch what a sender is told
  │ send ──── 12 B \"still there?\" ─────►  │
  │ recv       failed: Connection refused │
  │            (os error 111)             │
  │ close      descriptor #               │
";

const ENDING: &str = "\nNow try it in two terminals, side by side:\n\n";
const TCP_COMMANDS: &str = "  sockdemo tcp-server        sockdemo tcp-client\n";
const UDP_COMMANDS: &str = "  sockdemo udp-server        sockdemo udp-client\n";

#[test]
fn the_walk_through_tcp_is_always_the_same() {
    let expected = format!("{TCP}{ENDING}{TCP_COMMANDS}");
    for _ in 0..20 {
        assert_eq!(normal(&tour(&["tcp"])), expected);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_walk_through_udp_is_always_the_same() {
    let expected = format!("{UDP}{ENDING}{UDP_COMMANDS}");
    for _ in 0..20 {
        assert_eq!(normal(&tour(&["udp"])), expected);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_whole_walk_is_tcp_and_then_udp() {
    let told = tour(&[]);

    let expected = format!("{TCP}\n{UDP}{ENDING}{TCP_COMMANDS}{UDP_COMMANDS}");
    assert_eq!(normal(&told), expected);
    assert_eq!(too_wide(&told), [""; 0]);
}

const CHAT: &str = "\
A chat: three people and one server, here in one process. An arrow is drawn
  when what it carries has arrived.

  ann                   server                    bob                     cho
                           │ bind 127.0.0.1:#####
                           │ listen
   │────── connect ──────► │
   │ ◄─ \"* welcome, gues… ─│
   │─── \"/name ann\\n\" ───► │
   │ ◄─ \"= you are ann\\n\" ─│
   │                       │ ◄────── connect ──────│
   │                       │─ \"* welcome, gues… ─► │
";

const SAID: &str = "\
ann says something: the server sends it to the others, and not back to her.

   │───── \"hello\\n\" ─────► │                       │                       │
   │                       │── \"<ann> hello\\n\" ──► │                       │
   │                       │───────────────────────┼── \"<ann> hello\\n\" ──► │

bob says something to cho alone.

   │                       │ ◄─ \"/msg cho psst\\n\" ─│                       │
   │                       │───────────────────────┼── \"[bob] psst\\n\" ───► │

cho ends her half of the connection: for the server she has left.

   │                       │ ◄─── end of stream ───┼───────────────────────│
   │ ◄── \"* cho left\\n\" ───│                       │                       │
   │                       │── \"* cho left\\n\" ───► │                       │
   │                       │───────────────────────┼─── end of stream ───► │
   │                       │                       │                 close │
";

#[test]
fn three_people_in_a_chat_are_drawn_as_they_hear_each_other() {
    for _ in 0..10 {
        let told = normal(&tour(&["chat"]));

        assert!(told.starts_with(CHAT), "{told}");
        assert!(told.contains(SAID), "{told}");
        assert_eq!(told.matches("\"* goodbye: the … ─").count(), 2, "{told}");
        let commands = "  sockdemo chat-server       sockdemo chat-client\n";
        assert!(told.ends_with(&format!("{ENDING}{commands}")), "{told}");
        assert_eq!(too_wide(&told), [""; 0]);
    }
}

#[test]
fn the_chat_can_be_told_in_sentences_and_as_turns_of_the_loop() {
    let told = tour(&["chat", "--view", "sentences"]);
    for sentence in [
        "\nann to server: \"hello\\n\"\nserver to bob: \"<ann> hello\\n\"\n\
         server to cho: \"<ann> hello\\n\"\n",
        "\nserver to cho: end of stream\ncho: close\n",
    ] {
        assert!(told.contains(sentence), "{told}");
    }

    let told = tour(&["chat", "--view", "events"]);
    for row in [
        "    0  joined guest-1                        on_joined           1 ",
        "    0  said   guest-1: /name ann             on_said             1 ",
        "    0  said   ann: hello                     on_said             2 ",
        "    0  left   cho                            on_left             2 ",
    ] {
        assert!(told.contains(row), "{told}");
    }
    for word in ["queue", "loop", "handler", "listener", "observer", "call stack"] {
        assert_eq!(told.matches(word).count().min(1), 1, "{word}: {told}");
    }
    assert_eq!(too_wide(&told), [""; 0]);
}

#[test]
fn step_runs_straight_through_without_a_terminal() {
    assert_eq!(normal(&tour(&["tcp", "--step"])), normal(&tour(&["tcp"])));
}

#[test]
fn every_view_of_the_walk_fits_the_screen_and_has_both_sides() {
    for view in ["lines", "ladder", "sentences"] {
        let told = tour(&["--view", view]);

        assert_eq!(too_wide(&told), [""; 0], "{view}");
        for word in ["client", "server", "accept", "connect", "sendto", "refused"] {
            assert!(told.contains(word), "{view}, {word}: {told}");
        }
        assert!(told.ends_with(&format!("{ENDING}{TCP_COMMANDS}{UDP_COMMANDS}")));
    }
}

#[test]
fn sentences_tell_cause_and_effect_in_the_order_of_the_picture() {
    let told = tour(&["tcp", "--view", "sentences"]);

    let mut rest = told.as_str();
    for next in [
        "server: listen queue of 128\n",
        "server: accept … waiting for a client\n",
        "client: connect from 127.0.0.1:",
        "server: accept descriptor",
        "client: send 5 B",
        "; server: recv 5 B",
        "server: send 5 B",
        "; client: recv 5 B",
        "client: shutdown writing; server: recv 0 B: end of stream\n",
        "server: close descriptor",
        "; client: recv 0 B: end of stream\n",
        "client: close descriptor",
    ] {
        let Some((_, behind)) = rest.split_once(next) else {
            panic!("no {next:?}:\n{told}")
        };
        rest = behind;
    }
    assert!(!told.contains(['│', '─', '►', '◄']), "{told}");
}

#[test]
fn sentences_have_an_empty_line_between_the_parts() {
    let told = tour(&["--view", "sentences"]);
    assert!(told.contains("\n\nUDP: single datagrams"), "{told}");
}

#[test]
fn the_walk_in_json_is_json_and_nothing_else() {
    let told = tour(&["--json"]);

    let events = events(&told);
    for (who, call) in [("server", Call::Accept), ("client", Call::Connect)] {
        let is_there = events
            .iter()
            .any(|e| (&*e.who, e.phase, e.call) == (who, Phase::End, Some(call)));
        assert!(is_there, "{who} {call:?}");
    }
}

#[test]
fn the_recording_of_a_walk_is_told_again_as_it_was() {
    let views = ["lines", "sentences", "ladder"].map(|view| (view, None));
    let chat = ["sentences", "ladder", "events"].map(|view| (view, Some("chat")));
    for (view, part) in views.into_iter().chain(chat) {
        let file = Scratch::new();
        let part = part.as_slice();
        let live = tour(&[part, &["--view", view, "--record", file.path()]].concat());

        let again = run(&["replay", file.path(), "--view", view], b"");

        assert_eq!((again.code(), again.stderr.as_str()), (Some(0), ""));
        let live = live.split(ENDING).next().unwrap();
        // Whether a send waited long enough to be announced is a matter of the moment.
        let calm = |told: &str| {
            let lines = told.lines().filter(|line| !line.contains("waiting for room"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(calm(&again.stdout), calm(live), "{view}");
    }
}
