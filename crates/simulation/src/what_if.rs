//! "What if there were one counsellor more?", asked about the shift that is running.

use helpline_domain::channel::Medium;
use helpline_domain::counsellor::Capacity;
use helpline_domain::policy::Rules;
use helpline_domain::risk::Class;

/// What a shift looks like now. Rates and times are what was seen lately.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Observed {
    /// Who comes.
    pub arrivals: Vec<ObservedArrivals>,
    /// Who is on shift, whatever they do.
    pub staff: Vec<ObservedStaff>,
    /// Who waits.
    pub waiting: Vec<ObservedWaiting>,
    /// Longest wait intended for each class, in seconds, most urgent first.
    pub targets_s: [u32; 4],
    /// The rules of the centre.
    pub rules: Rules,
    /// Mean time in seconds until an offer is accepted.
    pub accept_s: f64,
    /// Share of offers that are missed.
    pub miss_share: f64,
    /// How long an offer rings, in seconds, and an offer of a critical contact.
    pub ring_s: [u32; 2],
}

/// Contacts of one kind that come.
#[derive(Clone, PartialEq, Debug)]
pub struct ObservedArrivals {
    /// Their class.
    pub class: Class,
    /// Their medium.
    pub medium: Medium,
    /// Their language; `None` for unknown.
    pub language: Option<String>,
    /// How many in an hour.
    pub per_hour: f64,
    /// Mean of talk and wrap-up in seconds.
    pub handle_s: f64,
    /// Mean time in seconds after which they leave; `None` if nobody does.
    pub patience_s: Option<f64>,
}

/// A counsellor on shift.
#[derive(Clone, PartialEq, Debug)]
pub struct ObservedStaff {
    /// Languages they speak.
    pub languages: Vec<String>,
    /// How much they take at once.
    pub capacity: Capacity,
    /// What they hold.
    pub held: Capacity,
    /// Whether they take contacts now.
    pub ready: bool,
}

/// A contact that waits.
#[derive(Clone, PartialEq, Debug)]
pub struct ObservedWaiting {
    /// Its class.
    pub class: Class,
    /// Its medium.
    pub medium: Medium,
    /// Its language; `None` for unknown.
    pub language: Option<String>,
    /// How long it has waited, in seconds.
    pub waited_s: u32,
}

/// What the next two hours will be like.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Forecast {
    /// Counsellors on shift in it.
    pub counsellors: u32,
    /// Each class, most urgent first; `None` if nobody comes in it.
    pub classes: [Option<ForecastClass>; 4],
}

/// What it will be like for one class.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ForecastClass {
    /// Share answered within the target; who leaves counts as missed.
    pub in_target: f64,
    /// Share that leaves unanswered.
    pub abandoned: f64,
    /// 95 % of waits are at most this, in seconds.
    pub p95_wait_s: f64,
}

/// The next two hours with so many counsellors more, or fewer if negative.
pub fn what_if(observed: &Observed, counsellors: i32) -> Forecast {
    let _ = (observed, counsellors);
    Forecast::default()
}
