//! What props mean to those who follow links, merge text, or read a page aloud.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::keywords::{Place, subschemas};

/// What a value means, read off its schema once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// An address a visitor follows: `format: uri-reference`, or the widget `link`.
    Link,
    /// The address of a picture.
    Image,
    /// Markdown, in which links are links.
    Markdown,
    /// Prose without markup.
    Text,
    /// HTML: `contentMediaType: text/html`.
    Html,
    /// Source code.
    Code,
    /// Numbers, switches, choices, colours, dates, and texts that are no prose (`translatable: false`).
    Other,
    /// A list of such values.
    List(Box<Shape>),
    /// An object and its fields; those a schema does not name have none.
    Object(BTreeMap<String, Shape>),
}

impl Shape {
    /// The shape a schema without references describes.
    pub(super) fn of(schema: &Value) -> Self {
        Self::of_all(&[schema])
    }

    /// The shape of the value at `path` within; any segment leads into a list.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        match self {
            Self::Object(fields) => fields.get(*first)?.at(rest),
            Self::List(element) => element.at(rest),
            Self::Link
            | Self::Image
            | Self::Markdown
            | Self::Text
            | Self::Html
            | Self::Code
            | Self::Other => None,
        }
    }

    /// The shape of a value on which all these schemas speak.
    fn of_all(schemas: &[&Value]) -> Self {
        let mut facets = Vec::new();
        for schema in schemas {
            add_facets(schema, &mut facets);
        }
        let mut fields = BTreeMap::<&str, Vec<&Value>>::new();
        let mut elements = Vec::new();
        for facet in &facets {
            if let Some(Value::Object(properties)) = facet.get("properties") {
                for (name, schema) in properties {
                    fields.entry(name).or_default().push(schema);
                }
            }
            let within = subschemas(facet, "");
            elements.extend(within.iter().filter(|sub| sub.place == Place::Element).map(|sub| sub.schema));
        }
        let typed = |name: &str| facets.iter().any(|facet| facet.get("type").is_some_and(|t| t == name));
        if !fields.is_empty() || typed("object") {
            let shape = |(name, schemas): (&str, Vec<&Value>)| (name.to_owned(), Self::of_all(&schemas));
            return Self::Object(fields.into_iter().map(shape).collect());
        }
        if !elements.is_empty() || typed("array") {
            return Self::List(Box::new(Self::of_all(&elements)));
        }
        // Where several schemas speak of one text, the one that says most about it is heard.
        let leaves: Vec<Self> = facets.iter().filter_map(|facet| leaf(facet)).collect();
        let telling = leaves.iter().find(|leaf| !matches!(leaf, Self::Text | Self::Other));
        telling.or(leaves.first()).cloned().unwrap_or(Self::Other)
    }
}

/// The schema and those that speak of the same value with it.
fn add_facets<'a>(schema: &'a Value, facets: &mut Vec<&'a Map<String, Value>>) {
    let Value::Object(keywords) = schema else { return };
    facets.push(keywords);
    for sub in subschemas(keywords, "") {
        if sub.place == Place::Same && sub.keyword != "not" {
            add_facets(sub.schema, facets);
        }
    }
}

/// What one schema says of a value that is neither list nor object, if it says anything.
fn leaf(schema: &Map<String, Value>) -> Option<Shape> {
    let text = |keyword: &str| schema.get(keyword).and_then(Value::as_str);
    let metadata = |name: &str| schema.get("x-osier").and_then(|metadata| metadata.get(name));
    if matches!(text("format"), Some("uri-reference" | "uri" | "iri-reference" | "iri")) {
        return Some(Shape::Link);
    }
    if text("contentMediaType") == Some("text/html") {
        return Some(Shape::Html);
    }
    match metadata("widget").and_then(Value::as_str) {
        Some("link") => return Some(Shape::Link),
        Some("image") => return Some(Shape::Image),
        Some("markdown") => return Some(Shape::Markdown),
        Some("code") => return Some(Shape::Code),
        Some("color" | "date" | "select" | "number" | "toggle") => return Some(Shape::Other),
        _ => {}
    }
    if metadata("translatable") == Some(&Value::Bool(false))
        || schema.contains_key("enum")
        || schema.contains_key("const")
    {
        return Some(Shape::Other);
    }
    let is_text = match schema.get("type")? {
        Value::String(name) => name == "string",
        Value::Array(names) => names.iter().any(|name| name == "string"),
        _ => false,
    };
    is_text.then_some(Shape::Text)
}

