//! The way to a value in a block's props, as ops name it: props and fields by name, items by index or key.

use super::super::draft::brief;
use super::super::json::{Value, escape, key_of};
use super::super::problem::{Code, Halt, Problem};
use super::super::schema::{BlockType, Shape, nearest};

/// How many keys a message lists.
const MOST_KEYS: usize = 20;

/// Where a way led.
pub(super) struct Way<'a> {
    /// JSON Pointer into the props, items by index.
    pub(super) at: String,
    /// What is there.
    pub(super) value: Option<&'a Value>,
    /// What the type has there.
    pub(super) shape: Option<&'a Shape>,
}

/// What a way shall lead to: which names are suggested where one is unknown.
#[derive(Clone, Copy)]
pub(super) enum Wanted {
    List,
    Any,
}

/// Goes from the props of a block of type `kind` down. Something may be absent if the type has it.
///
/// # Errors
/// `unknown_prop` with the nearest, `item_not_found` with what there is; both at `field`, which the steps come from.
pub(super) fn follow<'a>(
    kind: &'a BlockType,
    props: &'a Value,
    steps: &[String],
    wanted: Wanted,
    field: &str,
) -> Result<Way<'a>, Problem> {
    let start = Way { at: String::new(), value: Some(props), shape: Some(kind.shape()) };
    steps.iter().try_fold(start, |way, step| match (way.value, way.shape) {
        (Some(Value::Array(items)), _) => way.item(items, step, field),
        (None, Some(Shape::List(_))) => way.item(&[], step, field),
        _ => way.field(step).ok_or_else(|| {
            let owner = if way.at.is_empty() { kind.name() } else { way.at.trim_start_matches('/') };
            let hint = wanted.hint(step, way.shape);
            let message = format!("'{}' is not {} of {}; {hint}", brief(step), wanted.word(), brief(owner));
            Problem::new(Code::UnknownProp, field, message)
        }),
    })
}

impl<'a> Way<'a> {
    fn field(&self, name: &str) -> Option<Way<'a>> {
        let value = self.value.and_then(|value| value.get(name));
        let shape = match self.value {
            Some(Value::Object(_)) | None => self.below(name),
            Some(_) => None,
        };
        let at = format!("{}/{}", self.at, escape(name));
        (value.is_some() || shape.is_some()).then_some(Way { at, value, shape })
    }

    fn item(&self, items: &'a [Value], name: &str, field: &str) -> Result<Way<'a>, Problem> {
        let is_index = !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
        let index = if is_index { by_index(items, name.parse().ok()) } else { by_key(items, name) };
        let index = index.map_err(|there| {
            let list = brief(self.at.trim_start_matches('/'));
            not_found(field, format!("'{list}' has no item '{}': {there}", brief(name)))
        })?;
        Ok(Way { at: format!("{}/{index}", self.at), value: items.get(index), shape: self.below(name) })
    }

    fn below(&self, step: &str) -> Option<&'a Shape> {
        self.shape.and_then(|shape| shape.at(&[step]))
    }
}

impl Wanted {
    /// What a caller may have meant by a name, among the fields of a shape.
    pub(super) fn hint(self, name: &str, shape: Option<&Shape>) -> String {
        let Some(Shape::Object(fields)) = shape else { return "it holds nothing that has a name".into() };
        let fits = |shape: &Shape| match self {
            Wanted::List => matches!(shape, Shape::List(_)),
            Wanted::Any => true,
        };
        let names: Vec<&str> =
            fields.iter().filter(|(_, shape)| fits(shape)).map(|(name, _)| &**name).collect();
        match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean '{near}'?"),
            None if names.is_empty() => "there is none".into(),
            None => format!("there are: {}", names.join(", ")),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Wanted::List => "a list",
            Wanted::Any => "a prop",
        }
    }
}

/// The problem of an item that is not there.
pub(super) fn not_found(pointer: &str, message: String) -> Problem {
    Problem::new(Code::ItemNotFound, pointer, message)
}

