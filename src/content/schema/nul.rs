//! No NUL in any text: the stores and the web refuse it or cut at it, so it is refused at the door.

use serde_json::Value;

use super::pointer;
use super::{PropCode, PropProblem};

/// One problem for each text or field name with U+0000 in it.
pub(super) fn problems(props: &Value) -> Vec<PropProblem> {
    let mut found = Vec::new();
    // The walk that names places allocates; nearly always this one has already said no.
    if holds_nul(props) {
        collect(props, String::new(), &mut found);
    }
    found
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => has_nul(text),
        Value::Array(list) => list.iter().any(holds_nul),
        Value::Object(map) => map.iter().any(|(name, value)| has_nul(name) || holds_nul(value)),
    }
}

fn has_nul(text: &str) -> bool {
    text.as_bytes().contains(&0)
}

fn collect(value: &Value, at: String, found: &mut Vec<PropProblem>) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(text) => {
            if has_nul(text) {
                found.push(problem(at));
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                collect(value, pointer::child(&at, &index.to_string()), found);
            }
        }
        Value::Object(map) => {
            for (name, value) in map {
                let at = pointer::child(&at, name);
                if has_nul(name) {
                    found.push(problem(at.clone()));
                }
                collect(value, at, found);
            }
        }
    }
}

fn problem(pointer: String) -> PropProblem {
    let message = "contains a NUL or a lone surrogate".to_owned();
    PropProblem { pointer, code: PropCode::SchemaViolation, message }
}

#[cfg(test)]
mod tests {
    use super::problems;
    use crate::content::schema::{PropCode, builtin};
    use serde_json::json;

    #[test]
    fn a_nul_is_found_wherever_text_can_stand() {
        let props = json!({"a": "x\0", "b": [{"c": "\0"}, ["fine", "\0"]], "d\0/": 1, "e": "\\0"});
        let places: Vec<_> = problems(&props).into_iter().map(|problem| problem.pointer).collect();
        assert_eq!(places, ["/a", "/b/0/c", "/b/1/1", "/d\0~1"]);
    }

    #[test]
    fn a_nul_is_told_beside_the_other_problems() {
        let hero = builtin("Hero").unwrap();
        let problems = hero.check(&json!({"heading": "a\0b", "level\0": 1, "columns": 3})).unwrap_err();
        let told: Vec<_> =
            problems.iter().map(|each| (each.pointer.as_str(), each.code, each.message.as_str())).collect();
        let nul = "contains a NUL or a lone surrogate";
        assert_eq!(
            told[..2],
            [("/heading", PropCode::SchemaViolation, nul), ("/level\0", PropCode::SchemaViolation, nul)]
        );
        assert_eq!((told[2].0, told[2].1, told.len()), ("/columns", PropCode::UnknownProp, 3));
    }
}
