//! The servers, the store they share, and what is known of its log.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use futures::FutureExt;
use osier::service::{At, Paging, Principal, Service};
use osier::store::{Entry, Log, Registry, Site};
use serde_json::{Value, json};

use super::journal::Journal;
use super::nemesis::Plan;
use super::store::{Disk, Line};
use crate::world::{Replayed, Seeded, Seen, Ticking, first_batch, send, values};

pub const SITE: &str = "town";

/// A running server.
#[derive(Clone)]
pub struct Running {
    pub service: Arc<Service>,
    line: Arc<Line>,
}

impl Running {
    /// Nobody hears of it any more.
    pub fn is_killed(&self) -> bool {
        self.line.is_killed()
    }
}

pub struct Town {
    pub disk: Arc<Disk>,
    pub site: Site,
    pub journal: Journal,
    servers: Mutex<Vec<Running>>,
    started: AtomicU64,
    /// The state after each entry of the log, from the genesis on, and the entries.
    known: Mutex<(Vec<Replayed>, Vec<Entry>)>,
}

impl Town {
    /// With all servers up and the first batch in the log.
    pub async fn new(plan: &Plan) -> Arc<Town> {
        let disk = Disk::new(plan.seed);
        let first = start(&disk, 0);
        first.service.create_site(&Principal::operator(), SITE, serde_json::Map::new()).await.unwrap();
        send(&first.service, SITE, "founder", json!({"ops": first_batch()})).await.unwrap();
        let site = disk.kept().site(SITE).await.unwrap().unwrap();
        let mut servers = vec![first];
        servers.extend((1..plan.servers).map(|n| start(&disk, n as u64)));
        let known = Mutex::new((vec![Replayed::genesis(&site)], Vec::new()));
        let (journal, started) = (Journal::default(), AtomicU64::new(plan.servers as u64));
        Arc::new(Town { disk, site, journal, servers: Mutex::new(servers), started, known })
    }

    /// One of the servers, by chance.
    pub fn server(&self) -> Running {
        let servers = self.servers.lock().unwrap();
        servers[self.disk.chance.below(servers.len() as u64) as usize].clone()
    }

    fn is_up(&self, server: &Running) -> bool {
        self.servers.lock().unwrap().iter().any(|up| Arc::ptr_eq(&up.service, &server.service))
    }

    /// As SIGKILL: what it has sent may arrive, nothing else. Another is started in its place.
    pub fn kill(&self, server: usize) {
        let next = start(&self.disk, self.started.fetch_add(1, Ordering::Relaxed));
        let killed = std::mem::replace(&mut self.servers.lock().unwrap()[server], next);
        killed.line.kill();
    }

    /// As SIGTERM.
    pub async fn stop(&self, server: usize) {
        let next = start(&self.disk, self.started.fetch_add(1, Ordering::Relaxed));
        let stopped = std::mem::replace(&mut self.servers.lock().unwrap()[server], next);
        stopped.service.close().await;
    }

    /// The store is that of an earlier time, and so is what is known of it.
    pub async fn go_back(&self) {
        self.disk.go_back().await;
        let kept = self.disk.kept().entries(self.site.key, 0, usize::MAX).await.unwrap();
        let mut known = self.known.lock().unwrap();
        let same = known.1.iter().zip(&kept).take_while(|(known, kept)| known == kept).count();
        known.1.truncate(same);
        known.0.truncate(same + 1);
        self.journal.forget_behind(same as u64);
    }

    /// How often the store went back.
    pub fn times_back(&self) -> u64 {
        self.disk.rewinds.load(Ordering::SeqCst)
    }

    /// The state at the end of the log.
    pub fn follow(&self) -> Replayed {
        self.read_on().0.last().unwrap().clone()
    }

    /// The states after the entries `from` to `to`, where they are there.
    pub fn states(&self, from: u64, to: u64) -> Vec<Replayed> {
        let known = self.read_on();
        known.0.iter().filter(|state| (from..=to).contains(&state.link.seq)).cloned().collect()
    }

    /// What is known, once the log is read to its end.
    fn read_on(&self) -> MutexGuard<'_, (Vec<Replayed>, Vec<Entry>)> {
        let mut known = self.known.lock().unwrap();
        let kept = self.disk.kept();
        // The store in memory never waits.
        let more =
            kept.entries(self.site.key, known.1.len() as u64, usize::MAX).now_or_never().unwrap().unwrap();
        for entry in more {
            let mut next = known.0[known.0.len() - 1].clone();
            next.follow(std::slice::from_ref(&entry));
            known.0.push(next);
            known.1.push(entry);
        }
        known
    }

    /// The newest entry's number.
    pub fn newest(&self) -> u64 {
        self.follow().link.seq
    }

    /// The log.
    pub fn log(&self) -> Vec<Entry> {
        self.read_on().1.clone()
    }

    /// A server that answered a version shows it from then on: what it serves is a state of the log, and none before it.
    pub async fn read_own_write(&self, server: &Running, version: u64) {
        let (who, at) = (Principal::operator(), At::default());
        let back = self.times_back();
        let read = server.service.pages(&who, SITE, &at, &Paging { limit: 500, cursor: None }).await;
        let Ok(read) = read else { return };
        // One that is told to stop answers what it has in hand, and is not asked anything new.
        if back != self.times_back() || !self.is_up(server) {
            return;
        }
        let later = self.states(0, u64::MAX).into_iter().filter(|state| state.root.version >= version);
        assert!(
            later.map(|state| state.lines()).any(|lines| lines == values(&read.items)),
            "what is served after version {version} is none of the states since"
        );
    }

    /// When all is quiet: each server serves what the log tells, the journal holds, and nobody is refused any more.
    pub async fn look_at_all(&self) {
        let servers = self.servers.lock().unwrap().clone();
        for (n, server) in servers.iter().enumerate() {
            let patch = json!({"name": format!("quiet {n}")});
            self.must_be_done(server, json!({"op": "update_site_config", "patch": patch})).await;
        }
        self.must_be_done(&servers[0], json!({"op": "undo"})).await;
        let told = self.follow();
        for server in &servers {
            let served = Seen::served(&server.service, SITE, "main", Some(told.root.version)).await;
            assert_eq!(served, told.seen(), "served when all is quiet");
        }
        let fresh = start(&self.disk, self.started.fetch_add(1, Ordering::Relaxed));
        assert_eq!(
            Seen::served(&fresh.service, SITE, "main", None).await,
            told.seen(),
            "served by a new server"
        );
        self.journal.holds(&self.log());
    }

    async fn must_be_done(&self, server: &Running, op: Value) {
        let answered = send(&server.service, SITE, "quiet", json!({"ops": [op]})).await;
        assert!(matches!(&answered, Ok(answer) if answer.changed), "refused when all is quiet: {answered:?}");
    }
}

fn start(disk: &Arc<Disk>, n: u64) -> Running {
    let line = Line::to(disk);
    let chance = Seeded::new(disk.chance.next() ^ (n << 32));
    Running { service: Service::new(line.clone(), Arc::new(Ticking::default()), Arc::new(chance)), line }
}
