//! Which touched rows are live, as it follows from the log: what `touched.live` must say.

use std::collections::BTreeMap;

use super::super::site::{MAIN, node_key};
use super::Wrong;
use crate::content::commit::Body;
use crate::store::{Kind, NodeKey, Relive};

/// The rows that are not as they were written. All others are.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Lives {
    /// Of a version, what later commits did to all its rows (no node) or to one, in order.
    turned: BTreeMap<u64, Vec<(Option<NodeKey>, bool)>>,
    /// Undos that can be redone, and what they undid.
    undos: BTreeMap<u64, u64>,
}

impl Lives {
    /// Whether the rows of a commit are live when they are written: of a redo never.
    pub(in super::super) fn at_first(kind: Kind) -> bool {
        kind != Kind::Redo
    }

    /// Follows a commit, and gives what it changes of the rows of others.
    ///
    /// # Errors
    /// An undo of nothing, a redo of no undo.
    pub(in super::super) fn follow(
        &mut self,
        kind: Kind,
        version: u64,
        body: &Body,
    ) -> Result<Vec<Relive>, Wrong> {
        if !matches!(kind, Kind::Undo | Kind::Redo) {
            return Ok(Vec::new());
        }
        let target = body.target.filter(|target| *target < version);
        let target = target.ok_or_else(|| Wrong(format!("an {} of nothing", kind.as_str())))?;
        let only = body.only_page.as_ref().map(node_key);
        if kind == Kind::Undo {
            self.undos.insert(version, target);
            return Ok(vec![self.turn(target, only, false)]);
        }
        let undone = self.undos.remove(&target);
        let undone =
            undone.ok_or_else(|| Wrong(format!("a redo of version {target}, which is no undo to redo")))?;
        Ok(vec![self.turn(target, None, false), self.turn(undone, only, true)])
    }

    /// Whether a row is live that was written so.
    pub(in super::super) fn now(&self, version: u64, node: NodeKey, at_first: bool) -> bool {
        let turns = self.turned.get(&version).into_iter().flatten();
        turns.rev().find(|(of, _)| of.is_none_or(|of| of == node)).map_or(at_first, |(_, live)| *live)
    }

    /// The versions with rows that may not be as they were written.
    pub(in super::super) fn turned(&self) -> impl Iterator<Item = u64> {
        self.turned.keys().copied()
    }

    fn turn(&mut self, version: u64, node: Option<NodeKey>, live: bool) -> Relive {
        let turns = self.turned.entry(version).or_default();
        match node {
            None => turns.clear(),
            Some(_) => turns.retain(|(of, _)| *of != node),
        }
        turns.push((node, live));
        Relive { branch: MAIN, node, version, live }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(target: u64, only: Option<&str>) -> Body {
        Body { target: Some(target), only_page: only.map(Into::into), ..Body::default() }
    }

    #[test]
    fn undo_turns_rows_off_and_redo_turns_them_on_again() {
        let mut lives = Lives::default();
        let (a, b) = (node_key(&"pg_a".into()), node_key(&"pg_b".into()));
        let told = |lives: &Lives, version| [a, b].map(|node| lives.now(version, node, true));
        assert_eq!(lives.follow(Kind::Edit, 1, &Body::default()).unwrap(), []);
        lives.follow(Kind::Undo, 2, &body(1, Some("pg_a"))).unwrap();
        assert_eq!((told(&lives, 1), told(&lives, 2)), ([false, true], [true, true]));
        lives.follow(Kind::Undo, 3, &body(1, None)).unwrap();
        assert_eq!(told(&lives, 1), [false, false]);
        lives.follow(Kind::Redo, 4, &body(2, Some("pg_a"))).unwrap();
        assert_eq!(
            (told(&lives, 1), told(&lives, 2), told(&lives, 3)),
            ([true, false], [false; 2], [true; 2])
        );
        assert!(lives.follow(Kind::Redo, 5, &body(2, None)).is_err(), "it is redone already");
        assert!(lives.follow(Kind::Undo, 5, &body(5, None)).is_err(), "of itself");
        assert_eq!(lives.turned().collect::<Vec<_>>(), [1, 2]);
    }
}
