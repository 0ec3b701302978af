"""NAPALM against the lab: every getter the lab knows on every profile, and its life of a candidate."""

import re

import pytest
from conftest import PROFILES, eventually
from jnpr.junos.exception import ConnectRefusedError
from napalm import get_network_driver
from napalm.base.exceptions import CommitConfirmException, MergeConfigException

OSLO = "set system time-zone Europe/Oslo"


def open_driver(router, **changes):
    """One NAPALM session as a script would open it."""
    options = {"port": router.port, "key_file": router.key} | changes.pop("optional_args", {})
    driver = get_network_driver("junos")(router.host, router.username, "", timeout=30, optional_args=options)
    driver.open()
    return driver


@pytest.fixture(params=PROFILES)
def driver(request, lab_of):
    """A session with the first router of a lab of one profile; nothing is changed over it."""
    driver = open_driver(lab_of(request.param)[0])
    yield driver
    driver.close()


@pytest.fixture
def editor(router):
    """A session with a fresh router, to change it."""
    driver = open_driver(router)
    yield driver
    driver.close()


def time_zone(driver):
    """The time zone in the active configuration."""
    return driver.cli(["show configuration system time-zone"])["show configuration system time-zone"].strip()


def profile_of(request):
    return request.node.callspec.params["driver"]


def is_mac(text):
    return re.fullmatch(r"([0-9A-F]{2}:){5}[0-9A-F]{2}", text) is not None


# Getters


def test_the_facts_describe_the_router(driver, request):
    facts = driver.get_facts()
    assert facts["vendor"] == "Juniper"
    assert facts["hostname"] == "edge-1"
    assert facts["fqdn"] == "edge-1.lab.example.net"
    assert f"-{facts['os_version'][:4]}" in profile_of(request)
    assert facts["model"] not in ("", "None")
    assert facts["serial_number"].startswith("LAB")
    assert facts["uptime"] > 0
    assert "ge-0/0/0" in facts["interface_list"]


def test_interfaces_have_state_addresses_and_counters(driver):
    interfaces = driver.get_interfaces()
    port = interfaces["ge-0/0/0"]
    assert port["is_up"] and port["is_enabled"] and port["mtu"] == 9000 and is_mac(port["mac_address"])
    assert port["description"].startswith("to core-1")
    assert any(not interface["is_up"] for interface in interfaces.values())
    addresses = driver.get_interfaces_ip()
    assert list(addresses["ge-0/0/0.0"]["ipv4"].values()) == [{"prefix_length": 31}]
    assert addresses["lo0.0"]["ipv6"]
    counters = driver.get_interfaces_counters()
    assert counters["ge-0/0/0"]["rx_octets"] > 0 and counters["ge-0/0/0"]["tx_octets"] > 0


def test_bgp_neighbors_are_up_and_counted(driver):
    neighbors = driver.get_bgp_neighbors()["global"]
    assert neighbors["router_id"] == "192.0.2.1"
    assert len(neighbors["peers"]) == 2
    for peer in neighbors["peers"].values():
        assert peer["is_up"] and peer["is_enabled"] and peer["uptime"] > 0
        assert peer["local_as"] == 65001 and peer["remote_as"] > 0
        assert peer["address_family"]["ipv4"]["received_prefixes"] > 0
    detail = driver.get_bgp_neighbors_detail()
    found = [entry for peers in detail["global"].values() for entry in peers]
    assert len(found) == 2
    assert all(entry["up"] and entry["connection_state"] == "Established" for entry in found)
    assert all(entry["advertised_prefix_count"] > 0 for entry in found)
    assert {"CORE", "TRANSIT"} <= set(driver.get_bgp_config())


def test_lldp_neighbors_are_the_routers_of_the_lab(driver):
    assert driver.get_lldp_neighbors() == {
        "ge-0/0/0": [{"hostname": "core-1", "port": "ge-0/0/0"}],
        "ge-0/0/1": [{"hostname": "edge-2", "port": "ge-0/0/1"}],
    }
    detail = driver.get_lldp_neighbors_detail()
    assert detail["ge-0/0/0"][0]["remote_system_name"] == "core-1"
    assert is_mac(detail["ge-0/0/0"][0]["remote_chassis_id"])


def test_the_configuration_is_read(driver):
    configuration = driver.get_config()
    assert "host-name edge-1;" in configuration["running"]
    assert "host-name edge-1;" in configuration["candidate"]
    secret = re.search(r'"\$9\$[^"]+"', configuration["running"]).group()
    assert secret not in driver.get_config(sanitized=True)["running"]


def test_the_environment_is_read(driver, request):
    environment = driver.get_environment()
    if profile_of(request) == "ex-21.4-vc":
        # NAPALM does not look into the replies that the members of a virtual chassis give together.
        return
    assert all(fan["status"] for fan in environment["fans"].values())
    assert all(not sensor["is_critical"] for sensor in environment["temperature"].values())
    if profile_of(request) in ("vmx-22.4", "srx-cluster-23.4"):
        # Elsewhere engines have no slot, by which NAPALM finds them.
        assert environment["cpu"] and environment["memory"]["available_ram"] > 0


