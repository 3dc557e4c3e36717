//! A stack, a database, a centre, servers.

use helpline::{Server, Services};
use helpline_devstack::{Database, Stack, StackHandle, StackOptions};
use helpline_domain::caller::Role;
use helpline_domain::id::{AgencyId, CentreId, CounsellorId, TokenId};
use helpline_proto::directory::v1::{
    Agency, AgencyKind, Capacity, Counsellor, CreateAgencyRequest, CreateCounsellorRequest,
    GetSettingsRequest, OverflowFrom, OverflowTo, PublishSettingsRequest, Settings,
};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::terms::v1::SkillLevel;
use helpline_service_kit::config::Config;
use helpline_service_kit::ids::{Ids as _, SystemIds};
use helpline_service_kit::lifecycle::Lifecycle;
use helpline_store::migrate;
use helpline_store::settings::create_centre;
use helpline_store::token::{NewToken, create_token_as_owner};
use helpline_vault::{BearerToken, KeyRing, Random as _, SystemRandom};
use tonic::transport::{Channel, Endpoint};

use crate::{Actor, request_id};

/// A month: tests move the clock by days.
const TOKEN_LIFE_S: u32 = 30 * 86_400;

/// How a world differs from the usual.
#[derive(Clone, Debug)]
pub struct WorldOptions {
    /// Whether the servers know of Redis. Usually they do.
    pub redis: bool,
    /// More settings of the servers, as TOML; they win over the usual ones.
    pub config: String,
    /// A stack of the world's own, for tests that stop its servers. Usually the shared one.
    pub stack: Option<StackHandle>,
}

impl Default for WorldOptions {
    fn default() -> Self {
        Self { redis: true, config: String::new(), stack: None }
    }
}

/// What a counsellor of a test can take.
#[derive(Clone, Debug)]
pub struct Abilities {
    /// Language tags.
    pub languages: Vec<String>,
    /// Skills with levels.
    pub skills: Vec<(String, i32)>,
    /// Calls, chats and conversations at once.
    pub capacity: (i32, i32, i32),
}

impl Abilities {
    /// Speaks these languages, without skills, one call, two chats or five conversations at once.
    pub fn speaking(languages: &[&str]) -> Self {
        let languages = languages.iter().map(|tag| (*tag).to_owned()).collect();
        Self { languages, skills: Vec::new(), capacity: (1, 2, 5) }
    }

    /// With a skill, which [`World::counsellor`] adds to the centre's settings if they lack it.
    #[must_use]
    pub fn skilled(mut self, skill: &str, level: i32) -> Self {
        self.skills.push((skill.to_owned(), level));
        self
    }

    /// With so many calls, chats and conversations at once.
    #[must_use]
    pub fn taking(mut self, voice: i32, chats: i32, messages: i32) -> Self {
        self.capacity = (voice, chats, messages);
        self
    }
}

/// A centre with an administrator.
#[derive(Clone, Debug)]
pub struct Centre {
    /// Its id.
    pub id: CentreId,
    /// Its first administrator.
    pub administrator: Actor,
}

/// A helpline for one test. Dropping it stops nothing gracefully; the database goes with it.
#[derive(Debug)]
pub struct World {
    /// Postgres and Redis.
    pub stack: StackHandle,
    /// The database of this world.
    pub database: Database,
    /// The servers; the first is there from the start.
    pub servers: Vec<Server>,
    /// The centre of this world.
    pub centre: Centre,
    config: Config,
    channel: Channel,
}

impl World {
    /// A world with one server that runs everything.
    pub async fn start() -> Self {
        Self::start_with(WorldOptions::default()).await
    }

    /// A world that differs from the usual.
    pub async fn start_with(options: WorldOptions) -> Self {
        let stack = options.stack.clone().unwrap_or_else(|| {
            Stack::shared_or_start(&StackOptions::default()).expect("a private Postgres and Redis").clone()
        });
        let database = database(&stack);
        let config = config(&stack, &database, &options);
        // Before the server starts: it matches for centres that are there at once, for others within seconds.
        let id = centre_row(&database).await;
        let server = Box::pin(Server::start(&config)).await.expect("a server");
        let channel = connect(&server).await;
        let administrator = bearer(&database, &channel, id, Role::Administrator, None).await;
        let centre = Centre { id, administrator };
        Self { stack, database, servers: vec![server], centre, config, channel }
    }

    /// The settings of this world's servers.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// A connection of its own to the first server.
    pub async fn connect(&self) -> Channel {
        connect(self.servers.first().expect("the first server was taken out")).await
    }

    /// Starts another server over the same database and Redis; a connection to it.
    pub async fn another_server(&mut self) -> Channel {
        let server = Server::start(&self.config).await.expect("another server");
        let channel = connect(&server).await;
        self.servers.push(server);
        channel
    }

