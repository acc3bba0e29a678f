"""Every row of the `kubectl get` outputs in the recordings (1,020) was compared with these tables; what is restated
here are the facts they show."""

from __future__ import annotations

import pytest

from app.api import times
from app.kubectl.printers import durations, events, pods, printers, printing

NOW = times.parse("2026-11-23T10:06:30Z")
SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [
        (-2 * SECOND, "<invalid>"),
        (-1999, "0s"),
        (0, "0s"),
        (999, "0s"),
        (119 * SECOND, "119s"),
        (2 * MINUTE, "2m"),
        (200 * SECOND, "3m20s"),
        (10 * MINUTE - 1, "9m59s"),
        (10 * MINUTE + 30 * SECOND, "10m"),
        (3 * HOUR - 1, "179m"),
        (3 * HOUR, "3h"),
        (3 * HOUR + 5 * MINUTE, "3h5m"),
        (8 * HOUR - 1, "7h59m"),
        (8 * HOUR, "8h"),
        (47 * HOUR, "47h"),
        (48 * HOUR, "2d"),
        (51 * HOUR, "2d3h"),
        (8 * DAY, "8d"),
        (729 * DAY, "729d"),
        (730 * DAY, "2y"),
        (771 * DAY, "2y41d"),
        (8 * 365 * DAY + DAY, "8y"),
    ],
)
def test_age(duration_ms, text):
    assert durations.age(duration_ms) == text


# -------------------------------------------------------------------------------------------------- pods


def running(name="nginx", ready=True, restarts=0, **more):
    return {"name": name, "ready": ready, "restartCount": restarts, "state": {"running": {}}, **more}


def waiting(reason, name="nginx", **more):
    return {"name": name, "ready": False, "restartCount": 0, "state": {"waiting": {"reason": reason}}, **more}


def ended(name="nginx", code=0, reason="", **more):
    terminated = {"exitCode": code, **({"reason": reason} if reason else {}), **more}
    return {"name": name, "ready": False, "restartCount": 0, "state": {"terminated": terminated}}


def pod(*statuses, phase="Running", init=(), init_spec=(), ready=False, terminating=False, initialized=False, **status):
    names = [each["name"] for each in statuses] or ["nginx"]
    meta = {"name": "web-1", "creationTimestamp": "2026-11-23T10:06:17Z"}
    if terminating:
        meta["deletionTimestamp"] = "2026-11-23T10:06:59Z"
    conditions = [
        {"type": "Ready", "status": str(ready)},
        {"type": "Initialized", "status": str(initialized)},
    ]
    return {
        "kind": "Pod",
        "metadata": meta,
        "spec": {"containers": [{"name": name} for name in names], "initContainers": list(init_spec)},
        "status": {
            "phase": phase,
            "conditions": conditions,
            "containerStatuses": list(statuses),
            "initContainerStatuses": list(init),
            **status,
        },
    }


INIT = [{"name": "one"}, {"name": "two"}]
SIDECAR = [{"name": "one", "restartPolicy": "Always"}]


