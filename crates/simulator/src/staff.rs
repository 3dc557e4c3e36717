//! Sets a centre up through the API: settings, counsellors, tokens.

use anyhow::{Context as _, Result};
use helpline_proto::directory::v1::{
    Counsellor, CreateCounsellorRequest, CreateTokenRequest, PublishSettingsRequest, Queue, Settings,
    TargetWait,
};
use helpline_proto::options::v1::Role;
use helpline_proto::terms::v1::{PriorityClass, SkillLevel};

use crate::call;
use crate::client::Client;
use crate::draws::Draws;
use crate::people::{CRISIS, CRISIS_SKILL, GENERAL, SKILLS, TARGETS};
use crate::speed::Speed;

/// Someone who can show a token.
#[derive(Clone, Debug)]
pub struct Hired {
    /// The counsellor's id.
    pub counsellor_id: String,
    /// The counsellor's token.
    pub token: String,
}

/// The settings of the demo centre. Everything that is a time passes as much faster as the play, as far as the API's
/// bounds allow.
pub fn settings(speed: Speed) -> Settings {
    let duration = |seconds: f64, least: i64| {
        Some(prost_types::Duration { seconds: speed.setting(seconds, least), nanos: 0 })
    };
    let classes = [PriorityClass::Critical, PriorityClass::High, PriorityClass::Medium, PriorityClass::Low];
    let target_waits = classes.into_iter().zip(TARGETS).map(|(class, target)| TargetWait {
        channel: 0,
        priority_class: class.into(),
        wait: duration(target, 1),
    });
    let queue = |key: &str, names: [(&str, &str); 3], required_skills| Queue {
        queue: key.to_owned(),
        display_names: names.into_iter().map(|(tag, name)| (tag.to_owned(), name.to_owned())).collect(),
        required_skills,
        target_waits: Vec::new(),
        relaxations: Vec::new(),
    };
    let in_crisis = vec![SkillLevel { skill: CRISIS_SKILL.to_owned(), level: 2 }];
    Settings {
        queues: vec![
            queue(GENERAL, [("ar", "عام"), ("ru", "Общая"), ("en", "General")], Vec::new()),
            queue(CRISIS, [("ar", "أزمة"), ("ru", "Кризис"), ("en", "Crisis")], in_crisis),
        ],
        target_waits: target_waits.collect(),
        offer_timeout: duration(20.0, 3),
        critical_offer_timeout: duration(10.0, 3),
        missed_offer_limit: 2,
        cool_down: duration(60.0, 1),
        short_abandon: duration(10.0, 1),
        cap: duration(1200.0, 10),
        skills: SKILLS.into_iter().map(str::to_owned).collect(),
        ..Settings::default()
    }
}

/// Publishes settings as an administrator.
///
/// # Errors
/// The server's refusal.
pub async fn publish(administrator: &Client, settings: Settings, draws: &mut Draws) -> Result<()> {
    let request =
        PublishSettingsRequest { request_id: draws.id(), settings: Some(settings), expected_version: 0 };
    // All settings are a large message.
    Box::pin(async {
        call!(administrator.centre(), publish_settings, request).context("publish the settings")
    })
    .await?;
    Ok(())
}

/// Creates a token as an administrator; for the role counsellor it names who bears it.
///
/// # Errors
/// The server's refusal.
pub async fn token(
    administrator: &Client,
    role: Role,
    label: &str,
    counsellor_id: &str,
    draws: &mut Draws,
) -> Result<String> {
    let request = CreateTokenRequest {
        role: role.into(),
        label: label.to_owned(),
        counsellor_id: counsellor_id.to_owned(),
        ..CreateTokenRequest::default()
    };
    create_token(administrator, request, draws).await
}

/// Creates a token for a responder of an agency as an administrator.
///
/// # Errors
/// The server's refusal.
pub async fn responder_token(
    administrator: &Client,
    label: &str,
    agency_id: &str,
    draws: &mut Draws,
) -> Result<String> {
    let request = CreateTokenRequest {
        role: Role::AgencyResponder.into(),
        label: label.to_owned(),
        agency_id: agency_id.to_owned(),
        ..CreateTokenRequest::default()
    };
    create_token(administrator, request, draws).await
}

async fn create_token(
    administrator: &Client,
    mut request: CreateTokenRequest,
    draws: &mut Draws,
) -> Result<String> {
    let label = request.label.to_lowercase();
    request.request_id = draws.id();
    request.lifetime = Some(prost_types::Duration { seconds: 86_400, nanos: 0 });
    let answer = call!(administrator.tokens(), create_token, request)
        .with_context(|| format!("create a token for the {label}"))?;
    Ok(answer.secret)
}

/// Creates a counsellor and their token as an administrator.
///
/// # Errors
/// The server's refusal.
pub async fn hire(administrator: &Client, counsellor: Counsellor, draws: &mut Draws) -> Result<Hired> {
    let name = counsellor.display_name.clone();
    let request = CreateCounsellorRequest { request_id: draws.id(), counsellor: Some(counsellor) };
    let answer = call!(administrator.counsellors(), create_counsellor, request)
        .with_context(|| format!("create the {}", name.to_lowercase()))?;
    let counsellor_id = answer.counsellor.context("an answer with the counsellor")?.counsellor_id;
    let token = token(administrator, Role::Counsellor, &name, &counsellor_id, draws).await?;
    Ok(Hired { counsellor_id, token })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_keep_to_the_bounds_of_the_api_at_every_speed() {
        for factor in [0.1, 1.0, 20.0, 1000.0] {
            let settings = settings(Speed::new(factor).unwrap());
            let seconds = |wait: Option<prost_types::Duration>| wait.unwrap().seconds;
            assert!(settings.target_waits.iter().all(|target| (1..=86_400).contains(&seconds(target.wait))));
            assert!((3..=300).contains(&seconds(settings.offer_timeout)));
            assert!((3..=300).contains(&seconds(settings.critical_offer_timeout)));
            assert!((0..=3600).contains(&seconds(settings.cool_down)));
            assert!((10..=86_400).contains(&seconds(settings.cap)));
        }
        let at_life = settings(Speed::new(1.0).unwrap());
        assert!(
            at_life.target_waits.iter().map(|target| target.wait.unwrap().seconds).eq([15, 60, 180, 300])
        );
    }
}
