"""PyEZ against the lab."""

import pytest
from conftest import PROFILES
from jnpr.junos import Device
from jnpr.junos.exception import (
    CommitError,
    ConfigLoadError,
    ConnectAuthError,
    ConnectRefusedError,
    LockError,
    RpcError,
    UnlockError,
)
from jnpr.junos.facts import _callbacks
from jnpr.junos.op.arp import ArpTable
from jnpr.junos.op.bgp import bgpTable
from jnpr.junos.op.ethport import EthPortTable
from jnpr.junos.op.fpc import FpcInfoTable
from jnpr.junos.op.lldp import LLDPNeighborTable
from jnpr.junos.op.ospf import OspfNeighborTable
from jnpr.junos.op.phyport import PhyPortErrorTable, PhyPortStatsTable, PhyPortTable
from jnpr.junos.op.routes import RouteSummaryTable, RouteTable
from jnpr.junos.utils.config import Config
from jnpr.junos.utils.fs import FS
from lxml import etree

OSLO = "set system time-zone Europe/Oslo"


def open_device(router, **changes):
    """One device as a script would open it."""
    arguments = {
        "host": router.host,
        "port": router.port,
        "user": router.username,
        "ssh_private_key_file": router.key,
        "gather_facts": False,
        "conn_open_timeout": 20,
    }
    device = Device(**(arguments | changes)).open()
    device.timeout = 20
    return device


@pytest.fixture
def device(router):
    device = open_device(router)
    yield device
    device.close()


@pytest.fixture
def other(router):
    device = open_device(router)
    yield device
    device.close()


@pytest.fixture
def config(device):
    return Config(device)


def history(device):
    """The commits, the newest first."""
    return device.rpc.get_commit_information().findall("commit-history")


def time_zone(device):
    """The time zone in the active configuration."""
    wanted = "<system><time-zone/></system>"
    return device.rpc.get_config(filter_xml=wanted, options={"database": "committed"}).findtext(".//time-zone")


# Facts


def test_the_facts_describe_the_router(device, router):
    facts = device.facts
    assert facts["hostname"] == router.name
    assert facts["fqdn"] == f"{router.name}.{facts['domain']}"
    assert facts["model"].upper() == "VSRX"
    assert facts["version"] == facts["version_RE0"] == "24.4R1.9"
    assert facts["version_info"] > (24, 3)
    assert facts["serialnumber"]
    assert facts["RE0"]["mastership_state"] == "master"
    assert facts["RE0"]["up_time"]
    assert facts["RE1"] is None
    assert facts["2RE"] is False
    assert facts["master"] == "RE0"
    assert facts["HOME"].endswith(f"/{router.username}")
    assert device.uptime > 0


def test_every_fact_is_gathered_without_an_exception(device):
    device.facts_refresh(exception_on_failure=True)
    assert {name for name in _callbacks if not name.startswith("_")} <= set(device.facts)


def test_routers_of_one_lab_differ(lab):
    serials = set()
    for router in lab:
        with open_device(router) as device:
            assert device.facts["hostname"] == router.name
            serials.add(device.facts["serialnumber"])
    assert len(serials) == len(lab)


# Every profile


@pytest.fixture(params=PROFILES)
def face(request, lab_of):
    """A device of one profile, and that profile's name."""
    device = open_device(lab_of(request.param)[0])
    yield device, request.param
    device.close()


# What the facts say of each profile.
FACES = {
    "vsrx-24.4": {"model": "VSRX", "2RE": False, "srx_cluster": False, "vc_capable": False, "switch_style": "NONE"},
    "vmx-22.4": {"model": "MX960", "2RE": True, "personality": "MX", "current_re": ["master", "re0"], "vc_capable": False},
    "ex-21.4-vc": {"model": "EX4300-48P", "2RE": True, "vc_capable": True, "vc_master": "0", "switch_style": "VLAN_L2NG"},
    "srx-cluster-23.4": {"model": "SRX1500", "2RE": True, "srx_cluster": True, "current_re": ["node0", "primary"]},
    "old-12.1": {"model": "FIREFLY-PERIMETER", "2RE": False, "version": "12.1X46-D65", "personality": "SRX_BRANCH"},
}


