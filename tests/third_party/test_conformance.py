"""The conformance suite of the protocol over HTTP, on loopback and without a token as the suite needs it.

Whole sets, twice: against the product, where exactly the scenarios in `conformance/VERSION.yml` fail because they need
fixtures with names of the suite's own, and against the example `conformance`, which has them behind the same HTTP front.
"""

import json
import os
import pathlib
import subprocess

import pytest
from conftest import BINARY, stop
from test_http import Server

FOLDER = pathlib.Path(os.environ.get("THIRD_PARTY_NODE", "missing")).resolve() / "node_modules" / ".bin"
EXAMPLE = str(pathlib.Path(BINARY).parent / "examples" / "conformance")

pytestmark = pytest.mark.skipif(
    not (FOLDER / "conformance").exists(),
    reason="npm is missing, so that scripts/third-party.sh could not install the conformance suite",
)

LEGACY = "2025-11-25"
MODERN = "2026-07-28"

# Scenarios that are run with a set but do not decide about it, and that need no fixtures.
EXTRAS = {LEGACY: {"server-session-lifecycle"}, MODERN: {"http-header-validation"}}

# Those among them that need fixtures.
EXTRAS_WITH_FIXTURES = {
    LEGACY: EXTRAS[LEGACY] | {"json-schema-2020-12"},
    MODERN: EXTRAS[MODERN] | {"json-schema-2020-12", "http-custom-header-server-validation"},
}

# What no set requires and the example does not have: streams that are resumed, and the extension for tasks.
LEFT_OUT = ("server-sse-polling", "tasks-")


@pytest.fixture(params=[LEGACY, MODERN])
def version(request):
    return request.param


def suite(version, folder, program, *arguments):
    """Runs the whole set of a revision: the exit code, what was printed, and the state of every check by scenario."""
    server = Server(folder, "--allow-no-auth", program=program)
    try:
        command = ["conformance", "server", "--url", server.url, "--requirements", version, "-o", "results"]
        done = subprocess.run(
            [*command, *arguments],
            cwd=folder,
            env=os.environ | {"PATH": f"{FOLDER}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=300,
        )
    finally:
        stop(server.process)
    checks = {}
    for path in (folder / "results").glob("*/checks.json"):
        # The folder is called `server-SCENARIO-DATE`.
        scenario = path.parent.name.removeprefix("server-").rsplit("-20", 1)[0]
        checks[scenario] = {check["id"]: check["status"] for check in json.loads(path.read_text())}
    return done.returncode, done.stdout + done.stderr, checks


def succeeds(checks, scenario):
    return set(checks[scenario].values()) <= {"SUCCESS", "INFO"} and "SUCCESS" in checks[scenario].values()


def test_the_product_fails_only_where_fixtures_are_missing(version, tmp_path):
    # A scenario that passes all of a sudden fails the run too: the file is then stale.
    expected = pathlib.Path(__file__).parent / "conformance" / f"{version}.yml"
    code, said, checks = suite(version, tmp_path, BINARY, "--expected-failures", str(expected))
    assert code == 0, said
    assert all(succeeds(checks, scenario) for scenario in EXTRAS[version]), said


def test_nothing_fails_where_the_fixtures_are(version, tmp_path):
    code, said, checks = suite(version, tmp_path, EXAMPLE)
    assert code == 0, said
    assert EXTRAS_WITH_FIXTURES[version] <= set(checks)
    asked = [scenario for scenario in checks if not scenario.startswith(LEFT_OUT)]
    assert len(asked) > 30
    # Not even a warning, and nothing is skipped.
    assert [scenario for scenario in asked if not succeeds(checks, scenario)] == [], said
