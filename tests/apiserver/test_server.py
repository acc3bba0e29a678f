from __future__ import annotations

import random
from typing import Any

import pytest

from app.api import errors, times
from app.api.objects import Obj, Ref
from app.apiserver import allocation, requests
from app.apiserver.server import ApiServer
from app.apiserver.store import Store
from app.registry.builtin import built_in
from tests.support import builders

NOW_MS = builders.NOW_MS
POD = Ref("Pod", "default", "p")


@pytest.fixture
def server() -> ApiServer:
    server = ApiServer(built_in(), Store(), lambda: NOW_MS, random.Random(1))
    server.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    return server


def pod(name: str = "p", **metadata: Any) -> Obj:
    meta = {"name": name, **metadata}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta,
        "spec": {"containers": [{"name": "c", "image": "nginx"}]},
    }


def deployment() -> Obj:
    built = builders.deployment("web", replicas=1)
    return {**built, "metadata": {"name": "web", "labels": {"app": "web"}}}


def config(name: str = "c", **metadata: Any) -> Obj:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": {"k": "v"}}


def test_creating_fills_in_what_the_server_owns_and_ignores_what_a_client_claims(server: ApiServer) -> None:
    meta = server.create(pod(uid="mine", generation=9, creationTimestamp="1999-01-01T00:00:00Z")).obj["metadata"]
    assert meta["namespace"] == "default"
    assert meta["uid"] != "mine"
    assert (meta["generation"], meta["creationTimestamp"]) == (1, "2026-01-01T09:00:00Z")
    assert meta["resourceVersion"] == str(server.store.revision)


def node_ports(name: str, *numbers: int) -> Obj:
    ports = [{"name": f"p{number}", "port": number} for number in numbers]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"type": "NodePort", "ports": ports},
    }


@pytest.mark.parametrize("services", [1, 3])
def test_node_ports_are_used_up_once_all_are_taken(server: ApiServer, services: int) -> None:
    last = 2768 - 1_000 * (services - 1)
    for number in range(services - 1):
        server.create(node_ports(f"s{number}", *range(1, 1_001)))
    with pytest.raises(errors.Invalid, match=rf"spec.ports\[{last}\].nodePort: .*: range is full"):
        server.create(node_ports("one-too-many", *range(1, last + 2)))
    whole = server.create(node_ports("all", *range(1, last + 1))).obj
    assert len({port["nodePort"] for port in whole["spec"]["ports"]}) == last
    with pytest.raises(errors.Invalid, match="range is full"):
        server.create(node_ports("none-left", 1))
    with pytest.raises(errors.Invalid, match="range is full"):
        server.patch(
            Ref("Service", "default", "all"),
            {"spec": {"ports": [*node_ports("all", *range(1, 2_770))["spec"]["ports"]]}},
        )
    server.delete(Ref("Service", "default", "all"))
    assert server.create(node_ports("again", 1)).obj["spec"]["ports"][0]["nodePort"] >= 30_000


def test_cluster_ips_are_used_up_once_all_are_taken(server: ApiServer) -> None:
    taken: set[Any] = {f"10.96.{high}.{low}" for high in range(256) for low in range(2, 255)}
    last = taken.pop()
    service = node_ports("s", 80)
    assert allocation._with_cluster_ip(service, service["spec"], taken, random.Random(1))["clusterIP"] == last
    with pytest.raises(errors.Invalid, match="range is full"):
        allocation._with_cluster_ip(service, service["spec"], taken | {last}, random.Random(1))


def test_a_generated_name_fits_into_a_label(server: ApiServer) -> None:
    obj = pod()
    obj["metadata"] = {"generateName": "a" * 60}
    name = server.create(obj).obj["metadata"]["name"]
    assert (len(name), name[:58]) == (63, "a" * 58)


def test_generate_name_appends_five_safe_characters(server: ApiServer) -> None:
    obj = pod()
    obj["metadata"] = {"generateName": "web-"}
    name = server.create(obj).obj["metadata"]["name"]
    assert name.startswith("web-")
    assert len(name) == 9
    assert set(name[4:]) <= set("bcdfghjklmnpqrstvwxz2456789")


