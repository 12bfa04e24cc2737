//! Order and runs, with the plain quadratic table.

use std::collections::BTreeMap;

/// The longest common increasing run; of several, the first in the order of `before`.
pub fn unmoved(before: &[String], after: &[String]) -> Vec<String> {
    let place = |id: &String| after.iter().position(|other| other == id);
    let ids: Vec<&String> = before.iter().filter(|id| place(id).is_some()).collect();
    let mut best = vec![1; ids.len()];
    for i in (0..ids.len()).rev() {
        let longer = (i + 1..ids.len()).filter(|j| place(ids[*j]) > place(ids[i])).map(|j| best[j]).max();
        best[i] += longer.unwrap_or(0);
    }
    let (mut run, mut need, mut last) = (Vec::new(), best.iter().copied().max().unwrap_or(0), None);
    for (i, id) in ids.iter().enumerate() {
        if need > 0 && best[i] == need && place(id) > last {
            run.push((*id).clone());
            (need, last) = (need - 1, place(id));
        }
    }
    run
}

/// For each id, how many anchors come before it.
pub fn gaps(ids: &[String], anchors: &[String]) -> BTreeMap<String, usize> {
    let mut count = 0;
    let mut found = BTreeMap::new();
    for id in ids {
        found.insert(id.clone(), count);
        count += usize::from(anchors.contains(id));
    }
    found
}

/// A longest common subsequence as {index in a: index in b}, earliest first.
fn matches<T: PartialEq>(a: &[T], b: &[T]) -> BTreeMap<usize, usize> {
    let mut n = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            n[i][j] = if a[i] == b[j] { n[i + 1][j + 1] + 1 } else { n[i + 1][j].max(n[i][j + 1]) };
        }
    }
    let (mut found, mut i, mut j) = (BTreeMap::new(), 0, 0);
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            found.insert(i, j);
            (i, j) = (i + 1, j + 1);
        } else if n[i + 1][j] >= n[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    found
}

/// The merge of two changed sequences; none where both changed touching runs.
pub fn merge_runs<T: PartialEq + Clone>(base: &[T], ours: &[T], theirs: &[T]) -> Option<Vec<T>> {
    let (in_ours, in_theirs) = (matches(base, ours), matches(base, theirs));
    let anchors = (0..base.len()).filter_map(|i| Some((i, *in_ours.get(&i)?, *in_theirs.get(&i)?)));
    let (mut merged, mut at) = (Vec::new(), (0, 0, 0));
    for end in anchors.chain([(base.len(), ours.len(), theirs.len())]) {
        let (b, o, t) = (&base[at.0..end.0], &ours[at.1..end.1], &theirs[at.2..end.2]);
        if o != t && b != o && b != t {
            return None;
        }
        merged.extend_from_slice(if b == o { t } else { o });
        merged.extend(base.get(end.0).cloned());
        at = (end.0 + 1, end.1 + 1, end.2 + 1);
    }
    Some(merged)
}

/// Words with the white space after them.
pub fn tokens(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for c in text.chars() {
        let begins =
            !c.is_whitespace() && words.last().is_none_or(|word| word.ends_with(char::is_whitespace));
        match words.last_mut() {
            Some(word) if !begins => word.push(c),
            _ => words.push(c.into()),
        }
    }
    words
}
