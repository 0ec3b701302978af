"""OpenSSH as jump host, as router's face, as agent and as client: every way to log in by every way to get there."""

import getpass
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import time

import pytest
from conftest import BINARY, start_lab

SSHD = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
pytestmark = pytest.mark.skipif(SSHD is None, reason="OpenSSH's server is not installed")

USER = getpass.getuser()
PASSPHRASE = "a passphrase of tests"

# name: type, bits, form, passphrase
KEYS = {
    "ed25519": ("ed25519", None, None, ""),
    # One key of 256 bits in 256 cannot be read in OpenSSH's own format; in the other it always can.
    "ecdsa": ("ecdsa", "256", "PKCS8", ""),
    "ecdsa-384": ("ecdsa", "384", None, ""),
    "ecdsa-521": ("ecdsa", "521", None, ""),
    "rsa": ("rsa", "3072", None, ""),
    "rsa-pem": ("rsa", "2048", "PEM", ""),
    "encrypted-ed25519": ("ed25519", None, None, PASSPHRASE),
    "encrypted-rsa-pkcs8": ("rsa", "2048", "PKCS8", PASSPHRASE),
}


def free_port(host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def has_ipv6():
    try:
        free_port("::1")
    except OSError:
        return False
    return True


class Server:
    """One sshd on loopback; everybody who holds one of the keys may log in as the user of the tests."""

    def __init__(self, folder, name, host, host_key_types, authorized, extra=()):
        self.host, self.port = host, free_port(host)
        self.folder = folder / name
        self.folder.mkdir()
        self.log = self.folder / "log"
        lines = [
            f"ListenAddress {'[::1]' if ':' in host else host}:{self.port}",
            "PidFile none",
            "UsePAM no",
            "StrictModes no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PermitRootLogin prohibit-password",
            "LogLevel VERBOSE",
            f"AuthorizedKeysFile {authorized}",
            *extra,
        ]
        for kind in host_key_types:
            path = self.folder / f"host_{kind}"
            subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", path], check=True)
            lines.append(f"HostKey {path}")
        self.config = self.folder / "config"
        # Newer servers punish an address for failed logins; all of ours come from one.
        for penalties in (["PerSourcePenalties no"], []):
            self.config.write_text("\n".join(lines + penalties) + "\n")
            if subprocess.run([SSHD, "-t", "-f", self.config], capture_output=True).returncode == 0:
                break
        self.process = subprocess.Popen([SSHD, "-D", "-f", self.config, "-E", self.log])
        self.wait()

    def wait(self):
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection((self.host, self.port), timeout=1).close()
                return
            except OSError:
                assert self.process.poll() is None and time.monotonic() < deadline, self.log.read_text()

    def known_hosts(self):
        place = f"[{self.host}]:{self.port}"
        return "".join(f"{place} {path.read_text()}" for path in sorted(self.folder.glob("host_*.pub")))

    def said(self, text):
        return self.log.read_text().count(text)

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)


