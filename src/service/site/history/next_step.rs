//! What to do about a commit that stands against an undo or a redo: whatever is named here is taken.

use super::super::recent::Commit;
use super::super::round::Round;
use super::super::writer::{Pause, Writer};
use super::CLEARS_REDO;
use super::target::node;
use crate::content::id::PageId;
use crate::store::{Kind, Stack};

impl Writer {
    /// The op that takes back what stands in the way on a page, or on the site; none where only `force` is left.
    pub(super) async fn next_step(
        &self,
        commit: &Commit,
        page: Option<&PageId>,
        round: &Round<'_>,
    ) -> Result<Option<String>, Pause> {
        match commit.kind {
            Kind::Undo => self.step_over_undo(commit, page, round).await,
            Kind::Redo => self.step_over_redo(commit, round).await,
            Kind::Edit | Kind::Merge | Kind::Update | Kind::Restore | Kind::RestorePage | Kind::Revert => {
                Ok(Some(format!("undo version {} (`commit`: \"{}\")", commit.version, commit.id)))
            }
            // These change no content: nothing stands against anything in them.
            Kind::Note | Kind::Branch | Kind::Review | Kind::Policy | Kind::Publish => Ok(None),
        }
    }

    /// `redo` walks back over the undos in its scope, newest first, until an edit.
    async fn step_over_undo(
        &self,
        undo: &Commit,
        page: Option<&PageId>,
        round: &Round<'_>,
    ) -> Result<Option<String>, Pause> {
        let undos = Stack { node: node(page), kinds: vec![Kind::Undo], live_only: true, ..Stack::default() };
        let this = Stack { up_to: Some(undo.version), ..undos.clone() };
        let edits = Stack { kinds: CLEARS_REDO.to_vec(), live_only: false, ..undos.clone() };
        let live = self.newest(&this, round).await?.is_some_and(|found| found.version == undo.version);
        let closed = self.newest(&edits, round).await?.is_some_and(|edit| edit.version > undo.version);
        if !live || closed {
            return Ok(None);
        }
        let scope = match page.and_then(|page| round.root.stub(page)) {
            Some(stub) => format!(" with `page` \"{}\"", stub.slug),
            None => String::new(),
        };
        let first = self.newest(&undos, round).await?.filter(|first| first.version > undo.version);
        let after = first.map_or_else(String::new, |first| format!(", after version {}", first.version));
        Ok(Some(format!("send `redo`{scope}, which takes the undo in version {} back{after}", undo.version)))
    }

    /// What a redo brought back is undone as ever.
    async fn step_over_redo(&self, redo: &Commit, round: &Round<'_>) -> Result<Option<String>, Pause> {
        let Some(undo) = redo.target else { return Ok(None) };
        let Some(brought) = self.commit(undo, round).await?.target else { return Ok(None) };
        let brought = self.commit(brought, round).await?;
        let live = brought.nodes.iter().any(|(_, live)| *live);
        Ok(live.then(|| {
            format!(
                "undo version {} (`commit`: \"{}\"), which the redo in version {} brought back",
                brought.version, brought.id, redo.version
            )
        }))
    }
}
