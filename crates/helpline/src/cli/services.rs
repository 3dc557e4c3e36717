//! The directory of services: imported and exported by the centre's engineer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use clap::{Subcommand, ValueEnum};
use helpline_directory::services::export::{Reach, documents, outgoing, tables};
use helpline_directory::services::import::{by_hand, carry_out, package_of, plan};
use helpline_directory::services::mapping::Mapping;
use helpline_directory::services::reading::read;
use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::{CentreId, TokenId};
use helpline_service_kit::config::Config;
use helpline_service_kit::ids::{Ids as _, SystemIds};
use helpline_store::{PoolOptions, Store};
use uuid::Uuid;

use crate::server::vault;

/// How often an import that found the directory changed is compared again.
const TRIES: u32 = 3;

#[derive(Debug, Subcommand)]
pub(super) enum ServicesVerb {
    /// Imports a package of HSDS 3: a folder of CSV tables, a folder of JSON documents, or one JSON file. All of it or
    /// nothing; the same package twice changes nothing.
    Import {
        /// The centre, by id.
        #[arg(long)]
        centre: Uuid,
        /// The package.
        package: PathBuf,
        /// How tables of one's own become those of the standard: a file of TOML.
        #[arg(long, value_name = "FILE")]
        mapping: Option<PathBuf>,
        /// Says every problem and every change, and writes nothing.
        #[arg(long)]
        dry_run: bool,
        /// Leaves out what is wrong with a field that can be missing, instead of refusing the package.
        #[arg(long)]
        lenient: bool,
    },
    /// Exports the directory in the shape of HSDS 3.
    Export {
        /// The centre, by id.
        #[arg(long)]
        centre: Uuid,
        /// The folder to write into; it is made, and must be empty.
        folder: PathBuf,
        /// As tables, or as one document with every service.
        #[arg(long, value_enum, default_value = "csv")]
        format: Form,
        /// Also protected addresses, people and the centre's own rules. Keep it as safe as the database.
        #[arg(long)]
        everything: bool,
    },
}

/// How a directory is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Form {
    /// Tables.
    Csv,
    /// A document.
    Json,
}

/// Does it; prints what came of it.
pub(super) async fn run(config: &Config, verb: ServicesVerb) -> anyhow::Result<ExitCode> {
    match verb {
        ServicesVerb::Import { centre, package, mapping, dry_run, lenient } => {
            let mapping = mapping.as_deref().map(mapping_in).transpose()?;
            let store = store(config, centre.into()).await?;
            import(&store, centre.into(), &package, mapping.as_ref(), lenient, dry_run).await
        }
        ServicesVerb::Export { centre, folder, format, everything } => {
            let store = store(config, centre.into()).await?;
            let reach = if everything { Reach::Everything } else { Reach::Public };
            let (package, _) =
                package_of(&store, centre.into()).await.context("the directory could not be read")?;
            let package = outgoing(&package, reach);
            let files = match format {
                Form::Csv => tables(&package).context("the tables could not be made")?,
                Form::Json => {
                    vec![("services.json".to_owned(), serde_json::to_vec_pretty(&documents(&package))?)]
                }
            };
            fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
            ensure!(fs::read_dir(&folder)?.next().is_none(), "{} is not empty", folder.display());
            for (name, text) in files {
                fs::write(folder.join(&name), text).with_context(|| format!("cannot write {name}"))?;
            }
            println!("{} records in {}", package.len(), folder.display());
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn import(
    store: &Store,
    centre: CentreId,
    package: &Path,
    mapping: Option<&Mapping>,
    lenient: bool,
    dry_run: bool,
) -> anyhow::Result<ExitCode> {
    let caller = Caller {
        token_id: TokenId::from(Uuid::nil()),
        centre_id: centre,
        role: Role::Administrator,
        counsellor_id: None,
        agency_id: None,
        only: None,
    };
    for _ in 0..TRIES {
        let read = read(package, mapping);
        let plan = plan(store, centre, read, lenient).await.context("the directory could not be read")?;
        if dry_run || !plan.usable {
            print!("{}", plan.in_words());
            println!("nothing was written");
            return Ok(if plan.usable { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        let command = by_hand(caller, SystemIds.v7().into());
        if carry_out(store, &command, &plan).await.context("the import was not written")? {
            print!("{}", plan.in_words());
            return Ok(ExitCode::SUCCESS);
        }
    }
    bail!("the directory keeps changing; nothing was written, try again")
}

fn mapping_in(file: &Path) -> anyhow::Result<Mapping> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Mapping::parse(&text).map_err(|why| anyhow::anyhow!("{} is no mapping: {why}", file.display()))
}

/// The store of a server: rows of one centre, personal data sealed. Error: there is no such centre.
async fn store(config: &Config, centre: CentreId) -> anyhow::Result<Store> {
    config.check()?;
    let options =
        PoolOptions { url: config.database.url.expose().to_owned(), size: 1, wait: config.database.wait() };
    let store = Store::new(&options, vault(config)?)?;
    let found = store.centre(centre).await.context("the database could not be asked")?;
    ensure!(found.is_some(), "there is no such centre: see `helpline centre list`");
    Ok(store)
}
