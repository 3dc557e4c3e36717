//! After the play: the figures as the server counts them, compared with the database.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use helpline_proto::escalation::v1::ListEscalationsRequest;
use helpline_proto::queueing::v1::WatchQueueStatusRequest;
use helpline_proto::referral::v1::{ListReferralsRequest, ReferralState};
use helpline_simulator::call;
use helpline_simulator::figures::Figures;
use helpline_simulator::house::House;

use crate::opening::Stage;

/// A status is sent at least every 15 s, so by then the last change has been counted.
const PATIENCE: Duration = Duration::from_secs(20);

/// Prints the summary. Error: the server, the database and the players do not agree.
pub(crate) async fn close(stage: &Stage, house: &House) -> Result<()> {
    let counted = count(house).await?;
    let shown = shown(stage, &counted).await?;
    println!("\n{shown}\n");
    if shown != counted {
        bail!("the figures do not agree: the database counts\n{counted}");
    }
    let (taken_in, unanswered) = stage.scene.counts();
    let received = u64::try_from(counted.received).unwrap_or_default();
    if !(taken_in..=taken_in + unanswered).contains(&received) {
        bail!("the players know of {taken_in} contacts taken in, the database of {received}");
    }
    println!("The figures agree with the database, and no contact that was acknowledged is missing.");
    emergencies(stage).await?;
    referrals(stage).await
}

/// Says what became of emergencies. Error: one that was raised is missing.
async fn emergencies(stage: &Stage) -> Result<()> {
    let (mut listed, mut reached, mut request) = (0, 0, ListEscalationsRequest::default());
    loop {
        let page = call!(stage.supervisor.escalations(), list_escalations, request.clone());
        let page = page.context("list the emergencies")?;
        listed += page.escalations.len() as u64;
        reached += page.escalations.iter().filter(|one| one.child_reach_time.is_some()).count();
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let (raised, _) = stage.scene.emergencies();
    if listed < raised {
        bail!("the players know of {raised} emergencies raised, the server of {listed}");
    }
    println!("Emergencies raised: {listed}; in {reached} of them the child was reached.");
    Ok(())
}

/// Says what became of referrals. Error: one is missing.
async fn referrals(stage: &Stage) -> Result<()> {
    let page = call!(stage.supervisor.referrals(), list_referrals, ListReferralsRequest::default());
    let listed = page.context("list the referrals")?.referrals;
    let sent = listed.iter().filter(|one| one.send_time.is_some()).count();
    let served = listed.iter().filter(|one| one.state() == ReferralState::Completed).count();
    let (referred, _) = stage.scene.referrals();
    if (listed.len() as u64) < referred {
        bail!("the players know of {referred} referrals, the server of {}", listed.len());
    }
    println!("Referrals sent: {sent}; in {served} of them the child was served.");
    Ok(())
}

async fn count(house: &House) -> Result<Figures> {
    let postgres = house.stack().postgres.clone();
    tokio::task::spawn_blocking(move || Figures::counted(&postgres))
        .await
        .context("counting was cut short")?
}

/// The figures of the server's queue status, as soon as they are `expected`, else those after the longest wait.
async fn shown(stage: &Stage, expected: &Figures) -> Result<Figures> {
    let begun = Instant::now();
    let mut last = None;
    while begun.elapsed() < PATIENCE {
        let answer = stage.supervisor.line().watch_queue_status(WatchQueueStatusRequest::default()).await;
        let mut stream = answer.context("watch the queue status")?.into_inner();
        let left = PATIENCE.saturating_sub(begun.elapsed());
        while let Ok(Ok(Some(answer))) = tokio::time::timeout(left, stream.message()).await {
            last = answer.status.as_ref().map(Figures::from);
            if last.as_ref() == Some(expected) || begun.elapsed() > PATIENCE {
                break;
            }
        }
        if last.as_ref() == Some(expected) {
            break;
        }
    }
    last.context("the server sent no queue status")
}
