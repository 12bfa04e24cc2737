//! Secrets in the addresses of databases, hidden.

/// The address of a database without its password: what stands behind the user's name, and a `password` in the query.
#[must_use]
pub fn mask(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return mask_the_odd(url) };
    // A path or a query may hold an `@` too: the last one before them ends the user's part.
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = match rest[..end].rfind('@') {
        Some(at) => rest.split_at(at),
        // A password with a raw slash: everything up to the last `@` may be secret.
        None => rest.rfind('@').map_or(("", rest), |at| rest.split_at(at)),
    };
    let user = match authority.split_once(':') {
        Some((user, _)) => format!("{user}:***"),
        None => authority.to_owned(),
    };
    format!("{scheme}://{user}{}", mask_query(tail))
}

/// What is no URL: the path of an embedded store is shown, of all else only what it begins with, for it may hold anything.
fn mask_the_odd(text: &str) -> String {
    match text.split_once(':') {
        Some(("sqlite", _)) => text.to_owned(),
        Some((scheme, _)) if scheme.chars().all(char::is_alphanumeric) => format!("{scheme}:***"),
        _ if text.contains(['=', '@', ':']) => "***".to_owned(),
        _ => text.to_owned(),
    }
}

/// Names of a query whose values are no secrets.
const SHOWN: [&str; 8] =
    ["user", "host", "port", "dbname", "sslmode", "sslrootcert", "application_name", "mode"];

fn mask_query(tail: &str) -> String {
    let Some((path, query)) = tail.split_once('?') else { return tail.to_owned() };
    let field = |field: &str| match field.split_once('=') {
        Some((name, _)) if !SHOWN.contains(&name) => format!("{name}=***"),
        _ => field.to_owned(),
    };
    let query: Vec<String> = query.split('&').map(field).collect();
    format!("{path}?{}", query.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_hidden_wherever_it_stands() {
        for (url, masked) in [
            ("postgres://osier:hunter2@db:5432/osier", "postgres://osier:***@db:5432/osier"),
            ("postgres://osier:hun@ter2@db/osier", "postgres://osier:***@db/osier"),
            ("postgres://osier:hun/ter2@db/osier", "postgres://osier:***@db/osier"),
            (
                "postgres://db/osier?user=x&password=hunter2&a=b",
                "postgres://db/osier?user=x&password=***&a=***",
            ),
            ("postgres://db/osier?sslpassword=hunter2", "postgres://db/osier?sslpassword=***"),
            ("postgres:osier:hunter2@db", "postgres:***"),
            ("host=db password=hunter2", "***"),
        ] {
            assert_eq!(mask(url), masked);
        }
    }

    #[test]
    fn an_address_without_a_secret_is_left_alone() {
        for url in
            ["sqlite:/var/lib/osier.db", "postgres://osier@db/osier", "postgres://db/osier?sslmode=require"]
        {
            assert_eq!(mask(url), url);
        }
    }
}
