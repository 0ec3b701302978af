//! Who asks.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::spec::{Effect, Spec};
use crate::{
    audit,
    inventory::{self, Inventory},
    jobs::Record,
    tokens::{Grant, Granted},
};

/// The principal of a call, as the server verified it, and how the call came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    kind: Kind,
    /// Names the principal and nobody else: what belongs to a caller is kept under it.
    owner: Arc<str>,
    arrival: Arc<Arrival>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Stdio,
    /// A client on this host, where the operator asks for no token.
    NoAuth,
    Token(Arc<Grant>),
    /// Somebody whom an issuer vouches for.
    OAuth(Arc<Grant>),
}

/// What the server saw of the connection that a call came by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// The address of the client.
    pub(crate) peer: Option<String>,
    /// The trusted proxy that named it.
    pub(crate) via: Option<String>,
    /// The client's certificate.
    pub(crate) certificate: Option<Certificate>,
    /// The session, as the first digits of the hash of its id.
    pub(crate) session: Option<String>,
    /// The id of the HTTP request.
    pub(crate) request_id: Option<String>,
    /// The era of the protocol that the client speaks.
    pub(crate) era: Option<Era>,
}

/// The two ways in which the protocol is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Era {
    /// Each request stands alone: the revision of 2026-07-28 and later ones.
    Modern,
    /// A session is opened by `initialize`.
    Legacy,
}

/// A certificate of a client, which one of the operator's authorities has signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Certificate {
    /// Whose it is.
    pub(crate) subject: String,
    /// SHA-256 of it, in hex digits.
    pub(crate) fingerprint: String,
}

impl Era {
    fn as_str(self) -> &'static str {
        match self {
            Self::Modern => "2026-07-28",
            Self::Legacy => "legacy",
        }
    }
}

impl Caller {
    /// The process that started this one: it has the full scope under the policy of the command line.
    pub fn stdio() -> Self {
        Self::new(Kind::Stdio, "stdio".to_owned())
    }

    /// Whoever reaches a server that asks for no token: the full scope under the policy of the command line.
    pub(crate) fn no_auth() -> Self {
        Self::new(Kind::NoAuth, "no_auth".to_owned())
    }

    /// The principal of a token, with its scopes.
    pub(crate) fn token(grant: Arc<Grant>) -> Self {
        let owner = format!("token:{}:{}", grant.name, grant.fingerprint);
        Self::new(Kind::Token(grant), owner)
    }

    /// The subject of a signed token, with the scopes that it names.
    pub(crate) fn oauth(grant: Arc<Grant>) -> Self {
        let owner = format!("oauth:{}:{}", grant.fingerprint, grant.name);
        Self::new(Kind::OAuth(grant), owner)
    }

    fn new(kind: Kind, owner: String) -> Self {
        Self {
            kind,
            owner: owner.into(),
            arrival: Arc::default(),
        }
    }

    /// The same caller, by this way.
    pub(crate) fn arriving(mut self, arrival: Arrival) -> Self {
        self.arrival = Arc::new(arrival);
        self
    }

    /// The same caller, known to speak in this era.
    pub(crate) fn speaking(mut self, era: Era) -> Self {
        Arc::make_mut(&mut self.arrival).era = Some(era);
        self
    }

    /// The id of the HTTP request that the call came with.
    pub(crate) fn request_id(&self) -> Option<&str> {
        self.arrival.request_id.as_deref()
    }

    /// The name that logs and commit logs carry.
    pub fn name(&self) -> &str {
        match &self.kind {
            Kind::Stdio => "stdio",
            Kind::NoAuth => "no_auth",
            Kind::Token(grant) | Kind::OAuth(grant) => &grant.name,
        }
    }

    /// When the signed token that it came with is no longer accepted.
    pub(crate) fn good_until(&self) -> Option<DateTime<Utc>> {
        match &self.kind {
            Kind::OAuth(grant) => grant.good_until,
            Kind::Stdio | Kind::NoAuth | Kind::Token(_) => None,
        }
    }

