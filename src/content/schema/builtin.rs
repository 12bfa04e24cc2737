//! The types Osier brings along, one file each in `schemas/blocks/`.

use std::sync::{Arc, OnceLock};

use super::BlockType;

macro_rules! files {
    ($($name:literal)*) => {
        [$(($name, include_str!(concat!("../../../schemas/blocks/", $name, ".json")))),*]
    };
}

/// Name and file, in the order of the contract.
const FILES: [(&str, &str); 28] = files![
    "Hero" "FeatureGrid" "Testimonials" "FAQAccordion" "CTA" "Card" "CardGrid" "RichText" "Heading" "List"
    "Button" "Stats" "Columns" "TwoColumn" "Tabs" "Carousel" "Gallery" "Image" "Table" "Quote" "Video" "Embed"
    "Banner" "Code" "Html" "Divider" "SiteHeader" "Footer"
];

/// Each is compiled when it is first asked for, so that a start pays for none.
static TYPES: [OnceLock<Arc<BlockType>>; FILES.len()] = [const { OnceLock::new() }; FILES.len()];

/// The built-in type of that name.
#[must_use]
pub fn builtin(name: &str) -> Option<&'static Arc<BlockType>> {
    FILES.iter().position(|(each, _)| *each == name).map(compiled)
}

/// All built-in types, in the order of the contract.
pub fn builtins() -> impl Iterator<Item = &'static Arc<BlockType>> {
    (0..FILES.len()).map(compiled)
}

/// Whether Osier brings a type of that name along.
pub(super) fn is_builtin(name: &str) -> bool {
    FILES.iter().any(|(each, _)| *each == name)
}

