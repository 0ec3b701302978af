"""PyEZ's SW, SCP and FS against the lab."""

import json
import os

import pytest
from conftest import Router, eventually, start_lab, stop
from jnpr.junos import Device
from jnpr.junos.exception import ConnectError, RpcError, SwRollbackError
from jnpr.junos.utils.fs import FS
from jnpr.junos.utils.scp import SCP
from jnpr.junos.utils.sw import SW

PACKAGE = "junos-vsrx3-x86-64-24.4R2.7.tgz"


def open_device(router):
    device = Device(
        host=router.host, port=router.port, user=router.username, ssh_private_key_file=router.key,
        gather_facts=False, conn_open_timeout=20,
    ).open()  # fmt: skip
    device.timeout = 20
    return device


@pytest.fixture
def device(router):
    device = open_device(router)
    yield device
    device.close()


@pytest.fixture
def package(tmp_path):
    path = tmp_path / PACKAGE
    path.write_bytes(os.urandom(2_000_000))
    return str(path)


def reopened(router):
    """The router once it answers again, after it was seen to be gone."""

    def gone():
        try:
            open_device(router).close()
        except (ConnectError, EOFError, OSError):
            return True
        return False

    def back():
        try:
            return open_device(router)
        except (ConnectError, EOFError, OSError):
            return None

    eventually(gone)
    return eventually(back)


def test_checksums_agree_with_local_ones(device, package):
    software = SW(device)
    software.put(package, remote_path="/var/tmp")
    for algorithm in "md5", "sha1", "sha256":
        local = SW.local_checksum(package, algorithm=algorithm)
        assert software.remote_checksum(f"/var/tmp/{PACKAGE}", algorithm=algorithm) == local
    assert software.remote_checksum("/var/tmp/none", algorithm="sha256") is None


def test_a_package_is_installed_and_runs_after_a_restart(device, package, router):
    software = SW(device)
    assert device.facts["version"] == "24.4R1.9"
    reports = []
    ok, text = software.install(
        package, validate=True, checksum_algorithm="sha256", progress=lambda _, report: reports.append(report)
    )
    assert ok, text
    assert "checksum check passed." in reports
    assert "24.4R2.7 will become active" in text
    assert "Shutdown NOW!" in software.reboot()
    # There is no session left that could be closed.
    device.connected = False
    again = reopened(router)
    assert again.facts["version"] == "24.4R2.7"
    assert "version 24.4R2.7;" in again.rpc.get_config(options={"format": "text", "database": "committed"}).text
    assert "'24.4R1.9' will become active" in SW(again).rollback()
    again.close()


def test_what_cannot_be_installed_is_refused(device, package):
    software = SW(device)
    ok, text = software.pkgadd("/var/tmp/none-24.4R2.7.tgz")
    assert (ok, "is not found or empty" in text) == (False, True)
    assert software.validate("/var/tmp/none-24.4R2.7.tgz") is False
    with pytest.raises(SwRollbackError):
        software.rollback()
    software.put(package, remote_path="/var/tmp")
    assert software.validate(f"/var/tmp/{PACKAGE}") is True
    assert software.pkgadd(f"/var/tmp/{PACKAGE}")[0] is True
    assert software.pkgadd(f"/var/tmp/{PACKAGE}")[0] is False


def test_a_shutdown_is_planned_for_later(device):
    assert "Shutdown at " in SW(device).reboot(in_min=10)
    assert "Shutdown at " in SW(device).halt(in_min=10)
    assert "Shutdown at " in SW(device).poweroff(in_min=10)


def test_scp_copies_both_ways_and_says_why_not(device, tmp_path):
    from scp import SCPException

    there, back = tmp_path / "there is", tmp_path / "back"
    there.write_bytes(os.urandom(200_000))
    seen = []
    with SCP(device, progress=lambda name, total, sent: seen.append(sent)) as scp:
        scp.put(str(there), remote_path="/var/tmp/a b")
        scp.get("/var/tmp/a b", local_path=str(back))
    assert back.read_bytes() == there.read_bytes()
    assert seen[-1] == 200_000
    for path in "/config/x", "/var/tmp/none/x":
        with SCP(device) as scp, pytest.raises(SCPException, match="Permission denied|No such file"):
            scp.put(str(there), remote_path=path)


def test_the_whole_of_fs(device):
    files = FS(device)
    home = files.pwd()
    assert files.cwd("/var/tmp") == files.pwd() == "/var/tmp"
    assert files.cp("/etc/resolv.conf", "copied") is True
    assert files.stat("copied")["size"] == files.stat("/etc/resolv.conf")["size"]
    assert files.stat("/var/tmp")["type"] == "dir"
    assert files.stat("/var/tmp/none") is None
    assert files.ls("/var", brief=True)["files"]
    assert files.ls("/packages")["files"]["junos"]["type"] == "link"
    assert files.tgz("/etc", "/var/tmp/etc.tgz") is True
    assert "No such file" in files.tgz("/none", "/var/tmp/none.tgz")
    assert files.directory_usage("/var/tmp")["/var/tmp"]["bytes"] > 0
    with pytest.raises(RpcError):
        files.directory_usage("/none")
    assert files.cp("/config/license.conf", "/var/tmp/x") is False
    assert files.rm("/etc/resolv.conf") is False
    used = lambda: sum(disk["used_blocks"] for disk in files.storage_usage().values())
    before = used()
    assert set(files.storage_cleanup()) == {"/var/tmp/copied", "/var/tmp/etc.tgz"}
    assert used() < before
    files.cwd(home)


@pytest.mark.parametrize(
    ("fault", "version"),
    [
        ({"trigger": "boot", "action": {"return": "same_version"}}, "24.4R1.9"),
        ({"trigger": "boot", "action": {"return": {"other_version": "23.4R1.9"}}}, "23.4R1.9"),
        ({"trigger": "package", "action": "bad_image"}, None),
        ({"trigger": "checksum", "action": "checksum_lie", "count": 2}, None),
    ],
)
def test_an_upgrade_goes_wrong_as_told(tmp_path, package, fault, version):
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps([fault]))
    process = start_lab(tmp_path / "lab", "--routers", "1", "--faults", faults)
    try:
        name, entry = next(iter(json.loads((tmp_path / "lab" / "devices.json").read_text()).items()))
        router = Router(name, entry, tmp_path / "lab")
        device = open_device(router)
        ok, _ = SW(device).install(package, validate=False, checksum_algorithm="sha256")
        assert ok is (version is not None)
        if version is not None:
            SW(device).reboot()
            again = reopened(router)
            assert again.facts["version"] == version
            again.close()
    finally:
        stop(process)
