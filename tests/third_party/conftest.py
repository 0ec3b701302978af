"""The lab as other people's software sees it: one process, three routers, real SSH on loopback."""

import json
import os
import pathlib
import subprocess
import threading
import time

import pytest

BINARY = str(pathlib.Path(os.environ["JUNOSMCP_BINARY"]).resolve())

# Every face a router of the lab can have.
PROFILES = ["vsrx-24.4", "vmx-22.4", "ex-21.4-vc", "srx-cluster-23.4", "old-12.1"]

# A lab of a few routers listens within a second; a loaded machine gets more.
START_SECONDS = 30


class Router:
    """Where one simulated router is and how to log in to it."""

    def __init__(self, name, entry, folder):
        self.name = name
        self.host = entry["ip"]
        self.port = entry["port"]
        self.username = entry["username"]
        self.key = str(folder / "id_ed25519")
        self.known_hosts = str(folder / "known_hosts")


def start_lab(folder, *arguments):
    """Starts `lab run` and returns the process once it says that every router listens."""
    process = subprocess.Popen(
        [BINARY, "lab", "run", "--listen", "127.0.0.1:0", "--write-inventory", folder, *arguments],
        stdout=subprocess.PIPE,
        text=True,
    )
    watchdog = threading.Timer(START_SECONDS, process.kill)
    watchdog.start()
    try:
        for line in process.stdout:
            if line.startswith("ready: "):
                return process
    finally:
        watchdog.cancel()
    raise RuntimeError(f"the lab ended before it was ready, exit code {process.wait()}")


def stop(process):
    """Ends a process as a user would, and gives it no more than ten seconds."""
    process.terminate()
    try:
        process.wait(timeout=10)
    finally:
        process.kill()
        process.stdout.close()


def eventually(probe, seconds=30):
    """Asks until `probe` answers something true; fails when it does not in time."""
    deadline = time.monotonic() + seconds
    while not (answer := probe()):
        assert time.monotonic() < deadline, f"{probe.__name__} stayed false for {seconds} s"
        threading.Event().wait(0.05)
    return answer


def routers_in(folder):
    """The routers of the inventory that a lab wrote."""
    devices = json.loads((folder / "devices.json").read_text())
    return [Router(name, entry, folder) for name, entry in devices.items() if not name.startswith("_")]


@pytest.fixture
def lab(tmp_path):
    """A fresh lab of three routers for one test."""
    folder = tmp_path / "lab"
    process = start_lab(folder, "--routers", "3")
    try:
        yield routers_in(folder)
    finally:
        stop(process)


@pytest.fixture(scope="session")
def lab_of(tmp_path_factory):
    """A lab of three routers of one profile, kept for the whole run: for tests that change nothing."""
    running = {}

    def start(profile):
        if profile not in running:
            folder = tmp_path_factory.mktemp("labs") / profile
            process = start_lab(folder, "--routers", "3", "--profile", profile)
            running[profile] = (process, routers_in(folder))
        return running[profile][1]

    yield start
    for process, _ in running.values():
        stop(process)


@pytest.fixture
def router(lab):
    """The first router of a fresh lab."""
    return lab[0]
