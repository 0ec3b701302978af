//! `token import`: the tokens of Juniper's server. Only hashes of them are kept, so clients go on with what they have.

use std::fs;

use anyhow::{Context as _, bail};
use chrono::Utc;
use secrecy::SecretString;
use serde_json::Value;

use super::{
    super::{environment::Parsed, output},
    Import, scope,
    write::tell_server,
};
use crate::tokens::{Document, Wanted, is_well_formed};

/// Takes over every token, or none.
pub(super) fn run(parsed: &Parsed, request: &Import) -> anyhow::Result<()> {
    scope::judged(&request.routers, &request.tools)?;
    let shown = request.file.display();
    let text = fs::read(&request.file).with_context(|| format!("'{shown}'"))?;
    let found = read(&text).with_context(|| format!("'{shown}' is not a file of tokens of Juniper's server"))?;
    let now = Utc::now();
    let names = Document::edit(&request.written.place.tokens_file, |document| {
        let mut names = Vec::new();
        for (name, secret, description) in found {
            let wanted = Wanted {
                routers: Some(request.routers.clone()),
                tools: Some(request.tools.clone()),
                description,
                ..Wanted::default()
            };
            document.add_known(&name, &secret, wanted, now)?;
            names.push(name);
        }
        Ok(names)
    })?;
    scope::warn_of_strangers(parsed, &request.routers);
    for name in names {
        output::write(&format!("{name}\n"))?;
    }
    tell_server(&request.written);
    Ok(())
}

type Found = (String, SecretString, Option<String>);

/// An object of names, each with its secret as text or as the member `token`.
fn read(text: &[u8]) -> anyhow::Result<Vec<Found>> {
    let Ok(Value::Object(root)) = serde_json::from_slice(text) else {
        bail!("not a JSON object");
    };
    let mut found = Vec::new();
    for (name, value) in root {
        let secret = match &value {
            Value::String(secret) => Some(secret.as_str()),
            other => other.get("token").and_then(Value::as_str),
        };
        let Some(secret) = secret.filter(|secret| is_well_formed(secret)) else {
            bail!("'{name}' has no token that a client could send");
        };
        let description = value.get("description").and_then(Value::as_str);
        let description = description.filter(|text| !text.is_empty()).map(str::to_owned);
        found.push((name, SecretString::from(secret), description));
    }
    Ok(found)
}
