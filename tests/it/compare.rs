//! `compare`: the same news in four ways.

use crate::harness::{Program, run, too_wide};

/// The figures of a row, behind its name.
fn figures<'a>(table: &'a str, name: &str) -> Vec<Vec<&'a str>> {
    let rows = table.lines().filter_map(|line| line.strip_prefix(name));
    rows.map(|row| row.split_whitespace().collect()).collect()
}

fn number(text: &str) -> u64 {
    text.replace(',', "").parse().unwrap()
}

#[test]
fn each_way_has_its_price() {
    let flags =
        ["--news", "6", "--every", "0.02", "--interval", "0.03", "--delay", "0.02"];
    let ended = run(&[&["compare"][..], &flags].concat(), b"");
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    let table = ended.stdout.as_str();
    assert_eq!(too_wide(table), Vec::<&str>::new());
    for network in ["over loopback", "20 ms each way"] {
        assert!(table.contains(network), "{table}");
    }
    let (first, second) = table.split_once("20 ms each way").unwrap();
    for column in ["asked, conns: ", "sent, received: ", "mean, 99 %: ", "calls: send"] {
        assert!(first.contains(column) && !second.contains(column), "{table}");
    }
    // Asked, connections, sent, received, mean, 99 %, calls; durations are two words.
    let [short, long, stream, socket] =
        ["short polling", "long polling", "server-sent events", "WebSocket"]
            .map(|name| figures(table, name));
    for (way, times) in [(&short, 2), (&long, 2), (&stream, 2), (&socket, 2)] {
        assert_eq!(way.len(), times, "{table}");
        assert!(way.iter().all(|row| row.len() == 9 && row[1] == "1"), "{table}");
    }
    assert!(stream.iter().chain(&socket).all(|row| row[0] == "1"), "{table}");
    for rows in [&short, &long] {
        for row in rows {
            let (asked, calls) = (number(row[0]), number(row[8]));
            assert!(asked >= 2 && number(row[2]) > 40 * asked, "{table}");
            // A recv and a send each time, and a recv more for the end of the stream.
            assert!(calls >= 2 * asked, "{table}");
        }
    }
    assert!(number(long[0][0]) <= 6, "an answer for a piece at most: {table}");
    // The news, one interval, and once there and back.
    for takes in ["150 ms", "190 ms"] {
        let words = format!("measuring: this takes about {takes}\n");
        assert!(ended.stderr.contains(&words), "{}", ended.stderr);
    }
}

/// Two words of a row, such as `2.1 ms`, in milliseconds.
fn milliseconds(words: &[&str]) -> f64 {
    let number: f64 = words[0].parse().unwrap();
    match words[1] {
        "µs" => number / 1000.0,
        "ms" => number,
        _ => number * 1000.0,
    }
}

#[test]
fn the_first_piece_comes_when_everybody_listens() {
    let flags = ["--news", "4", "--every", "0.005", "--delay", "0.5"];
    let ended = run(&[&["compare"][..], &flags].concat(), b"");
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    for way in ["server-sent events", "WebSocket"] {
        let rows = figures(&ended.stdout, way);
        let slow = rows.last().unwrap();
        // Once over the road, and not twice: the request has gone before.
        let late = milliseconds(&slow[6..8]);
        assert!((500.0..800.0).contains(&late), "{}", ended.stdout);
    }
}

#[test]
fn ctrl_c_while_nobody_listens_yet_ends_it_too() {
    let flags = ["--news", "1", "--every", "0.001", "--delay", "100"];
    let mut compare = Program::start(&[&["compare"][..], &flags].concat());
    compare.wait_for_many("measuring: this takes about", 2);
    let ended = compare.stop();
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
}

#[test]
fn ctrl_c_ends_it_at_once() {
    let mut compare = Program::start(&["compare", "--news", "9", "--every", "100"]);
    compare.wait_for("measuring: this takes about 900.1 s");
    let ended = compare.stop();
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
}
