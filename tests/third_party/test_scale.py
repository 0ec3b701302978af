"""A thousand routers in one process: what they cost, and that every one answers."""

import json
import re
import subprocess

import pytest
from conftest import BINARY, start_lab, stop

ROUTERS = 1000

# An unoptimised build spends about a tenth of a second on each login; a busy machine gets more.
SWEEP_SECONDS = 500


def resident_kib(process):
    """Resident memory; the test is skipped where nobody says."""
    try:
        status = open(f"/proc/{process.pid}/status").read()
    except FileNotFoundError:
        pytest.skip("no /proc here")
    return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1))


def test_a_thousand_routers_are_small_and_every_one_answers(tmp_path):
    small, large = start_lab(tmp_path / "small", "--routers", "1"), None
    try:
        folder = tmp_path / "lab"
        large = start_lab(folder, "--routers", str(ROUTERS))
        base, idle = resident_kib(small), resident_kib(large)
        assert (idle - base) / ROUTERS <= 64
        arguments = ["--known-hosts-file", folder / "known_hosts", "-f", folder / "devices.json"]
        done = subprocess.run(
            [BINARY, *arguments, "check", "--json", "--connect", "*"],
            capture_output=True,
            text=True,
            timeout=SWEEP_SECONDS,
        )
        contacts = json.loads(done.stdout)["connect"]
        assert len(contacts) == ROUTERS
        assert [contact for contact in contacts if contact["status"] != "ok"] == []
        used = resident_kib(large)
        print(f"base {base} KiB, idle {idle} KiB, after a login to each {used} KiB")
    finally:
        stop(small)
        if large:
            stop(large)