def test_neighbours_on_the_link_are_known(driver):
    table = driver.get_arp_table()
    assert all(is_mac(entry["mac"]) and entry["age"] > 0 for entry in table)
    assert "ge-0/0/0.0" in {entry["interface"] for entry in table}
    assert driver.get_ipv6_neighbors_table() == []


def test_routes_are_found(driver):
    to_peer = driver.get_route_to("192.0.2.2/32")["192.0.2.2/32/None"]
    assert to_peer[0]["protocol"] == "OSPF" and to_peer[0]["current_active"]
    [default] = [route for prefix, route in driver.get_route_to("0.0.0.0/0").items() if prefix.startswith("0.0.0.0/0")]
    assert any(entry["protocol"] == "BGP" for entry in default)


def test_users_ntp_and_snmp_are_read_from_the_configuration(driver):
    assert driver.get_users()["admin"]["level"] == 15
    servers = set(driver.get_ntp_servers())
    assert servers == {"203.0.113.104", "203.0.113.105"}
    assert driver.get_ntp_peers() == {}
    stats = driver.get_ntp_stats()
    assert {entry["remote"] for entry in stats} == servers
    assert [entry["synchronized"] for entry in stats].count(True) == 1
    snmp = driver.get_snmp_information()
    assert snmp["contact"] == "noc@lab.example.net"
    assert sorted(community["mode"] for community in snmp["community"].values()) == ["ro", "rw"]


def test_routing_instances_are_read(driver):
    assert "default" in driver.get_network_instances()


def test_a_ping_and_a_traceroute_arrive(driver):
    success = driver.ping("192.0.2.2", count=3)["success"]
    assert success["probes_sent"] == 3 and success["packet_loss"] == 0
    hops = driver.traceroute("192.0.2.3")["success"]
    assert hops[1]["probes"][1]["ip_address"] == "192.0.2.3"


def test_commands_answer_as_text(driver):
    shown = driver.cli(["show interfaces terse", "show bgp summary"])
    assert "lo0.0" in shown["show interfaces terse"]
    assert "Establ" in shown["show bgp summary"]


def test_a_switch_knows_hardware_addresses_and_vlans(lab_of):
    driver = open_driver(lab_of("ex-21.4-vc")[0])
    table = driver.get_mac_address_table()
    assert table and all(is_mac(entry["mac"]) and entry["vlan"] == 200 for entry in table)
    vlans = driver.get_vlans()
    assert vlans["200"]["name"] == "DESKS"
    assert vlans["200"]["interfaces"] == [table[0]["interface"]]
    driver.close()


def test_optics_of_copper_ports_are_empty(driver):
    assert isinstance(driver.get_optics(), dict)


# The candidate


def test_a_merge_is_compared_committed_and_rolled_back(editor):
    before = time_zone(editor)
    editor.load_merge_candidate(config=OSLO)
    assert editor.compare_config() == "[edit system]\n-  time-zone UTC;\n+  time-zone Europe/Oslo;"
    editor.commit_config(message="by NAPALM")
    assert time_zone(editor) == "time-zone Europe/Oslo;"
    assert editor.compare_config() == ""
    editor.rollback()
    assert time_zone(editor) == before


def test_a_discarded_candidate_is_gone(editor):
    editor.load_merge_candidate(config=OSLO)
    editor.discard_config()
    assert editor.compare_config() == ""


def test_a_whole_configuration_replaces_the_candidate(editor):
    running = editor.get_config(retrieve="running")["running"]
    editor.load_replace_candidate(config=running.replace("time-zone UTC;", "time-zone Asia/Tokyo;"))
    assert editor.compare_config() == "[edit system]\n-  time-zone UTC;\n+  time-zone Asia/Tokyo;"
    editor.commit_config()
    assert time_zone(editor) == "time-zone Asia/Tokyo;"


def test_a_wrong_configuration_is_refused_and_leaves_nothing(editor):
    with pytest.raises(MergeConfigException):
        editor.load_merge_candidate(config="set system nonsense 4")
    assert editor.compare_config() == ""


def test_a_commit_waits_for_its_confirmation(editor):
    editor.load_merge_candidate(config=OSLO)
    editor.commit_config(revert_in=300)
    assert editor.has_pending_commit()
    [left] = editor._get_pending_commits().values()
    assert 0 < left <= 300
    editor.confirm_commit()
    assert not editor.has_pending_commit()
    assert time_zone(editor) == "time-zone Europe/Oslo;"


def test_a_pending_commit_is_rolled_back(editor):
    before = time_zone(editor)
    editor.load_merge_candidate(config=OSLO)
    editor.commit_config(revert_in=60)
    editor.rollback()
    assert not editor.has_pending_commit()
    assert time_zone(editor) == before


def test_a_window_is_whole_minutes(editor):
    editor.load_merge_candidate(config=OSLO)
    with pytest.raises(CommitConfirmException):
        editor.commit_config(revert_in=90)


def test_a_private_candidate_is_committed(router):
    driver = open_driver(router, optional_args={"config_private": True})
    driver.load_merge_candidate(config=OSLO)
    assert "+  time-zone Europe/Oslo;" in driver.compare_config()
    driver.commit_config()
    assert eventually(lambda: time_zone(driver) == "time-zone Europe/Oslo;")
    driver.close()


def test_a_port_without_a_router_refuses(router):
    with pytest.raises(ConnectRefusedError):
        open_driver(router, optional_args={"port": 1})
