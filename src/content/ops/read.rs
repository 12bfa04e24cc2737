//! Reading an op, and saying what is wrong with one that can't be read.

use serde_path_to_error::{Error, Path, Segment};

use super::super::draft::brief;
use super::super::json::{Map, Value, escape, plain};
use super::super::problem::{Code, Problem};
use super::super::schema::nearest;
use super::Op;

impl Op {
    /// Reads one op of a batch: an object with its name in `op`.
    ///
    /// # Errors
    /// `malformed_request`, with the field that is missing, unknown (and the nearest there is) or of another type;
    /// `unknown_op` with the nearest name.
    pub fn parse(value: &Value) -> Result<Op, Problem> {
        let Some(fields) = value.as_object() else {
            return Err(malformed(String::new(), "an op is an object with its name in `op`".into()));
        };
        let name = match fields.get("op") {
            Some(Value::String(name)) => name,
            Some(_) => return Err(malformed("/op".into(), "`op` is the op's name, a text".into())),
            None => return Err(malformed("/op".into(), "`op`, the op's name, is missing".into())),
        };
        if let Some(at) = listed_block(fields) {
            let message = format!("{} must be an object, not a list", named(&at));
            return Err(malformed(at, message));
        }
        let rest = fields.iter().filter(|(field, _)| *field != "op").map(|(f, v)| (f.clone(), v.clone()));
        match Op::read(name, Value::Object(rest.collect())) {
            Some(read) => read.map_err(|error| explained(name, &error)),
            None => Err(unknown_op(name)),
        }
    }
}

/// The place of a block that is given as a list, which would be read field by field in their order.
fn listed_block(fields: &Map<String, Value>) -> Option<String> {
    fn within(blocks: &Value, at: &str) -> Option<String> {
        let blocks = blocks.as_array()?.iter().enumerate();
        blocks.map(|(i, block)| (block, format!("{at}/{i}"))).find_map(|(block, at)| among(block, at))
    }
    fn among(block: &Value, at: String) -> Option<String> {
        if block.is_array() {
            return Some(at);
        }
        let slots = block.get("slots")?.as_object()?;
        slots.iter().find_map(|(slot, blocks)| within(blocks, &format!("{at}/slots/{}", escape(slot))))
    }
    // `block` is the id of one in most ops.
    let one = fields.get("block").filter(|block| !block.is_string());
    one.and_then(|block| among(block, "/block".into()))
        .or_else(|| fields.get("blocks").and_then(|blocks| within(blocks, "/blocks")))
}

fn malformed(pointer: String, message: String) -> Problem {
    Problem::new(Code::MalformedRequest, pointer, message)
}

fn unknown_op(name: &str) -> Problem {
    let hint = nearest(name, Op::NAMES.iter().copied()).map_or_else(
        || format!("there are: {}", Op::NAMES.join(", ")),
        |near| format!("did you mean '{near}'?"),
    );
    Problem::new(Code::UnknownOp, "/op", format!("'{}' is no op; {hint}", brief(name)))
}

/// The deserializer's words, turned into a place and a sentence.
fn explained(op: &str, error: &Error<serde_json::Error>) -> Problem {
    let text = error.inner().to_string();
    let at = pointer(error.path());
    if let Some(rest) = text.strip_prefix("unknown field `") {
        let (field, known) = rest.split_once("`, ").unwrap_or((rest, ""));
        return unknown_field(op, &at, field, known);
    }
    if let Some(field) = text.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        return malformed(
            format!("{at}/{field}"),
            format!("'{field}' is missing: {} needs it", owner(op, &at)),
        );
    }
    malformed(at.clone(), format!("{} {}", named(&at), plain(&text)))
}

fn unknown_field(op: &str, at: &str, field: &str, known: &str) -> Problem {
    // "expected one of `a`, `b`": the names are every second piece.
    let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    let hint = match nearest(field, known.iter().copied()) {
        Some(near) => format!("; did you mean '{near}'?"),
        None => ".".into(),
    };
    // The path may or may not have come to the field itself.
    let last = format!("/{}", escape(field));
    let holder = at.strip_suffix(&last).unwrap_or(at);
    let message = format!(
        "'{}' is not a field of {}{hint} Fields: {}",
        brief(field),
        owner(op, holder),
        if known.is_empty() { "none".to_owned() } else { known.join(", ") }
    );
    malformed(format!("{holder}{last}"), message)
}

fn pointer(path: &Path) -> String {
    let steps = path.iter().map(|segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", escape(key)),
        Segment::Enum { variant } => format!("/{}", escape(variant)),
        Segment::Unknown => String::new(),
    });
    steps.collect()
}

/// What has the fields at a place: the op, or something in it.
fn owner(op: &str, at: &str) -> String {
    if at.is_empty() { op.to_owned() } else { named(at) }
}

