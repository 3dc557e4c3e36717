//! Who may call what.

use helpline_proto::directory::v1::{DisableCounsellorRequest, RevokeTokenRequest};
use helpline_proto::{METHODS, Role};
use helpline_tests::{Abilities, Refused, request_id};
use tonic::{Code, Status};

use crate::cast::{Cast, ROLES};
use crate::raw;

/// Codes that say a call did not get as far as its method, or broke it.
const SHUT_OUT: [Code; 5] =
    [Code::PermissionDenied, Code::Unauthenticated, Code::Unimplemented, Code::Internal, Code::Unknown];

#[tokio::test]
async fn every_role_may_call_what_the_protos_say_and_nothing_else() {
    let cast = Cast::new().await;
    for method in METHODS {
        for role in ROLES {
            let answer = cast.call_with(method, Some(cast.of(role).secret()), Vec::new()).await;
            let code = answer.as_ref().err().map_or(Code::Ok, Status::code);
            if method.roles.contains(&role) {
                assert!(!SHUT_OUT.contains(&code), "{} as {role:?}: {code:?}", method.path);
            } else {
                let refused = Refused::from(&answer.expect_err(method.path));
                assert_eq!(
                    (refused.code, refused.reason.as_str()),
                    (Code::PermissionDenied, "ROLE_REFUSED"),
                    "{} as {role:?}",
                    method.path
                );
                // Inside the door a visitor is a responder, who is confined to one escalation or referral.
                let role = if role == Role::AgencyVisitor { Role::AgencyResponder } else { role };
                let own_role = role.as_str_name().trim_start_matches("ROLE_").to_lowercase();
                assert_eq!(refused.metadata("role"), own_role);
            }
        }
    }
}

#[tokio::test]
async fn without_a_good_token_nobody_calls_anything() {
    let cast = Cast::new().await;
    let revoked = cast.world.supervisor().await;
    let request = RevokeTokenRequest { request_id: request_id(), token_id: revoked.token_id.clone() };
    cast.administrator.tokens().revoke_token(request).await.unwrap();
    let left = cast.world.counsellor(Abilities::speaking(&["ar"])).await;
    let request =
        DisableCounsellorRequest { request_id: request_id(), counsellor_id: left.counsellor_id.clone() };
    cast.administrator.counsellors().disable_counsellor(request).await.unwrap();

    let unknown = format!("hlp_{}", "A".repeat(48));
    let good = cast.administrator.secret();
    let longer = format!("{good}x");
    let altered = good.chars().rev().collect::<String>();
    let bearers = [
        None,
        Some(unknown.as_str()),
        Some(revoked.secret()),
        Some(left.secret()),
        Some(&longer),
        Some(&altered),
        Some(""),
    ];
    for method in METHODS {
        let mut answers = Vec::new();
        for bearer in bearers {
            answers.push(cast.call_with(method, bearer, Vec::new()).await.expect_err(method.path));
        }
        // Two tokens are none: a proxy and the server could each believe another one.
        let mut twice = raw::request(Some(good), Vec::new());
        twice.metadata_mut().append("authorization", format!("Bearer {good}").parse().unwrap());
        answers.push(
            raw::call(&cast.channel, method.path, method.streaming, twice).await.expect_err(method.path),
        );
        let first = Refused::from(&answers[0]);
        assert_eq!((first.code, first.reason.as_str()), (Code::Unauthenticated, "TOKEN_REFUSED"));
        for answer in &answers {
            // Nobody learns whether a token was ever good.
            assert_eq!((answer.code(), answer.message()), (answers[0].code(), answers[0].message()));
            assert_eq!(answer.details(), answers[0].details(), "{}", method.path);
        }
    }
}

#[tokio::test]
async fn a_method_that_does_not_exist_is_unimplemented_whoever_asks() {
    let cast = Cast::new().await;
    let paths = [
        "/helpline.intake.v1.ContactService/DeleteContact",
        "/helpline.intake.v1.contactservice/getcontact",
        "/helpline.intake.v2.ContactService/GetContact",
        "/helpline.intake.v1.ContactService/GetContact/",
        "/helpline.intake.v1.ContactService",
        "/",
        "/metrics",
    ];
    for path in paths {
        for secret in [None, Some(cast.administrator.secret())] {
            let status = raw::call(&cast.channel, path, false, raw::request(secret, Vec::new())).await;
            assert_eq!(status.unwrap_err().code(), Code::Unimplemented, "{path}");
        }
    }
}
