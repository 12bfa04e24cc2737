//! Whether the page that sends a request may call this server. Programs that are no browsers say nothing of a page.

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, header};

use crate::config::WebOrigin;
use crate::error::{self, Failure};

/// A page may call if it is this server's own, or of one of the `origins`.
///
/// # Errors
/// `origin_refused`, whatever is asked: an answer that a page may not read is not made for it either.
pub(super) fn judge(
    request: &Request,
    authority: Option<&Authority>,
    public_url: Option<&WebOrigin>,
    origins: &[WebOrigin],
) -> Result<(), Failure> {
    let mut sent = request.headers().get_all(header::ORIGIN).iter();
    let Some(first) = sent.next() else { return judge_without(request) };
    if sent.next().is_some() {
        return Err(refused("the request has two Origin headers".to_owned()));
    }
    let page = first.to_str().ok().and_then(|text| text.parse::<WebOrigin>().ok());
    let known = |page: &WebOrigin| {
        public_url == Some(page) || origins.contains(page) || own(page, authority).as_ref() == Some(page)
    };
    if page.as_ref().is_some_and(known) {
        return Ok(());
    }
    Err(refused(format!(
        "pages of {first:?} may not call this server: whoever runs it can allow it with --origins"
    )))
}

/// A browser that sends no Origin may still say that a page of another site is behind the request.
fn judge_without(request: &Request) -> Result<(), Failure> {
    let from_elsewhere = request
        .headers()
        .get_all("sec-fetch-site")
        .iter()
        .any(|site| site == HeaderValue::from_static("cross-site"));
    if from_elsewhere && !request.method().is_safe() {
        return Err(refused("a page of another site may not change anything here".to_owned()));
    }
    Ok(())
}

/// The server as the request addresses it, in the scheme of the page: a proxy may have taken TLS away before us.
fn own(page: &WebOrigin, authority: Option<&Authority>) -> Option<WebOrigin> {
    let scheme = if page.is_https() { "https" } else { "http" };
    format!("{scheme}://{}", authority?).parse().ok()
}

fn refused(detail: String) -> Failure {
    Failure::new(error::ORIGIN_REFUSED, detail)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Method;

    use super::*;

    fn may_call(method: Method, headers: &[(&str, &str)]) -> bool {
        let mut request = axum::http::Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let public_url = "https://cms.example.org".parse().unwrap();
        let origins = ["https://editor.example".parse().unwrap()];
        let authority = "127.0.0.1:4200".parse().unwrap();
        judge(&request, Some(&authority), Some(&public_url), &origins).is_ok()
    }

    #[test]
    fn the_servers_own_pages_and_those_of_the_named_sites_may_call() {
        for origin in [
            "http://127.0.0.1:4200",
            "https://127.0.0.1:4200",
            "https://cms.example.org",
            "https://editor.example",
        ] {
            assert!(may_call(Method::POST, &[("origin", origin)]), "{origin}");
        }
    }

    #[test]
    fn pages_of_others_may_not_even_read() {
        for origin in [
            "null",
            "",
            "https://evil.example",
            "http://editor.example",
            "https://editor.example:8443",
            "https://editor.example.evil.example",
            "https://evil.example/https://editor.example",
            "http://127.0.0.1",
            "http://127.0.0.1:4201",
            "http://localhost:4200",
            "https://editor.example, https://evil.example",
        ] {
            for method in [Method::GET, Method::POST, Method::OPTIONS] {
                assert!(!may_call(method, &[("origin", origin)]), "{origin}");
            }
        }
        let two = [("origin", "https://editor.example"), ("origin", "https://editor.example")];
        assert!(!may_call(Method::GET, &two));
    }

    #[test]
    fn a_form_of_another_site_that_hides_its_origin_is_refused_and_a_link_is_not() {
        let cross = ("sec-fetch-site", "cross-site");
        assert!(!may_call(Method::POST, &[cross]));
        assert!(may_call(Method::GET, &[cross]));
        assert!(may_call(Method::POST, &[("sec-fetch-site", "same-origin")]));
        assert!(may_call(Method::POST, &[cross, ("origin", "https://editor.example")]));
        assert!(may_call(Method::POST, &[]), "a program that is no browser");
    }
}