fn named(at: &str) -> String {
    if at.is_empty() { "the op".into() } else { format!("'{}'", brief(&at[1..])) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(op: Value) -> (String, String) {
        let problem = Op::parse(&op).expect_err("the op can't be read");
        (problem.pointer, problem.message)
    }

    fn pair(pointer: &str, message: &str) -> (String, String) {
        (pointer.into(), message.into())
    }

    #[test]
    fn an_unknown_field_is_told_with_the_nearest_and_all() {
        assert_eq!(
            told(json!({"op": "move_page", "page": "/a", "befor": "/b"})),
            pair(
                "/befor",
                "'befor' is not a field of move_page; did you mean 'before'? Fields: page, after, before, index"
            )
        );
        let block = json!({"type": "Hero", "prop": {}, "props": {}});
        assert_eq!(
            told(json!({"op": "create_page", "slug": "/", "title": "a", "blocks": [block]})),
            pair(
                "/blocks/0/prop",
                "'prop' is not a field of 'blocks/0'; did you mean 'props'? Fields: type, props, id, slots"
            )
        );
        assert_eq!(
            told(json!({"op": "remove_redirect", "from": "/a", "a/`b": 1})),
            pair("/a~1`b", "'a/`b' is not a field of remove_redirect. Fields: from")
        );
    }

    #[test]
    fn a_missing_field_is_told_where_it_belongs() {
        assert_eq!(
            told(json!({"op": "create_page", "slug": "/"})),
            pair("/title", "'title' is missing: create_page needs it")
        );
        assert_eq!(
            told(json!({"op": "create_page", "slug": "/", "title": "a", "blocks": [{}]})),
            pair("/blocks/0/type", "'type' is missing: 'blocks/0' needs it")
        );
    }

    #[test]
    fn a_value_of_the_wrong_type_is_told_with_the_right_one() {
        let create = |field: &str, value: Value| {
            let mut op = json!({"op": "create_page", "slug": "/", "title": "a"});
            op[field] = value;
            told(op)
        };
        for (field, value, message) in [
            ("slug", json!(3), "'slug' must be a text, not the number 3"),
            ("index", json!("3"), "'index' must be a whole number, not the text \"3\""),
            ("meta", json!([]), "'meta' must be an object, not a list"),
            ("blocks", json!({}), "'blocks' must be a list, not an object"),
        ] {
            assert_eq!(create(field, value), pair(&format!("/{field}"), message));
        }
        assert_eq!(
            create("blocks", json!([{"type": "Hero", "props": 7}])),
            pair("/blocks/0/props", "'blocks/0/props' must be an object, not the number 7")
        );
        let long = create("index", json!("a".repeat(10_000))).1;
        assert!(long.len() < 200, "{long}");
        let op = json!({"op": "rename_page", "page": "/a", "redirect": "no"});
        assert_eq!(told(op), pair("/redirect", "'redirect' must be true or false, not the text \"no\""));
    }

    #[test]
    fn a_block_is_an_object_however_deep_it_lies() {
        let listed = json!(["Heading", {"text": "a"}, null, null]);
        let add = |block: &Value| json!({"op": "add_block", "page": "/", "block": block});
        assert_eq!(told(add(&listed)), pair("/block", "'block' must be an object, not a list"));
        let columns = json!({"type": "Columns", "slots": {"col1": [{"type": "Divider"}, listed]}});
        assert_eq!(told(add(&columns)).0, "/block/slots/col1/1");
        let op = json!({"op": "create_page", "slug": "/", "title": "a", "blocks": [columns]});
        assert_eq!(told(op).0, "/blocks/0/slots/col1/1");
    }

    #[test]
    fn a_word_that_is_not_among_the_choices_is_told_with_them() {
        let (pointer, message) = told(json!({"op": "undo", "actor": "them"}));
        assert_eq!(pointer, "/actor");
        assert_eq!(message, "'actor' must be one of 'me', not 'them'");
    }

    #[test]
    fn what_is_no_op_is_told() {
        for op in [json!(7), json!({}), json!({"op": 7})] {
            assert_eq!(Op::parse(&op).expect_err("it is none").code, Code::MalformedRequest);
        }
        let problem = Op::parse(&json!({"op": "create_pages"})).expect_err("it is none");
        assert_eq!((problem.code, problem.pointer.as_str()), (Code::UnknownOp, "/op"));
        assert_eq!(problem.message, "'create_pages' is no op; did you mean 'create_page'?");
    }

    #[test]
    fn every_op_tells_its_caller_what_it_does_and_what_each_field_is() {
        for (name, schema) in super::super::catalogue() {
            let schema = schema.to_value();
            assert!(schema["description"].as_str().is_some_and(|text| text.len() > 20), "{name}");
            assert_eq!(schema["additionalProperties"], false, "{name}");
            for (field, schema) in schema["properties"].as_object().unwrap() {
                assert!(schema["description"].is_string(), "{name}: {field}");
            }
        }
    }
}
