//! What makes a site, what changes what it says of itself, and what is said of one that was there.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::service::{SiteCard, SiteConfig};

/// A site's id, and whatever its config is to begin with.
pub(in crate::http) enum NewSite {}

impl JsonSchema for NewSite {
    fn schema_name() -> Cow<'static, str> {
        "NewSite".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = SiteConfig::json_schema(generator);
        let fields = schema.ensure_object();
        fields.insert("title".to_owned(), "NewSite".into());
        fields.insert("description".to_owned(), "A site's id, and what its config is to begin with.".into());
        fields.insert("required".to_owned(), json!(["id"]));
        let id = json!({
            "type": "string",
            "description": "Its name in addresses: 1 to 64 letters, digits and dashes once it is normalised.",
        });
        let mut properties = Map::from_iter([("id".to_owned(), id)]);
        if let Some(Value::Object(own)) = fields.get_mut("properties") {
            properties.append(own);
        }
        fields.insert("properties".to_owned(), Value::Object(properties));
        schema
    }
}

/// A merge patch (RFC 7396) on a config.
pub(in crate::http) enum SitePatch {}

impl JsonSchema for SitePatch {
    fn schema_name() -> Cow<'static, str> {
        "SitePatch".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let config = SiteConfig::json_schema(generator);
        let own = config.get("properties").and_then(Value::as_object).into_iter().flatten();
        let described =
            |(name, field): (&String, &Value)| (name.clone(), json!({ "description": field["description"] }));
        let fields: Map<String, Value> = own.map(described).collect();
        json_schema!({
            "description": "A merge patch (RFC 7396) on the config: what is named is set, `null` removes.",
            "type": "object",
            "properties": fields,
            "additionalProperties": false,
        })
    }
}

/// A site that was there already.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct Unchanged {
    #[serde(flatten)]
    pub(in crate::http) card: SiteCard,
    /// It was left as it is.
    pub(in crate::http) unchanged: bool,
}
