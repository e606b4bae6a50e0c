//! The ledger's items about costs.

use std::collections::BTreeMap;

use jiff::civil::Date;
use nightshift_core::cost::CostTold;
use nightshift_core::ledger::Versioned;
use serde_json::Value;

/// Items about costs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Costs {
    pub(crate) answers: BTreeMap<(Date, String), Value>,
    pub(crate) told: BTreeMap<String, Versioned<CostTold>>,
}

impl Costs {
    pub(crate) fn told(&self, matter: &str) -> Versioned<CostTold> {
        let none = || Versioned { version: 0, value: CostTold::default() };
        self.told.get(matter).cloned().unwrap_or_else(none)
    }

    /// `false`: somebody wrote in between.
    pub(crate) fn keep_told(&mut self, matter: &str, told: &Versioned<CostTold>) -> bool {
        if self.told(matter).version != told.version {
            return false;
        }
        let kept = Versioned { version: told.version + 1, value: told.value.clone() };
        self.told.insert(matter.to_owned(), kept);
        true
    }
}
