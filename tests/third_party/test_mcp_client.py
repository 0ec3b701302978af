"""The official Python client of the Model Context Protocol, and bare JSON lines, against `--lab 3` over stdio."""

import json
import queue
import socket
import subprocess
import threading

import anyio
import jsonschema
import pytest
from conftest import BINARY
from mcp import Client, MCPError, StdioServerParameters

MODERN = "2026-07-28"
LATEST_LEGACY = "2025-11-25"

# Anything that takes longer is a hang.
SECONDS = 60


# The client


@pytest.fixture(params=["legacy", "auto", MODERN])
def era(request):
    return request.param


def talk(era, story, arguments=("--lab", "3")):
    """Runs `story` with a client of that era connected to a server of its own."""

    async def run():
        server = StdioServerParameters(command=BINARY, args=list(arguments))
        with anyio.fail_after(SECONDS):
            async with Client(server, mode=era) as client:
                return await story(client)

    return anyio.run(run)


def text_of(result):
    """The text blocks of a result."""
    return "\n".join(block.text for block in result.content if block.type == "text")


def test_the_wanted_era_is_spoken(era):
    async def story(client):
        return client.protocol_version

    assert talk(era, story) == (LATEST_LEGACY if era == "legacy" else MODERN)


def test_the_server_introduces_itself(era):
    async def story(client):
        return client.server_info, client.instructions, client.server_capabilities

    if era == MODERN:
        pytest.skip("a client that is told the version asks for no introduction")
    info, instructions, capabilities = talk(era, story)
    assert info.name == "rust-junosmcp"
    assert instructions.startswith("Operate Juniper Junos")
    assert capabilities.tools is not None
    assert capabilities.logging is None


def test_the_tools_are_listed_with_valid_schemas(era):
    async def story(client):
        return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in talk(era, story)}
    assert {"get_router_list", "execute_junos_command", "get_junos_config", "read_output"} <= set(tools)
    for tool in tools.values():
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        assert tool.description and tool.title
        assert tool.annotations.read_only_hint is not None
    assert tools["get_router_list"].annotations.read_only_hint is True


def test_a_structured_result_keeps_its_schema(era):
    async def story(client):
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        return tools["get_router_list"], await client.call_tool("get_router_list", {})

    tool, result = talk(era, story)
    assert not result.is_error
    jsonschema.validate(result.structured_content, tool.output_schema)
    assert "edge-1" in json.dumps(result.structured_content)
    assert "edge-1" in text_of(result)


def test_a_command_answers_in_plain_text(era):
    async def story(client):
        return await client.call_tool("execute_junos_command", {"router_name": "edge-1", "command": "show version"})

    result = talk(era, story)
    assert not result.is_error, text_of(result)
    assert "Hostname: edge-1" in text_of(result)
    assert result.structured_content is None
    assert result.meta["bytes"] == len(text_of(result).encode())


