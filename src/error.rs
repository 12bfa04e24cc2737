//! What the doors say of a fault: its code, its status, its words. One table for all of them.
//!
//! The rooms below know faults and problems; HTTP, the command line and every later door tell them as a `Failure`.
//! Statuses stand here and in `http`, nowhere else.

use serde_json::{Map, Value, json};

use crate::auth::Scope;
use crate::content::problem::{Code, Problem};
use crate::service::{CommitLine, Fault};
use crate::telemetry::{self, Seldom};

/// A store that is away or full fails every call: its line is not logged for each.
static AWAY: Seldom = Seldom::unsaid();
static FULL: Seldom = Seldom::unsaid();

/// A code of the contract with its status and a title that is the same wherever the code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// As in `page_not_found`.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What happened, without its particulars.
    pub title: &'static str,
}

/// A call that failed, as a caller hears of it.
#[derive(Debug)]
pub struct Failure {
    /// Code, status and title.
    pub kind: Kind,
    /// What is wrong here and how to mend it.
    pub detail: String,
    /// Each place that is wrong.
    pub errors: Vec<Problem>,
    /// Further data of the code: `currentVersion`, `commits`, `conflicts`, …
    pub more: Map<String, Value>,
    /// Where a scope is missing: which.
    pub scope: Option<Scope>,
}

impl Failure {
    /// A failure without further data.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Failure { kind, detail: detail.into(), errors: Vec::new(), more: Map::new(), scope: None }
    }

    /// A request that is wrong at one place; the pointer leads into its body, or is the name of a query field.
    pub fn malformed(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Failure::refused(vec![Problem::new(Code::MalformedRequest, pointer, message)])
    }

    /// Ops that are wrong. Problems of one status give that status; of several, 422.
    #[must_use]
    pub fn refused(problems: Vec<Problem>) -> Self {
        let kinds: Vec<Kind> = problems.iter().map(|problem| kind_of(problem.code)).collect();
        let kind = match kinds.first() {
            Some(first) if kinds.iter().all(|kind| kind.status == first.status) => *first,
            _ => kind_of(Code::OpRejected),
        };
        let (detail, more) = match problems.as_slice() {
            [] => ("the ops were refused".to_owned(), Map::new()),
            [one] => (
                place_and_message(one),
                one.more.as_ref().and_then(Value::as_object).cloned().unwrap_or_default(),
            ),
            [first, ..] => {
                (format!("{} problems; the first: {}", problems.len(), place_and_message(first)), Map::new())
            }
        };
        Failure { kind, detail, errors: problems, more, scope: None }
    }

    fn conflict(detail: String, current: u64, commits: &[CommitLine]) -> Self {
        let mut failure = Failure::new(VERSION_CONFLICT, detail);
        failure.more.insert("currentVersion".into(), json!(current));
        failure.more.insert("commits".into(), serde_json::to_value(commits).unwrap_or_default());
        failure
    }

    fn scope_missing(scope: Scope) -> Self {
        let detail = format!("this needs the scope `{}`, which the token does not have", scope.as_str());
        Failure { scope: Some(scope), ..Failure::new(INSUFFICIENT_SCOPE, detail) }
    }

    fn internal(why: &str) -> Self {
        let id = telemetry::incident(why);
        Failure::new(
            INTERNAL,
            format!("a fault of the server, not of the request; its log has it under {id}"),
        )
    }
}

