//! What `check` says of those who may come in: tokens, an issuer, certificates.

use chrono::{DateTime, SecondsFormat, Utc};

use super::report::{Item, Report};
use crate::{
    cli::{
        findings::Section,
        http_options::HttpOptions,
        oauth,
        options::{Options, Transport},
    },
    server::TlsFiles,
    tokens::Tokens,
    tools,
};

/// Describes what matters over HTTP only; what cannot be used is among the findings already.
pub(super) fn describe(options: &Options, report: &mut Report) {
    if options.transport == Transport::Stdio {
        return;
    }
    describe_tokens(&options.http, report);
    describe_issuer(&options.http, report);
    describe_certificate(&options.http, report);
}

fn describe_tokens(http: &HttpOptions, report: &mut Report) {
    let Some(path) = &http.tokens_file else { return };
    let Ok(tokens) = tools::with_vocabulary(&tools::registry(), |known| Tokens::read(path, known)) else {
        return;
    };
    let counts = tokens
        .counts(Utc::now())
        .map(|(state, count)| format!("{count} {state}"));
    report.summarise(Section::Tokens, format!("'{}': {}", path.display(), counts.join(", ")));
    for finding in tokens.findings() {
        let item = match finding.disables {
            true => Item::error(format!("{}; it is disabled", finding.text)),
            false => Item::warning(finding.text.clone()),
        };
        report.add(Section::Tokens, item);
    }
}

fn describe_issuer(http: &HttpOptions, report: &mut Report) {
    let Some(settings) = oauth::settings(http) else { return };
    let policy = settings.policy;
    report.summarise(
        Section::Tokens,
        format!("issuer {} for audience {}", policy.issuer, policy.audience),
    );
    if http.oauth_audience.is_none() && http.public_url.is_none() {
        let text = format!(
            "neither --oauth-audience nor --public-url is given: only tokens for {} are accepted",
            policy.audience
        );
        report.add(Section::Tokens, Item::warning(text));
    }
    if policy.routers.is_empty() {
        let text = format!(
            "signed tokens without the claim '{}' reach no router",
            policy.routers_claim
        );
        report.add(Section::Tokens, Item::note(text));
    }
}

fn describe_certificate(http: &HttpOptions, report: &mut Report) {
    let (Some(cert), Some(key)) = (&http.tls_cert, &http.tls_key) else {
        return;
    };
    let files = TlsFiles {
        cert: cert.clone(),
        key: key.clone(),
        client_ca: http.tls_client_ca.clone(),
    };
    let Ok(loaded) = files.load() else { return };
    let ends = loaded.ends.and_then(|ends| DateTime::<Utc>::from_timestamp(ends, 0));
    let ends = ends.map_or_else(String::new, |ends| {
        format!(", good until {}", ends.to_rfc3339_opts(SecondsFormat::Secs, true))
    });
    report.summarise(Section::Tls, format!("'{}'{ends}", cert.display()));
}
