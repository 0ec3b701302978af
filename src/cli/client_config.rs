//! `client-config`: the document that makes an MCP client start this server.

use std::{
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use super::{
    commands::{Client, ClientConfig},
    output, places,
};

/// Where the container expects the inventory.
const IN_CONTAINER: &str = "/etc/jmcp/devices.json";

/// Where a person puts the token.
const PLACEHOLDER: &str = "REPLACE_WITH_TOKEN";

/// Prints the document.
pub(super) fn run(request: &ClientConfig, inventory: &Path) -> anyhow::Result<()> {
    let document = match &request.http {
        Some(url) => remote(request.client, &request.name, url),
        None => {
            let executable = std::env::current_exe().context("cannot tell where this program is")?;
            let launch = Launch::of(request, executable, &places::absolute(inventory));
            document(request.client, &request.name, &launch)
        }
    };
    output::document(&document)?;
    if io::stderr().is_terminal() {
        eprintln!("rust-junosmcp: this belongs in {}", home(request.client));
    }
    Ok(())
}

/// The command that starts the server.
struct Launch {
    command: String,
    arguments: Vec<String>,
}

impl Launch {
    fn of(request: &ClientConfig, executable: PathBuf, inventory: &Path) -> Self {
        let inventory = inventory.display().to_string();
        let (command, mut arguments) = match &request.docker {
            None => (executable.display().to_string(), vec!["-f".to_owned(), inventory]),
            Some(image) => {
                let volume = format!("{inventory}:{IN_CONTAINER}:ro");
                let words = ["run", "--rm", "-i", "-v", &volume, image];
                ("docker".to_owned(), words.map(str::to_owned).to_vec())
            }
        };
        arguments.extend(request.arguments.iter().cloned());
        Self { command, arguments }
    }
}

fn document(client: Client, name: &str, launch: &Launch) -> Value {
    let (root, mut server) = match client {
        Client::ClaudeDesktop => ("mcpServers", Map::new()),
        Client::ClaudeCode => ("mcpServers", typed()),
        Client::Vscode => ("servers", typed()),
        Client::Copilot => ("mcpServers", typed()),
    };
    server.insert("command".to_owned(), launch.command.as_str().into());
    server.insert("args".to_owned(), launch.arguments.clone().into());
    if client != Client::Vscode {
        server.insert("env".to_owned(), json!({}));
    }
    if client == Client::Copilot {
        server.insert("tools".to_owned(), json!(["*"]));
    }
    json!({ root: { name: server } })
}

/// A server that runs elsewhere. The token is never known here: the client asks for it, or a person puts it in.
fn remote(client: Client, name: &str, url: &str) -> Value {
    let headers = |token: &str| json!({"Authorization": format!("Bearer {token}")});
    match client {
        Client::ClaudeDesktop => {
            // It starts programs only, so another one speaks HTTP for it.
            let arguments = ["-y", "mcp-remote", url, "--header", "Authorization:${AUTH}"];
            let variables = json!({"AUTH": format!("Bearer {PLACEHOLDER}")});
            json!({"mcpServers": {name: {"command": "npx", "args": arguments, "env": variables}}})
        }
        Client::ClaudeCode => {
            json!({"mcpServers": {name: {"type": "http", "url": url, "headers": headers("${JMCP_TOKEN}")}}})
        }
        Client::Vscode => json!({
            "servers": {name: {"type": "http", "url": url, "headers": headers("${input:jmcp_token}")}},
            "inputs": [{"type": "promptString", "id": "jmcp_token", "description": "rust-junosmcp token", "password": true}],
        }),
        Client::Copilot => {
            json!({"mcpServers": {name: {"type": "http", "url": url, "headers": headers(PLACEHOLDER), "tools": ["*"]}}})
        }
    }
}

fn typed() -> Map<String, Value> {
    Map::from_iter([("type".to_owned(), "stdio".into())])
}

/// The file of the client that holds such a document.
fn home(client: Client) -> &'static str {
    match client {
        Client::ClaudeDesktop => "claude_desktop_config.json",
        Client::ClaudeCode => ".mcp.json",
        Client::Vscode => ".vscode/mcp.json",
        Client::Copilot => "~/.copilot/mcp-config.json",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch(docker: Option<&str>, arguments: &[&str]) -> Launch {
        let request = ClientConfig {
            client: Client::ClaudeCode,
            http: None,
            docker: docker.map(str::to_owned),
            name: "junos".to_owned(),
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
        };
        Launch::of(
            &request,
            PathBuf::from("/opt/rust-junosmcp"),
            Path::new("/srv/devices.json"),
        )
    }

    #[test]
    fn each_client_gets_its_own_document() {
        let plain = launch(None, &[]);
        for (client, expected) in [
            (
                Client::ClaudeDesktop,
                r#"{"mcpServers":{"junos":{"command":"/opt/rust-junosmcp","args":["-f","/srv/devices.json"],"env":{}}}}"#,
            ),
            (
                Client::ClaudeCode,
                r#"{"mcpServers":{"junos":{"type":"stdio","command":"/opt/rust-junosmcp","args":["-f","/srv/devices.json"],"env":{}}}}"#,
            ),
            (
                Client::Vscode,
                r#"{"servers":{"junos":{"type":"stdio","command":"/opt/rust-junosmcp","args":["-f","/srv/devices.json"]}}}"#,
            ),
            (
                Client::Copilot,
                r#"{"mcpServers":{"junos":{"type":"stdio","command":"/opt/rust-junosmcp","args":["-f","/srv/devices.json"],"env":{},"tools":["*"]}}}"#,
            ),
        ] {
            assert_eq!(document(client, "junos", &plain).to_string(), expected);
        }
    }

    #[test]
    fn a_server_elsewhere_is_named_by_its_url_and_its_token_is_not_known() {
        const URL: &str = "https://mcp.example.net/mcp";
        for (client, expected) in [
            (
                Client::ClaudeDesktop,
                r#"{"mcpServers":{"junos":{"command":"npx","args":["-y","mcp-remote","URL","--header","Authorization:${AUTH}"],"env":{"AUTH":"Bearer REPLACE_WITH_TOKEN"}}}}"#,
            ),
            (
                Client::ClaudeCode,
                r#"{"mcpServers":{"junos":{"type":"http","url":"URL","headers":{"Authorization":"Bearer ${JMCP_TOKEN}"}}}}"#,
            ),
            (
                Client::Vscode,
                r#"{"servers":{"junos":{"type":"http","url":"URL","headers":{"Authorization":"Bearer ${input:jmcp_token}"}}},"inputs":[{"type":"promptString","id":"jmcp_token","description":"rust-junosmcp token","password":true}]}"#,
            ),
            (
                Client::Copilot,
                r#"{"mcpServers":{"junos":{"type":"http","url":"URL","headers":{"Authorization":"Bearer REPLACE_WITH_TOKEN"},"tools":["*"]}}}"#,
            ),
        ] {
            assert_eq!(remote(client, "junos", URL).to_string(), expected.replace("URL", URL));
        }
    }

    #[test]
    fn a_container_gets_the_inventory_as_a_volume() {
        let launch = launch(Some("junos:1"), &["--read-only"]);
        assert_eq!(launch.command, "docker");
        assert_eq!(
            launch.arguments,
            [
                "run",
                "--rm",
                "-i",
                "-v",
                "/srv/devices.json:/etc/jmcp/devices.json:ro",
                "junos:1",
                "--read-only"
            ]
        );
    }
}
