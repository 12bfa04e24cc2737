//! `If-None-Match` against the tag of what would be sent.

use axum::http::{HeaderMap, header};

/// Whether the caller has these bytes already. The comparison is the weak one (RFC 9110, section 13.1.2).
pub(super) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_alone_in_a_list_weak_and_as_a_star() {
        let known = |values: &[&'static str]| {
            let pairs = values.iter().map(|value| (header::IF_NONE_MATCH, value.parse().unwrap()));
            let mut headers = HeaderMap::new();
            pairs.for_each(|(name, value)| {
                headers.append(name, value);
            });
            is_known(&headers, "\"abc\"")
        };
        assert!(known(&["\"abc\""]) && known(&["W/\"abc\""]) && known(&["*"]));
        assert!(known(&["\"x\", W/\"abc\""]) && known(&["\"x\"", "\"abc\""]));
        assert!(!known(&[]) && !known(&["\"abcd\""]) && !known(&["abc"]) && !known(&[""]));
    }
}
