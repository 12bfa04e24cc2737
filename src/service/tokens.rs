//! Tokens: made, listed, revoked, and turned into principals.

mod new;
mod strangers;

use std::sync::Arc;
use std::time::Duration;

use super::authorize::Action;
use super::outside::rfc3339;
use super::view::{MadeToken, NewToken, TokenCard};
use super::{Fault, Result, Service, watch};
use crate::auth::{self, Grant, NewSecret, Principal, Scope};
use crate::store::Token;
pub(super) use strangers::Strangers;

/// How long a token that was looked up is trusted. Who revokes one waits as long, so that no process of this store
/// takes it any more when its revocation is told.
const TRUST: Duration = Duration::from_millis(500);

/// A token that was looked up.
#[derive(Clone)]
pub(super) struct Known {
    principal: Principal,
    looked_up_ms: i64,
    expires_ms: Option<i64>,
}

impl Known {
    fn is_fresh(&self, now_ms: i64) -> bool {
        u128::try_from(now_ms - self.looked_up_ms).is_ok_and(|age_ms| age_ms < TRUST.as_millis())
    }
}

impl Service {
    /// Whether a secret was good here, so that its next lookup is nobody's try.
    #[must_use]
    pub fn knows(&self, secret: &str) -> bool {
        self.tokens.peek(&auth::hash(secret)).is_some()
    }

    /// The principal behind a secret.
    ///
    /// # Errors
    /// As `principal_from`.
    pub async fn principal(&self, secret: &str) -> Result<Principal> {
        self.principal_from(secret, 0).await
    }

    /// The principal behind a secret that came from somewhere: a number for where, so that many who try secrets out from
    /// one place hold up nobody elsewhere.
    ///
    /// # Errors
    /// `Unauthenticated`, saying whether it is unknown, expired or revoked; `Overloaded` where too many try out secrets
    /// that nobody knows.
    pub async fn principal_from(&self, secret: &str, place: u64) -> Result<Principal> {
        let now = self.outside.clock.now_ms();
        let known = self.tokens.get(&auth::hash(secret));
        if let Some(known) = &known
            && known.is_fresh(now)
            && known.expires_ms.is_none_or(|expires| now < expires)
        {
            return Ok(known.principal.clone());
        }
        let Some(digest) = auth::digest(secret) else {
            return unauthenticated(
                "this is no token of Osier's, or not all of it: `osier token create` makes one",
            );
        };
        let turn = if known.is_none() { Some(self.strangers.turn(place).await?) } else { None };
        let token = self.outside.store.token(&digest).await?;
        drop(turn);
        let Some(token) = token else {
            return unauthenticated("no such token: make one with `osier token create`");
        };
        if token.revoked_ms.is_some() {
            self.tokens.remove(&digest);
            return unauthenticated("the token was revoked: make another with `osier token create`");
        }
        if token.expires_ms.is_some_and(|expires| now >= expires) {
            self.tokens.remove(&digest);
            return unauthenticated("the token has expired: make another with `osier token create`");
        }
        self.uses.note(&token.id, token.used_ms, now);
        self.watch.call_once(|| drop(tokio::spawn(watch::run(self.me.clone()))));
        let grant = grant(&token)?;
        let principal = Principal { actor: token.actor.into(), grant: Arc::new(grant) };
        let known = Known { principal: principal.clone(), looked_up_ms: now, expires_ms: token.expires_ms };
        self.tokens.insert(digest, known);
        Ok(principal)
    }

    /// Makes a token; its secret is in the answer and nowhere else.
    ///
    /// # Errors
    /// `InsufficientScope` for all but admins who are bound to no site and no branch; `Malformed`.
    pub async fn create_token(&self, who: &Principal, new: NewToken) -> Result<MadeToken> {
        self.allow(who, &Action::ManageTokens)?;
        let now = self.outside.clock.now_ms();
        let name = new::name(&new.name)?.to_owned();
        let expires_ms = new::expiry(new.expires_in_ms, now)?;
        let grant = new::grant(new)?;
        let mut random = [0; 32];
        self.outside.chance.fill(&mut random);
        let secret = NewSecret::from_random(random);
        let unkept = || Fault::Internal("a secret that was just made has not the form of one".into());
        let mut id = [0; 10];
        self.outside.chance.fill(&mut id);
        let token = Token {
            id: format!("tok_{}", data_encoding::BASE32_NOPAD.encode(&id).to_ascii_lowercase()),
            actor: new::handle(&name),
            name,
            hash: auth::digest(secret.reveal()).ok_or_else(unkept)?,
            grant: serde_json::to_string(&grant).map_err(|e| Fault::Internal(e.to_string()))?,
            created_ms: now,
            expires_ms,
            revoked_ms: None,
            used_ms: None,
        };
        let token = self.outside.store.create_token(token).await?;
        Ok(MadeToken { card: card(&token)?, token: secret })
    }

    /// All tokens, without their secrets.
    ///
    /// # Errors
    /// `InsufficientScope`.
    pub async fn tokens(&self, who: &Principal) -> Result<Vec<TokenCard>> {
        self.allow(who, &Action::ManageTokens)?;
        self.outside.store.tokens().await?.iter().map(card).collect()
    }

    /// The tokens that are bound to a site's id, among others or alone, and are good.
    ///
    /// # Errors
    /// `InsufficientScope`.
    pub async fn tokens_bound_to(&self, who: &Principal, site: &str) -> Result<Vec<TokenCard>> {
        self.allow(who, &Action::ManageTokens)?;
        let now = self.outside.clock.now_ms();
        let tokens = self.outside.store.tokens().await?;
        let living = |token: &&Token| {
            token.revoked_ms.is_none() && token.expires_ms.is_none_or(|expires| now < expires)
        };
        let cards = tokens.iter().filter(living).map(card);
        cards
            .filter(|card| !card.as_ref().is_ok_and(|card| !card.sites.iter().any(|id| id == site)))
            .collect()
    }

    /// Revokes a token: refused everywhere once this has answered. `false` where there is no living one of that id.
    ///
    /// # Errors
    /// `InsufficientScope`.
    pub async fn revoke_token(&self, who: &Principal, id: &str) -> Result<bool> {
        self.allow(who, &Action::ManageTokens)?;
        let revoked = self.outside.store.revoke_token(id, self.outside.clock.now_ms()).await?;
        self.tokens.clear();
        if revoked {
            tokio::time::sleep(TRUST).await;
        }
        Ok(revoked)
    }
}

fn unauthenticated<T>(why: &str) -> Result<T> {
    Err(Fault::Unauthenticated(why.into()))
}

fn grant(token: &Token) -> Result<Grant> {
    serde_json::from_str(&token.grant).map_err(|e| Fault::Internal(format!("the grant of {}: {e}", token.id)))
}

/// A token as its maker and an admin see it.
fn card(token: &Token) -> Result<TokenCard> {
    let grant = grant(token)?;
    Ok(TokenCard {
        id: token.id.clone(),
        name: token.name.clone(),
        actor: token.actor.clone(),
        scopes: Scope::ALL.into_iter().filter(|scope| grant.allows(*scope)).collect(),
        sites: grant.sites,
        branches: grant.branches,
        agent: grant.agent,
        created_at: rfc3339(token.created_ms),
        last_used_at: token.used_ms.map(rfc3339),
        expires_at: token.expires_ms.map(rfc3339),
        revoked_at: token.revoked_ms.map(rfc3339),
    })
}
