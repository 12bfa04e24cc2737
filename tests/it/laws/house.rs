//! A service with one site of the small world, and beside it the state that its log tells.

use std::collections::BTreeMap;
use std::sync::Arc;

use osier::content::document::Hash;
use osier::service::{Fault, Principal, Service};
use osier::store::{Entry, Site, Store};
use serde_json::{Value, json};

use crate::world::{Answered, Replayed, Seeded, Seen, Step, Ticking, batch, first_batch, looking_back, send};

/// One server on a store, and what its log tells.
pub struct House {
    pub service: Arc<Service>,
    pub store: Arc<dyn Store>,
    pub site: Site,
    pub told: Replayed,
    /// The hash of the site after each version, from 0 on.
    pub hashes: Vec<Hash>,
    /// What was served at each version, where it was looked at.
    pub seen: BTreeMap<u64, Seen>,
    /// The ids of all commits.
    pub commits: Vec<String>,
    made: u64,
}

impl House {
    /// On a new site of a store, with the first batch in it.
    pub async fn new(store: Arc<dyn Store>, site: &str) -> House {
        let service = server(&store, 1);
        let name = json!({"name": "World"}).as_object().cloned().unwrap();
        service.create_site(&Principal::operator(), site, name).await.unwrap();
        let site = store.site(site).await.unwrap().unwrap();
        let told = Replayed::genesis(&site);
        let hashes = vec![told.hash()];
        let (seen, commits) = (BTreeMap::new(), Vec::new());
        let mut house = House { service, store, site, told, hashes, seen, commits, made: 1 };
        house.ask("ana", json!({"ops": first_batch()})).await.unwrap();
        house
    }

    /// Sends an envelope; the log is read after it.
    pub async fn ask(&mut self, who: &str, envelope: Value) -> Answered {
        let answered = send(&self.service, &self.site.id, who, envelope).await;
        assert!(!matches!(answered, Err(Fault::Internal(_))), "{answered:?}");
        self.read_on().await;
        answered
    }

    /// The deed of a step: most are batches of one to three ops, one in five looks back.
    pub fn deed(&mut self, step: Step) -> (&'static str, Value) {
        self.made += 1;
        let who = ["ana", "bo"][usize::from(step.3) % 2];
        if step.0 >= 52 {
            return (who, json!({"ops": [looking_back(&self.told.root, step, &self.commits)]}));
        }
        (who, json!({"ops": self.ops(step)}))
    }

    /// A batch of ordinary ops.
    pub fn ops(&mut self, (kind, a, b, c): Step) -> Vec<Value> {
        self.made += 1;
        let mixed =
            |n: u8| (kind.wrapping_add(n * 7), a.wrapping_mul(n), b.wrapping_add(n), c.wrapping_mul(5) % 64);
        let steps = [(kind, a, b, c), mixed(3), mixed(5)];
        let count = [1, 1, 1, 2, 3][usize::from(a) % 5];
        batch(&self.told.root, &steps[..count], &format!("n{}", self.made))
    }

    /// Does a step's deed.
    pub async fn step(&mut self, step: Step) -> Answered {
        let (who, envelope) = self.deed(step);
        self.ask(who, envelope).await
    }

    /// Follows the log to its end.
    pub async fn read_on(&mut self) {
        let entries = self.store.entries(self.site.key, self.told.link.seq, 500).await.unwrap();
        for entry in entries {
            self.told.follow(std::slice::from_ref(&entry));
            if entry.version.is_some() {
                self.hashes.push(self.told.hash());
                self.commits.push(entry.commit_id());
            }
        }
    }

    /// The whole log.
    pub async fn log(&self) -> Vec<Entry> {
        let mut log = Vec::new();
        loop {
            let more = self.store.entries(self.site.key, log.len() as u64, 500).await.unwrap();
            if more.is_empty() {
                return log;
            }
            log.extend(more);
        }
    }

    /// What a ref is served as, to somebody who has read the log to its end.
    pub async fn served(&self, reference: &str) -> Seen {
        Seen::served(&self.service, &self.site.id, reference, Some(self.told.root.version)).await
    }

    /// Remembers what is served now.
    pub async fn remember(&mut self) {
        let now = self.served("main").await;
        self.seen.insert(self.told.root.version, now);
    }

    /// Another process on the same store.
    pub fn beside(&self) -> Arc<Service> {
        server(&self.store, 1 << 40)
    }

    /// Stops the service in good order, or drops it as a crash does, and starts another.
    pub async fn reopen(&mut self, in_good_order: bool) {
        if in_good_order {
            self.service.close().await;
        }
        self.made += 1;
        self.service = server(&self.store, self.made << 32);
    }
}

fn server(store: &Arc<dyn Store>, seed: u64) -> Arc<Service> {
    Service::new(store.clone(), Arc::new(Ticking::default()), Arc::new(Seeded::new(seed)))
}
