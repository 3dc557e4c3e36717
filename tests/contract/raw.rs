//! Calls without generated code: any bytes to any method.

use std::time::Duration;

use http_body_util::Full;
use prost::bytes::{Buf as _, BufMut as _, Bytes};
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::{Service, http, tokio_stream};
use tonic::transport::Channel;
use tonic::{Request, Status};

/// Bytes as they are.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AsIs;

impl Codec for AsIs {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for AsIs {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for AsIs {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut item = vec![0; buffer.remaining()];
        buffer.copy_to_slice(&mut item);
        Ok(Some(item))
    }
}

/// A request with these bytes, perhaps with a token.
pub(crate) fn request(secret: Option<&str>, bytes: Vec<u8>) -> Request<Vec<u8>> {
    let mut request = Request::new(bytes);
    if let Some(secret) = secret {
        request.metadata_mut().insert("authorization", format!("Bearer {secret}").parse().unwrap());
    }
    request
}

/// Calls the method at `path`. The bytes of the answer; of a stream, none: that it was opened is the answer.
pub(crate) async fn call(
    channel: &Channel,
    path: &str,
    streaming: bool,
    request: Request<Vec<u8>>,
) -> Result<Vec<u8>, Status> {
    let mut client = Grpc::new(channel.clone());
    let path: PathAndQuery = path.parse().unwrap();
    client.ready().await.expect("a connection");
    if streaming {
        client.server_streaming(request, path, AsIs).await.map(|_| Vec::new())
    } else {
        client.unary(request, path, AsIs).await.map(tonic::Response::into_inner)
    }
}

/// The bytes of the first message of the stream at `path`; none of one that says nothing at once.
pub(crate) async fn first(
    channel: &Channel,
    path: &str,
    request: Request<Vec<u8>>,
) -> Result<Vec<u8>, Status> {
    let mut client = Grpc::new(channel.clone());
    client.ready().await.expect("a connection");
    let mut stream = client.server_streaming(request, path.parse().unwrap(), AsIs).await?.into_inner();
    match tokio::time::timeout(Duration::from_secs(1), stream.message()).await {
        Ok(message) => message.map(Option::unwrap_or_default),
        Err(_) => Ok(Vec::new()),
    }
}

/// Calls the method at `path` without any message.
pub(crate) async fn call_with_nothing(channel: &Channel, path: &str, secret: &str) -> Status {
    let mut client = Grpc::new(channel.clone());
    client.ready().await.expect("a connection");
    let mut request = Request::new(tokio_stream::empty::<Vec<u8>>());
    request.metadata_mut().insert("authorization", format!("Bearer {secret}").parse().unwrap());
    let answer = client.client_streaming::<_, _, Vec<u8>, _>(request, path.parse().unwrap(), AsIs).await;
    answer.map(drop).expect_err("a call without a message should be refused")
}

/// Posts a body that need not be a frame of gRPC; the status of the answer, if it has one.
pub(crate) async fn post(channel: &Channel, path: &str, secret: &str, body: Vec<u8>) -> Option<Status> {
    let request = http::Request::post(path)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("authorization", format!("Bearer {secret}"))
        .body(Body::new(Full::new(Bytes::from(body))))
        .unwrap();
    let mut channel = channel.clone();
    std::future::poll_fn(|context| channel.poll_ready(context)).await.expect("a connection");
    let response = channel.call(request).await.expect("an answer");
    Status::from_header_map(response.headers())
}
