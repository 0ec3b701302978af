"""ncclient against the lab, in both framings of NETCONF."""

import pytest
from conftest import PROFILES, eventually
from lxml import etree
from ncclient import NCClientError, manager
from ncclient.operations.rpc import RPCError
from ncclient.transport.errors import AuthenticationError, SSHError

CHUNKS = "urn:ietf:params:netconf:base:1.1"
DIALECT = ["set system services netconf rfc-compliant", "set system services netconf version-1.1"]


def connect(router, **changes):
    """One session as a script would open it, without reading any file of the user."""
    arguments = {
        "host": router.host,
        "port": router.port,
        "username": router.username,
        "key_filename": router.key,
        "hostkey_verify": False,
        "allow_agent": False,
        "look_for_keys": False,
        "device_params": {"name": "junos"},
        "timeout": 20,
    }
    return manager.connect(**(arguments | changes))


@pytest.fixture(params=["end-of-message", "chunks"])
def framed(request, router):
    """A router that speaks one of the two framings."""
    if request.param == "chunks":
        with connect(router) as session:
            session.load_configuration(action="set", config=DIALECT)
            session.commit()
    router.chunked = request.param == "chunks"
    return router


@pytest.fixture
def session(framed):
    with connect(framed) as session:
        yield session


@pytest.fixture
def other(framed):
    with connect(framed) as session:
        yield session


def text_of(reply):
    """All text of a reply of the Junos handler."""
    return "".join(etree.fromstring(reply.tostring).itertext())


def time_zone(session):
    """The time zone in the active configuration, as the router shows it."""
    return text_of(session.command("show configuration system time-zone", format="text")).strip()


def contact(session, source):
    """The SNMP contact in one datastore, read by the standard operation."""
    wanted = ("subtree", "<configuration><snmp><contact/></snmp></configuration>")
    return configuration(session, source=source, filter=wanted).findtext("{*}snmp/{*}contact")


def configuration(session, **arguments):
    """`<configuration>` of a standard read."""
    return etree.fromstring(session.get_config(**arguments).data_xml.encode()).find(".//{*}configuration")


def edit(session, address):
    """Puts a contact into the candidate by the standard operation."""
    session.edit_config(
        target="candidate",
        config=f"<config><configuration><snmp><contact>{address}</contact></snmp></configuration></config>",
    )


def first_contact(session):
    """The contact that the router was installed with."""
    before = contact(session, "running")
    assert before.endswith("@lab.example.net")
    return before


def test_hello_names_the_session_and_the_framing(session, framed):
    assert int(session.session_id) > 0
    capabilities = list(session.server_capabilities)
    assert any("netconf:base:1.0" in capability for capability in capabilities)
    assert (CHUNKS in capabilities) is framed.chunked
    assert ":candidate" in session.server_capabilities
    assert ":confirmed-commit" in session.server_capabilities


def test_two_sessions_have_different_numbers(session, other):
    assert session.session_id != other.session_id


def test_a_command_answers_in_text_and_in_xml(session, framed):
    text = session.command("show version", format="text")
    assert f"Hostname: {framed.name}" in text_of(text)
    xml = session.command("show version", format="xml")
    assert xml.xpath("//host-name")[0].text.strip() == framed.name


def test_a_structured_rpc_answers(session):
    reply = session.rpc("<get-interface-information><terse/></get-interface-information>")
    names = [name.text.strip() for name in reply.xpath("//physical-interface/name")]
    assert "lo0" in names


def test_a_long_reply_arrives_whole(session):
    reply = session.command("show configuration | display set", format="text")
    lines = text_of(reply).strip().splitlines()
    assert len(lines) > 50
    assert all(line.startswith(("set ", "deactivate ")) for line in lines)


def test_the_configuration_reads_as_xml(session, framed):
    whole = configuration(session, source="running")
    assert whole.findtext("{*}system/{*}host-name") == framed.name
    assert whole.find("{*}interfaces/{*}interface") is not None


def test_a_filter_cuts_the_configuration(session):
    wanted = ("subtree", "<configuration><system><host-name/></system></configuration>")
    part = configuration(session, source="running", filter=wanted)
    assert [etree.QName(child).localname for child in part.iter(etree.Element)] == [
        "configuration",
        "system",
        "host-name",
    ]


def test_a_small_edit_is_validated_and_committed(session, other):
    before = first_contact(session)
    with session.locked("candidate"):
        edit(session, "noc@example.net")
        assert contact(session, "candidate") == "noc@example.net"
        assert contact(other, "running") == before
        session.validate(source="candidate")
        session.commit()
    assert contact(other, "running") == "noc@example.net"