@pytest.mark.parametrize(
    ("obj", "code", "message"),
    [
        pytest.param(
            pod(name=""), 422, 'Pod "" is invalid: metadata.name: Required value: name or generateName', id="no name"
        ),
        pytest.param(pod(namespace="nowhere"), 404, 'namespaces "nowhere" not found', id="no such namespace"),
        pytest.param(pod(name="taken"), 409, 'pods "taken" already exists', id="exists"),
        pytest.param(pod(resourceVersion="5"), 400, "resourceVersion should not be set", id="with resourceVersion"),
        pytest.param(pod(name="My_Pod"), 422, 'Pod "My_Pod" is invalid: metadata.name: Invalid value', id="bad name"),
    ],
)
def test_a_refused_creation_says_why_and_writes_nothing(server: ApiServer, obj: Obj, code: int, message: str) -> None:
    server.create(pod(name="taken"))
    revision = server.store.revision
    with pytest.raises(errors.ApiError) as refused:
        server.create(obj)
    assert refused.value.code == code
    assert message in refused.value.message
    assert server.store.revision == revision


def test_a_pod_that_is_sent_whole_again_keeps_what_it_was_given_at_its_creation(server: ApiServer) -> None:
    tolerations = [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]
    sent = pod(namespace="default")
    sent = {**sent, "spec": {**sent["spec"], "tolerations": tolerations}}
    created = server.create(sent).obj
    assert len(created["spec"]["tolerations"]) == 3
    more = [*tolerations, {"key": "disk", "operator": "Exists", "effect": "NoSchedule"}]
    updated = server.update({**sent, "spec": {**sent["spec"], "tolerations": more}}).obj
    assert [each["key"].rpartition("/")[2] for each in updated["spec"]["tolerations"]] == [
        "gpu", "disk", "not-ready", "unreachable",
    ]  # fmt: skip
    assert (updated["spec"]["priority"], updated["spec"]["preemptionPolicy"]) == (0, "PreemptLowerPriority")
    with pytest.raises(errors.Invalid, match="existing toleration can not be modified"):
        server.update({**sent, "spec": {**sent["spec"], "tolerations": more[1:]}})


def test_a_stale_update_is_refused_and_one_that_changes_nothing_writes_nothing(server: ApiServer) -> None:
    first = server.create(config()).obj
    second = server.update({**first, "data": {"k": "w"}}).obj
    with pytest.raises(
        errors.Conflict, match='Operation cannot be fulfilled on configmaps "c": the object has been modified'
    ):
        server.update({**first, "data": {"k": "x"}})
    assert server.update(second).changes == ()


def test_generation_counts_the_desired_state_and_status_is_another_door(server: ApiServer) -> None:
    created = server.create(deployment()).obj
    assert created["metadata"]["generation"] == 1
    assert "readyReplicas" not in created.get("status", {}), "a client does not choose the status at creation"
    labelled = server.patch(Ref("Deployment", "default", "web"), {"metadata": {"labels": {"a": "b"}}}).obj
    assert labelled["metadata"]["generation"] == 1
    annotated = server.patch(Ref("Deployment", "default", "web"), {"metadata": {"annotations": {"a": "b"}}}).obj
    assert annotated["metadata"]["generation"] == 2
    scaled = server.patch(Ref("Deployment", "default", "web"), {"spec": {"replicas": 5}, "status": {"replicas": 9}}).obj
    assert scaled["metadata"]["generation"] == 3
    assert scaled["status"].get("replicas") != 9
    status = server.update({**scaled, "spec": {}, "status": {"replicas": 2}}, subresource="status").obj
    assert (status["spec"]["replicas"], status["status"], status["metadata"]["generation"]) == (5, {"replicas": 2}, 3)


def test_a_new_node_is_closed_until_somebody_has_seen_that_it_is_ready(server: ApiServer) -> None:
    made = server.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}).obj
    assert made["spec"]["taints"] == [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]


