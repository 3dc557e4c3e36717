//! Sends what is due. Each delivery is a task of its own, so that an agency that does not answer holds up nobody else.

use std::sync::Arc;
use std::time::Duration;

use helpline_domain::delivery::DeliveryKind;
use helpline_domain::id::{CentreId, LinkId};
use helpline_service_kit::lifecycle::Lifecycle;
use helpline_service_kit::workers::{Progress, Worker, WorkerError};
use helpline_service_kit::{Ctx, fail_point};
use helpline_store::delivery::sending::{Outgoing, Settled, Settlement};
use helpline_store::link::NewLink;
use helpline_vault::{BearerToken, Random};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::mail::Mail;
use crate::measures::Measures;
use crate::sms::Sms;
use crate::webhook::{Told, Webhooks};

/// Deliveries under way in this process.
const AT_ONCE: usize = 256;
/// Of these, so many are kept for emergencies.
const RESERVED: usize = 64;
/// Deliveries taken at a time.
const MOST: usize = 64;
/// How long a link can be opened: a day, so that whoever reads mail once a day can.
const LINK_LIFE_S: u32 = 24 * 3600;

/// Results of tries by which nobody can have heard: nothing was sent, or nobody was there.
const UNHEARD: [&str; 6] =
    ["address_refused", "not_connected", "disabled", "not_configured", "exercise", "unreadable"];

/// The ways to tell somebody.
#[derive(Clone, Debug)]
pub(crate) struct Ways {
    pub(crate) webhooks: Webhooks,
    /// If the centre has set it up.
    pub(crate) mail: Option<Mail>,
    /// Where the pages are that mails link to, if there are any.
    pub(crate) pages: Option<String>,
    /// If the centre has set it up.
    pub(crate) sms: Arc<Option<Sms>>,
}

/// The sender of a process.
#[derive(Clone)]
pub struct Sender {
    ctx: Ctx,
    ways: Ways,
    measures: Measures,
    random: Arc<dyn Random>,
    lifecycle: Lifecycle,
    free: Arc<Semaphore>,
    interval: Duration,
}

impl Sender {
    pub(crate) fn new(
        ctx: Ctx,
        ways: Ways,
        measures: Measures,
        random: Arc<dyn Random>,
        lifecycle: Lifecycle,
        interval: Duration,
    ) -> Self {
        Self { ctx, ways, measures, random, lifecycle, free: Arc::new(Semaphore::new(AT_ONCE)), interval }
    }

