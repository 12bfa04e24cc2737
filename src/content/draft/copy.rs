//! Copies of blocks: the same content under new ids.

use super::super::id::{BlockId, Mint, new_block};
use super::super::json::Value;

/// A block as the log has it, `{id, type, props, slots?}`, with a new id for itself and for all in its slots. List
/// items keep their keys, which are unique in their list only.
pub(in crate::content) fn with_new_ids(mut block: Value, mint: &mut dyn Mint) -> (BlockId, Value) {
    let id = new_block(mint);
    block["id"] = id.as_str().into();
    let slots = block.get_mut("slots").and_then(Value::as_object_mut);
    for children in slots.into_iter().flat_map(|slots| slots.values_mut()).filter_map(Value::as_array_mut) {
        for child in children {
            *child = with_new_ids(child.take(), mint).1;
        }
    }
    (id, block)
}

#[cfg(test)]
mod tests {
    use super::super::super::id::Counting;
    use super::*;
    use serde_json::json;

    #[test]
    fn every_block_of_a_copy_has_an_id_of_its_own_and_every_item_its_key() {
        let block = json!({"id": "a", "type": "T", "props": {"items": [{"key": "k", "q": 1}]}, "slots": {
            "left": [{"id": "b", "type": "T", "props": {}}, {"id": "c", "type": "T", "props": {}}],
        }});
        let (id, copy) = with_new_ids(block.clone(), &mut Counting::default());
        assert_eq!(copy["id"], id.as_str());
        let mut ids = vec![&copy["id"], &copy["slots"]["left"][0]["id"], &copy["slots"]["left"][1]["id"]];
        assert!(ids.iter().all(|id| id.as_str().is_some_and(|id| id.starts_with("blk_"))));
        ids.dedup();
        assert_eq!(ids.len(), 3);
        assert_eq!(copy["props"], block["props"]);
    }
}
