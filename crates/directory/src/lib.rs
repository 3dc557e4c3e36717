//! Who works at a centre, how it works, and who may call.
//!
//! Five public services: `AgencyService` (partner agencies), `CentreService` (the centre and its versioned settings), `CounsellorService` (people who
//! answer), `ServiceDirectoryService` (services that children are referred to), `TokenService` (bearer tokens). One use case is one file; `api` is the generated traits, `wire` translates.
//!
//! Invariants:
//! - what is stored was checked as a whole: settings in force never name an unknown skill, a queue twice or a time out of
//!   range; a counsellor has a language and only skills of the centre;
//! - a counsellor sees nobody but themselves, and nobody sees another centre: both are `NOT_FOUND`;
//! - a token's secret is in one answer and nowhere else, not even in the answer to its repeat;
//! - an import is whole or did not happen, and where a shelter is leaves for nobody who need not know;
//! - who has left holds no open offer and no good token.
//!
//! Emits, as journal entries: `counsellor_created`, `counsellor_updated`, `counsellor_disabled`, `settings_published`,
//! `token_created`, `token_revoked`, `agency_created`, `agency_updated`, `agency_disabled`, `services_imported`, `service_updated`, `service_verified`. Hears nothing.

pub mod agencies;
mod api;
mod wire;

pub mod create_counsellor;
pub mod create_token;
pub mod disable_counsellor;
pub mod get_centre;
pub mod get_counsellor;
pub mod get_settings;
pub mod list_counsellors;
pub mod list_tokens;
pub mod publish_settings;
pub mod revoke_token;
pub mod services;
mod skills;
pub mod update_counsellor;

use helpline_proto::directory::v1::agency_service_server::AgencyServiceServer;
use helpline_proto::directory::v1::centre_service_server::CentreServiceServer;
use helpline_proto::directory::v1::counsellor_service_server::CounsellorServiceServer;
use helpline_proto::directory::v1::service_directory_service_server::ServiceDirectoryServiceServer;
use helpline_proto::directory::v1::token_service_server::TokenServiceServer;
use helpline_service_kit::Ctx;
use helpline_service_kit::authenticator::Authenticator;
use tonic::service::RoutesBuilder;

/// The services. A clone is the same.
#[derive(Clone, Debug)]
pub struct Directory {
    ctx: Ctx,
    authenticator: Authenticator,
    catalogues: services::Catalogues,
}

impl Directory {
    /// The services; `authenticator` is the one of the access layer, told at once when a token ends.
    pub fn new(ctx: Ctx, authenticator: Authenticator) -> Self {
        Self { ctx, authenticator, catalogues: services::Catalogues::default() }
    }

    /// Adds its gRPC services, which read messages of at most `longest` bytes.
    pub fn routes(&self, routes: &mut RoutesBuilder, longest: usize) {
        routes
            .add_service(AgencyServiceServer::new(self.clone()).max_decoding_message_size(longest))
            .add_service(CentreServiceServer::new(self.clone()).max_decoding_message_size(longest))
            .add_service(CounsellorServiceServer::new(self.clone()).max_decoding_message_size(longest))
            .add_service(ServiceDirectoryServiceServer::new(self.clone()).max_decoding_message_size(longest))
            .add_service(TokenServiceServer::new(self.clone()).max_decoding_message_size(longest));
    }
}