def test_each_profile_has_its_facts_and_none_fails(face):
    device, profile = face
    device.facts_refresh(exception_on_failure=True)
    facts = device.facts
    assert {name: facts[name] for name in FACES[profile]} == FACES[profile]
    assert facts["hostname"] == "edge-1"
    assert facts["fqdn"] == "edge-1.lab.example.net"
    assert f"-{facts['version'][:4]}" in profile
    assert facts["serialnumber"].startswith("LAB")
    assert facts["RE0"]["mastership_state"] == "master"


def test_two_engines_are_a_master_and_a_backup(lab_of):
    with open_device(lab_of("vmx-22.4")[0]) as device:
        facts = device.facts
        assert (facts["RE0"]["mastership_state"], facts["RE1"]["mastership_state"]) == ("master", "backup")
        assert facts["version_RE0"] == facts["version_RE1"] == facts["version"]
        results = Config(device).commit(sync=True, detail=True)
        marks = [(engine.findtext("name"), engine[1].tag) for engine in results.iter("routing-engine")]
        assert marks == [("re0", "commit-check-success"), ("re1", "commit-success"), ("re0", "commit-success")]


def test_a_question_about_one_node_of_a_cluster_is_answered_by_it(lab_of):
    with open_device(lab_of("srx-cluster-23.4")[0]) as device:
        both = device.rpc.get_system_uptime_information(normalize=True)
        assert [name.text for name in both.iter("re-name")] == ["node0", "node1"]
        # Routing does not run on the node that stands by.
        assert len(both.findall(".//protocols-started-time")) == 1
        one = device.rpc.get_software_information(node="1", normalize=True)
        assert [name.text for name in one.iter("re-name")] == ["node1"]
        with pytest.raises(RpcError, match="routing subsystem is not running"):
            device.rpc.get_bgp_summary_information(node="1")


def test_the_tables_of_routing_are_filled_on_each_profile(face):
    device, _ = face
    peers = bgpTable(device).get()
    assert sorted(peer.local_as for peer in peers) == ["65001", "65001"]
    assert all(peer.peer_id and int(peer.route_received) > 0 for peer in peers)
    assert {neighbor.remote_sysname for neighbor in LLDPNeighborTable(device).get()} == {"core-1", "edge-2"}
    assert all(neighbor.ospf_neighbor_state == "Full" for neighbor in OspfNeighborTable(device).get())
    routes = RouteTable(device).get(protocol="ospf")
    assert "192.0.2.2/32" in routes.keys()
    assert "inet.0" in RouteSummaryTable(device).get().keys()


def test_the_tables_of_interfaces_are_filled_on_each_profile(face):
    device, _ = face
    port = PhyPortTable(device).get()["ge-0/0/0"]
    assert (port.oper, port.admin, port.mtu) == ("up", "up", 9000)
    assert port.description.startswith("to core-1")
    assert EthPortTable(device).get("ge-0/0/0")[0].macaddr == port.macaddr
    counted = PhyPortStatsTable(device).get("ge-0/0/0")[0]
    assert counted.rx_bytes > 0 and counted.tx_packets > 0
    assert PhyPortErrorTable(device).get("ge-0/0/0")[0].rx_err_input == 0
    assert "ge-0/0/0.0" in {entry.interface_name for entry in ArpTable(device).get()}
    if device.facts["vc_capable"] is False and not device.facts["srx_cluster"]:
        assert FpcInfoTable(device).get()[0].state == "Online"


@pytest.fixture(params=PROFILES)
def changing(request, lab_of):
    """A device of one profile that tests change, and that profile's name."""
    router = lab_of(request.param)[1]
    device = open_device(router)
    yield device, request.param
    device.close()


def succeeds(step, profile):
    """Takes a step that commits or checks. A cluster leaves an element of its reply open, at which PyEZ stumbles."""
    if profile != "srx-cluster-23.4":
        assert step() is True
        return
    with pytest.raises(etree.XMLSyntaxError):
        step()


