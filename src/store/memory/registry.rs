//! Sites in memory.

use async_trait::async_trait;
use bytes::Bytes;

use super::{Memory, SiteRow, Tables};
use crate::store::{Created, KeyedAnswer, Registry, Result, Site, SiteKey};

#[async_trait]
impl Registry for Memory {
    async fn create_site_once(
        &self,
        id: &str,
        genesis: &[u8],
        at_ms: i64,
        answer: Option<&KeyedAnswer>,
    ) -> Result<Created> {
        let mut tables = self.tables();
        if let Some(kept) = answer.and_then(|answer| tables.answers.get(&place(answer))) {
            return Ok(Created::Answered(kept.clone()));
        }
        if let Some(row) = tables.sites.iter().find(|row| row.site.id == id && row.removed_ms.is_none()) {
            return Ok(Created::There(row.site.clone()));
        }
        let last = tables.sites.last().map_or(0, |row| row.site.key.0);
        let site = Site {
            key: SiteKey(last + 1),
            id: id.to_owned(),
            genesis: Bytes::copy_from_slice(genesis),
            created_ms: at_ms,
        };
        tables.sites.push(SiteRow { site: site.clone(), removed_ms: None });
        if let Some(answer) = answer {
            tables.answers.insert(place(answer), answer.clone());
            tables.forget_old_answers(answer);
        }
        Ok(Created::New(site))
    }

    async fn keep_answer(&self, answer: &KeyedAnswer) -> Result<KeyedAnswer> {
        let mut tables = self.tables();
        let kept = tables.answers.entry(place(answer)).or_insert_with(|| answer.clone()).clone();
        tables.forget_old_answers(answer);
        Ok(kept)
    }

    async fn site(&self, id: &str) -> Result<Option<Site>> {
        let tables = self.tables();
        let row = tables.sites.iter().find(|row| row.site.id == id && row.removed_ms.is_none());
        Ok(row.map(|row| row.site.clone()))
    }

    async fn sites(&self, after: &str, limit: usize) -> Result<Vec<Site>> {
        let tables = self.tables();
        let living =
            tables.sites.iter().filter(|row| row.removed_ms.is_none() && row.site.id.as_str() > after);
        let mut sites: Vec<Site> = living.map(|row| row.site.clone()).collect();
        sites.sort_by(|a, b| a.id.cmp(&b.id));
        sites.truncate(limit);
        Ok(sites)
    }

    async fn remove_site(&self, site: SiteKey, at_ms: i64) -> Result<bool> {
        let mut tables = self.tables();
        let row = tables.sites.iter_mut().find(|row| row.site.key == site && row.removed_ms.is_none());
        Ok(row.map(|row| row.removed_ms = Some(at_ms)).is_some())
    }

    async fn ping(&self) -> Result<()> {
        Ok(())
    }
}

impl Tables {
    fn forget_old_answers(&mut self, newest: &KeyedAnswer) {
        let old = self.answers.iter().filter(|(_, answer)| answer.at_ms < newest.old_ms());
        let places: Vec<_> = old.map(|(place, _)| place.clone()).take(KeyedAnswer::FORGOTTEN).collect();
        for place in places {
            self.answers.remove(&place);
        }
    }
}

fn place(answer: &KeyedAnswer) -> (String, String) {
    (answer.who.clone(), answer.key.clone())
}
