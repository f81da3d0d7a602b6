//! The files that lesson 12's checks send, and how they are cut into blocks.

use crate::course::trial::Trial;

/// So many bytes of the file does a block have; the last one has fewer.
pub(super) const BLOCK: usize = 512;

/// A file in which each line says where it stands, for who sees it in a report.
pub(super) fn text(trial: &mut Trial, length: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(length + 32);
    while text.len() < length {
        let (block, line) = (text.len() / BLOCK + 1, text.len() % BLOCK / 32 + 1);
        let word = trial.random.word(12);
        text.extend(format!("block {block:<4} line {line:<2} {word}\n").into_bytes());
    }
    text.truncate(length);
    text
}

/// The blocks of a file: the last one is always short.
pub(super) fn blocks(content: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let whole = content.len() / BLOCK;
    let datas = (0..=whole).map(|n| content.iter().skip(n * BLOCK).take(BLOCK));
    let numbered = (1..).zip(datas);
    numbered.map(|(n, data)| (n, block(n, &data.copied().collect::<Vec<_>>()))).collect()
}

/// A block as it is sent.
pub(super) fn block(number: u16, data: &[u8]) -> Vec<u8> {
    [&number.to_be_bytes(), data].concat()
}
