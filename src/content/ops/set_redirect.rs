//! `set_redirect`: an address without a page leads elsewhere.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::super::document::Root;
use super::super::draft::{Draft, brief, fit, read_slug};
use super::super::json::Value;
use super::super::links::target;
use super::super::problem::{Code, Gathered, Lowered, Problem};
use super::{Done, Lower};

/// The most characters of where a redirect leads.
const MAX_TARGET: usize = 4096;

/// The most redirects of a chain that a message shows.
const SHOWN: usize = 10;

/// Leads an address that no page has to a page or a place elsewhere; one that was there for the address is replaced.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SetRedirect {
    /// The address to lead away from, beginning with `/`. The root, `/`, can't be one.
    pub from: String,
    /// Where to: an address of the site, with `?query` and `#fragment` if you like, or a whole `https://` URL.
    pub to: String,
    /// 308 and 301 are permanent, 307 and 302 for the time being; 308 and 307 keep the method.
    #[serde(default = "permanent")]
    pub status: i64,
}

fn permanent() -> i64 {
    308
}

impl Lower for SetRedirect {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let mut problems = Gathered::default();
        let from = problems.keep(source(draft, &self.from))?;
        let to = problems.keep(destination(&self.to))?;
        let status = problems.keep(known_status(self.status))?;
        let (Some(from), Some(to), Some(())) = (from, to, status) else { return Err(problems.halt()) };
        if let Some(chain) = cycle(draft.root(), &from, &to) {
            let message = format!("this redirect would lead back to itself: {chain}");
            return Err(Problem::new(Code::OpRejected, "/to", message).into());
        }
        draft.set_site(&["redirects", &from], Some(&json!({ "to": to, "status": self.status })))?;
        Ok(Done::site())
    }
}

/// The address to lead away from: none that shows a page.
fn source(draft: &Draft, raw: &str) -> Result<String, Problem> {
    let from = read_slug(raw, "/from")?;
    if from == "/" {
        let message = "the root can't be led away: it is the home page's address";
        return Err(Problem::new(Code::InvalidSlug, "/from", message));
    }
    if let Some(page) = draft.root().by_slug(&from) {
        let message = format!(
            "the page {page} lives at '{}', and a page wins over a redirect: rename it first, which leaves a redirect",
            brief(&from)
        );
        return Err(Problem::new(Code::SlugTaken, "/from", message));
    }
    Ok(from)
}

/// Where it leads, its path normalised if it is the site's own.
fn destination(raw: &str) -> Result<String, Problem> {
    let wrong = |message: String| Err(Problem::new(Code::SchemaViolation, "/to", message));
    fit(&Value::from(raw), "/to")?;
    if raw.chars().count() > MAX_TARGET {
        return wrong(format!("`to` has at most {MAX_TARGET} characters"));
    }
    if raw.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return wrong("`to` has no white space: write `%20` for a space".into());
    }
    if let Some(target) = target(raw) {
        return Ok(format!("{}{}", target.slug, &raw[target.path.end..]));
    }
    if is_web_address(raw) {
        return Ok(raw.to_owned());
    }
    wrong(format!(
        "'{}' is neither an address of this site, such as `/pricing?a=b#c`, nor a whole URL that begins with `https://` or `http://`",
        brief(raw)
    ))
}

/// Whether it is an absolute URL of the web, with a host.
fn is_web_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let web = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    web && host.rsplit('@').next().is_some_and(|host| host.starts_with(|c: char| c.is_alphanumeric() || c == '['))
}

fn known_status(status: i64) -> Result<(), Problem> {
    if matches!(status, 301 | 302 | 307 | 308) {
        return Ok(());
    }
    let message = format!("a redirect's status is one of 301, 302, 307, 308, not {status}");
    Err(Problem::new(Code::SchemaViolation, "/status", message))
}

/// The chain of redirects by which `to` would come back to `from`, in words.
fn cycle(root: &Root, from: &str, to: &str) -> Option<String> {
    let mut chain = vec![from.to_owned()];
    let mut next = target(to).map(|target| target.slug);
    while let Some(slug) = next {
        let back = slug == from;
        // A ring that does not pass `from` was there before: not this op's business.
        let ring = chain.contains(&slug);
        chain.push(slug.clone());
        if back {
            return Some(shown(&chain));
        }
        let redirect = root.redirects.get(&*slug).filter(|_| !ring);
        next = redirect.and_then(|to| target(to.get("to")?.as_str()?)).map(|target| target.slug);
    }
    None
}

