//! Tokens: made, listed, revoked, and turned into principals.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::authorize::Action;
use super::outside::rfc3339;
use super::view::NewToken;
use super::{Fault, Result, Service};
use crate::auth::{self, Grant, NewSecret, Principal, Scope};
use crate::store::Token;

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
    /// The principal behind a secret.
    ///
    /// # Errors
    /// `Unauthenticated`, saying whether it is unknown, expired or revoked.
    pub async fn principal(&self, secret: &str) -> Result<Principal> {
        let digest = auth::digest(secret);
        let now = self.outside.clock.now_ms();
        if let Some(known) = self.tokens.get(&digest)
            && known.is_fresh(now)
            && known.expires_ms.is_none_or(|expires| now < expires)
        {
            return Ok(known.principal);
        }
        let unauthenticated = |why: &str| Err(Fault::Unauthenticated(why.into()));
        let Some(token) = self.outside.store.token(&digest).await? else {
            return unauthenticated("no such token: make one with `osier token create`");
        };
        if token.revoked_ms.is_some() {
            self.tokens.remove(&digest);
            return unauthenticated("the token was revoked");
        }
        if token.expires_ms.is_some_and(|expires| now >= expires) {
            return unauthenticated("the token has expired");
        }
        let grant: Grant = serde_json::from_str(&token.grant).map_err(|e| Fault::Internal(e.to_string()))?;
        let principal = Principal { actor: token.actor.into(), grant: Arc::new(grant) };
        let known = Known { principal: principal.clone(), looked_up_ms: now, expires_ms: token.expires_ms };
        self.tokens.insert(digest, known);
        Ok(principal)
    }

    /// Makes a token; its secret is in the answer and nowhere else.
    ///
    /// # Errors
    /// `InsufficientScope` for all but admins, and for scopes beyond the maker's own; `Malformed`.
    pub async fn create_token(&self, who: &Principal, new: NewToken) -> Result<Value> {
        self.allow(who, &Action::ManageTokens)?;
        let name = new.name.trim();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Err(Fault::Malformed("/name".into(), "a token's name has 1 to 100 characters".into()));
        }
        let Some(scope) = new.scopes.iter().max().copied() else {
            return Err(Fault::Malformed("/scopes".into(), "name at least one scope".into()));
        };
        let grant = Grant { scope, sites: new.sites, branches: new.branches, agent: new.agent };
        let mut random = [0; 32];
        self.outside.chance.fill(&mut random);
        let secret = NewSecret::from_random(random);
        let mut id = [0; 10];
        self.outside.chance.fill(&mut id);
        let now = self.outside.clock.now_ms();
        let token = Token {
            id: format!("tok_{}", data_encoding::BASE32_NOPAD.encode(&id).to_ascii_lowercase()),
            name: name.to_owned(),
            actor: handle(name),
            hash: auth::digest(secret.reveal()),
            grant: serde_json::to_string(&grant).map_err(|e| Fault::Internal(e.to_string()))?,
            created_ms: now,
            expires_ms: new.expires_in_ms.map(|ms| now.saturating_add(ms)),
            revoked_ms: None,
        };
        let token = self.outside.store.create_token(token).await?;
        let mut card = card(&token);
        card["token"] = secret.reveal().into();
        Ok(card)
    }

    /// All tokens, without their secrets.
    ///
    /// # Errors
    /// `InsufficientScope`.
    pub async fn tokens(&self, who: &Principal) -> Result<Vec<Value>> {
        self.allow(who, &Action::ManageTokens)?;
        Ok(self.outside.store.tokens().await?.iter().map(card).collect())
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

/// A token as its maker and an admin see it.
fn card(token: &Token) -> Value {
    let grant: Grant = serde_json::from_str(&token.grant).unwrap_or_else(|_| Grant::everything());
    let scopes: Vec<_> = Scope::ALL.into_iter().filter(|scope| grant.allows(*scope)).collect();
    json!({
        "id": token.id,
        "name": token.name,
        "actor": token.actor,
        "scopes": scopes,
        "sites": grant.sites,
        "branches": grant.branches,
        "agent": grant.agent,
        "createdAt": rfc3339(token.created_ms),
        "expiresAt": token.expires_ms.map(rfc3339),
        "revokedAt": token.revoked_ms.map(rfc3339),
    })
}

/// An actor's name from a token's: letters and digits in lower case, everything else a dash.
fn handle(name: &str) -> String {
    let text: String =
        name.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let text = text.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    match text.as_str() {
        "" | "operator" => "token".into(),
        text => text.chars().take(48).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actors_name_comes_from_the_tokens() {
        for (name, actor) in [
            ("Ana Müller", "ana-müller"),
            (" CI / deploy ", "ci-deploy"),
            ("!", "token"),
            ("operator", "token"),
        ] {
            assert_eq!(handle(name), actor);
        }
    }
}
