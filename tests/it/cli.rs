//! The command line: the map, the help, what is refused, and what failures say.

use std::collections::BTreeSet;
use std::net::{TcpListener, UdpSocket};

use assert_cmd::Command;
use predicates::prelude::{PredicateBooleanExt, predicate};
use predicates::str::contains;

use crate::harness::{
    HANG, Program, connect, exchange, flat, has_ipv6, nobody_listens, run, sockdemo,
    too_wide,
};

/// For commands that end by themselves.
fn command(args: &[&str]) -> Command {
    let mut command = Command::new(sockdemo());
    command.args(args).timeout(HANG).env_remove("NO_COLOR");
    command
}

fn stdout_of(args: &[&str]) -> String {
    let output = command(args).assert().code(0).get_output().stdout.clone();
    String::from_utf8(output).unwrap()
}

/// The commands that exist, as clap knows them.
fn commands() -> BTreeSet<String> {
    let help = stdout_of(&["--help"]);
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    // A command's line is indented by two; a description that goes on stands further in.
    let entries = list.lines().filter_map(|line| line.strip_prefix("  "));
    let names = entries.filter(|entry| !entry.starts_with(' '));
    let names = names.filter_map(|entry| entry.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn without_a_word_it_prints_the_map_of_every_command() {
    let map = stdout_of(&[]);

    let rows = map.lines().filter_map(|line| line.strip_prefix("  "));
    let shown: BTreeSet<String> =
        rows.map(|row| row.split_whitespace().next().unwrap().to_owned()).collect();
    assert_eq!(shown, commands());
    assert!(shown.len() >= 7, "{shown:?}");
    for row in map.lines().filter(|line| line.starts_with("  ")) {
        assert!(row.split_whitespace().count() > 3, "says what it is for: {row}");
    }
    assert!(map.find("The calls") < map.find("Classroom"), "in teaching order");
    assert_eq!(too_wide(&map), [""; 0]);
}

#[test]
fn every_help_ends_with_an_example_for_two_terminals() {
    for name in commands() {
        let help = stdout_of(&["help", &name]);

        let example = help.rsplit("\n\n").next().unwrap();
        assert!(example.contains("n two terminals"), "{name}: {example}");
        assert!(example.lines().count() >= 3, "both sides: {example}");
        let typed = example.lines().skip(1);
        for line in typed {
            assert!(line.starts_with("  sockdemo "), "{name}: {line}");
            let command = line.split_whitespace().nth(1).unwrap();
            assert!(commands().contains(command), "{name}: {line}");
        }
    }
}

#[test]
fn every_help_fits_the_screen() {
    for name in commands() {
        for words in [["help", &name], [&name, "--help"], [&name, "-h"]] {
            assert_eq!(too_wide(&stdout_of(&words)), [""; 0], "{words:?}");
        }
    }
    assert_eq!(too_wide(&stdout_of(&["--help"])), [""; 0]);
}

#[test]
fn an_address_that_cannot_be_is_a_usage_error_and_says_what_to_type() {
    for (wrong, typed) in [
        ("1:2:x", "HOST:PORT"),
        ("h:99999", "65535"),
        ("h:x", "HOST:PORT"),
        ("", "HOST:PORT"),
        ("::1:80", "[::1]:80"),
        ("[::1:80", "[V6]:PORT"),
    ] {
        for name in ["tcp-server", "tcp-client", "udp-server", "udp-client"] {
            let refused = command(&[name, wrong]).assert().code(2);
            refused.stdout("").stderr(contains(typed).and(contains("--help")));
        }
    }
}

#[test]
fn a_flag_that_cannot_be_is_a_usage_error_and_names_the_choices() {
    for (args, typed) in [
        (["tcp-server", "--max-clients", "0"], "1.."),
        (["tcp-server", "--idle-timeout", "0"], "0.001"),
        (["tcp-server", "--idle-timeout", "-1"], "0.001"),
        (["udp-server", "--idle-timeout", "0"], "0.001"),
        (["udp-server", "--buffer", "0"], "1.."),
        (["udp-client", "--buffer", "65536"], "65535"),
        (["udp-client", "--timeout", "nan"], "0.001"),
        (["udp-client", "--retries", "-1"], "'-1'"),
        (["tcp-client", "--connect-timeout", "never"], "0.001"),
        (["tcp-server", "--view", "nonsense"], "lines, ladder, sentences"),
        (["tour", "--color", "sometimes"], "auto, always, never"),
        (["replay", "--json", "--quiet"], "--json"),
    ] {
        command(&args).assert().code(2).stdout("").stderr(contains(typed));
    }
    command(&["tour", "sctp"]).assert().code(2).stderr(contains("tcp, udp"));
    command(&["sing"]).assert().code(2).stdout("");
}

#[test]
fn a_port_that_is_in_use_is_told_with_a_hint() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let error =
        format!("error: could not listen on {addr}: Address already in use (os error");
    command(&["tcp-server", &addr])
        .assert()
        .code(1)
        .stdout("")
        .stderr(contains(error).and(contains("\n  hint: ")).and(contains("port 0")));

    let same = "127.0.0.1:7880";
    command(&["chat-server", same, "--web", same, "--quiet"])
        .assert()
        .code(1)
        .stderr(contains("could not listen for browsers").and(contains("another port")));

    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let error =
        format!("error: could not bind to {addr}: Address already in use (os error");
    let refused = command(&["udp-server", &addr, "--quiet"]).assert().code(1);
    refused.stdout("").stderr(predicate::str::starts_with(error).and(contains("hint: ")));
}

#[test]
fn nobody_who_listens_is_told_with_a_hint() {
    let (addr, _kept) = nobody_listens();
    let addr = addr.to_string();

    let refused = command(&["tcp-client", &addr, "--quiet"]).assert().code(1);

    let error = format!("error: could not connect to {addr}: Connection refused");
    let hint = contains("\n  hint: nothing listens there");
    refused.stdout("").stderr(predicate::str::starts_with(error).and(hint));
}

#[test]
fn an_address_of_another_machine_cannot_be_listened_on() {
    for (server, error) in [
        ("tcp-server", "error: could not listen on 192.0.2.1:0: "),
        ("udp-server", "error: could not bind to 192.0.2.1:0: "),
    ] {
        // 192.0.2.0/24 is kept for books: no machine has it.
        let refused = command(&[server, "192.0.2.1:0"]).assert().code(1);
        let hint = contains("hint: this machine does not have that address");
        refused.stdout("").stderr(contains(error).and(hint));
    }
}

#[test]
fn a_reader_who_leaves_is_a_normal_end_for_a_client() {
    let (_server, addr) = Program::server(&["tcp-server", ":0", "--quiet"]);
    let mut client = Program::without_reader(&["tcp-client", &addr.to_string()]);

    client.input(b"hello\n");

    // Its input is still open: it must not wait for more.
    let client = client.end();
    assert_eq!(client.code(), Some(0), "{}", client.stderr);
    assert!(!client.stderr.contains("error") && !client.stderr.contains("panic"));
    assert!(client.stderr.contains("close"), "and it still closes: {}", client.stderr);
}

#[test]
fn a_reader_who_leaves_is_a_normal_end_for_every_command() {
    let (_server, addr) = Program::server(&["udp-server", ":0", "--quiet"]);
    for args in [
        &[][..],
        &["help", "tour"],
        &["--version"],
        &["tour"],
        &["tcp-server", ":0"],
        &["udp-server", ":0"],
        &["udp-client", &addr.to_string(), "-m", "hello"],
        #[cfg(target_os = "linux")]
        &["sockets", "--pid", &std::process::id().to_string()],
    ] {
        let ended = Program::without_reader(args).end();
        assert_eq!(ended.code(), Some(0), "{args:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains("panic"), "{args:?}: {}", ended.stderr);
    }
}

#[test]
fn a_narration_that_nobody_hears_stops_nobody() {
    let mut server = Program::without_listener(&["tcp-server", ":0"]);
    let addr = server.addr();

    assert_eq!(exchange(&connect(addr), b"still there?"), b"still there?");
    let mut client = Program::without_listener(&["tcp-client", &addr.to_string()]);
    client.input(b"hello\n");
    let client = client.end_of_input();

    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "hello\n"));
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn an_error_that_nobody_hears_is_still_an_error() {
    let (addr, _kept) = nobody_listens();

    let client = Program::without_listener(&["tcp-client", &addr.to_string()]);

    assert_eq!(client.end().code(), Some(1));
}

#[test]
fn every_form_of_an_address_is_understood() {
    for (form, host) in [
        (":0", "127.0.0.1:"),
        ("0", "127.0.0.1:"),
        ("127.0.0.1:0", "127.0.0.1:"),
        ("[::1]:0", "[::1]:"),
    ] {
        if form.starts_with('[') && !has_ipv6() {
            continue;
        }
        for server in ["tcp-server", "udp-server"] {
            let (server, addr) = Program::server(&[server, form]);

            assert!(addr.to_string().starts_with(host), "{form}: {addr}");
            assert_ne!(addr.port(), 0, "{form}");
            assert_eq!(server.stop().code(), Some(0));
        }
    }
}

#[test]
fn a_port_alone_is_this_machine_for_a_client_too() {
    let (_server, addr) = Program::server(&["tcp-server", ":0", "--quiet"]);
    for form in [format!("{}", addr.port()), format!(":{}", addr.port())] {
        let client = run(&["tcp-client", &form, "--message", "hello"], b"");
        assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "hello"), "{form}");
    }
}

