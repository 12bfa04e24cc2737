//! How servers and websites are called on the web.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// Scheme, host and port of a website or a server (RFC 6454), in the one form a browser writes them in: lower case, the
/// port only where it is not the scheme's own, nothing behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebOrigin {
    text: String,
    host: HostName,
}

impl WebOrigin {
    /// As in `https://cms.example.org`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its host, without the port.
    #[must_use]
    pub fn host(&self) -> &HostName {
        &self.host
    }

    /// Whether what is sent there is encrypted.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.text.starts_with("https:")
    }
}

impl FromStr for WebOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("'{text}' {why}; it should look like https://cms.example.org");
        let lower = text.to_ascii_lowercase();
        let (scheme, rest) = lower.split_once("://").ok_or_else(|| wrong("has no http:// or https://"))?;
        let usual_port = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return Err(wrong("is neither http nor https")),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#']) {
            return Err(wrong("has something behind the host"));
        }
        let (host, port) = split_port(authority).ok_or_else(|| wrong("has a port that is none"))?;
        let host = host.parse::<HostName>().map_err(|why| wrong(&format!("has no good host: {why}")))?;
        let text = match port {
            Some(port) if port != usual_port => format!("{scheme}://{host}:{port}"),
            _ => format!("{scheme}://{host}"),
        };
        Ok(WebOrigin { text, host })
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The name or address of a machine as requests give it, without a port: `cms.example.org`, `10.0.0.7`, `[2001:db8::7]`.
/// Lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostName(String);

impl HostName {
    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let lower = text.to_ascii_lowercase();
        let is_name = !lower.is_empty()
            && lower.len() <= 253
            && lower.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        let address = lower.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let is_address = address.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok());
        if is_name || is_address {
            return Ok(HostName(lower));
        }
        Err(format!("'{text}' is no name of a host, as cms.example.org is; it takes no scheme and no port"))
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Host and port of an authority; none where the port is no number.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    match authority.rsplit_once(':') {
        // The colons of an IPv6 address stand in brackets.
        Some((host, port)) if !port.contains(']') => Some((host, Some(port.parse().ok()?))),
        _ => Some((authority, None)),
    }
}

/// Several, with commas between them; none is a list too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T>(pub Vec<T>);

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Listed(Vec::new())
    }
}

impl<T: FromStr> FromStr for Listed<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(str::parse).collect::<Result<_, _>>().map(Listed)
    }
}

impl<T: fmt::Display> fmt::Display for Listed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        let texts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&texts.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_one_form() {
        for (text, form, host) in [
            ("https://cms.example.org", "https://cms.example.org", "cms.example.org"),
            ("HTTPS://CMS.Example.org:443/", "https://cms.example.org", "cms.example.org"),
            ("http://localhost:3000", "http://localhost:3000", "localhost"),
            ("http://[::1]:80", "http://[::1]", "[::1]"),
        ] {
            let origin: WebOrigin = text.parse().unwrap();
            assert_eq!((origin.as_str(), origin.host().as_str()), (form, host));
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "cms.example.org",
            "ftp://a",
            "https://",
            "https://a/b",
            "https://a?b",
            "https://a:b",
            "https://a:99999",
            "https://u@a",
            "https://*.a",
            "null",
        ] {
            assert!(text.parse::<WebOrigin>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_list_is_split_at_its_commas_and_each_part_is_judged() {
        let listed: Listed<HostName> = "a.example, B.example,".parse().unwrap();
        assert_eq!(listed.to_string(), "a.example,b.example");
        assert_eq!("".parse::<Listed<HostName>>().unwrap().to_string(), "none");
        for wrong in ["a:80", "https://a", "a/b", "[::g]", "a b"] {
            assert!(wrong.parse::<Listed<HostName>>().is_err(), "{wrong}");
        }
    }
}