fn place_and_message(problem: &Problem) -> String {
    match (problem.op, problem.pointer.as_str()) {
        (Some(op), "") => format!("op {op}: {}", problem.message),
        (Some(op), pointer) => format!("op {op}, {pointer}: {}", problem.message),
        (None, "") => problem.message.clone(),
        (None, pointer) => format!("{pointer}: {}", problem.message),
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(problems) => Failure::refused(problems),
            Fault::NotJson(why) => {
                Failure::new(kind_of(Code::MalformedJson), format!("the body is not JSON: {why}"))
            }
            Fault::Malformed(pointer, message) => Failure::malformed(pointer, message),
            Fault::SiteNotFound(site) => Failure::new(SITE_NOT_FOUND, format!("there is no site '{site}'")),
            Fault::BranchNotFound(branch) => {
                Failure::new(BRANCH_NOT_FOUND, format!("there is no branch '{branch}'"))
            }
            Fault::PageNotFound(why) => Failure::new(kind_of(Code::PageNotFound), why),
            Fault::PageLedAway(page, to) => {
                let detail = format!("there is no page '{page}'; a redirect leads from there to '{to}'");
                let mut failure = Failure::new(kind_of(Code::PageNotFound), detail);
                failure.more.insert("redirectTo".into(), json!(to));
                failure
            }
            Fault::BlockTypeNotFound(why) => Failure::new(BLOCK_TYPE_NOT_FOUND, why),
            Fault::VersionNotFound(why) => Failure::new(kind_of(Code::VersionNotFound), why),
            Fault::SnapshotNotFound(id) => {
                Failure::new(kind_of(Code::SnapshotNotFound), format!("there is no snapshot '{id}'"))
            }
            Fault::VersionConflict { detail, current, commits, page: _ } => {
                Failure::conflict(detail, current, &commits)
            }
            Fault::KeyReused => Failure::new(
                IDEMPOTENCY_KEY_REUSED,
                "this idempotency key came with another body before: a new request needs a new key",
            ),
            Fault::Unauthenticated(why) => Failure::new(UNAUTHENTICATED, why),
            Fault::InsufficientScope(scope) => Failure::scope_missing(scope),
            Fault::BranchProtected(branch) => {
                Failure::new(BRANCH_PROTECTED, format!("this token may not write on the branch '{branch}'"))
            }
            Fault::BadSite(id) => {
                let why =
                    format!("'{id}' can't be a site's id: 1 to 64 letters, digits and dashes, as in my-site");
                Failure::refused(vec![Problem::new(Code::SchemaViolation, "/id", why)])
            }
            Fault::SiteTaken(id) => {
                let why = format!("there is a site '{id}' already, and its content differs");
                Failure::refused(vec![Problem::new(Code::IdTaken, "/id", why)])
            }
            Fault::Unavailable(why) => {
                if let Some(left_out) = AWAY.turn() {
                    tracing::warn!(left_out, "the store does not answer: {why}");
                }
                Failure::new(STORE_UNAVAILABLE, "the store does not answer at the moment: try again")
            }
            Fault::Full(why) => {
                if let Some(left_out) = FULL.turn() {
                    tracing::error!(left_out, "the store is full: {why}");
                }
                Failure::new(STORE_FULL, "the store has no space left: nothing was written, reading goes on")
            }
            Fault::Overloaded(why) => Failure::new(RATE_LIMITED, why),
            Fault::Internal(why) => Failure::internal(&why),
        }
    }
}

macro_rules! kinds {
    ($($name:ident = $code:literal $status:literal $title:literal;)*) => {
        $(
            #[doc = concat!("`", $code, "`")]
            pub const $name: Kind = Kind { code: $code, status: $status, title: $title };
        )*

        const OF_THE_SERVER: &[Kind] = &[$($name,)*];
    };
}

kinds! {
    UNAUTHENTICATED = "unauthenticated" 401 "Who is calling is not known";
    INSUFFICIENT_SCOPE = "insufficient_scope" 403 "The token does not reach that far";
    BRANCH_PROTECTED = "branch_protected" 403 "This caller may not write on the branch";
    HOST_REFUSED = "host_refused" 403 "This server does not go by that name";
    ORIGIN_REFUSED = "origin_refused" 403 "Pages from elsewhere may not call this server";
    NOT_FOUND = "not_found" 404 "There is nothing at this address";
    SITE_NOT_FOUND = "site_not_found" 404 "No such site";
    BRANCH_NOT_FOUND = "branch_not_found" 404 "No such branch";
    BLOCK_TYPE_NOT_FOUND = "block_type_not_found" 404 "No such block type";
    METHOD_NOT_ALLOWED = "method_not_allowed" 405 "This address does not take this method";
    REQUEST_TIMEOUT = "request_timeout" 408 "The request came too slowly";
    VERSION_CONFLICT = "version_conflict" 409 "The content is not as the caller last saw it";
    URI_TOO_LONG = "uri_too_long" 414 "The address is too long";
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type" 415 "This kind of body is not taken here";
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused" 422 "The idempotency key is taken by another request";
    RATE_LIMITED = "rate_limited" 429 "Too much is asked at once";
    HEADERS_TOO_LARGE = "headers_too_large" 431 "The head of the request is too large";
    INTERNAL = "internal" 500 "A fault of the server";
    STORE_UNAVAILABLE = "store_unavailable" 503 "The store does not answer";
    OVERLOADED = "overloaded" 503 "The server has too much in hand";
    STORE_FULL = "store_full" 507 "The store is full";
}

/// Every code there is, by status and name.
#[must_use]
pub fn kinds() -> Vec<Kind> {
    let of_ops = Code::ALL.iter().map(|code| kind_of(*code));
    let mut all: Vec<Kind> = of_ops.chain(OF_THE_SERVER.iter().copied()).collect();
    all.sort_by_key(|kind| (kind.status, kind.code));
    all
}