def test_each_profile_loads_every_form_it_knows(changing):
    device, profile = changing
    config = Config(device)
    for form, (payload, arguments) in LOADS.items():
        if form == "json" and profile == "old-12.1":
            with pytest.raises((ConfigLoadError, RpcError)):
                config.load(payload, **arguments)
            continue
        config.lock()
        config.load(payload, **arguments)
        assert config.diff() == "\n[edit system]\n-  time-zone UTC;\n+  time-zone Europe/Oslo;\n", form
        succeeds(config.commit_check, profile)
        config.rollback(0)
        assert config.diff() is None
        config.unlock()


@pytest.mark.parametrize("mode", ["private", "exclusive"])
def test_each_profile_commits_in_every_mode(changing, mode):
    device, profile = changing
    with Config(device, mode=mode) as config:
        config.load("set system location building B7")
        assert "building B7;" in config.diff()
        succeeds(lambda: config.commit(comment=mode), profile)
        config.load("delete system location")
        succeeds(config.commit, profile)
    assert history(device)[1].findtext("log").strip() == mode


# Sessions


def test_closing_ends_the_connection(router):
    device = open_device(router)
    assert device.connected
    device.close()
    assert not device.connected


def test_a_wrong_password_is_refused(router):
    with pytest.raises(ConnectAuthError):
        open_device(router, ssh_private_key_file=None, passwd="wrong", allow_agent=False, look_for_keys=False)


def test_a_port_without_a_router_refuses(router):
    with pytest.raises(ConnectRefusedError):
        open_device(router, port=1)


def test_the_port_of_a_router_answers_a_probe(device):
    assert device.probe(timeout=5)


# Loading, comparing, committing

LOADS = {
    "set": (OSLO, {"format": "set"}),
    "text": ("system { time-zone Europe/Oslo; }", {"format": "text", "merge": True}),
    "xml": (
        "<configuration><system><time-zone>Europe/Oslo</time-zone></system></configuration>",
        {"format": "xml", "merge": True},
    ),
    "json": ('{"configuration": {"system": {"time-zone": "Europe/Oslo"}}}', {"format": "json", "merge": True}),
    "patch": ("[edit system]\n-  time-zone UTC;\n+  time-zone Europe/Oslo;\n", {"format": "text", "patch": True}),
}


@pytest.mark.parametrize("form", sorted(LOADS))
def test_a_change_is_loaded_compared_and_committed(device, config, form, capsys):
    assert config.diff() is None
    payload, arguments = LOADS[form]
    config.lock()
    config.load(payload, **arguments)
    difference = config.diff()
    assert difference == "\n[edit system]\n-  time-zone UTC;\n+  time-zone Europe/Oslo;\n"
    config.pdiff()
    assert capsys.readouterr().out.strip() == difference.strip()
    assert config.commit_check() is True
    assert time_zone(device) == "UTC"
    assert config.commit(comment=f"by {form}") is True
    assert config.unlock() is True
    assert time_zone(device) == "Europe/Oslo"
    assert config.diff() is None
    assert config.diff(rb_id=1) == difference
    assert history(device)[0].findtext("log").strip() == f"by {form}"


def test_a_template_is_rendered_and_loaded(config, tmp_path):
    template = tmp_path / "zone.set"
    template.write_text("set system time-zone {{ zone }}\n")
    config.load(template_path=str(template), template_vars={"zone": "Asia/Tokyo"})
    assert "+  time-zone Asia/Tokyo;" in config.diff()


def test_a_whole_configuration_can_replace_the_candidate(device, config):
    whole = device.rpc.get_config(options={"format": "text", "database": "committed"}).text
    config.load(whole.replace("time-zone UTC;", "time-zone Europe/Oslo;"), format="text", overwrite=True)
    assert config.diff() == "\n[edit system]\n-  time-zone UTC;\n+  time-zone Europe/Oslo;\n"


def test_an_update_with_the_same_configuration_changes_nothing(device, config):
    whole = device.rpc.get_config(options={"format": "text", "database": "committed"}).text
    config.load(whole, format="text", update=True)
    assert config.diff() is None


def test_a_confirmed_commit_is_kept_by_the_next_commit(device, config):
    config.load(OSLO)
    config.commit(confirm=1, comment="try it")
    assert history(device)[0].findtext("commit-confirmed").strip() == "rollback pending"
    config.commit(comment="keep it")
    assert all(entry.find("commit-confirmed") is None for entry in history(device))
    assert time_zone(device) == "Europe/Oslo"


