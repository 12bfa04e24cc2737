//! What two sequences have in common.

use std::collections::HashMap;
use std::hash::Hash;

use super::order::increasing;
use super::table::Table;

/// The largest table that is made: 32 MiB, some hundredths of a second.
const CELLS: usize = 1 << 28;

/// How often a gap too large for a table is cut at its unique elements.
const ROUNDS: u32 = 8;

type Pairs = Vec<(usize, usize)>;

/// A longest common subsequence as pairs (index in `a`, index in `b`), earliest first.
///
/// Equal heads always pair; else what costs nothing is skipped, in `a` before `b`. Where both differ over some
/// 16,000 elements each, the elements unique in both are anchors and the gaps between are done one by one; a gap
/// still too large has nothing in common. The pairs are then a common subsequence, but perhaps not a longest one.
pub fn matches<T: Eq + Hash>(a: &[T], b: &[T]) -> Vec<(usize, usize)> {
    let mut numbers = HashMap::new();
    let a = numbered(a, &mut numbers);
    let b = numbered(b, &mut numbers);
    aligned(&a, &b, CELLS, ROUNDS)
}

/// Elements as numbers, equal ones with equal numbers, in the order in which they come.
fn numbered<'a, T: Eq + Hash>(elements: &'a [T], numbers: &mut HashMap<&'a T, u32>) -> Vec<u32> {
    elements
        .iter()
        .map(|element| {
            let next = numbers.len() as u32;
            *numbers.entry(element).or_insert(next)
        })
        .collect()
}

/// Common ends first, which is most of an edit, then what is between.
///
/// To pair the common end changes no length, but the earliest pairing may reach its elements before the end: it
/// takes each at its first occurrence on the side where the middle has some left.
fn aligned(a: &[u32], b: &[u32], cells: usize, rounds: u32) -> Pairs {
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[head..], &b[head..]);
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let (a_mid, end) = a.split_at(a.len() - tail);
    let b_mid = &b[..b.len() - tail];

    let middle = if a_mid.is_empty() || b_mid.is_empty() {
        Pairs::new()
    } else if a_mid.len().saturating_mul(b_mid.len()) <= cells {
        walked(a_mid, b_mid)
    } else {
        anchored(a_mid, b_mid, cells, rounds)
    };
    let (a_next, b_next) = middle.last().map_or((0, 0), |(i, j)| (i + 1, j + 1));
    let last: Pairs = if b_next == b_mid.len() {
        first_places(end, a, a_next).into_iter().zip(b_next..).collect()
    } else {
        (a_mid.len()..).zip(first_places(end, b, b_next)).collect()
    };
    let rest = middle.into_iter().chain(last).map(|(i, j)| (i + head, j + head));
    (0..head).map(|i| (i, i)).chain(rest).collect()
}

/// Where the elements stand in `within`, in their order and each as early as can be, from an index on.
fn first_places(elements: &[u32], within: &[u32], from: usize) -> Vec<usize> {
    let mut rest = (from..within.len()).filter_map(|at| Some((at, within.get(at)?)));
    elements.iter().filter_map(|x| rest.find(|(_, y)| x == *y).map(|(at, _)| at)).collect()
}

/// The earliest longest common subsequence, by the table.
fn walked(a: &[u32], b: &[u32]) -> Pairs {
    let table = Table::new(a, b);
    let (mut pairs, mut i, mut j) = (Pairs::new(), 0, 0);
    let (mut here, mut below) = (table.len(0, 0), table.len(1, 0));
    while here > 0 {
        if a[i] == b[j] {
            pairs.push((i, j));
            (i, j, here) = (i + 1, j + 1, here - 1);
        } else if below == here {
            i += 1;
        } else {
            // To skip a[i] would cost one, so b[j] is skipped, which costs nothing.
            below -= u32::from(table.needs(i + 1, j));
            j += 1;
            continue;
        }
        below = if here > 0 { table.len(i + 1, j) } else { 0 };
    }
    pairs
}

