//! Which services a process runs, and how they come together.

use std::collections::BTreeSet;
use std::fmt;

use clap::ValueEnum;
use helpline_casework::Casework;
use helpline_channels::Channels;
use helpline_crossborder::CrossBorders;
use helpline_directory::Directory;
use helpline_escalation::Escalation;
use helpline_proto::{FILE_DESCRIPTOR_SET, SERVICES};
use helpline_queueing::Queueing;
use helpline_queueing::workers::Timing;
use helpline_referral::Referrals;
use helpline_reintegration::Reintegration;
use helpline_reporting::Reporting;
use helpline_school::SchoolReports;
use helpline_service_kit::Ctx;
use helpline_service_kit::authenticator::Authenticator;
use helpline_service_kit::config::Config;
use helpline_service_kit::lifecycle::Lifecycle;
use helpline_shelter::Shelters;
use helpline_store::{PoolOptions, Store};
use tonic::service::{Routes, RoutesBuilder};
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use super::StartError;

/// A service: one area of the API with its workers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, ValueEnum)]
pub enum Service {
    /// Centres, counsellors, settings, tokens.
    Directory,
    /// Contacts and messages.
    Intake,
    /// The line: offers, presence, handling.
    Queueing,
    /// Emergencies, until somebody reached the child.
    Escalation,
    /// Referrals to agencies, consent, capacity.
    Referral,
    /// Persons, cases, tasks.
    Casework,
    /// Figures of contacts.
    Reporting,
    /// Hand-overs of children across borders.
    Crossborder,
    /// Reports of abuse at schools.
    School,
    /// Children who come back together.
    Reintegration,
    /// Residents of shelters: services they are offered, help to return.
    Shelter,
    /// Endpoints of agencies, what is sent to them.
    Channels,
    /// Pages for a browser, if the configuration says where browsers find them. They have no API of their own.
    Console,
}

impl Service {
    /// The package of its API.
    const fn package(self) -> &'static str {
        match self {
            Self::Directory => "helpline.directory.v1",
            Self::Intake => "helpline.intake.v1",
            Self::Queueing => "helpline.queueing.v1",
            Self::Escalation => "helpline.escalation.v1",
            Self::Referral => "helpline.referral.v1",
            Self::Casework => "helpline.casework.v1",
            Self::Reporting => "helpline.reporting.v1",
            Self::Crossborder => "helpline.crossborder.v1",
            Self::School => "helpline.school.v1",
            Self::Reintegration => "helpline.reintegration.v1",
            Self::Shelter => "helpline.shelter.v1",
            Self::Channels => "helpline.channels.v1",
            Self::Console => "",
        }
    }
}

/// The services of a process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Services(BTreeSet<Service>);

impl Services {
    /// Every service.
    pub fn all() -> Self {
        Self::of(Service::value_variants())
    }

    /// These services.
    pub fn of(services: &[Service]) -> Self {
        Self(services.iter().copied().collect())
    }

    pub(super) fn has(&self, service: Service) -> bool {
        self.0.contains(&service)
    }

    /// Full names of the gRPC services that these are.
    fn names(&self) -> impl Iterator<Item = &'static str> {
        SERVICES.iter().copied().filter(|name| {
            let package = name.rsplit_once('.').map_or("", |(package, _)| package);
            self.0.iter().any(|service| service.package() == package)
        })
    }
}

impl fmt::Display for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, service) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{}", format!("{service:?}").to_lowercase())?;
        }
        Ok(())
    }
}

/// Connections of the matcher and the workers, beside those that calls share: as many as commit and sweep at once.
const OWN_CONNECTIONS: usize = 6;
/// The same of the ladder of escalations: one step after another.
const CLIMBING_CONNECTIONS: usize = 2;
/// The same of referrals and holds whose time is over.
const REFERRING_CONNECTIONS: usize = 1;
/// The same of tasks that are late.
const CLIMBING_TASKS_CONNECTIONS: usize = 1;
/// The same of hand-overs across borders whose step is overdue.
const CROSSING_CONNECTIONS: usize = 1;
/// The same of what is sent out: one takes, others write down what came of it.
const SENDING_CONNECTIONS: usize = 3;

/// What is served, and who tells whether it is.
pub(super) struct Assembled {
    pub(super) routes: Routes,
    pub(super) health: Health,
}