def test_a_pod_without_a_node_goes_at_once_and_is_marked_before(server: ApiServer) -> None:
    created = server.create(pod()).obj["metadata"]
    marked, gone = server.delete(POD).changes
    assert [marked.type, gone.type] == ["MODIFIED", "DELETED"]
    assert marked.obj["metadata"]["deletionGracePeriodSeconds"] == 0
    assert gone.obj["metadata"]["generation"] == created["generation"] + 1


def test_a_shorter_grace_counts_from_the_first_deletion(server: ApiServer) -> None:
    server.create({**pod(), "spec": {**pod()["spec"], "nodeName": "n"}})
    first = server.delete(POD, grace_seconds=30).obj["metadata"]
    server.now_ms = lambda: NOW_MS + 4_000
    second = server.delete(POD, grace_seconds=10).obj["metadata"]
    assert times.parse(first["deletionTimestamp"]) == NOW_MS + 30_000
    assert times.parse(second["deletionTimestamp"]) == NOW_MS + 10_000


def test_a_pod_on_a_node_is_marked_with_its_grace_and_a_later_delete_only_shortens_it(server: ApiServer) -> None:
    server.create(pod())
    server.bind(POD, "node-1")
    marked = server.delete(POD).obj["metadata"]
    assert (marked["deletionTimestamp"], marked["deletionGracePeriodSeconds"]) == ("2026-01-01T09:00:30Z", 30)
    assert marked["generation"] == 2
    assert server.delete(POD, grace_seconds=60).changes == ()
    assert server.delete(POD, grace_seconds=5).obj["metadata"]["deletionGracePeriodSeconds"] == 5
    last = server.delete(POD, grace_seconds=0)
    assert [change.type for change in last.changes] == ["MODIFIED", "DELETED"]
    assert server.store.get(POD) is None


def test_an_object_with_finalizers_stays_until_the_last_one_is_taken_off(server: ApiServer) -> None:
    server.create(config(finalizers=["example.com/hold"]))
    ref = Ref("ConfigMap", "default", "c")
    server.delete(ref)
    held = server.store.get(ref)
    assert held is not None
    assert "deletionTimestamp" in held["metadata"]
    assert held["metadata"]["deletionGracePeriodSeconds"] == 0
    (last,) = server.patch(ref, {"metadata": {"finalizers": None}}).changes
    assert (last.type, last.old) == ("DELETED", held), "watches see it as it was"
    assert server.store.get(ref) is None


def test_a_deletion_that_a_finalizer_holds_up_is_a_new_generation(server: ApiServer) -> None:
    server.create(deployment())
    ref = Ref("Deployment", "default", "web")
    assert server.delete(ref, propagation="Foreground").obj["metadata"]["generation"] == 2
    assert server.delete(ref, propagation="Foreground").changes == ()


