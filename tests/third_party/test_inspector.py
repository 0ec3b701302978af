"""The MCP Inspector against `--lab 1` over stdio: portable schemas, and calls in both eras."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest
from conftest import BINARY

FOLDER = pathlib.Path(os.environ.get("THIRD_PARTY_NODE", "missing")).resolve() / "node_modules" / ".bin"

pytestmark = pytest.mark.skipif(
    not (FOLDER / "mcp-inspector").exists(),
    reason="npm is missing, so that scripts/third-party.sh could not install the MCP Inspector",
)

# Exit codes of the Inspector.
IS_ERROR = 5


@pytest.fixture(params=["legacy", "auto", "modern"])
def inspector(request, tmp_path):
    """Runs one method through the Inspector's command line in that era."""

    def run(*arguments):
        command = [shutil.which("mcp-inspector", path=FOLDER), "--cli", "--protocol-era", request.param]
        environment = os.environ | {"PATH": f"{FOLDER}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}
        return subprocess.run(
            [*command, *arguments, "--format", "json", "--", BINARY, "--log-level", "error", "--lab", "1"],
            capture_output=True,
            text=True,
            timeout=120,
            env=environment,
            check=False,
        )

    return run


def test_no_schema_draws_a_warning(inspector):
    done = inspector("--method", "tools/list", "--strict")
    assert (done.returncode, done.stderr.strip()) == (0, "")
    assert "get_router_list" in done.stdout


def test_a_tool_answers(inspector):
    call = ["--method", "tools/call", "--tool-name", "execute_junos_command"]
    done = inspector(*call, "--tool-args-json", json.dumps({"router_name": "edge-1", "command": "show version"}))
    assert done.returncode == 0, done.stderr
    assert "Hostname: edge-1" in done.stdout


def test_a_failure_is_seen_as_one(inspector):
    call = ["--method", "tools/call", "--tool-name", "execute_junos_command"]
    done = inspector(*call, "--tool-args-json", json.dumps({"router_name": "nowhere", "command": "show version"}))
    assert done.returncode == IS_ERROR, done.stderr
    assert "unknown_router" in done.stdout + done.stderr