/// A common subsequence through the elements that are unique in both.
fn anchored(a: &[u32], b: &[u32], cells: usize, rounds: u32) -> Pairs {
    if rounds == 0 {
        return Pairs::new();
    }
    let in_b: HashMap<u32, usize> = unique(b).into_iter().map(|(at, y)| (y, at)).collect();
    let both: Pairs = unique(a).into_iter().filter_map(|(i, x)| Some((i, *in_b.get(&x)?))).collect();
    let places: Vec<usize> = both.iter().map(|(_, j)| *j).collect();
    let anchors: Pairs = increasing(&places).into_iter().map(|k| both[k]).collect();
    if anchors.is_empty() {
        return Pairs::new();
    }
    let (mut pairs, mut from) = (Pairs::new(), (0, 0));
    for anchor in anchors.into_iter().map(Some).chain([None]) {
        let (i, j) = anchor.unwrap_or((a.len(), b.len()));
        let gap = aligned(&a[from.0..i], &b[from.1..j], cells, rounds - 1);
        pairs.extend(gap.into_iter().map(|(x, y)| (x + from.0, y + from.1)));
        pairs.extend(anchor);
        from = (i + 1, j + 1);
    }
    pairs
}

/// The elements that come once, with their indexes.
fn unique(elements: &[u32]) -> Vec<(usize, u32)> {
    let mut count: HashMap<u32, u32> = HashMap::new();
    for x in elements {
        *count.entry(*x).or_default() += 1;
    }
    elements.iter().copied().enumerate().filter(|(_, x)| count[x] == 1).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same, by the plain table.
    pub fn matches_plainly<T: Eq>(a: &[T], b: &[T]) -> Pairs {
        let mut n = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in (0..a.len()).rev() {
            for j in (0..b.len()).rev() {
                n[i][j] = if a[i] == b[j] { n[i + 1][j + 1] + 1 } else { n[i + 1][j].max(n[i][j + 1]) };
            }
        }
        let (mut pairs, mut i, mut j) = (vec![], 0, 0);
        while i < a.len() && j < b.len() {
            if a[i] == b[j] {
                pairs.push((i, j));
                (i, j) = (i + 1, j + 1);
            } else if n[i + 1][j] >= n[i][j + 1] {
                i += 1;
            } else {
                j += 1;
            }
        }
        pairs
    }

    fn is_common_subsequence(a: &[u32], b: &[u32], pairs: &[(usize, usize)]) -> bool {
        pairs.iter().all(|(i, j)| a[*i] == b[*j])
            && pairs.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 < w[1].1)
    }

    #[test]
    fn of_several_longest_the_one_that_skips_in_a_first_is_taken() {
        assert_eq!(matches(b"cb", b"bab"), [(1, 0)]);
        assert_eq!(matches(b"bab", b"cb"), [(2, 1)]);
        assert_eq!(matches(b"ab", b"ab"), [(0, 0), (1, 1)]);
        assert_eq!(matches(b"axb", b"ayyb"), [(0, 0), (2, 3)]);
        assert_eq!(matches::<u8>(b"", b"a"), []);
    }

    #[test]
    fn a_word_edited_at_both_ends_of_a_book_takes_no_table_of_the_book() {
        let a: Vec<u32> = (0..100_000).collect();
        let mut b = a.clone();
        (b[1], b[99_998]) = (200_000, 200_001);
        assert_eq!(matches(&a, &b).len(), 99_998);
    }

    #[test]
    fn what_is_too_large_and_has_no_anchors_is_given_up_but_for_its_ends() {
        let a = [1, 2, 3, 2, 3, 9];
        let b = [1, 3, 2, 3, 2, 9];
        assert_eq!(aligned(&a, &b, 1, ROUNDS), [(0, 0), (5, 5)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        #[test]
        fn it_agrees_with_the_plain_table(
            a in prop::collection::vec(0u32..5, 0..14), b in prop::collection::vec(0u32..5, 0..14),
        ) {
            prop_assert_eq!(matches(&a, &b), matches_plainly(&a, &b));
        }

        #[test]
        fn anchors_give_a_common_subsequence(
            a in prop::collection::vec(0u32..30, 0..40), b in prop::collection::vec(0u32..30, 0..40), cells in 0usize..200,
        ) {
            let pairs = aligned(&a, &b, cells, 3);
            prop_assert!(is_common_subsequence(&a, &b, &pairs), "{:?}", pairs);
            prop_assert!(pairs.len() <= matches_plainly(&a, &b).len());
        }
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_plain_table_over_many_words(
            a in prop::collection::vec(0u32..9, 0..200), b in prop::collection::vec(0u32..9, 0..200),
        ) {
            prop_assert_eq!(matches(&a, &b), matches_plainly(&a, &b));
        }
    }
}
