"""Two Python clients, the official one and fastmcp, under one roof: the same story is told with each."""

import contextlib
import dataclasses
import os
import ssl
import threading
import urllib.error
import urllib.parse
import urllib.request
import webbrowser

import anyio
import fastmcp
import httpx2
import mcp
import mcp_types
from conftest import BINARY, eventually
from fastmcp.client.auth import OAuth
from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.transports import StdioTransport, StreamableHttpTransport
from identity import Identity
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata

# Anything that takes longer is a hang.
SECONDS = 60


@dataclasses.dataclass
class Stdio:
    """A server of its own for each client."""

    arguments: list
    command: str = BINARY
    environment: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Http:
    """A server that is there, with a token at hand or an identity provider to get one from."""

    url: str
    secret: str | None = None
    identity: Identity | None = None

    def trust(self):
        return self.identity.trust() if self.identity else True


@dataclasses.dataclass
class Answer:
    """What a tool answered, the same for both clients."""

    failed: bool
    text: str
    structured: dict | None


def answer(result):
    text = "\n".join(block.text for block in result.content if block.type == "text")
    return Answer(result.is_error, text, result.structured_content)


class Official:
    """The client of the package `mcp`."""

    @contextlib.asynccontextmanager
    async def connect(self, way, era, person):
        async def asked(_, question):
            action, content = await person(question.message, question.requested_schema)
            return mcp_types.ElicitResult(action=action, content=content)

        async with contextlib.AsyncExitStack() as stack:
            if isinstance(way, Stdio):
                target = mcp.StdioServerParameters(command=way.command, args=way.arguments, env=os.environ | way.environment)
            else:
                client = httpx2.AsyncClient(
                    headers={"Authorization": f"Bearer {way.secret}"} if way.secret else {},
                    auth=self.provider(way) if way.identity else None,
                    verify=way.trust(),
                    timeout=SECONDS,
                )
                target = streamable_http_client(way.url, http_client=await stack.enter_async_context(client))
            client = mcp.Client(target, mode=era, elicitation_callback=asked if person else None)
            self.client = await stack.enter_async_context(client)
            yield self

    def provider(self, way):
        """Asks for a token when the server wants one; the person in front of the browser agrees to everything."""
        asked = []

        async def redirect(address):
            async with httpx2.AsyncClient(verify=way.trust()) as browser:
                asked.append((await browser.get(address)).headers["location"])

        async def callback():
            query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(asked.pop()).query))
            return AuthorizationCodeResult(**query)

        wanted = OAuthClientMetadata(
            client_name="third-party",
            redirect_uris=["http://127.0.0.1:1/callback"],
            grant_types=["authorization_code"],
            response_types=["code"],
            token_endpoint_auth_method="none",
        )
        return OAuthClientProvider(way.url, wanted, Memory(), redirect, callback)

    @property
    def version(self):
        return self.client.protocol_version

    async def tools(self):
        return [tool.name for tool in (await self.client.list_tools()).tools]

    async def call(self, name, arguments, progress=None):
        return answer(await self.client.call_tool(name, arguments, progress_callback=progress))


class Memory:
    """Where the official client keeps its tokens."""

    tokens = client_info = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client_info

    async def set_client_info(self, client_info):
        self.client_info = client_info


class FastMCP:
    """The client of the package `fastmcp`."""

    @contextlib.asynccontextmanager
    async def connect(self, way, era, person):
        async def asked(message, _, question, __):
            action, content = await person(message, question.requested_schema)
            return ElicitResult(action=action, content=content)

        handler = asked if person else None
        client = fastmcp.Client(self.transport(way), mode=era, timeout=SECONDS, elicitation_handler=handler)
        with browser(way):
            async with client as self.client:
                yield self

    def transport(self, way):
        if isinstance(way, Stdio):
            return StdioTransport(way.command, way.arguments, env=os.environ | way.environment, keep_alive=False)
        if way.identity is None:
            return StreamableHttpTransport(way.url, auth=way.secret)
        auth = OAuth(callback_host="127.0.0.1", additional_client_metadata={"token_endpoint_auth_method": "none"})
        return StreamableHttpTransport(way.url, auth=auth, verify=way.trust())

    @property
    def version(self):
        return self.client.protocol_version

    async def tools(self):
        return [tool.name for tool in await self.client.list_tools()]

    async def call(self, name, arguments, progress=None):
        result = await self.client.call_tool(name, arguments, progress_handler=progress, raise_on_error=False)
        return answer(result)


@contextlib.contextmanager
def browser(way):
    """A browser whose user agrees to everything: it follows the redirect to the page that the client serves."""

    def visit(address):
        def arrived():
            try:
                return urllib.request.urlopen(address, context=way.trust(), timeout=SECONDS)
            except urllib.error.HTTPError as error:
                return error
            # The page is served from the moment on that the client waits for it.
            except (urllib.error.URLError, ssl.SSLError):
                return None

        threading.Thread(target=eventually, args=(arrived,), daemon=True).start()
        return True

    opened, webbrowser.open = webbrowser.open, visit
    try:
        yield
    finally:
        webbrowser.open = opened


CLIENTS = {"mcp": Official, "fastmcp": FastMCP}


def talk(client, way, era, story, person=None):
    """Runs `story` with a client that is connected, and that asks `person` when the server has a question."""

    async def run():
        with anyio.fail_after(SECONDS):
            async with CLIENTS[client]().connect(way, era, person) as connected:
                return await story(connected)

    return anyio.run(run)
