//! Servers over one database, the centre they serve, and a look inside.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use helpline_devstack::{Stack, StackOptions, Template};
use helpline_domain::caller::Role;
use helpline_domain::id::{AgencyId, CentreId, CounsellorId, TokenId};
use helpline_live::Live;
use helpline_service_kit::Ctx;
use helpline_service_kit::clock::SystemClock;
use helpline_service_kit::hub::Hub;
use helpline_service_kit::ids::{Ids as _, SystemIds};
use helpline_service_kit::metrics::Metrics;
use helpline_service_kit::mirror::Mirror;
use helpline_store::settings::create_centre;
use helpline_store::{PoolOptions, Store, migrate};
use helpline_vault::{BearerToken, KeyRing, Random as _, SystemRandom, Vault};
use tempfile::TempDir;

use super::prepared::{PREPARED, PreparedDatabase};
use super::server::ServerProcess;
use crate::Actor;

/// The password of the server's role on private stacks.
const PASSWORD: &str = "only-for-tests";

/// Whether the servers know of Redis.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Redis {
    /// They do.
    #[default]
    Known,
    /// They work without.
    Unknown,
}

/// How a fleet differs from the usual.
#[derive(Clone, Debug)]
pub struct FleetOptions {
    /// Server processes to start with.
    pub processes: usize,
    /// Whether they know of Redis.
    pub redis: Redis,
    /// How long a counsellor counts as present without a sign of their client, in seconds.
    pub presence_ttl_s: u32,
    /// Filter of their logs.
    pub log: String,
    /// Address of a collector of spans; empty for none.
    pub otlp: String,
    /// The section `testing` of the first server at its first start, without its head.
    pub testing: String,
    /// Settings of the centre that differ from the defaults, as JSON.
    pub settings: String,
}

impl Default for FleetOptions {
    fn default() -> Self {
        Self {
            processes: 1,
            redis: Redis::Known,
            presence_ttl_s: 15,
            log: "info".to_owned(),
            otlp: String::new(),
            testing: String::new(),
            settings: "{}".to_owned(),
        }
    }
}

/// A private stack with a migrated database to copy. Blocks for a tenth of a second once it was done before.
pub fn private_stack(options: StackOptions) -> Arc<Stack> {
    let template = Template {
        key: format!("fleet {}", migrate::fingerprint()),
        prepare: Arc::new(|postgres| {
            postgres.query("postgres", &format!("CREATE DATABASE {PREPARED}"))?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(migrate::migrate(&postgres.url(PREPARED)))?;
            postgres
                .query("postgres", &format!("ALTER ROLE helpline_server PASSWORD '{PASSWORD}'"))
                .map(drop)?;
            Ok(())
        }),
    };
    let options = StackOptions { template: Some(template), ..options };
    Arc::new(Stack::start(&options).expect("a private Postgres and Redis"))
}

