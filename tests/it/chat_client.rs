//! `chat-client` from a pipe. Its server is a listener inside the test, so that every byte
//! and every end is known.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

#[cfg(unix)]
use {
    crate::harness::{Scratch, events},
    sockdemo::kit::event::{Call, Phase},
    std::thread,
};

use crate::harness::{Ended, HANG, Program, flat, nobody_listens, read_to_end, run};

/// A client, and a server that it has not called yet.
fn start(flags: &[&str]) -> (Program, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    (Program::start(&[&["chat-client", &addr], flags].concat()), listener)
}

/// The next call, and its lines.
fn accept(listener: &TcpListener) -> (TcpStream, BufReader<TcpStream>) {
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    let lines = BufReader::new(stream.try_clone().unwrap());
    (stream, lines)
}

/// The next line, its end included.
fn line(lines: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    line
}

fn assert_ended_well(ended: &Ended, stdout: &str) {
    assert_eq!((ended.code(), ended.stdout.as_str()), (Some(0), stdout), "{ended:?}");
    assert!(!ended.stderr.contains("error: "), "{}", ended.stderr);
}

#[test]
fn lines_go_out_after_the_wishes_and_what_comes_is_printed_as_it_is() {
    let (mut client, listener) = start(&["--name", "ann", "--room", "tea"]);
    let (mut server, mut lines) = accept(&listener);
    assert_eq!(line(&mut lines), "/name ann\n");
    assert_eq!(line(&mut lines), "/join tea\n");

    let said = "* welcome\r\n<bob> \u{1b}[2J日本\\\n".as_bytes();
    server.write_all(said).unwrap();
    client.wait_for_output("日本");
    client.input(b"hello\r\n");
    assert_eq!(line(&mut lines), "hello\n");
    client.input("日".as_bytes());
    client.close_input(); // The end of the input is the end of its last line.
    assert_eq!(line(&mut lines), "日\n");
    assert_eq!(line(&mut lines), "", "the end of the stream");
    server.write_all(b"last words").unwrap();
    drop((server, lines));

    let said = [str::from_utf8(said).unwrap(), "last words"].concat();
    assert_ended_well(&client.end(), &said);
}

#[test]
fn messages_of_the_command_line_are_lines_and_nothing_is_read() {
    let (client, listener) = start(&["-m", "one", "--message", "", "-m", "two"]);
    let (mut server, _) = accept(&listener);

    assert_eq!(read_to_end(&server), b"one\n\ntwo\n");
    server.write_all(b"<bob> hm\n").unwrap();
    drop(server);

    assert_ended_well(&client.end(), "<bob> hm\n");
}

#[test]
fn a_piped_line_is_never_too_long_for_the_client() {
    let (mut client, listener) = start(&[]);
    let (server, mut lines) = accept(&listener);
    let long = "x".repeat(10_000) + "\n";

    client.input(long.as_bytes());

    assert!(line(&mut lines) == long, "another line arrived");
    drop((server, lines));
    assert_eq!(client.end().code(), Some(0));
}

/// The server refuses what comes first; its rest may not be said, or be a command.
#[test]
fn the_rest_of_a_very_long_line_is_no_line() {
    let (mut client, listener) = start(&[]);
    let (server, mut lines) = accept(&listener);

    client.input(("x".repeat(200_000) + "/name eve\nnext\n").as_bytes());

    assert_eq!(line(&mut lines).len(), 65_537);
    assert_eq!(line(&mut lines), "next\n");
    drop((server, lines));
    assert_eq!(client.end().code(), Some(0));
}

#[test]
fn whoever_has_said_goodbye_is_not_connected_again() {
    for goodbye in ["/quit\n", "/quit now\n", "/quit\nhello\n"] {
        let (mut client, listener) = start(&["--reconnect"]);
        let (server, mut lines) = accept(&listener);

        client.input(goodbye.as_bytes());
        for said in goodbye.split_inclusive('\n') {
            assert_eq!(line(&mut lines), said);
        }
        drop((server, lines));

        assert_ended_well(&client.end(), "");
    }
}

/// To the server it is none: a line that begins with a space is said to the room.
#[test]
fn what_is_nearly_a_goodbye_is_none() {
    for said in [" /quit\n", "/quits\n"] {
        let (mut client, listener) = start(&["--reconnect"]);
        let (server, mut lines) = accept(&listener);

        client.input(said.as_bytes());
        assert_eq!(line(&mut lines), said);
        drop((server, lines));
        drop(accept(&listener));

        client.stop();
    }
}

#[test]
fn the_end_of_the_servers_stream_ends_the_client() {
    let (client, listener) = start(&[]);
    let (server, _) = accept(&listener);

    server.shutdown(Shutdown::Write).unwrap();

    assert_ended_well(&client.end(), ""); // Its input is still open.
    assert_eq!(read_to_end(&server), b"");
}

#[cfg(unix)]
#[test]
fn a_reset_is_an_error() {
    let (mut client, listener) = start(&[]);
    let (server, lines) = accept(&listener);
    client.wait_for("waiting for bytes");

    sockdemo::kit::reset::reset_on_close(&server).unwrap();
    drop((server, lines));

    let client = client.end();
    assert_eq!((client.code(), client.stdout.as_str()), (Some(1), ""), "{client:?}");
    assert!(client.stderr.contains("error: could not receive: "), "{}", client.stderr);
}

