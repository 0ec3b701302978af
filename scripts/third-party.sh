#!/usr/bin/env bash
# Runs the third-party clients against the lab; installs them into target/ first.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! PATH="$PATH:/usr/sbin" command -v sshd >/dev/null && command -v apt-get >/dev/null; then
    # Without it the tests that need OpenSSH's server are skipped.
    if [ "$(id -u)" = 0 ]; then apt-get install -y -qq openssh-server; else sudo -n apt-get install -y -qq openssh-server || true; fi
fi
environment=target/third-party
mkdir -p "$environment"
[ -x "$environment/bin/pip" ] || python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check -r tests/third_party/requirements.txt
export THIRD_PARTY_NODE="$environment/node"
if command -v npm >/dev/null; then
    # The package `node` brings the version of Node.js that the Inspector needs, whatever the machine has.
    mkdir -p "$THIRD_PARTY_NODE"
    npm install --prefix "$THIRD_PARTY_NODE" --silent --no-fund --no-audit \
        node@22.23.3 @modelcontextprotocol/inspector@2.12.0
else
    echo "notice: npm is missing, the MCP Inspector is skipped" >&2
fi
cargo build --locked
JUNOSMCP_BINARY="${CARGO_TARGET_DIR:-target}/debug/rust-junosmcp"
export JUNOSMCP_BINARY
"$environment/bin/pytest" -rs -p no:cacheprovider tests/third_party "$@"
