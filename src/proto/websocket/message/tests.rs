//! Messages, as the RFC has them, cut everywhere, and at their limits.

use super::*;
use crate::proto::websocket::frame;

const KEY: frame::Key = [0x37, 0xfa, 0x21, 0x3d];

/// An event that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(u16, String),
    Wrong(Bad),
}

fn seen(event: Event<'_>) -> Option<Seen> {
    Some(match event {
        Event::Frame(..) => return None,
        Event::Text(text) => Seen::Text(text.to_owned()),
        Event::Binary(bytes) => Seen::Binary(bytes.to_vec()),
        Event::Ping(bytes) => Seen::Ping(bytes.to_vec()),
        Event::Pong(bytes) => Seen::Pong(bytes.to_vec()),
        Event::Close(code, reason) => Seen::Close(code, reason.to_owned()),
        Event::Wrong(bad) => Seen::Wrong(bad),
    })
}

/// Everything that `pieces` mean.
fn hear<'a>(
    incoming: &mut Incoming,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Vec<Seen> {
    let mut all = Vec::new();
    for mut piece in pieces {
        while let Some(event) = incoming.take(&mut piece) {
            all.extend(seen(event));
        }
    }
    all
}

fn from_client(limit: usize, bytes: &[u8]) -> Vec<Seen> {
    hear(&mut Incoming::from_client(limit), [bytes])
}

/// One frame of a client.
fn frame(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let length = u64::try_from(payload.len()).unwrap();
    let mut bytes = Vec::new();
    Head { fin, opcode, key: Some(KEY), length }.write(&mut bytes);
    let begin = bytes.len();
    bytes.extend(payload);
    mask(&mut bytes[begin..], KEY, 0);
    bytes
}

fn text(text: &str) -> Seen {
    Seen::Text(text.to_owned())
}

/// Section 5.7, and a conversation around it.
#[test]
fn however_the_stream_is_cut_the_events_are_the_same() {
    let stream = [
        frame(true, Opcode::Text, b"Hello"),
        frame(false, Opcode::Text, "日".as_bytes().split_at(2).0),
        frame(true, Opcode::Ping, b"between"),
        frame(false, Opcode::Continuation, b""),
        frame(true, Opcode::Continuation, "日本".as_bytes().split_at(2).1),
        frame(true, Opcode::Text, b""),
        frame(false, Opcode::Binary, &[0xff; 200]),
        frame(true, Opcode::Continuation, &[0; 100]),
        frame(true, Opcode::Pong, b""),
        frame(true, Opcode::Close, &close_payload(1000, "bye")),
        b"and whatever may follow".to_vec(),
    ]
    .concat();
    let expected = [
        text("Hello"),
        Seen::Ping(b"between".to_vec()),
        text("日本"),
        text(""),
        Seen::Binary([vec![0xff; 200], vec![0; 100]].concat()),
        Seen::Pong(Vec::new()),
        Seen::Close(1000, "bye".to_owned()),
    ];
    for size in 1..=stream.len() {
        let mut incoming = Incoming::from_client(300);
        assert_eq!(hear(&mut incoming, stream.chunks(size)), expected, "by {size}");
    }
    for cut in 0..stream.len() {
        let (one, two) = stream.split_at(cut);
        assert_eq!(
            hear(&mut Incoming::from_client(300), [one, two]),
            expected,
            "at {cut}"
        );
    }
}

#[test]
fn each_frame_is_told_before_what_it_means() {
    let stream =
        [frame(false, Opcode::Text, b"Hel"), frame(true, Opcode::Continuation, b"lo")];
    let (mut incoming, bytes) = (Incoming::from_client(5), stream.concat());
    let mut input = &bytes[..];
    for (opcode, payload) in [(Opcode::Text, &b"Hel"[..]), (Opcode::Continuation, b"lo")]
    {
        let Some(Event::Frame(head, told)) = incoming.take(&mut input) else { panic!() };
        assert_eq!((head.opcode, head.key, told), (opcode, Some(KEY), payload));
    }
    assert_eq!(incoming.take(&mut input), Some(Event::Text("Hello")));
    assert_eq!(incoming.take(&mut input), None);
}