fn compiled(index: usize) -> &'static Arc<BlockType> {
    let (name, json) = FILES[index];
    TYPES[index].get_or_init(|| match BlockType::shipped(name, json) {
        Ok(block_type) => Arc::new(block_type),
        // The files are part of the program, and a test compiles each of them.
        Err(problems) => panic!("schemas/blocks/{name}.json: {problems:?}"),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::super::keywords::{Place, subschemas};
    use super::super::{SchemaProblem, metadata};
    use super::{builtin, builtins};

    /// The contract: every prop of every type, `*` where it is required, item fields in brackets.
    const CONTRACT: &str = "
        Hero: ctaHref ctaText eyebrow heading* headingLevel imageAlt imagePosition imageUrl secondaryCtaHref \
            secondaryCtaText subheading textAlign
        FeatureGrid: columns features*(description icon title*) headingLevel title
        Testimonials: headingLevel items*(author* imageAlt imageUrl quote* role) title
        FAQAccordion: headingLevel items*(a* q*) title
        CTA: ctaHref* ctaText* description headingLevel secondaryCtaHref secondaryCtaText title*
        Card: ctaHref ctaText description headingLevel imageAlt imageUrl title* variant
        CardGrid: cards*(ctaHref ctaText description imageAlt imageUrl title*) columns headingLevel subtitle title
        RichText: body* headingLevel title
        Heading: level text*
        List: items*(text*) ordered
        Button: href* label* variant
        Stats: headingLevel stats*(description icon label* value*) title
        Columns: count gap
        TwoColumn: ratio variant
        Tabs: headingLevel tabs*(content label*) title
        Carousel: autoplay intervalMs items*(ctaHref ctaText description heading imageAlt imageUrl*)
        Gallery: columns headingLevel images*(caption imageAlt imageUrl*) title
        Image: caption href imageAlt imageUrl* width
        Table: headers* headingLevel rows* striped title
        Quote: author imageAlt imageUrl quote* role
        Video: autoplay captionsUrl headingLevel loop posterUrl src* title
        Embed: aspectRatio embedType headingLevel title url*
        Banner: backgroundColor ctaHref ctaText text* textColor variant
        Code: code* filename language
        Html: html*
        Divider: style
        SiteHeader: links(children(href* label*) href* label*) logoUrl siteName*
        Footer: columns(links(href* label*) title*) copyright
    ";

    fn signature(schema: &Value) -> String {
        let required: BTreeSet<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let each = |(name, prop): (&String, &Value)| {
            let star = if required.contains(name.as_str()) { "*" } else { "" };
            let items = signature(&prop["items"]);
            let items = if items.is_empty() { items } else { format!("({items})") };
            format!("{name}{star}{items}")
        };
        let props = schema["properties"].as_object().into_iter().flatten();
        props.map(each).collect::<Vec<_>>().join(" ")
    }

    /// Every schema in a schema, with its pointer.
    fn all_schemas<'a>(schema: &'a Value, at: &str, found: &mut Vec<(String, Place, &'a Value)>) {
        for sub in subschemas(schema.as_object().unwrap(), at) {
            if sub.schema.is_object() {
                found.push((sub.pointer.clone(), sub.place, sub.schema));
                all_schemas(sub.schema, &sub.pointer, found);
            }
        }
    }

    fn each_schema(mut judge: impl FnMut(&str, &Value)) {
        for block_type in builtins() {
            let mut found = Vec::new();
            all_schemas(block_type.schema(), "", &mut found);
            for (pointer, _, schema) in found {
                judge(&format!("{}{pointer}", block_type.name()), schema);
            }
        }
    }

    #[test]
    fn the_types_and_their_props_are_those_of_the_contract() {
        let contract: Vec<&str> = CONTRACT.trim().lines().map(str::trim).collect();
        let have: Vec<String> =
            builtins().map(|each| format!("{}: {}", each.name(), signature(each.schema()))).collect();
        for (have, contract) in have.iter().zip(&contract) {
            assert_eq!(have, &contract.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        assert_eq!(have.len(), contract.len());
    }

    #[test]
    fn a_type_is_found_by_its_exact_name() {
        assert_eq!(builtin("Hero").unwrap().name(), "Hero");
        assert!(builtin("hero").is_none() && builtin("").is_none());
        assert!(builtins().all(|each| each.is_builtin()));
    }

    #[test]
    fn what_is_published_is_the_file_byte_for_byte() {
        for block_type in builtins() {
            let path = format!("schemas/blocks/{}.json", block_type.name());
            let file = std::fs::read_to_string(&path).unwrap();
            assert_eq!(block_type.schema_json(), file);
            assert_eq!(block_type.schema(), &serde_json::from_str::<Value>(&file).unwrap());
            assert_eq!(block_type.schema()["title"], block_type.name());
            assert_eq!(block_type.schema()["$id"], format!("https://osier.dev/{path}"));
        }
        assert_eq!(std::fs::read_dir("schemas/blocks").unwrap().count(), builtins().count());
    }

    #[test]
    fn every_file_is_a_schema_of_draft_2020_12_with_valid_metadata() {
        let own: Value = serde_json::from_str(include_str!("../../../schemas/x-osier.json")).unwrap();
        jsonschema::draft202012::meta::validate(&own).unwrap();
        for block_type in builtins() {
            jsonschema::draft202012::meta::validate(block_type.schema()).unwrap();
            let mut problems: Vec<SchemaProblem> = Vec::new();
            metadata::check(block_type.schema(), &mut problems);
            assert_eq!(problems, [], "{}", block_type.name());
        }
    }

    #[test]
    fn every_example_is_accepted_and_shows_every_prop() {
        for block_type in builtins() {
            let example = block_type.example().unwrap();
            assert_eq!(block_type.check(example), Ok(()), "{}", block_type.name());
            let shown: Vec<_> = example.as_object().unwrap().keys().collect();
            let props: Vec<_> = block_type.schema()["properties"].as_object().unwrap().keys().collect();
            assert_eq!(shown, props, "{}", block_type.name());
        }
    }

    #[test]
    fn the_bounds_leave_the_room_the_contract_promises() {
        each_schema(|name, schema| match schema["type"].as_str() {
            Some("string") if schema["enum"].is_null() => {
                let long = matches!(schema["x-osier"]["widget"].as_str(), Some("markdown" | "code"));
                assert!(
                    schema["maxLength"].as_u64().unwrap() >= if long { 200_000 } else { 1_000 },
                    "{name}"
                );
                assert!(schema["pattern"].is_null(), "{name}");
            }
            Some("array") => assert!(schema["maxItems"].as_u64().unwrap() >= 1_000, "{name}"),
            Some("object") => assert_eq!(schema["additionalProperties"], false, "{name}"),
            Some("integer") => assert!(schema["minimum"].is_u64() && schema["maximum"].is_u64(), "{name}"),
            Some("boolean") => assert!(schema["default"].is_boolean(), "{name}"),
            _ => assert!(schema["enum"].is_array(), "{name}"),
        });
    }

    #[test]
    fn what_is_required_has_at_least_one_character_or_item() {
        let mut seen = 0;
        let mut judge = |name: &str, schema: &Value| {
            for prop in schema["required"].as_array().into_iter().flatten() {
                let prop = &schema["properties"][prop.as_str().unwrap()];
                assert!(prop["minLength"] == 1 || prop["minItems"] == 1, "{name}");
                seen += 1;
            }
        };
        for block_type in builtins() {
            judge(block_type.name(), block_type.schema());
        }
        each_schema(judge);
        assert_eq!(seen, CONTRACT.matches('*').count());
    }

    #[test]
    fn links_alone_have_a_format_and_every_prop_says_how_it_is_edited() {
        each_schema(|name, schema| {
            if schema["type"] != "object" {
                let metadata = &schema["x-osier"];
                assert_eq!(schema["format"] == "uri-reference", metadata["widget"] == "link", "{name}");
                assert_eq!(metadata["widget"] == "image", metadata["imageSpec"].is_object(), "{name}");
                assert!(metadata["label"].is_string(), "{name}");
                if schema["type"] == "string" {
                    assert!(metadata["translatable"].is_boolean(), "{name}");
                }
            }
            let last = name.rsplit('/').next().unwrap_or_default();
            assert_eq!(
                schema["format"] == "uri-reference",
                last.ends_with("ref") || last.ends_with("Href"),
                "{name}"
            );
        });
    }

    #[test]
    fn the_header_and_the_footer_are_pinned() {
        let pinned: Vec<_> = builtins().filter(|each| each.pinned()).map(|each| each.name()).collect();
        assert_eq!(pinned, ["SiteHeader", "Footer"]);
    }
}
