//! What a careful caller makes of an answer: there, refused for now, or unknown.

use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;

/// So long a caller waits. Longer than every deadline of the server: it is the server that must answer.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How a request ended.
#[derive(Debug)]
pub enum Ending {
    /// 2xx, whole.
    Done(Value),
    /// The server says that it can't now: 429, 503 or 507, and its code.
    NotNow(u16, String),
    /// No head came: nothing is known.
    Broken,
    /// A 2xx head came and the rest did not.
    Torn,
    /// Nothing came within `PATIENCE`.
    Silent,
}

/// A client that gives up no sooner than a patient person.
pub fn patient() -> Client {
    Client::builder().timeout(PATIENCE).pool_max_idle_per_host(1_000).build().unwrap()
}

/// Sends it, and how long that took.
pub async fn send(request: RequestBuilder) -> (Ending, Duration) {
    let began = Instant::now();
    let ending = match request.send().await {
        Ok(response) => read(response).await,
        Err(e) if e.is_timeout() => Ending::Silent,
        Err(_) => Ending::Broken,
    };
    (ending, began.elapsed())
}

async fn read(response: Response) -> Ending {
    let status = response.status();
    let retry_after = response.headers().contains_key("retry-after");
    let Ok(text) = response.text().await else {
        return if status.is_success() { Ending::Torn } else { Ending::Broken };
    };
    let json: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    let code = json["code"].as_str().unwrap_or_default().to_owned();
    match status.as_u16() {
        200..=299 => Ending::Done(json),
        again @ (429 | 503) => {
            assert!(retry_after, "{again} without Retry-After: {text}");
            Ending::NotNow(again, code)
        }
        507 => Ending::NotNow(507, code),
        other => panic!("{other} {text}"),
    }
}
