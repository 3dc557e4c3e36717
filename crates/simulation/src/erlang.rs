//! Formulas of queues whose answer is known: what the play is checked against.
//!
//! All of them are for Poisson arrivals and exponential handle times, everybody able to take everything.

/// Share of calls that find all busy when nobody can wait (Erlang B). `load` is arrival rate times handle time.
pub fn erlang_b(load: f64, agents: u32) -> f64 {
    (1..=agents).fold(1.0, |blocked, agent| load * blocked / (f64::from(agent) + load * blocked))
}

/// A queue in which everybody waits until answered.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ErlangC {
    /// Share of calls that wait at all.
    pub waits: f64,
    /// Mean wait of all calls in seconds: the average speed of answer.
    pub mean_wait_s: f64,
    /// What falls off each second from the share of those still waiting.
    decay: f64,
}

impl ErlangC {
    /// For arrivals per hour, a mean handle time and a number of agents; `None` when they cannot keep up.
    pub fn new(per_hour: f64, handle_s: f64, agents: u32) -> Option<Self> {
        let load = per_hour / 3600.0 * handle_s;
        let spare = f64::from(agents) - load;
        if spare <= 0.0 {
            return None;
        }
        let blocked = erlang_b(load, agents);
        let waits = f64::from(agents) * blocked / (f64::from(agents) - load * (1.0 - blocked));
        Some(Self { waits, mean_wait_s: waits * handle_s / spare, decay: spare / handle_s })
    }

    /// Share of calls answered within so many seconds.
    pub fn answered_within(&self, seconds: f64) -> f64 {
        1.0 - self.waits * (-self.decay * seconds).exp()
    }
}

/// A queue in which everybody leaves after an exponential patience.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ErlangA {
    /// Share of calls that wait at all.
    pub waits: f64,
    /// Share of calls that leave unanswered.
    pub abandons: f64,
    /// Mean wait of all calls in seconds, those that leave included.
    pub mean_wait_s: f64,
}

impl ErlangA {
    /// For arrivals per hour, mean handle time and patience, and a number of agents. Sums the stationary weights of the
    /// states, largest first terms scaled to the state in which all agents are busy and nobody waits.
    pub fn new(per_hour: f64, handle_s: f64, patience_s: f64, agents: u32) -> Self {
        let arrival = per_hour / 3600.0;
        let busy = f64::from(agents) / handle_s;
        // Weights relative to the state "all busy, nobody waits".
        let mut below = 0.0;
        let mut weight = 1.0;
        for agent in (1..=agents).rev() {
            weight *= f64::from(agent) / handle_s / arrival;
            below += weight;
        }
        let (mut waiting, mut mean_line, mut weight, mut place) = (1.0, 0.0, 1.0_f64, 1.0);
        while place < 1e6 {
            weight *= arrival / (busy + place / patience_s);
            if weight < 1e-18 * waiting {
                break;
            }
            waiting += weight;
            mean_line += place * weight;
            place += 1.0;
        }
        let total = below + waiting;
        let mean_line = mean_line / total;
        Self {
            waits: waiting / total,
            abandons: mean_line / patience_s / arrival,
            mean_wait_s: mean_line / arrival,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(found: f64, known: f64, tolerance: f64) {
        assert!((found - known).abs() <= tolerance, "{found} is not {known}");
    }

    #[test]
    fn nobody_waits_in_erlang_b() {
        is(erlang_b(5.0, 8), 0.070_048, 1e-6);
        is(erlang_b(1.0, 1), 0.5, 1e-12);
        is(erlang_b(2.0, 0), 1.0, 1e-12);
    }

    #[test]
    fn everybody_waits_in_erlang_c() {
        let eight = ErlangC::new(20.0, 900.0, 8).unwrap();
        is(eight.waits, 0.167_267, 1e-6);
        is(eight.answered_within(20.0), 0.843_521, 1e-6);
        is(eight.mean_wait_s, 50.180, 1e-3);
        let fourteen = ErlangC::new(60.0, 600.0, 14).unwrap();
        is(fourteen.waits, 0.174_132, 1e-6);
        is(fourteen.answered_within(20.0), 0.847_604, 1e-6);
        is(fourteen.mean_wait_s, 26.120, 1e-3);
        assert_eq!(ErlangC::new(60.0, 600.0, 10), None, "they would wait for ever");
    }

    #[test]
    fn patience_ends_in_erlang_a() {
        let ten = ErlangA::new(60.0, 600.0, 120.0, 10);
        is(ten.waits, 0.374_829, 1e-6);
        is(ten.abandons, 0.170_802, 1e-6);
        is(ten.mean_wait_s, 20.496, 1e-3);
        let eighteen = ErlangA::new(120.0, 480.0, 90.0, 18);
        is(eighteen.waits, 0.229_030, 1e-6);
        is(eighteen.abandons, 0.080_562, 1e-6);
        is(eighteen.mean_wait_s, 7.251, 1e-3);
    }
}
