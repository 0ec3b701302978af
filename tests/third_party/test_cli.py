"""A router's command line: OpenSSH's client as a person uses it, and PyEZ's StartShell."""

import re
import subprocess

import pytest
from conftest import start_lab, stop
from jnpr.junos import Device
from jnpr.junos.utils.start_shell import StartShell


def command(router, *arguments, options=()):
    """The command line of OpenSSH's client, with nothing from this machine's own configuration."""
    settings = [
        f"IdentityFile={router.key}",
        f"UserKnownHostsFile={router.known_hosts}",
        "StrictHostKeyChecking=yes",
        "IdentitiesOnly=yes",
        "BatchMode=yes",
        "ConnectTimeout=20",
    ]
    flags = [word for setting in settings for word in ("-o", setting)]
    target = f"{router.username}@{router.host}"
    return ["ssh", "-F", "none", *flags, "-p", str(router.port), *options, target, *arguments]


def ssh(router, *arguments, options=(), typed=""):
    """Runs it to its end."""
    return subprocess.run(
        command(router, *arguments, options=options), input=typed, capture_output=True, text=True, timeout=60
    )


def test_a_command_prints_its_output_and_its_status_says_how_it_went(router):
    done = ssh(router, "show version")
    assert done.returncode == 0
    assert done.stdout.startswith(f"Hostname: {router.name}\n")
    failed = ssh(router, "show nonsense")
    assert failed.returncode == 1
    assert "^" in failed.stdout


@pytest.mark.parametrize(
    ("pipes", "expected"),
    [
        ('| match "^Junos:"', r"Junos: 24\.4R1\.9\n"),
        ("| match ^junos: | count", r"Count: 1 lines\n"),
        ("| except . | count", r"Count: \d+ lines\n"),
        ("| find ^Model | last 1", r".*\n"),
        ("| match ^Junos: | trim 7", r"24\.4R1\.9\n"),
        ("| display xml | no-more", r"<rpc-reply (.*\n)*</rpc-reply>\n"),
    ],
)
def test_pipes_work_outside_netconf(router, pipes, expected):
    assert re.fullmatch(expected, ssh(router, f"show version {pipes}").stdout)


@pytest.mark.parametrize("way", [("-s", "netconf"), ("netconf",), ("xml-mode netconf need-trailer",)])
def test_netconf_is_reached_over_the_subsystem_and_over_exec(router, way):
    options = ["-s"] if way[0] == "-s" else []
    talk = (
        '<hello xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><capabilities>'
        "<capability>urn:ietf:params:netconf:base:1.0</capability></capabilities></hello>]]>]]>"
        '<rpc message-id="1"><get-system-uptime-information/></rpc>]]>]]>'
        '<rpc message-id="2"><close-session/></rpc>]]>]]>'
    )
    done = ssh(router, way[-1], options=options, typed=talk)
    assert done.stdout.count("]]>]]>") == 3
    assert "<system-uptime-information" in done.stdout


def test_a_person_changes_the_configuration_at_a_terminal(router):
    lines = [
        "configure",
        "edit system",
        "set time-zone Europe/Oslo",
        "show | compare",
        "commit comment clocks and-quit",
        "show system commit | match clocks",
        "exit",
    ]
    done = ssh(router, options=["-tt"], typed="".join(f"{line}\r" for line in lines))
    assert done.returncode == 0
    seen = done.stdout
    # Every line ends with CR LF, which Python reads as one end of line.
    prompt = f"\n{router.username}@{router.name}"
    for part in [
        f"{prompt}> configure\nEntering configuration mode\n\n[edit]{prompt}# edit system\n",
        "[edit system]\n-  time-zone UTC;\n+  time-zone Europe/Oslo;\n",
        "commit complete\nExiting configuration mode\n",
        "    clocks\n",
    ]:
        assert part in seen


def test_without_a_terminal_nothing_is_echoed_and_nobody_is_asked(router):
    done = ssh(router, typed="configure private\nset system domain-name elsewhere.example\nexit\nexit\n")
    assert done.returncode == 0
    assert "Discard uncommitted changes?\nExiting configuration mode\n" in done.stdout
    assert "set system domain-name" not in done.stdout
    assert ssh(router, "show configuration system | match elsewhere").stdout == ""


def test_who_edits_is_seen_by_others(router):
    process = subprocess.Popen(
        command(router, options=["-tt"]), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        process.stdin.write("configure exclusive\r")
        process.stdin.flush()
        for line in process.stdout:
            if line.startswith("[edit]"):
                break
        other = ssh(router, "configure; status")
        assert re.search(r"  lab terminal pts/0 \(pid \d+\) on since .*\n      exclusive \[edit\]\n", other.stdout)
        refused = ssh(router, "configure exclusive")
        assert refused.returncode == 1
        assert refused.stdout.startswith("error: configuration database locked by:\n  lab terminal pts/0 (pid ")
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def device(router):
    with Device(
        host=router.host,
        port=router.port,
        user=router.username,
        ssh_private_key_file=router.key,
        gather_facts=False,
    ) as opened:
        yield opened


def test_pyez_finds_a_shell(device):
    with StartShell(device, timeout=15) as shell:
        good, seen = shell.run("cli -c 'show version | no-more'")
        assert good
        assert "Junos: 24.4R1.9" in seen
        good, seen = shell.run("nonsense")
        assert not good
        assert "nonsense: Command not found." in seen


def test_pyez_finds_the_other_shell(device):
    with StartShell(device, timeout=15, shell_type="sh") as shell:
        good, seen = shell.run("whoami")
        assert good
        assert "\r\nlab\r\n" in seen


def test_a_router_forwards_nothing(lab):
    near, far = lab[:2]
    jump = f"ssh -F none -i {near.key} -o UserKnownHostsFile={near.known_hosts} -p {near.port} -W %h:%p {near.username}@{near.host}"
    done = ssh(far, "show version", options=["-o", f"ProxyCommand={jump}"])
    assert done.returncode == 255
    assert "administratively prohibited" in done.stderr


def test_the_jump_host_leads_to_the_routers_and_nowhere_else(tmp_path):
    folder = tmp_path / "lab"
    process = start_lab(folder, "--routers", "2", "--jump-host")
    try:
        base = ["ssh", "-F", str(folder / "ssh_config")]
        done = subprocess.run([*base, "edge-1", "show version"], capture_output=True, text=True, timeout=60)
        assert done.stdout.startswith("Hostname: edge-1\n"), done.stderr
        elsewhere = subprocess.run(
            [*base, "-W", "127.0.0.1:9", "lab-jump"], capture_output=True, text=True, timeout=60, input=""
        )
        assert elsewhere.returncode != 0
        assert "administratively prohibited" in elsewhere.stderr
        direct = subprocess.run(
            [*base, "-o", "ProxyJump=none", "edge-1", "show version"], capture_output=True, text=True, timeout=60
        )
        assert direct.stdout.startswith("Hostname: edge-1\n"), direct.stderr
    finally:
        stop(process)
