//! `osier site`

use clap::Subcommand;
use serde_json::{Map, Value};

use super::{Stop, output, with_service};
use crate::config::Settings;
use crate::service::{Made, Paging, Principal, SiteCard};

/// Make, list and show sites
#[derive(Subcommand)]
pub(super) enum Site {
    /// Make a site
    #[command(after_help = "Example:\n  osier site create my-site --name 'My site'")]
    Create {
        /// Its id in addresses
        id: String,
        /// Its name [default: the id]
        #[arg(long)]
        name: Option<String>,
        /// Where it can be seen
        #[arg(long, value_name = "URL")]
        preview_url: Option<String>,
        /// What it is for, in a sentence
        #[arg(long)]
        purpose: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// List all sites
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one site
    Show {
        /// Its id
        id: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Take a site away; its id may be used again
    Remove {
        /// Its id
        id: String,
    },
}

impl Site {
    pub(super) async fn run(self, settings: &Settings) -> Result<(), Stop> {
        match self {
            Site::Create { id, name, preview_url, purpose, json } => {
                let fields = [("name", name), ("previewUrl", preview_url), ("purpose", purpose)];
                let fields =
                    fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.into())));
                create(settings, &id, fields.collect(), json).await
            }
            Site::List { json } => list(settings, json).await,
            Site::Show { id, json } => show(settings, &id, json).await,
            Site::Remove { id } => {
                let who = Principal::operator();
                with_service(settings, async |service| Ok(service.remove_site(&who, &id).await?)).await?;
                output::say(&format!("the site {id} is removed\n"))
            }
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
    let cards = with_service(settings, async |service| {
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
        return output::say_json(&serde_json::json!({ "items": cards }));
    }
    let rows: Vec<_> =
        cards.iter().map(|card| vec![card.id.clone(), output::field(&card.config, "name")]).collect();
    output::say(&output::table(&rows))
}

async fn show(settings: &Settings, id: &str, json: bool) -> Result<(), Stop> {
    let card: SiteCard =
        with_service(settings, async |service| Ok(service.site(&Principal::operator(), id).await?)).await?;
    if json {
        return output::say_json(&card);
    }
    let mut rows =
        vec![vec!["id".to_owned(), card.id.clone()], vec!["createdAt".to_owned(), card.created_at.clone()]];
    for name in card.config.as_object().into_iter().flat_map(Map::keys) {
        rows.push(vec![name.clone(), output::field(&card.config, name)]);
    }
    output::say(&output::table(&rows))
}
