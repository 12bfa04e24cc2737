//! `register_block_type`: a kind of block of the site's own.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::super::document::{Block, Page};
use super::super::draft::{Draft, fit, give_keys};
use super::super::id::PageId;
use super::super::json::{Value, escape};
use super::super::problem::{Code, Gathered, Halt, Lowered, Problem};
use super::super::schema::{self, BlockType, Migration};
use super::blocking::Blocking;
use super::{Done, Lower};

/// Registers a block type of the site's own, or gives one another schema. Blocks of the type that the new schema does not
/// take are first changed by the steps of `migrate`; if one still does not fit, all is refused with the list of them.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RegisterBlockType {
    /// The type's name: a capital, then letters and digits. None of the built-in ones.
    #[serde(rename = "type")]
    pub kind: String,
    /// A JSON Schema (draft 2020-12) of the props, of `type: object` with `additionalProperties: false`; what editors show
    /// stands under `x-osier`.
    pub schema: Value,
    /// Ordered steps that make older blocks fit: `{"rename": [from, to]}`, `{"default": {prop: value}}`, `{"remove": prop}`.
    /// They are kept with the type.
    #[serde(default)]
    pub migrate: Option<Migration>,
}

impl Lower for RegisterBlockType {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let mut problems = Gathered::default();
        let value = problems.keep(self.value())?;
        let kind = problems.keep(self.compiled())?;
        let (Some(value), Some(kind)) = (value, kind) else { return Err(problems.halt()) };
        let known = draft.root().types.registered(&self.kind);
        if known.is_some_and(|known| known.value["schema"] == self.schema && self.migrate.is_none()) {
            return Ok(Done::site());
        }
        let pages = draft.using(&self.kind)?;
        draft.set_site(&["blockTypes", &self.kind], Some(&value))?;
        let mut unfit = Blocking::default();
        for page in &pages {
            self.bring_along(draft, &kind, page, &mut unfit)?;
        }
        unfit.refuse(
            Code::SchemaViolation,
            "/schema",
            "blocks of this type do not fit the schema; give `migrate` steps that make them fit:",
        )?;
        Ok(Done::site())
    }
}

impl RegisterBlockType {
    /// As the log has it.
    fn value(&self) -> Lowered<Value> {
        let mut problems = Gathered::default();
        problems.keep(fit(&self.schema, "/schema"))?;
        let mut value = json!({ "schema": self.schema });
        if let Some(migrate) = &self.migrate {
            value["migrate"] = json!(migrate);
            problems.keep(fit(&value["migrate"], "/migrate"))?;
        }
        problems.end()?;
        Ok(value)
    }

    fn compiled(&self) -> Lowered<BlockType> {
        if schema::builtin(&self.kind).is_some() {
            let message = format!("{} is a built-in type: choose another name", self.kind);
            return Err(Problem::new(Code::OpRejected, "/type", message).into());
        }
        let wrong = |at: &str, problems: Vec<schema::SchemaProblem>| {
            let problem = |p: schema::SchemaProblem| {
                Problem::new(Code::SchemaViolation, format!("{at}{}", p.pointer), p.message)
            };
            Halt::Refused(problems.into_iter().map(problem).collect())
        };
        let named = schema::check_name(&self.kind).map_err(|problems| wrong("/type", problems));
        // A schema is judged under a name that is one, whatever the type's own.
        let name = if named.is_ok() { self.kind.as_str() } else { "Type" };
        let mut problems = Gathered::default();
        problems.keep(named)?;
        let kind = BlockType::custom(name, &self.schema).map_err(|problems| wrong("/schema", problems));
        match (problems.keep(kind)?, problems) {
            (Some(kind), problems) => problems.end().map(|()| kind),
            (None, problems) => Err(problems.halt()),
        }
    }

    /// Makes the blocks of a page fit; those that do not are kept as unfit.
    fn bring_along(
        &self,
        draft: &mut Draft,
        kind: &BlockType,
        id: &PageId,
        unfit: &mut Blocking,
    ) -> Lowered<()> {
        let page = draft.page(id)?.clone();
        for block in page.blocks().filter(|block| *block.kind == *self.kind) {
            let props = block.value();
            if fault(kind, &page, block, &props).is_none() {
                continue;
            }
            let migrated = self.migrated(draft, &props);
            match migrated.and_then(|props| fault(kind, &page, block, &props).map_or(Ok(props), Err)) {
                Ok(props) => draft.write_props(id, &block.id, &props)?,
                Err(why) => unfit.add(&page, &block.id, &why),
            }
        }
        Ok(())
    }

    /// The props after the steps, the items that came by them with keys.
    fn migrated(&self, draft: &mut Draft, props: &Value) -> Result<Value, String> {
        let mut migrated = props.clone();
        if let (Some(migrate), Some(fields)) = (&self.migrate, migrated.as_object_mut()) {
            migrate.run(fields);
        }
        let mut at = String::new();
        give_keys(&mut migrated, Some(props), draft.mint(), &mut at).map_err(|why| format!("{at} {why}"))?;
        Ok(migrated)
    }
}