#[test]
fn only_clients_mask() {
    let plain = b"\x81\x05Hello";
    assert_eq!(from_client(9, plain), [Seen::Wrong(Bad::NotMasked)]);
    let from_server = |bytes: &[u8]| hear(&mut Incoming::from_server(9), [bytes]);
    assert_eq!(from_server(plain), [text("Hello")]);
    assert_eq!(
        from_server(&frame(true, Opcode::Text, b"Hello")),
        [Seen::Wrong(Bad::Masked)]
    );
    assert_eq!(from_server(&frame(true, Opcode::Ping, b"")), [Seen::Wrong(Bad::Masked)]);
}

#[test]
fn the_order_of_frames_is_checked() {
    let (begun, whole) =
        (frame(false, Opcode::Text, b"a"), frame(true, Opcode::Text, b"b"));
    let rest = frame(true, Opcode::Continuation, b"c");
    assert_eq!(
        from_client(9, &[&begun[..], &whole].concat()),
        [Seen::Wrong(Bad::NotFinished)]
    );
    assert_eq!(from_client(9, &rest), [Seen::Wrong(Bad::NothingToContinue)]);
    let after = [&whole[..], &rest].concat();
    assert_eq!(from_client(9, &after), [text("b"), Seen::Wrong(Bad::NothingToContinue)]);
}

#[test]
fn after_a_mistake_nothing_is_listened_to() {
    let mut incoming = Incoming::from_client(9);
    let stream = [b"\x83".to_vec(), frame(true, Opcode::Text, b"a")].concat();
    assert_eq!(hear(&mut incoming, [&stream[..]]), [Seen::Wrong(Bad::ReservedOpcode(3))]);
    assert_eq!(hear(&mut incoming, [&stream[1..]]), []);
}

#[test]
fn the_limit_is_exact_and_holds_for_all_frames_of_a_message_together() {
    let wrong = [Seen::Wrong(Bad::TooBig { limit: 6 })];
    for pieces in [&[6][..], &[3, 3], &[6, 0], &[1, 1, 1, 1, 1, 1]] {
        let last = pieces.len() - 1;
        let build = |longer: usize| -> Vec<u8> {
            let piece = |(i, n): (usize, &usize)| {
                let opcode = if i == 0 { Opcode::Binary } else { Opcode::Continuation };
                frame(i == last, opcode, &vec![7; n + usize::from(i == last) * longer])
            };
            pieces.iter().enumerate().flat_map(piece).collect()
        };
        assert_eq!(from_client(6, &build(0)), [Seen::Binary(vec![7; 6])], "{pieces:?}");
        assert_eq!(from_client(6, &build(1)), wrong, "{pieces:?}");
    }
    // Pings between the pieces do not count.
    let stream = [
        frame(false, Opcode::Binary, &[7; 6]),
        frame(true, Opcode::Ping, &[8; 125]),
        frame(true, Opcode::Continuation, b""),
    ];
    assert_eq!(
        from_client(6, &stream.concat()),
        [Seen::Ping(vec![8; 125]), Seen::Binary(vec![7; 6])]
    );
}

#[test]
fn memory_is_taken_for_what_comes_and_not_for_what_is_announced() {
    let mut incoming = Incoming::from_client(usize::MAX);
    let mut head = Vec::new();
    let huge =
        Head { fin: true, opcode: Opcode::Binary, key: Some(KEY), length: u64::MAX >> 1 };
    huge.write(&mut head);
    assert_eq!(hear(&mut incoming, [&head[..], b"abc"]), []);
    assert!(incoming.message.capacity() < 100);
    assert_eq!(incoming.within(), Some("a frame"));

    // One byte of a limit, and everything is refused before its first byte has come.
    let mut small = Incoming::from_client(1000);
    assert_eq!(hear(&mut small, [&head[..]]), [Seen::Wrong(Bad::TooBig { limit: 1000 })]);
    assert_eq!(small.message.capacity(), 0);
}

#[test]
fn a_large_message_leaves_no_large_room_behind() {
    let mut incoming = Incoming::from_client(usize::MAX);
    let large = frame(true, Opcode::Binary, &vec![7; 4 * KEPT]);
    assert_eq!(hear(&mut incoming, [&large[..]]), [Seen::Binary(vec![7; 4 * KEPT])]);
    assert!(incoming.message.capacity() <= KEPT);
}

