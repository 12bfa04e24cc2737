//! The table of a longest common subsequence, a bit a cell.
//!
//! A row of the plain table differs from cell to cell by nothing or by one, so a bit holds the difference, and a
//! machine word computes 64 cells at once (Crochemore, Iliopoulos, Pinzon and Reid 2001; Hyyrö 2004).

use std::collections::HashMap;

/// How long the longest common subsequence is of every pair of suffixes of `a` and `b`.
pub(super) struct Table {
    /// Of a suffix of `b` by its length less one, whether it has *no* more in common than the one shorter by one.
    /// A row is for a suffix of `a`, by its length.
    rows: Vec<u64>,
    words: usize,
    a_len: usize,
    b_len: usize,
}

impl Table {
    /// The table of two sequences; it takes a bit for every pair of elements.
    pub(super) fn new(a: &[u32], b: &[u32]) -> Self {
        let words = b.len().div_ceil(64);
        let places = places(b);
        let mut rows = vec![u64::MAX; words * (a.len() + 1)];
        for (done, x) in a.iter().rev().enumerate() {
            let (above, below) = rows[done * words..].split_at_mut(words);
            next_row(above, &mut below[..words], places.get(x).map_or(&[], Vec::as_slice));
        }
        Self { rows, words, a_len: a.len(), b_len: b.len() }
    }

    /// Whether `b[j]` is needed for as much as `a[i..]` and `b[j..]` have in common. `i` may be the end of `a`.
    pub(super) fn needs(&self, i: usize, j: usize) -> bool {
        let bit = self.b_len - 1 - j;
        self.row(i)[bit / 64] >> (bit % 64) & 1 == 0
    }

    /// How long the longest common subsequence of `a[i..]` and `b[j..]` is, in the time of a pass over the row.
    pub(super) fn len(&self, i: usize, j: usize) -> u32 {
        let (row, bits) = (self.row(i), self.b_len - j);
        let whole: u32 = row[..bits / 64].iter().map(|word| word.count_zeros()).sum();
        match bits % 64 {
            0 => whole,
            rest => whole + (row[bits / 64] | u64::MAX << rest).count_zeros(),
        }
    }

    fn row(&self, i: usize) -> &[u64] {
        let start = (self.a_len - i) * self.words;
        &self.rows[start..start + self.words]
    }
}

/// For each number, where it stands in `b` counted from the end: the words that have bits, and the bits.
fn places(b: &[u32]) -> HashMap<u32, Vec<(usize, u64)>> {
    let mut places: HashMap<u32, Vec<(usize, u64)>> = HashMap::new();
    for (at, y) in b.iter().rev().enumerate() {
        let (word, bit) = (at / 64, 1 << (at % 64));
        let of_y = places.entry(*y).or_default();
        match of_y.last_mut() {
            Some((last, bits)) if *last == word => *bits |= bit,
            _ => of_y.push((word, bit)),
        }
    }
    places
}

/// One more element of `a`, which stands at `places` of `b`.
fn next_row(above: &[u64], below: &mut [u64], places: &[(usize, u64)]) {
    let (mut places, mut carry) = (places.iter().peekable(), false);
    for (word, (v, out)) in above.iter().zip(below).enumerate() {
        let mask = places.next_if(|(at, _)| *at == word).map_or(0, |(_, bits)| *bits);
        let (sum, over) = v.overflowing_add(v & mask);
        let (sum, over_by_carry) = sum.overflowing_add(u64::from(carry));
        carry = over || over_by_carry;
        *out = sum | (v & !mask);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_holds_what_the_plain_table_holds(a in prop::collection::vec(0u32..4, 4..12), b in prop::collection::vec(0u32..4, 0..200)) {
            let table = Table::new(&a, &b);
            let mut plain = vec![vec![0u32; b.len() + 1]; a.len() + 1];
            for i in (0..a.len()).rev() {
                for j in (0..b.len()).rev() {
                    plain[i][j] = if a[i] == b[j] { plain[i + 1][j + 1] + 1 } else { plain[i + 1][j].max(plain[i][j + 1]) };
                }
            }
            for (i, row) in plain.iter().enumerate() {
                for (j, cell) in row.iter().enumerate() {
                    prop_assert_eq!(table.len(i, j), *cell);
                    prop_assert!(row.get(j + 1).is_none_or(|next| table.needs(i, j) == (cell > next)));
                }
            }
        }
    }
}