@pytest.mark.parametrize(
    ("given", "status", "ready"),
    [
        pytest.param(pod(phase="Pending"), "Pending", "0/1", id="nothing known but the phase"),
        pytest.param(pod(waiting("ContainerCreating"), phase="Pending"), "ContainerCreating", "0/1", id="waiting"),
        pytest.param(pod(running(), ready=True), "Running", "1/1", id="running and ready"),
        pytest.param(pod(running(ready=False)), "Running", "0/1", id="running, not ready"),
        pytest.param(pod(waiting("CrashLoopBackOff")), "CrashLoopBackOff", "0/1", id="crashing"),
        pytest.param(pod(waiting("ImagePullBackOff"), phase="Pending"), "ImagePullBackOff", "0/1", id="no image"),
        pytest.param(pod(ended(reason="Completed"), phase="Succeeded"), "Completed", "0/1", id="completed"),
        pytest.param(pod(ended(code=1, reason="Error"), phase="Failed"), "Error", "0/1", id="failed"),
        pytest.param(pod(ended(code=137, reason="OOMKilled")), "OOMKilled", "0/1", id="out of memory"),
        pytest.param(pod(ended(code=3)), "ExitCode:3", "0/1", id="an exit without a reason"),
        pytest.param(pod(ended(code=137, signal=9)), "Signal:9", "0/1", id="a signal without a reason"),
        pytest.param(
            pod(ended("a", reason="Completed"), running("b"), ready=True),
            "Running",
            "1/2",
            id="one completed, pod ready",
        ),
        pytest.param(
            pod(ended("a", reason="Completed"), running("b")), "NotReady", "1/2", id="one completed, not ready"
        ),
        pytest.param(
            pod(waiting("CrashLoopBackOff", "a"), waiting("ErrImagePull", "b")),
            "CrashLoopBackOff",
            "0/2",
            id="the first container speaks",
        ),
        pytest.param(pod(phase="Failed", reason="Evicted"), "Evicted", "0/1", id="the reason says more than the phase"),
        pytest.param(pod(running(), terminating=True), "Terminating", "1/1", id="terminating"),
        pytest.param(
            pod(ended(reason="Completed"), phase="Succeeded", terminating=True),
            "Completed",
            "0/1",
            id="ended while terminating",
        ),
        pytest.param(pod(running(), terminating=True, reason="NodeLost"), "Unknown", "1/1", id="its node was lost"),
        pytest.param(
            pod(
                phase="Pending",
                conditions=[{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}],
            ),
            "SchedulingGated",
            "0/1",
            id="held back from the scheduler",
        ),
        pytest.param(
            pod(waiting("PodInitializing"), phase="Pending", init_spec=INIT, init=[running("one", ready=False)]),
            "Init:0/2",
            "0/1",
            id="the first init container runs",
        ),
        pytest.param(
            pod(
                waiting("PodInitializing"),
                phase="Pending",
                init_spec=INIT,
                init=[ended("one"), waiting("PodInitializing", "two")],
            ),
            "Init:1/2",
            "0/1",
            id="the second waits its turn",
        ),
        pytest.param(
            pod(phase="Pending", init_spec=INIT, init=[waiting("CrashLoopBackOff", "one")]),
            "Init:CrashLoopBackOff",
            "0/1",
            id="an init container crashes",
        ),
        pytest.param(
            pod(phase="Pending", init_spec=INIT, init=[ended("one", code=1, reason="Error")]),
            "Init:Error",
            "0/1",
            id="error",
        ),
        pytest.param(
            pod(phase="Pending", init_spec=INIT, init=[ended("one", code=2)]), "Init:ExitCode:2", "0/1", id="exit"
        ),
        pytest.param(
            pod(phase="Pending", init_spec=INIT, init=[ended("one", code=137, signal=9)]),
            "Init:Signal:9",
            "0/1",
            id="signal",
        ),
        pytest.param(
            pod(running(), ready=True, initialized=True, init_spec=INIT, init=[ended("one"), ended("two")]),
            "Running",
            "1/1",
            id="initialized",
        ),
        pytest.param(
            pod(running(), ready=True, initialized=True, init_spec=SIDECAR, init=[running("one", started=True)]),
            "Running",
            "2/2",
            id="a sidecar counts",
        ),
    ],
)
def test_the_status_of_a_pod(given, status, ready):
    assert pods.pod_status(given) == status
    assert cells(given)["Ready"] == ready


def crashed(restarts, at, name="nginx"):
    return running(name, restarts=restarts, lastState={"terminated": {"exitCode": 1, "finishedAt": at}})


@pytest.mark.parametrize(
    ("given", "text"),
    [
        pytest.param(pod(running()), "0", id="never"),
        pytest.param(pod(running(restarts=2)), "2", id="nobody knows when"),
        pytest.param(pod(crashed(3, "2026-11-23T10:05:48Z")), "3 (42s ago)", id="with the last time"),
        pytest.param(
            pod(crashed(1, "2026-11-23T10:05:48Z", "a"), crashed(2, "2026-11-23T10:06:20Z", "b")),
            "3 (10s ago)",
            id="the sum, and the latest of all containers",
        ),
        pytest.param(
            pod(running(), initialized=True, init_spec=INIT, init=[ended("one") | {"restartCount": 4}]),
            "0",
            id="init containers no longer count once done",
        ),
        pytest.param(
            pod(phase="Pending", init_spec=INIT, init=[waiting("CrashLoopBackOff", "one") | {"restartCount": 4}]),
            "4",
            id="init containers count while they run",
        ),
        pytest.param(
            pod(
                running(restarts=1),
                initialized=True,
                init_spec=SIDECAR,
                init=[running("one", restarts=2, started=True)],
            ),
            "3",
            id="sidecars always count",
        ),
    ],
)
def test_the_restarts_of_a_pod(given, text):
    assert cells(given)["Restarts"] == text


# ------------------------------------------------------------------------------------------------ tables


def cells(obj, wide=True):
    """Of a table with this one object: column -> cell."""
    shown = printers.table(obj["kind"], [obj], NOW)
    return {
        column.name: cell
        for column, cell in zip(shown.columns, shown.rows[0], strict=True)
        if wide or not column.priority
    }


