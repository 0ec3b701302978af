"""The Python clients `mcp` and `fastmcp` over stdio and HTTP, with a bearer token and with OAuth, in both eras."""

import contextlib
import json
import os
import pathlib
import socket

import pytest
from clients import CLIENTS, Http, Stdio, talk
from conftest import start_lab, stop
from identity import Identity
from test_http import SECRET, Server, tokens

NODE = pathlib.Path(os.environ.get("THIRD_PARTY_NODE", "missing")).resolve() / "node_modules" / ".bin"

MODERN = "2026-07-28"
LATEST_LEGACY = "2025-11-25"


# The scope of a token that may look, and of one that may change routers and the inventory.
READING = ["effect:read", "effect:operate"]
CHANGING = [*READING, "effect:write"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of three routers of a lab, and of one that accepts connections and never says a word."""
    folder = tmp_path_factory.mktemp("site")
    lab = start_lab(folder, "--routers", "3")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        inventory = folder / "devices.json"
        devices = json.loads(inventory.read_text())
        devices["silent"] = {
            "ip": "127.0.0.1",
            "port": listener.getsockname()[1],
            "username": "lab",
            "auth": {"type": "password", "password": "unused"},
        }
        inventory.write_text(json.dumps(devices))
        yield folder
    stop(lab)


def files(folder):
    """The options for the routers that the files in a folder describe."""
    return [
        *("--device-mapping", str(folder / "devices.json"), "--known-hosts-file", str(folder / "known_hosts")),
        *("--connect-timeout-secs", "1"),
    ]


@pytest.fixture(scope="module")
def ways(site, tmp_path_factory):
    """The ways to the routers by name, each opened when it is first asked for."""
    opened, closing = {}, []

    def stateful():
        return [*files(site), "--state-dir", str(tmp_path_factory.mktemp("state"))]

    def serve(*arguments, **environment):
        folder = tmp_path_factory.mktemp("http")
        server = Server(folder, *stateful(), *arguments, lab=None, environment=environment)
        closing.append(lambda: stop(server.process))
        return server.url

    def oauth(algorithm, *options, granted=READING):
        identity = Identity(tmp_path_factory.mktemp("identity"), algorithm, granted)
        closing.append(identity.close)
        return Http(serve(*trusting(identity), *options, SSL_CERT_FILE=str(identity.authority)), identity=identity)

    def bearer(*options, tools=("*",)):
        path = tokens(tmp_path_factory.mktemp("tokens"), tools)
        return Http(serve("--tokens-file", str(path), *options), secret=SECRET)

    asking = ["--confirm", "commits"]
    kinds = {
        "stdio": lambda: Stdio(stateful()),
        "bearer": bearer,
        "stdio that asks": lambda: Stdio([*stateful(), *asking]),
        "bearer that asks": lambda: bearer(*asking, tools=CHANGING),
        "OAuth-ES256": lambda: oauth("ES256"),
        "OAuth-RS256": lambda: oauth("RS256"),
        "OAuth that asks": lambda: oauth("ES256", *asking, granted=CHANGING),
        "bridge": lambda: bridge(way("bearer"), tmp_path_factory.mktemp("bridge")),
    }

    def way(kind):
        if kind not in opened:
            opened[kind] = kinds[kind]()
        return opened[kind]

    yield way
    for close in reversed(closing):
        close()


def trusting(identity):
    """The options of a server that takes the tokens of an identity provider."""
    port = free_port()
    audience = f"http://127.0.0.1:{port}/mcp"
    return ["--oauth-issuer", identity.issuer, "--oauth-audience", audience, "--port", str(port)]


def bridge(there, folder):
    """`mcp-remote` as a program on stdio that hands everything on over HTTP."""
    arguments = [there.url, "--header", f"Authorization:Bearer {there.secret}", "--transport", "http-only", "--allow-http"]
    environment = {"PATH": f"{NODE}{os.pathsep}{os.environ['PATH']}", "MCP_REMOTE_CONFIG_DIR": str(folder)}
    return Stdio(arguments, str(NODE / "mcp-remote"), environment)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture(params=CLIENTS)
def client(request):
    return request.param


@pytest.fixture(params=["legacy", "auto"])
def era(request):
    return request.param


BRIDGE = pytest.param(
    "bridge",
    marks=pytest.mark.skipif(
        not (NODE / "mcp-remote").exists(),
        reason="npm is missing, so that scripts/third-party.sh could not install mcp-remote",
    ),
)


@pytest.mark.parametrize("kind", ["stdio", "bearer", "OAuth-ES256", "OAuth-RS256", BRIDGE])
def test_a_client_lists_calls_and_hears_of_failures(client, kind, era, ways):
    way = ways(kind)
    steps = []

    async def progress(done, total, message):
        steps.append((done, message))

    async def story(connected):
        command = {"router_name": "edge-1", "command": "show version"}
        return (
            connected.version,
            await connected.tools(),
            await connected.call("get_router_list", {}),
            await connected.call("execute_junos_command", command),
            await connected.call("execute_junos_command", command | {"router_name": "silent"}, progress),
        )

    version, tools, routers, shown, failed = talk(client, way, era, story)
    assert version == (LATEST_LEGACY if era == "legacy" else MODERN)
    # A token that reads sees no tool that commits.
    assert ("load_and_commit_config" in tools) == (kind == "stdio")
    assert "edge-1" in json.dumps(routers.structured)
    assert not shown.failed and "Hostname: edge-1" in shown.text
    assert failed.failed and failed.structured["error"]["code"] == "connect_timeout"
    assert steps and all(message for _, message in steps)
    if kind.startswith("OAuth"):
        # The client found its way from the 401 on, and the server fetched the keys by itself.
        seen = {"/.well-known/oauth-authorization-server", "/register", "/authorize", "/token", "/keys"}
        assert seen <= set(way.identity.seen)


@pytest.mark.parametrize("kind", ["stdio that asks", "bearer that asks", "OAuth that asks"])
def test_a_commit_is_the_decision_of_a_person(client, kind, era, ways):
    place = f"{client}-{era}-{kind[0]}"
    change = {"router_name": "edge-1", "config_text": f"set snmp location {place}"}
    decisions = [("decline", None), ("accept", {"confirm": False}), ("cancel", None), ("accept", {"confirm": True})]
    questions = []

    async def person(message, _):
        questions.append(message)
        return decisions[len(questions) - 1]

    async def story(connected):
        told = []
        for _ in decisions:
            outcome = await connected.call("load_and_commit_config", change)
            shown = await connected.call("get_junos_config", {"router_name": "edge-1", "config_path": "snmp location"})
            told.append((outcome, place in shown.text))
        return told

    *refused, (committed, is_there) = talk(client, ways(kind), era, story, person)
    for outcome, has_changed in refused:
        assert outcome.failed and outcome.structured["error"]["code"] == "declined", outcome
        assert not has_changed
    assert not committed.failed and committed.structured["outcome"] == "committed", committed
    assert is_there
    # Each question shows what would be committed, and where.
    assert len(questions) == len(decisions)
    assert all(place in question and "edge-1" in question for question in questions)


@pytest.fixture
def enrolling(site, tmp_path):
    """Files that do not know the router `edge-1` yet, and what a person would fill in to add it."""
    devices = json.loads((site / "devices.json").read_text())
    entry = devices.pop("edge-1")
    for name, text in {"devices.json": json.dumps(devices), "known_hosts": ""}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    return tmp_path, {
        "device_ip": entry["ip"],
        "device_port": entry["port"],
        "username": entry["username"],
        "private_key_path": str(site / "id_ed25519"),
        "test_connection": True,
    }


@contextlib.contextmanager
def reached(kind, folder):
    """A server of its own for the files in a folder, by the way of that kind."""
    options = [*files(folder), "--state-dir", str(folder / "state")]
    with contextlib.ExitStack() as closing:

        def serve(*more, **environment):
            server = Server(folder, *options, *more, lab=None, environment=environment)
            closing.callback(stop, server.process)
            return server.url

        match kind:
            case "stdio":
                yield Stdio(options)
            case "bearer":
                yield Http(serve("--tokens-file", str(tokens(folder, CHANGING))), secret=SECRET)
            case "OAuth":
                identity = Identity(folder, "ES256", CHANGING)
                closing.callback(identity.close)
                yield Http(serve(*trusting(identity), SSL_CERT_FILE=str(identity.authority)), identity=identity)


@pytest.mark.parametrize("kind", ["stdio", "bearer", "OAuth"])
def test_a_router_is_added_with_what_a_person_fills_in(client, kind, era, enrolling):
    folder, filled = enrolling
    before = (folder / "devices.json").read_text()
    answers = [("decline", None), ("accept", filled), ("accept", {"confirm": True})]
    asked = []

    async def person(message, form):
        asked.append((message, form["properties"]))
        return answers[len(asked) - 1]

    async def story(connected):
        declined = await connected.call("add_device", {"device_name": "edge-1"})
        unchanged = (folder / "devices.json").read_text()
        added = await connected.call("add_device", {"device_name": "edge-1"})
        version = {"router_name": "edge-1", "command": "show version"}
        return declined, unchanged, added, await connected.call("execute_junos_command", version)

    with reached(kind, folder) as way:
        declined, unchanged, added, shown = talk(client, way, era, story, person)
    assert declined.failed and declined.structured["error"]["code"] == "declined"
    assert unchanged == before
    assert not added.failed and added.structured["status"] == "added", added
    assert not shown.failed and "Hostname: edge-1" in shown.text
    # One form for what was missing, without a password, and one question about the key.
    (_, form), (_, again), (question, _) = asked
    assert set(filled) == set(form) == set(again)
    assert added.structured["fingerprint"] in question
    assert added.structured["fingerprint"].startswith("SHA256:")
    assert json.loads((folder / "devices.json").read_text())["edge-1"]["port"] == filled["device_port"]
