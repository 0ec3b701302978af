"""ncclient against the lab."""

import pytest
from ncclient import manager
from ncclient.operations.rpc import RPCError


@pytest.fixture
def session(router):
    with manager.connect(
        host=router.host,
        port=router.port,
        username=router.username,
        key_filename=router.key,
        hostkey_verify=False,
        allow_agent=False,
        look_for_keys=False,
        device_params={"name": "junos"},
        timeout=20,
    ) as session:
        yield session


def test_hello_names_the_session_and_the_capabilities(session):
    assert int(session.session_id) > 0
    assert any("netconf:base:1.0" in capability for capability in session.server_capabilities)


def test_a_command_answers_in_text_and_in_xml(session, router):
    text = session.command("show version", format="text")
    assert router.name in text.tostring.decode()
    xml = session.command("show version", format="xml")
    assert xml.xpath("//host-name")[0].text.strip() == router.name


def test_an_unknown_rpc_is_refused_and_the_session_lives(session):
    with pytest.raises(RPCError, match="syntax error"):
        session.rpc("<get-no-such-thing/>")
    assert session.command("show version", format="text") is not None


def test_the_configuration_reads_as_xml(session, router):
    reply = session.get_config(source="running")
    assert reply.data_xml.count("<host-name>") == 1
    assert router.name in reply.data_xml