class World:
    """A lab router, the same router behind OpenSSH's server, and two jump hosts before them."""

    def __init__(self, folder):
        self.folder = folder
        self.make_keys()
        self.lab_process = start_lab(folder / "lab", "--routers", "1")
        devices = json.loads((folder / "lab/devices.json").read_text())
        self.lab = next(entry for name, entry in devices.items() if not name.startswith("_"))
        self.lab_key = folder / "lab/id_ed25519"
        if os.geteuid() == 0:
            # A server that root starts insists on this folder, which the system's own would have made.
            os.makedirs("/run/sshd", exist_ok=True)
        kinds = ["ed25519", "ecdsa", "rsa"]
        netconf = (
            f"ssh -q -F none -i {self.lab_key} -p {self.lab['port']} -o BatchMode=yes -o StrictHostKeyChecking=no"
            f" -o UserKnownHostsFile=/dev/null -s {self.lab['username']}@{self.lab['ip']} netconf"
        )
        face = [f"Subsystem netconf {netconf}"]
        self.servers = {
            "router": Server(folder, "router", "127.0.0.1", kinds, self.authorized, face),
            "first": Server(folder, "first", "127.0.0.1", ["ecdsa"], self.authorized),
            "second": Server(folder, "second", "127.0.0.1", ["rsa"], self.authorized),
        }
        if has_ipv6():
            self.servers["router6"] = Server(folder, "router6", "::1", kinds, self.authorized, face)
            self.servers["first6"] = Server(folder, "first6", "::1", ["ed25519"], self.authorized)
        self.known_hosts = folder / "known_hosts"
        lab_keys = (folder / "lab/known_hosts").read_text()
        self.known_hosts.write_text(lab_keys + "".join(server.known_hosts() for server in self.servers.values()))
        self.agent = self.start_agent()

    def make_keys(self):
        keys = self.folder / "keys"
        keys.mkdir()
        self.authorized = keys / "authorized"
        lines = []
        for name, (kind, bits, form, passphrase) in KEYS.items():
            command = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", name, "-f", keys / name]
            command += ["-b", bits] if bits else []
            command += ["-m", form] if form else []
            subprocess.run(command, check=True)
            lines.append((keys / f"{name}.pub").read_text())
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys / "stranger"], check=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys / "held"], check=True)
        lines.append((keys / "held.pub").read_text())
        self.authorized.write_text("".join(lines))
        self.keys = keys

    def start_agent(self):
        path = self.folder / "agent"
        self.agent_process = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL)
        while not path.exists():
            assert self.agent_process.poll() is None
        environment = {**os.environ, "SSH_AUTH_SOCK": str(path)}
        for name in ("ed25519", "rsa", "held"):
            subprocess.run(["ssh-add", "-q", self.keys / name], check=True, env=environment)
        # From now on only the agent can use it.
        subprocess.run(["ssh-keygen", "-q", "-p", "-N", PASSPHRASE, "-f", self.keys / "held"], check=True)
        return path

    def stop(self):
        for server in self.servers.values():
            server.stop()
        self.agent_process.send_signal(signal.SIGTERM)
        self.lab_process.terminate()
        self.lab_process.wait(timeout=10)

    def run(self, folder, entries, ssh_config, *command, known_hosts=None):
        """Runs a command line on an inventory of these entries."""
        folder.mkdir(exist_ok=True)
        if ssh_config is not None:
            (folder / "ssh_config").write_text(ssh_config)
            entries = {name: {**entry, "ssh_config": "ssh_config"} for name, entry in entries.items()}
        (folder / "devices.json").write_text(json.dumps(entries))
        (folder / "devices.json").chmod(0o600)
        environment = {**os.environ, "SSH_AUTH_SOCK": str(self.agent), "KEY_PASSPHRASE": PASSPHRASE}
        arguments = ["-f", folder / "devices.json", "--known-hosts-file", known_hosts or self.known_hosts, *command]
        return subprocess.run([BINARY, *arguments], capture_output=True, text=True, env=environment, timeout=60)

    def contact(self, folder, entry, ssh_config=None):
        """The one contact of `check --connect`."""
        done = self.run(folder, {"router": entry}, ssh_config, "check", "--json", "--connect", "router")
        document = json.loads(done.stdout)
        assert "connect" in document, done.stdout + done.stderr
        return document["connect"][0]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("openssh")
    folder.chmod(0o700)
    world = World(folder)
    yield world
    world.stop()


def login(world, name):
    """The `auth` of an entry, and the key that a jump host gets where the login is for the router alone."""
    if name == "agent":
        return {"type": "ssh_agent"}
    if name == "agent-rsa":
        return {"type": "ssh_agent", "identity": str(world.keys / "rsa.pub")}
    auth = {"type": "ssh_key", "private_key_path": str(world.keys / name)}
    if name.startswith("encrypted"):
        auth["passphrase_env"] = "KEY_PASSPHRASE"
    return auth


def way(world, name, of_hosts=""):
    """The ssh_config of a way, with more lines for its jump hosts."""
    first, second = world.servers["first"], world.servers["second"]
    hops = (
        f"Host first\n  HostName {first.host}\n  Port {first.port}\n{of_hosts}"
        f"Host second\n  HostName {second.host}\n  Port {second.port}\n{of_hosts}"
    )
    target = "Host 127.0.0.1 ::1\n"
    relay = (
        f"ssh -F none -i {world.keys / 'ed25519'} -o BatchMode=yes -o StrictHostKeyChecking=no"
        f" -o UserKnownHostsFile=/dev/null -p {first.port} -W [%h]:%p {USER}@{first.host}"
    )
    return {
        "direct": None,
        "one hop": f"{hops}{target}  ProxyJump first\n",
        "two hops": f"{hops}{target}  ProxyJump first,{USER}@second\n",
        "command that jumps": f"{hops}{target}  ProxyCommand ssh -q -W %h:%p first\n",
        "command that runs": f"{target}  ProxyCommand {relay}\n",
        "shell command": f"{target}  ProxyCommand true && exec {relay} 2>/dev/null # as it is\n",
    }[name]


WAYS = ["direct", "one hop", "two hops", "command that jumps", "command that runs", "shell command"]


class Passed:
    """Whether the contact went through the jump hosts that its way names, and through no other."""

    def __init__(self, world, path):
        self.servers = [world.servers["first"], world.servers["second"]]
        self.expected = {"direct": [0, 0], "two hops": [1, 1]}.get(path, [1, 0])
        self.before = self.count()

    def count(self):
        return [server.said("Accepted publickey") for server in self.servers]

    def check(self):
        assert [after - before for after, before in zip(self.count(), self.before)] == self.expected