/// The first thing in which a block, with these props, does not satisfy its type.
fn fault(kind: &BlockType, page: &Page, block: &Block, props: &Value) -> Option<String> {
    if let Err(problems) = kind.check(props) {
        return problems.first().map(|problem| format!("{} {}", problem.pointer, problem.message));
    }
    block.slots.iter().find_map(|(slot, children)| {
        let at = format!("/slots/{}", escape(slot));
        let Some(rule) = kind.slots().get(&**slot) else {
            return Some(format!("{at} there is no such slot, and {} blocks lie in it", children.len()));
        };
        if rule.max.is_some_and(|max| children.len() > max) {
            return Some(format!("{at} takes fewer than the {} blocks that lie in it", children.len()));
        }
        let mut held = children.iter().filter_map(|child| page.block(child));
        let refused = held.find(|child| !rule.accepts(&child.kind))?;
        Some(format!("{at} does not take the {} that lies in it", refused.kind))
    })
}

#[cfg(test)]
mod tests {
    use super::super::given::{After, Refused, cold, lower, missing, props, refused, site};
    use super::*;
    use crate::content::document::Root;

    /// A type `Offer` with these props, required ones marked by `*`.
    fn schema(names: &[&str]) -> Value {
        let properties: Value =
            names.iter().map(|name| (name.trim_end_matches('*').to_owned(), json!({"type": "string"}))).collect();
        let required: Vec<_> = names.iter().filter_map(|name| name.strip_suffix('*')).collect();
        json!({"type": "object", "additionalProperties": false, "properties": properties, "required": required})
    }

    fn register(schema: Value) -> Value {
        json!({"op": "register_block_type", "type": "Offer", "schema": schema})
    }

    fn migrating(schema: Value, migrate: Value) -> Value {
        json!({"op": "register_block_type", "type": "Offer", "schema": schema, "migrate": migrate})
    }

    fn offer(page: &str, id: &str, props: Value) -> Value {
        json!({"op": "add_block", "page": page, "block": {"id": id, "type": "Offer", "props": props}})
    }

    /// The site with `Offer {name*, price}` and two offers: one with a price, one without.
    fn offers() -> Root {
        let ops = json!([
            register(schema(&["name*", "price"])),
            offer("/about", "blk_a", json!({"name": "Basket", "price": "7"})),
            offer("/pricing", "blk_b", json!({"name": "Chair"})),
        ]);
        lower(&site(), ops).unwrap().root
    }

    fn types(after: &After) -> Value {
        after.root.types.registered("Offer").map(|kept| kept.value.clone()).into()
    }

    #[test]
    fn given_a_schema_when_registered_then_blocks_of_the_type_can_be_made() {
        let root = offers();
        assert_eq!(props(&root, "blk_a"), json!({"name": "Basket", "price": "7"}));
        assert_eq!(root.using("Offer").count(), 2);
        let wrong = offer("/about", "blk_c", json!({"title": "Stool"}));
        let codes: Vec<_> = refused(&root, wrong).into_iter().map(|refused| refused.code).collect();
        assert_eq!(codes.len(), 2);
        assert!(codes.contains(&Code::UnknownProp) && codes.contains(&Code::SchemaViolation));
    }

    #[test]
    fn given_the_schema_that_is_there_when_registered_then_nothing_changes() {
        let ops = register(schema(&["name*", "price"]));
        assert_eq!(lower(&cold(&offers()), ops).unwrap().changed(), [false]);
    }

    #[test]
    fn given_a_schema_that_all_blocks_satisfy_when_registered_then_no_block_changes() {
        let migrate = json!([{"remove": "price"}]);
        let op = migrating(schema(&["name", "price", "colour"]), migrate.clone());
        let after = lower(&offers(), op.clone()).unwrap();
        assert_eq!((after.changes.len(), &types(&after)["migrate"]), (1, &migrate));
        assert_eq!(lower(&after.root, op).unwrap().changed(), [false]);
    }

    #[test]
    fn given_steps_when_registered_then_only_blocks_that_do_not_fit_are_changed() {
        let op = migrating(schema(&["name*", "note"]), json!([{"rename": ["price", "note"]}, {"default": {"name": "x"}}]));
        let after = lower(&offers(), op).unwrap();
        assert_eq!(props(&after.root, "blk_a"), json!({"name": "Basket", "note": "7"}));
        assert_eq!(props(&after.root, "blk_b"), json!({"name": "Chair"}));
        let touched: Vec<_> = after.changes.iter().map(|change| change.node().to_string()).collect();
        assert_eq!(touched, ["site", "blk_a", "blk_a"], "the type first, so that its blocks are written under it");
    }

