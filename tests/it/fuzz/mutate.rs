//! Mutations of a corpus that follow from a seed.

use crate::world::Seeded;

/// What parsers stumble over.
const WORDS: [&[u8]; 36] = [
    b"\0",
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"\\u0000",
    b"\\ud800",
    b"\\udc00",
    b"-0",
    b"1e308",
    b"9007199254740993",
    b"1.0",
    b"null",
    b"true",
    b"/",
    b"//",
    b"/../",
    b"~1",
    b"~",
    b"%2e",
    b"%00",
    b"#",
    b"?",
    b"\\",
    b"](/a)",
    b"<",
    b"&#x2f;",
    "\u{202e}".as_bytes(),
    "\u{feff}".as_bytes(),
    "e\u{301}".as_bytes(),
    "\u{130}".as_bytes(),
    b"\xff\xfe",
    b"\n\n",
];

/// Makes inputs of others.
pub struct Mutator {
    chance: Seeded,
    corpus: Vec<Vec<u8>>,
    largest: usize,
}

impl Mutator {
    pub fn new(seed: u64, corpus: Vec<Vec<u8>>, largest: usize) -> Mutator {
        Mutator { chance: Seeded::new(seed), corpus, largest }
    }

    /// The next: one of the corpus, changed at one to eight places.
    pub fn next(&mut self) -> Vec<u8> {
        let mut input = self.any().to_vec();
        for _ in 0..=self.chance.below(8) {
            self.change(&mut input);
        }
        input.truncate(self.largest);
        input
    }

    fn any(&self) -> &[u8] {
        &self.corpus[self.below(self.corpus.len())]
    }

    fn below(&self, end: usize) -> usize {
        self.chance.below(end.max(1) as u64) as usize
    }

    fn range(&self, input: &[u8], most: usize) -> std::ops::Range<usize> {
        let from = self.below(input.len() + 1);
        from..(from + self.below(most)).min(input.len())
    }

    fn change(&self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        match self.chance.below(8) {
            0 => input.splice(at..at, [self.chance.byte()]).for_each(drop),
            1 if at < input.len() => input[at] ^= 1 << self.below(8),
            2 => input.drain(self.range(input, 16)).for_each(drop),
            3 => {
                let range = self.range(input, 64);
                let again = input[range].repeat(1 + self.below(4));
                input.splice(at..at, again).for_each(drop);
            }
            4 => {
                let other = self.any();
                let part = other[self.range(other, 200)].to_vec();
                let range = self.range(input, 200);
                input.splice(range, part).for_each(drop);
            }
            _ => input.splice(at..at, WORDS[self.below(WORDS.len())].iter().copied()).for_each(drop),
        }
    }
}
