//! Objects whose schema is a file of `schemas/`: what is published is what is enforced.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::content::{page_meta, site_config};

/// What is true of the whole site: the bare object that `/config` serves.
pub struct SiteConfig;

/// What a page tells search engines and those who share it.
pub struct PageMeta;

impl JsonSchema for SiteConfig {
    fn schema_name() -> Cow<'static, str> {
        "SiteConfig".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        within(site_config::schema().clone())
    }
}

impl JsonSchema for PageMeta {
    fn schema_name() -> Cow<'static, str> {
        "PageMeta".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = within(page_meta::schema().clone());
        // A site's config adds further keys.
        schema.insert("additionalProperties".into(), true.into());
        schema
    }
}

/// A schema of a file of its own, as a part of another.
fn within(schema: serde_json::Value) -> Schema {
    let mut schema = Schema::try_from(schema).unwrap_or_default();
    for own in ["$schema", "$id"] {
        schema.remove(own);
    }
    schema
}
