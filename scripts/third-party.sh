#!/usr/bin/env bash
# Runs the third-party clients against the lab; installs them into target/ first.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=target/third-party
[ -x "$environment/bin/pytest" ] || python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check -r tests/third_party/requirements.txt
cargo build --locked
JUNOSMCP_BINARY="$PWD/${CARGO_TARGET_DIR:-target}/debug/rust-junosmcp"
case "${CARGO_TARGET_DIR:-}" in /*) JUNOSMCP_BINARY="$CARGO_TARGET_DIR/debug/rust-junosmcp" ;; esac
export JUNOSMCP_BINARY
"$environment/bin/pytest" -q -p no:cacheprovider tests/third_party "$@"
