//! The addresses to listen on: free, or taken by a server that works.

use std::net::SocketAddr;
use std::time::Duration;

use helpline_service_kit::config::Config;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::Finding;

/// A server on this machine answers at once.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    let grpc = match port("listen.grpc", config.listen.grpc).await {
        Port::Taken if is_serving(config.listen.grpc).await == Some(true) => {
            Finding::ok(format!("a server answers on {}", config.listen.grpc))
        }
        Port::Taken => Finding::fail(
            format!("{} is taken by something that does not serve", config.listen.grpc),
            "stop it, or choose another listen.grpc",
        ),
        Port::Free(finding) => finding,
    };
    let metrics = match port("listen.metrics", config.listen.metrics).await {
        Port::Taken if is_alive(config.listen.metrics).await == Some(true) => {
            Finding::ok(format!("metrics are served on {}", config.listen.metrics))
        }
        Port::Taken => Finding::fail(
            format!("{} is taken by something else", config.listen.metrics),
            "stop it, or choose another listen.metrics",
        ),
        Port::Free(finding) => finding,
    };
    let mut findings = vec![grpc, metrics];
    findings.extend(pages(config).await);
    findings
}

/// The pages that e-mails to agencies link to.
async fn pages(config: &Config) -> Vec<Finding> {
    let Some(base) = config.console.base() else {
        let what = "console.base_url is not set: e-mails to agencies have no link, only a call to sign in";
        return vec![Finding::warn(
            what,
            "set it to where browsers find the pages, for agencies without a client",
        )];
    };
    vec![match port("console.listen", config.console.listen).await {
        Port::Taken
            if says(config.console.listen, "GET /robots.txt", "Disallow: /\n").await == Some(true) =>
        {
            Finding::ok(format!("the pages of {base} are served on {}", config.console.listen))
        }
        Port::Taken => Finding::fail(
            format!("{} is taken by something else", config.console.listen),
            "stop it, or choose another console.listen",
        ),
        Port::Free(finding) => finding,
    }]
}

enum Port {
    Taken,
    Free(Finding),
}

async fn port(setting: &str, address: SocketAddr) -> Port {
    match TcpListener::bind(address).await {
        Ok(_) => Port::Free(Finding::ok(format!("{address} is free ({setting})"))),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Port::Taken,
        Err(error) => Port::Free(Finding::fail(
            format!("{address} cannot be listened on ({setting}): {error}"),
            "choose an address of this machine",
        )),
    }
}

/// Whether what listens there is a server that serves.
async fn is_serving(address: SocketAddr) -> Option<bool> {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).ok()?.timeout(PATIENCE);
    let channel = endpoint.connect_timeout(PATIENCE).connect().await.ok()?;
    let request = HealthCheckRequest { service: String::new() };
    let answer = HealthClient::new(channel).check(request).await.ok()?;
    Some(answer.get_ref().status() == ServingStatus::Serving)
}

/// Whether what listens there answers as the probes of a server do.
async fn is_alive(address: SocketAddr) -> Option<bool> {
    says(address, "GET /livez", "alive").await
}

/// Whether what listens there answers a request well, and with these words at the end.
async fn says(address: SocketAddr, request: &str, end: &str) -> Option<bool> {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.take(4096).read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = tokio::time::timeout(PATIENCE, ask).await.ok()?.ok()?;
    Some(answer.starts_with("HTTP/1.1 200") && answer.ends_with(end))
}
