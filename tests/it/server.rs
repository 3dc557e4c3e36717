//! The server itself: health, reflection, metrics, starting and stopping.

use std::time::Duration;

use helpline::server::{Service, VIEW};
use helpline::{Server, Services, StartError};
use helpline_proto::SERVICES;
use helpline_proto::directory::v1::GetCentreRequest;
use helpline_proto::intake::v1::ListContactsRequest;
use helpline_service_kit::config::Config;
use helpline_tests::{World, WorldOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::Code;
use tonic::transport::Channel;
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

async fn health(channel: &Channel, service: &str) -> Result<ServingStatus, tonic::Status> {
    let request = HealthCheckRequest { service: service.to_owned() };
    let answer = HealthClient::new(channel.clone()).check(request).await?;
    Ok(match answer.get_ref().status {
        1 => ServingStatus::Serving,
        2 => ServingStatus::NotServing,
        _ => ServingStatus::Unknown,
    })
}

async fn http(world: &World, path: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(world.servers[0].metrics_addr()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn health_reflection_and_metrics_need_no_token() {
    let world = World::start().await;
    let channel = world.connect().await;
    for service in SERVICES.iter().chain([&""]) {
        assert_eq!(health(&channel, service).await.unwrap(), ServingStatus::Serving, "{service}");
    }
    assert_eq!(health(&channel, "nothing").await.unwrap_err().code(), Code::NotFound);

    let ask = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let asked = tokio_stream(ask);
    let mut answers =
        ServerReflectionClient::new(channel).server_reflection_info(asked).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
    let MessageResponse::ListServicesResponse(listed) = answer else { panic!("{answer:?}") };
    let names: Vec<_> = listed.service.iter().map(|service| service.name.as_str()).collect();
    assert!(SERVICES.iter().all(|service| names.contains(service)), "{names:?}");

    world.administrator().centre().get_centre(GetCentreRequest {}).await.unwrap();
    let metrics = http(&world, "/metrics").await;
    assert!(
        metrics.contains(
            "helpline_calls_total{method=\"/helpline.directory.v1.CentreService/GetCentre\",code=\"Ok\"} 1"
        ),
        "{metrics}"
    );
    assert!(http(&world, "/readyz").await.starts_with("HTTP/1.1 200"));
}

fn tokio_stream<T: Send + 'static>(item: T) -> impl tonic::IntoStreamingRequest<Message = T> {
    Box::pin(tonic::codegen::tokio_stream::once(item))
}

#[tokio::test]
async fn a_server_that_stops_finishes_and_can_be_followed_by_another() {
    let world = World::start().await;
    let administrator = world.administrator();
    administrator.centre().get_centre(GetCentreRequest {}).await.unwrap();
    let config = world.config().clone();
    let mut world = world;
    assert!(world.servers.remove(0).shutdown().await, "nothing was left behind");
    let gone = administrator.centre().get_centre(GetCentreRequest {}).await.unwrap_err();
    assert_eq!(gone.code(), Code::Unavailable);
    let server = Server::start(&config).await.unwrap();
    world.servers.push(server);
    let channel = world.connect().await;
    administrator.over(channel).centre().get_centre(GetCentreRequest {}).await.unwrap();
    assert!(world.stop().await);
}

#[tokio::test]
async fn a_server_runs_only_the_services_it_was_told_to() {
    let mut world = World::start().await;
    let channel = world.another_server_of(&Services::of(&[Service::Directory])).await;
    let administrator = world.administrator().over(channel.clone());
    administrator.centre().get_centre(GetCentreRequest {}).await.unwrap();
    let supervisor = world.supervisor().await.over(channel.clone());
    let elsewhere = supervisor.contacts().list_contacts(ListContactsRequest::default()).await.unwrap_err();
    assert_eq!(elsewhere.code(), Code::Unimplemented);
    assert_eq!(health(&channel, "").await.unwrap(), ServingStatus::Serving);
    assert!(health(&channel, "helpline.intake.v1.ContactService").await.is_err());
}

#[tokio::test]
async fn a_server_does_without_redis() {
    let config = "[redis]\nurl = \"redis://127.0.0.1:1/\"\n".to_owned();
    let world = World::start_with(WorldOptions { config, ..WorldOptions::default() }).await;
    world.administrator().centre().get_centre(GetCentreRequest {}).await.unwrap();

    // It says so in health, apart from the services, which serve all the same.
    let channel = world.connect().await;
    assert_eq!(health(&channel, "").await.unwrap(), ServingStatus::Serving);
    tokio::time::timeout(Duration::from_secs(20), async {
        while health(&channel, VIEW).await.is_ok_and(|status| status == ServingStatus::Serving) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("health says that Redis is away");
}

#[tokio::test]
async fn a_role_that_sees_every_centre_and_an_unknown_schema_are_refused() {
    let world = World::start().await;
    let mut config: Config = world.config().clone();
    config.database.url = world.database.url().into();
    assert!(matches!(Server::start(&config).await, Err(StartError::PassesIsolation)));

    world.database.query("UPDATE helpline._migrations SET version = version + 1000").unwrap();
    let refused = Server::start(world.config()).await.unwrap_err();
    assert!(matches!(refused, StartError::Schema { .. }));
    assert!(refused.to_string().contains("install a newer version"), "{refused}");
}

#[tokio::test]
async fn the_doctor_finds_nothing_wrong_with_a_running_server_but_says_what_is_missing() {
    use helpline::doctor::{Level, as_text, examine_with, is_well};
    let world = World::start().await;
    let mut config = world.config().clone();
    config.listen.grpc = world.servers[0].grpc_addr();
    config.listen.metrics = world.servers[0].metrics_addr();
    let findings = examine_with(&config).await;
    // A private Postgres does not wait for the disk; that is the one thing wrong with it.
    let wrong: Vec<_> = findings.iter().filter(|finding| finding.level == Level::Fail).collect();
    assert_eq!(wrong.len(), 1, "{}", as_text(&findings));
    assert!(wrong[0].what.contains("disk"));
    assert!(as_text(&findings).contains("a server answers on"));

    world.advance(60.0);
    config.database.url = world.database.url().into();
    config.redis.url = "redis://127.0.0.1:1/".to_owned().into();
    let text = as_text(&examine_with(&config).await);
    for what in ["sees every centre", "clock by 60 s", "Redis does not answer"] {
        assert!(text.contains(what), "{text}");
    }
    assert!(!is_well(&examine_with(&config).await));
}
