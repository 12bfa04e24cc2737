//! What a caller did wrong: a code, the place, and how to mend it.

use schemars::JsonSchema;
use serde::Serialize;

use super::document::Amiss;
use super::id::PageId;
use super::json::Value;
use super::schema::{PropCode, PropProblem};

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// The codes of contract-ops. What status a code has is the transport's business.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// All of them.
            pub const ALL: &[Code] = &[$(Code::$variant,)*];

            /// As it stands in answers.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $text,)* }
            }
        }
    };
}

codes! {
    /// The body is no JSON, or nested too deep.
    MalformedJson = "malformed_json",
    /// A field is missing, unknown or of another type.
    MalformedRequest = "malformed_request",
    /// No such page.
    PageNotFound = "page_not_found",
    /// No such block on the page.
    BlockNotFound = "block_not_found",
    /// No such list item.
    ItemNotFound = "item_not_found",
    /// No such version of the branch.
    VersionNotFound = "version_not_found",
    /// No such snapshot.
    SnapshotNotFound = "snapshot_not_found",
    /// Another page has the address.
    SlugTaken = "slug_taken",
    /// Something on the branch has the id.
    IdTaken = "id_taken",
    /// Later commits changed the same fields.
    UndoConflict = "undo_conflict",
    /// Nothing on this stack.
    NothingToUndo = "nothing_to_undo",
    /// No undo that nothing has followed.
    NothingToRedo = "nothing_to_redo",
    /// Blocks of the type are there.
    BlockTypeInUse = "block_type_in_use",
    /// Over a limit of size.
    TooLarge = "too_large",
    /// Refused for the reason in the message.
    OpRejected = "op_rejected",
    /// A value does not satisfy its schema.
    SchemaViolation = "schema_violation",
    /// No op of that name.
    UnknownOp = "unknown_op",
    /// No prop of that name.
    UnknownProp = "unknown_prop",
    /// No block type of that name.
    UnknownBlockType = "unknown_block_type",
    /// Not an address a page can have.
    InvalidSlug = "invalid_slug",
    /// Not a place among the siblings.
    InvalidPosition = "invalid_position",
    /// The slot does not take the block.
    SlotRefused = "slot_refused",
    /// Header and footer keep their places.
    Pinned = "pinned",
    /// The home page can't be removed.
    HomePage = "home_page",
    /// No op before declared the handle.
    UnknownTempId = "unknown_temp_id",
    /// The handle is declared twice.
    DuplicateTempId = "duplicate_temp_id",
}

/// One thing that is wrong with one op.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "ProblemEntry", extend("additionalProperties" = true))]
pub struct Problem {
    /// The op's index in its batch; none where it is the batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op: Option<usize>,
    /// JSON Pointer into the op.
    pub pointer: String,
    /// What kind.
    pub code: Code,
    /// What is wrong, what is allowed or nearest, what to do.
    pub message: String,
    /// Further data of its own code: `conflicts`, `blocks`, `commits`.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub more: Option<Value>,
}

impl Problem {
    /// A problem at a place of an op.
    pub fn new(code: Code, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Problem { op: None, pointer: pointer.into(), code, message: message.into(), more: None }
    }

    /// A schema's problem with a value that stands at `pointer` of an op.
    #[must_use]
    pub fn below(pointer: &str, problem: &PropProblem) -> Self {
        let code = match problem.code {
            PropCode::UnknownProp => Code::UnknownProp,
            PropCode::SchemaViolation => Code::SchemaViolation,
        };
        Problem::new(code, format!("{pointer}{}", problem.pointer), &*problem.message)
    }
}

/// Why lowering stopped.
#[derive(Clone, Debug, PartialEq)]
pub enum Halt {
    /// These pages' bodies must be loaded first; nothing else is wrong so far.
    Missing(Vec<PageId>),
    /// The caller's mistakes.
    Refused(Vec<Problem>),
    /// A change that lowering made does not fit the draft: our mistake.
    Broken(String),
}

impl From<Problem> for Halt {
    fn from(problem: Problem) -> Self {
        Halt::Refused(vec![problem])
    }
}

impl From<Amiss> for Halt {
    fn from(amiss: Amiss) -> Self {
        match amiss {
            Amiss::Missing(page) => Halt::Missing(vec![page]),
            Amiss::Misfit(misfit) => Halt::Broken(misfit.to_string()),
        }
    }
}

/// The answer of lowering.
pub type Lowered<T> = Result<T, Halt>;

/// Problems gathered, so that a caller hears of all of them at once.
#[derive(Debug, Default)]
pub struct Gathered(Vec<Problem>);

impl Gathered {
    /// What was judged good; where it was refused its problems are kept, and there is nothing.
    ///
    /// # Errors
    /// `Missing` and `Broken` end the judging.
    pub fn keep<T>(&mut self, judged: Result<T, impl Into<Halt>>) -> Lowered<Option<T>> {
        match judged.map_err(Into::into) {
            Ok(value) => Ok(Some(value)),
            Err(Halt::Refused(problems)) => {
                self.0.extend(problems);
                Ok(None)
            }
            Err(halt) => Err(halt),
        }
    }

    /// Ends the judging.
    ///
    /// # Errors
    /// All that was kept.
    pub fn end(self) -> Lowered<()> {
        if self.0.is_empty() { Ok(()) } else { Err(self.halt()) }
    }

    /// Ends the judging where something was refused.
    #[must_use]
    pub fn halt(self) -> Halt {
        Halt::Refused(self.0)
    }
}
