//! Three-way merge of sequences.

use std::hash::Hash;

use super::common::matches;

/// Merges two changed copies of a sequence; none where both changed touching runs, each otherwise.
///
/// Between two elements that both kept, at most one side may differ from `base`, or both alike. What both put in
/// the same place is there once. The sides may be exchanged.
pub fn merge_runs<T: Eq + Hash + Clone>(base: &[T], ours: &[T], theirs: &[T]) -> Option<Vec<T>> {
    let mut merged = Vec::with_capacity(ours.len().max(theirs.len()));
    let mut from = [0; 3];
    let end = [base.len(), ours.len(), theirs.len()];
    for anchor in kept_by_both(base, ours, theirs).into_iter().chain([end]) {
        merged.extend_from_slice(run(
            &base[from[0]..anchor[0]],
            &ours[from[1]..anchor[1]],
            &theirs[from[2]..anchor[2]],
        )?);
        merged.extend(base.get(anchor[0]).cloned());
        from = anchor.map(|index| index + 1);
    }
    Some(merged)
}

/// The elements of `base` that both sides kept, by their indexes in base, ours and theirs.
fn kept_by_both<T: Eq + Hash>(base: &[T], ours: &[T], theirs: &[T]) -> Vec<[usize; 3]> {
    let mut in_theirs = matches(base, theirs).into_iter().peekable();
    matches(base, ours)
        .into_iter()
        .filter_map(|(at, ours)| {
            while in_theirs.next_if(|(other, _)| *other < at).is_some() {}
            let (_, theirs) = in_theirs.next_if(|(other, _)| *other == at)?;
            Some([at, ours, theirs])
        })
        .collect()
}

/// What the run between two anchors becomes.
fn run<'a, T: Eq>(base: &[T], ours: &'a [T], theirs: &'a [T]) -> Option<&'a [T]> {
    if base == ours {
        return Some(theirs);
    }
    (ours == theirs || base == theirs).then_some(ours)
}

#[cfg(test)]
mod tests {
    use super::super::common::tests::matches_plainly;
    use super::*;
    use proptest::prelude::*;

    /// The same, with the plain table.
    fn merge_plainly(base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
        let (in_ours, in_theirs) = (matches_plainly(base, ours), matches_plainly(base, theirs));
        let at =
            |pairs: &[(usize, usize)], i: usize| pairs.iter().find(|pair| pair.0 == i).map(|pair| pair.1);
        let (mut merged, mut b, mut o, mut t) = (vec![], vec![], 0, 0);
        for i in 0..=base.len() {
            let end = if i == base.len() {
                Some((ours.len(), theirs.len()))
            } else {
                at(&in_ours, i).zip(at(&in_theirs, i))
            };
            let Some((next_o, next_t)) = end else {
                b.push(base[i]);
                continue;
            };
            let (x, y) = (&ours[o..next_o], &theirs[t..next_t]);
            if x != y && x != b && y != b {
                return None;
            }
            merged.extend_from_slice(if x == b { y } else { x });
            merged.extend(base.get(i));
            (b, o, t) = (vec![], next_o + 1, next_t + 1);
        }
        Some(merged)
    }

    fn merge(base: &str, ours: &str, theirs: &str) -> Option<String> {
        let merged = merge_runs(base.as_bytes(), ours.as_bytes(), theirs.as_bytes())?;
        Some(String::from_utf8(merged).unwrap())
    }

    #[test]
    fn runs_apart_are_merged_and_touching_runs_are_not() {
        assert_eq!(merge("abcde", "aXcde", "abcYe").as_deref(), Some("aXcYe"));
        assert_eq!(merge("abcde", "acde", "abcdeZ").as_deref(), Some("acdeZ"));
        assert_eq!(merge("abc", "aXc", "aYc"), None);
        assert_eq!(merge("abc", "aXbc", "aYbc"), None);
        assert_eq!(merge("abc", "aXbc", "aXbcZ").as_deref(), Some("aXbcZ"));
        assert_eq!(merge("abcd", "aXcd", "abYd"), None);
        assert_eq!(merge("", "x", ""), Some("x".to_owned()));
    }

    fn letters() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(0u8..6, 0..10)
    }

    /// A copy with a few elements replaced, so that merges succeed often enough to mean something.
    fn edited() -> impl Strategy<Value = (Vec<u8>, Vec<u8>, Vec<u8>)> {
        (prop::collection::vec(0u8..12, 4..16), any::<[(prop::sample::Index, Option<u8>); 2]>()).prop_map(
            |(base, edits)| {
                let [ours, theirs] = edits.map(|(at, new)| {
                    let (mut copy, at) = (base.clone(), at.index(base.len()));
                    copy.splice(at..=at, new);
                    copy
                });
                (base, ours, theirs)
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn it_agrees_with_the_plain_version((base, ours, theirs) in prop_oneof![edited(), (letters(), letters(), letters())]) {
            let merged = merge_runs(&base, &ours, &theirs);
            prop_assert_eq!(&merged, &merge_plainly(&base, &ours, &theirs));
            prop_assert_eq!(merged, merge_runs(&base, &theirs, &ours), "mirror image");
        }

        #[test]
        fn one_changed_side_wins_and_equal_sides_are_one(base in letters(), x in letters()) {
            let x = Some(x);
            prop_assert_eq!(merge_runs(&base, x.as_ref().unwrap(), &base), x.clone());
            prop_assert_eq!(merge_runs(&base, &base, x.as_ref().unwrap()), x.clone());
            prop_assert_eq!(merge_runs(&base, x.as_ref().unwrap(), x.as_ref().unwrap()), x);
        }
    }
}
