"""OpenSSH's scp against the lab, both ways and into every wall."""

import json
import os
import shutil
import subprocess

import pytest
from conftest import Router, start_lab, stop

pytestmark = pytest.mark.skipif(shutil.which("scp") is None, reason="OpenSSH's client is not installed")


def scp(router, *arguments, legacy=True):
    """Runs scp with the lab's key; `at:` before a path means the router."""
    place = f"{router.username}@{router.host}:"
    arguments = [str(argument).replace("at:", place, 1) for argument in arguments]
    command = ["scp", "-F", "none", "-i", router.key, "-P", str(router.port), "-o", "BatchMode=yes",
               "-o", f"UserKnownHostsFile={router.known_hosts}"]  # fmt: skip
    return subprocess.run(
        [*command, *(["-O"] if legacy else []), *arguments], capture_output=True, text=True, timeout=60
    )


def copied(router, *arguments):
    done = scp(router, *arguments)
    assert done.returncode == 0, done.stderr
    return done


def refused(router, words, *arguments, legacy=True):
    done = scp(router, *arguments, legacy=legacy)
    assert done.returncode != 0
    assert words in done.stderr, done.stderr


def said(router, command):
    """What the router's command line says."""
    ssh = ["ssh", "-F", "none", "-i", router.key, "-p", str(router.port), "-o", "BatchMode=yes",
           "-o", f"UserKnownHostsFile={router.known_hosts}", f"{router.username}@{router.host}", command]  # fmt: skip
    return subprocess.run(ssh, capture_output=True, text=True, timeout=60).stdout


def test_a_file_goes_there_and_back(router, tmp_path):
    there, back = tmp_path / "there", tmp_path / "back"
    there.write_bytes(os.urandom(300_000))
    copied(router, there, "at:/var/tmp/image.tgz")
    copied(router, "at:/var/tmp/image.tgz", back)
    assert back.read_bytes() == there.read_bytes()
    assert "300000" in said(router, "file list /var/tmp detail")


def test_an_empty_file_and_a_relative_target(router, tmp_path):
    (tmp_path / "empty").touch()
    copied(router, tmp_path / "empty", "at:")
    copied(router, "at:empty", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b""


def test_blanks_in_names(router, tmp_path):
    there = tmp_path / "a b c.txt"
    there.write_text("blank")
    copied(router, there, "at:/var/tmp/x y.txt")
    copied(router, "at:/var/tmp/x y.txt", tmp_path / "raw")
    # Without -T the client itself refuses a name that is not as it was quoted.
    copied(router, "-T", "at:'/var/tmp/x y.txt'", tmp_path / "quoted")
    assert (tmp_path / "raw").read_text() == (tmp_path / "quoted").read_text() == "blank"
    copied(router, there, "at:/var/tmp")
    assert "a b c.txt" in said(router, "file list /var/tmp")


def test_times_and_modes_are_kept(router, tmp_path):
    there, back = tmp_path / "there", tmp_path / "back"
    there.write_text("old")
    there.chmod(0o640)
    os.utime(there, (1_500_000_000, 1_500_000_000))
    copied(router, "-p", there, "at:/var/tmp/old")
    copied(router, "-p", "at:/var/tmp/old", back)
    assert int(back.stat().st_mtime) == 1_500_000_000
    assert back.stat().st_mode & 0o777 == 0o640


def test_folders_go_there_and_back(router, tmp_path):
    tree = tmp_path / "tree"
    (tree / "deep" / "deeper").mkdir(parents=True)
    (tree / "a").write_text("A")
    (tree / "deep" / "deeper" / "b").write_text("B")
    copied(router, "-r", tree, "at:/var/tmp")
    copied(router, "-r", "at:/var/tmp/tree", tmp_path / "back")
    assert (tmp_path / "back" / "a").read_text() == "A"
    assert (tmp_path / "back" / "deep" / "deeper" / "b").read_text() == "B"


def test_several_files_and_patterns(router, tmp_path):
    for name in "one", "two":
        (tmp_path / name).write_text(name)
    copied(router, tmp_path / "one", tmp_path / "two", "at:/var/tmp/")
    folder = tmp_path / "logs"
    folder.mkdir()
    copied(router, "at:/var/tmp/*", "at:/var/log/mess*", folder)
    assert sorted(path.name for path in folder.iterdir()) == ["messages", "one", "two"]


def test_walls_are_named(router, tmp_path):
    there = tmp_path / "there"
    there.write_text("x")
    refused(router, "/var/tmp/none: No such file or directory", "at:/var/tmp/none", tmp_path / "back")
    refused(router, "/var/tmp/none/x: No such file or directory", there, "at:/var/tmp/none/x")
    refused(router, "Permission denied", there, "at:/config/x")
    refused(router, "/config/license.conf: Permission denied", "at:/config/license.conf", tmp_path / "back")
    refused(router, "not a regular file", "at:/var/tmp", tmp_path / "back")
    refused(router, "Not a directory", there, there, "at:/etc/resolv.conf")


def test_plain_scp_fails_for_want_of_sftp(router, tmp_path):
    there = tmp_path / "there"
    there.write_text("x")
    refused(router, "subsystem request failed on channel 0", "-s", there, "at:/var/tmp/x", legacy=False)


FAULTS = [
    ("now", {"disk_full": 1000}, "No space left on device"),
    ("now", "read_only_fs", "Read-only file system"),
    ("scp:header", {"scp_error": 1}, "an error made on purpose"),
    ("scp:byte:2000", {"scp_error": 2}, "an error made on purpose"),
    ("scp:ack", "drop", ""),
]


@pytest.mark.parametrize(("trigger", "action", "words"), FAULTS)
def test_faults_of_a_file_reach_the_client(tmp_path, trigger, action, words):
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps([{"trigger": trigger, "action": action}]))
    process = start_lab(tmp_path / "lab", "--routers", "1", "--faults", faults)
    try:
        name, entry = next(iter(json.loads((tmp_path / "lab" / "devices.json").read_text()).items()))
        there = tmp_path / "there"
        there.write_bytes(bytes(200_000))
        refused(Router(name, entry, tmp_path / "lab"), words, there, "at:/var/tmp/x")
    finally:
        stop(process)
