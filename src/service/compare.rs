//! `diff` of two refs.

use serde_json::Value;

use super::{Fault, Result, Service};
use crate::auth::Principal;

impl Service {
    /// What differs between two refs.
    ///
    /// # Errors
    /// Those of refs.
    pub async fn diff(&self, who: &Principal, site: &str, from: &str, to: &str) -> Result<Value> {
        let _ = (self.state(who, site, &Self::at(from)).await?, self.state(who, site, &Self::at(to)).await?);
        Err(Fault::Internal("not yet".into()))
    }
}
