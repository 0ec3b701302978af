//! What a genuine token says: whose it is, for whom, from when until when, and what it allows.

use chrono::{DateTime, TimeDelta, Utc};
use ring::digest;
use serde_json::{Map, Value};

use super::{NotAccepted, OAuthPolicy};
use crate::tokens::{Grant, Scopes, Vocabulary};

/// Clocks of two machines differ.
const LEEWAY: TimeDelta = TimeDelta::seconds(60);

/// Longest subject that is taken as a name.
const LONGEST_SUBJECT: usize = 256;

/// Until when the token is accepted, if it is for us and for now.
pub(super) fn judge(
    claims: &Map<String, Value>,
    policy: &OAuthPolicy,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, NotAccepted> {
    if claims.get("iss").and_then(Value::as_str) != Some(policy.issuer.as_str()) {
        return Err(NotAccepted::Invalid);
    }
    let is_ours = |audience: &Value| audience.as_str() == Some(policy.audience.as_str());
    let audience = claims.get("aud").ok_or(NotAccepted::Invalid)?;
    if !is_ours(audience) && !audience.as_array().is_some_and(|list| list.iter().any(is_ours)) {
        return Err(NotAccepted::Invalid);
    }
    let end = moment(claims.get("exp")).ok_or(NotAccepted::Invalid)? + LEEWAY;
    if now >= end {
        return Err(NotAccepted::Expired);
    }
    if let Some(begin) = claims.get("nbf") {
        let begin = moment(Some(begin)).ok_or(NotAccepted::Invalid)?;
        if now < begin - LEEWAY {
            return Err(NotAccepted::Invalid);
        }
    }
    Ok(end)
}

/// The principal and its scopes; none without a subject or with more entries than a scope holds.
pub(super) fn grant(
    claims: &Map<String, Value>,
    policy: &OAuthPolicy,
    known: Vocabulary<'_>,
    good_until: DateTime<Utc>,
) -> Option<Grant> {
    let subject = claims.get("sub").and_then(Value::as_str)?;
    let is_name = !subject.is_empty() && subject.len() <= LONGEST_SUBJECT && !subject.chars().any(char::is_control);
    if !is_name {
        return None;
    }
    // A wildcard is for an operator to give, not for an issuer to name; what is no scope of ours is somebody else's.
    let mut tools = words(claims.get("scope"));
    tools.extend(words(claims.get("scp")));
    tools.retain(|entry| entry != "*");
    let routers = match claims.get(&policy.routers_claim) {
        Some(claim) => words(Some(claim)),
        None => policy.routers.clone(),
    };
    let (scopes, _) = Scopes::new(&tools, &routers, known).ok()?;
    let principal = digest::digest(&digest::SHA256, format!("{}\n{subject}", policy.issuer).as_bytes());
    let fingerprint = principal.as_ref()[..4]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Some(Grant {
        name: subject.to_owned(),
        fingerprint,
        scopes,
        good_until: Some(good_until),
    })
}

/// A list of texts, or one text with blanks between its words.
fn words(claim: Option<&Value>) -> Vec<String> {
    match claim {
        Some(Value::String(text)) => text.split_ascii_whitespace().map(str::to_owned).collect(),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// A number of seconds of Unix time.
fn moment(claim: Option<&Value>) -> Option<DateTime<Utc>> {
    let seconds = claim?
        .as_f64()
        .filter(|seconds| (0.0..=253_402_300_799.0).contains(seconds))?;
    #[allow(clippy::cast_possible_truncation, reason = "the range fits")]
    DateTime::from_timestamp(seconds as i64, 0)
}
