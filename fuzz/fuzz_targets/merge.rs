//! libFuzzer on the target `merge`.
#![no_main]

#[path = "../../tests/it/fuzz/targets/mod.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|input: &[u8]| targets::named("merge")(input));