#[test]
fn frames_without_end_take_no_room() {
    let mut incoming = Incoming::from_client(1000);
    assert_eq!(hear(&mut incoming, [&frame(false, Opcode::Text, b"a")[..]]), []);
    let empty = frame(false, Opcode::Continuation, b"");
    for _ in 0..10_000 {
        assert_eq!(hear(&mut incoming, [&empty[..]]), []);
    }
    assert!(incoming.message.capacity() < 100);
    assert_eq!(incoming.within(), Some("a message"));
}

/// A text is refused at the first byte that cannot be, wherever the frames are cut.
#[test]
fn a_text_is_checked_while_it_comes() {
    for (good, bad) in [
        (&b"ok"[..], b'\xff'),
        (b"\xc3", b'\x28'),
        (b"\xe0", b'\x9f'),      // Longer than needed.
        (b"\xed", b'\xa0'),      // A surrogate.
        (b"\xf4", b'\x90'),      // Beyond the last character.
        (b"\xf0\x9f\x98", b'a'), // The end of a character is missing.
        (b"", b'\xc0'),
        (b"", b'\xf5'),
    ] {
        let wrong = [Seen::Wrong(Bad::NotUtf8)];
        for cut in 0..=good.len() {
            // Inside one frame, whose rest never comes.
            let mut incoming = Incoming::from_client(1000);
            let mut stream =
                frame(true, Opcode::Text, &[good, &[bad], &[b'z'; 9]].concat());
            stream.truncate(6 + good.len() + 1);
            let (one, two) = stream.split_at(6 + cut);
            let (one_byte_less, last) = two.split_at(two.len() - 1);
            assert_eq!(hear(&mut incoming, [one, one_byte_less]), [], "{good:x?}");
            assert_eq!(hear(&mut incoming, [last]), wrong, "{good:x?} {bad:x}");

            // Over several frames.
            let mut incoming = Incoming::from_client(1000);
            let one = frame(false, Opcode::Text, &good[..cut]);
            let two = frame(false, Opcode::Continuation, &good[cut..]);
            assert_eq!(hear(&mut incoming, [&one[..], &two]), []);
            let last = frame(false, Opcode::Continuation, &[bad]);
            assert_eq!(hear(&mut incoming, [&last[..]]), wrong, "{good:x?} {bad:x}");
        }
    }
    // A character that the message does not end.
    let unfinished = frame(true, Opcode::Text, b"\xf0\x9f\x98");
    assert_eq!(from_client(9, &unfinished), [Seen::Wrong(Bad::NotUtf8)]);
    let bytes = frame(true, Opcode::Binary, b"\xf0\x9f\x98");
    assert_eq!(from_client(9, &bytes), [Seen::Binary(b"\xf0\x9f\x98".to_vec())]);
}

#[test]
fn a_close_frame_says_why() {
    let close = |payload: &[u8]| from_client(9, &frame(true, Opcode::Close, payload));
    let said = |code, reason: &str| [Seen::Close(code, reason.to_owned())];
    assert_eq!(close(b""), said(code::NONE, ""));
    assert_eq!(close(b"\x03\xe8"), said(1000, ""));
    assert_eq!(close(b"\x0f\xa0ende"), said(4000, "ende"));
    assert_eq!(close(b"\x03"), [Seen::Wrong(Bad::CloseOfOneByte)]);
    assert_eq!(close(b"\x03\xed"), [Seen::Wrong(Bad::CloseCode(1005))]);
    assert_eq!(close(b"\x03\xe8\xff"), [Seen::Wrong(Bad::NotUtf8)]);
}

#[test]
fn a_reason_is_cut_where_a_character_ends() {
    assert_eq!(close_payload(1001, "bye"), b"\x03\xe9bye");
    assert_eq!(close_payload(code::NONE, "no code, no reason"), b"");
    let long = close_payload(1000, &"é".repeat(100));
    assert_eq!((long.len(), str::from_utf8(&long[2..]).unwrap().len()), (124, 122));
}
