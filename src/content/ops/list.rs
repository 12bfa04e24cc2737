//! Lists within a block's props: found as ops name them, edited, and put back.

use super::super::draft::{Draft, Position, brief};
use super::super::id::{BlockId, PageId};
use super::super::json::{Value, key_of, parse_pointer};
use super::super::problem::{Code, Lowered, Problem};
use super::super::schema::Shape;
use super::Done;
use super::way::{Wanted, by_index, by_key, follow, not_found, told_at, what};

/// A list of a block, to edit and put back.
pub(super) struct List {
    page: PageId,
    block: BlockId,
    props: Value,
    at: String,
    /// Its items or plain elements; of a list that is not there yet none.
    pub(super) items: Vec<Value>,
}

impl List {
    /// The list that the fields `page`, `block` and `list` of an op name.
    ///
    /// # Errors
    /// `page_not_found`, `block_not_found`, `unknown_prop` with the nearest list, `item_not_found` on the way to a list
    /// within an item, `schema_violation` where it is no list; `Missing`.
    pub(super) fn find(draft: &Draft, page: &str, block: &str, list: &str) -> Lowered<List> {
        let page = draft.find_page(page, "/page")?;
        let block = draft.find_block(&page, block, "/block")?;
        let found = draft.block(&page, &block)?;
        let (kind, props) = (draft.block_type(&found.kind, "/block")?, found.value());
        let steps = match list.starts_with('/') {
            true => parse_pointer(list).unwrap_or_default(),
            false => vec![list.to_owned()],
        };
        let way = follow(&kind, &props, &steps, Wanted::List, "/list")?;
        let items = match (way.value, way.shape) {
            (Some(Value::Array(items)), _) => items.clone(),
            (None, Some(Shape::List(_))) => Vec::new(),
            (value, _) => {
                let there = value.map_or("no list", what);
                let hint = Wanted::List.hint(list, Some(kind.shape()));
                let message = format!(
                    "'{}' of {} is {there}, and `list` names a list; {hint}",
                    brief(list),
                    kind.name()
                );
                return Err(Problem::new(Code::SchemaViolation, "/list", message).into());
            }
        };
        let at = way.at;
        Ok(List { page, block, props, at, items })
    }

    /// The index of the item that an op names by one of `index` and `key`.
    ///
    /// # Errors
    /// `malformed_request`, `item_not_found`.
    pub(super) fn item(&self, index: Option<i64>, key: Option<&str>) -> Result<usize, Problem> {
        match (index, key) {
            (Some(index), None) => by_index(&self.items, usize::try_from(index).ok())
                .map_err(|there| not_found("/index", format!("there is no item {index}: {there}"))),
            (None, Some(key)) => by_key(&self.items, key)
                .map_err(|there| not_found("/key", format!("no item has the key '{}': {there}", brief(key)))),
            (None, None) | (Some(_), Some(_)) => {
                let message = "name the item by one of `index` (from 0) and `key`";
                Err(Problem::new(Code::MalformedRequest, "", message))
            }
        }
    }

    /// The index for an item that comes; one that moves has been taken out before.
    ///
    /// # Errors
    /// `item_not_found`, `invalid_position`.
    pub(super) fn place(&self, at: Position) -> Result<usize, Problem> {
        for (name, pointer) in [(at.after, "/after"), (at.before, "/before")] {
            if let Some(name) = name
                && let Err(there) = by_key(&self.items, name)
            {
                let message = format!("no other item has the key '{}': {there}", brief(name));
                return Err(not_found(pointer, message));
            }
        }
        let keys: Vec<&str> = self.items.iter().map(|item| key_of(item).unwrap_or_default()).collect();
        at.resolve(&keys)
    }

    /// Puts the edited list back. `about` is the item concerned and the field of the op that gave it: problems within
    /// the item are told there.
    ///
    /// # Errors
    /// Every problem of the props.
    pub(super) fn put(mut self, draft: &mut Draft, about: Option<(usize, &str)>) -> Lowered<Done> {
        put_at(&mut self.props, &self.at, Value::Array(self.items));
        let item = about.map(|(index, field)| (format!("{}/{index}", self.at), field));
        draft.put_props(&self.page, &self.block, self.props, "").map_err(|halt| match &item {
            Some((item, field)) => told_at(halt, item, field),
            None => halt,
        })?;
        let props = draft.block(&self.page, &self.block)?.value();
        let key = item.and_then(|(item, _)| props.pointer(&item).and_then(key_of).map(String::from));
        Ok(Done { key, ..Done::block(self.page, self.block) })
    }
}

/// Puts a value where a way leads; objects that are missing on it are made.
fn put_at(props: &mut Value, at: &str, value: Value) {
    let mut here = props;
    for step in parse_pointer(at).unwrap_or_default() {
        here = match here {
            Value::Array(items) => match step.parse().ok().and_then(|i: usize| items.get_mut(i)) {
                Some(item) => item,
                None => return,
            },
            Value::Object(fields) => fields.entry(step).or_insert(Value::Null),
            other => {
                *other = Value::Object(Default::default());
                &mut other[step]
            }
        };
    }
    *here = value;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_put_where_a_way_leads_and_objects_on_it_are_made() {
        let mut props = json!({"links": [{"key": "a"}]});
        put_at(&mut props, "/links/0/children", json!([1]));
        put_at(&mut props, "/seo/tags", json!(["x"]));
        assert_eq!(props, json!({"links": [{"key": "a", "children": [1]}], "seo": {"tags": ["x"]}}));
    }

    #[test]
    fn an_item_that_is_not_there_is_told_with_those_that_are() {
        let list = |items: Vec<Value>| List {
            page: "pg_1".into(),
            block: "blk_1".into(),
            props: json!({}),
            at: "/items".into(),
            items,
        };
        let message = |items, index, key| list(items).item(index, key).unwrap_err().message;
        let many = |n: usize| (0..n).map(|i| json!({"key": format!("k{i}")})).collect::<Vec<_>>();
        assert_eq!(message(many(2), Some(2), None), "there is no item 2: the list has 2, counted from 0");
        assert_eq!(message(many(0), Some(0), None), "there is no item 0: the list is empty");
        assert_eq!(message(many(2), None, Some("x")), "no item has the key 'x': there are k0, k1");
        assert_eq!(
            message(vec![json!("a")], None, Some("x")),
            "no item has the key 'x': its items have no keys, name them by index"
        );
        let long = message(many(21), None, Some("x"));
        assert!(long.ends_with("k18, k19, …"), "{long}");
    }
}
