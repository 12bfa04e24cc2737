//! The machine that is measured on, and whether it is quiet.

use std::collections::HashMap;
use std::fs;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::process::cpu_us;

/// A process that takes more of a core than this is busy.
const BUSY_PERCENT: u64 = 5;

/// What figures depend on.
pub(super) fn describe() -> Value {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory_kb = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    json!({
        "cpus": std::thread::available_parallelism().map_or(0, usize::from),
        "cpu": model.map_or("", |(_, name)| name.trim()),
        "memoryMb": memory_kb.and_then(|kb| kb.parse::<u64>().ok()).unwrap_or_default() / 1024,
        "kernel": kernel.trim(),
    })
}

/// The commit that is measured, with a mark where the working tree differs from it.
pub(super) fn commit() -> String {
    let git = |arguments: &[&str]| {
        let done = Command::new("git").args(arguments).output().ok().filter(|done| done.status.success())?;
        Some(String::from_utf8_lossy(&done.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short", "HEAD"]) else { return "unknown".to_owned() };
    let changed = git(&["status", "--porcelain"]).is_some_and(|files| !files.is_empty());
    if changed { format!("{commit}-changed") } else { commit }
}

/// The time in words that sort: `20261121-190921`.
pub(super) fn now() -> String {
    let done = Command::new("date").args(["-u", "+%Y%m%d-%H%M%S"]).output();
    done.map(|done| String::from_utf8_lossy(&done.stdout).trim().to_owned()).unwrap_or_default()
}

/// What else keeps this machine busy: a line each. Empty where it is quiet.
pub(super) async fn noise() -> Vec<String> {
    let mut lines = Vec::new();
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: f64 = text.split_whitespace().next().and_then(|load| load.parse().ok()).unwrap_or_default();
    if load > 0.5 {
        lines.push(format!("the load average of the last minute is {load}"));
    }
    let before = processes();
    tokio::time::sleep(Duration::from_secs(1)).await;
    for (process, used_us) in processes() {
        let Some(was) = before.get(&process) else { continue };
        let percent = used_us.saturating_sub(*was) / 10_000;
        if percent > BUSY_PERCENT && process != std::process::id() {
            let name = fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
            lines.push(format!("{} (process {process}) takes {percent} % of a core", name.trim()));
        }
    }
    lines
}

fn processes() -> HashMap<u32, u64> {
    let Ok(all) = fs::read_dir("/proc") else { return HashMap::new() };
    let numbers = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    numbers.filter_map(|process| Some((process, cpu_us(process)?))).collect()
}
