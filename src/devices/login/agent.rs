//! Keys that an agent holds.

use std::path::Path;

use russh::{
    MethodSet,
    client::AuthResult,
    keys::{
        HashAlg, PublicKey,
        agent::{AgentIdentity, client::AgentClient},
    },
};

use super::{DialFault, MAX_KEYS, Session, credential};

impl Session<'_> {
    /// Offers the agent's keys, or the one that is named by fingerprint or by its public file.
    pub(super) async fn agent(&mut self, socket: Option<&Path>, identity: Option<&str>) -> Result<(), DialFault> {
        let path = crate::inventory::agent_socket(socket).map_err(credential)?;
        let silent = |error: russh::keys::Error| DialFault::Credential {
            code: "auth_failed",
            reason: format!("the agent at {} does not answer: {error}", path.display()),
            hint: "start ssh-agent and set SSH_AUTH_SOCK, or correct 'socket' in the inventory".to_owned(),
        };
        let mut agent = AgentClient::connect_uds(&path).await.map_err(silent)?;
        let held = plain(agent.request_identities().await.map_err(silent)?);
        let keys = named(&held, identity)?;
        if keys.is_empty() {
            return Err(DialFault::Credential {
                code: "auth_failed",
                reason: match identity {
                    Some(_) => "the agent does not hold the key that is named for it".to_owned(),
                    None => "the agent holds no keys".to_owned(),
                },
                hint: "add the key with ssh-add, or correct 'identity' in the inventory".to_owned(),
            });
        }
        let mut last = (MethodSet::empty(), false);
        let mut offered = 0;
        for key in keys.iter().take(self.keys_left) {
            offered += 1;
            self.keys_left -= 1;
            let hash = self.rsa_hash(&key.algorithm()).await?;
            let result = self
                .handle
                .authenticate_publickey_with(self.user, (*key).clone(), hash, &mut agent)
                .await
                .map_err(|error| DialFault::Credential {
                    code: "auth_failed",
                    reason: format!("the agent did not sign: {error}"),
                    hint: "unlock the agent, or confirm the use of the key".to_owned(),
                })?;
            match result {
                AuthResult::Success => return Ok(()),
                AuthResult::Failure {
                    remaining_methods,
                    partial_success,
                } => last = (remaining_methods, partial_success),
            }
        }
        let tried = match keys.len() {
            1 => "the agent's key".to_owned(),
            all if all > offered => format!(
                "{offered} of the agent's {all} keys (at most {MAX_KEYS} are offered; name the right one with 'identity')"
            ),
            all => format!("all {all} keys of the agent"),
        };
        Err(self.refused(&tried, &last.0, last.1))
    }
}

fn plain(identities: Vec<AgentIdentity>) -> Vec<PublicKey> {
    identities
        .into_iter()
        .filter_map(|identity| match identity {
            AgentIdentity::PublicKey { key, .. } => Some(key),
            _ => None,
        })
        .collect()
}

fn named<'a>(held: &'a [PublicKey], identity: Option<&str>) -> Result<Vec<&'a PublicKey>, DialFault> {
    let Some(identity) = identity else {
        return Ok(held.iter().collect());
    };
    let fingerprint = if identity.starts_with("SHA256:") {
        identity.to_owned()
    } else {
        let key = std::fs::read_to_string(identity)
            .ok()
            .and_then(|line| PublicKey::from_openssh(line.trim()).ok());
        let key = key.ok_or_else(|| DialFault::Credential {
            code: "key_file_missing",
            reason: "the public key file that 'identity' names is missing or is no public key".to_owned(),
            hint: "correct 'identity' in the inventory, or give the key's fingerprint".to_owned(),
        })?;
        key.fingerprint(HashAlg::Sha256).to_string()
    };
    Ok(held
        .iter()
        .filter(|key| key.fingerprint(HashAlg::Sha256).to_string() == fingerprint)
        .collect())
}