    /// What belongs to the caller is kept under this: a token made anew under the same name has another one.
    pub(crate) fn owner(&self) -> &Arc<str> {
        &self.owner
    }

    /// Whether the caller came with a token of ours.
    pub(crate) fn is_token(&self) -> bool {
        matches!(self.kind, Kind::Token(_))
    }

    /// Whether this is the token that the caller came with, with the scopes it had then.
    pub(crate) fn is_granted(&self, grant: &Arc<Grant>) -> bool {
        matches!(&self.kind, Kind::Token(own) if own == grant)
    }

    /// The transport that the call came by.
    pub(crate) fn transport(&self) -> &'static str {
        match self.kind {
            Kind::Stdio => "stdio",
            Kind::NoAuth | Kind::Token(_) | Kind::OAuth(_) => "streamable-http",
        }
    }

    /// The caller as audit records name it.
    pub(crate) fn recorded(&self) -> audit::Caller {
        let (kind, fp) = match &self.kind {
            Kind::Stdio => ("stdio", None),
            Kind::NoAuth => ("no_auth", None),
            Kind::Token(grant) => ("token", Some(grant.fingerprint.clone())),
            Kind::OAuth(grant) => ("oauth", Some(grant.fingerprint.clone())),
        };
        let Arrival {
            peer,
            via,
            certificate,
            session,
            era,
            ..
        } = self.arrival.as_ref().clone();
        audit::Caller {
            kind,
            name: self.name().to_owned(),
            fp,
            peer,
            via,
            tls_subject: certificate.as_ref().map(|certificate| certificate.subject.clone()),
            tls_fp: certificate.map(|certificate| certificate.fingerprint),
            session,
            transport: self.transport(),
            era: era.map(Era::as_str),
        }
    }

    /// Whether the caller may use a tool.
    pub(crate) fn may_use(&self, spec: &Spec) -> bool {
        self.granted(spec) > Granted::No
    }

    /// Whether a router of this name and with these tags is in the caller's scope. Asked before whether it exists.
    pub(crate) fn reaches(&self, name: &str, tags: &[String]) -> bool {
        match &self.kind {
            Kind::Stdio | Kind::NoAuth => true,
            Kind::Token(grant) | Kind::OAuth(grant) => grant.scopes.reaches(name, tags),
        }
    }

    /// Whether the caller may know of a router.
    pub(crate) fn sees(&self, router: &inventory::Router) -> bool {
        let tags = router.entry.as_ref().map(|entry| entry.tags.as_slice());
        self.reaches(&router.name, tags.unwrap_or_default())
    }

    /// Whether the caller may know of a job: its own while the router is in its scope, all for whoever started this process.
    pub(crate) fn sees_job(&self, inventory: &Inventory, record: &Record) -> bool {
        let sees_all = matches!(self.kind, Kind::Stdio | Kind::NoAuth);
        let in_scope = || match inventory.get(&record.router_name) {
            Some(router) => self.sees(router),
            None => self.reaches(&record.router_name, &[]),
        };
        sees_all || *record.principal == **self.owner() && in_scope()
    }

    /// Whether every router is in scope, those included that do not exist.
    pub(crate) fn reaches_all(&self) -> bool {
        match &self.kind {
            Kind::Stdio | Kind::NoAuth => true,
            Kind::Token(grant) | Kind::OAuth(grant) => grant.scopes.reaches_all(),
        }
    }

    /// Whether a tool that runs free-form commands accepts from this caller only those that read.
    pub(crate) fn is_confined(&self, spec: &Spec) -> bool {
        spec.effect == Effect::Operate && self.granted(spec) == Granted::Confined
    }

    fn granted(&self, spec: &Spec) -> Granted {
        match &self.kind {
            Kind::Stdio | Kind::NoAuth => Granted::Full,
            Kind::Token(grant) | Kind::OAuth(grant) => grant.scopes.grants(spec.scoped()),
        }
    }
}
