//! How a principal comes to a site: what types can't say of it, read from the sources.
//!
//! The map of open sites and what opens one are private to `service/open_sites.rs`, and `authorize` to
//! `service/authorize.rs`; so a method of the service has `enter` and `allow`, and nothing else. What could still be
//! forgotten is to ask at all.

use super::Source;

/// Methods for those who start and stop the house, and those that make a principal of a secret.
const WITHOUT_PRINCIPAL: &[&str] = &["new", "with", "ready", "close", "knows", "principal", "principal_from"];

/// Files that go through the open sites for the house itself: to close them, and to look after them.
const HOUSEKEEPING: &[&str] =
    &["src/service.rs", "src/service/open_sites.rs", "src/service/watch.rs", "src/service/sites.rs"];

const TAKES_ONE_RULE: &str = "a use case takes a principal";
const ASKS_FIRST_RULE: &str =
    "who takes a principal hands it to `enter`, `allow` or another use case before the store is asked";
const ONE_WAY_RULE: &str =
    "a site is entered through `Service::enter`; the list of open sites is the house's own";

/// A method of the service.
struct Method<'a> {
    name: &'a str,
    at: usize,
    is_public: bool,
    signature: &'a str,
    body: &'a str,
}

/// The methods in each `impl Service`.
fn methods(source: &Source) -> Vec<Method<'_>> {
    let code = source.code.as_str();
    let blocks = code.match_indices("impl Service {").map(|(at, head)| block(code, at + head.len() - 1));
    blocks.flat_map(|block| methods_of(code, block)).collect()
}

/// From an opening brace to the one that closes it.
fn block(code: &str, open: usize) -> (usize, usize) {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return (open + 1, at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    (open + 1, code.len())
}

fn methods_of(code: &str, (from, to): (usize, usize)) -> Vec<Method<'_>> {
    let (mut found, mut at) = (Vec::new(), from);
    while let Some(next) = code[at..to].find("fn ").map(|found| at + found) {
        let Some(open) = code[next..to].find('{').map(|found| next + found) else { break };
        let (start, end) = block(code, open);
        let line = code[..next].rfind('\n').map_or(0, |at| at + 1);
        let name =
            code[next + 3..].split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        let is_public = code[line..next].trim_start().starts_with("pub ");
        found.push(Method {
            name,
            at: next,
            is_public,
            signature: &code[next..open],
            body: &code[start..end],
        });
        at = end;
    }
    found
}

pub fn without_principal(source: &Source) -> Vec<String> {
    let forgot = |method: &Method| {
        method.is_public
            && !method.signature.contains("&Principal")
            && !WITHOUT_PRINCIPAL.contains(&method.name)
    };
    let found = methods(source).into_iter().filter(forgot);
    found.map(|method| told(source, &method, TAKES_ONE_RULE)).collect()
}

/// Where a body first hands the principal to a method of the service.
fn asks(body: &str) -> Option<usize> {
    let calls = ["(who,", "(&who,"].iter().flat_map(|call| body.match_indices(call));
    let of_the_service = calls.filter(|(at, _)| {
        let name = body[..*at].trim_end_matches(|sign: char| sign.is_alphanumeric() || sign == '_');
        name.ends_with("self.")
    });
    of_the_service.map(|(at, _)| at).min()
}

pub fn unasked(source: &Source) -> Vec<String> {
    let asks_too_late = |method: &Method| {
        let Some(asked) = asks(method.body) else { return true };
        ["store", "sites."].iter().any(|word| method.body[..asked].contains(word))
    };
    let takes_one = methods(source).into_iter().filter(|method| method.signature.contains("&Principal"));
    // It makes the judgement itself.
    let takes_one = takes_one.filter(|_| source.path != "src/service/authorize.rs");
    takes_one.filter(asks_too_late).map(|method| told(source, &method, ASKS_FIRST_RULE)).collect()
}

pub fn other_ways_in(source: &Source) -> Vec<String> {
    if HOUSEKEEPING.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let ways = ["self.sites", "OpenSite::open"];
    let found = ways.iter().flat_map(|way| source.mentions(way).map(move |at| (way, at)));
    found.map(|(way, at)| format!("{}:{}: {ONE_WAY_RULE} (`{way}`)", source.path, source.line(at))).collect()
}

fn told(source: &Source, method: &Method, rule: &str) -> String {
    format!("{}:{}: {rule} (`{}`)", source.path, source.line(method.at), method.name)
}

#[test]
fn every_use_case_takes_a_principal_and_asks_what_it_may() {
    let sources = Source::all_below("src/service");
    let methods: usize = sources.iter().map(|source| methods(source).len()).sum();
    assert!(methods > 30, "the scanner finds {methods} methods only");
    for rule in [without_principal, unasked, other_ways_in] {
        super::assert_all(&sources, rule);
    }
}

#[test]
fn a_use_case_that_forgets_to_ask_is_refused() {
    let of = |method: &str| Source::new("src/service/x.rs", &format!("impl Service {{\n{method}\n}}"));
    for forgetful in [
        "pub async fn f(&self, who: &Principal, site: &str) -> Result<()> { Ok(()) }",
        "async fn f(&self, who: &Principal) { self.outside.store.sites(\"\", 1).await }",
        "async fn f(&self, who: &Principal) { let s = self.outside.store.site(id); self.enter(who, id, Deed::Read) }",
        "async fn f(&self, who: &Principal) { let s = self.sites.all(); self.allow(who, &Action::ListSites) }",
    ] {
        assert_eq!(unasked(&of(forgetful)).len(), 1, "{forgetful}");
    }
    let good = "pub async fn f(&self, who: &Principal) { let at = 1; self.state(who, at).await?; self.outside.store }";
    assert!(unasked(&of(good)).is_empty() && without_principal(&of(good)).is_empty());
    assert_eq!(without_principal(&of("pub fn sneak(&self, site: &str) -> Root { if a { b } }")).len(), 1);
    assert!(without_principal(&of("fn own(&self) {}\npub(super) fn own_too(&self) {}")).is_empty());
    assert_eq!(other_ways_in(&of("fn f(&self) { self.sites.all(); }")).len(), 1);
}