def test_a_commit_tells_its_details(config):
    config.load(OSLO)
    results = config.commit(detail=True, sync=True, full=True)
    assert results.tag == "commit-results"
    assert results.find(".//commit-success") is not None


def test_a_rollback_brings_the_older_configuration_back(device, config):
    config.load(OSLO)
    config.commit()
    assert config.rollback(1) is True
    assert "-  time-zone Europe/Oslo;" in config.diff()
    config.commit()
    assert time_zone(device) == "UTC"


def test_rolling_back_to_zero_drops_the_changes(config):
    config.load(OSLO)
    config.rollback(0)
    assert config.diff() is None


def test_a_rollback_that_was_never_committed_is_refused(config):
    with pytest.raises(RpcError):
        config.rollback(40)


@pytest.mark.parametrize(
    ("payload", "form", "word"),
    [
        ("set system nonsense 4", "set", "nonsense"),
        ("set interfaces ge-0/0/0 unit x", "set", "x"),
        ("system { nonsense 4; }", "text", "nonsense"),
        ("<configuration><system><nonsense/></system></configuration>", "xml", "nonsense"),
    ],
)
def test_a_load_that_fails_names_the_word(config, payload, form, word):
    with pytest.raises(ConfigLoadError) as failure:
        config.load(payload, format=form, merge=form != "set")
    assert any(error["bad_element"] == word for error in failure.value.errs)
    config.rollback(0)
    assert config.diff() is None


def test_deleting_what_is_absent_is_a_warning_that_can_be_ignored(config):
    absent = "delete system location building"
    with pytest.raises(ConfigLoadError) as failure:
        config.load(absent)
    assert [error["severity"] for error in failure.value.errs] == ["warning"]
    config.load(absent, ignore_warning="statement not found")


def test_a_commit_that_fails_says_why_and_changes_nothing(device, config):
    config.load(OSLO)
    config.load("set protocols bgp group broken type internal export no-such-policy")
    for attempt in (config.commit_check, config.commit):
        with pytest.raises(CommitError, match="no-such-policy"):
            attempt()
    assert time_zone(device) == "UTC"
    config.rollback(0)


# Locks and databases


def test_a_lock_keeps_others_out_until_it_is_given_back(config, other):
    config.lock()
    with pytest.raises(LockError, match="configuration database locked by"):
        Config(other).lock()
    with pytest.raises(ConfigLoadError, match="configuration database locked by"):
        Config(other).load(OSLO)
    config.unlock()
    assert Config(other).lock() is True


def test_changes_without_a_lock_keep_others_from_locking(config, other):
    config.load(OSLO)
    with pytest.raises(LockError, match="configuration database modified"):
        Config(other).lock()
    config.rollback(0)
    assert Config(other).lock() is True


def test_what_is_not_locked_cannot_be_unlocked(config):
    with pytest.raises(UnlockError):
        config.unlock()


@pytest.mark.parametrize("mode", ["exclusive", "private"])
def test_a_change_in_a_database_of_ones_own_is_committed(device, mode):
    with Config(device, mode=mode) as config:
        config.load(OSLO)
        assert "+  time-zone Europe/Oslo;" in config.diff()
        config.commit(comment=mode)
    assert time_zone(device) == "Europe/Oslo"
    assert history(device)[0].findtext("log").strip() == mode


@pytest.mark.parametrize("mode", ["exclusive", "private"])
def test_a_database_of_ones_own_forgets_what_was_not_committed(device, other, mode):
    with Config(device, mode=mode) as config:
        config.load(OSLO)
    assert Config(other).diff() is None
    assert Config(other).lock() is True


def test_exclusive_mode_keeps_others_out(device, other):
    with Config(device, mode="exclusive"):
        with pytest.raises(LockError):
            Config(other).lock()
    assert Config(other).lock() is True


def test_private_changes_are_nobody_elses(device, other):
    with Config(device, mode="private") as mine:
        mine.load(OSLO)
        assert Config(other).diff() is None


def test_private_mode_refuses_a_confirmed_commit(device):
    with Config(device, mode="private") as config:
        config.load(OSLO)
        with pytest.raises(CommitError, match="private"):
            config.commit(confirm=1)
    assert time_zone(device) == "UTC"


