//! The options of audit records: judged, turned into settings, and `audit verify`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::bail;
use clap::{ArgAction, Args, ValueEnum};
use secrecy::SecretSlice;
use serde_json::json;

use super::{
    commands::AuditVerify,
    environment::Parsed,
    findings::{Findings, Section},
    modes::Exposure,
    options::boolish,
    output,
};
use crate::{
    audit::{self, FileFault, Transform},
    settings::{AuditFormat, AuditSettings},
};

/// A shorter key could be guessed.
const SHORTEST_KEY: usize = 32;

/// No key is longer; a larger file is something else.
const LONGEST_KEY: u64 = 64 * 1024;

/// Where records of calls go.
#[derive(Args, Clone, Debug)]
pub(super) struct AuditOptions {
    /// Form of the audit lines on stderr
    #[arg(
        long,
        value_name = "F",
        value_enum,
        default_value_t = AuditLines::Text,
        env = "JMCP_AUDIT_FORMAT",
        help_heading = "Observability"
    )]
    pub(super) audit_format: AuditLines,
    /// Append hash-chained audit records to this file
    #[arg(
        long,
        value_name = "PATH",
        env = "JMCP_AUDIT_LOG_FILE",
        help_heading = "Observability"
    )]
    pub(super) audit_log_file: Option<PathBuf>,
    /// Send audit records to the journal of systemd
    #[arg(long, value_parser = boolish(), action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_value = "false", default_missing_value = "true", value_name = "BOOL", hide_default_value = true,
        hide_possible_values = true, env = "JMCP_AUDIT_JOURNALD", help_heading = "Observability")]
    pub(super) audit_journald: bool,
    /// Leave fields out of audit records or code them: routers, peer, name, basename, command, config_path or error
    /// becomes keep, drop or hmac
    #[arg(
        long,
        value_name = "FIELD=TRANSFORM",
        value_delimiter = ',',
        env = "JMCP_AUDIT_REDACT",
        help_heading = "Observability"
    )]
    pub(super) audit_redact: Vec<String>,
    /// Key of the hash chain and of codes, at least 32 bytes
    #[arg(
        long,
        value_name = "PATH",
        global = true,
        env = "JMCP_AUDIT_HMAC_KEY_FILE",
        help_heading = "Observability"
    )]
    pub(super) audit_hmac_key_file: Option<PathBuf>,
    /// Refuse what may change a router while neither file nor journal takes records
    #[arg(long, value_parser = boolish(), action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_value = "false", default_missing_value = "true", value_name = "BOOL", hide_default_value = true,
        hide_possible_values = true, env = "JMCP_AUDIT_STRICT", help_heading = "Observability")]
    pub(super) audit_strict: bool,
}

/// Form of the audit lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum AuditLines {
    Off,
    Text,
    Json,
}

/// Judges the options; what was found goes to `findings`.
pub(super) fn settings(options: &AuditOptions, lenient: bool, findings: &mut Findings) -> AuditSettings {
    let key = options.audit_hmac_key_file.as_deref().and_then(|path| {
        let read = read_key(path, lenient, findings);
        read.map_err(|reason| findings.refuse(17, format!("--audit-hmac-key-file '{}': {reason}", path.display())))
            .ok()
    });
    let transforms = transforms(options, findings);
    if options.audit_strict && options.audit_log_file.is_none() && !options.audit_journald {
        findings.refuse(14, "--audit-strict needs --audit-log-file or --audit-journald");
    }
    if let Some(Err(fault @ FileFault::InUse { .. })) = options.audit_log_file.as_deref().map(probed) {
        findings.refuse(16, fault.to_string());
    }
    AuditSettings {
        format: match options.audit_format {
            AuditLines::Off => AuditFormat::Off,
            AuditLines::Text => AuditFormat::Text,
            AuditLines::Json => AuditFormat::Json,
        },
        file: options.audit_log_file.clone(),
        journald: options.audit_journald,
        transforms,
        key,
        strict: options.audit_strict,
    }
}

/// Whether the file can be had, without creating one that is not there.
fn probed(path: &Path) -> Result<(), FileFault> {
    if path.exists() {
        audit::open_alone(path).map(drop)
    } else {
        Ok(())
    }
}

fn transforms(options: &AuditOptions, findings: &mut Findings) -> Vec<Transform> {
    let mut transforms: Vec<Transform> = Vec::new();
    for text in &options.audit_redact {
        match text.parse::<Transform>() {
            Ok(transform) => transforms.push(transform),
            Err(()) => findings.refuse(12, format!("--audit-redact: '{text}' is not FIELD=TRANSFORM")),
        }
    }
    if transforms.iter().any(Transform::needs_key) && options.audit_hmac_key_file.is_none() {
        findings.refuse(12, "--audit-redact: hmac needs --audit-hmac-key-file");
    }
    transforms
}

/// The key, or why it cannot be used.
fn read_key(path: &Path, lenient: bool, findings: &mut Findings) -> Result<SecretSlice<u8>, String> {
    let about = fs::metadata(path).map_err(|fault| fault.to_string())?;
    if !about.is_file() || about.len() > LONGEST_KEY {
        return Err("not a key file".to_owned());
    }
    if let Some(exposure) = Exposure::of(path).filter(|exposure| exposure.is_read) {
        let (shown, mode) = (path.display(), exposure.mode());
        if !exposure.is_read_by_others {
            findings.note(
                Section::Files,
                format!("audit key '{shown}' is readable by its group (mode {mode})"),
            );
        } else if lenient {
            findings.warn(
                9,
                format!("--insecure-file-modes hides: audit key '{shown}' is readable by others (mode {mode})"),
            );
        } else {
            return Err(format!("readable by others (mode {mode})"));
        }
    }
    let key = fs::read(path).map_err(|fault| fault.to_string())?;
    if key.len() < SHORTEST_KEY {
        return Err("shorter than 32 bytes".to_owned());
    }
    Ok(key.into())
}

/// `audit verify`: whether a chain of records is whole.
pub(super) fn verify(parsed: &Parsed, request: &AuditVerify) -> anyhow::Result<ExitCode> {
    let key = match &parsed.line.options.audit.audit_hmac_key_file {
        Some(path) => Some(fs::read(path).map_err(|fault| anyhow::anyhow!("'{}': {fault}", path.display()))?),
        None => None,
    };
    let verified = match audit::verify(&request.files, key.as_deref(), request.anchor.as_deref()) {
        Ok(verified) => verified,
        Err((path, fault)) => bail!("'{}': {fault}", path.display()),
    };
    let (is_whole, words, document) = match &verified {
        Ok(found) if !found.anchored => (
            false,
            "broken: the anchor is not among the hashes".to_owned(),
            json!({"ok": false, "reason": "anchor missing", "records": found.records}),
        ),
        Ok(found) => (
            true,
            format!(
                "ok: {} records, {}..{}, last hash {}",
                found.records, found.first, found.last, found.hash
            ),
            json!({"ok": true, "records": found.records, "first": found.first, "last": found.last, "hash": found.hash}),
        ),
        Err(broken) => (
            false,
            format!("broken: {}:{}: {}", broken.file.display(), broken.line, broken.reason),
            json!({"ok": false, "file": broken.file, "line": broken.line, "reason": broken.reason}),
        ),
    };
    if request.json {
        output::document(&document)?;
    } else {
        output::write(&format!("{words}\n"))?;
    }
    Ok(super::code(is_whole))
}
