//! Logging in: each way once, and never a refused secret again.

mod agent;
mod key;

use std::sync::Arc;

use russh::{
    MethodKind, MethodSet,
    client::{AuthResult, Handle, KeyboardInteractiveAuthResponse},
    keys::{Algorithm, HashAlg, PrivateKey, key::PrivateKeyWithHashAlg},
};
use secrecy::{ExposeSecret, SecretString};

use super::{fault::DialFault, handshake::Client};
use crate::inventory::{Auth, KeySource, Problem, SecretRef};

/// Servers count every key offered as an attempt and disconnect after about six.
const MAX_KEYS: usize = 5;

/// One way to log in.
#[derive(Clone, Debug)]
pub(super) struct Login {
    pub(super) auth: Auth,
    /// Passed over when it cannot be used here: an `IdentityFile` that is missing or encrypted.
    pub(super) optional: bool,
}

/// Logs in as `user`; every way is tried once, in order, until one is accepted.
pub(super) async fn log_in(handle: &mut Handle<Client>, user: &str, ways: &[Login]) -> Result<(), DialFault> {
    let mut session = Session {
        handle,
        user,
        keys_left: MAX_KEYS,
    };
    let mut failed: Option<DialFault> = None;
    for way in ways {
        match session.try_way(&way.auth).await {
            Ok(()) => return Ok(()),
            Err(fault @ DialFault::Login { .. }) => failed = Some(fault),
            // What the server refused says more than what could not be tried.
            Err(fault @ DialFault::Credential { .. }) if way.optional => {
                tracing::debug!(%fault, "a way to log in is passed over");
                failed.get_or_insert(fault);
            }
            Err(fault) => return Err(fault),
        }
    }
    Err(failed.unwrap_or_else(|| DialFault::Credential {
        code: "auth_failed",
        reason: format!("there is no way to log in as '{user}'"),
        hint: "add an IdentityFile for this host to the ssh_config, or a key to the agent".to_owned(),
    }))
}

/// One connection on which somebody logs in.
struct Session<'a> {
    handle: &'a mut Handle<Client>,
    user: &'a str,
    keys_left: usize,
}