@pytest.mark.parametrize("path", WAYS)
@pytest.mark.parametrize("key", [*KEYS, "agent", "agent-rsa"])
def test_every_login_by_every_way(world, tmp_path, key, path):
    router = world.servers["router"]
    entry = {"ip": router.host, "port": router.port, "username": USER, "auth": login(world, key)}
    passed = Passed(world, path)
    contact = world.contact(tmp_path / "run", entry, way(world, path))
    assert contact["status"] == "ok", contact
    assert contact["version"], contact
    passed.check()


@pytest.mark.parametrize("path", WAYS)
def test_a_password_for_the_router_and_a_key_for_the_hosts_before_it(world, tmp_path, path):
    entry = {
        "ip": world.lab["ip"],
        "port": world.lab["port"],
        "username": world.lab["username"],
        "auth": {"type": "password", "password": lab_password(world)},
    }
    passed = Passed(world, path)
    of_hosts = f"  User {USER}\n  IdentityFile {world.keys / 'ecdsa'}\n"
    contact = world.contact(tmp_path / "run", entry, way(world, path, of_hosts))
    assert contact["status"] == "ok", contact
    passed.check()


def lab_password(world):
    """The password that the lab announces for its routers; every lab of one seed has the same."""
    process = subprocess.Popen(
        [BINARY, "lab", "run", "--routers", "1", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True
    )
    line = process.stdout.readline()
    process.terminate()
    process.wait(timeout=10)
    return line.strip().rsplit("password=", 1)[1]


def test_an_encrypted_key_of_a_host_is_used_where_the_agent_holds_it(world, tmp_path):
    router = world.servers["router"]
    entry = {"ip": router.host, "port": router.port, "username": USER, "auth": login(world, "ecdsa")}
    of_hosts = f"  IdentityFile {world.keys / 'held'}\n"
    contact = world.contact(tmp_path / "run", entry, way(world, "one hop", of_hosts))
    assert contact["status"] == "ok", contact


def test_a_command_ends_with_the_program(world, tmp_path):
    router, first = world.servers["router"], world.servers["first"]
    entry = {"ip": router.host, "port": router.port, "username": USER, "auth": login(world, "ecdsa")}
    assert world.contact(tmp_path / "run", entry, way(world, "shell command"))["status"] == "ok"
    # The server's side of a connection names no port; only the client that the command started does.
    assert not [line for line in command_lines() if f"-p {first.port} -W" in line]


def command_lines():
    done = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 on the loopback interface")
@pytest.mark.parametrize("path", ["direct", "hop", "name", "command"])
def test_ipv6_literals(world, tmp_path, path):
    router, hop = world.servers["router6"], world.servers["first6"]
    key = world.keys / "ed25519"
    text = {
        "direct": None,
        "hop": f"ProxyJump {USER}@[::1]:{hop.port}\n",
        "name": f"Host named\n  HostName ::1\n  ProxyJump bare\nHost bare\n  HostName ::1\n  Port {hop.port}\n",
        "command": f"ProxyCommand ssh -i {key} -p {hop.port} -W [%h]:%p {USER}@::1\n",
    }[path]
    address = "named" if path == "name" else "::1"
    entry = {"ip": address, "port": router.port, "username": USER, "auth": login(world, "ed25519")}
    before = hop.said("Accepted publickey")
    contact = world.contact(tmp_path / "run", entry, text)
    assert contact["status"] == "ok", contact
    assert hop.said("Accepted publickey") == before + (path != "direct")


def test_what_is_refused_is_tried_once(world, tmp_path):
    router = world.servers["router"]
    stranger = {"type": "ssh_key", "private_key_path": str(world.keys / "stranger")}
    entry = {"ip": router.host, "port": router.port, "username": USER, "auth": stranger}
    fingerprint = subprocess.run(
        ["ssh-keygen", "-l", "-f", world.keys / "stranger.pub"], capture_output=True, text=True, check=True
    ).stdout.split()[1]
    contact = world.contact(tmp_path / "run", entry)
    assert (contact["status"], contact["code"]) == ("auth", "auth_failed")
    assert fingerprint in contact["error"]
    assert world.servers["router"].said(f"Failed publickey for {USER}") == 1


def test_a_host_that_refuses_us_is_asked_once_for_all_the_routers_behind_it(world, tmp_path):
    router, first = world.servers["router"], world.servers["first"]
    entry = {"port": router.port, "username": USER, "auth": login(world, "ed25519")}
    entries = {f"router-{number}": {"ip": f"127.0.0.{number}", **entry} for number in range(1, 21)}
    text = f"Host hop\n  HostName {first.host}\n  Port {first.port}\n  IdentityFile {world.keys / 'stranger'}\nHost 127.*\n  ProxyJump hop\n"
    done = world.run(tmp_path / "run", entries, text, "check", "--json", "--connect", "*")
    contacts = json.loads(done.stdout)["connect"]
    assert done.returncode == 4
    assert {contact["code"] for contact in contacts} == {"jump_host_failed"}
    assert all(f"{USER}@{first.host}:{first.port}" in contact["error"] for contact in contacts)
    assert first.said(f"Failed publickey for {USER}") == 1


def test_a_host_that_forbids_forwarding_says_so(world, tmp_path):
    closed = Server(tmp_path, "closed", "127.0.0.1", ["ed25519"], world.authorized, ["AllowTcpForwarding no"])
    world.known_hosts.write_text(world.known_hosts.read_text() + closed.known_hosts())
    router = world.servers["router"]
    entry = {"ip": router.host, "port": router.port, "username": USER, "auth": login(world, "ed25519")}
    contact = world.contact(tmp_path / "run", entry, f"ProxyJump {USER}@{closed.host}:{closed.port}\n")
    closed.stop()
    assert contact["code"] == "jump_host_failed", contact
    assert "does not permit forwarding" in contact["error"], contact


def test_a_command_that_fails_has_the_last_word(world, tmp_path):
    entry = {"ip": "192.0.2.1", "port": 830, "username": USER, "auth": login(world, "ed25519")}
    contact = world.contact(tmp_path / "run", entry, "ProxyCommand echo no way to %h port %p >&2; exit 1\n")
    assert contact["status"] == "tcp", contact
    assert "no way to 192.0.2.1 port 830" in contact["error"], contact


def test_many_routers_share_one_connection_to_their_host(world, tmp_path):
    lab = start_lab(tmp_path / "lab", "--routers", "24")
    devices = json.loads((tmp_path / "lab/devices.json").read_text())
    first = world.servers["first"]
    before = first.said("Accepted publickey")
    key = world.keys / "ed25519"
    text = (
        f"Host hop\n  HostName {first.host}\n  Port {first.port}\n  User {USER}\n  IdentityFile {key}\n"
        "Host 127.*\n  ProxyJump hop\n"
    )
    for entry in devices.values():
        if isinstance(entry, dict):
            entry["auth"]["private_key_path"] = str(tmp_path / "lab/id_ed25519")
    known = tmp_path / "known_hosts"
    known.write_text(first.known_hosts() + (tmp_path / "lab/known_hosts").read_text())
    done = world.run(
        tmp_path / "run", devices, text, "check", "--json", "--connect", "*", known_hosts=known
    )
    lab.terminate()
    lab.wait(timeout=10)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(json.loads(done.stdout)["connect"]) == 24
    assert first.said("Accepted publickey") == before + 1


@pytest.mark.parametrize("path", ["direct", "one hop", "command that runs"])
def test_a_scan_finds_the_keys_that_the_server_has(world, tmp_path, path):
    router = world.servers["router"]
    entry = {"ip": router.host, "port": router.port, "username": USER, "auth": login(world, "ed25519")}
    known = tmp_path / "known_hosts"
    known.write_text(world.servers["first"].known_hosts())
    accepted = router.said("Accepted")
    done = world.run(
        tmp_path / "run", {"router": entry}, way(world, path), "known-hosts", "scan", known_hosts=known
    )
    assert done.returncode == 0, done.stderr
    strip = lambda text: sorted(" ".join(line.split()[:3]) for line in text.splitlines())
    assert strip(known.read_text()) == strip(world.servers["first"].known_hosts() + router.known_hosts())
    assert router.said("Accepted") == accepted


def test_the_netconf_subsystem_by_hand(router):
    hello = '<hello xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability></capabilities></hello>]]>]]>'
    request = '<rpc message-id="1"><get-software-information/></rpc>]]>]]><rpc message-id="2"><close-session/></rpc>]]>]]>'
    command = [
        "ssh", "-F", "none", "-i", router.key, "-p", str(router.port), "-o", f"UserKnownHostsFile={router.known_hosts}",
        "-o", "BatchMode=yes", "-s", f"{router.username}@{router.host}", "netconf",
    ]  # fmt: skip
    done = subprocess.run(command, input=hello + request, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert "<session-id>" in done.stdout and f"<host-name>{router.name}</host-name>" in done.stdout
    assert "session end at" in done.stdout


def test_a_lab_router_is_no_jump_host(router):
    options = ["-F", "none", "-i", router.key, "-o", f"UserKnownHostsFile={router.known_hosts}", "-o", "BatchMode=yes"]
    through = shlex.join(["ssh", *options, "-p", str(router.port), "-W", "%h:%p", f"{router.username}@{router.host}"])
    command = ["ssh", *options, "-o", f"ProxyCommand={through}", f"{router.username}@127.0.0.1", "show version"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode != 0
    assert "open failed" in done.stderr, done.stderr
