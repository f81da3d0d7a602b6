//! What the README shows is what happens.

use std::fs;

use crate::harness::{Program, run};

#[test]
fn the_tour_in_the_readme_is_the_tour() {
    let shown = block("$ cargo run -- tour tcp");
    let happened = run(&["tour", "tcp"], b"").stdout;

    assert_eq!(normal(&happened), normal(&shown));
}

/// Two threads may speak in either order, so the lines are compared without their order.
#[test]
fn the_two_terminals_in_the_readme_say_what_they_say() {
    let (server, addr) = Program::server(&["tcp-server", ":0", "--once"]);
    let client = run(&["tcp-client", &addr.to_string(), "--message", "hello"], b"");
    let server = server.end();

    let shown = block("$ sockdemo tcp-server --once");
    assert_eq!(sorted(&(server.stdout + &server.stderr)), sorted(&shown));
    let shown = block("$ sockdemo tcp-client --message hello");
    assert_eq!(sorted(&(client.stdout + "\n" + &client.stderr)), sorted(&shown));
}

#[test]
fn the_readme_names_every_command_and_no_other() {
    let readme = fs::read_to_string("README.md").unwrap();
    let table = readme.lines().filter(|line| line.starts_with("| ")).skip(1);
    let named: Vec<_> = table.filter_map(|row| row.split('`').nth(1)).collect();

    let map = run(&[], b"").stdout;
    let commands =
        map.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    assert_eq!(named, commands.collect::<Vec<_>>());
}

/// The lines under this command, up to the end of its block.
fn block(command: &str) -> String {
    let readme = fs::read_to_string("README.md").unwrap();
    let start = readme.find(command).unwrap_or_else(|| panic!("no {command}"))
        + command.len()
        + 1;
    let end = readme[start..].find("```").unwrap();
    readme[start..start + end].to_owned()
}

fn sorted(text: &str) -> Vec<String> {
    let mut lines = normal(text);
    lines.sort();
    lines
}

/// Whole lines, without what differs from run to run: ports, descriptors, times.
fn normal(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let rest = line.trim_start();
        match lines.last_mut() {
            Some(last) if line.starts_with("            ") => {
                *last = format!("{last} {rest}");
            }
            _ => lines.push(line.to_owned()),
        }
    }
    // Whether the kernel takes a while for a few bytes is a matter of the moment.
    lines.retain(|line| !line.contains("… waiting for room"));
    lines.iter().map(|line| without_numbers(&without_waits(line))).collect()
}

fn without_waits(line: &str) -> String {
    line.split(", waited ").next().unwrap_or_default().to_owned()
}

/// Ports, and descriptors in words or in brackets.
fn without_numbers(line: &str) -> String {
    let mut out = String::new();
    let mut digits = line.chars().peekable();
    while let Some(c) = digits.next() {
        out.push(c);
        if out.ends_with("127.0.0.1:")
            || out.ends_with("descriptor ")
            || out.ends_with('(')
        {
            while digits.next_if(char::is_ascii_digit).is_some() {}
            out.push('N');
        }
    }
    out.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
