//! Cursors: where a list goes on. Opaque to callers, and each belongs to the list that gave it, under the filters it gave it
//! under: any other list refuses it, as it refuses one that was cut short.
//!
//! The tag is no secret: whoever reads this file can name any place of a list. So a place is judged as everything else that
//! comes from outside, and names nothing that its list would not tell.

use super::view::{Listed, Paging};
use super::{Fault, Result};

/// So many bytes before a place tell which list it is of, and that nothing is missing.
const TAG: usize = 8;

/// Between the parts of a place.
const BREAK: char = '\n';

/// A list, by all that decides what stands in it: its name, the site, the ref, the filters.
pub(super) struct List(blake3::Hasher);

impl List {
    /// The list that these words name.
    pub(super) fn of(words: &[&str]) -> List {
        let mut hasher = blake3::Hasher::new();
        for word in words {
            hasher.update(&(word.len() as u64).to_le_bytes());
            hasher.update(word.as_bytes());
        }
        List(hasher)
    }

    /// A cursor at a place of this list.
    pub(super) fn write(&self, place: &str) -> String {
        let bytes = [&self.tag(place)[..], place.as_bytes()].concat();
        data_encoding::BASE64URL_NOPAD.encode(&bytes)
    }

    /// The place of a cursor that this list gave.
    ///
    /// # Errors
    /// `Malformed` for any other.
    pub(super) fn read(&self, cursor: &str) -> Result<String> {
        self.place(cursor).ok_or_else(not_ours)
    }

    fn place(&self, cursor: &str) -> Option<String> {
        let bytes = data_encoding::BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()?;
        let (tag, place) = bytes.split_at_checked(TAG)?;
        // No place has any other control character, and a store that is asked for one with NUL fails.
        let place = std::str::from_utf8(place)
            .ok()
            .filter(|place| !place.contains(|c: char| c.is_control() && c != BREAK))?;
        (tag == self.tag(place)).then(|| place.to_owned())
    }

    fn tag(&self, place: &str) -> [u8; TAG] {
        let mut tag = [0; TAG];
        self.0.clone().update(&[0xFF]).update(place.as_bytes()).finalize_xof().fill(&mut tag);
        tag
    }
}

/// Told of a cursor that the list did not give.
pub(super) fn not_ours() -> Fault {
    let message = "this is no cursor of this list: send the `nextCursor` of the answer before, and the rest of the query as it was";
    Fault::Malformed("cursor".into(), message.into())
}

/// One page of a list whose items go by names that are sorted: it goes on behind the last one, whatever came or went.
///
/// # Errors
/// `Malformed` for a cursor that the list did not give.
pub(super) fn sorted<T>(
    list: &List,
    names: &[&str],
    item: impl Fn(&str) -> Option<T>,
    paging: &Paging,
) -> Result<Listed<T>> {
    let start = match &paging.cursor {
        None => 0,
        Some(cursor) => {
            let last = list.read(cursor)?;
            names.partition_point(|name| *name <= last.as_str())
        }
    };
    let (items, last) = part(names, item, start, paging.limit);
    Ok(Listed { items, next_cursor: last.map(|last| list.write(names[last])) })
}

/// One page of a list whose items go by names in an order of their own. The cursor holds the last name, the one that was
/// next, and the place. The list goes on behind the last or with the next, whichever comes first by then, for either may
/// have moved; where both are gone, at the place. So nothing that stayed behind them is passed over; where the next moved to
/// the front, some are told twice.
///
/// # Errors
/// As `sorted`.
pub(super) fn listed<T>(
    list: &List,
    names: &[&str],
    item: impl Fn(&str) -> Option<T>,
    paging: &Paging,
) -> Result<Listed<T>> {
    let start = match &paging.cursor {
        None => 0,
        Some(cursor) => {
            let read = list.read(cursor)?;
            let mut parts = read.split(BREAK);
            let (last, next) = (parts.next(), parts.next());
            let place: usize = parts.next().and_then(|place| place.parse().ok()).ok_or_else(not_ours)?;
            let of = |name: Option<&str>| names.iter().position(|there| Some(*there) == name);
            let behind = [of(last).map(|at| at + 1), of(next)];
            behind.into_iter().flatten().min().unwrap_or(place.min(names.len()))
        }
    };
    let (items, last) = part(names, item, start, paging.limit);
    let cursor = |last: usize| format!("{}\n{}\n{last}", names[last], names[last + 1]);
    Ok(Listed { items, next_cursor: last.map(|last| list.write(&cursor(last))) })
}

