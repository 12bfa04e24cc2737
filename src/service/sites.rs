//! The registry of sites. What a site says of itself is its config, which ops change; the registry knows its id.

mod list;
mod once;

use serde_json::{Map, Value, json};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::authorize::{Action, Deed};
use super::envelope::Envelope;
use super::outside::rfc3339;
use super::site::OpenSite;
use super::view::{At, Made, Repeatable, SiteCard};
use super::{Fault, Result, Service};
use crate::auth::Principal;
use crate::content::json::canonical;
use crate::content::problem::Halt;
use crate::content::site_config;
use crate::store::{Created, Source};

/// Longest id of a site.
const MAX_ID: usize = 64;

impl Service {
    /// Makes a site with a config to start from. The same site again with equal content is left as it is.
    ///
    /// # Errors
    /// `BadSite`, `SiteTaken`, `Refused` for fields a config can't have.
    pub async fn create_site(
        &self,
        who: &Principal,
        id: &str,
        fields: Map<String, Value>,
    ) -> Result<(SiteCard, Made)> {
        self.make_site(who, id, fields, None).await
    }

    /// The same under an idempotency key of the caller's: the same request gets the first answer again, whatever became
    /// of the site since. A refusal is not kept.
    ///
    /// # Errors
    /// As `create_site`; `KeyReused` where the key came with another request.
    pub async fn create_site_once(
        &self,
        who: &Principal,
        id: &str,
        fields: Map<String, Value>,
        once: Repeatable<'_>,
    ) -> Result<(SiteCard, Made)> {
        self.make_site(who, id, fields, Some(once)).await
    }

    async fn make_site(
        &self,
        who: &Principal,
        id: &str,
        fields: Map<String, Value>,
        once: Option<Repeatable<'_>>,
    ) -> Result<(SiteCard, Made)> {
        let id = normalise(id).ok_or_else(|| Fault::BadSite(id.to_owned()))?;
        self.allow(who, &Action::OnSite(&id, Deed::Make))?;
        let config = site_config::patched(&json!({}), &fields, "").map_err(refused)?;
        match self.make_or_find(who, &id, &config, once).await {
            // It was there, and was removed before it was looked at: then its id is free.
            Err(Fault::SiteNotFound(_)) => self.make_or_find(who, &id, &config, once).await,
            made => made,
        }
    }

    /// Makes a site, or finds it there as it would have been made.
    ///
    /// # Errors
    /// `SiteNotFound` where it was there and is no more.
    async fn make_or_find(
        &self,
        who: &Principal,
        id: &str,
        config: &Value,
        once: Option<Repeatable<'_>>,
    ) -> Result<(SiteCard, Made)> {
        self.allow(who, &Action::OnSite(id, Deed::Make))?;
        let (genesis, now) = (canonical(config), self.outside.clock.now_ms());
        let fresh = card_of(id, now, config);
        let answer = once.map(|once| once::kept(who, once, (&fresh, Made::New), now)).transpose()?;
        let store = &self.outside.store;
        let site = match store.create_site_once(id, genesis.as_bytes(), now, answer.as_ref()).await? {
            Created::New(_) => return Ok((fresh, Made::New)),
            Created::There(site) => site,
            Created::Answered(kept) => {
                let once = once.ok_or_else(|| Fault::Internal("an answer without a key".into()))?;
                return once::again(&kept, once);
            }
        };
        let open = self.enter(who, id, Deed::Make).await?;
        let same = site.genesis == genesis.as_bytes() || *open.head.load().root.config == *config;
        if !same {
            return Err(Fault::SiteTaken(id.to_owned()));
        }
        let card = card(&open);
        let Some(once) = once else { return Ok((card, Made::Unchanged)) };
        // Another may have brought the same key meanwhile: then its answer stands.
        let answer = once::kept(who, once, (&card, Made::Unchanged), now)?;
        once::again(&store.keep_answer(&answer).await?, once)
    }

    /// A site, with its config in a state.
    ///
    /// # Errors
    /// `SiteNotFound`, and those of refs.
    pub async fn site(&self, who: &Principal, site: &str, at: &At) -> Result<SiteCard> {
        let (open, state) = self.state(who, site, at).await?;
        Ok(card_of(&open.site.id, open.site.created_ms, &state.root().config))
    }

    /// Changes a site's config: the op `update_site_config`, so that it can be undone like everything else.
    ///
    /// # Errors
    /// As `submit`.
    pub async fn update_site(
        &self,
        who: &Principal,
        site: &str,
        patch: Map<String, Value>,
    ) -> Result<SiteCard> {
        let open = self.enter(who, site, Deed::Change).await?;
        let op = json!({ "op": "update_site_config", "patch": patch });
        let envelope = Envelope { site: Some(site.to_owned()), ops: vec![op], ..Envelope::default() };
        self.submit(who, Source::Api, &[], envelope).await?;
        Ok(card(self.enter_again(&open).await?.as_ref()))
    }

    /// Takes a site away: its id is free at once, its log stays in the store under its number.
    ///
    /// Tokens are bound to ids, and stay as they are: one that was bound to this site reads and writes whichever site is
    /// made of the same id later. Whoever means to use the id again revokes them first; `tokens_bound_to` names them.
    ///
    /// # Errors
    /// `SiteNotFound`, `InsufficientScope`.
    pub async fn remove_site(&self, who: &Principal, site: &str) -> Result<()> {
        let open = self.enter(who, site, Deed::Remove).await?;
        self.outside.store.remove_site(open.site.key, self.outside.clock.now_ms()).await?;
        self.sites.part_with(&open);
        Ok(())
    }
}

fn card(open: &OpenSite) -> SiteCard {
    card_of(&open.site.id, open.site.created_ms, &open.head.load().root.config)
}

fn card_of(id: &str, created_ms: i64, config: &Value) -> SiteCard {
    let mut config = config.clone();
    if let Value::Object(fields) = &mut config {
        // Lists show names: a site whose config has none goes by its id.
        fields.entry("name").or_insert_with(|| id.into());
    }
    SiteCard { id: id.to_owned(), created_at: rfc3339(created_ms), config }
}

fn refused(halt: Halt) -> Fault {
    match halt {
        Halt::Refused(problems) => Fault::Refused(problems),
        Halt::Missing(_) => Fault::Internal("a config needs no page".into()),
        Halt::Broken(what) => Fault::Internal(what),
    }
}

/// A site's id as addresses have it: lower case, letters without their accents, runs of anything but letters and digits one dash.
pub(super) fn normalise(id: &str) -> Option<String> {
    if id.contains('\0') {
        return None;
    }
    let plain = id.nfkd().filter(|sign| !is_combining_mark(*sign)).collect::<String>().to_lowercase();
    let id: String = plain.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let id = id.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    (1..=MAX_ID).contains(&id.len()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_made_fit_for_addresses() {
        assert_eq!(normalise(" My Site! ").as_deref(), Some("my-site"));
        assert_eq!(normalise("Café Shop!").as_deref(), Some("cafe-shop"));
        assert_eq!(normalise("a__b").as_deref(), Some("a-b"));
        assert_eq!(normalise("../.."), None);
        assert_eq!(normalise("a\0b"), None);
        assert_eq!(normalise(&"x".repeat(65)), None);
    }
}
