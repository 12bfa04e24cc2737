//! Addresses, the links that name them, and texts that are merged.

use osier::content::links::{in_markdown, rewrite_markdown, target};
use osier::content::sequence::{merge_text, tokens};
use osier::content::slug::{MAX_CHARS, normalise};

/// Normalising a slug twice is normalising it once, and the slug leads to itself as a link.
pub fn slugs(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(slug) = normalise(&text) else { return };
    assert_eq!(normalise(&slug).as_deref(), Ok(&*slug));
    assert!(slug.starts_with('/') && (slug == "/" || !slug.ends_with('/')) && !slug.contains("//"));
    assert!(slug.chars().count() <= MAX_CHARS && !slug.chars().any(|c| c.is_control() || c.is_whitespace()));
    assert!(!slug.split('/').any(|segment| segment == ".." || segment == "."));
    assert_eq!(target(&slug).map(|found| found.slug).as_deref(), Some(&*slug), "a slug is a link to itself");
}

/// Every link found in a text is one where it is said to stand; led elsewhere, it is found there, and all else is as it was.
pub fn links(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for line in text.lines() {
        let Some(found) = target(line) else { continue };
        assert!(line.get(found.path.clone()).is_some() && found.path.start == 0);
        assert_eq!(normalise(&found.slug).as_deref(), Ok(&*found.slug));
    }
    let found = in_markdown(&text);
    let mut end = 0;
    for link in &found {
        assert!(link.path.start >= end && text.get(link.path.clone()).is_some(), "{link:?}");
        assert_eq!(normalise(&link.slug).as_deref(), Ok(&*link.slug));
        end = link.path.end;
    }
    assert_eq!(rewrite_markdown(&text, &mut |_| None), None);
    for new in ["/new", "/neu/ä(1)", "/a'b;c"] {
        let led = rewrite_markdown(&text, &mut |_| Some(new.to_owned())).unwrap_or_else(|| text.to_string());
        let slugs: Vec<String> = in_markdown(&led).into_iter().map(|link| link.slug).collect();
        assert_eq!(slugs, vec![new; found.len()], "led to {new}: {led:?}");
    }
}

/// Three texts, one a part between lines of `%%`: what only one side changed is that side's, and the two sides are alike.
pub fn merge(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.splitn(3, "%%");
    let [base, ours, theirs] = [parts.next(), parts.next(), parts.next()].map(Option::unwrap_or_default);
    assert_eq!(tokens(base).concat(), base);
    assert_eq!(merge_text(base, base, theirs).as_deref(), Some(theirs));
    assert_eq!(merge_text(base, ours, base).as_deref(), Some(ours));
    assert_eq!(merge_text(base, ours, ours).as_deref(), Some(ours));
    let (one, other) = (merge_text(base, ours, theirs), merge_text(base, theirs, ours));
    assert_eq!(one.is_some(), other.is_some(), "a conflict is one from both sides");
}
