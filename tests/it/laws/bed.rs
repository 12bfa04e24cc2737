//! Random histories, each on a site of its own, on one store a test.

use std::cell::Cell;
use std::sync::Arc;

use osier::store::{Store, open};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use tempfile::TempDir;

use super::house::House;
use crate::harness::Server;
use crate::world::Step;

/// The stores a law is held on.
#[derive(Clone, Copy)]
pub enum On {
    Memory,
    Sqlite,
    Postgres,
}

/// Holds a law over random histories of at most `longest` steps. In memory `cases` of them, on the others a fraction:
/// what is different there is the store, not the law. `PROPTEST_CASES` asks for more, by chance.
pub fn hold(on: On, cases: u32, longest: usize, law: impl AsyncFn(&mut House, &[Step])) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let Some((store, _folder)) = runtime.block_on(fresh(on)) else { return };
    let asked = ProptestConfig::default();
    let (cases, rng_seed) = match std::env::var("PROPTEST_CASES") {
        Ok(_) => (asked.cases, asked.rng_seed),
        Err(_) => (cases, RngSeed::Fixed(1)),
    };
    let cases = match on {
        On::Memory => cases,
        On::Sqlite | On::Postgres => cases.div_ceil(8),
    };
    let config =
        ProptestConfig { cases, rng_seed, failure_persistence: None, max_shrink_iters: 600, ..asked };
    let steps = prop::collection::vec((0..64u8, 0..64u8, 0..64u8, 0..64u8), 1..longest);
    let sites = Cell::new(0);
    let held = TestRunner::new(config).run(&steps, |steps| {
        sites.set(sites.get() + 1);
        runtime.block_on(async {
            let mut house = House::new(store.clone(), &format!("s{}", sites.get())).await;
            law(&mut house, &steps).await;
            house.service.close().await;
        });
        Ok(())
    });
    held.unwrap_or_else(|broken| panic!("{broken}"));
}

async fn fresh(on: On) -> Option<(Arc<dyn Store>, Option<TempDir>)> {
    let (url, folder) = match on {
        On::Memory => ("memory:".to_owned(), None),
        On::Sqlite => {
            let folder = TempDir::new().unwrap();
            (format!("sqlite:{}", folder.path().join("osier.db").display()), Some(folder))
        }
        On::Postgres => (Server::postgres_database().await?.0, None),
    };
    Some((open(&url).await.unwrap(), folder))
}
