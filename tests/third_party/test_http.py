"""Other people's clients over HTTP: the Python client with a bearer token in both eras, curl with OpenSSL over TLS."""

import base64
import hashlib
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import threading

import anyio
import httpx2
import pytest
from conftest import BINARY, stop
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

MODERN = "2026-07-28"
LATEST_LEGACY = "2025-11-25"

# Anything that takes longer is a hang.
SECONDS = 60

SECRET = "A" * 43


def tokens(folder, tools=("*",)):
    """A file with one token, which reads everything unless `tools` says otherwise."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(SECRET.encode()).digest()).rstrip(b"=").decode()
    entry = {"name": "noc", "hash": f"sha256:{digest}", "routers": ["*"], "tools": list(tools)}
    path = folder / "tokens.json"
    path.write_text(json.dumps({"version": 1, "tokens": [entry]}))
    path.chmod(0o600)
    return path


class Server:
    """A server over HTTP, with a lab of three routers unless `lab` says otherwise."""

    def __init__(self, folder, *arguments, program=BINARY, lab="3", environment=None):
        routers = ["--lab", lab] if lab else []
        port = [] if "--port" in arguments else ["--port", "0"]
        self.process = subprocess.Popen(
            [program, *routers, "-t", "streamable-http", *port, *arguments],
            cwd=folder,
            env=os.environ | (environment or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        watchdog = threading.Timer(SECONDS, self.process.kill)
        watchdog.start()
        self.url = None
        for line in self.process.stderr:
            if "streamable-http listening on " in line:
                self.url = line.split(" on ")[1].split()[0]
                break
        watchdog.cancel()
        assert self.url, f"the server ended with {self.process.wait()}"
        # Nobody reads the log, and a full pipe would hold the server up.
        threading.Thread(target=self.process.stderr.read, daemon=True).start()


@pytest.fixture
def serve(tmp_path):
    """Starts servers, and ends them."""
    servers = []

    def start(*arguments):
        servers.append(Server(tmp_path, *arguments))
        return servers[-1]

    yield start
    for server in servers:
        stop(server.process)
        assert server.process.returncode == 0


@pytest.fixture(params=["legacy", "auto", MODERN])
def era(request):
    return request.param


def talk(era, url, story, secret=SECRET):
    """Runs `story` with a client of that era."""

    async def run():
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        with anyio.fail_after(SECONDS):
            async with httpx2.AsyncClient(headers=headers, timeout=SECONDS) as http:
                transport = streamable_http_client(url, http_client=http)
                async with Client(transport, mode=era) as client:
                    return await story(client)

    return anyio.run(run)


@pytest.mark.parametrize("options", [(), ("--stateless",)], ids=["sessions", "stateless"])
def test_calls_with_a_token(era, serve, tmp_path, options):
    server = serve("--tokens-file", str(tokens(tmp_path)), *options)

    async def story(client):
        tools = [tool.name for tool in (await client.list_tools()).tools]
        routers = await client.call_tool("get_router_list", {})
        version = await client.call_tool("execute_junos_command", {"router_name": "edge-1", "command": "show version"})
        denied = await client.call_tool("execute_junos_command", {"router_name": "edge-1", "command": "request system reboot"})
        return client.protocol_version, tools, routers, version, denied

    version, tools, routers, shown, denied = talk(era, server.url, story)
    assert version == (LATEST_LEGACY if era == "legacy" else MODERN)
    assert "execute_junos_command" in tools and "load_and_commit_config" not in tools
    assert "edge-1" in json.dumps(routers.structured_content)
    assert not shown.is_error and "Hostname: edge-1" in shown.content[0].text
    assert denied.is_error and denied.structured_content["error"]["code"] == "read_only"


def test_nobody_comes_in_without_a_token(era, serve, tmp_path):
    server = serve("--tokens-file", str(tokens(tmp_path)))

    async def story(client):
        return await client.list_tools()

    for secret in [None, "B" * 43]:
        with pytest.raises(BaseException):
            talk(era, server.url, story, secret)


def test_calls_at_the_same_time_on_one_connection(era, serve, tmp_path):
    server = serve("--tokens-file", str(tokens(tmp_path)))

    async def story(client):
        outcomes = []

        async def ask(name):
            result = await client.call_tool("execute_junos_command", {"router_name": name, "command": "show version"})
            outcomes.append(result.is_error)

        async with anyio.create_task_group() as group:
            for name in ["edge-1", "core-1"] * 10:
                group.start_soon(ask, name)
        return outcomes

    assert talk(era, server.url, story) == [False] * 20


# curl, which brings OpenSSL


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


def certificates(folder):
    """An authority and, for each kind of key file, a certificate for localhost."""
    authority = ["-keyout", "ca-key.pem", "-out", "ca.pem", "-subj", "/CN=test authority", "-days", "2", "-nodes"]
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", *authority)
    openssl(folder, "genrsa", "-traditional", "-out", "pkcs1.pem", "2048")
    openssl(folder, "ecparam", "-genkey", "-noout", "-name", "prime256v1", "-out", "sec1.pem")
    openssl(folder, "genpkey", "-algorithm", "ed25519", "-out", "pkcs8.pem")
    (folder / "names.txt").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    for kind in ["pkcs1", "sec1", "pkcs8"]:
        (folder / f"{kind}.pem").chmod(0o600)
        openssl(folder, "req", "-new", "-key", f"{kind}.pem", "-subj", "/CN=localhost", "-out", f"{kind}.csr")
        signed = ["-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-days", "2", "-extfile", "names.txt"]
        openssl(folder, "x509", "-req", "-in", f"{kind}.csr", *signed, "-out", f"{kind}.crt")


def curl(folder, *arguments):
    """What curl prints, and its exit code."""
    done = subprocess.run(
        ["curl", "-q", "--silent", "--noproxy", "*", "--max-time", "30", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    return done.returncode, done.stdout


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="curl or openssl is missing")
@pytest.mark.parametrize("kind", ["pkcs1", "sec1", "pkcs8"])
def test_curl_over_tls(kind, serve, tmp_path):
    certificates(tmp_path)
    pair = ["--tls-cert", f"{kind}.crt", "--tls-key", f"{kind}.pem"]
    server = serve("--tokens-file", str(tokens(tmp_path)), *pair)
    assert server.url.startswith("https://127.0.0.1:")
    base = server.url.removesuffix("/mcp")
    for versions in [["--tlsv1.2", "--tls-max", "1.2"], ["--tlsv1.3"]]:
        for protocol in ["--http1.1", "--http2"]:
            known = ["--cacert", "ca.pem", *versions, protocol, "-o", "/dev/null", "-w", "%{http_code} %{http_version}"]
            assert curl(tmp_path, *known, f"{base}/readyz") == (0, "200 2" if protocol == "--http2" else "200 1.1")
    # An older version of TLS, an unknown authority and plain HTTP come to nothing.
    assert curl(tmp_path, "--cacert", "ca.pem", "--tlsv1.0", "--tls-max", "1.1", f"{base}/readyz")[0] != 0
    assert curl(tmp_path, f"{base}/readyz")[0] != 0
    assert curl(tmp_path, f"{base.replace('https', 'http')}/readyz")[0] != 0
    refused = curl(tmp_path, "--cacert", "ca.pem", "-w", "%{http_code}", "-X", "POST", server.url)
    assert refused[1].endswith("401") and "invalid_request" in refused[1]


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="curl or openssl is missing")
def test_the_python_client_over_tls(era, serve, tmp_path):
    certificates(tmp_path)
    server = serve("--tokens-file", str(tokens(tmp_path)), "--tls-cert", "sec1.crt", "--tls-key", "sec1.pem")

    async def run():
        trust = ssl.create_default_context(cafile=str(pathlib.Path(tmp_path) / "ca.pem"))
        headers = {"Authorization": f"Bearer {SECRET}"}
        with anyio.fail_after(SECONDS):
            async with httpx2.AsyncClient(headers=headers, verify=trust, timeout=SECONDS) as http:
                transport = streamable_http_client(server.url, http_client=http)
                async with Client(transport, mode=era) as client:
                    return await client.call_tool("get_router_list", {})

    assert not anyio.run(run).is_error