    /// The same with some services only.
    pub async fn another_server_of(&mut self, services: &Services) -> Channel {
        let server =
            Server::start_with(&self.config, services, Lifecycle::new()).await.expect("another server");
        let channel = connect(&server).await;
        self.servers.push(server);
        channel
    }

    /// Another centre in the same database.
    pub async fn another_centre(&self) -> Centre {
        new_centre(&self.database, &self.channel).await
    }

    /// The administrator.
    pub fn administrator(&self) -> Actor {
        self.centre.administrator.clone()
    }

    /// A new supervisor.
    pub async fn supervisor(&self) -> Actor {
        self.bearer(self.centre.id, Role::Supervisor, None).await
    }

    /// A new channel adapter.
    pub async fn adapter(&self) -> Actor {
        self.bearer(self.centre.id, Role::ChannelAdapter, None).await
    }

    /// A new counsellor, off shift.
    pub async fn counsellor(&self, abilities: Abilities) -> Actor {
        self.counsellor_of(&self.centre, abilities).await
    }

    /// A new counsellor of a centre, off shift.
    pub async fn counsellor_of(&self, centre: &Centre, abilities: Abilities) -> Actor {
        self.ensure_skills(centre, &abilities).await;
        let (voice, chats, messages) = abilities.capacity;
        let counsellor = Counsellor {
            display_name: "A counsellor".to_owned(),
            languages: abilities.languages,
            skills: abilities.skills.into_iter().map(|(skill, level)| SkillLevel { skill, level }).collect(),
            capacity: Some(Capacity { voice, chats, messages }),
            ..Counsellor::default()
        };
        let request = CreateCounsellorRequest { request_id: request_id(), counsellor: Some(counsellor) };
        let answer = centre.administrator.counsellors().create_counsellor(request).await;
        let counsellor = answer.expect("a counsellor").into_inner().counsellor.expect("the counsellor");
        let id: CounsellorId = counsellor.counsellor_id.parse().expect("its id");
        self.bearer(centre.id, Role::Counsellor, Some(id)).await
    }

    /// A new agency that may be told everything.
    pub async fn agency(&self) -> AgencyId {
        let request = CreateAgencyRequest {
            request_id: request_id(),
            agency: Some(Agency {
                display_name: "An agency".to_owned(),
                kind: AgencyKind::Police.into(),
                field_classes: (1..=10).filter(|&class| class != FieldClass::Secret as i32).collect(),
                ..Agency::default()
            }),
        };
        let answer = self.administrator().agencies().create_agency(request).await.expect("an agency");
        answer.into_inner().agency.expect("the agency").agency_id.parse().expect("its id")
    }

    /// A new responder of an agency.
    pub async fn responder(&self, agency: AgencyId) -> Actor {
        responder(&self.database, &self.channel, self.centre.id, agency).await
    }

    /// A new token of a role.
    pub async fn bearer(&self, centre: CentreId, role: Role, counsellor: Option<CounsellorId>) -> Actor {
        bearer(&self.database, &self.channel, centre, role, counsellor).await
    }

    /// Changes the settings of the centre.
    pub async fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        Box::pin(change_settings(&self.centre, change)).await;
    }

    /// Changes the settings of a centre.
    pub async fn change_settings_of(&self, centre: &Centre, change: impl FnOnce(&mut Settings)) {
        Box::pin(change_settings(centre, change)).await;
    }

    async fn ensure_skills(&self, centre: &Centre, abilities: &Abilities) {
        if abilities.skills.is_empty() {
            return;
        }
        let add = change_settings(centre, |settings| {
            for (skill, _) in &abilities.skills {
                if !settings.skills.contains(skill) {
                    settings.skills.push(skill.clone());
                }
            }
        });
        // All settings are a large message.
        Box::pin(add).await;
    }

    /// The centre of this world may ask `partner` to take contacts on, in its first queue and by hand.
    pub async fn agree_on_overflow(&self, partner: &Centre) {
        self.agree_between(&self.centre, partner).await;
    }

    /// The same between any two centres.
    pub async fn agree_between(&self, origin: &Centre, partner: &Centre) {
        let (ours, theirs) = (origin.id.to_string(), partner.id.to_string());
        change_settings(origin, |settings| {
            let overflow = settings.overflow.get_or_insert_default();
            overflow.to.push(OverflowTo { partner_id: theirs, ..OverflowTo::default() });
        })
        .await;
        change_settings(partner, |settings| {
            let queue = settings.queues[0].queue.clone();
            let from = OverflowFrom {
                partner_id: ours,
                queue,
                most: 2,
                connect_to: "sip:overflow@partner.example".to_owned(),
                ..OverflowFrom::default()
            };
            settings.overflow.get_or_insert_default().from.push(from);
        })
        .await;
    }

    /// Moves the time by which deadlines are set and compared.
    pub fn advance(&self, seconds: f64) {
        let sql = format!("UPDATE helpline.clock SET moved = moved + make_interval(secs => {seconds})");
        self.database.query(&sql).expect("moving the clock");
    }

    /// Ten minutes from now by the database's clock.
    pub fn soon(&self) -> prost_types::Timestamp {
        let sql = "SELECT extract(epoch FROM helpline.now() + interval '10 minutes')::int8";
        let rows = self.database.query(sql).expect("the time");
        let seconds = rows[0][0].as_deref().and_then(|text| text.parse().ok()).expect("seconds");
        prost_types::Timestamp { seconds, nanos: 0 }
    }

    /// Stops every server as a signal would; whether all of them finished their work.
    pub async fn stop(mut self) -> bool {
        self.stop_servers().await
    }

    /// The same until [`World::start_again`]: meanwhile nobody writes.
    pub async fn stop_servers(&mut self) -> bool {
        let mut finished = true;
        for server in self.servers.drain(..) {
            finished &= server.shutdown().await;
        }
        finished
    }

    /// Starts a server after all were stopped.
    pub async fn start_again(&mut self) {
        self.channel = self.another_server().await;
        self.centre.administrator = self.centre.administrator.over(self.channel.clone());
    }
}