/// Brings the services together, starts their workers, and adds health and reflection.
pub(super) async fn assemble(
    config: &Config,
    services: &Services,
    ctx: &Ctx,
    authenticator: &Authenticator,
    lifecycle: &Lifecycle,
) -> Result<Assembled, StartError> {
    let longest = config.limits.message_bytes;
    let mut routes = RoutesBuilder::default();
    let own = |size| {
        let url = config.database.url.expose().to_owned();
        Store::new(&PoolOptions { url, size, wait: config.database.wait() }, ctx.vault().clone())
    };
    if services.has(Service::Directory) {
        Directory::new(ctx.clone(), authenticator.clone()).routes(&mut routes, longest);
    }
    if services.has(Service::Intake) {
        let (blocks, contacts, messages, surveys) = helpline_intake::routes(ctx);
        routes
            .add_service(blocks.max_decoding_message_size(longest))
            .add_service(contacts.max_decoding_message_size(longest))
            .add_service(messages.max_decoding_message_size(longest))
            .add_service(surveys.max_decoding_message_size(longest));
    }
    if services.has(Service::Queueing) {
        let queueing = Queueing::new(ctx.clone(), config.timing.presence_ttl());
        queueing.routes(&mut routes, longest);
        let timing = Timing { sweep: config.timing.sweep(), presence_ttl: config.timing.presence_ttl() };
        queueing.spawn(own(OWN_CONNECTIONS)?, lifecycle, &timing);
    }
    if services.has(Service::Escalation) {
        let escalation = Escalation::new(ctx.clone());
        escalation.routes(&mut routes, longest);
        escalation.spawn(own(CLIMBING_CONNECTIONS)?, lifecycle, config.timing.sweep());
    }
    if services.has(Service::Referral) {
        let referrals = Referrals::new(ctx.clone());
        referrals.routes(&mut routes, longest);
        referrals.spawn(own(REFERRING_CONNECTIONS)?, lifecycle);
    }
    if services.has(Service::Casework) {
        let casework = Casework::new(ctx.clone());
        casework.routes(&mut routes, longest);
        casework.spawn(own(CLIMBING_TASKS_CONNECTIONS)?, lifecycle);
    }
    if services.has(Service::Reporting) {
        Reporting::new(ctx.clone()).routes(&mut routes, longest);
    }
    if services.has(Service::Crossborder) {
        let crossing = CrossBorders::new(ctx.clone());
        crossing.routes(&mut routes, longest);
        crossing.spawn(own(CROSSING_CONNECTIONS)?, lifecycle);
    }
    if services.has(Service::School) {
        SchoolReports::new(ctx.clone()).routes(&mut routes, longest);
    }
    if services.has(Service::Reintegration) {
        Reintegration::new(ctx.clone()).routes(&mut routes, longest);
    }
    if services.has(Service::Shelter) {
        Shelters::new(ctx.clone()).routes(&mut routes, longest);
    }
    if services.has(Service::Channels) {
        let channels =
            Channels::new(ctx.clone(), &config.channels, config.console.base().map(str::to_owned))?;
        channels.routes(&mut routes, longest);
        channels.spawn(own(SENDING_CONNECTIONS)?, lifecycle, config.timing.sweep());
    }

    let (reporter, server) = tonic_health::server::health_reporter();
    let health = Health { reporter, names: services.names().chain([""]).collect() };
    health.set(ServingStatus::Serving).await;
    routes.add_service(server);
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    // Older clients, among them grpcurl and Python's, speak only the alpha version.
    routes.add_service(reflection().build_v1()?).add_service(reflection().build_v1alpha()?);
    Ok(Assembled { routes: routes.routes(), health })
}

/// The name under which health says whether the line has its view in Redis; without it the line works, slower.
pub const VIEW: &str = "helpline.view";

/// The health of each service, and of the server as a whole under the empty name.
#[derive(Clone)]
pub(super) struct Health {
    reporter: HealthReporter,
    names: Vec<&'static str>,
}

impl Health {
    /// Says whether the line has its view in Redis.
    pub(super) async fn view(&self, away: bool) {
        let status = if away { ServingStatus::NotServing } else { ServingStatus::Serving };
        self.reporter.set_service_status(VIEW, status).await;
    }

    /// Tells everybody to go elsewhere.
    pub(super) async fn not_serving(&self) {
        self.set(ServingStatus::NotServing).await;
    }

    async fn set(&self, status: ServingStatus) {
        for name in &self.names {
            self.reporter.set_service_status(*name, status).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn together_the_services_are_the_whole_api() {
        assert_eq!(Services::all().names().collect::<Vec<_>>(), SERVICES);
        assert_eq!(
            Services::all().to_string(),
            "directory,intake,queueing,escalation,referral,casework,reporting,crossborder,school,reintegration,shelter,channels,console"
        );
    }
}
