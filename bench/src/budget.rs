//! What an event may cost: `bench/budget.toml`, held by `make test`.
//!
//! Times depend on the machine and are held by nobody. How often AWS is called, how many
//! calls wait for each other and how many connections are opened does not.

use crate::calls::Calls;

/// What an event that was measured does otherwise than the budget says, line by line.
///
/// Calls are compared as they are: one fewer is good news, and its place in the budget
/// would hide the next one more. Rounds and connections may be fewer, for they depend on
/// who is quicker.
pub fn differences(budget: &Calls, found: &Calls) -> Vec<String> {
    let mut wrong = Vec::new();
    let names = budget.by_operation.keys().chain(found.by_operation.keys());
    let mut names: Vec<&String> = names.collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let of = |calls: &Calls| calls.by_operation.get(name).copied().unwrap_or_default();
        let (wanted, found) = (of(budget), of(found));
        if found != wanted {
            wrong.push(format!("{name} is called {found} times; the budget has {wanted}"));
        }
    }
    let limits = [
        ("rounds before the remedy", budget.rounds_before_remedy as u64, found.rounds_before_remedy as u64),
        ("connections opened by init", budget.connections_of_init, found.connections_of_init),
        ("connections opened by the first event", budget.connections_of_first_event, found.connections_of_first_event),
        ("connections opened by a later event", budget.connections_of_later_event, found.connections_of_later_event),
    ];
    let over = limits.iter().filter(|(_, wanted, found)| found > wanted);
    wrong.extend(over.map(|(what, wanted, found)| format!("{found} {what}; the budget has {wanted}")));
    wrong
}

/// The budget as text, for its file.
///
/// # Errors
/// If it cannot be written as TOML.
pub fn written(calls: &Calls) -> Result<String, toml::ser::Error> {
    Ok(format!("{HEAD}{}", toml::to_string(calls)?))
}

const HEAD: &str = "# What one event of alarm-responder may cost that ends with a rollback; held by
# `an_event_keeps_to_its_budget`. Calls are exact; rounds and connections are the most there
# may be. `nightshift-bench budget` writes it anew: say in the commit why it grew.

";

#[cfg(test)]
mod tests;
