//! A disk that is full (R6).

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::load::Load;
use super::run::{Run, ms};
use super::stage::Stage;
use super::verdict::judge;
use crate::harness::{SITE, page_path};

/// A small disk of its own; it is taken away when this is dropped.
struct Disk(TempDir);

impl Disk {
    /// None, with the reason printed, where nothing may be mounted.
    fn mounted() -> Option<Disk> {
        let folder = TempDir::new().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=48m", "osier-faults"]).arg(folder.path());
        match mount.output() {
            Ok(output) if output.status.success() => Some(Disk(folder)),
            Ok(output) => {
                let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                eprintln!("not run on a full disk: {why}");
                None
            }
            Err(e) => {
                eprintln!("not run on a full disk: mount: {e}");
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Leaves so many bytes, or fewer: others write meanwhile.
    fn fill(&self, left: u64) {
        let ballast = std::fs::File::create(self.path().join("ballast")).unwrap();
        for _ in 0..100 {
            let space = rustix::fs::statvfs(self.path()).unwrap();
            let bytes = (space.f_bavail * space.f_frsize).saturating_sub(left);
            match rustix::fs::fallocate(&ballast, rustix::fs::FallocateFlags::empty(), 0, bytes) {
                Ok(()) => return,
                Err(rustix::io::Errno::NOSPC) => {}
                Err(error) => panic!("{error}"),
            }
        }
        panic!("the disk does not fill");
    }

    fn free(&self) {
        std::fs::remove_file(self.path().join("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_reads_go_on_and_work_goes_on_when_there_is_space() {
    let Some(disk) = Disk::mounted() else { return };
    let mut run = Run::begin("R6, disk full, SQLite");
    let cycles = run.times(2, 20);
    let folder = TempDir::new().unwrap();
    let database = format!("sqlite:{}", disk.path().join("osier.db").display());
    let stage = Stage::set(database, folder.path(), &[]).await;
    let mut load = Load::start(16, &stage.door, folder.path(), &run);
    let mut well_again = Vec::new();
    for _ in 0..cycles {
        load.more(16).await;
        disk.fill(400_000);
        load.until(|tally| tally.refused.get("507 store_full").is_some_and(|full| *full > 16)).await;
        for path in [page_path("/left0"), format!("/sites/{SITE}/history"), "/readyz".to_owned()] {
            stage.door.get(&path).await;
        }
        disk.free();
        well_again.push(load.more(1).await);
        load.tally();
    }
    load.more(100).await;
    let left = load.finish().await;
    judge(&stage.door, &left, &mut run).await;
    run.figure("cycles", cycles);
    run.figure("well_again_ms_max", ms(well_again.into_iter().max().unwrap_or(Duration::ZERO)));
    run.end();
    drop(stage);
}