@pytest.mark.parametrize(("propagation", "finalizer"), [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")])
def test_propagation_is_a_finalizer_for_the_garbage_collector(
    server: ApiServer, propagation: str, finalizer: str
) -> None:
    server.create(deployment())
    marked = server.delete(Ref("Deployment", "default", "web"), propagation=propagation).obj
    assert marked["metadata"]["finalizers"] == [finalizer]


def test_a_propagation_that_there_is_not_is_refused(server: ApiServer) -> None:
    server.create(config())
    with pytest.raises(
        errors.Invalid, match='Unsupported value: "Sideways": supported values: "Background", "Foreground"'
    ):
        server.delete(Ref("ConfigMap", "default", "c"), propagation="Sideways")


def test_a_namespace_is_terminating_until_its_own_finalizer_is_gone_and_takes_nothing_new(server: ApiServer) -> None:
    ref = Ref("Namespace", "", "shop")
    server.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    marked = server.delete(ref).obj
    assert marked["status"]["phase"] == "Terminating"
    assert "deletionTimestamp" in marked["metadata"]
    assert "deletionGracePeriodSeconds" not in marked["metadata"], "alone among what finalizers hold"
    with pytest.raises(
        errors.Forbidden, match="unable to create new content in namespace shop because it is being terminated"
    ):
        server.create(config(namespace="shop"))
    server.patch(ref, {"spec": {"finalizers": []}}, subresource="finalize")
    assert server.store.get(ref) is None


def test_binding_copies_where_the_node_stands_and_clears_the_nomination(server: ApiServer) -> None:
    labels = {"topology.kubernetes.io/zone": "a", "topology.kubernetes.io/region": "r", "kubernetes.io/os": "linux"}
    node = builders.node("node-1")
    server.create({**node, "metadata": {"name": "node-1", "labels": labels}})
    ref = server.create(pod()).obj
    there = Ref("Pod", "default", ref["metadata"]["name"])
    server.patch(there, {"status": {"nominatedNodeName": "node-2"}}, subresource="status")
    bound = server.bind(there, "node-1").obj
    assert "nominatedNodeName" not in bound["status"]
    assert {**bound["metadata"]["labels"], **{key: labels[key] for key in list(labels)[:2]}} == bound["metadata"][
        "labels"
    ]
    assert "kubernetes.io/os" not in bound["metadata"]["labels"]


def test_binding_gives_a_node_once(server: ApiServer) -> None:
    server.create(pod())
    bound = server.bind(POD, "node-1").obj
    assert bound["spec"]["nodeName"] == "node-1"
    assert bound["status"]["conditions"][-1]["type"] == "PodScheduled"
    with pytest.raises(errors.Conflict, match='pod p is already assigned to node "node-1"'):
        server.bind(POD, "node-2")


def test_a_uid_that_is_not_the_current_one_is_refused(server: ApiServer) -> None:
    server.create(config())
    with pytest.raises(errors.Conflict, match="Precondition failed: UID in precondition: other"):
        server.delete(Ref("ConfigMap", "default", "c"), uid="other")


def test_services_get_cluster_ips_and_node_ports_and_keep_them(server: ApiServer) -> None:
    ref = Ref("Service", "default", "s")
    spec = {"type": "NodePort", "selector": {"a": "b"}, "ports": [{"port": 80}]}
    made = server.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": spec}).obj["spec"]
    assert made["clusterIP"].startswith("10.96.")
    assert made["clusterIPs"] == [made["clusterIP"]]
    assert 30000 <= made["ports"][0]["nodePort"] <= 32767
    again = server.patch(ref, lambda old: {**old, "spec": spec}).obj["spec"]
    assert again == made
    taken = {"selector": {"a": "b"}, "ports": [{"port": 80}], "clusterIP": made["clusterIP"]}
    with pytest.raises(errors.Invalid, match="provided IP is already allocated"):
        server.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "t"}, "spec": taken})


