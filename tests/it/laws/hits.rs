//! The world the laws are held in: a law over histories in which nothing happens would say nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use osier::content::ops::Op;
use osier::store::Memory;
use serde_json::json;

use super::house::House;
use crate::world::{Seeded, Step, op};

#[tokio::test]
async fn most_steps_hit_and_every_op_is_done_and_is_refused_now_and_then() {
    let chance = Seeded::new(7);
    let mut told: BTreeMap<String, [u32; 2]> = BTreeMap::new();
    for site in 0..24 {
        let mut house = House::new(Arc::new(Memory::default()), &format!("s{site}")).await;
        for at in 0..40 {
            let step: Step = (chance.byte() % 64, chance.byte() % 64, chance.byte() % 64, chance.byte() % 64);
            let (who, mut envelope) = house.deed(step);
            if envelope["ops"][0]["op"] != "undo" && envelope["ops"][0]["op"] != "redo" && step.0 < 52 {
                envelope["ops"] = json!([op(&house.told.root, step, &format!("h{at}"))]);
            }
            let name = envelope["ops"][0]["op"].as_str().unwrap().to_owned();
            let answered = house.ask(who, envelope).await;
            told.entry(name).or_default()[usize::from(answered.is_err())] += 1;
        }
    }
    let [done, refused] = told.values().fold([0, 0], |[a, b], [c, d]| [a + c, b + d]);
    assert!(done > 2 * refused && refused > 100, "{done} done, {refused} refused: {told:#?}");
    let never = |at: usize| {
        Op::NAMES
            .iter()
            .copied()
            .filter(|name| told.get(*name).is_none_or(|n| n[at] == 0))
            .collect::<Vec<_>>()
    };
    assert_eq!(never(0), [""; 0], "done at least once");
    assert!(never(1).len() < 10, "refused at least once: all but {:?}", never(1));
}
