//! When tokens were used last: noted as they are looked up, written down beside the requests and never within one.
//!
//! The time is for people who ask which tokens are still in use. It may be behind by a minute, and what a store that is
//! down does not take is written later or lost.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Service;

/// A token's last use is written so often at most, in milliseconds.
const PAUSE_MS: i64 = 60_000;

/// What is left to write when the service closes may take so long.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The uses of this process.
#[derive(Default)]
pub(super) struct Uses {
    /// By the ids of tokens: no more than there are tokens.
    noted: Mutex<HashMap<String, Noted>>,
    /// Held while some are being written.
    writing: Arc<tokio::sync::Mutex<()>>,
}

struct Noted {
    used_ms: i64,
    /// The use that is written, here or by another process.
    written_ms: Option<i64>,
    /// When it was tried to write one.
    tried_ms: Option<i64>,
}

impl Uses {
    /// A token was used, and was used last before, as the store has it.
    pub(super) fn note(&self, token: &str, written_ms: Option<i64>, now_ms: i64) {
        let mut noted = self.noted();
        match noted.get_mut(token) {
            Some(noted) => {
                noted.used_ms = noted.used_ms.max(now_ms);
                noted.written_ms = noted.written_ms.max(written_ms);
            }
            None => {
                let first = Noted { used_ms: now_ms, written_ms, tried_ms: written_ms };
                noted.insert(token.to_owned(), first);
            }
        }
    }

    /// Those that are to be written now.
    fn due(&self, now_ms: i64) -> Vec<(String, i64)> {
        let mut noted = self.noted();
        let rested =
            |noted: &Noted| noted.tried_ms.is_none_or(|tried| !(0..PAUSE_MS).contains(&(now_ms - tried)));
        let due = noted.iter_mut().filter(|(_, noted)| noted.is_news() && rested(noted));
        due.map(|(token, noted)| {
            noted.tried_ms = Some(now_ms);
            (token.clone(), noted.used_ms)
        })
        .collect()
    }

    /// All that are not written.
    fn news(&self) -> Vec<(String, i64)> {
        let noted = self.noted();
        let news = noted.iter().filter(|(_, noted)| noted.is_news());
        news.map(|(token, noted)| (token.clone(), noted.used_ms)).collect()
    }

    fn written(&self, uses: &[(String, i64)]) {
        let mut noted = self.noted();
        for (token, used_ms) in uses {
            if let Some(noted) = noted.get_mut(token) {
                noted.written_ms = noted.written_ms.max(Some(*used_ms));
            }
        }
    }

    fn noted(&self) -> MutexGuard<'_, HashMap<String, Noted>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Noted {
    fn is_news(&self) -> bool {
        self.written_ms.is_none_or(|written| written < self.used_ms)
    }
}

impl Service {
    /// Writes what is due, beside the caller and one batch at a time.
    pub(super) fn write_uses(self: &Arc<Self>) {
        let Ok(alone) = Arc::clone(&self.uses.writing).try_lock_owned() else { return };
        let uses = self.uses.due(self.outside.clock.now_ms());
        if uses.is_empty() {
            return;
        }
        let service = Arc::clone(self);
        tokio::spawn(async move {
            service.keep_uses(uses).await;
            drop(alone);
        });
    }

    /// Writes all that is not written yet: the service closes.
    pub(super) async fn write_last_uses(&self) {
        let uses = self.uses.news();
        if !uses.is_empty() {
            let _ = tokio::time::timeout(LAST_WORDS, self.keep_uses(uses)).await;
        }
    }

    async fn keep_uses(&self, uses: Vec<(String, i64)>) {
        // A store that is down is told to whoever needs it.
        if self.outside.store.tokens_used(&uses).await.is_ok() {
            self.uses.written(&uses);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(uses: &Uses, now_ms: i64) -> Vec<(String, i64)> {
        let due = uses.due(now_ms);
        uses.written(&due);
        due
    }

    #[test]
    fn a_tokens_uses_are_written_once_a_minute() {
        let uses = Uses::default();
        for now_ms in [1_000, 1_500, 2_000] {
            uses.note("tok_a", None, now_ms);
        }
        assert_eq!(due(&uses, 2_000), [("tok_a".to_owned(), 2_000)]);
        assert!(due(&uses, 99_000).is_empty(), "it was not used since");
        uses.note("tok_a", Some(2_000), 30_000);
        assert!(due(&uses, 61_999).is_empty());
        assert_eq!(due(&uses, 62_000), [("tok_a".to_owned(), 30_000)]);
    }

    #[test]
    fn what_another_process_wrote_a_moment_ago_is_not_written_again() {
        let uses = Uses::default();
        uses.note("tok_a", Some(90_000), 100_000);
        assert!(due(&uses, 100_000).is_empty());
        assert_eq!(uses.news().len(), 1, "but when the service closes");
        assert_eq!(due(&uses, 150_000), [("tok_a".to_owned(), 100_000)]);
    }

    #[test]
    fn what_a_store_did_not_take_is_tried_again_a_minute_later() {
        let uses = Uses::default();
        uses.note("tok_a", None, 1_000);
        assert_eq!(uses.due(1_000).len(), 1);
        assert!(uses.due(2_000).is_empty());
        assert_eq!(uses.due(61_000), [("tok_a".to_owned(), 1_000)]);
    }
}