/// A database with the schema, copied from one that was migrated once.
fn database(stack: &StackHandle) -> Database {
    let template = stack.postgres.template_database(&format!("world {}", migrate::fingerprint()), |url| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(migrate::migrate(url))?;
        Ok(())
    });
    let template = template.expect("a migrated database");
    stack.postgres.create_database(&template).expect("a database")
}

fn config(stack: &StackHandle, database: &Database, options: &WorldOptions) -> Config {
    let random = |bytes: &mut [u8]| SystemRandom.fill(bytes);
    // Through the socket, where a private Postgres asks for no password: the role is the whole stack's, and a password
    // set by one test would lock another out.
    let url = stack.postgres.socket_url(database.name()).replacen("postgres@", "helpline_server@", 1);
    let redis = if options.redis { stack.redis_url() } else { String::new() };
    let usual = format!(
        "[database]\nurl = \"{url}\"\nmigrate_url = \"{}\"\n[redis]\nurl = \"{redis}\"\n\
         [listen]\ngrpc = \"127.0.0.1:0\"\nmetrics = \"127.0.0.1:0\"\n\
         [keys]\nseal = [\"{}\"]\nindex = \"{}\"\n",
        database.url(),
        KeyRing::generate_key(1, &random),
        KeyRing::generate_index_key(&random),
    );
    Config::from_toml_layers(&[&usual, &options.config]).expect("the settings of the world")
}

async fn connect(server: &Server) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{}", server.grpc_addr())).expect("its address");
    endpoint.tcp_nodelay(true).connect().await.expect("a connection")
}

async fn new_centre(database: &Database, channel: &Channel) -> Centre {
    let id = centre_row(database).await;
    let administrator = bearer(database, channel, id, Role::Administrator, None).await;
    Centre { id, administrator }
}

async fn centre_row(database: &Database) -> CentreId {
    let id = CentreId::from(SystemIds.v7());
    create_centre(&database.url(), id, "A centre", "112").await.expect("a centre");
    id
}

async fn bearer(
    database: &Database,
    channel: &Channel,
    centre: CentreId,
    role: Role,
    counsellor_id: Option<CounsellorId>,
) -> Actor {
    token(database, channel, centre, role, counsellor_id, None).await
}

async fn responder(database: &Database, channel: &Channel, centre: CentreId, agency: AgencyId) -> Actor {
    token(database, channel, centre, Role::AgencyResponder, None, Some(agency)).await
}

async fn token(
    database: &Database,
    channel: &Channel,
    centre: CentreId,
    role: Role,
    counsellor_id: Option<CounsellorId>,
    agency_id: Option<AgencyId>,
) -> Actor {
    let secret = BearerToken::generate(&SystemRandom);
    let token_id = TokenId::from(SystemIds.v7());
    let new = NewToken {
        token_id,
        hash: secret.hash(),
        role,
        label: "A token of a test".to_owned(),
        counsellor_id,
        agency_id,
        lifetime_s: TOKEN_LIFE_S,
    };
    create_token_as_owner(&database.url(), centre, &new).await.expect("a token");
    let counsellor_id = counsellor_id.map(|id| id.to_string()).unwrap_or_default();
    Actor::new(channel.clone(), secret.expose(), &token_id.to_string(), &counsellor_id)
}

async fn change_settings(centre: &Centre, change: impl FnOnce(&mut Settings)) {
    let mut client = centre.administrator.centre();
    let answer = client.get_settings(GetSettingsRequest::default()).await;
    let mut settings = answer.expect("the settings").into_inner().settings.expect("the settings");
    change(&mut settings);
    let request =
        PublishSettingsRequest { request_id: request_id(), settings: Some(settings), expected_version: 0 };
    client.publish_settings(request).await.expect("the settings are published");
}
