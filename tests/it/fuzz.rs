//! The fuzz targets, on their corpora and on seeded mutations of them: no panic, no broken law, nothing that takes long.
//!
//! `docs/TESTING.md` says how to look further, and what to do with an input that is found.

mod mutate;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

use mutate::Mutator;

/// How long one input may take. A slow machine is not a bug, so it is generous: what is found by it takes for ever.
const LONGEST: Duration = Duration::from_secs(10);

/// A mutation has at most so many bytes.
const LARGEST: usize = 4096;

macro_rules! each_target {
    ($($name:ident: $inputs:literal,)*) => { $(
        #[test]
        fn $name() {
            feed(stringify!($name), $inputs);
        }
    )* };
}

// How many mutations of the corpus each is fed with; the slower ones get fewer.
each_target! {
    commit: 3000,
    json: 4000,
    links: 2500,
    lowering: 1500,
    markdown: 500,
    merge: 2500,
    pointer: 4000,
    request: 1200,
    schema: 1200,
    slug: 4000,
}

#[test]
fn every_target_has_a_corpus_and_a_test_and_a_fuzzer() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let here = std::fs::read_to_string(root.join("tests/it/fuzz.rs")).unwrap();
    for (name, _) in targets::ALL {
        assert!(!corpus(name).is_empty(), "tests/corpora/{name}");
        assert!(here.contains(&format!("\n    {name}: ")), "{name} is not fed");
        assert!(root.join(format!("fuzz/fuzz_targets/{name}.rs")).exists(), "fuzz/fuzz_targets/{name}.rs");
    }
}

/// Feeds a target with its corpus and with mutations: `OSIER_FUZZ` times as many as usual, from `OSIER_SEED` on.
fn feed(name: &str, inputs: u64) {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (seed, times) = (number("OSIER_SEED").unwrap_or(0), number("OSIER_FUZZ").unwrap_or(1));
    let corpus = corpus(name);
    corpus.iter().for_each(|input| hold(name, input));
    let mut mutator = Mutator::new(seed, corpus, LARGEST);
    for _ in 0..inputs * times {
        hold(name, &mutator.next());
    }
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpora").join(name);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

fn hold(name: &str, input: &[u8]) {
    let started = Instant::now();
    let ended = catch_unwind(AssertUnwindSafe(|| targets::named(name)(input)));
    let late = started.elapsed() > LONGEST;
    if ended.is_err() || late {
        let kept =
            std::env::temp_dir().join(format!("osier-fuzz-{name}-{}", &blake3::hash(input).to_hex()[..12]));
        std::fs::write(&kept, input).unwrap();
        eprintln!("{name} fails on {}: {}", kept.display(), input.escape_ascii());
        eprintln!("once it is mended, it belongs into tests/corpora/{name}/");
    }
    if let Err(panic) = ended {
        resume_unwind(panic);
    }
    assert!(!late, "{:?} for one input", started.elapsed());
}
