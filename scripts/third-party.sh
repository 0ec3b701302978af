#!/usr/bin/env bash
# Runs the third-party clients against the lab; installs them into target/ first.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! PATH="$PATH:/usr/sbin" command -v sshd >/dev/null && command -v apt-get >/dev/null; then
    # Without OpenSSH's server the tests that need it are skipped, and pytest says so.
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    $as_root apt-get update -qq && $as_root apt-get install -y -qq openssh-server ||
        echo "notice: OpenSSH's server could not be installed" >&2
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
        node@22.23.3 @modelcontextprotocol/inspector@2.12.0 @modelcontextprotocol/conformance@0.2.0-alpha.12 \
        mcp-remote@0.15.1
else
    echo "notice: npm is missing, the MCP Inspector, the conformance suite and mcp-remote are skipped" >&2
fi
# Both at once: the features of the dependencies are then those of `cargo test`, which has built them already.
cargo build --locked --bin rust-junosmcp --example conformance
JUNOSMCP_BINARY="${CARGO_TARGET_DIR:-target}/debug/rust-junosmcp"
export JUNOSMCP_BINARY
"$environment/bin/pytest" -rs -p no:cacheprovider --timeout=600 tests/third_party "$@"