/// What Postgres has said of itself lately: for the message of a test that failed.
fn trouble(stack: &Stack) -> String {
    let log = std::fs::read_to_string(stack.log_dir.join("postgres.log")).unwrap_or_default();
    let own = |line: &&str| ["LOG: ", "FATAL: ", "PANIC: "].iter().any(|kind| line.contains(kind));
    let lines: Vec<&str> = log.lines().filter(own).collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

/// Servers over one database. Dropping it kills them.
#[derive(Debug)]
pub struct Fleet {
    /// The centre that is served.
    pub centre: CentreId,
    servers: Vec<ServerProcess>,
    settings: String,
    seal: String,
    index: String,
    database: PreparedDatabase,
    /// The servers' servers; dropped when the last fleet on it is.
    pub stack: Arc<Stack>,
    _files: TempDir,
}

/// Where tokens stand.
const TOKENS: &str = "INSERT INTO helpline.tokens (centre_id, token_id, hash, role, counsellor_id, agency_id, label, expires_at)";

impl Fleet {
    /// A fleet on a stack of its own.
    pub async fn start(options: FleetOptions) -> Self {
        Self::start_on(private_stack(StackOptions::default()), options).await
    }

    /// A fleet in a database of its own on this stack.
    pub async fn start_on(stack: Arc<Stack>, options: FleetOptions) -> Self {
        let files = tempfile::tempdir().expect("a directory");
        let database = PreparedDatabase::create(&stack.postgres);
        let centre = CentreId::from(SystemIds.v7());
        let created = create_centre(&database.url(), centre, "A centre", "112").await;
        created.unwrap_or_else(|error| panic!("no centre: {error}\n{}", trouble(&stack)));
        let random = |bytes: &mut [u8]| SystemRandom.fill(bytes);
        let (seal, index) = (KeyRing::generate_key(1, &random), KeyRing::generate_index_key(&random));
        let redis = if options.redis == Redis::Known { stack.redis_url() } else { String::new() };
        let mut settings = String::new();
        let _ = write!(
            settings,
            "[database]\nurl = \"{}\"\npool_size = 12\n[redis]\nurl = \"{redis}\"\n\
             [keys]\nseal = [\"{seal}\"]\nindex = \"{index}\"\n[telemetry]\nlog = \"{}\"\notlp = \"{}\"\n\
             [timing]\npresence_ttl_s = {}\nshutdown_grace_s = 2\n",
            database.url_for("helpline_server", PASSWORD),
            options.log,
            options.otlp,
            options.presence_ttl_s,
        );
        let servers = (0..options.processes)
            .map(|number| ServerProcess::new(files.path(), &format!("server-{number}")))
            .collect();
        let mut fleet = Self { centre, servers, settings, seal, index, database, stack, _files: files };
        fleet.change_settings(&options.settings);
        for number in 0..options.processes {
            fleet.restart(number, if number == 0 { &options.testing } else { "" });
        }
        fleet
    }

    /// A server.
    pub fn server(&mut self, number: usize) -> &mut ServerProcess {
        &mut self.servers[number]
    }

    /// All servers.
    pub fn servers(&self) -> &[ServerProcess] {
        &self.servers
    }

    /// Kills a server if it still runs and starts it again, with this section `testing`.
    pub fn restart(&mut self, number: usize, testing: &str) {
        let settings = format!("{}[testing]\n{testing}\n", self.settings);
        let server = &mut self.servers[number];
        server.kill();
        server.start(&settings);
    }

    /// Changes settings of the centre directly in the database, where no lower bounds hold: faults need short times.
    /// Servers that run notice within a second.
    pub fn change_settings(&self, json: &str) {
        self.sql(&format!(
            "UPDATE helpline.settings SET settings = settings || '{json}' WHERE centre_id = '{}'",
            self.centre
        ));
    }

    /// A new token of the centre, for calls to the first server.
    pub fn bearer(&self, role: Role, counsellor: Option<CounsellorId>) -> Actor {
        self.bearers(role, &[counsellor]).remove(0)
    }

    /// New tokens of the centre, made at once; each bearer calls one server, in turn.
    pub fn bearers(&self, role: Role, counsellors: &[Option<CounsellorId>]) -> Vec<Actor> {
        let mut rows = Vec::new();
        let mut actors = Vec::new();
        for (number, counsellor) in counsellors.iter().enumerate() {
            let counsellor_id = counsellor.map(|id| id.to_string()).unwrap_or_default();
            let (row, actor) = self.token(number, role, (&counsellor_id, ""));
            rows.push(row);
            actors.push(actor);
        }
        self.sql(&format!("{TOKENS} VALUES {}", rows.join(", ")));
        actors
    }

    /// A token as a row, and who bears it.
    fn token(&self, number: usize, role: Role, (counsellor, agency): (&str, &str)) -> (String, Actor) {
        let secret = BearerToken::generate(&SystemRandom);
        let token_id = TokenId::from(SystemIds.v7());
        let hash = secret.hash().iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let id = |id: &str| if id.is_empty() { "NULL".to_owned() } else { format!("'{id}'") };
        let row = format!(
            "('{}', '{token_id}', '\\x{hash}', '{}', {}, {}, 'test', helpline.now() + interval '1 day')",
            self.centre,
            role.key(),
            id(counsellor),
            id(agency)
        );
        let channel = self.servers[number % self.servers.len()].channel();
        (row, Actor::new(channel, secret.expose(), &token_id.to_string(), counsellor))
    }

    /// A new agency that may be told everything, with a service; its id, that of the service, and somebody who answers for it.
    pub fn partner(&self) -> (AgencyId, String, Actor) {
        let (agency, service) = (SystemIds.v7(), SystemIds.v7());
        let centre = self.centre;
        self.sql(&format!(
            "INSERT INTO helpline.agencies (centre_id, agency_id, display_name, kind, field_classes)
             VALUES ('{centre}', '{agency}', 'An agency', 'ngo',
                 '{{identity,contact,location,narrative,health,legal,perpetrator,media,statistics}}')"
        ));
        self.sql(&format!(
            r#"INSERT INTO helpline.services (centre_id, service_id, agency_id, fields)
               VALUES ('{centre}', '{service}', '{agency}', '{{"name": "A service", "status": "active"}}')"#
        ));
        let (row, responder) = self.token(0, Role::AgencyResponder, ("", &agency.to_string()));
        self.sql(&format!("{TOKENS} VALUES {row}"));
        (agency.into(), service.to_string(), responder)
    }

    /// New counsellors, off shift, who speak English and hold so many calls, chats and conversations at once.
    pub fn counsellors(&self, count: usize, (voice, chats, messages): (u8, u8, u8)) -> Vec<Actor> {
        let ids: Vec<_> = (0..count).map(|_| CounsellorId::from(SystemIds.v7())).collect();
        let values =
            |row: &dyn Fn(&CounsellorId) -> String| ids.iter().map(row).collect::<Vec<_>>().join(", ");
        let people = values(&|id| format!("('{}', '{id}', 'A counsellor', '{{en}}')", self.centre));
        let presences = values(&|id| format!("('{}', '{id}', {voice}, {chats}, {messages})", self.centre));
        self.sql(&format!(
            "INSERT INTO helpline.counsellors (centre_id, counsellor_id, display_name, languages) VALUES {people};
             INSERT INTO helpline.presences (centre_id, counsellor_id, max_voice, max_chat, max_message) VALUES {presences}"
        ));
        let ids: Vec<_> = ids.into_iter().map(Some).collect();
        self.bearers(Role::Counsellor, &ids)
    }

    /// Runs SQL as superuser; every value as text, empty for NULL.
    pub fn sql(&self, sql: &str) -> Vec<Vec<String>> {
        let rows = self.database.query(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
        rows.into_iter().map(|row| row.into_iter().map(Option::unwrap_or_default).collect()).collect()
    }

    /// The one number that SQL answers with.
    pub fn count(&self, sql: &str) -> i64 {
        let rows = self.sql(sql);
        rows.first().and_then(|row| row.first()?.parse().ok()).unwrap_or_else(|| panic!("no number: {sql}"))
    }

    /// Moves the time by which deadlines are set and compared.
    pub fn advance(&self, by: Duration) {
        let seconds = by.as_secs_f64();
        self.sql(&format!("UPDATE helpline.clock SET moved = moved + make_interval(secs => {seconds})"));
    }

    /// The means of a server, in this process and over the same database, Redis and keys: for looking inside.
    pub fn ctx(&self) -> Ctx {
        let ring =
            KeyRing::parse(std::slice::from_ref(&self.seal), &self.index).expect("the keys of the fleet");
        let vault = Vault::new(ring, Arc::new(SystemRandom));
        let options = PoolOptions {
            url: self.database.url_for("helpline_server", PASSWORD),
            size: 2,
            wait: Duration::from_secs(5),
        };
        let store = Store::new(&options, vault).expect("a store");
        let ids = Arc::new(SystemIds);
        let live = Live::new(Some(&self.stack.redis_url()), ids.v4()).expect("a view");
        let mirror = Mirror::new(Hub::default(), live, store.clone());
        Ctx::new(store, Arc::new(SystemClock), ids, Metrics::new(), mirror)
    }

    /// The key that seals and the key of blind indexes, as the configuration has them, without their numbers.
    pub fn keys(&self) -> [String; 2] {
        let (_, seal) = self.seal.split_once(':').unwrap_or(("", &self.seal));
        [seal.to_owned(), self.index.clone()]
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("--- end of the log of Postgres\n{}\n---", trouble(&self.stack));
        }
    }
}