/// The status and title of each code that ops can fail with. A code without a line here does not compile.
#[must_use]
pub fn kind_of(code: Code) -> Kind {
    let (status, title) = match code {
        Code::MalformedJson => (400, "The body is not JSON"),
        Code::MalformedRequest => (400, "The request is not as it should be"),
        Code::PageNotFound => (404, "No such page"),
        Code::BlockNotFound => (404, "No such block"),
        Code::ItemNotFound => (404, "No such list item"),
        Code::VersionNotFound => (404, "No such version"),
        Code::SnapshotNotFound => (404, "No such snapshot"),
        Code::SlugTaken => (409, "Another page has this address"),
        Code::IdTaken => (409, "The id is taken"),
        Code::UndoConflict => (409, "Later commits changed the same"),
        Code::NothingToUndo => (409, "There is nothing to undo"),
        Code::NothingToRedo => (409, "There is nothing to redo"),
        Code::BlockTypeInUse => (409, "The block type is in use"),
        Code::TooLarge => (413, "Too large"),
        Code::OpRejected => (422, "The ops can't be done"),
        Code::SchemaViolation => (422, "A value does not fit its schema"),
        Code::UnknownOp => (422, "No such op"),
        Code::UnknownProp => (422, "No such prop"),
        Code::UnknownBlockType => (422, "No such block type"),
        Code::InvalidSlug => (422, "Not an address a page can have"),
        Code::InvalidPosition => (422, "No such place"),
        Code::SlotRefused => (422, "The slot does not take the block"),
        Code::Pinned => (422, "The block keeps its place"),
        Code::HomePage => (422, "The home page stays"),
        Code::UnknownTempId => (422, "No op declared the handle"),
        Code::DuplicateTempId => (422, "The handle is declared twice"),
    };
    Kind { code: code.as_str(), status, title }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(code: Code) -> Problem {
        Problem::new(code, "/page", "wrong")
    }

    #[test]
    fn every_code_has_a_status_of_the_contract() {
        for code in Code::ALL {
            let kind = kind_of(*code);
            assert!([400, 404, 409, 413, 422].contains(&kind.status), "{}", kind.code);
            assert!(!kind.title.is_empty() && kind.code == code.as_str());
        }
    }

    #[test]
    fn one_problem_gives_its_own_code_and_status() {
        let failure = Failure::refused(vec![Problem { op: Some(3), ..problem(Code::SlugTaken) }]);
        assert_eq!((failure.kind.code, failure.kind.status), ("slug_taken", 409));
        assert_eq!(failure.detail, "op 3, /page: wrong");
    }

    #[test]
    fn problems_of_one_status_keep_it_and_those_of_several_are_op_rejected() {
        let same = Failure::refused(vec![problem(Code::PageNotFound), problem(Code::BlockNotFound)]);
        assert_eq!((same.kind.code, same.kind.status), ("page_not_found", 404));
        let mixed = Failure::refused(vec![problem(Code::PageNotFound), problem(Code::SlugTaken)]);
        assert_eq!((mixed.kind.code, mixed.kind.status, mixed.errors.len()), ("op_rejected", 422, 2));
    }

    #[test]
    fn the_data_of_a_single_problem_stands_on_top_too() {
        let conflict = Problem { more: Some(json!({"conflicts": [1]})), ..problem(Code::UndoConflict) };
        assert_eq!(Failure::refused(vec![conflict]).more["conflicts"], json!([1]));
    }

    #[test]
    fn a_version_conflict_tells_where_the_branch_is() {
        let fault =
            Fault::VersionConflict { detail: "d".into(), current: 7, page: None, commits: Vec::new() };
        let failure = Failure::from(fault);
        assert_eq!((failure.kind.status, &failure.more["currentVersion"]), (409, &json!(7)));
    }

    #[test]
    fn where_a_page_was_led_to_is_told_as_data_too() {
        let failure = Failure::from(Fault::PageLedAway("/menu".into(), "/karte".into()));
        assert_eq!((failure.kind.code, failure.kind.status), ("page_not_found", 404));
        assert_eq!(failure.detail, "there is no page '/menu'; a redirect leads from there to '/karte'");
        assert_eq!(failure.more["redirectTo"], json!("/karte"));
    }

    /// Counts the lines of this thread that are warnings or worse.
    #[derive(Clone, Default)]
    struct Lines(std::sync::Arc<std::sync::atomic::AtomicUsize>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
            self.0.fetch_add(lines, std::sync::atomic::Ordering::Relaxed);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_store_that_is_away_does_not_flood_the_log() {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        let began = std::time::Instant::now();
        tracing::subscriber::with_default(log, || {
            for _ in 0..1_000 {
                drop(Failure::from(Fault::Unavailable("away".into())));
                drop(Failure::from(Fault::Full("full".into())));
            }
        });
        let logged = lines.0.load(std::sync::atomic::Ordering::Relaxed);
        let most = 2 * (began.elapsed().as_secs() + 1);
        assert!(logged as u64 <= most, "{logged} lines");
    }

    #[test]
    fn what_went_wrong_inside_is_not_told() {
        for fault in [Fault::Internal("secret".into()), Fault::Unavailable("secret".into())] {
            assert!(!Failure::from(fault).detail.contains("secret"));
        }
    }
}