    #[test]
    fn given_a_list_that_a_step_brings_when_registered_then_its_items_have_keys() {
        let item = json!({"type": "object", "additionalProperties": false, "properties": {"text": {"type": "string"}}});
        let mut wanted = schema(&["name*", "price"]);
        wanted["properties"]["points"] = json!({"type": "array", "items": item});
        wanted["required"] = json!(["points"]);
        let op = migrating(wanted, json!([{"default": {"points": [{"text": "a"}]}}]));
        let after = lower(&offers(), op).unwrap();
        assert!(props(&after.root, "blk_b")["points"][0]["key"].is_string());
    }

    #[test]
    fn given_blocks_that_do_not_fit_when_registered_then_it_is_refused_with_each() {
        for op in [
            register(schema(&["name*", "price*"])),
            migrating(schema(&["name*", "price*"]), json!([{"default": {"other": "7"}}])),
        ] {
            let problems = lower(&offers(), op).unwrap_err();
            assert_eq!((problems.len(), problems[0].code), (1, Code::SchemaViolation));
            assert_eq!(problems[0].pointer, "/schema");
            let listed = &problems[0].more.as_ref().unwrap()["blocks"];
            assert_eq!(listed.as_array().unwrap().len(), 1);
            assert_eq!((&listed[0]["page"], &listed[0]["block"]), (&json!("pg_pricing"), &json!("blk_b")));
            assert!(problems[0].message.contains("/pricing: blk_b: /price "), "{}", problems[0].message);
        }
    }

    #[test]
    fn given_blocks_in_a_slot_when_the_slot_goes_then_it_is_refused() {
        let with_slots = |slots: Value| {
            let mut schema = schema(&["name"]);
            schema["x-osier"] = json!({"slots": slots});
            register(schema)
        };
        let heading = json!({"type": "Heading", "props": {"text": "a"}});
        let slot = |accepts: &str| json!({"body": {"label": "Body", "accepts": [accepts], "min": 0}});
        let ops = json!([
            with_slots(slot("*")),
            {"op": "add_block", "page": "/", "block": {"type": "Offer", "slots": {"body": [heading, heading]}}},
        ]);
        let before = lower(&site(), ops).unwrap().root;
        let few = json!({"body": {"label": "Body", "accepts": ["*"], "min": 0, "max": 1}});
        for slots in [json!({}), slot("Card"), few] {
            assert_eq!(
                refused(&before, with_slots(slots)),
                [Refused::new("/schema", Code::SchemaViolation)]
            );
        }
        assert!(lower(&before, with_slots(slot("Heading"))).is_ok());
    }

    #[test]
    fn given_a_prop_that_becomes_a_link_when_registered_then_a_rename_finds_it_and_undo_forgets_it() {
        let before = lower(&site(), json!([
            register(schema(&["name"])), offer("/about", "blk_a", json!({"name": "/pricing"})),
        ]));
        let before = before.unwrap().root;
        assert!(!before.linking_to("/pricing").any(|page| page.as_str() == "pg_about"));
        let mut linking = schema(&["name"]);
        linking["properties"]["name"]["format"] = json!("uri-reference");
        let rename = json!({"op": "rename_page", "page": "/pricing", "slug": "/plans"});
        for after in [
            lower(&before, json!([register(linking.clone()), rename])).unwrap(),
            lower(&lower(&before, register(linking.clone())).unwrap().root, rename).unwrap(),
        ] {
            assert_eq!(props(&after.root, "blk_a"), json!({"name": "/plans"}));
        }
    }

    #[test]
    fn given_a_name_or_schema_that_is_none_when_registered_then_it_is_refused_at_its_place() {
        let named = |name: &str| json!({"op": "register_block_type", "type": name, "schema": schema(&["name"])});
        assert_eq!(refused(&site(), named("Hero")), [Refused::new("/type", Code::OpRejected)]);
        assert_eq!(refused(&site(), named("offer")), [Refused::new("/type", Code::SchemaViolation)]);
        let open = json!({"type": "object", "properties": {}});
        let wanted = Refused::new("/schema/additionalProperties", Code::SchemaViolation);
        assert_eq!(refused(&site(), register(open)), [wanted]);
        let mut both = register(json!({"type": "object", "properties": {}}));
        both["type"] = json!("offer");
        let wanted = Refused::new("/schema/additionalProperties", Code::SchemaViolation);
        assert_eq!(refused(&site(), both), [Refused::new("/type", Code::SchemaViolation), wanted]);
        let steps = migrating(schema(&["name"]), json!([{"renamed": ["a", "b"]}]));
        assert_eq!(refused(&site(), steps)[0].code, Code::MalformedRequest);
        let nul = migrating(schema(&["name"]), json!([{"default": {"name": "\0"}}]));
        let wanted = Refused::new("/migrate/0/default/name", Code::SchemaViolation);
        assert_eq!(refused(&site(), nul), [wanted]);
    }

    #[test]
    fn given_pages_that_are_not_loaded_when_registered_then_all_that_use_it_are_asked_for_at_once() {
        let op = register(schema(&["name*", "price", "colour"]));
        assert_eq!(missing(&cold(&offers()), op), ["pg_about".into(), "pg_pricing".into()]);
    }
}