impl Session<'_> {
    async fn try_way(&mut self, auth: &Auth) -> Result<(), DialFault> {
        match auth {
            Auth::Password(secret) => self.password(&read(secret)?).await,
            Auth::Key { key, passphrase } => self.key_or_its_agent(key, passphrase.as_ref()).await,
            Auth::Agent { socket, identity } => self.agent(socket.as_deref(), identity.as_deref()).await,
        }
    }

    async fn password(&mut self, password: &SecretString) -> Result<(), DialFault> {
        let result = self
            .handle
            .authenticate_password(self.user, password.expose_secret())
            .await
            .map_err(lost)?;
        let AuthResult::Failure {
            remaining_methods,
            partial_success,
        } = result
        else {
            return Ok(());
        };
        // A server that still lists the method has judged the password; only one that does not offer it
        // (TACACS+ and RADIUS set-ups) is asked the interactive way. So a wrong password costs one attempt.
        let judged = remaining_methods.contains(&MethodKind::Password) || partial_success;
        if judged || !remaining_methods.contains(&MethodKind::KeyboardInteractive) {
            return Err(self.refused("the password", &remaining_methods, partial_success));
        }
        self.interactively(password).await
    }

    /// Answers one prompt that does not echo with the password; anything else is not for us to answer.
    async fn interactively(&mut self, password: &SecretString) -> Result<(), DialFault> {
        let mut answered = false;
        let mut response = self
            .handle
            .authenticate_keyboard_interactive_start(self.user, None::<String>)
            .await
            .map_err(lost)?;
        loop {
            let answers = match response {
                KeyboardInteractiveAuthResponse::Success => return Ok(()),
                KeyboardInteractiveAuthResponse::Failure {
                    remaining_methods,
                    partial_success,
                } => {
                    let tried = "the password (keyboard-interactive)";
                    return Err(self.refused(tried, &remaining_methods, partial_success));
                }
                KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => match prompts.as_slice() {
                    [] => Vec::new(),
                    [prompt] if !prompt.echo && !answered => {
                        answered = true;
                        vec![password.expose_secret().to_owned()]
                    }
                    _ => {
                        return Err(DialFault::Login {
                            user: self.user.to_owned(),
                            tried: "the password (keyboard-interactive)".to_owned(),
                            offered: "prompts that a password alone does not answer".to_owned(),
                        });
                    }
                },
            };
            response = self
                .handle
                .authenticate_keyboard_interactive_respond(answers)
                .await
                .map_err(lost)?;
        }
    }

    /// A key file; where it cannot be opened but an agent may hold it, the agent's copy of it.
    async fn key_or_its_agent(&mut self, source: &KeySource, passphrase: Option<&SecretRef>) -> Result<(), DialFault> {
        let passphrase = passphrase.map(read).transpose()?;
        let fault = match key::load(source, passphrase.as_ref()) {
            Ok(key) => return self.key(key).await,
            Err(fault) => fault,
        };
        match key::public_file(source) {
            Some(public) if passphrase.is_none() && crate::inventory::agent_socket(None).is_ok() => {
                let held = self.agent(None, Some(&public)).await;
                // That no agent helps is not the news; that the key is encrypted is.
                held.map_err(|held| {
                    if matches!(held, DialFault::Credential { .. }) {
                        fault
                    } else {
                        held
                    }
                })
            }
            _ => Err(fault),
        }
    }

    async fn key(&mut self, key: PrivateKey) -> Result<(), DialFault> {
        let tried = format!("the key {}", key::shown(key.public_key()));
        if self.keys_left == 0 {
            return Err(DialFault::Credential {
                code: "auth_failed",
                reason: format!("{tried} was not offered after {MAX_KEYS} others"),
                hint: "name fewer keys in the ssh_config".to_owned(),
            });
        }
        self.keys_left -= 1;
        let hash = self.rsa_hash(&key.algorithm()).await?;
        let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
        match self.handle.authenticate_publickey(self.user, key).await.map_err(lost)? {
            AuthResult::Success => Ok(()),
            AuthResult::Failure {
                remaining_methods,
                partial_success,
            } => Err(self.refused(&tried, &remaining_methods, partial_success)),
        }
    }

    /// The signature hash for an RSA key; asked for RSA keys only, because a server that says nothing costs a second.
    async fn rsa_hash(&self, algorithm: &Algorithm) -> Result<Option<HashAlg>, DialFault> {
        if !matches!(algorithm, Algorithm::Rsa { .. }) {
            return Ok(None);
        }
        let supported = self.handle.best_supported_rsa_hash().await.map_err(lost)?;
        // A server that does not say what it supports still knows SHA-2 unless it is older than Junos 15.
        Ok(supported.unwrap_or(Some(HashAlg::Sha256)))
    }

    fn refused(&self, tried: &str, remaining: &MethodSet, partial: bool) -> DialFault {
        let offered = remaining.iter().map(<&str>::from).collect::<Vec<_>>().join(", ");
        if offered.is_empty() && self.handle.is_closed() {
            return DialFault::Handshake {
                reason: "the connection ended while the login was judged".to_owned(),
            };
        }
        let tried = if partial {
            format!("{tried} alone, which it wants with something more")
        } else {
            tried.to_owned()
        };
        DialFault::Login {
            user: self.user.to_owned(),
            tried,
            offered: if offered.is_empty() {
                "nothing further".to_owned()
            } else {
                offered
            },
        }
    }
}

fn read(secret: &SecretRef) -> Result<SecretString, DialFault> {
    secret.read().map_err(credential)
}

fn credential(problem: Problem) -> DialFault {
    DialFault::Credential {
        code: if problem.key_file {
            "key_file_missing"
        } else {
            "router_disabled"
        },
        reason: problem.text,
        hint: "correct the inventory or its environment; the entry is looked at again at the next call".to_owned(),
    }
}

fn lost(error: russh::Error) -> DialFault {
    DialFault::Handshake {
        reason: format!("the connection ended during login: {error}"),
    }
}

#[cfg(test)]
mod tests;
