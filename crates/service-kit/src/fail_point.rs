//! Named places at write boundaries where a test can kill the process, to prove that nothing is left half done.
//!
//! Without the cargo feature `fail-points` a fail point is an empty function.

/// Every fail point. A name that is not here does not compile at [`fail_point!`](crate::fail_point!), so a test can
/// walk this list and know that it is complete.
pub const FAIL_POINTS: &[&str] = &[
    "receive.before_commit",
    "receive.after_commit",
    "complete.after_commit",
    "departure.after_commit",
    "message.after_commit",
    "presence.after_commit",
    "offer.after_claim",
    "offer.before_commit",
    "offer.after_commit",
    "accept.before_commit",
    "accept.after_commit",
    "decline.after_commit",
    "expire.after_commit",
    "withdraw.after_commit",
    "release.after_commit",
    "finish.after_commit",
    "transfer.after_commit",
    "resume.after_commit",
    "take_up.after_commit",
    "promise.before_commit",
    "promise.after_commit",
    "callback.before_due",
    "callback.after_due",
    "attempt.after_commit",
    "invite.after_commit",
    "take_over.after_commit",
    "arrange.after_commit",
    "overflow.between_centres",
    "relax.after_commit",
    "opinion.after_commit",
    "opinion.after_alarm",
    "raise.before_commit",
    "raise.after_commit",
    "climb.before_commit",
    "climb.after_commit",
    "alarm.after_commit",
    "shown.after_commit",
    "disclosure.after_commit",
    "plan.after_commit",
    "endpoint.after_commit",
    "escalation.after_commit",
    "child_alert.after_commit",
    "block.after_commit",
    "referral.after_commit",
    "referral.after_overdue",
    "case.after_commit",
    "task.after_commit",
    "task.after_climb",
    "assessment.after_commit",
    "crossborder.after_commit",
    "crossborder.after_overdue",
    "school_report.after_commit",
    "survey.after_commit",
    "reintegration.after_commit",
    "shelter.after_commit",
    "survey.after_review",
    "hold.after_commit",
    "hold.after_expiry",
    "delivery.after_claim",
    "delivery.after_send",
    "delivery.after_commit",
    "link.after_commit",
];

/// Dies here when the configuration's `testing.kill_at` names this place: `fail_point!("receive.before_commit")`.
#[macro_export]
macro_rules! fail_point {
    ($name:literal) => {{
        const { assert!($crate::fail_point::is_registered($name), "this name is not in FAIL_POINTS") };
        $crate::fail_point::reach($name)
    }};
}

/// Whether [`FAIL_POINTS`] has this name.
pub const fn is_registered(name: &str) -> bool {
    let mut index = 0;
    while index < FAIL_POINTS.len() {
        if same(FAIL_POINTS[index].as_bytes(), name.as_bytes()) {
            return true;
        }
        index += 1;
    }
    false
}

const fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut index = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// Whether this build has fail points.
pub const COMPILED_IN: bool = cfg!(feature = "fail-points");

pub use imp::{arm, reach};

#[cfg(not(feature = "fail-points"))]
mod imp {
    /// Does nothing in this build, and says so when asked to do something.
    pub fn arm(kill_at: &str) -> Result<(), String> {
        if kill_at.is_empty() { Ok(()) } else { Err("this build has no fail points".to_owned()) }
    }

    /// Does nothing in this build.
    #[inline]
    pub const fn reach(_name: &str) {}
}

#[cfg(feature = "fail-points")]
mod imp {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    struct Armed {
        name: String,
        hits_left: AtomicU32,
    }

    static ARMED: OnceLock<Armed> = OnceLock::new();

    /// Chooses the place to die: `name`, or `name@3` for its third time; nothing when empty. Once per process. Error:
    /// what is wrong with it.
    pub fn arm(kill_at: &str) -> Result<(), String> {
        if kill_at.is_empty() {
            return Ok(());
        }
        let (name, hits) = kill_at.split_once('@').unwrap_or((kill_at, "1"));
        if !super::is_registered(name) {
            return Err(format!("there is no fail point {name}"));
        }
        let hits = hits.parse().ok().filter(|hits| *hits > 0).ok_or("the number after @ counts from 1")?;
        let armed = Armed { name: name.to_owned(), hits_left: AtomicU32::new(hits) };
        ARMED.set(armed).map_err(|_| "a fail point is armed already".to_owned())
    }

    /// Dies here if this place was chosen, as by a power cut: no destructor runs, nothing is flushed.
    pub fn reach(name: &str) {
        let Some(armed) = ARMED.get() else { return };
        if armed.name == name && armed.hits_left.fetch_sub(1, Ordering::SeqCst) == 1 {
            let _ = kill(Pid::this(), Signal::SIGKILL);
            // Not one instruction of the caller may run while the signal is on its way.
            loop {
                std::thread::park();
            }
        }
    }
}
