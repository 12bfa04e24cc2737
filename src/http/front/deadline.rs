//! A bound on the time of each request, whatever it waits for.

use std::future::Future;
use std::time::Duration;

use axum::response::{IntoResponse, Response};

use crate::error::{self, Failure};

/// Until an answer begins. What it then still has to say, as an event stream does, is not timed.
const LONGEST: Duration = Duration::from_secs(60);

/// The answer, or 503 where it takes too long.
pub(super) async fn within(answering: impl Future<Output = Response>) -> Response {
    tokio::time::timeout(LONGEST, answering).await.unwrap_or_else(|_| {
        let detail = format!(
            "there was no answer within {} s; a write may have happened: send it again with the same idempotency key",
            LONGEST.as_secs()
        );
        Failure::new(error::OVERLOADED, detail).into_response()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_does_not_come_is_not_waited_for() {
        let slow = async |s: u64| {
            tokio::time::sleep(Duration::from_secs(s)).await;
            Response::default()
        };
        assert_eq!(within(slow(59)).await.status(), 200);
        let late = within(slow(61)).await;
        assert_eq!(late.status(), 503);
        assert!(late.headers().contains_key("retry-after"));
    }
}
