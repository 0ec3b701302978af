//! Call home: the router opens the connection, says who it is, and is the SSH server on it.

use std::sync::Arc;
use std::time::Duration;

use ring::hmac;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::pipe::Carrier;
use super::power::Power;
use super::router::Router;
use super::ssh::serve;

/// Pause after a connection ended or could not be made.
const RETRY: Duration = Duration::from_secs(1);

/// Where routers call, as `outbound-ssh` has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallHome {
    /// Host and port of the management station.
    pub to: String,
    /// With a secret a router also shows its host key and proves that it knows the secret.
    pub secret: Option<String>,
}

/// Calls until the lab stops, and again whenever a connection has ended.
pub(super) async fn call(router: Arc<Router>, home: CallHome) {
    let mut steps = router.supply.steps();
    loop {
        tokio::select! {
            () = router.world.root.cancelled() => return,
            // A router that is down calls nobody.
            up = steps.wait_for(|step| *step != Power::Down) => if up.is_err() { return },
        }
        tokio::select! {
            // The connection hangs below the same token and ends by itself.
            () = router.world.root.cancelled() => return,
            () = once(&router, &home) => {}
        }
        tokio::select! {
            () = router.world.root.cancelled() => return,
            () = tokio::time::sleep(RETRY) => {}
        }
    }
}

async fn once(router: &Arc<Router>, home: &CallHome) {
    // Whoever is not there yet is called again.
    let Ok(mut stream) = TcpStream::connect(&home.to).await else {
        return;
    };
    stream.set_nodelay(true).ok();
    if stream.write_all(introduction(router, home).as_bytes()).await.is_ok() {
        serve(router.clone(), Carrier::Tcp(stream)).await;
    }
}

fn introduction(router: &Router, home: &CallHome) -> String {
    let mut text = format!(
        "MSG-ID: DEVICE-CONN-INFO\r\nMSG-VER: V1\r\nDEVICE-ID: {}\r\n",
        router.name
    );
    if let Some(secret) = &home.secret {
        let key = router.host_key();
        let line = key
            .public_key()
            .to_openssh()
            .expect("an Ed25519 public key can be written");
        let secret = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
        let proof = hmac::sign(&secret, line.as_bytes());
        let proof: String = proof.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        text.push_str(&format!("HOST-KEY: {line}\r\nHMAC:{proof}\r\n"));
    }
    text
}