/// The items from a place on, and the place of the last one where more follow.
fn part<T>(
    names: &[&str],
    item: impl Fn(&str) -> Option<T>,
    start: usize,
    limit: usize,
) -> (Vec<T>, Option<usize>) {
    let end = names.len().min(start.saturating_add(limit));
    let items = names[start..end].iter().filter_map(|name| item(name)).collect();
    (items, end.checked_sub(1).filter(|_| end < names.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> List {
        List::of(&["letters", "s"])
    }

    fn names(names: &[&str], limit: usize, cursor: Option<String>) -> Listed<String> {
        listed(&list(), names, |name| Some(name.to_owned()), &Paging { limit, cursor }).unwrap()
    }

    #[test]
    fn a_list_goes_on_where_it_stopped_though_items_came_and_went() {
        let first = names(&["a", "b", "c", "d"], 2, None);
        assert_eq!(first.items, ["a", "b"]);
        let next = first.next_cursor.clone();
        assert_eq!(names(&["a", "b", "c", "d"], 2, next.clone()).next_cursor, None);
        assert_eq!(names(&["new", "a", "b", "c"], 9, next.clone()).items, ["c"]);
        assert_eq!(names(&["c", "d"], 9, next.clone()).items, ["c", "d"], "b is gone, c is not passed over");
        assert_eq!(names(&["x", "y", "a", "c"], 9, next.clone()).items, ["c"], "a is not told twice");
        assert_eq!(names(&["a", "d"], 9, next).items, ["d"], "both are gone: the place");
    }

    #[test]
    fn an_item_that_moved_hides_none() {
        let next = names(&["a", "b", "c", "d"], 2, None).next_cursor;
        assert_eq!(names(&["a", "c", "d", "b"], 9, next.clone()).items, ["c", "d", "b"], "the last moved on");
        assert_eq!(
            names(&["b", "a", "c", "d"], 9, next.clone()).items,
            ["a", "c", "d"],
            "the last moved back"
        );
        assert_eq!(names(&["a", "b", "d", "c"], 9, next).items, ["d", "c"], "the next moved on");
    }

    #[test]
    fn a_place_that_no_list_has_is_refused() {
        for place in ["\0", "a\0", "a\u{7f}", "b\r\nc\n1"] {
            assert!(list().read(&list().write(place)).is_err(), "{place:?}");
        }
    }

    #[test]
    fn a_sorted_list_goes_on_behind_a_name_that_is_gone() {
        let of = |names: &[&str], cursor| {
            let paging = Paging { limit: 2, cursor };
            sorted(&list(), names, |name| Some(name.to_owned()), &paging).unwrap()
        };
        let next = of(&["a", "b", "c"], None).next_cursor;
        assert_eq!(of(&["0", "1", "c", "d"], next.clone()).items, ["c", "d"]);
        assert_eq!(of(&["a", "aa"], next), Listed { items: Vec::<String>::new(), next_cursor: None });
    }

    #[test]
    fn a_cursor_belongs_to_its_list_and_is_whole() {
        let cursor = list().write("b\nc\n1");
        assert_eq!(list().read(&cursor).unwrap(), "b\nc\n1");
        assert!(List::of(&["letters", "t"]).read(&cursor).is_err());
        assert!(List::of(&["letterss", ""]).read(&cursor).is_err());
        for at in 0..cursor.len() {
            assert!(list().read(&cursor[..at]).is_err(), "cut at {at}");
            let mut other = cursor.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            assert!(list().read(&String::from_utf8(other).unwrap()).is_err(), "another letter at {at}");
        }
        for cursor in ["", "v12", "????", "YQ", "é", &"A".repeat(10_000)] {
            assert!(list().read(cursor).is_err(), "{cursor}");
        }
    }
}
