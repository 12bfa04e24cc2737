//! The look-out of the house: what other processes do to the sites that are open here, and what the open ones cost.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::authorize::Action;
use super::site::Job;
use super::{Result, Service};
use crate::auth::Principal;
use crate::store::{Link, SiteKey};
use crate::telemetry::metrics::Vitals;

/// How often the heads of all open sites are looked at: what another process writes is read here within 100 ms.
const LOOK: Duration = Duration::from_millis(50);

/// How many looks there are between two at what the sites cost.
const LOOKS: u32 = 20;

/// Looks until the service is gone.
pub(super) async fn run(service: Weak<Service>) {
    let mut tick = interval(LOOK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for look in 1_u32.. {
        tick.tick().await;
        let Some(service) = service.upgrade() else { return };
        service.look_at_heads().await;
        if look.is_multiple_of(LOOKS) {
            service.shed().await;
            service.close_idle();
            service.write_uses();
        }
    }
}

impl Service {
    /// Has the writers fold what other processes wrote, and lets go of sites that they removed.
    async fn look_at_heads(&self) {
        let open = self.sites.all();
        // Before the heads are read: what is written in between is no news of others.
        let seen: Vec<Link> = open.iter().map(|site| site.head.load().link).collect();
        let keys: Vec<SiteKey> = open.iter().map(|site| site.site.key).collect();
        if keys.is_empty() {
            return;
        }
        // A store that is down is told to whoever writes; here it is asked again.
        let Ok(heads) = self.outside.store.heads(&keys).await else { return };
        for ((site, seen), head) in open.iter().zip(seen).zip(heads) {
            match head {
                // A queue that is full holds batches enough to find out.
                // One that is behind what is known here is of a log that went back in time.
                Some(head) if head != seen => drop(site.jobs.try_send(Job::Fold)),
                Some(_) => {}
                None => self.sites.part_with(site),
            }
        }
    }

    /// Where all sites together keep too many page bodies, those that were not asked for in longest let go first. Writers
    /// that are at work do so by themselves.
    async fn shed(&self) {
        let now = self.outside.clock.now_ms();
        let mut open = self.sites.all();
        open.sort_by_key(|site| site.last_asked_ms(now));
        for site in open {
            if self.outside.budget.over() == 0 {
                return;
            }
            let _ = site.jobs.try_send(Job::Shed);
            tokio::task::yield_now().await;
        }
    }

    /// Closes sites that nobody asked for in a while. Whoever asks next opens them anew.
    fn close_idle(self: &Arc<Self>) {
        // One look closes at a time, beside the look-out: a site may have much to write down.
        let Ok(alone) = Arc::clone(&self.closing).try_lock_owned() else { return };
        let service = Arc::clone(self);
        tokio::spawn(async move {
            service.close_those_idle().await;
            drop(alone);
        });
    }

    async fn close_those_idle(&self) {
        let now = self.outside.clock.now_ms();
        let idle = i64::try_from(self.limits.idle.as_millis()).unwrap_or(i64::MAX);
        for site in self.sites.all() {
            if now.saturating_sub(site.last_asked_ms(now)) >= idle {
                // It stays on the list until its writer has ended, so that no second one is beside it.
                site.finish().await;
            }
        }
        self.sites.forget_those_gone();
    }

    /// How the process stands.
    ///
    /// # Errors
    /// `InsufficientScope`.
    pub fn vitals(&self, who: &Principal) -> Result<Vitals> {
        self.allow(who, &Action::ReadFigures)?;
        let open = self.sites.all();
        Ok(Vitals {
            open_sites: open.len(),
            state_bytes: (self.outside.budget.used(), self.limits.state_bytes),
            waiting_batches: open.iter().map(|site| site.waiting()).sum(),
            // One is the site's own: its checkpoints.
            followers: open.iter().map(|site| site.feed.followers().saturating_sub(1)).sum(),
            follower_lag: open.iter().map(|site| site.feed.lag()).max().unwrap_or(0),
        })
    }
}
