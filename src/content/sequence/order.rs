//! Which siblings stayed and which were moved.

use std::collections::HashMap;
use std::hash::Hash;

/// The siblings of both lists that stayed: the longest run that has the same order in both, in O(n log n).
///
/// Of several longest runs it is the one whose elements come first in `before`. Elements are unique within each
/// list.
pub fn unmoved<T: Eq + Hash + Clone>(before: &[T], after: &[T]) -> Vec<T> {
    let place: HashMap<&T, usize> = after.iter().enumerate().map(|(at, element)| (element, at)).collect();
    let common: Vec<(&T, usize)> =
        before.iter().filter_map(|element| Some((element, *place.get(element)?))).collect();
    let places: Vec<usize> = common.iter().map(|(_, at)| *at).collect();
    increasing(&places).into_iter().map(|i| common[i].0.clone()).collect()
}

/// The indexes of the longest increasing run; of several longest, the one that comes first.
pub(super) fn increasing(places: &[usize]) -> Vec<usize> {
    let lengths = lengths_from(places);
    let mut need = lengths.iter().copied().max().unwrap_or(0);
    let (mut run, mut next) = (Vec::with_capacity(need), 0);
    for (i, &place) in places.iter().enumerate() {
        if need > 0 && lengths[i] == need && place >= next {
            run.push(i);
            (need, next) = (need - 1, place + 1);
        }
    }
    run
}

/// For each element, the length of the longest increasing run that starts at it.
fn lengths_from(places: &[usize]) -> Vec<usize> {
    let mut lengths = vec![0; places.len()];
    // Of the runs of length k + 1, the largest first element: it falls as k grows.
    let mut largest: Vec<usize> = Vec::new();
    for (i, &place) in places.iter().enumerate().rev() {
        let longer = largest.partition_point(|first| *first > place);
        match largest.get_mut(longer) {
            Some(first) => *first = place,
            None => largest.push(place),
        }
        lengths[i] = longer + 1;
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same, by trying every continuation.
    fn unmoved_plainly(before: &[u8], after: &[u8]) -> Vec<u8> {
        let place = |x: &u8| after.iter().position(|y| y == x);
        let common: Vec<u8> = before.iter().copied().filter(|x| place(x).is_some()).collect();
        let mut best = vec![1; common.len()];
        for i in (0..common.len()).rev() {
            let later = (i + 1..common.len()).filter(|j| place(&common[*j]) > place(&common[i]));
            best[i] += later.map(|j| best[j]).max().unwrap_or(0);
        }
        let (mut run, mut need, mut last) = (vec![], best.iter().copied().max().unwrap_or(0), None);
        for (i, x) in common.iter().enumerate() {
            if need > 0 && best[i] == need && place(x) > last {
                run.push(*x);
                (need, last) = (need - 1, place(x));
            }
        }
        run
    }

    fn some_of(n: u8) -> impl Strategy<Value = Vec<u8>> {
        prop::sample::subsequence((0..n).collect::<Vec<_>>(), 0..=usize::from(n)).prop_shuffle()
    }

    #[test]
    fn the_one_that_jumped_is_the_one_that_moved() {
        assert_eq!(unmoved(&[1, 2, 3, 4], &[4, 1, 2, 3]), [1, 2, 3]);
        assert_eq!(unmoved(&[1, 2, 3, 4], &[2, 3, 4, 1]), [2, 3, 4]);
        assert_eq!(unmoved(&[1, 2], &[2, 1]), [1]);
        assert_eq!(unmoved(&[1, 2, 3], &[9, 3, 8]), [3]);
        assert!(unmoved::<u8>(&[], &[]).is_empty());
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_plain_version(before in some_of(9), after in some_of(9)) {
            prop_assert_eq!(unmoved(&before, &after), unmoved_plainly(&before, &after));
        }
    }
}