#[test]
fn the_pairs_talk_over_ipv6() {
    if !has_ipv6() {
        return;
    }
    for (server, client) in [("tcp-server", "tcp-client"), ("udp-server", "udp-client")] {
        let (server, addr) = Program::server(&[server, "[::1]:0"]);

        let client = run(&[client, &addr.to_string()], b"hello\n");

        assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "hello\n"));
        assert!(client.stderr.contains("over IPv6"), "{}", client.stderr);
        assert!(client.stderr.contains(&addr.to_string()), "{}", client.stderr);
        let server = server.stop();
        assert_eq!(server.code(), Some(0), "{}", server.stderr);
    }
}

#[test]
fn a_server_that_listens_wider_says_who_can_reach_it() {
    for name in ["tcp-server", "udp-server"] {
        let (wide, addr) = Program::server(&[name, "0.0.0.0:0"]);
        let wide = wide.stop();
        assert_eq!((wide.code(), addr.ip().to_string().as_str()), (Some(0), "0.0.0.0"));
        assert!(
            flat(&wide.stderr).contains("whoever reaches one of them reaches this"),
            "{}",
            wide.stderr
        );

        let (narrow, _) = Program::server(&[name, ":0"]);
        assert!(!flat(&narrow.stop().stderr).contains("reaches"), "{name}");
    }
}
