"""Inputs on which simulators of Kubernetes go wrong, ours among them once, each with what a real cluster does.

`tests/scenarios/test_cases.py` keeps each right; `python -m benchmarks.cases` counts them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

from app.api import cron, times
from app.api.objects import Ref
from app.commands import Apply, PatchObject, PowerNode, StopController
from app.engine.trace import Commanded
from tests.support.world import World


class Case(NamedTuple):
    """`is_so`: does our cluster do what a real one does?"""

    right: str
    is_so: Callable[[World], bool]


CASES: list[Case] = []


def case(right: str) -> Callable[[Callable[[World], bool]], Callable[[World], bool]]:
    def kept(is_so: Callable[[World], bool]) -> Callable[[World], bool]:
        CASES.append(Case(right, is_so))
        return is_so

    return kept


def pod(name: str, container: str = "image: nginx", more: str = "", meta: str = "") -> str:
    spec = f"{{{more}containers: [{{name: main, {container}}}]}}"
    return f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, {meta}}}\nspec: {spec}\n---\n"


def job(name: str, container: str, more: str = "") -> str:
    spec = f"{{restartPolicy: Never, {more}containers: [{{name: main, {container}}}]}}"
    return (
        f"apiVersion: batch/v1\nkind: Job\nmetadata: {{name: {name}}}\n"
        f"spec: {{backoffLimit: 0, template: {{spec: {spec}}}}}\n---\n"
    )


def deployment(spec: str, replicas: int = 2) -> str:
    pods = f"{{metadata: {{labels: {{app: site}}}}, spec: {{{spec}containers: [{CONTAINER}]}}}}"
    return (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: site}\n"
        f"spec: {{replicas: {replicas}, selector: {{matchLabels: {{app: site}}}}, template: {pods}}}\n---\n"
    )


def service(name: str, spec: str) -> str:
    return f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n---\n"


def autoscaler(name: str, target: str) -> str:
    metric = f"{{type: Resource, resource: {{name: cpu, target: {target}}}}}"
    of = "{apiVersion: apps/v1, kind: Deployment, name: site}"
    spec = f"{{scaleTargetRef: {of}, minReplicas: 2, maxReplicas: 5, metrics: [{metric}]}}"
    head = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n"
    return f"{head}metadata: {{name: {name}}}\nspec: {spec}\n---\n"


CONTAINER = "{name: main, image: nginx, resources: {requests: {cpu: 100m}}}"
ANTI = "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{labelSelector: {}}]}}, "
EQUALS = "{matchExpressions: [{key: disk, operator: Equals, values: [ssd]}]}"
REQUIRED = f"{{requiredDuringSchedulingIgnoredDuringExecution: {{nodeSelectorTerms: [{EQUALS}]}}}}"
NODES = f"affinity: {{nodeAffinity: {REQUIRED}}}, "
SPREAD = "topologySpreadConstraints: [{topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {}}], "


def refuses(world: World, text: str, why: str) -> bool:
    record = world.submit(Apply(text)).record
    assert isinstance(record, Commanded)
    return why in record.error


def phase(world: World, name: str) -> str:
    found = world.get(Ref("Pod", "default", name))
    return found["status"]["phase"] if found else ""


def patch(world: World, kind: str, name: str, how: str, document: object) -> None:
    namespace = "" if kind == "Node" else "default"
    world.do(PatchObject(Ref(kind, namespace, name), how, json.dumps(document)))


def conditions(world: World, kind: str, name: str) -> dict[str, tuple[str, str]]:
    found = world.get(Ref(kind, "default", name)) or {}
    return {each["type"]: (each["status"], each.get("reason", "")) for each in found["status"].get("conditions") or ()}


# ------------------------------------------------------------------------------------- what the API server takes


@case("a term of an affinity without a topologyKey is refused")
def _(world: World) -> bool:
    return refuses(world, deployment(ANTI), "topologyKey: Required value: can not be empty")


@case("an operator of a node selector that there is not is refused")
def _(world: World) -> bool:
    return refuses(world, deployment(NODES), 'operator: Invalid value: "Equals": not a valid selector operator')


@case("a spread constraint without maxSkew is refused")
def _(world: World) -> bool:
    return refuses(world, deployment(SPREAD), "maxSkew: Invalid value: 0: must be greater than zero")


@case("$retainKeys beside a field that is null: the other kind of volume takes its place")
def _(world: World) -> bool:
    world.apply(deployment("volumes: [{name: data, emptyDir: {}}], "))
    volume = {"$retainKeys": ["name", "persistentVolumeClaim"], "emptyDir": None, "name": "data"}
    spec = {"volumes": [{**volume, "persistentVolumeClaim": {"claimName": "x"}}]}
    patch(world, "Deployment", "site", "strategic", {"spec": {"template": {"spec": spec}}})
    return "emptyDir" not in world.deployment("site")["spec"]["template"]["spec"]["volumes"][0]


@case("a ConfigMapList is taken item by item")
def _(world: World) -> bool:
    item = "{apiVersion: v1, kind: ConfigMap, metadata: {name: %s}}"
    world.apply(f"apiVersion: v1\nkind: ConfigMapList\nitems: [{item % 'one'}, {item % 'two'}]")
    return all(world.get(Ref("ConfigMap", "default", name)) for name in ("one", "two"))


@case("a Deployment of the wrong group is no kind")
def _(world: World) -> bool:
    text = deployment("").replace("apps/v1", "v1", 1)
    return refuses(world, text, 'no matches for kind "Deployment" in version "v1"')


@case("a port of the same number, for UDP too, applied later: falls upon the first")
def _(world: World) -> bool:
    tcp, udp = "{name: t, port: 53, protocol: TCP}", "{name: u, port: 53, protocol: UDP}"
    world.apply(service("dns", f"ports: [{tcp}]"))
    world.apply(service("dns", f"ports: [{tcp}, {udp}]"))
    ports = (world.get(Ref("Service", "default", "dns")) or {})["spec"]["ports"]
    return [port["name"] for port in ports] == ["u"]


@case("IP families, dual stack and addresses that a cluster of IPv4 has not are refused")
def _(world: World) -> bool:
    port, range_ = "ports: [{port: 80}]", "the provided network does not match the current range"
    return (
        refuses(world, service("six", f"ipFamilies: [IPv6], {port}"), "not configured on this cluster")
        and refuses(world, service("two", f"ipFamilyPolicy: RequireDualStack, {port}"), "dual-stack services")
        and refuses(world, service("far", f"clusterIP: 192.168.9.9, {port}"), range_)
    )


@case("wrong modes, host ports, DNS policies, deletion costs and priorities are refused")
def _(world: World) -> bool:
    cost = "annotations: {controller.kubernetes.io/pod-deletion-cost: much}"
    ports = "image: nginx, ports: [{containerPort: 80, hostPort: 81}]"
    volume = "volumes: [{name: v, secret: {secretName: s, defaultMode: 644}}], "
    wrong = (
        (pod("a", more=volume), "must be a number between 0 and 0777"),
        (pod("b", ports, "hostNetwork: true, "), "must match `containerPort` when `hostNetwork` is true"),
        (pod("c", more="dnsPolicy: None, "), "must provide `dnsConfig` when `dnsPolicy` is None"),
        (pod("d", meta=cost), "must be a 32bit integer"),
        (pod("e", more="priority: 5, "), "the integer value of priority (5) must not be provided in pod spec"),
    )
    return all(refuses(world, text, why) for text, why in wrong)


@case("variables that hide others, and fractions of bytes, are warned of")
def _(world: World) -> bool:
    twice = "env: [{name: A, value: one}, {name: A, value: two}]"
    record = world.submit(Apply(pod("p", f"image: nginx, {twice}, resources: {{requests: {{memory: 100m}}}}"))).record
    assert isinstance(record, Commanded)
    told = " ".join(record.results[0].warnings)
    return 'env[1]: hides previous definition of "A"' in told and 'fractional byte value "100m" is invalid' in told


# ------------------------------------------------------------------------------------------------- what loops do


@case("an autoscaler whose target says one thing and gives another works by what it gives")
def _(world: World) -> bool:
    world.apply(deployment("") + autoscaler("h", "{type: AverageValue, averageUtilization: 50}"))
    world.wait(120)
    return conditions(world, "HorizontalPodAutoscaler", "h").get("ScalingActive") == ("True", "ValidMetricFound")


@case("two autoscalers of one Deployment: neither acts")
def _(world: World) -> bool:
    target = "{type: Utilization, averageUtilization: 50}"
    world.apply(deployment("") + autoscaler("one", target) + autoscaler("two", target))
    world.wait(120)
    found = [conditions(world, "HorizontalPodAutoscaler", name).get("ScalingActive") for name in ("one", "two")]
    return found == [("False", "AmbiguousSelector")] * 2


@case("a pod whose readiness gate nobody opens is not ready")
def _(world: World) -> bool:
    world.apply(deployment("readinessGates: [{conditionType: example.com/checked}], "))
    world.apply(service("site", "selector: {app: site}, ports: [{port: 80}]"))
    world.wait(60)
    (name, *_) = [each for each in world.pod_names() if each.startswith("site")]
    gated = conditions(world, "Pod", name)["Ready"] == ("False", "ReadinessGatesNotReady")
    return gated and not world.deployment("site")["status"].get("readyReplicas") and not world.ready_endpoints()


@case("an init container that waits for a Service in a while loop ends when it answers")
def _(world: World) -> bool:
    wait = (
        "initContainers: [{name: wait, image: busybox, command: [sh, -c, 'while ! nc -z db 5432; do sleep 1; done']}], "
    )
    world.apply(pod("p", more=wait))
    world.wait(30)
    waited = phase(world, "p") == "Pending"
    world.apply(pod("db", meta="labels: {app: db}") + service("db", "selector: {app: db}, ports: [{port: 5432}]"))
    world.wait(60)
    return waited and phase(world, "p") == "Running"


@case("a Job whose program computes something completes")
def _(world: World) -> bool:
    world.apply(job("digits", "image: perl, command: [perl, -wle, 'print 22/7']"))
    world.wait(120)
    return conditions(world, "Job", "digits").get("Complete", ("",))[0] == "True"


@case("a Job fails with a program that there is not, and with a shell that says false")
def _(world: World) -> bool:
    world.apply(job("typo", "image: busybox, command: [nosuchprogram]"))
    world.apply(job("fails", "image: busybox, command: [sh, -c, 'false']"))
    world.wait(120)
    return all(conditions(world, "Job", name).get("Failed", ("",))[0] == "True" for name in ("typo", "fails"))


@case("tail with an option before -F goes on")
def _(world: World) -> bool:
    world.apply(pod("p", "image: busybox, command: [sh, -c, 'tail -n+1 -F /var/log/app.log']"))
    world.wait(60)
    return phase(world, "p") == "Running"


@case("a sidecar ends with the Job it serves")
def _(world: World) -> bool:
    sidecar = "initContainers: [{name: log, image: nginx, restartPolicy: Always}], "
    world.apply(job("work", "image: busybox, command: [sh, -c, 'sleep 5']", sidecar))
    world.wait(120)
    (only,) = [each for each in world.pods() if each["metadata"]["name"].startswith("work")]
    return "terminated" in only["status"]["initContainerStatuses"][0]["state"]


@case("when clocks change, a local time that there is not is left out and one that comes twice is served twice")
def _(world: World) -> bool:
    def after(schedule: str, time: str) -> str:
        found = cron.next_after(cron.parse(schedule), times.parse(time), "America/New_York")
        return times.rfc3339(found or 0)

    left_out = after("30 2 * * *", "2027-03-13T08:00:00Z") == "2027-03-15T06:30:00Z"
    return left_out and after("30 1 * * *", "2026-11-01T05:30:00Z") == "2026-11-01T06:30:00Z"


@case("a machine known to be out of service: its pods are let go at once")
def _(world: World) -> bool:
    pods = f"{{metadata: {{labels: {{app: db}}}}, spec: {{containers: [{CONTAINER}]}}}}"
    spec = f"{{serviceName: db, selector: {{matchLabels: {{app: db}}}}, template: {pods}}}"
    text = f"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: db}}\nspec: {spec}"
    world.apply(text)
    world.settle()
    before = world.get(Ref("Pod", "default", "db-0")) or {}
    world.do(PowerNode(before["spec"]["nodeName"]))
    world.wait(400)
    taint = {"key": "node.kubernetes.io/out-of-service", "value": "x", "effect": "NoExecute"}
    patch(world, "Node", before["spec"]["nodeName"], "strategic", {"spec": {"taints": [taint]}})
    world.wait(60)
    after = world.get(Ref("Pod", "default", "db-0")) or before
    return bool(after["metadata"]["uid"] != before["metadata"]["uid"] and after["status"]["phase"] == "Running")


@case("a CronJob that missed more than a hundred times says so, and makes one Job")
def _(world: World) -> bool:
    work = "{name: main, image: busybox, command: [sh, -c, 'sleep 5']}"
    template = f"{{spec: {{template: {{spec: {{restartPolicy: Never, containers: [{work}]}}}}}}}}"
    head = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: tick}\n"
    world.apply(f"{head}spec: {{schedule: '* * * * *', jobTemplate: {template}}}")
    world.wait(10)
    world.do(StopController("cronjob-controller"))
    world.wait(101 * 60)
    world.do(StopController("cronjob-controller", stopped=False))
    world.wait(5)
    return "TooManyMissedTimes" in world.event_reasons("CronJob") and len(world.objects("Job", "default")) == 1


@case("a shell with an open input waits")
def _(world: World) -> bool:
    world.apply(pod("p", "image: busybox, stdin: true, tty: true, command: [sh]"))
    world.wait(60)
    return phase(world, "p") == "Running"
