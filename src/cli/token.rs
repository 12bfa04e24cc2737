//! `osier token`

use clap::{Args, Subcommand};

use super::{Stop, duration, output, with_existing, with_service};
use crate::auth::Scope;
use crate::config::Settings;
use crate::service::{At, Fault, NewToken, Principal, Service, TokenCard};

/// Make, list and revoke access tokens
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  osier token create --name ci --scopes read,write --sites demo --expires 30d
  osier token list
  osier token revoke tok_mzoglrfk5ifvnaik")]
pub(super) enum Token {
    Create(Create),
    /// List all tokens, without their secrets
    #[command(after_help = "\
Examples:
  osier token list
  osier token list --json

In columns: id, name, held by an agent or a person, scopes, sites, branches, last use, until when.

With --json: {items: [{id, name, actor, scopes, sites, branches, agent, createdAt, lastUsedAt,
expiresAt, revokedAt}]}")]
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Take a token back, at once and for good
    #[command(after_help = "\
Example:
  osier token revoke tok_mzoglrfk5ifvnaik

Once it has answered, no server on this store takes the token any more.

With --json: {id, revoked: true}")]
    Revoke {
        /// Its id, as `osier token list` prints it
        id: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// Make a token; its secret is printed this once
#[derive(Args)]
#[command(after_help = "\
Examples:
  osier token create --name ci --scopes read,write --expires 30d
  osier token create --name writer --scopes write --sites demo,blog --agent --json

Scopes are read, write, review, merge, publish, admin; each includes those before it.
Only the token is printed on stdout, so that a script can keep it: TOKEN=$(osier token create …)

With --json: {id, name, token, actor, scopes, sites, branches, agent, createdAt, expiresAt}")]
pub(super) struct Create {
    /// For people to know it by; the history shows it
    #[arg(long)]
    name: String,
    /// What its holder may do: one or several of the scopes below
    #[arg(long, required = true, value_delimiter = ',', value_parser = scope)]
    scopes: Vec<Scope>,
    /// Only on these sites [default: all]
    #[arg(long, value_delimiter = ',')]
    sites: Vec<String>,
    /// Write only on branches that fit, as in 'agent/*' [default: all]
    #[arg(long, value_delimiter = ',')]
    branches: Vec<String>,
    /// For an agent: it never merges, approves, publishes or administers
    #[arg(long)]
    agent: bool,
    /// It ends by itself after this time, as in 12h or 30d [default: never]
    #[arg(long, value_name = "TIME", value_parser = duration::parse_ms)]
    expires: Option<i64>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

fn scope(name: &str) -> Result<Scope, String> {
    Scope::parse(name.trim()).ok_or_else(|| {
        let all: Vec<&str> = Scope::ALL.into_iter().map(Scope::as_str).collect();
        format!("scopes are {}", all.join(", "))
    })
}

impl Token {
    pub(super) async fn run(self, settings: &Settings) -> Result<(), Stop> {
        match self {
            Token::Create(create) => create.run(settings).await,
            Token::List { json } => list(settings, json).await,
            Token::Revoke { id, json } => revoke(settings, &id, json).await,
        }
    }
}

impl Create {
    async fn run(self, settings: &Settings) -> Result<(), Stop> {
        let Create { name, scopes, sites, branches, agent, expires, json } = self;
        let new = NewToken { name, scopes, sites, branches, agent, expires_in_ms: expires };
        let who = Principal::operator();
        let made = with_service(settings, async |service| {
            let made = service.create_token(&who, new).await?;
            remark_on_sites(service, &who, &made.card).await;
            Ok(made)
        })
        .await?;
        if json {
            return output::say_json(&made);
        }
        output::remark(&format!("The token {} ({}), shown this once:", made.card.name, made.card.id));
        output::say(&format!("{}\n", made.token.reveal()))
    }
}

/// A token may be made before its site; more often the name is a slip.
async fn remark_on_sites(service: &Service, who: &Principal, card: &TokenCard) {
    for site in &card.sites {
        if let Err(Fault::SiteNotFound(_)) = service.site(who, site, &At::default()).await {
            output::remark(&format!(
                "There is no site '{site}' yet; `osier site list` prints those that are."
            ));
        }
    }
}

async fn list(settings: &Settings, json: bool) -> Result<(), Stop> {
    let who = Principal::operator();
    let tokens = with_existing(settings, async |service| Ok(service.tokens(&who).await?)).await?;
    if json {
        return output::say_json(&serde_json::json!({ "items": tokens }));
    }
    let rows: Vec<_> = tokens.iter().map(row).collect();
    output::say(&output::table(&rows))
}

fn row(token: &TokenCard) -> Vec<String> {
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.as_str()).collect();
    let holder = if token.agent { "agent" } else { "person" };
    let used = token.last_used_at.as_ref().map_or("never used".to_owned(), |at| format!("used {at}"));
    let end = match (&token.revoked_at, &token.expires_at) {
        (Some(revoked), _) => format!("revoked {revoked}"),
        (None, Some(expires)) => format!("until {expires}"),
        (None, None) => String::new(),
    };
    vec![
        token.id.clone(),
        token.name.clone(),
        holder.to_owned(),
        scopes.join(", "),
        token.sites.join(", "),
        token.branches.join(", "),
        used,
        end,
    ]
}

async fn revoke(settings: &Settings, id: &str, json: bool) -> Result<(), Stop> {
    let who = Principal::operator();
    if with_existing(settings, async |service| Ok(service.revoke_token(&who, id).await?)).await? {
        return match json {
            true => output::say_json(&serde_json::json!({ "id": id, "revoked": true })),
            false => output::say(&format!("the token {id} is revoked\n")),
        };
    }
    Err(Stop::Found(format!("there is no living token {id}; `osier token list` prints them")))
}
