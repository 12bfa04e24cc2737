//! Whether a request is addressed to this server.
//!
//! A page of any website can send its browser to a name of its own that leads to 127.0.0.1 (DNS rebinding); for the
//! browser the answer is then the page's own. The name in the request gives it away.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, Version, header};

use super::Front;
use crate::config::HostName;
use crate::error::{self, Failure};

/// The names a server goes by, beside those of the machine it runs on.
pub(super) enum Names {
    /// It was not told, and others than this machine reach it.
    Any,
    These(Vec<HostName>),
}

impl Names {
    pub(super) fn of(front: &Front) -> Self {
        let public = front.public_url.iter().map(|url| url.host().clone());
        let names: Vec<HostName> = public.chain(front.hosts.iter().cloned()).collect();
        if names.is_empty() && !front.is_local { Names::Any } else { Names::These(names) }
    }

    /// Whether it goes by this name. Nobody but an old program says none: browsers always do.
    pub(super) fn judge(&self, authority: Option<&Authority>) -> Result<(), Failure> {
        let (Names::These(names), Some(authority)) = (self, authority) else { return Ok(()) };
        let host = authority.host();
        if is_loopback(host) || names.iter().any(|name| name.as_str().eq_ignore_ascii_case(host)) {
            return Ok(());
        }
        Err(Failure::new(
            error::HOST_REFUSED,
            format!(
                "this server does not go by the name {host}: whoever runs it can add it with --public-url or --hosts"
            ),
        ))
    }
}

/// Whom the request is addressed to: one name, said once (RFC 9112, section 3.2; RFC 9113, section 8.3.1).
///
/// # Errors
/// No name, two, or one that is none.
pub(in crate::http) fn authority(
    headers: &HeaderMap,
    uri: &Uri,
    version: Version,
) -> Result<Option<Authority>, Failure> {
    let mut headers = headers.get_all(header::HOST).iter();
    let header = headers.next().map(|value| value.to_str().ok().and_then(|text| text.parse().ok()));
    if headers.next().is_some() {
        return Err(malformed("the request has two Host headers"));
    }
    let header: Option<Authority> = match header {
        Some(None) => return Err(malformed("the Host header holds no host")),
        named => named.flatten(),
    };
    let named = match (uri.authority(), header) {
        (Some(target), Some(header)) if *target != header => {
            return Err(malformed("the address of the request and its Host header name different hosts"));
        }
        (Some(target), _) => target.clone(),
        (None, Some(header)) => header,
        (None, None) if version < Version::HTTP_11 => return Ok(None),
        (None, None) => return Err(malformed("the request names no host: send a Host header")),
    };
    if named.as_str().contains('@') || named.host().is_empty() {
        return Err(malformed("the Host header holds more or less than a host"));
    }
    Ok(Some(named))
}

fn malformed(detail: &str) -> Failure {
    Failure::malformed("Host", detail)
}

/// Whether the name always leads to the machine itself (RFC 6761, section 6.3).
fn is_loopback(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some(address) = address.and_then(|address| address.parse::<Ipv6Addr>().ok()) {
        return address.to_canonical().is_loopback();
    }
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return address.is_loopback();
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    last.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;
    use axum::extract::Request;

    fn of(request: &Request) -> Result<Option<Authority>, Failure> {
        authority(request.headers(), request.uri(), request.version())
    }

    fn request(target: &str, hosts: &[&str]) -> Request {
        let mut request = axum::http::Request::get(target);
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        request.body(Body::empty()).unwrap()
    }

    fn named(target: &str, hosts: &[&str]) -> Result<String, u16> {
        let named = of(&request(target, hosts)).map_err(|failure| failure.kind.status)?;
        Ok(named.unwrap().to_string())
    }

    #[test]
    fn a_request_names_its_host_once() {
        assert_eq!(named("/", &["a:80"]).unwrap(), "a:80");
        assert_eq!(named("http://a/", &[]).unwrap(), "a");
        assert_eq!(named("http://a/", &["A"]).unwrap(), "a");
        for (target, hosts) in [
            ("/", &[] as &[&str]),
            ("/", &["a", "a"]),
            ("/", &["a", "b"]),
            ("/", &[""]),
            ("/", &["a b"]),
            ("/", &["a/b"]),
            ("/", &["localhost@evil.example"]),
            ("http://a/", &["b"]),
        ] {
            assert_eq!(named(target, hosts), Err(400), "{target} {hosts:?}");
        }
    }

    #[test]
    fn a_program_of_http_1_0_need_not_name_it() {
        let mut request = request("/", &[]);
        *request.version_mut() = Version::HTTP_10;
        assert_eq!(of(&request).unwrap(), None);
    }

    fn answers(front: &Front, host: &str) -> bool {
        Names::of(front).judge(Some(&host.parse().unwrap())).is_ok()
    }

    const OF_THIS_MACHINE: [&str; 7] = [
        "localhost",
        "LocalHost:4200",
        "cms.localhost:1",
        "127.0.0.1:4200",
        "127.9.8.7",
        "[::1]:4200",
        "[::ffff:127.0.0.1]",
    ];

    const OF_OTHERS: [&str; 7] = [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evillocalhost",
        "0.0.0.0:4200",
        "10.0.0.7",
        "[::]:4200",
    ];

    #[test]
    fn a_server_of_one_machine_goes_by_its_names_only() {
        let front = Front { is_local: true, ..Front::default() };
        assert!(OF_THIS_MACHINE.iter().all(|host| answers(&front, host)));
        for host in OF_OTHERS {
            assert!(!answers(&front, host), "{host}");
        }
    }

    #[test]
    fn a_server_that_was_told_its_names_goes_by_those_and_the_machines() {
        let named = Front {
            public_url: Some("https://cms.example.org".parse().unwrap()),
            hosts: vec!["other.example".parse().unwrap()],
            ..Front::default()
        };
        for front in [named.clone(), Front { is_local: true, ..named }] {
            for host in ["cms.example.org", "CMS.example.org:443", "other.example:80"] {
                assert!(answers(&front, host), "{host}");
            }
            assert!(OF_THIS_MACHINE.iter().all(|host| answers(&front, host)));
            assert!(OF_OTHERS.iter().all(|host| !answers(&front, host)));
            assert!(!answers(&front, "sub.cms.example.org"));
        }
    }

    #[test]
    fn a_server_that_others_reach_and_that_was_told_nothing_goes_by_any_name() {
        assert!(OF_OTHERS.iter().all(|host| answers(&Front::default(), host)));
    }
}