def test_a_service_of_another_type_drops_what_only_the_old_type_has(server: ApiServer) -> None:
    ref = Ref("Service", "default", "s")
    spec = {"type": "NodePort", "selector": {"a": "b"}, "ports": [{"port": 80}]}
    server.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": spec})
    inside = server.patch(ref, {"spec": {"type": "ClusterIP"}}).obj["spec"]
    assert "nodePort" not in inside["ports"][0]
    assert "externalTrafficPolicy" not in inside
    outside = server.patch(ref, {"spec": {"type": "ExternalName", "externalName": "a.example"}}).obj["spec"]
    assert not {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"} & set(outside)
    back = server.patch(ref, {"spec": {"type": "ClusterIP", "externalName": None}}).obj["spec"]
    assert back["clusterIP"].startswith("10.96.")


def test_another_types_field_that_the_update_itself_names_is_refused(server: ApiServer) -> None:
    spec = {"type": "NodePort", "selector": {"a": "b"}, "ports": [{"port": 80}]}
    server.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": spec})
    patch = {"spec": {"type": "ClusterIP", "ports": [{"port": 80, "nodePort": 31_000}]}}
    with pytest.raises(errors.Invalid, match="may not be used when `type` is 'ClusterIP'"):
        server.patch(Ref("Service", "default", "s"), patch)


def test_the_finalizers_of_a_namespace_go_through_finalize_only(server: ApiServer) -> None:
    patched = server.patch(Ref("Namespace", "", "default"), {"spec": {"finalizers": []}})
    assert patched.obj["spec"]["finalizers"] == ["kubernetes"]


def test_a_dry_run_answers_as_the_real_one_would_and_writes_nothing(server: ApiServer) -> None:
    revision = server.store.revision
    assert server.overlay(random.Random(1)).create(config()).obj["metadata"]["uid"]
    assert server.store.revision == revision


RANGE = "the provided network does not match the current range"
BOTH = "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"ipFamilies": ["IPv6"]}, 'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'),
        ({"ipFamilyPolicy": "RequireDualStack"}, 'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster '
         "is not configured for dual-stack services"),
        ({"ipFamilies": ["IPv4", "IPv6"]}, f'spec.ipFamilyPolicy: Invalid value: "SingleStack": {BOTH}'),
        ({"clusterIP": "fd00::7"},
         'spec.clusterIPs[0]: Invalid value: ["fd00::7"]: IPv6 is not configured on this cluster'),
        ({"clusterIP": "192.168.9.9"},
         f'spec.clusterIPs: Invalid value: ["192.168.9.9"]: failed to allocate IP 192.168.9.9: {RANGE}'),
        ({"clusterIP": "10.96.0.0"},
         f'spec.clusterIPs: Invalid value: ["10.96.0.0"]: failed to allocate IP 10.96.0.0: {RANGE}'),
    ],
)  # fmt: skip
def test_a_service_gets_addresses_of_the_one_family_that_there_is(
    server: ApiServer, fields: dict[str, Any], text: str
) -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}}
    with pytest.raises(errors.Invalid) as refused:
        server.create({**service, "spec": {"ports": [{"port": 80}], "selector": {"a": "b"}, **fields}})
    assert refused.value.message == f'Service "s" is invalid: {text}'
    families = {"ipFamilies": ["IPv6"], "ipFamilyPolicy": "RequireDualStack", "clusterIP": "None"}
    assert server.create({**service, "spec": families}).obj["spec"]["ipFamilies"] == ["IPv6", "IPv4"]


@pytest.mark.parametrize(
    ("spec", "families", "policy"),
    [
        ({"ports": [{"port": 80}]}, ["IPv4"], "SingleStack"),
        ({"clusterIP": "None"}, ["IPv4", "IPv6"], "RequireDualStack"),
        ({"clusterIP": "None", "selector": {"a": "b"}}, ["IPv4"], "SingleStack"),
        ({"type": "ExternalName", "externalName": "a.example"}, None, None),
    ],
)
def test_the_families_of_a_service_that_names_none(
    server: ApiServer, spec: Obj, families: list[str] | None, policy: str | None
) -> None:
    made = server.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": spec}).obj["spec"]
    assert (made.get("ipFamilies"), made.get("ipFamilyPolicy")) == (families, policy)


def balanced(**spec: Any) -> Obj:
    ports = [{"name": "t", "port": 53}, {"name": "u", "port": 53, "protocol": "UDP"}]
    spec = {"type": "LoadBalancer", "selector": {"a": "b"}, "ports": ports, **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"}, "spec": spec}


def test_one_port_of_two_protocols_gets_one_node_port(server: ApiServer) -> None:
    made = server.create(balanced()).obj["spec"]["ports"]
    assert made[0]["nodePort"] == made[1]["nodePort"]
    assert (
        "nodePort"
        not in server.create({**balanced(allocateLoadBalancerNodePorts=False), "metadata": {"name": "none"}}).obj[
            "spec"
        ]["ports"][0]
    )


def test_a_node_port_goes_with_the_name_of_its_port(server: ApiServer) -> None:
    first = server.create(node_ports("s", 80)).obj["spec"]["ports"][0]["nodePort"]
    moved = [{"name": "p80", "port": 8080}, {"name": "new", "port": 80}]
    ports = server.patch(Ref("Service", "default", "s"), {"spec": {"ports": moved}}).obj["spec"]["ports"]
    assert ports[0]["nodePort"] == first != ports[1]["nodePort"]


def test_a_balancer_that_asks_the_machines_gets_a_port_for_it(server: ApiServer) -> None:
    ref = Ref("Service", "default", "dns")
    made = server.create(balanced(externalTrafficPolicy="Local")).obj["spec"]
    assert 30000 <= made["healthCheckNodePort"] <= 32767
    assert made["healthCheckNodePort"] not in {port["nodePort"] for port in made["ports"]}
    taken = balanced(externalTrafficPolicy="Local", healthCheckNodePort=made["healthCheckNodePort"])
    why = f"failed to allocate requested HealthCheck NodePort {made['healthCheckNodePort']}: provided port is already"
    with pytest.raises(errors.Unexplained, match=why):
        server.create({**taken, "metadata": {"name": "other"}})
    wide = server.patch(ref, {"spec": {"externalTrafficPolicy": "Cluster"}}).obj["spec"]
    assert "healthCheckNodePort" not in wide


def test_a_node_port_that_another_service_has_is_refused_whatever_the_protocol(server: ApiServer) -> None:
    number = server.create(node_ports("s", 80)).obj["spec"]["ports"][0]["nodePort"]
    spec = {"type": "NodePort", "ports": [{"port": 53, "protocol": "UDP", "nodePort": number}]}
    with pytest.raises(errors.Invalid, match=rf"nodePort: Invalid value: {number}: provided port is already allocated"):
        server.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "t"}, "spec": spec})


