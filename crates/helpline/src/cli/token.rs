//! Tokens, as the owner of the schema.

use anyhow::{Context as _, bail, ensure};
use clap::ValueEnum;
use helpline_domain::caller::Role;
use helpline_domain::id::{AgencyId, CounsellorId, TokenId};
use helpline_service_kit::ids::{Ids as _, SystemIds};
use helpline_store::StoreError;
use helpline_store::token::{NewToken, create_token_as_owner, revoke_token_as_owner};
use helpline_vault::{BearerToken, SystemRandom};
use uuid::Uuid;

const LONGEST_LABEL: usize = 200;
const SECONDS_OF_A_DAY: u32 = 86_400;

/// A role on the command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum RoleName {
    /// Web chat, telephony, message gateways.
    Adapter,
    /// A person who answers.
    Counsellor,
    /// Watches over the floor.
    Supervisor,
    /// Keeps people, settings and tokens.
    Administrator,
    /// Answers for a partner agency.
    AgencyResponder,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Adapter => Self::ChannelAdapter,
            RoleName::Counsellor => Self::Counsellor,
            RoleName::Supervisor => Self::Supervisor,
            RoleName::Administrator => Self::Administrator,
            RoleName::AgencyResponder => Self::AgencyResponder,
        }
    }
}

/// A token to create.
pub(super) struct Wish {
    pub(super) centre: Uuid,
    pub(super) role: RoleName,
    pub(super) label: String,
    pub(super) counsellor: Option<Uuid>,
    pub(super) agency: Option<Uuid>,
    pub(super) lifetime_days: u32,
}

/// A token that was created.
pub(super) struct Created {
    pub(super) token_id: TokenId,
    pub(super) secret: BearerToken,
}

/// Creates a token.
pub(super) async fn create(owner_url: &str, wish: Wish) -> anyhow::Result<Created> {
    let is_counsellor = wish.role == RoleName::Counsellor;
    let is_responder = wish.role == RoleName::AgencyResponder;
    ensure!(
        is_counsellor == wish.counsellor.is_some(),
        "--counsellor is for the role counsellor, and that role needs it"
    );
    ensure!(
        is_responder == wish.agency.is_some(),
        "--agency is for the role agency-responder, and that role needs it"
    );
    ensure!(wish.label.chars().count() <= LONGEST_LABEL, "--label has at most {LONGEST_LABEL} characters");
    let secret = BearerToken::generate(&SystemRandom);
    let token_id = TokenId::from(SystemIds.v7());
    let new = NewToken {
        token_id,
        hash: secret.hash(),
        role: wish.role.into(),
        label: wish.label,
        counsellor_id: wish.counsellor.map(CounsellorId::from),
        agency_id: wish.agency.map(AgencyId::from),
        lifetime_s: wish.lifetime_days.saturating_mul(SECONDS_OF_A_DAY),
    };
    match create_token_as_owner(owner_url, wish.centre.into(), &new).await {
        Ok(()) => Ok(Created { token_id, secret }),
        Err(StoreError::Constraint { .. }) if is_counsellor => {
            bail!("there is no such centre, or no such counsellor in it")
        }
        Err(StoreError::Constraint { .. }) if is_responder => {
            bail!("there is no such centre, or no such agency in it")
        }
        Err(StoreError::Constraint { .. }) => bail!("there is no such centre: see `helpline centre list`"),
        Err(error) => Err(error).context("the token was not created"),
    }
}

/// Revokes a token; says what became of it.
pub(super) async fn revoke(owner_url: &str, token: Uuid) -> anyhow::Result<&'static str> {
    let revoked =
        revoke_token_as_owner(owner_url, token.into()).await.context("the token was not revoked")?;
    Ok(if revoked {
        "revoked; servers refuse it within a second"
    } else {
        "nothing to do: unknown or revoked before"
    })
}
