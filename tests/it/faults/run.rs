//! One run of a test: its seed, its length, and the figures it leaves.

use std::fs::{OpenOptions, create_dir_all};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

/// A run, from its seed to its line of figures.
pub struct Run {
    name: &'static str,
    pub seed: u64,
    /// How long the long form is; none for the short one.
    soak: Option<f64>,
    began: Instant,
    figures: Map<String, Value>,
}

impl Run {
    pub fn begin(name: &'static str) -> Run {
        let given = std::env::var("OSIER_FAULTS_SEED").ok();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
        let seed = given.map_or(u64::try_from(now).unwrap(), |text| text.parse().unwrap());
        let soak = std::env::var("OSIER_SOAK").ok().map(|text| text.parse().unwrap());
        println!("{name}: OSIER_FAULTS_SEED={seed}");
        Run { name, seed, soak, began: Instant::now(), figures: Map::new() }
    }

    /// So many in the short form, so many in the long one.
    pub fn times(&self, short: u32, long: u32) -> u32 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of rounds")]
        self.soak.map_or(short, |factor| (f64::from(long) * factor).ceil() as u32)
    }

    pub fn is_long(&self) -> bool {
        self.soak.is_some()
    }

    /// A source of chance of its own for each part of the test.
    pub fn chance(&self, part: u64) -> Chance {
        Chance(self.seed ^ part.wrapping_mul(0xA076_1D64_78BD_642F))
    }

    pub fn figure(&mut self, name: &str, value: impl Into<Value>) {
        self.figures.insert(name.to_owned(), value.into());
    }

    /// Of a figure that comes up several times, the largest.
    pub fn most(&mut self, name: &str, value: u64) {
        let before = self.figures.get(name).and_then(Value::as_u64).unwrap_or_default();
        self.figure(name, before.max(value));
    }

    /// The slowest of some times, and the one in the middle.
    pub fn times_taken(&mut self, name: &str, mut times: Vec<Duration>) {
        times.sort();
        if let (Some(middle), Some(last)) = (times.get(times.len() / 2), times.last()) {
            self.figure(&format!("{name}_ms_median"), ms(*middle));
            self.figure(&format!("{name}_ms_max"), ms(*last));
        }
    }

    /// Prints the figures as a table; those of a long run are kept as a line of JSON under `target/soak/` too.
    pub fn end(self) {
        println!("{} ({:.1} s)", self.name, self.began.elapsed().as_secs_f64());
        for (name, value) in &self.figures {
            println!("  {name:<28} {value}");
        }
        let Some(factor) = self.soak else { return };
        let line = json!({
            "test": self.name, "seed": self.seed, "commit": commit(), "soak": factor,
            "release": !cfg!(debug_assertions), "seconds": self.began.elapsed().as_secs_f64(),
            "figures": self.figures,
        });
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("soak");
        create_dir_all(&folder).unwrap();
        let file = OpenOptions::new().create(true).append(true).open(folder.join("figures.jsonl"));
        writeln!(file.unwrap(), "{line}").unwrap();
    }
}

pub fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}

/// What is tested; empty outside of a checkout.
fn commit() -> String {
    let asked = Command::new("git").args(["describe", "--always", "--dirty"]).output();
    asked.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

/// Numbers that are the same for the same seed (splitmix64).
pub struct Chance(u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Below a bound.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    pub fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.next() % (to - from))
    }
}
