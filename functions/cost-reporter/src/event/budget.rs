//! What AWS Budgets writes: a letter in English, with a list of fields below.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::BudgetNews;

/// `None`: it is no such letter, or lacks what makes it one.
pub(super) fn parse(text: &str, at: Timestamp) -> Option<BudgetNews> {
    let mut fields = BTreeMap::new();
    for line in text.lines() {
        if let Some((name, value)) = line.split_once(':') {
            fields.entry(name.trim()).or_insert_with(|| value.trim());
        }
    }
    let field = |name: &str| fields.get(name).filter(|value| !value.is_empty()).map(|value| (*value).to_owned());
    let alert = field("Alert Type")?;
    let amount = field(&format!("{alert} Amount"))?;
    let after = |prefix: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(prefix));
        line.map(|rest| rest.trim().to_owned()).filter(|rest| !rest.is_empty())
    };
    let account = after("AWS Account").filter(|account| account.chars().all(|digit| digit.is_ascii_digit()));
    Some(BudgetNews {
        account,
        date: after("AWS Budget Notification"),
        name: field("Budget Name")?,
        kind: field("Budget Type"),
        budgeted: field("Budgeted Amount"),
        alert,
        threshold: field("Alert Threshold"),
        amount,
        at,
    })
}
