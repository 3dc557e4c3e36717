//! On what it was measured.

use std::fs;
use std::process::Command;

use helpline_devstack::{ToolSettings, Tools};

/// The machine and the versions.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// Date of the run.
    pub(crate) date: String,
    /// Model of the processor.
    pub(crate) processor: String,
    /// Cores that may be used.
    pub(crate) cores: usize,
    /// Memory in GB of 1024³ bytes.
    pub(crate) memory_gb: u64,
    /// Version of the kernel.
    pub(crate) kernel: String,
    /// Version of PostgreSQL.
    pub(crate) postgres: String,
    /// Version of Redis.
    pub(crate) redis: String,
    /// Version of Helpline.
    pub(crate) helpline: &'static str,
}

impl Machine {
    /// This machine, now.
    pub(crate) fn here() -> Self {
        let tools = Tools::find(&ToolSettings::from_environment()).ok();
        let version =
            |pick: &dyn Fn(&Tools) -> String| tools.as_ref().map_or_else(|| "unknown".to_owned(), pick);
        Self {
            date: output("date", &["-u", "+%Y-%m-%d"]),
            processor: field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned()),
            cores: std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
            memory_gb: field("/proc/meminfo", "MemTotal")
                .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
                .map_or(0, |kib| kib.div_ceil(1 << 20)),
            kernel: output("uname", &["-sr"]),
            postgres: version(&|tools| tools.postgres_version().to_string()),
            redis: version(&|tools| tools.redis_version().to_string()),
            helpline: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// The value of a line `name : value` of a file of the kernel.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().ok();
    output.map_or_else(
        || "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