@pytest.fixture
def silent(tmp_path):
    """The options for an inventory whose only router accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        router = {
            "ip": "127.0.0.1",
            "port": listener.getsockname()[1],
            "username": "lab",
            "auth": {"type": "password", "password": "unused"},
        }
        for name, text in {"devices.json": json.dumps({"silent": router}), "known_hosts": ""}.items():
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o600)
        folder = str(tmp_path)
        yield ["-f", f"{folder}/devices.json", "--known-hosts-file", f"{folder}/known_hosts"] + [
            "--connect-timeout-secs",
            "3",
        ]


def test_a_call_that_takes_long_tells_its_progress(era, silent):
    steps = []

    async def progress(done, total, message):
        steps.append((done, message))

    async def story(client):
        arguments = {"router_name": "silent", "command": "show version"}
        return await client.call_tool("execute_junos_command", arguments, progress_callback=progress)

    result = talk(era, story, silent)
    assert result.is_error
    assert "[code=connect_timeout]" in text_of(result)
    assert steps and all(message for _, message in steps)
    assert all(earlier[0] < later[0] for earlier, later in zip(steps, steps[1:], strict=False))


def test_a_failure_is_a_result_with_a_code_and_a_hint(era):
    async def story(client):
        return await client.call_tool("execute_junos_command", {"router_name": "nowhere", "command": "show version"})

    result = talk(era, story)
    assert result.is_error
    assert "[code=unknown_router]" in text_of(result)
    assert "hint: " in text_of(result)
    assert result.structured_content["error"]["code"] == "unknown_router"


def test_a_refusal_of_the_router_is_a_result(era):
    async def story(client):
        return await client.call_tool("execute_junos_command", {"router_name": "edge-1", "command": "show nonsense"})

    result = talk(era, story)
    assert result.is_error
    assert "syntax error" in text_of(result)


def test_an_unknown_tool_is_a_protocol_error(era):
    async def story(client):
        with pytest.raises(MCPError) as failure:
            await client.call_tool("no_such_tool", {})
        return failure.value.error.code

    assert talk(era, story) == -32602


def test_a_cut_output_is_read_to_its_end(era):
    async def story(client):
        arguments = {"router_name": "edge-1", "command": "show configuration | display set"}
        whole = await client.call_tool("execute_junos_command", arguments)
        cut = await client.call_tool("execute_junos_command", arguments | {"max_bytes": 1024})
        output_id = cut.meta["output_id"]
        rest = await client.call_tool("read_output", {"output_id": output_id, "max_bytes": 500_000})
        return text_of(whole), text_of(cut), text_of(rest)

    whole, cut, rest = talk(era, story)
    assert len(cut) < len(whole)
    lines = whole.strip().splitlines()
    assert all(line in rest for line in lines)


def test_calls_at_the_same_time_are_all_answered(era):
    async def story(client):
        found = {}

        async def ask(name):
            arguments = {"router_name": name, "command": "show version"}
            found[name] = text_of(await client.call_tool("execute_junos_command", arguments))

        async with anyio.create_task_group() as tasks:
            for name in await names(client):
                tasks.start_soon(ask, name)
        return found

    found = talk(era, story)
    assert len(found) == 3
    assert all(f"Hostname: {name}" in text for name, text in found.items())


async def names(client):
    """The routers of the lab."""
    result = await client.call_tool("get_router_list", {})
    return [row["name"] for row in result.structured_content["routers"]]


def test_a_change_is_checked_and_nothing_is_committed(era):
    async def story(client):
        change = {"router_name": "edge-1", "config_text": "set system time-zone Europe/Oslo"}
        check = await client.call_tool("commit_check_config", change)
        arguments = {"router_name": "edge-1", "config_path": "system time-zone"}
        return check, await client.call_tool("get_junos_config", arguments)

    check, after = talk(era, story)
    assert not check.is_error, text_of(check)
    assert "+  time-zone Europe/Oslo;" in text_of(check)
    assert "Europe/Oslo" not in text_of(after)


def test_a_cut_output_is_read_as_a_resource(era):
    async def story(client):
        arguments = {"router_name": "edge-1", "command": "show configuration | display set", "max_bytes": 1024}
        cut = await client.call_tool("execute_junos_command", arguments)
        return (await client.read_resource(f"junos://outputs/{cut.meta['output_id']}")).contents[0].text

    assert "set system host-name edge-1\n" in talk(era, story)


def test_a_resource_that_does_not_exist_is_a_protocol_error(era):
    async def story(client):
        with pytest.raises(MCPError) as failure:
            await client.read_resource("junos://outputs/o-nothing")
        return failure.value.error.code

    assert talk(era, story) == (-32002 if era == "legacy" else -32602)


# JSON lines without a client


class Lines:
    """A server whose lines are written and read one by one."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [BINARY, "--lab", "3", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.said = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.said.put(line)
        self.said.put(None)

    def write(self, line):
        """One line of bytes, as it is."""
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def send(self, message):
        self.write(json.dumps(message).encode())

    def next(self):
        """The next message, which must be one JSON object on one line; `None` at the end."""
        line = self.said.get(timeout=SECONDS)
        if line is None:
            return None
        message = json.loads(line)
        assert isinstance(message, dict) and message["jsonrpc"] == "2.0", line
        return message

    def answer(self, number):
        """The response with that id; notifications on the way are passed over."""
        while (message := self.next()) is not None:
            if "method" not in message:
                assert message["id"] == number, message
                return message
        raise AssertionError("the server said no more")

    def close(self):
        """Ends the input; what the server says until it ends, and its exit code."""
        self.process.stdin.close()
        rest = []
        while (message := self.next()) is not None:
            rest.append(message)
        return rest, self.process.wait(timeout=10)


@pytest.fixture
def lines():
    lines = Lines()
    yield lines
    lines.process.kill()
    lines.process.wait()
    lines.reader.join()
    lines.process.stdout.close()


def legacy(number, method, **params):
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def modern(number, method, **params):
    meta = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "third-party", "version": "1"},
    }
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params | {"_meta": meta}}


def initialize(lines, version=LATEST_LEGACY):
    """The opening of the older revisions; the version the server chose."""
    lines.send(
        legacy(
            0,
            "initialize",
            protocolVersion=version,
            capabilities={},
            clientInfo={"name": "third-party", "version": "1"},
        )
    )
    result = lines.answer(0)["result"]
    lines.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
    return result["protocolVersion"]


def works(lines, number=99):
    """Asks for something that needs the whole way through the server."""
    lines.send(modern(number, "tools/call", name="get_router_list", arguments={}))
    result = lines.answer(number)["result"]
    assert not result.get("isError"), result
    return "edge-1" in json.dumps(result)