def test_the_rescue_configuration_is_saved_loaded_and_deleted(device, config):
    assert config.rescue("get") is None
    assert config.rescue("save") is True
    assert "time-zone UTC;" in config.rescue("get")
    config.load(OSLO)
    config.commit()
    assert config.rescue("reload") is not False
    assert "+  time-zone UTC;" in config.diff()
    config.rollback(0)
    assert config.rescue("delete") is True
    assert config.rescue("reload") is False


# Commands, RPCs and files


def test_a_command_answers_in_three_forms(device, router):
    assert f"Hostname: {router.name}" in device.cli("show version", warning=False)
    assert device.cli("show version", format="xml", warning=False).findtext("host-name").strip() == router.name
    answer = device.cli("show version", format="json", warning=False)
    assert answer["software-information"][0]["host-name"][0]["data"] == router.name


def test_a_wrong_command_is_refused(device):
    with pytest.raises(RpcError, match="syntax error"):
        device.cli("show nonsense", warning=False)
    assert device.cli("show version", warning=False)


def test_a_command_tells_its_rpc(device):
    assert device.display_xml_rpc("show bgp summary").tag == "get-bgp-summary-information"
    written = device.display_xml_rpc("show interfaces terse lo0", format="text")
    asked = etree.fromstring(written)
    assert (asked.tag, asked.findtext("interface-name")) == ("get-interface-information", "lo0")
    assert asked.find("terse") is not None
    assert "No RPC equivalent found" in device.display_xml_rpc("show nonsense", format="text")


def test_an_rpc_answers_in_three_forms(device, router):
    assert device.rpc.get_software_information().findtext("host-name").strip() == router.name
    assert f"Hostname: {router.name}" in device.rpc.get_software_information({"format": "text"}).text
    answer = device.rpc.get_software_information({"format": "json"})
    assert answer["software-information"][0]["host-name"][0]["data"] == router.name


def test_an_rpc_takes_arguments_and_normalizes(device):
    reply = device.rpc.get_interface_information(interface_name="lo0", terse=True, normalize=True)
    assert [name.text for name in reply.findall("physical-interface/name")] == ["lo0"]


def test_an_unknown_rpc_is_refused(device):
    with pytest.raises(RpcError, match="syntax error"):
        device.rpc.get_no_such_thing()


def test_the_configuration_is_read_in_four_forms(device, router):
    host_name = "<system><host-name/></system>"
    assert device.rpc.get_config(filter_xml=host_name).findtext("system/host-name") == router.name
    text = device.rpc.get_config(filter_xml=host_name, options={"format": "text"}).text
    assert f"host-name {router.name};" in text
    lines = device.rpc.get_config(options={"format": "set"}).text
    assert f"set system host-name {router.name}\n" in lines
    answer = device.rpc.get_config(filter_xml=host_name, options={"format": "json"})
    assert answer["configuration"]["system"]["host-name"] == router.name


def test_files_are_listed_read_copied_and_deleted(device):
    files = FS(device)
    listed = files.ls("/var/log")["files"]["messages"]
    assert listed["type"] == "file" and listed["size"] > 0
    assert "UI_LOGIN_EVENT" in files.cat("/var/log/messages")
    assert files.cp("/var/log/messages", "/var/tmp/copy") is True
    assert files.mv("/var/tmp/copy", "/var/tmp/moved") is True
    assert sorted(files.ls("/var/tmp")["files"]) == ["moved"]
    assert "UI_LOGIN_EVENT" in files.cat("/var/tmp/moved")
    lengths = {method: len(files.checksum("/var/tmp/moved", method)) for method in ("md5", "sha1", "sha256")}
    assert lengths == {"md5": 32, "sha1": 40, "sha256": 64}
    assert files.rm("/var/tmp/moved") is True
    assert files.ls("/var/tmp/moved") is None
    assert files.cat("/var/tmp/moved") is None


def test_storage_is_told_and_what_a_cleanup_would_delete(device):
    files = FS(device)
    assert all(disk["total_blocks"] > 0 for disk in files.storage_usage().values())
    files.cp("/var/log/messages", "/var/tmp/old-log")
    assert list(files.storage_cleanup_check()) == ["/var/tmp/old-log"]
