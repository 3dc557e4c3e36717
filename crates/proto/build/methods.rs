//! The method table, from `(helpline.options.v1.access)`.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail, ensure};
use prost_reflect::{
    DescriptorPool, DynamicMessage, ExtensionDescriptor, Kind, MethodDescriptor, ReflectMessage as _,
};
use prost_types::MethodOptions;
use prost_types::method_options::IdempotencyLevel;

/// Rust source of `METHODS` and `SERVICES`, both sorted.
pub(crate) fn generate(pool: &DescriptorPool) -> Result<String> {
    let access = pool
        .get_extension_by_name("helpline.options.v1.access")
        .context("the option helpline.options.v1.access is gone")?;
    let mut services: Vec<_> =
        pool.services().filter(|service| service.full_name().starts_with("helpline.")).collect();
    services.sort_by(|a, b| a.full_name().cmp(b.full_name()));

    let mut rows = Vec::new();
    for service in &services {
        for method in service.methods() {
            let path = format!("/{}/{}", service.full_name(), method.name());
            let row = row(&path, &method, &access).with_context(|| format!("method {path}"))?;
            rows.push((path, row));
        }
    }
    rows.sort();

    let mut code =
        String::from("/// Full names of all services, sorted.\npub const SERVICES: &[&str] = &[\n");
    for service in &services {
        writeln!(code, "    {:?},", service.full_name())?;
    }
    code.push_str(
        "];\n\n/// All methods of all services, sorted by path.\npub const METHODS: &[Method] = &[\n",
    );
    for (_, row) in rows {
        code.push_str(&row);
    }
    code.push_str("];\n");
    Ok(code)
}

fn row(path: &str, method: &MethodDescriptor, extension: &ExtensionDescriptor) -> Result<String> {
    let options = method.options();
    ensure!(
        options.has_extension(extension),
        "has no option (helpline.options.v1.access): say who may call it"
    );
    let value = options.get_extension(extension).into_owned();
    let access = value.as_message().context("the access option is not a message")?;

    let roles = roles(access)?;
    ensure!(!roles.is_empty(), "its access option names no role");
    let changes = field(access, "changes")?.as_bool().context("`changes` is not a bool")?;
    let deadline = field(access, "max_deadline_ms")?.as_u32().context("`max_deadline_ms` is not a uint32")?;
    let streaming = method.is_server_streaming();

    ensure!(!method.is_client_streaming(), "clients do not stream: they could not be replayed by request_id");
    let idempotency = method
        .method_descriptor_proto()
        .options
        .as_ref()
        .map_or(IdempotencyLevel::IdempotencyUnknown, MethodOptions::idempotency_level);
    let reads = idempotency == IdempotencyLevel::NoSideEffects;
    ensure!(
        changes != reads,
        "must either change something (`changes: true`) or have idempotency_level = NO_SIDE_EFFECTS, not both"
    );
    if changes {
        let request_id = method.input().get_field_by_name("request_id");
        ensure!(
            request_id.is_some_and(|field| {
                field.kind() == Kind::String && !field.is_list() && field.number() == 1
            }),
            "changes something, so its request needs `string request_id = 1`"
        );
        ensure!(!streaming, "changes something, so it cannot answer with a stream");
    }
    if streaming {
        ensure!(deadline == 0, "is a stream, which ends by the connection's age: leave max_deadline_ms out");
    } else {
        ensure!(deadline > 0, "needs a max_deadline_ms");
    }

    Ok(format!(
        "    Method {{\n        path: {path:?},\n        service: {:?},\n        name: {:?},\n        \
         roles: &[{roles}],\n        changes: {changes},\n        streaming: {streaming},\n        \
         max_deadline: Duration::{},\n    }},\n",
        method.parent_service().full_name(),
        method.name(),
        duration(deadline),
    ))
}

/// A constant of `Duration` in its largest unit.
fn duration(milliseconds: u32) -> String {
    match milliseconds {
        0 => "ZERO".to_owned(),
        whole if whole % 1000 == 0 => format!("from_secs({})", whole / 1000),
        other => format!("from_millis({other})"),
    }
}

/// The roles as Rust paths, comma separated.
fn roles(access: &DynamicMessage) -> Result<String> {
    let value = field(access, "roles")?;
    let list = value.as_list().context("`roles` is not a list")?;
    let mut names = Vec::new();
    for role in list {
        let variant = match role.as_enum_number().context("`roles` does not hold enum values")? {
            1 => "ChannelAdapter",
            2 => "Counsellor",
            3 => "Supervisor",
            4 => "Administrator",
            5 => "AgencyResponder",
            6 => "AgencyLink",
            7 => "AgencyVisitor",
            other => bail!("names the role {other}, which nobody can have"),
        };
        let path = format!("Role::{variant}");
        ensure!(!names.contains(&path), "names {path} twice");
        names.push(path);
    }
    Ok(names.join(", "))
}

fn field(message: &DynamicMessage, name: &str) -> Result<prost_reflect::Value> {
    message
        .get_field_by_name(name)
        .map(std::borrow::Cow::into_owned)
        .with_context(|| format!("{} has no field {name}", message.descriptor().full_name()))
}