#[test]
fn without_a_server_there_is_no_chat() {
    let (addr, _sockets) = nobody_listens();

    let client = run(&["chat-client", &addr.to_string(), "-m", "hello"], b"");

    assert_eq!((client.code(), client.stdout.as_str()), (Some(1), ""));
    assert!(client.stderr.contains("hint: nothing listens there"), "{}", client.stderr);
}

#[test]
fn ctrl_c_ends_a_chat() {
    let (mut client, listener) = start(&["--reconnect"]);
    let (server, _lines) = accept(&listener);
    client.wait_for("waiting for bytes");

    let client = client.stop();

    assert_ended_well(&client, "");
    assert!(client.stderr.contains("stopping"), "{}", client.stderr);
    assert_eq!(read_to_end(&server), b"");
}

#[test]
fn what_is_said_without_a_connection_is_sent_over_the_next_one() {
    let (mut client, listener) = start(&["--name", "ann", "--reconnect"]);
    for again in ["one", "two"] {
        let (mut server, mut lines) = accept(&listener);
        assert_eq!(line(&mut lines), "/name ann\n");
        if again == "two" {
            assert_eq!(line(&mut lines), "one\n");
            assert_eq!(line(&mut lines), "one more\n");
        }
        server.write_all(b"* welcome\n").unwrap();
        drop((server, lines));
        let times = if again == "one" { 1 } else { 2 };
        // An answer was heard, so the pause is short each time.
        client.wait_for_many("no connection: trying again in 1 s", times);
        client.input(format!("{again}\n{again} more\n").as_bytes());
        client.wait_for_many("kept: what is typed now is sent", times);
    }
    let (server, mut lines) = accept(&listener);
    client.close_input();
    assert_eq!(line(&mut lines), "/name ann\n");
    assert_eq!(line(&mut lines) + &line(&mut lines), "two\ntwo more\n");
    assert_eq!(line(&mut lines), "");
    drop((server, lines));

    // The input has ended, so this end is the last one.
    assert_ended_well(&client.end(), "* welcome\n* welcome\n");
}

/// The sender is stuck in the middle of a line when the connection is reset.
#[cfg(unix)]
#[test]
fn a_line_that_could_not_be_sent_is_the_first_one_over_the_next_connection() {
    let recording = Scratch::new();
    let (mut client, listener) = start(&["--reconnect", "--record", recording.path()]);
    let (server, lines) = accept(&listener);
    let numbered = |n: usize| format!("{n:04} {}\n", "x".repeat(60_000));
    let mut input = client.take_input();
    let typing = thread::spawn(move || {
        // More than two kernels take without a reader. The client's end ends this, too.
        (0..9999).try_for_each(|n| input.write_all(numbered(n).as_bytes()))
    });
    client.wait_for("waiting for room");

    sockdemo::kit::reset::reset_on_close(&server).unwrap();
    drop((server, lines));
    let (server, mut lines) = accept(&listener);
    let first = line(&mut lines);
    assert_eq!(client.stop().code(), Some(0));
    drop((server, lines));
    assert!(typing.join().unwrap().is_err());

    let events = events(&recording.text());
    let mut ended = events.iter().filter(|event| event.phase == Phase::End);
    ended.find(|event| event.call == Some(Call::Connect)).unwrap();
    let first_connection = ended.take_while(|event| event.call != Some(Call::Connect));
    let sends = first_connection.filter(|event| event.call == Some(Call::Send));
    let sent: u64 = sends.filter_map(|event| event.bytes).sum();
    let whole = usize::try_from(sent).unwrap() / numbered(0).len();
    assert!(first == numbered(whole), "{whole} were sent; then: {}", &first[..4]);
}

#[test]
fn a_server_that_is_not_there_is_called_ever_less_often_until_ctrl_c() {
    let (addr, _sockets) = nobody_listens();
    let mut client = Program::start(&["chat-client", &addr.to_string(), "--reconnect"]);
    client.wait_for("trying again in 4 s");

    let client = client.stop();

    assert_ended_well(&client, "");
    let told = flat(&client.stderr);
    let pauses: Vec<_> = told.split("trying again in ").skip(1).collect();
    let pauses: Vec<_> = pauses.iter().map(|pause| &pause[..3]).collect();
    assert_eq!(pauses, ["1 s", "2 s", "4 s"], "{told}");
}

#[test]
fn a_chat_that_we_have_ended_is_not_begun_again() {
    let (client, listener) = start(&["--reconnect", "-m", "bye"]);
    let (server, _) = accept(&listener);

    assert_eq!(read_to_end(&server), b"bye\n");
    drop(server);

    let client = client.end();
    assert_ended_well(&client, "");
    assert!(!client.stderr.contains("trying again"), "{}", client.stderr);
}

#[test]
fn a_reader_who_has_gone_ends_the_chat() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    let client = Program::without_reader(&["chat-client", &addr, "--reconnect"]);
    let (mut server, _lines) = accept(&listener);

    server.write_all(b"nobody reads this\n").unwrap();

    assert_eq!(client.end().code(), Some(0));
}