/// An index if the list goes that far, else how far it goes.
pub(super) fn by_index(items: &[Value], index: Option<usize>) -> Result<usize, String> {
    match index {
        Some(index) if index < items.len() => Ok(index),
        _ if items.is_empty() => Err("the list is empty".into()),
        _ => Err(format!("the list has {}, counted from 0", items.len())),
    }
}

/// The index of an item by its key, else which keys there are.
pub(super) fn by_key(items: &[Value], key: &str) -> Result<usize, String> {
    items.iter().position(|item| key_of(item) == Some(key)).ok_or_else(|| {
        let keys: Vec<&str> = items.iter().filter_map(key_of).take(MOST_KEYS + 1).collect();
        match keys.len() {
            0 if items.is_empty() => "the list is empty".into(),
            0 => "its items have no keys, name them by index".into(),
            n if n > MOST_KEYS => format!("there are {}, …", keys[..MOST_KEYS].join(", ")),
            _ => format!("there are {}", keys.join(", ")),
        }
    })
}

/// What a value is, for a message.
pub(super) fn what(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Tells the problems at or within one place of the props at a field of the op.
pub(super) fn told_at(halt: Halt, place: &str, field: &str) -> Halt {
    let Halt::Refused(mut problems) = halt else { return halt };
    for problem in &mut problems {
        if let Some(rest) = problem.pointer.strip_prefix(place)
            && (rest.is_empty() || rest.starts_with('/'))
        {
            problem.pointer = format!("{field}{rest}");
        }
    }
    Halt::Refused(problems)
}

#[cfg(test)]
mod tests {
    use super::super::super::schema::builtin;
    use super::*;
    use serde_json::json;

    fn led(props: &Value, kind: &str, steps: &[&str]) -> Result<(String, bool), Code> {
        let steps: Vec<String> = steps.iter().copied().map(String::from).collect();
        let way = follow(builtin(kind).unwrap(), props, &steps, Wanted::Any, "/path");
        way.map(|way| (way.at, way.value.is_some())).map_err(|problem| problem.code)
    }

    #[test]
    fn a_way_leads_through_names_indexes_and_keys_to_what_is_there_or_could_be() {
        let props =
            json!({"siteName": "a", "links": [{"key": "k1", "label": "b"}, {"key": "k2", "label": "c"}]});
        let led = |steps: &[&str]| led(&props, "SiteHeader", steps);
        assert_eq!(led(&[]), Ok((String::new(), true)));
        assert_eq!(led(&["siteName"]), Ok(("/siteName".into(), true)));
        assert_eq!(led(&["logoUrl"]), Ok(("/logoUrl".into(), false)));
        assert_eq!(led(&["links", "k2", "label"]), Ok(("/links/1/label".into(), true)));
        assert_eq!(led(&["links", "01", "label"]), Ok(("/links/1/label".into(), true)));
        assert_eq!(led(&["links", "0", "children"]), Ok(("/links/0/children".into(), false)));
        assert_eq!(led(&["links", "0", "children", "0"]), Err(Code::ItemNotFound));
        for nowhere in ["2", "-", "-1", "", "k3", "99999999999999999999"] {
            assert_eq!(led(&["links", nowhere]), Err(Code::ItemNotFound), "{nowhere}");
        }
        for unknown in
            [&["logo"][..], &["siteName", "0"], &["links", "0", "kids"], &["links", "0", "label", "x"]]
        {
            assert_eq!(led(unknown), Err(Code::UnknownProp), "{unknown:?}");
        }
    }

    #[test]
    fn a_problem_is_told_at_the_op_only_where_it_lies_within_the_place() {
        let problem = |at: &str| Problem::new(Code::SchemaViolation, at, "");
        let halt = Halt::Refused(["/l/1", "/l/1/q", "/l/10/q", "/l"].map(problem).into());
        let told = Halt::Refused(["/item", "/item/q", "/l/10/q", "/l"].map(problem).into());
        assert_eq!(told_at(halt, "/l/1", "/item"), told);
    }
}
