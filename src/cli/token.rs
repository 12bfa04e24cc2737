//! `osier token`

use std::ffi::OsStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Args, Command, Error, Subcommand};
use serde::Serialize;

use super::{Stop, duration, output, with_existing, with_service};
use crate::auth::{Scope, matches_pattern};
use crate::config::{Settings, mask};
use crate::service::{At, Fault, MadeToken, NewToken, Principal, Service, TokenCard};

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
  osier token list --all --json

Revoked ones are listed with --all alone. The actor is the name that the history shows.

With --json: {items: [{id, name, actor, scopes, sites, branches, agent, createdAt, lastUsedAt,
expiresAt, revokedAt}]}")]
    List {
        /// Revoked ones too
        #[arg(long)]
        all: bool,
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

Scopes are read, write, review, merge, publish, admin; each includes those before it. Nothing asks
for review, merge and publish yet.
Only the token is printed on stdout, so that a script can keep it: TOKEN=$(osier token create …)

With --json: {id, name, token, actor, scopes, sites, branches, agent, createdAt, expiresAt, store}")]
pub(super) struct Create {
    /// For people to know it by; the history names its actor after it
    #[arg(long)]
    name: String,
    /// What its holder may do: one or several of the scopes below
    #[arg(long, required = true, value_delimiter = ',', value_parser = Scopes, hide_possible_values = true)]
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

/// Reads a scope, and tells shells which there are.
#[derive(Clone)]
struct Scopes;

impl TypedValueParser for Scopes {
    type Value = Scope;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<Scope, Error> {
        let name = value.to_string_lossy().trim().to_owned();
        let known = PossibleValuesParser::new(Scope::ALL.map(Scope::as_str));
        let name = known.parse_ref(command, argument, OsStr::new(&name))?;
        Scope::parse(&name).ok_or_else(|| Error::new(ErrorKind::InvalidValue))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Scope::ALL.into_iter().map(|scope| PossibleValue::new(scope.as_str()))))
    }
}

impl Token {
    pub(super) async fn run(self, settings: &Settings) -> Result<(), Stop> {
        match self {
            Token::Create(create) => create.run(settings).await,
            Token::List { all, json } => list(settings, all, json).await,
            Token::Revoke { id, json } => revoke(settings, &id, json).await,
        }
    }
}

impl Create {
    async fn run(self, settings: &Settings) -> Result<(), Stop> {
        let Create { name, scopes, sites, branches, agent, expires, json } = self;
        let new = NewToken { name, scopes, sites, branches, agent, expires_in_ms: expires };
        let who = Principal::operator();
        let asked = new.scopes.iter().max().copied();
        let made = with_service(settings, async |service| {
            let made = service.create_token(&who, new).await?;
            remark_on_sites(service, &who, &made.card).await;
            Ok(made)
        })
        .await?;
        remark_on_bounds(asked, &made.card);
        let store = mask(&settings.database.value);
        if json {
            return output::say_json(&Shown { made: &made, store });
        }
        let TokenCard { name, id, actor, .. } = &made.card;
        let told = format!("The token {name} ({id}) of the store {store}; what it does is {actor}'s.");
        output::remark(&format!("{} Shown this once:", output::plain(&told)));
        output::say(&format!("{}\n", made.token.reveal()))
    }
}

/// A token that was just made, and the store that takes it.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    made: &'a MadeToken,
    store: String,
}

/// What was asked for and is not given.
fn remark_on_bounds(asked: Option<Scope>, card: &TokenCard) {
    if card.agent && asked > Some(Scope::Write) {
        output::remark(
            "An agent's token never goes beyond write, whatever its scopes say: this one has no more.",
        );
    }
    let on_main = |pattern: &String| matches_pattern(pattern, "main");
    if !card.branches.is_empty() && !card.branches.iter().any(on_main) {
        output::remark(&format!(
            "There are no branches but main yet, and {} does not take it in: this token can write nothing.",
            output::plain(&card.branches.join(", "))
        ));
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

async fn list(settings: &Settings, all: bool, json: bool) -> Result<(), Stop> {
    let who = Principal::operator();
    let mut tokens = with_existing(settings, async |service| Ok(service.tokens(&who).await?)).await?;
    tokens.retain(|token| all || token.revoked_at.is_none());
    if json {
        return output::say_json(&serde_json::json!({ "items": tokens }));
    }
    let columns = ["id", "name", "actor", "holder", "scopes", "sites", "branches", "last use", "end"];
    output::say(&output::listed(&columns, tokens.iter().map(row).collect()))
}

fn row(token: &TokenCard) -> Vec<String> {
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.as_str()).collect();
    let holder = if token.agent { "agent" } else { "person" };
    let used = token.last_used_at.as_ref().map_or("never used".to_owned(), |at| format!("used {at}"));
    let end = match (&token.revoked_at, &token.expires_at) {
        (Some(revoked), _) => format!("revoked {revoked}"),
        (None, Some(expires)) => format!("until {expires}"),
        (None, None) => "none".to_owned(),
    };
    let all_or = |named: &[String]| if named.is_empty() { "all".to_owned() } else { named.join(",") };
    vec![
        token.id.clone(),
        token.name.clone(),
        token.actor.clone(),
        holder.to_owned(),
        scopes.join(","),
        all_or(&token.sites),
        all_or(&token.branches),
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