def of(kind, name="web", **parts):
    return {"kind": kind, "metadata": {"name": name, "creationTimestamp": "2026-11-23T10:06:17Z"}, **parts}


TEMPLATE = {"spec": {"containers": [{"name": "nginx", "image": "nginx:1.27"}, {"name": "log", "image": "busybox"}]}}
SELECTOR = {"matchLabels": {"app": "web"}}


def test_a_column_has_a_type_a_format_and_a_priority():
    columns = {column.name: column for column in printers.table("ReplicaSet", [], NOW).columns}
    assert columns["Name"] == printing.Column("Name", "string", "name")
    assert columns["Desired"].type == "integer"
    assert (columns["Age"].priority, columns["Images"].priority) == (0, 1)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("Pod", "Name Ready Status Restarts Age"),
        ("Node", "Name Status Roles Age Version"),
        ("Deployment", "Name Ready Up-to-date Available Age"),
        ("ReplicaSet", "Name Desired Current Ready Age"),
        ("Service", "Name Type Cluster-IP External-IP Port(s) Age"),
        ("EndpointSlice", "Name AddressType Ports Endpoints Age"),
        ("StatefulSet", "Name Ready Age"),
        ("ConfigMap", "Name Data Age"),
        ("Lease", "Name Holder Age"),
        ("Namespace", "Name Status Age"),
        ("MySQL", "Name Age"),
    ],
)
def test_the_columns_without_wide(kind, names):
    shown = printers.table(kind, [], NOW)
    assert " ".join(column.name for column in shown.columns if not column.priority) == names
    assert shown.rows == ()


def test_a_pod_row():
    given = pod(running(), ready=True)
    given["spec"] |= {"nodeName": "node-3", "readinessGates": [{"conditionType": "Ready"}, {"conditionType": "x"}]}
    given["status"] |= {"podIPs": [{"ip": "10.244.3.5"}]}
    assert list(cells(given).values()) == [
        "web-1",
        "1/1",
        "Running",
        "0",
        "13s",
        "10.244.3.5",
        "node-3",
        "<none>",
        "1/2",
    ]


NODE_INFO = {
    "kubeletVersion": "v1.36.2",
    "osImage": "Fake Linux",
    "kernelVersion": "6.1.0-fake",
    "architecture": "amd64",
    "containerRuntimeVersion": "fake://1.0",
}


@pytest.mark.parametrize(
    ("conditions", "unschedulable", "status"),
    [
        ([{"type": "Ready", "status": "True"}], False, "Ready"),
        ([{"type": "Ready", "status": "True"}], True, "Ready,SchedulingDisabled"),
        ([{"type": "Ready", "status": "Unknown"}], False, "NotReady"),
        ([], False, "Unknown"),
    ],
)
def test_a_node_row(conditions, unschedulable, status):
    spec = {"unschedulable": True} if unschedulable else {}
    addresses = [{"type": "InternalIP", "address": "127.0.0.1"}]
    node = of(
        "Node", "node-1", spec=spec, status={"conditions": conditions, "nodeInfo": NODE_INFO, "addresses": addresses}
    )
    assert list(cells(node).values()) == [
        "node-1",
        status,
        "<none>",
        "13s",
        "v1.36.2",
        "127.0.0.1",
        "<none>",
        "Fake Linux",
        "6.1.0-fake (amd64)",
        "fake://1.0",
    ]


def test_the_roles_of_a_node_are_labels():
    node = of("Node", spec={})
    node["metadata"]["labels"] = {"node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/control-plane": ""}
    assert cells(node)["Roles"] == "control-plane,worker"


def service(type="ClusterIP", ports=(), status=None, **spec):
    return of(
        "Service", spec={"type": type, "clusterIPs": ["10.96.11.66"], "ports": list(ports), **spec}, status=status or {}
    )


