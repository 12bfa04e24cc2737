//! The named places of a block for further blocks.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::SchemaProblem;
use super::builtin;

/// What one slot takes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SlotRule {
    /// What editors call it; the slot's name where the schema has no label for it.
    #[serde(default)]
    pub label: String,
    /// How few blocks it takes.
    #[serde(default)]
    pub min: usize,
    /// How many blocks it takes, if that is bounded.
    #[serde(default)]
    pub max: Option<usize>,
    /// `*`, `Type` and `!Type`, as in the schema.
    #[serde(default)]
    accepts: Vec<String>,
}

impl SlotRule {
    /// Whether a block of that type may stand here. What is refused by name never may, pinned types neither.
    #[must_use]
    pub fn accepts(&self, block_type: &str) -> bool {
        let mut open = true;
        let mut named = false;
        for entry in &self.accepts {
            match entry.strip_prefix('!') {
                Some(refused) if refused == block_type => return false,
                Some(_) => {}
                None if entry == "*" || entry == block_type => named = true,
                None => open = false,
            }
        }
        (named || open) && !builtin(block_type).is_some_and(|each| each.pinned())
    }
}

/// The slots of a type, from the metadata of its schema.
pub(super) fn read(schema: &Value) -> Result<BTreeMap<String, SlotRule>, SchemaProblem> {
    const AT: &str = "/x-osier/slots";
    let Some(slots) = schema.pointer(AT) else { return Ok(BTreeMap::new()) };
    let mut slots = BTreeMap::<String, SlotRule>::deserialize(slots)
        .map_err(|error| SchemaProblem::new(AT, error.to_string()))?;
    for (name, rule) in &mut slots {
        if rule.label.is_empty() {
            rule.label.clone_from(name);
        }
        if rule.max.is_some_and(|max| max < rule.min) {
            return Err(SchemaProblem::new(AT, format!("'{name}' takes fewer blocks at most than at least")));
        }
    }
    Ok(slots)
}

#[cfg(test)]
mod tests {
    use super::{SlotRule, read};
    use crate::content::schema::{builtin, builtins};
    use serde_json::json;

    fn slot(rule: serde_json::Value) -> SlotRule {
        let mut slots = read(&json!({"x-osier": {"slots": {"main": rule}}})).unwrap();
        slots.remove("main").unwrap()
    }

    #[test]
    fn columns_take_any_block_but_pinned_ones_and_columns() {
        let columns = builtin("Columns").unwrap().slots();
        assert_eq!(columns.keys().collect::<Vec<_>>(), ["col1", "col2", "col3", "col4"]);
        for rule in columns.values() {
            let refused = builtins().map(|each| each.name()).filter(|name| !rule.accepts(name));
            assert_eq!(refused.collect::<Vec<_>>(), ["Columns", "SiteHeader", "Footer"]);
            assert!(rule.accepts("TwoColumn") && rule.accepts("AnyTypeOfASite"));
            assert_eq!((rule.min, rule.max), (0, None));
        }
    }

    #[test]
    fn two_columns_take_neither_each_other_nor_columns() {
        let slots = builtin("TwoColumn").unwrap().slots();
        assert_eq!(slots.keys().collect::<Vec<_>>(), ["left", "right"]);
        for rule in slots.values() {
            let refused = builtins().map(|each| each.name()).filter(|name| !rule.accepts(name));
            assert_eq!(refused.collect::<Vec<_>>(), ["Columns", "TwoColumn", "SiteHeader", "Footer"]);
        }
    }

    #[test]
    fn no_other_built_in_type_has_slots() {
        let with_slots = builtins().filter(|each| !each.slots().is_empty()).map(|each| each.name());
        assert_eq!(with_slots.collect::<Vec<_>>(), ["Columns", "TwoColumn"]);
    }

    #[test]
    fn named_types_alone_are_accepted_where_some_are_named() {
        let rule = slot(json!({"label": "Main", "accepts": ["Card", "Button"], "min": 1, "max": 3}));
        assert!(rule.accepts("Card") && rule.accepts("Button") && !rule.accepts("Hero"));
        assert_eq!((rule.label.as_str(), rule.min, rule.max), ("Main", 1, Some(3)));
    }

    #[test]
    fn without_names_everything_but_the_refused_and_the_pinned_is_accepted() {
        let rule = slot(json!({}));
        assert!(rule.accepts("Hero") && !rule.accepts("Footer"));
        assert_eq!(rule.label, "main");
        let rule = slot(json!({"accepts": ["!Hero"]}));
        assert!(rule.accepts("Card") && !rule.accepts("Hero") && !rule.accepts("SiteHeader"));
    }

    #[test]
    fn a_refusal_outweighs_a_name_and_no_name_admits_a_pinned_type() {
        assert!(!slot(json!({"accepts": ["*", "Hero", "!Hero"]})).accepts("Hero"));
        assert!(!slot(json!({"accepts": ["*", "Footer"]})).accepts("Footer"));
    }

    #[test]
    fn a_slot_that_nothing_can_fill_is_refused() {
        assert!(read(&json!({"x-osier": {"slots": {"main": {"min": 3, "max": 2}}}})).is_err());
    }
}