def test_discarding_drops_the_edit(session):
    before = first_contact(session)
    edit(session, "nobody@example.net")
    session.discard_changes()
    assert contact(session, "candidate") == before


def test_a_lock_is_refused_to_a_second_session_until_it_is_given_back(session, other):
    session.lock(target="candidate")
    with pytest.raises(RPCError, match="configuration database locked by"):
        other.lock(target="candidate")
    with pytest.raises(RPCError, match="configuration database locked by"):
        edit(other, "other@example.net")
    session.unlock(target="candidate")
    other.lock(target="candidate")
    other.unlock(target="candidate")


def test_a_changed_candidate_cannot_be_locked(session, other):
    edit(session, "busy@example.net")
    with pytest.raises(RPCError, match="configuration database modified"):
        other.lock(target="candidate")


def test_unlocking_throws_uncommitted_changes_away(session):
    before = first_contact(session)
    session.lock(target="candidate")
    edit(session, "gone@example.net")
    session.unlock(target="candidate")
    assert contact(session, "candidate") == before


def test_the_end_of_a_session_frees_its_lock(framed, other):
    before = first_contact(other)
    with connect(framed) as holder:
        holder.lock(target="candidate")
        edit(holder, "gone@example.net")
    # The router answers the goodbye before it has cleaned up.
    eventually(lambda: can_lock(other))
    assert contact(other, "candidate") == before


def can_lock(session):
    """Takes the lock if nobody else holds it."""
    try:
        session.lock(target="candidate")
    except RPCError:
        return False
    return True


def load_set(session):
    session.load_configuration(action="set", config=["set system time-zone Europe/Oslo"])


def load_text(session):
    session.load_configuration(format="text", config="system { time-zone Europe/Oslo; }")


def load_xml(session):
    config = etree.fromstring("<system><time-zone>Europe/Oslo</time-zone></system>")
    session.load_configuration(format="xml", config=config)


def load_json(session):
    config = '{"configuration": {"system": {"time-zone": "Europe/Oslo"}}}'
    session.load_configuration(format="json", config=config)


@pytest.mark.parametrize("load", [load_set, load_text, load_xml, load_json])
def test_a_change_is_loaded_compared_and_committed(session, load):
    load(session)
    difference = text_of(session.compare_configuration())
    assert "[edit system]" in difference
    assert "+  time-zone Europe/Oslo;" in difference
    session.commit(comment="third-party change")
    assert text_of(session.compare_configuration()).strip() == ""
    assert time_zone(session) == "time-zone Europe/Oslo;"
    history = session.rpc("<get-commit-information/>")
    entry = history.xpath("//commit-history")[0]
    assert entry.findtext("log").strip() == "third-party change"
    assert entry.findtext("client").strip() == "netconf"


def test_a_rollback_brings_the_older_configuration_back(session):
    before = time_zone(session)
    load_set(session)
    session.commit()
    session.rollback(rollback=1)
    assert "-  time-zone Europe/Oslo;" in text_of(session.compare_configuration())
    session.commit()
    assert time_zone(session) == before


def test_a_commit_check_activates_nothing(session):
    before = time_zone(session)
    load_set(session)
    session.commit(check=True)
    assert time_zone(session) == before
    assert "Europe/Oslo" in text_of(session.compare_configuration())


def test_a_confirmed_commit_waits_until_the_next_commit(session, other):
    load_set(session)
    session.commit(confirmed=True, timeout="300", comment="try it")
    pending = other.rpc("<get-commit-information/>").xpath("//commit-history")[0]
    assert pending.findtext("commit-confirmed").strip() == "rollback pending"
    other.commit()
    entries = other.rpc("<get-commit-information/>").xpath("//commit-history")
    assert all(entry.find("commit-confirmed") is None for entry in entries)
    assert time_zone(other) == "time-zone Europe/Oslo;"


def test_a_load_that_fails_says_where(session):
    with pytest.raises(RPCError, match="syntax error"):
        session.load_configuration(action="set", config=["set system nonsense 1"])
    session.discard_changes()
    assert text_of(session.compare_configuration()).strip() == ""


def test_a_commit_that_fails_leaves_the_active_configuration(session):
    before = time_zone(session)
    lines = [
        "set system time-zone Europe/Oslo",
        "set protocols bgp group broken type internal export no-such-policy",
    ]
    session.load_configuration(action="set", config=lines)
    with pytest.raises(RPCError):
        session.commit()
    assert time_zone(session) == before
    session.discard_changes()


