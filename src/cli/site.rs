//! `osier site`

use std::io::{self, IsTerminal};

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::{Stop, output, with_existing, with_service};
use crate::config::Settings;
use crate::service::{At, Envelope, Made, Paging, Principal, SiteCard, Source};

/// Make, list, show, change and remove sites
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  osier site create my-site --name 'My site'
  osier site list
  osier site show my-site --json
  osier site remove my-site --yes")]
pub(super) enum Site {
    /// Make a site
    #[command(after_help = "\
Example:
  osier site create my-site --name 'My site' --purpose 'Sell baskets'

The same site again changes nothing.

With --json: {id, createdAt, name, previewUrl?, purpose?}")]
    Create {
        /// Its id in addresses
        id: String,
        #[command(flatten)]
        about: About,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// List all sites
    #[command(after_help = "\
Example:
  osier site list --json

With --json: {items: [{id, createdAt, name, previewUrl?, purpose?, …}]}")]
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one site
    #[command(after_help = "\
Example:
  osier site show my-site

With --json: {id, createdAt, name, previewUrl?, purpose?, …}: all that its config says")]
    Show {
        /// Its id
        id: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Change what a site says of itself: a commit, which can be undone
    #[command(after_help = "\
Examples:
  osier site update my-site --name 'My new site'
  osier site update my-site --purpose \"\"            takes the purpose away

With --json: {id, createdAt, name, previewUrl?, purpose?, …}")]
    Update {
        /// Its id
        id: String,
        #[command(flatten)]
        about: About,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Take a site away; its id may be used again
    #[command(after_help = "\
Examples:
  osier site remove my-site
  osier site remove my-site --yes

It asks first, on a terminal; elsewhere it wants --yes. Its log stays in the store, and osier verify
checks it, but no command brings the site back: keep an osier export or a backup of it. Tokens
that are bound to it stay, and are named: they are good for a site made of that id later.

With --json: {id, removed: true}")]
    Remove {
        /// Its id
        id: String,
        /// Don't ask
        #[arg(long)]
        yes: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// What a site says of itself.
#[derive(Args)]
pub(super) struct About {
    /// Its name [default: the id]
    #[arg(long)]
    name: Option<String>,
    /// Where it can be seen
    #[arg(long, value_name = "URL")]
    preview_url: Option<String>,
    /// What it is for, in a sentence
    #[arg(long, value_name = "TEXT")]
    purpose: Option<String>,
}

impl About {
    /// The fields of the config that were named. One that is empty is taken away.
    fn fields(self) -> Map<String, Value> {
        let fields = [("name", self.name), ("previewUrl", self.preview_url), ("purpose", self.purpose)];
        let said = |(name, value): (&str, Option<String>)| {
            let value = value.map(|text| if text.is_empty() { Value::Null } else { text.into() })?;
            Some((name.to_owned(), value))
        };
        fields.into_iter().filter_map(said).collect()
    }
}

impl Site {
    pub(super) async fn run(self, settings: &Settings) -> Result<(), Stop> {
        match self {
            Site::Create { id, about, json } => create(settings, &id, about.fields(), json).await,
            Site::List { json } => list(settings, json).await,
            Site::Show { id, json } => show(settings, &id, json).await,
            Site::Update { id, about, json } => update(settings, &id, about.fields(), json).await,
            Site::Remove { id, yes, json } => remove(settings, &id, yes, json).await,
        }
    }
}

async fn create(settings: &Settings, id: &str, fields: Map<String, Value>, json: bool) -> Result<(), Stop> {
    let who = Principal::operator();
    let (card, made) =
        with_service(settings, async |service| Ok(service.create_site(&who, id, fields).await?)).await?;
    match made {
        _ if json => output::say_json(&card),
        Made::New => output::say(&format!("the site {} is made\n", card.id)),
        Made::Unchanged => output::say(&format!("the site {} was there already\n", card.id)),
    }
}

async fn list(settings: &Settings, json: bool) -> Result<(), Stop> {
    let cards = with_existing(settings, async |service| {
        let (mut cards, mut cursor) = (Vec::new(), None);
        loop {
            let listed = service.sites(&Principal::operator(), &Paging { limit: 500, cursor }).await?;
            cards.extend(listed.items);
            cursor = listed.next_cursor;
            if cursor.is_none() {
                return Ok(cards);
            }
        }
    });
    let cards = cards.await?;
    if json {
        return output::say_json(&json!({ "items": cards }));
    }
    let rows: Vec<_> =
        cards.iter().map(|card| vec![card.id.clone(), output::field(&card.config, "name")]).collect();
    output::say(&output::listed(&["id", "name"], rows))
}

async fn show(settings: &Settings, id: &str, json: bool) -> Result<(), Stop> {
    let card = with_existing(settings, async |service| {
        Ok(service.site(&Principal::operator(), id, &At::default()).await?)
    })
    .await?;
    say(&card, json)
}

async fn update(settings: &Settings, id: &str, patch: Map<String, Value>, json: bool) -> Result<(), Stop> {
    if patch.is_empty() {
        return Err(Stop::Usage("nothing to change: say --name, --preview-url or --purpose".into()));
    }
    let who = Principal::operator();
    let op = json!({ "op": "update_site_config", "patch": patch });
    let envelope = Envelope { site: Some(id.to_owned()), ops: vec![op], ..Envelope::default() };
    let changed = with_existing(settings, async |service| {
        // The request's bytes matter to idempotency keys only, and there is none.
        service.submit(&who, Source::Cli, &[], envelope).await?;
        Ok(service.site(&who, id, &At::default()).await?)
    });
    say(&changed.await?, json)
}

async fn remove(settings: &Settings, id: &str, yes: bool, json: bool) -> Result<(), Stop> {
    if !yes && !io::stdin().is_terminal() {
        return Err(Stop::Usage(format!(
            "nobody is here to be asked: --yes removes the site {id}, and no command brings it back"
        )));
    }
    let who = Principal::operator();
    let bound = with_existing(settings, async |service| {
        let name = output::field(&service.site(&who, id, &At::default()).await?.config, "name");
        if !yes && !agreed(id, &name).await? {
            return Err(Stop::Found("nothing was removed".into()));
        }
        service.remove_site(&who, id).await?;
        Ok(service.tokens_bound_to(&who, id).await?)
    });
    for token in bound.await? {
        output::remark(&format!(
            "The token {} ({}) is still bound to '{id}', and is good for a site made of that id later; `osier token revoke {}` ends it.",
            token.name, token.id, token.id
        ));
    }
    match json {
        true => output::say_json(&json!({ "id": id, "removed": true })),
        false => output::say(&format!("the site {id} is removed; its log stays in the store\n")),
    }
}

/// Whether the person at the terminal says yes.
async fn agreed(id: &str, name: &str) -> Result<bool, Stop> {
    let asked = format!(
        "Remove the site {id} ({name})? Its log stays in the store, but no command brings it back. [y/N]"
    );
    output::remark(&output::plain(&asked));
    let answer = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).map(|_| answer)
    });
    let answer = answer.await.map_err(|e| Stop::Found(format!("asking broke off: {e}")))?;
    let answer = answer.map_err(|e| Stop::Missing(format!("stdin: {e}")))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// A site, field by field.
fn say(card: &SiteCard, json: bool) -> Result<(), Stop> {
    if json {
        return output::say_json(card);
    }
    let mut rows =
        vec![vec!["id".to_owned(), card.id.clone()], vec!["createdAt".to_owned(), card.created_at.clone()]];
    for name in card.config.as_object().into_iter().flat_map(Map::keys) {
        rows.push(vec![name.clone(), output::field(&card.config, name)]);
    }
    output::say(&output::table(&rows))
}