def test_both_eras_can_be_mixed_on_one_process(lines):
    assert initialize(lines) == LATEST_LEGACY
    for number in range(1, 9, 2):
        lines.send(legacy(number, "tools/call", name="get_router_list", arguments={}))
        older = lines.answer(number)["result"]
        lines.send(modern(number + 1, "tools/call", name="get_router_list", arguments={}))
        newer = lines.answer(number + 1)["result"]
        assert "resultType" not in older
        assert newer["resultType"] == "complete"
        assert older["structuredContent"] == newer["structuredContent"]


def test_a_modern_request_needs_no_opening(lines):
    lines.send(modern(1, "server/discover"))
    assert MODERN in lines.answer(1)["result"]["supportedVersions"]
    assert works(lines, 2)


def test_an_initialize_may_follow_a_modern_request(lines):
    assert works(lines, 1)
    assert initialize(lines) == LATEST_LEGACY
    lines.send(legacy(2, "ping"))
    assert lines.answer(2)["result"] == {}


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", LATEST_LEGACY])
def test_an_older_revision_is_echoed(lines, version):
    assert initialize(lines, version) == version


@pytest.mark.parametrize("version", ["2099-01-01", MODERN, "nonsense"])
def test_any_other_revision_gets_the_latest_older_one(lines, version):
    assert initialize(lines, version) == LATEST_LEGACY


def test_an_unknown_modern_version_is_refused(lines):
    request = modern(1, "tools/list")
    request["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2099-01-01"
    lines.send(request)
    error = lines.answer(1)["error"]
    assert error["code"] == -32022
    assert MODERN in error["data"]["supported"]


def test_an_unknown_method_is_refused(lines):
    lines.send(modern(1, "no/such/method"))
    assert lines.answer(1)["error"]["code"] == -32601
    assert works(lines)


@pytest.mark.parametrize("line", [b"this is no JSON", b'{"jsonrpc": "2.0", "id": 1,', b"\xff\xfe\xfd", b'"text"', b"7"])
def test_a_malformed_line_is_answered_and_the_server_lives(lines, line):
    lines.write(line)
    message = lines.answer(None)
    assert message["error"]["code"] in (-32700, -32600)
    assert works(lines)


def test_a_malformed_line_is_not_repeated_to_the_client(lines):
    lines.write(b'{"jsonrpc": "2.0", "password": "hunter2 is my secret"')
    assert "hunter2" not in json.dumps(lines.answer(None))


def test_an_empty_line_is_nothing(lines):
    lines.write(b"")
    lines.write(b"   ")
    assert works(lines)


def test_an_oversized_line_is_answered_and_the_server_lives(lines):
    padding = "x" * (17 * 1024 * 1024)
    lines.send(modern(1, "tools/call", name="get_router_list", arguments={"padding": padding}))
    message = lines.answer(None)
    assert message["error"]["code"] == -32700
    assert len(json.dumps(message)) < 4096
    assert works(lines)


def test_a_batch_is_refused_and_the_server_lives(lines):
    lines.send([modern(1, "tools/list"), modern(2, "tools/list")])
    message = lines.answer(None)
    assert message["error"]["code"] in (-32600, -32700)
    assert works(lines)


def test_a_notification_may_come_first(lines):
    lines.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}})
    lines.send({"jsonrpc": "2.0", "method": "notifications/no-such"})
    assert works(lines)


def test_wrong_arguments_are_a_result_that_names_them(lines):
    lines.send(modern(1, "tools/call", name="execute_junos_command", arguments={"router": "edge-1", "comand": "x"}))
    result = lines.answer(1)["result"]
    assert result["isError"] is True
    assert result["structuredContent"]["error"]["code"] == "unknown_argument"


@pytest.mark.parametrize("before", ["nothing", "initialize", "a call", "a running call"])
def test_the_end_of_the_input_ends_the_server_in_time(lines, before):
    if before == "initialize":
        initialize(lines)
    elif before == "a call":
        assert works(lines)
    elif before == "a running call":
        lines.send(
            modern(
                1,
                "tools/call",
                name="execute_junos_command",
                arguments={"router_name": "edge-1", "command": "show version"},
            )
        )
    rest, code = lines.close()
    assert code == 0
    # What was still running may have been answered or not, but nothing else is said.
    assert [message.get("id") for message in rest if "method" not in message] in ([], [1])


def test_nothing_but_messages_is_on_standard_output(lines):
    initialize(lines)
    lines.send(legacy(1, "tools/list"))
    assert len(lines.answer(1)["result"]["tools"]) > 10
    lines.write(b"garbage")
    lines.answer(None)
    lines.send(legacy(2, "tools/call", name="execute_junos_command", arguments={"router_name": "x", "command": "y"}))
    lines.answer(2)
    # Every line so far was parsed as one message, and so is whatever comes until the end.
    rest, code = lines.close()
    assert (rest, code) == ([], 0)