def test_an_unknown_rpc_is_refused_and_the_session_lives(session):
    with pytest.raises(RPCError, match="syntax error"):
        session.rpc("<get-no-such-thing/>")
    assert session.command("show version", format="text") is not None


def test_an_unknown_command_is_refused_and_the_session_lives(session):
    with pytest.raises(RPCError):
        session.command("show nonsense", format="text")
    assert session.command("show version", format="text") is not None


def test_another_session_can_be_killed(session, framed):
    victim = connect(framed)
    victim.lock(target="candidate")
    session.kill_session(victim.session_id)
    session.lock(target="candidate")
    with pytest.raises(NCClientError):
        victim.command("show version", format="text")
    session.unlock(target="candidate")


def test_closing_ends_the_session_on_both_sides(framed):
    session = connect(framed)
    reply = session.close_session()
    assert "ok" in str(reply)
    assert not session.connected


def test_a_wrong_password_is_refused(router):
    with pytest.raises(AuthenticationError):
        connect(router, key_filename=None, password="wrong")


def host_key(router, number):
    """The base64 of the number-th key in the lab's `known_hosts`."""
    with open(router.known_hosts, encoding="ascii") as lines:
        return list(lines)[number].split()[2]


def test_the_written_host_key_is_the_one_presented(router):
    with connect(router, hostkey_verify=True, hostkey_b64=host_key(router, 0)) as session:
        assert session.connected


def test_the_host_key_of_another_router_is_noticed(router):
    with pytest.raises(SSHError):
        connect(router, hostkey_verify=True, hostkey_b64=host_key(router, 1))


# Every profile, in both framings


@pytest.fixture(params=[(profile, framing) for profile in PROFILES for framing in ("end-of-message", "chunks")])
def faced(request, lab_of):
    """A router of one profile that speaks one framing; old releases know the first alone."""
    profile, framing = request.param
    router = lab_of(profile)[1 if framing == "end-of-message" else 2]
    if framing == "chunks":
        if profile == "old-12.1":
            pytest.skip("releases before base:1.1")
        with connect(router) as session:
            session.load_configuration(action="set", config=DIALECT)
            commit(session)
    router.chunked = framing == "chunks"
    return router


def commit(session, **arguments):
    """A commit. A cluster leaves an element of its reply open, and ncclient closes it only where `ok` has no prefix."""
    try:
        session.commit(**arguments)
    except etree.XMLSyntaxError:
        assert text_of(session.compare_configuration()).strip() == ""


def test_each_profile_says_hello_and_answers(faced):
    with connect(faced) as session:
        assert (CHUNKS in list(session.server_capabilities)) is faced.chunked
        assert f"Hostname: {faced.name}" in text_of(session.command("show version", format="text"))
        assert session.command("show version").xpath("//host-name")[0].text.strip() == faced.name
        assert configuration(session, source="running").findtext("{*}system/{*}host-name") == faced.name
        with pytest.raises(RPCError, match="syntax error"):
            session.rpc("<get-no-such-thing/>")
    assert not session.connected


def test_each_profile_edits_locks_and_commits(faced):
    with connect(faced) as session, connect(faced) as other:
        before = contact(session, "running")
        session.lock(target="candidate")
        with pytest.raises(RPCError, match="configuration database locked by"):
            other.lock(target="candidate")
        edit(session, "noc@example.net")
        assert "+  contact" in text_of(session.compare_configuration())
        session.validate(source="candidate")
        commit(session)
        assert contact(other, "running") == "noc@example.net"
        session.rollback(rollback=1)
        commit(session, comment="back")
        assert contact(other, "running") == before
        session.unlock(target="candidate")


def test_a_switch_reminds_of_a_license_and_commits(lab_of):
    with connect(lab_of("ex-21.4-vc")[1]) as session:
        reply = text_of(session.commit(check=True))
        assert "requires 'bgp' license" in reply and "fpc1" in reply


def test_each_profile_loads_text_and_refuses_what_is_wrong(faced):
    with connect(faced) as session:
        load_text(session)
        assert "+  time-zone Europe/Oslo;" in text_of(session.compare_configuration())
        session.discard_changes()
        with pytest.raises(RPCError, match="syntax error"):
            session.load_configuration(action="set", config=["set system nonsense 1"])
        session.discard_changes()
        assert text_of(session.compare_configuration()).strip() == ""