def test_there_is_one_default_priority(server: ApiServer) -> None:
    def priority(name: str, **fields: Any) -> Obj:
        meta = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}}
        return {**meta, "value": 5, **fields}

    server.create(priority("usual", globalDefault=True))
    server.create(priority("other"))
    why = "PriorityClass usual is already marked as default. Only one default can exist"
    with pytest.raises(errors.Forbidden, match=f'priorityclasses.scheduling.k8s.io "another" is forbidden: {why}'):
        server.create(priority("another", globalDefault=True))
    with pytest.raises(errors.Forbidden, match=why):
        server.patch(Ref("PriorityClass", "", "other"), {"globalDefault": True})
    assert server.patch(Ref("PriorityClass", "", "usual"), {"description": "x"}).obj["globalDefault"]


def test_a_namespace_that_is_going_names_the_group_of_what_it_refuses(server: ApiServer) -> None:
    server.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "old"}})
    server.delete(Ref("Namespace", "", "old"))
    details = []
    for obj in (config(), deployment()):
        with pytest.raises(errors.Forbidden) as refused:
            server.create({**obj, "metadata": {"name": "web", "namespace": "old"}})
        details.append({name: value for name, value in refused.value.details.items() if name in ("group", "kind")})
    assert details == [{"kind": "configmaps"}, {"group": "apps", "kind": "deployments"}]


def test_annotations_and_who_wrote_travel_along_with_a_status(server: ApiServer) -> None:
    made = server.create(deployment()).obj
    along = {"annotations": {"seen": "yes"}, "managedFields": [{"manager": "me", "operation": "Update"}]}
    noted = {**made, "metadata": {**made["metadata"], **along, "labels": {"not": "this"}}}
    stored = server.update({**noted, "status": {"replicas": 1}}, subresource="status").obj
    assert {name: stored["metadata"][name] for name in along} == along
    assert stored["metadata"]["labels"] == {"app": "web"}


def test_of_a_collection_goes_what_both_selectors_match(server: ApiServer) -> None:
    for name, app in (("a", "web"), ("b", "web"), ("c", "db")):
        server.create(pod(name, labels={"app": app}))
    gone = requests.delete_collection(
        server, "Pod", "default", "app=web", field_selector="metadata.name!=b", grace_seconds=0
    )
    assert [written.obj["metadata"]["name"] for written in gone] == ["a"]
    assert [obj["metadata"]["name"] for obj in server.store.objects("Pod")] == ["b", "c"]


def test_a_pod_is_bound_only_if_it_is_the_one_that_is_meant(server: ApiServer) -> None:
    server.create(pod())
    with pytest.raises(errors.Conflict, match="UID"):
        server.bind(POD, "node-1", uid="another")
    assert "nodeName" not in server.get(POD)["spec"]
