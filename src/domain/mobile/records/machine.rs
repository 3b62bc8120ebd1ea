//! The states of a record, and which may follow which.

/// A state, and those that may follow it. It may always stay as it is.
pub type Step = (&'static str, &'static [&'static str]);

/// The states of one field. A new record may begin in any of them: it lived on its device before the server saw it.
#[derive(Debug)]
pub struct Machine {
    /// The field that says the state.
    pub field: &'static str,
    /// The states, the usual first one first.
    pub states: &'static [Step],
}

impl Machine {
    /// Is there such a state?
    pub fn knows(&self, state: &str) -> bool {
        self.states.iter().any(|(name, _)| *name == state)
    }

    /// May one state follow the other? What is not known neither leads anywhere nor can be reached.
    pub fn allows(&self, from: &str, to: &str) -> bool {
        let known = self.states.iter().find(|(name, _)| *name == from);
        known.is_some_and(|(_, next)| from == to || next.contains(&to))
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::mobile::domains::{RECORDS, records};

    #[test]
    fn every_step_leads_to_a_state_and_every_state_can_be_reached() {
        for machine in RECORDS.iter().filter_map(|table| table.machine.as_ref()) {
            for (state, next) in machine.states {
                assert!(next.iter().all(|next| machine.knows(next) && next != state), "{state}");
                assert!(machine.allows(state, state));
                assert!(!machine.allows(state, "") && !machine.allows("", state) && !machine.allows("", ""));
            }
            let reached = |state: &str| machine.states.iter().any(|(_, next)| next.contains(&state));
            assert!(machine.states[1..].iter().all(|(state, _)| reached(state)));
        }
    }

    /// The contract's own words: `FROM→TO,TO; …`.
    const CONTRACT: &[(&str, &str)] = &[
        ("attendance", "PENDING→VERIFIED,REJECTED; VERIFIED→CORRECTED; REJECTED→PENDING"),
        (
            "task",
            "ASSIGNED→INPROGRESS,STANDBY; INPROGRESS→COMPLETED,PARTIALLYCOMPLETED,STANDBY; \
             PARTIALLYCOMPLETED→COMPLETED,INPROGRESS,STANDBY; STANDBY→ASSIGNED,INPROGRESS; COMPLETED→STANDBY",
        ),
        (
            "ticket",
            "NEW→OPEN,INPROGRESS,CANCELLED; OPEN→INPROGRESS,RESOLVED,ONHOLD,CANCELLED; \
             INPROGRESS→RESOLVED,ONHOLD,OPEN,CANCELLED; ONHOLD→OPEN,INPROGRESS,RESOLVED,CANCELLED; RESOLVED→CLOSED,OPEN",
        ),
        (
            "work_order",
            "draft→in_progress,cancelled; in_progress→completed,paused,cancelled; paused→in_progress,cancelled; completed→closed",
        ),
    ];

    #[test]
    fn exactly_the_steps_of_the_contract_are_allowed() {
        for (domain, steps) in CONTRACT {
            let machine = records(domain).unwrap().machine.as_ref().unwrap();
            let listed: Vec<(&str, Vec<&str>)> = steps
                .split("; ")
                .map(|step| step.split_once('→').map(|(from, to)| (from, to.split(',').collect())).unwrap())
                .collect();
            for (from, _) in machine.states {
                for (to, _) in machine.states {
                    let named = listed.iter().any(|(state, next)| state == from && next.contains(to));
                    assert_eq!(machine.allows(from, to), from == to || named, "{domain}: {from} → {to}");
                }
            }
        }
    }
}
