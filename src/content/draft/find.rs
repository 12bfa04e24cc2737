//! Finding what an op names: pages by id or slug, blocks by id, both by the handles of this batch.

use std::sync::Arc;

use super::super::change::Step;
use super::super::document::Block;
use super::super::id::{self, BlockId, PageId};
use super::super::problem::{Code, Lowered, Problem};
use super::super::schema::{self, BlockType};
use super::super::slug;
use super::{Draft, Made};

/// What stands before a handle in an id field.
const HANDLE: &str = "$tmp:";

impl Draft<'_> {
    /// The page that a field names by id, slug or handle.
    ///
    /// # Errors
    /// `page_not_found` with the nearest slug, or where the batch itself removed it; `unknown_temp_id`.
    pub fn find_page(&self, name: &str, pointer: &str) -> Lowered<PageId> {
        if let Some(handle) = name.strip_prefix(HANDLE) {
            return match self.handles.get(handle) {
                Some(Made::Page(id)) if self.root.stub(id).is_some() => Ok(id.clone()),
                Some(Made::Page(_)) => Err(Problem::new(
                    Code::PageNotFound,
                    pointer,
                    format!("the page of '$tmp:{}' was removed by an op before in this batch", brief(handle)),
                )
                .into()),
                made => Err(no_handle(handle, "page", made.is_some(), pointer).into()),
            };
        }
        let slug = name.starts_with('/').then(|| slug::normalise(name).ok()).flatten();
        let found = match &slug {
            Some(slug) => self.root.by_slug(slug).cloned(),
            None => Some(PageId::from(name)).filter(|id| self.root.stub(id).is_some()),
        };
        found.ok_or_else(|| self.no_page(name, slug.as_deref(), pointer).into())
    }

    fn no_page(&self, name: &str, slug: Option<&str>, pointer: &str) -> Problem {
        let redirect = slug.and_then(|slug| self.root.redirects.get(slug)?.get("to")?.as_str());
        let hint = match (redirect, schema::nearest(name, self.root.slugs().map(|slug| &**slug))) {
            (Some(to), _) => format!("a redirect leads from there to '{}'", brief(to)),
            (None, Some(near)) => format!("did you mean '{near}'?"),
            (None, None) => "name it by its id or its slug, as GET …/pages lists them".into(),
        };
        let message = format!("there is no page '{}'; {hint}", brief(name));
        let more = redirect.map(|to| serde_json::json!({ "redirectTo": to }));
        Problem { more, ..Problem::new(Code::PageNotFound, pointer, message) }
    }

    /// The block of a page that a field names by id or handle.
    ///
    /// # Errors
    /// `block_not_found`, saying on which page it lies if it does; `unknown_temp_id`; `Missing`.
    pub fn find_block(&self, page: &PageId, name: &str, pointer: &str) -> Lowered<BlockId> {
        let id = match name.strip_prefix(HANDLE) {
            None => BlockId::from(name),
            Some(handle) => match self.handles.get(handle) {
                Some(Made::Block(id)) => id.clone(),
                made => return Err(no_handle(handle, "block", made.is_some(), pointer).into()),
            },
        };
        let body = self.page(page)?;
        if body.block(&id).is_some() {
            return Ok(id);
        }
        let hint = match self.root.home(&id).and_then(|home| self.root.stub(home)) {
            Some(stub) => format!("it lies on {}", stub.slug),
            None => "GET …/pages/{page} lists its blocks".into(),
        };
        let message = format!("there is no block '{}' on {}; {hint}", brief(name), body.slug);
        Err(Problem::new(Code::BlockNotFound, pointer, message).into())
    }

    /// A block that was found.
    ///
    /// # Errors
    /// `Missing`.
    pub fn block(&self, page: &PageId, id: &BlockId) -> Lowered<Arc<Block>> {
        let gone = || super::Halt::Broken(format!("no block {id}"));
        self.page(page)?.block(id).cloned().ok_or_else(gone)
    }

    /// The block type of a name.
    ///
    /// # Errors
    /// `unknown_block_type` with the nearest name.
    pub fn block_type(&self, name: &str, pointer: &str) -> Lowered<Arc<BlockType>> {
        if let Some(found) = self.root.types.get(name) {
            return Ok(found.clone());
        }
        let hint = match schema::nearest(name, self.root.types.names()) {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!("there are: {}", self.root.types.names().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("'{}' is no block type; {hint}", brief(name));
        Err(Problem::new(Code::UnknownBlockType, pointer, message).into())
    }

    /// An id for a new page: the one that was brought, else a new one.
    ///
    /// # Errors
    /// `id_taken`, or `malformed_request` where the id can't be one.
    pub fn page_id(&mut self, brought: Option<&str>, pointer: &str) -> Lowered<PageId> {
        let Some(id) = brought else { return Ok(id::new_page(self.mint)) };
        self.check_id(id, pointer)?;
        Ok(id.into())
    }

    /// An id for a new block, as `page_id`.
    ///
    /// # Errors
    /// As `page_id`.
    pub fn block_id(&mut self, brought: Option<&str>, pointer: &str) -> Lowered<BlockId> {
        let Some(id) = brought else { return Ok(id::new_block(self.mint)) };
        self.check_id(id, pointer)?;
        Ok(id.into())
    }

    fn check_id(&self, id: &str, pointer: &str) -> Lowered<()> {
        if !id::may_be_brought(id) {
            let message = format!("'{}' can't be an id: 1 to 64 letters, digits, '_' or '-'", brief(id));
            return Err(Problem::new(Code::MalformedRequest, pointer, message).into());
        }
        if self.root.stub(&id.into()).is_some() || self.root.home(&id.into()).is_some() {
            let message =
                format!("something on this branch has the id '{id}': leave `id` out to get a new one");
            return Err(Problem::new(Code::IdTaken, pointer, message).into());
        }
        Ok(())
    }

    /// The slug of a page that was found, loaded or not.
    ///
    /// # Errors
    /// `Broken` where there is no such page.
    pub fn slug(&self, page: &PageId) -> Lowered<Step> {
        let stub = self.root.stub(page).ok_or_else(|| super::Halt::Broken(format!("no page {page}")))?;
        // What this batch renamed is loaded, and its stub says the old slug until the commit is sealed.
        Ok(stub.body.as_ref().map_or_else(|| stub.slug.clone(), |body| body.slug.clone()))
    }

    /// The slug that a text stands for, if no page but `own` has it.
    ///
    /// # Errors
    /// `invalid_slug`; `slug_taken`, naming the page that has it.
    pub fn free_slug(&self, raw: &str, own: Option<&PageId>, pointer: &str) -> Lowered<String> {
        let slug = read_slug(raw, pointer)?;
        let Some(holder) = self.root.by_slug(&slug).filter(|id| Some(*id) != own) else { return Ok(slug) };
        let title = self.root.stub(holder).map_or("", |stub| &*stub.title);
        let message = format!(
            "'{}' is the address of the page {holder} ('{}'): choose another, or rename that page first",
            brief(&slug),
            brief(title)
        );
        Err(Problem::new(Code::SlugTaken, pointer, message).into())
    }

    /// Declares a handle for a page.
    ///
    /// # Errors
    /// `duplicate_temp_id`, `schema_violation`.
    pub fn declare_page(&mut self, handle: Option<&str>, id: &PageId) -> Lowered<()> {
        self.declare(handle, Made::Page(id.clone()))
    }

    /// Declares a handle for a block.
    ///
    /// # Errors
    /// `duplicate_temp_id`, `schema_violation`.
    pub fn declare_block(&mut self, handle: Option<&str>, id: &BlockId) -> Lowered<()> {
        self.declare(handle, Made::Block(id.clone()))
    }

    fn declare(&mut self, handle: Option<&str>, made: Made) -> Lowered<()> {
        let Some(handle) = handle else { return Ok(()) };
        let handle = handle.strip_prefix(HANDLE).unwrap_or(handle);
        if handle.contains('\0') {
            let message = "contains a NUL or a lone surrogate";
            return Err(Problem::new(Code::SchemaViolation, "/tempId", message).into());
        }
        if self.handles.contains_key(handle) {
            let message = format!("an op before in this batch has declared '{handle}': each handle once");
            return Err(Problem::new(Code::DuplicateTempId, "/tempId", message).into());
        }
        self.handles.insert(handle.to_owned(), made);
        Ok(())
    }
}

fn no_handle(handle: &str, wanted: &str, declared: bool, pointer: &str) -> Problem {
    let message = match declared {
        true => format!("'$tmp:{}' does not stand for a {wanted}", brief(handle)),
        false => format!("no op before in this batch has the tempId '{}'", brief(handle)),
    };
    Problem::new(Code::UnknownTempId, pointer, message)
}

/// The slug that a text stands for.
///
/// # Errors
/// `invalid_slug`.
pub(in crate::content) fn read_slug(raw: &str, pointer: &str) -> Result<String, Problem> {
    // The message may quote what was sent, which may be long.
    let problem = |message: String| {
        Problem::new(Code::InvalidSlug, pointer, message.chars().take(300).collect::<String>())
    };
    slug::normalise(raw).map_err(|wrong| problem(wrong.message))
}

/// At most sixty characters of what a caller sent, for a message.
pub(in crate::content) fn brief(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
