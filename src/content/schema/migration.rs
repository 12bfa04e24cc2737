//! How the props of a site's own type follow a changed schema.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Ordered steps that make old props fit a new schema; kept with the type and run on older blocks later.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Migration(pub Vec<Step>);

/// One step of a migration. Each leaves props alone that already have what it brings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub enum Step {
    /// `{"rename": [from, to]}`: the value goes under a new name, unless something stands there already.
    Rename(String, String),
    /// `{"default": {prop: value}}`: each value is put where its prop is absent.
    Default(Map<String, Value>),
    /// `{"remove": prop}`: the prop is taken away.
    Remove(String),
}

impl Migration {
    /// Runs all steps in their order.
    pub fn run(&self, props: &mut Map<String, Value>) {
        for step in &self.0 {
            step.run(props);
        }
    }
}

impl Step {
    fn run(&self, props: &mut Map<String, Value>) {
        match self {
            Step::Rename(from, to) => {
                // What already stands under the new name is newer; the old value stays for a later step.
                if !props.contains_key(to)
                    && let Some(value) = props.remove(from)
                {
                    props.insert(to.clone(), value);
                }
            }
            Step::Default(defaults) => {
                for (name, value) in defaults {
                    props.entry(name.clone()).or_insert_with(|| value.clone());
                }
            }
            Step::Remove(name) => {
                props.remove(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Migration;
    use serde_json::{Value, json};

    fn migrated(steps: Value, mut props: Value) -> Value {
        let migration: Migration = serde_json::from_value(steps).unwrap();
        migration.run(props.as_object_mut().unwrap());
        props
    }

    #[test]
    fn a_rename_keeps_the_value() {
        assert_eq!(
            migrated(json!([{"rename": ["name", "title"]}]), json!({"name": {"en": "Osier"}, "size": 3})),
            json!({"title": {"en": "Osier"}, "size": 3})
        );
    }

    #[test]
    fn a_rename_overwrites_nothing_and_loses_nothing() {
        let both = json!({"name": "old", "title": "new"});
        assert_eq!(migrated(json!([{"rename": ["name", "title"]}]), both.clone()), both);
        assert_eq!(migrated(json!([{"rename": ["title", "title"]}]), both.clone()), both);
        assert_eq!(migrated(json!([{"rename": ["absent", "other"]}]), both.clone()), both);
    }

    #[test]
    fn a_default_fills_only_what_is_absent() {
        assert_eq!(
            migrated(
                json!([{"default": {"size": 3, "label": "", "open": true}}]),
                json!({"size": 7, "open": null})
            ),
            json!({"size": 7, "label": "", "open": null})
        );
    }

    #[test]
    fn a_removed_prop_is_gone_and_an_absent_one_no_matter() {
        assert_eq!(
            migrated(json!([{"remove": "size"}, {"remove": "size"}]), json!({"size": 7, "a": 1})),
            json!({"a": 1})
        );
    }

    #[test]
    fn steps_run_in_their_order() {
        let steps = json!([{"rename": ["a", "b"]}, {"default": {"a": 1, "b": 2}}, {"remove": "c"}, {"rename": ["a", "c"]}]);
        assert_eq!(migrated(steps, json!({"a": 0, "c": 9})), json!({"b": 0, "c": 1}));
    }

    #[test]
    fn a_migration_reads_back_as_it_was_written() {
        let steps = json!([{"rename": ["a", "b"]}, {"default": {"c": [1]}}, {"remove": "d"}]);
        let migration: Migration = serde_json::from_value(steps.clone()).unwrap();
        assert_eq!(serde_json::to_value(&migration).unwrap(), steps);
    }

    #[test]
    fn a_step_that_is_none_is_refused() {
        for step in [
            json!({"renamed": ["a", "b"]}),
            json!({"rename": ["a"]}),
            json!({"rename": ["a", "b", "c"]}),
            json!({"remove": "a", "default": {}}),
            json!({"default": "a"}),
            json!("remove"),
        ] {
            assert!(serde_json::from_value::<Migration>(json!([step])).is_err(), "{step}");
        }
    }
}