@pytest.mark.parametrize(
    ("given", "external", "ports"),
    [
        pytest.param(service(ports=[{"port": 80, "protocol": "TCP"}]), "<none>", "80/TCP", id="inside the cluster"),
        pytest.param(
            service("NodePort", [{"port": 80, "nodePort": 30080, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]),
            "<none>",
            "80:30080/TCP,53/UDP",
            id="node ports",
        ),
        pytest.param(service("LoadBalancer"), "<pending>", "<none>", id="a load balancer that is not there yet"),
        pytest.param(
            service(
                "LoadBalancer", status={"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}, {"hostname": "a.example"}]}}
            ),
            "203.0.113.7,a.example",
            "<none>",
            id="a load balancer",
        ),
        pytest.param(service(externalIPs=["192.0.2.1"]), "192.0.2.1", "<none>", id="external IPs"),
        pytest.param(service("ExternalName", externalName="db.example"), "db.example", "<none>", id="a name elsewhere"),
    ],
)
def test_a_service_row(given, external, ports):
    row = cells(given)
    assert (row["External-IP"], row["Port(s)"], row["Cluster-IP"]) == (external, ports, "10.96.11.66")


def test_the_selector_of_a_service_and_no_cluster_ip():
    assert cells(service(selector={"b": "2", "a": "1"}))["Selector"] == "a=1,b=2"
    assert cells(service() | {"spec": {}})["Cluster-IP"] == "<none>"


def endpoint_slice(addresses, ports):
    return of("EndpointSlice", addressType="IPv4", ports=ports, endpoints=[{"addresses": [each]} for each in addresses])


@pytest.mark.parametrize(
    ("given", "ports", "endpoints"),
    [
        (endpoint_slice([], []), "<unset>", "<unset>"),
        (endpoint_slice(["10.0.0.1", "10.0.0.2"], [{"port": 80}, {"name": "x"}, {}]), "80,x,*", "10.0.0.1,10.0.0.2"),
        (endpoint_slice(["1", "2", "3", "4", "5"], [{"port": 80}]), "80", "1,2,3 + 2 more..."),
    ],
)
def test_an_endpoint_slice_row(given, ports, endpoints):
    row = cells(given)
    assert (row["Ports"], row["Endpoints"]) == (ports, endpoints)


def test_a_deployment_row():
    spec = {"replicas": 3, "template": TEMPLATE, "selector": SELECTOR}
    given = of("Deployment", spec=spec, status={"readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 1})
    assert list(cells(given).values()) == ["web", "2/3", 3, 1, "13s", "nginx,log", "nginx:1.27,busybox", "app=web"]
    assert list(cells(of("Deployment", spec=spec), wide=False).values()) == ["web", "0/3", 0, 0, "13s"]


def test_a_replica_set_row():
    given = of("ReplicaSet", spec={"replicas": 0, "template": TEMPLATE, "selector": SELECTOR}, status={"replicas": 2})
    assert list(cells(given).values()) == ["web", 0, 2, 0, "13s", "nginx,log", "nginx:1.27,busybox", "app=web"]


def event(**parts):
    return of(
        "Event",
        "web.1",
        **{
            "involvedObject": {"kind": "Pod", "name": "web-1", "fieldPath": "spec.containers{nginx}"},
            "type": "Normal",
            "reason": "Pulled",
            "message": "pulled \n",
            "source": {"component": "kubelet", "host": "node-1"},
            "firstTimestamp": "2026-11-23T10:05:30Z",
            "lastTimestamp": "2026-11-23T10:06:18Z",
            **parts,
        },
    )


def test_an_event_row():
    assert list(cells(event(count=4)).values()) == [
        "12s",
        "Normal",
        "Pulled",
        "pod/web-1",
        "spec.containers{nginx}",
        "kubelet, node-1",
        "pulled",
        "60s",
        4,
        "web.1",
    ]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        pytest.param(event(count=1), "60s", id="once"),
        pytest.param(event(count=4), "12s (x4 over 60s)", id="again and again"),
        pytest.param(
            event(firstTimestamp=None, lastTimestamp=None, eventTime="2026-11-23T10:06:20.000000Z"), "10s", id="new API"
        ),
        pytest.param(
            event(series={"count": 7, "lastObservedTime": "2026-11-23T10:06:25.000000Z"}),
            "5s (x7 over 60s)",
            id="a series",
        ),
        pytest.param(event(firstTimestamp=None, lastTimestamp=None), "<unknown>", id="without a time"),
    ],
)
def test_the_age_of_an_event(given, text):
    assert events.event_age(given, NOW) == text


@pytest.mark.parametrize(
    ("given", "row"),
    [
        (of("Namespace", status={"phase": "Active"}), ["web", "Active", "13s"]),
        (of("ConfigMap", data={"a": "1"}, binaryData={"b": "Mg=="}), ["web", 2, "13s"]),
        (of("Lease", spec={"holderIdentity": "node-1"}), ["web", "node-1", "13s"]),
        (of("MySQL"), ["web", "13s"]),
        (of("Secret", type="Opaque", data={"a": ""}), ["web", "Opaque", 1, "13s"]),
        (of("Role"), ["web", "2026-11-23T10:06:17Z"]),
        (
            of("StatefulSet", spec={"template": TEMPLATE}, status={"readyReplicas": 1}),
            ["web", "1/1", "13s", "nginx,log", "nginx:1.27,busybox"],
        ),
        (
            of("DaemonSet", spec={"template": TEMPLATE, "selector": SELECTOR}, status={"desiredNumberScheduled": 3}),
            ["web", 3, 0, 0, 0, 0, "<none>", "13s", "nginx,log", "nginx:1.27,busybox", "app=web"],
        ),
        (
            of("PodDisruptionBudget", spec={"minAvailable": 2}, status={"disruptionsAllowed": 1}),
            ["web", "2", "N/A", 1, "13s"],
        ),
        (
            of("Ingress", spec={"rules": [{"host": "a.example"}], "tls": [{}]}),
            ["web", "<none>", "a.example", "", "80, 443", "13s"],
        ),
        (
            of("PersistentVolumeClaim", spec={}, status={"phase": "Pending"}),
            ["web", "Pending", "", "", "", "", "<unset>", "13s", "<unset>"],
        ),
        (
            of(
                "PersistentVolumeClaim",
                spec={"volumeName": "pv-1", "storageClassName": "fast", "volumeMode": "Filesystem"},
                status={"phase": "Bound", "capacity": {"storage": "1024Mi"}, "accessModes": ["ReadWriteOnce"]},
            ),
            ["web", "Bound", "pv-1", "1Gi", "RWO", "fast", "<unset>", "13s", "Filesystem"],
        ),
        (
            of("ResourceQuota", spec={}, status={"hard": {"limits.cpu": "2", "pods": "4"}, "used": {"pods": "3"}}),
            ["web", "pods: 3/4", "limits.cpu: 0/2", "13s"],
        ),
        (
            of("Endpoints", subsets=[{"addresses": [{"ip": "::1"}, {"ip": "10.0.0.1"}], "ports": [{"port": 80}]}]),
            ["web", "[::1]:80,10.0.0.1:80", "13s"],
        ),
        (
            of("RoleBinding", roleRef={"kind": "Role", "name": "r"}, subjects=[{"kind": "User", "name": "ann"}]),
            ["web", "Role/r", "13s", "ann", "", ""],
        ),
        (of("PriorityClass", value=10), ["web", 10, False, "13s", ""]),
    ],
)
def test_a_row_of_another_kind(given, row):
    assert list(cells(given).values()) == row


def job(conditions=(), status=None, **spec):
    known = [{"type": type, "status": "True"} for type in conditions]
    return of("Job", spec={"template": TEMPLATE, **spec}, status={"conditions": known, **(status or {})})


@pytest.mark.parametrize(
    ("given", "status", "completions", "duration"),
    [
        (job(completions=5), "Running", "0/5", ""),
        (job(["FailureTarget", "Failed"], completions=1), "Failed", "0/1", ""),
        (job(["Suspended"], completions=2), "Suspended", "0/2", ""),
        (job(parallelism=3, status={"succeeded": 1}), "Running", "1/1 of 3", ""),
        (
            job(["Complete"], completions=1, status={"succeeded": 1, "startTime": "2026-11-23T10:06:17Z"}),
            "Complete",
            "1/1",
            "13s",
        ),
        (
            job(status={"startTime": "2026-11-23T10:06:17Z", "completionTime": "2026-11-23T10:06:20Z"}),
            "Running",
            "0/1",
            "3s",
        ),
    ],
)
def test_a_job_row(given, status, completions, duration):
    row = cells(given)
    assert (row["Status"], row["Completions"], row["Duration"]) == (status, completions, duration)


def autoscaler(*metrics, current=()):
    spec = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 10, "minReplicas": 1}
    return of(
        "HorizontalPodAutoscaler", spec=spec | {"metrics": list(metrics)}, status={"currentMetrics": list(current)}
    )


CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}
MEASURED = {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 200}}}


@pytest.mark.parametrize(
    ("given", "targets"),
    [
        (autoscaler(), "<none>"),
        (autoscaler(CPU), "cpu: <unknown>/50%"),
        (autoscaler(CPU, current=[MEASURED]), "cpu: 200%/50%"),
        (autoscaler(CPU, CPU, CPU, current=[MEASURED]), "cpu: 200%/50%, cpu: <unknown>/50% + 1 more..."),
    ],
)
def test_the_targets_of_an_autoscaler(given, targets):
    row = cells(given)
    assert row["Targets"] == targets
    assert (row["Reference"], row["MinPods"], row["MaxPods"], row["Replicas"]) == ("Deployment/web", "1", "10", "0")
