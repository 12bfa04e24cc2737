//! A whole request to the router: a line with method and address, headers, an empty line, a body.

use std::cell::RefCell;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderName, HeaderValue, Method, Request, Uri};
use osier::service::{Chance, Clock, NewToken, Principal, Scope, Service};
use osier::store::Memory;
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// After so many requests the site is made anew, so that it stays small.
const FRESH_AFTER: u32 = 200;

struct House {
    runtime: Runtime,
    router: Router,
    token: String,
    served: u32,
}

thread_local! {
    static HOUSE: RefCell<Option<House>> = const { RefCell::new(None) };
}

/// Whatever comes in, the answer is ours: no 5xx, every refusal a problem document, every body JSON of bounded size.
pub fn target(bytes: &[u8]) {
    HOUSE.with_borrow_mut(|kept| {
        if kept.as_ref().is_none_or(|house| house.served >= FRESH_AFTER) {
            *kept = Some(house());
        }
        let house = kept.as_mut().unwrap();
        house.served += 1;
        let Some(request) = request(bytes, &house.token) else { return };
        let router = house.router.clone();
        house.runtime.block_on(async {
            let answer = router.oneshot(request).await.unwrap();
            let (head, body) = answer.into_parts();
            assert!(
                !head.status.is_server_error(),
                "{} of {:?}",
                head.status,
                String::from_utf8_lossy(bytes)
            );
            let body = to_bytes(body, 64 << 20).await.unwrap();
            if head.status.is_client_error() && !body.is_empty() {
                let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
                assert_eq!(problem["status"], head.status.as_u16());
                assert!(problem["code"].is_string(), "{problem}");
            }
        });
    });
}

/// The request that some bytes are; `$TOKEN` in a header is a token with all scopes.
fn request(bytes: &[u8], token: &str) -> Option<Request<Body>> {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap_or(bytes.len());
    let head = String::from_utf8_lossy(&bytes[..end]);
    let body = bytes.get(end + 2..).unwrap_or_default().to_vec();
    let mut lines = head.lines();
    let (method, address) = lines.next()?.split_once(' ')?;
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = Method::from_bytes(method.as_bytes()).ok()?;
    *request.uri_mut() = address.parse::<Uri>().ok()?;
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim().replace("$TOKEN", token);
        let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(value.as_bytes()))
        else {
            continue;
        };
        request.headers_mut().append(name, value);
    }
    // Without one nothing but the refusal would be met.
    request.headers_mut().entry("host").or_insert(HeaderValue::from_static("localhost"));
    Some(request)
}

fn house() -> House {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (router, token) = runtime.block_on(async {
        let service = Service::new(Arc::new(Memory::default()), Arc::new(Still), Arc::new(Counted(0.into())));
        let operator = Principal::operator();
        service.create_site(&operator, "s", Default::default()).await.unwrap();
        let new = NewToken {
            name: "fuzz".into(),
            scopes: vec![Scope::Admin],
            sites: vec!["s".into()],
            branches: Vec::new(),
            agent: false,
            expires_in_ms: None,
        };
        let token = service.create_token(&operator, new).await.unwrap();
        (
            osier::http::router(
                service,
                tokio_util::sync::CancellationToken::new(),
                &osier::http::Front::default(),
            ),
            token.token.reveal().to_owned(),
        )
    });
    House { runtime, router, token, served: 0 }
}

struct Still;

impl Clock for Still {
    fn now_ms(&self) -> i64 {
        1_750_000_000_000
    }
}

struct Counted(std::sync::atomic::AtomicU64);

impl Chance for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let next =
                self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            chunk.copy_from_slice(&next.to_be_bytes()[..chunk.len()]);
        }
    }
}