    /// Sends one delivery and writes down what came of it. When that fails, the claim ends and it is sent again.
    async fn deliver(&self, centre: CentreId, outgoing: Outgoing) {
        fail_point!("delivery.after_claim");
        let told = match self.tell(centre, &outgoing).await {
            Ok(told) => told,
            Err(error) => {
                tracing::error!(%error, delivery = %outgoing.delivery_id, "a delivery cannot be sent");
                Told::not_now("unreadable")
            }
        };
        fail_point!("delivery.after_send");
        let settlement = self.settlement(&outgoing, told);
        match self.ctx.store.settle_delivery(centre, &outgoing, &settlement).await {
            Ok(Some(hastens)) => self.note(centre, &outgoing, &settlement, hastens),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, delivery = %outgoing.delivery_id, "the result of a delivery was not written down");
            }
        }
        fail_point!("delivery.after_commit");
    }

    async fn tell(&self, centre: CentreId, outgoing: &Outgoing) -> Result<Told, WorkerError> {
        // What belongs to an exercise is held back when it is made; should one be due, it stays here all the same.
        if outgoing.exercise {
            return Ok(Told::Never("exercise"));
        }
        if outgoing.disabled {
            return Ok(Told::Never("disabled"));
        }
        let (address, keys) = match &outgoing.target {
            Ok(target) => target,
            Err(error) => return Err(error.to_string().into()),
        };
        match (outgoing.kind, &self.ways.mail) {
            (DeliveryKind::Webhook, _) => self.ways.webhooks.tell(outgoing, address.expose(), keys).await,
            (DeliveryKind::Email, Some(mail)) => {
                let link = self.link(centre, outgoing).await?;
                Ok(mail.tell(outgoing, address.expose(), link.as_ref().map(|link| link.as_str())).await)
            }
            (DeliveryKind::Sms, _) => match &*self.ways.sms {
                Some(sms) => sms.tell(outgoing, address.expose()).await,
                None => Ok(Told::Never("not_configured")),
            },
            _ => Ok(Told::Never("not_configured")),
        }
    }

    /// A new link for this try of an e-mail, if there are pages to link to; alerts of missing children and what was taken back
    /// have none. Only its hash is kept, so a later try cannot send the same.
    async fn link(
        &self,
        centre: CentreId,
        outgoing: &Outgoing,
    ) -> Result<Option<Zeroizing<String>>, WorkerError> {
        let Some(pages) = self.ways.pages.as_ref().filter(|_| outgoing.is_to_be_opened()) else {
            return Ok(None);
        };
        let token = BearerToken::generate(self.random.as_ref());
        let new =
            NewLink { link_id: LinkId::from(self.ctx.ids.v7()), hash: token.hash(), lifetime_s: LINK_LIFE_S };
        if !self.ctx.store.make_link(centre, outgoing, &new).await? {
            return Err("somebody else has taken the delivery".into());
        }
        Ok(Some(Zeroizing::new(format!("{pages}/link/{}", token.expose()))))
    }

    fn settlement(&self, outgoing: &Outgoing, told: Told) -> Settlement {
        let again = |asked| {
            let wait = outgoing.hurry.next_try(outgoing.tries, asked, self.chance());
            wait.map_or(Settled::Failed, |wait| Settled::Again(wait.as_secs_f64()))
        };
        let end = |settled, result: &str| Settlement {
            settled,
            result: result.to_owned(),
            gone: false,
            throttle_s: None,
            unheard: UNHEARD.contains(&result),
        };
        match told {
            Told::Arrived(result) => end(Settled::Delivered, &result),
            Told::Gone => Settlement { gone: true, ..end(Settled::Failed, "http_410") },
            Told::Never(why @ ("exercise" | "not_configured")) => end(Settled::HeldBack, why),
            Told::Never(why) => end(Settled::Failed, why),
            Told::NotNow { result, throttle } => {
                let settled = again(throttle.flatten());
                let throttle_s = match settled {
                    Settled::Again(wait) if throttle.is_some() => Some(wait),
                    _ => None,
                };
                Settlement { throttle_s, ..end(settled, &result) }
            }
        }
    }

    /// From 0 to 1.
    fn chance(&self) -> f64 {
        let mut bytes = [0; 4];
        self.random.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
    }

    fn note(&self, centre: CentreId, outgoing: &Outgoing, settlement: &Settlement, hastens: bool) {
        let outcome = match settlement.settled {
            Settled::Delivered => "delivered",
            Settled::Again(_) => "again",
            Settled::Failed => "failed",
            Settled::HeldBack => "held_back",
        };
        self.measures.count(outgoing.kind, outcome);
        // What is over stands on the timeline, which desks show.
        if !matches!(settlement.settled, Settled::Again(_)) {
            self.ctx.mirror.escalation_changed(centre);
        }
        if settlement.settled != Settled::Delivered {
            let (delivery, result, tries) = (outgoing.delivery_id, &settlement.result, outgoing.tries);
            tracing::warn!(%centre, %delivery, outcome, result, tries, hastens, "a delivery did not arrive");
        }
    }
}

impl Worker for Sender {
    fn name(&self) -> &'static str {
        "send_deliveries"
    }

    fn interval(&self) -> Duration {
        self.interval
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        let mut more = false;
        for centre in self.ctx.store.centre_ids().await? {
            let free = self.free.available_permits();
            let (room, only_hurrying) = if free > RESERVED { (free - RESERVED, false) } else { (free, true) };
            let room = room.min(MOST);
            if room == 0 {
                break;
            }
            let most = u32::try_from(room)?;
            let claimed = self.ctx.store.claim_deliveries(centre, most, only_hurrying).await?;
            more |= claimed.len() == room;
            for outgoing in claimed {
                let permit = Arc::clone(&self.free).acquire_owned().await?;
                let sender = self.clone();
                self.lifecycle.spawn(async move {
                    sender.deliver(centre, outgoing).await;
                    drop(permit);
                });
            }
        }
        Ok(if more { Progress::More } else { Progress::Done })
    }
}
