//! "What if there were one counsellor more?" Played by the simulator from what was seen lately.

use helpline_domain::caller::Caller;
use helpline_domain::channel::{Channel, Medium};
use helpline_domain::id::CentreId;
use helpline_domain::presence::PresenceState;
use helpline_domain::risk::Class;
use helpline_domain::settings::{Queue, Settings};
use helpline_proto::queueing::v1::{Forecast, ForecastClass, ForecastStaffingResponse};
use helpline_service_kit::wire::class;
use helpline_service_kit::{Ctx, Refusal};
use helpline_simulation::what_if::{
    self, Observed, ObservedArrivals, ObservedStaff, ObservedWaiting, what_if,
};

use crate::explain_waiting::rules;

/// How far back arrivals and handling are looked at.
const LATELY_S: u32 = 2 * 3600;
/// Waiting contacts that are taken into account; who comes behind them changes nothing within the forecast.
const MOST_WAITING: u32 = 2000;
/// How long offers take to be accepted where none was lately.
const USUAL_ACCEPT_S: f64 = 5.0;

/// Forecasts the next two hours as the shift is and with `change` counsellors more, or fewer.
pub async fn forecast_staffing(
    ctx: &Ctx,
    caller: &Caller,
    change: i32,
) -> Result<ForecastStaffingResponse, Refusal> {
    let (observed, contacts) = observe(ctx, caller.centre_id).await?;
    // Hours are played in a moment, but not between two turns of the runtime.
    let played = tokio::task::spawn_blocking(move || (what_if(&observed, 0), what_if(&observed, change)));
    let (now, then) = played.await.map_err(|error| Refusal::internal(&error))?;
    let period = prost_types::Duration { seconds: LATELY_S.into(), nanos: 0 };
    Ok(ForecastStaffingResponse {
        now: Some(message(&now)),
        then: Some(message(&then)),
        observed_period: Some(period),
        observed_contacts: contacts,
    })
}

async fn observe(ctx: &Ctx, centre: CentreId) -> Result<(Observed, i64), Refusal> {
    let settings = ctx.settings.current(centre).await?;
    let settings = &settings.settings;
    let arrivals = ctx.store.lately_arrived(centre, LATELY_S).await?;
    let offers = ctx.store.lately_offered(centre, LATELY_S).await?;
    let waiting = ctx.store.waiting_now(centre, MOST_WAITING).await?;
    let (_, mut on_shift) = ctx.store.on_shift(centre).await?;
    on_shift.retain(|one| one.state != PresenceState::OnCall);
    let contacts = arrivals.iter().map(|row| row.arrived).sum();
    let hours = f64::from(LATELY_S) / 3600.0;
    let observed = Observed {
        arrivals: arrivals
            .into_iter()
            .filter_map(|row| {
                let class = Class::from_number(row.class)?;
                Some(ObservedArrivals {
                    class,
                    medium: medium(&row.medium)?,
                    language: row.language,
                    per_hour: real(row.arrived) / hours,
                    handle_s: row.handle_s.unwrap_or_else(|| usual_handle_s(class)).max(1.0),
                    patience_s: (row.gave_up > 0).then(|| (row.waited_s / real(row.gave_up)).max(1.0)),
                })
            })
            .collect(),
        staff: on_shift
            .iter()
            .map(|one| ObservedStaff {
                languages: one.abilities.languages.clone(),
                capacity: one.abilities.capacity,
                held: one.held,
                ready: one.state == PresenceState::Ready,
            })
            .collect(),
        waiting: waiting
            .into_iter()
            .filter_map(|row| {
                Some(ObservedWaiting {
                    class: Class::from_number(row.class)?,
                    medium: medium(&row.medium)?,
                    language: row.language,
                    waited_s: seconds(row.waited_s),
                })
            })
            .collect(),
        targets_s: Class::ALL.map(|class| target_s(settings, class)),
        rules: rules(ctx, centre, settings, &on_shift).await?,
        accept_s: offers.accept_s.unwrap_or(USUAL_ACCEPT_S),
        miss_share: if offers.answered > 0 { real(offers.missed) / real(offers.answered) } else { 0.0 },
        ring_s: [settings.offer_timeout_s, settings.critical_offer_timeout_s],
    };
    Ok((observed, contacts))
}

/// The centre's target of a class for calls.
fn target_s(settings: &Settings, class: Class) -> u32 {
    settings.queues.first().map_or(0, |queue: &Queue| settings.target_wait_s(queue, Channel::Voice, class))
}

/// How long contacts of a class take where none was signed off lately.
const fn usual_handle_s(class: Class) -> f64 {
    match class {
        Class::Critical => 1500.0,
        Class::High => 1200.0,
        Class::Medium => 780.0,
        Class::Low => 600.0,
    }
}

fn medium(key: &str) -> Option<Medium> {
    Medium::ALL.into_iter().find(|medium| medium.key() == key)
}

#[expect(clippy::cast_precision_loss, reason = "counts of hours fit a double")]
const fn real(count: i64) -> f64 {
    count as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded just before")]
fn seconds(seconds: f64) -> u32 {
    seconds.clamp(0.0, 1e6) as u32
}

fn message(forecast: &what_if::Forecast) -> Forecast {
    let classes = Class::ALL.into_iter().zip(forecast.classes).filter_map(|(of, figures)| {
        let figures = figures?;
        Some(ForecastClass {
            priority_class: class(of).into(),
            in_target_share: figures.in_target,
            abandoned_share: figures.abandoned,
            p95_wait: Some(prost_types::Duration { seconds: seconds(figures.p95_wait_s).into(), nanos: 0 }),
        })
    });
    Forecast {
        counsellors: i32::try_from(forecast.counsellors).unwrap_or(i32::MAX),
        classes: classes.collect(),
    }
}
