//! Certificates: read, judged together, and swapped while connections go on with theirs.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, RwLock, RwLockReadGuard},
};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject as _},
    },
    server::WebPkiClientVerifier,
};
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::app::Certificate;

/// The files of certificates and keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// Our chain.
    pub(crate) cert: PathBuf,
    /// The key of its first certificate.
    pub(crate) key: PathBuf,
    /// Whose certificates clients must show.
    pub(crate) client_ca: Option<PathBuf>,
}

/// Why they cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TlsFault {
    /// The chain.
    #[error("--tls-cert '{}': {reason}", .path.display())]
    Cert { path: PathBuf, reason: String },
    /// The key.
    #[error("--tls-key '{}': {reason}", .path.display())]
    Key { path: PathBuf, reason: String },
    /// Both are good, and not for one another.
    #[error("--tls-key does not belong to --tls-cert")]
    Mismatch,
    /// The authorities of clients.
    #[error("--tls-client-ca '{}': {reason}", .path.display())]
    ClientCa { path: PathBuf, reason: String },
}

impl TlsFiles {
    /// Reads all files.
    pub(crate) fn load(&self) -> Result<Loaded, TlsFault> {
        let provider = Arc::new(ring::default_provider());
        let cert_fault = |reason: String| TlsFault::Cert {
            path: self.cert.clone(),
            reason,
        };
        let chain = certificates(&self.cert).map_err(cert_fault)?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| TlsFault::Key {
            path: self.key.clone(),
            reason: words(&error, "no private key"),
        })?;
        let ends = end_of(&chain);
        let fingerprint = chain.first().map(fingerprint).unwrap_or_default();
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| cert_fault(error.to_string()))?;
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let roots = authorities(path).map_err(|reason| TlsFault::ClientCa {
                    path: path.clone(),
                    reason,
                })?;
                // Health probes come without a certificate; whether one is needed is decided by path.
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .allow_unauthenticated()
                    .build()
                    .map_err(|error| TlsFault::ClientCa {
                        path: path.clone(),
                        reason: error.to_string(),
                    })?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config = builder.with_single_cert(chain, key).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => TlsFault::Mismatch,
            rustls::Error::General(reason) => TlsFault::Key {
                path: self.key.clone(),
                reason,
            },
            error => cert_fault(error.to_string()),
        })?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Loaded {
            config: Arc::new(config),
            ends,
            fingerprint,
        })
    }
}

/// Files that are good.
#[derive(Clone)]
pub(crate) struct Loaded {
    config: Arc<ServerConfig>,
    /// When our certificate ends, in seconds of Unix time.
    pub(crate) ends: Option<i64>,
    /// SHA-256 of it, in hex digits.
    fingerprint: String,
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(chain) if chain.is_empty() => Err("no certificate in it".to_owned()),
        Ok(chain) => Ok(chain),
        Err(error) => Err(words(&error, "no certificate in it")),
    }
}

fn authorities(path: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    Ok(roots)
}

fn words(error: &pem::Error, nothing: &str) -> String {
    match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => nothing.to_owned(),
        _ => "not PEM".to_owned(),
    }
}

/// What records say of a client's certificate.
pub(super) fn identity(certificate: &CertificateDer<'_>) -> Certificate {
    let subject = X509Certificate::from_der(certificate.as_ref()).map(|(_, read)| read.subject().to_string());
    Certificate {
        subject: subject.unwrap_or_default(),
        fingerprint: fingerprint(certificate),
    }
}

/// When the first certificate of a chain ends, in seconds of Unix time.
fn end_of(chain: &[CertificateDer<'_>]) -> Option<i64> {
    let (_, read) = X509Certificate::from_der(chain.first()?.as_ref()).ok()?;
    Some(read.validity().not_after.timestamp())
}

/// SHA-256 of a certificate, in hex digits.
fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let mut digits = String::with_capacity(64);
    for byte in Sha256::digest(certificate.as_ref()) {
        // Writing to a String does not fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// What the files held when they were last good.
pub(super) struct Tls {
    files: TlsFiles,
    current: RwLock<Loaded>,
}

impl Tls {
    /// Reads the files for the first time.
    pub(super) fn open(files: &TlsFiles) -> Result<Self, TlsFault> {
        Ok(Self {
            current: RwLock::new(files.load()?),
            files: files.clone(),
        })
    }

    /// For the next connection.
    pub(super) fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.loaded().config)
    }

    /// When our certificate ends, in seconds of Unix time.
    pub(super) fn ends(&self) -> Option<i64> {
        self.loaded().ends
    }

    fn loaded(&self) -> RwLockReadGuard<'_, Loaded> {
        self.current.read().expect("no code panics while it holds the lock")
    }

    /// Whether clients must show a certificate.
    pub(super) fn wants_clients(&self) -> bool {
        self.files.client_ca.is_some()
    }

    /// Reads the files again; those that are not good change nothing.
    ///
    /// Gives whether the certificate is another one, or why the files cannot be used.
    pub(super) fn reload(&self) -> Result<bool, TlsFault> {
        match self.files.load() {
            Ok(loaded) => {
                let is_other = loaded.fingerprint != self.loaded().fingerprint;
                *self.current.write().expect("no code panics while it holds the lock") = loaded;
                tracing::info!("TLS files reloaded");
                Ok(is_other)
            }
            Err(fault) => {
                tracing::error!("TLS files are not reloaded, the former ones stay: {fault}");
                Err(fault)
            }
        }
    }

    /// What tells whether the files have changed.
    pub(super) fn stamps(&self) -> Vec<Stamp> {
        let TlsFiles { cert, key, client_ca } = &self.files;
        let paths = [Some(cert), Some(key), client_ca.as_ref()];
        paths.into_iter().flatten().map(|path| Stamp::of(path)).collect()
    }
}

/// Length, time and place of a file; of one that is not there, nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp(Option<(u64, std::time::SystemTime, u64)>);

impl Stamp {
    fn of(path: &Path) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        let stamp = std::fs::metadata(path)
            .ok()
            .and_then(|file| Some((file.len(), file.modified().ok()?, file.ino())));
        Self(stamp)
    }
}