fn shown(chain: &[String]) -> String {
    let names: Vec<String> = match chain {
        [first, middle @ .., last] if middle.len() > SHOWN => {
            let skipped = format!("({} more)", middle.len() - SHOWN);
            let middle = middle.iter().take(SHOWN).map(|slug| brief(slug));
            std::iter::once(brief(first)).chain(middle).chain([skipped, brief(last)]).collect()
        }
        all => all.iter().map(|slug| brief(slug)).collect(),
    };
    names.join(" → ")
}

#[cfg(test)]
mod tests {
    use super::super::given::{Refused, cold, lower, refused, site};
    use super::*;

    fn redirect(from: &str, to: &str) -> Value {
        json!({"op": "set_redirect", "from": from, "to": to})
    }

    #[test]
    fn given_an_address_of_the_site_when_set_then_path_is_normalised_and_the_rest_kept() {
        let op = redirect("/Old/", "/Caf%C3%A9/?q=A B#Top".replace(' ', "%20").as_str());
        let after = lower(&cold(&site()), op.clone()).unwrap();
        assert_eq!(*after.root.redirects["/old"], json!({"to": "/café?q=A%20B#Top", "status": 308}));
        assert_eq!(lower(&after.root, op).unwrap().changed(), [false]);
    }

    #[test]
    fn given_a_web_address_and_a_status_when_set_then_both_are_kept_as_they_are() {
        let mut op = redirect("/shop", "HTTPS://Shop.example:8080/a?b#c");
        op["status"] = json!(302);
        let after = lower(&site(), op).unwrap();
        assert_eq!(*after.root.redirects["/shop"], json!({"to": "HTTPS://Shop.example:8080/a?b#c", "status": 302}));
        let replaced = lower(&after.root, redirect("/shop", "/about")).unwrap();
        assert_eq!((replaced.changes.len(), replaced.root.redirects.len()), (1, 1));
    }

    #[test]
    fn given_a_destination_that_is_none_when_set_then_it_is_refused() {
        for to in [
            "", "about", "//a.example", "/a b", "/..", "/a//b", "https://", "https:///a", "ftp://a.example", "mailto:a@b.example",
            "javascript:alert(1)", "https://a.example/a b", "/a\0", "#top", "/\\a.example", "https://\\a",
        ] {
            let wanted = Refused::new("/to", Code::SchemaViolation);
            assert_eq!(refused(&site(), redirect("/old", to)), [wanted], "{to}");
        }
    }

    #[test]
    fn given_a_source_that_is_none_when_set_then_it_is_refused() {
        for (from, code) in [
            ("/", Code::InvalidSlug),
            ("old", Code::InvalidSlug),
            ("/old?a", Code::InvalidSlug),
            ("/About/", Code::SlugTaken),
        ] {
            assert_eq!(refused(&site(), redirect(from, "/pricing")), [Refused::new("/from", code)], "{from}");
        }
    }

    #[test]
    fn given_a_status_that_is_none_when_set_then_all_mistakes_are_told() {
        let op = json!({"op": "set_redirect", "from": "/", "to": "x", "status": 200});
        let wanted = [("/from", Code::InvalidSlug), ("/to", Code::SchemaViolation), ("/status", Code::SchemaViolation)];
        assert_eq!(refused(&site(), op), wanted.map(|(pointer, code)| Refused::new(pointer, code)));
    }

    #[test]
    fn given_redirects_in_a_chain_when_one_would_close_it_then_it_is_refused_with_the_chain() {
        let chain = json!([redirect("/a", "/b?x"), redirect("/b", "/c"), redirect("/c", "/d")]);
        let before = lower(&site(), chain).unwrap().root;
        let problems = lower(&before, redirect("/d", "/A/#top")).unwrap_err();
        assert_eq!((problems[0].code, problems[0].pointer.as_str()), (Code::OpRejected, "/to"));
        assert!(problems[0].message.ends_with("/d → /a → /b → /c → /d"), "{}", problems[0].message);
        assert_eq!(refused(&site(), redirect("/a", "/a")), [Refused::new("/to", Code::OpRejected)]);
        assert!(lower(&before, redirect("/d", "/about")).is_ok());
    }

    #[test]
    fn given_a_page_created_where_a_redirect_was_when_done_then_the_redirect_is_gone() {
        let ops = json!([
            redirect("/old", "/about"), redirect("/older", "/about"),
            {"op": "create_page", "slug": "/old", "title": "New"},
            {"op": "duplicate_page", "page": "/about", "slug": "/older"},
        ]);
        assert!(lower(&site(), ops).unwrap().root.redirects.is_empty());
    }
}