#[cfg(test)]
mod tests {
    use super::Shape;
    use crate::content::schema::builtin;
    use serde_json::json;

    fn shape(block_type: &str, path: &[&str]) -> Shape {
        builtin(block_type).unwrap().shape_at(path).unwrap().clone()
    }

    #[test]
    fn built_in_props_mean_what_the_contract_says() {
        assert_eq!(shape("Hero", &["heading"]), Shape::Text);
        assert_eq!(shape("Hero", &["ctaHref"]), Shape::Link);
        assert_eq!(shape("Hero", &["imageUrl"]), Shape::Image);
        assert_eq!(shape("Hero", &["textAlign"]), Shape::Other);
        assert_eq!(shape("Hero", &["headingLevel"]), Shape::Other);
        assert_eq!(shape("RichText", &["body"]), Shape::Markdown);
        assert_eq!(shape("Html", &["html"]), Shape::Html);
        assert_eq!(shape("Code", &["code"]), Shape::Code);
        assert_eq!(shape("Code", &["language"]), Shape::Other);
        assert_eq!(shape("Video", &["src"]), Shape::Other);
        assert_eq!(shape("Banner", &["textColor"]), Shape::Other);
    }

    #[test]
    fn a_list_is_walked_through_by_key_or_index() {
        assert_eq!(shape("FAQAccordion", &["items", "0", "a"]), Shape::Markdown);
        assert_eq!(shape("SiteHeader", &["links", "k7", "children", "2", "href"]), Shape::Link);
        assert_eq!(shape("Footer", &["columns", "0", "links", "0", "label"]), Shape::Text);
        assert_eq!(shape("Table", &["rows", "4", "1"]), Shape::Markdown);
        assert_eq!(shape("List", &["items", "x", "text"]), Shape::Markdown);
    }

    #[test]
    fn a_list_of_objects_is_a_list_of_object() {
        let Shape::List(item) = shape("List", &["items"]) else { panic!("a list") };
        assert_eq!(*item, Shape::Object([("text".to_owned(), Shape::Markdown)].into()));
        assert!(matches!(builtin("Divider").unwrap().shape(), Shape::Object(_)));
    }

    #[test]
    fn there_is_nothing_beyond_a_leaf_or_an_unknown_name() {
        let hero = builtin("Hero").unwrap();
        assert_eq!(hero.shape_at(&["heading", "0"]), None);
        assert_eq!(hero.shape_at(&["headline"]), None);
        assert_eq!(hero.shape_at(&[]), Some(hero.shape()));
    }

    #[test]
    fn a_schema_in_parts_has_the_shape_of_all_of_them() {
        let schema = json!({
            "type": "object",
            "properties": {
                "target": {"anyOf": [{"type": "null"}, {"type": "string", "format": "uri-reference"}]},
                "tags": {"type": "array"},
                "pair": {"prefixItems": [{"type": "string"}]},
                "bare": {"type": ["string", "null"]},
                "free": true
            },
            "allOf": [{"properties": {"body": {"type": "string", "x-osier": {"widget": "markdown"}}}}],
            "not": {"properties": {"never": {"type": "string"}}}
        });
        let fields = [
            ("target", Shape::Link),
            ("tags", Shape::List(Box::new(Shape::Other))),
            ("pair", Shape::List(Box::new(Shape::Text))),
            ("bare", Shape::Text),
            ("free", Shape::Other),
            ("body", Shape::Markdown),
        ];
        let fields = fields.map(|(name, shape)| (name.to_owned(), shape));
        assert_eq!(Shape::of(&schema), Shape::Object(fields.into()));
    }
}
