//! Somebody of every role in one world, who calls any method with any bytes.

use helpline_proto::{METHODS, Method, Role};
use helpline_tests::{Abilities, Actor, Refused, World, WorldOptions};
use prost::Message as _;
use prost_reflect::DynamicMessage;
use tonic::Status;
use tonic::transport::Channel;

use crate::raw;

/// Every role.
pub(crate) const ROLES: [Role; 7] = [
    Role::ChannelAdapter,
    Role::Counsellor,
    Role::Supervisor,
    Role::Administrator,
    Role::AgencyResponder,
    Role::AgencyLink,
    Role::AgencyVisitor,
];

/// The skill that the cast's centre knows.
pub(crate) const SKILL: &str = "listening";

/// A world with somebody of every role.
pub(crate) struct Cast {
    pub(crate) world: World,
    pub(crate) channel: Channel,
    pub(crate) adapter: Actor,
    pub(crate) counsellor: Actor,
    pub(crate) supervisor: Actor,
    pub(crate) administrator: Actor,
    pub(crate) responder: Actor,
    pub(crate) linked: Actor,
    pub(crate) visitor: Actor,
}

impl Cast {
    pub(crate) async fn new() -> Self {
        Self::with(WorldOptions::default()).await
    }

    pub(crate) async fn with(options: WorldOptions) -> Self {
        let world = World::start_with(options).await;
        let abilities = Abilities::speaking(&["ar", "en"]).skilled(SKILL, 3);
        let agency = world.agency().await;
        Self {
            channel: world.connect().await,
            adapter: world.adapter().await,
            counsellor: world.counsellor(abilities).await,
            supervisor: world.supervisor().await,
            administrator: world.administrator(),
            responder: world.responder(agency).await,
            linked: world.link(agency).await.actor,
            visitor: world.link(agency).await.opened().await,
            world,
        }
    }

    /// Who has this role.
    pub(crate) fn of(&self, role: Role) -> &Actor {
        match role {
            Role::ChannelAdapter => &self.adapter,
            Role::Counsellor => &self.counsellor,
            Role::Supervisor => &self.supervisor,
            Role::Administrator => &self.administrator,
            Role::AgencyResponder => &self.responder,
            Role::AgencyLink => &self.linked,
            Role::AgencyVisitor => &self.visitor,
            Role::Unspecified => panic!("nobody has no role"),
        }
    }

    /// Somebody who may call a method.
    pub(crate) fn caller(&self, method: &Method) -> &Actor {
        self.of(method.roles[0])
    }

    /// Calls a method with these bytes and a token.
    pub(crate) async fn call_with(
        &self,
        method: &Method,
        secret: Option<&str>,
        bytes: Vec<u8>,
    ) -> Result<Vec<u8>, Status> {
        raw::call(&self.channel, method.path, method.streaming, raw::request(secret, bytes)).await
    }

    /// Calls a method as somebody who may.
    pub(crate) async fn call(&self, method: &Method, request: &DynamicMessage) -> Result<Vec<u8>, Status> {
        self.call_with(method, Some(self.caller(method).secret()), request.encode_to_vec()).await
    }

    /// Calls a method as somebody who may, and is refused.
    pub(crate) async fn refused(&self, method: &Method, request: &DynamicMessage) -> Refused {
        match self.call(method, request).await {
            Err(status) => Refused::from(&status),
            Ok(_) => panic!("{} took {request:?}", method.name),
        }
    }
}

/// The method of this name.
pub(crate) fn method(name: &str) -> &'static Method {
    METHODS.iter().find(|method| method.name == name).expect("a method of this name")
}
