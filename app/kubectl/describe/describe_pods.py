"""The pod-shaped parts of `kubectl describe`: pods, pod templates, containers, volumes. `app.kubectl.describe.describe`
uses them.

Models kubectl `pkg/describe/describe.go`. Functions yield lines with tabs between cells, for `tabbed.align`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.api import quantities
from app.api.objects import Obj, annotations_of, controller_of, find_named, get_path, is_terminating, labels_of
from app.api.selectors import format_selector
from app.component_helpers import pods
from app.kubectl.describe.tabbed import annotation_lines, label_lines, listed, rfc1123, truth
from app.kubectl.printers.durations import since

Lines = Iterator[str]


def pod(obj: Obj, now_ms: int) -> Lines:
    meta, spec, status = obj["metadata"], obj["spec"], obj.get("status") or {}
    yield f"Name:\t{meta['name']}"
    yield f"Namespace:\t{meta.get('namespace', '')}"
    if spec.get("priority") is not None:
        yield f"Priority:\t{spec['priority']}"
    if spec.get("priorityClassName"):
        yield f"Priority Class Name:\t{spec['priorityClassName']}"
    if spec.get("serviceAccountName"):
        yield f"Service Account:\t{spec['serviceAccountName']}"
    yield f"Node:\t{spec['nodeName']}/{status.get('hostIP', '')}" if spec.get("nodeName") else "Node:\t<none>"
    if status.get("startTime"):
        yield f"Start Time:\t{rfc1123(status['startTime'])}"
    yield from label_lines("Labels", labels_of(obj))
    yield from annotation_lines("Annotations", annotations_of(obj))
    yield from _pod_status(obj, now_ms)
    yield f"IP:\t{status.get('podIP', '')}"
    yield from _pod_ips(status)
    if owner := controller_of(obj):
        yield f"Controlled By:\t{owner['kind']}/{owner['name']}"
    if status.get("nominatedNodeName"):
        yield f"NominatedNodeName:\t{status['nominatedNodeName']}"
    if spec.get("initContainers"):
        yield from _containers("Init Containers", spec["initContainers"], pods.init_container_statuses(obj), obj, "")
    yield from _containers("Containers", spec["containers"], pods.container_statuses(obj), obj, "")
    if added := spec.get("ephemeralContainers"):
        yield from _containers("Ephemeral Containers", added, pods.ephemeral_container_statuses(obj), obj, "")
    yield from _pod_conditions(spec, status)
    yield from _volumes(spec.get("volumes") or (), "")
    yield f"QoS Class:\t{status.get('qosClass', 'BestEffort')}"
    yield from label_lines("Node-Selectors", spec.get("nodeSelector"))
    yield from listed("Tolerations", _tolerations(spec))
    yield from _spread(spec, "")


def _pod_status(obj: Obj, now_ms: int) -> Lines:
    status = obj.get("status") or {}
    if is_terminating(obj) and not pods.is_terminal(obj):
        yield f"Status:\tTerminating (lasts {since(obj['metadata']['deletionTimestamp'], now_ms)})"
        yield f"Termination Grace Period:\t{obj['metadata'].get('deletionGracePeriodSeconds', 0)}s"
    else:
        yield f"Status:\t{status.get('phase', '')}"
    for field in ("reason", "message"):
        if status.get(field):
            yield f"{field.title()}:\t{status[field]}"


def _pod_ips(status: Mapping[str, Any]) -> Lines:
    ips = status.get("podIPs") or ()
    yield "IPs:" if ips else "IPs:\t<none>"
    for each in ips:
        yield f"  IP:\t{each['ip']}"


def _pod_conditions(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Lines:
    conditions = status.get("conditions") or ()
    known = {condition["type"]: condition["status"] for condition in conditions}
    if gates := spec.get("readinessGates"):
        yield from ("Readiness Gates:", "  Type\tStatus")
        for gate in gates:
            yield f"  {gate['conditionType']} \t{known.get(gate['conditionType'], '<none>')} "
    if conditions:
        yield from ("Conditions:", "  Type\tStatus")
        for condition in conditions:
            yield f"  {condition['type']} \t{condition['status']} "


def template(obj: Mapping[str, Any]) -> Lines:
    """A PodTemplateSpec."""
    meta, spec = obj.get("metadata") or {}, obj["spec"]
    yield "Pod Template:"
    yield from label_lines("  Labels", meta.get("labels"))
    if meta.get("annotations"):
        yield from annotation_lines("  Annotations", meta["annotations"])
    if spec.get("serviceAccountName"):
        yield f"  Service Account:\t{spec['serviceAccountName']}"
    if spec.get("initContainers"):
        yield from _containers("Init Containers", spec["initContainers"], (), None, "  ")
    yield from _containers("Containers", spec["containers"], (), None, "  ")
    yield from _volumes(spec.get("volumes") or (), "  ")
    yield from _spread(spec, "  ")
    if spec.get("priorityClassName"):
        yield f"  Priority Class Name:\t{spec['priorityClassName']}"
    yield from label_lines("  Node-Selectors", spec.get("nodeSelector"))
    yield from listed("  Tolerations", _tolerations(spec))


def _tolerations(spec: Mapping[str, Any]) -> list[str]:
    found = []
    for each in sorted(spec.get("tolerations") or (), key=lambda each: each.get("key", "")):
        text = each.get("key", "")
        text += f"={each['value']}" if each.get("value") else ""
        text += f":{each['effect']}" if each.get("effect") else ""
        if each.get("operator") == "Exists" and not each.get("value"):
            text += " op=Exists" if text else "op=Exists"
        if each.get("tolerationSeconds") is not None:
            text += f" for {each['tolerationSeconds']}s"
        found.append(text)
    return found


def _spread(spec: Mapping[str, Any], indent: str) -> Lines:
    """Says nothing where there are no constraints."""
    constraints = sorted(spec.get("topologySpreadConstraints") or (), key=lambda each: str(each["topologyKey"]))
    texts = []
    for each in constraints:
        text = f"{each['topologyKey']}:{each['whenUnsatisfiable']} when max skew {each['maxSkew']} is exceeded"
        if each.get("labelSelector") is not None:
            text += f" for selector {format_selector(each['labelSelector'])}"
        texts.append(text)
    if texts:
        yield from listed(f"{indent}Topology Spread Constraints", texts)


# -------------------------------------------------------------------------------------------- containers


def _containers(
    title: str,
    containers: Sequence[Mapping[str, Any]],
    statuses: Sequence[Mapping[str, Any]],
    of: Obj | None,
    indent: str,
) -> Lines:
    """`of`: the pod whose fields environment variables speak of, None for a template."""
    yield f"{indent}{title}:{'' if containers else ' <none>'}"
    for container in containers:
        status = find_named(statuses, container["name"])
        yield f"  {indent[:1]}{container['name']}:"
        yield from _basics(container, status)
        for field in ("command", "args"):
            if container.get(field):
                yield f"    {field.title()}:"
                yield from (f"      {line}" for word in container[field] for line in word.split("\n"))
        if status:
            yield from _state("State", status.get("state") or {})
            if get_path(status, "lastState.terminated") is not None:
                yield from _state("Last State", status["lastState"])
            yield f"    Ready:\t{bool(status.get('ready'))}"
            yield f"    Restart Count:\t{status.get('restartCount', 0)}"
        yield from _resources(container.get("resources") or {})
        for name in ("liveness", "readiness", "startup"):
            if container.get(f"{name}Probe"):
                yield f"    {name.title()}:\t{_probe(container[f'{name}Probe'])}"
        yield from _environment(container, of)
        yield from _mounts(container.get("volumeMounts") or ())


def _basics(container: Mapping[str, Any], status: Mapping[str, Any] | None) -> Lines:
    if status:
        yield f"    Container ID:\t{status.get('containerID', '')}"
    yield f"    Image:\t{container.get('image', '')}"
    if status:
        yield f"    Image ID:\t{status.get('imageID', '')}"
    ports = container.get("ports") or ()
    for title, field in (("Port", "containerPort"), ("Host Port", "hostPort")):
        texts = [f"{port.get(field, 0)}/{port.get('protocol', 'TCP')}" for port in ports]
        yield f"    {title}{'s' if len(texts) > 1 else ''}:\t{', '.join(texts) or '<none>'}"


def _state(title: str, state: Mapping[str, Any]) -> Lines:
    if state.get("running") is not None:
        yield f"    {title}:\tRunning"
        yield f"      Started:\t{rfc1123(state['running'].get('startedAt'))}"
    elif (ended := state.get("terminated")) is not None:
        yield f"    {title}:\tTerminated"
        yield from (f"      {field.title()}:\t{ended[field]}" for field in ("reason", "message") if ended.get(field))
        yield f"      Exit Code:\t{ended.get('exitCode', 0)}"
        if ended.get("signal"):
            yield f"      Signal:\t{ended['signal']}"
        yield f"      Started:\t{rfc1123(ended.get('startedAt'))}"
        yield f"      Finished:\t{rfc1123(ended.get('finishedAt'))}"
    else:
        yield f"    {title}:\tWaiting"
        if reason := (state.get("waiting") or {}).get("reason"):
            yield f"      Reason:\t{reason}"


def _resources(resources: Mapping[str, Any]) -> Lines:
    for kind in ("limits", "requests"):
        if resources.get(kind):
            yield f"    {kind.title()}:"
            for name, quantity in sorted(resources[kind].items()):
                yield f"      {name}:\t{quantities.canonical(str(quantity))}"


def _probe(probe: Mapping[str, Any]) -> str:
    timing = (
        f"delay={probe.get('initialDelaySeconds', 0)}s timeout={probe.get('timeoutSeconds', 0)}s "
        f"period={probe.get('periodSeconds', 0)}s #success={probe.get('successThreshold', 0)} "
        f"#failure={probe.get('failureThreshold', 0)}"
    )
    if action := probe.get("exec"):
        return f"exec [{' '.join(action.get('command') or ())}] {timing}"
    if action := probe.get("httpGet"):
        scheme, path = action.get("scheme", "").lower(), action.get("path", "")
        return f"http-get {scheme}://{action.get('host', '')}:{action['port']}{path} {timing}"
    if action := probe.get("tcpSocket"):
        return f"tcp-socket {action.get('host', '')}:{action['port']} {timing}"
    if action := probe.get("grpc"):
        return f"grpc <pod>:{action['port']} {action.get('service') or ''} {timing}"
    return f"unknown {timing}"


def _environment(container: Mapping[str, Any], of: Obj | None) -> Lines:
    if sources := container.get("envFrom"):
        yield "    Environment Variables from:"
        for source in sources:
            kind = "ConfigMap" if source.get("configMapRef") else "Secret"
            ref = source.get("configMapRef") or source.get("secretRef") or {}
            prefix = f" with prefix '{source['prefix']}'" if source.get("prefix") else ""
            yield f"      {ref.get('name', '')}\t{kind}{prefix}\tOptional: {truth(ref.get('optional'))}"
    variables = container.get("env") or ()
    yield "    Environment:" if variables else "    Environment:\t<none>"
    for variable in variables:
        yield from _variable(variable, container, of)


def _variable(variable: Mapping[str, Any], container: Mapping[str, Any], of: Obj | None) -> Lines:
    name, source = variable["name"], variable.get("valueFrom") or {}
    if ref := source.get("fieldRef"):
        value = "" if of is None else _field(of, ref["fieldPath"])
        yield f"      {name}:\t{value} ({ref.get('apiVersion', 'v1')}:{ref['fieldPath']})"
    elif ref := source.get("resourceFieldRef"):
        yield f"      {name}:\t{_resource(container, ref)} ({ref['resource']})"
    elif ref := source.get("secretKeyRef"):
        words = f"<set to the key '{ref['key']}' in secret '{ref.get('name', '')}'>"
        yield f"      {name}:\t{words}\tOptional: {truth(ref.get('optional'))}"
    elif ref := source.get("configMapKeyRef"):
        words = f"<set to the key '{ref['key']}' of config map '{ref.get('name', '')}'>"
        yield f"      {name}:\t{words}\tOptional: {truth(ref.get('optional'))}"
    else:
        first, *others = variable.get("value", "").split("\n")
        yield f"      {name}:\t{first}"
        yield from (f"      \t{other}" for other in others)


def _field(obj: Obj, path: str) -> str:
    """kubectl resolves the fields that never change."""
    return str(get_path(obj, path, "")) if path in ("metadata.name", "metadata.namespace", "metadata.uid") else ""


def _resource(container: Mapping[str, Any], ref: Mapping[str, Any]) -> int:
    """`limits.cpu` of the container in whole divisors, rounded up."""
    field, _, name = ref["resource"].partition(".")
    amount = ((container.get("resources") or {}).get(field) or {}).get(name, "0")
    divisor = quantities.parse(str(ref.get("divisor", "0"))) or 1
    return math.ceil(quantities.parse(str(amount)) / divisor)


def _mounts(mounts: Sequence[Mapping[str, Any]]) -> Lines:
    yield "    Mounts:" if mounts else "    Mounts:\t<none>"
    for mount in sorted(mounts, key=lambda each: str(each["mountPath"])):
        flags = ["ro" if mount.get("readOnly") else "rw"]
        if mount.get("subPath"):
            flags.append(f'path="{mount["subPath"]}"')
        yield f"      {mount['mountPath']} from {mount['name']} ({','.join(flags)})"


# ----------------------------------------------------------------------------------------------- volumes


def _volumes(volumes: Sequence[Mapping[str, Any]], indent: str) -> Lines:
    yield f"{indent}Volumes:" if volumes else f"{indent}Volumes:\t<none>"
    for volume in volumes:
        yield f"  {indent[:1]}{volume['name']}:"
        yield from (f"    {line}" for line in _volume(volume))


# Type in words, and titles with the field each comes from.
_VOLUMES: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "hostPath": ("HostPath (bare host directory volume)", (("Path", "path"), ("HostPathType", "type"))),
    "configMap": ("ConfigMap (a volume populated by a ConfigMap)", (("Name", "name"), ("Optional", "optional"))),
    "secret": ("Secret (a volume populated by a Secret)", (("SecretName", "secretName"), ("Optional", "optional"))),
    "persistentVolumeClaim": (
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        (("ClaimName", "claimName"), ("ReadOnly", "readOnly")),
    ),
    "nfs": (
        "NFS (an NFS mount that lasts the lifetime of a pod)",
        (("Server", "server"), ("Path", "path"), ("ReadOnly", "readOnly")),
    ),
}


def _volume(volume: Mapping[str, Any]) -> Lines:
    """The kinds of volume that people write in manifests; of others nothing, as kubectl of one it does not know."""
    for kind, (words, fields) in _VOLUMES.items():
        if (source := volume.get(kind)) is not None:
            yield f"Type:\t{words}"
            for title, field in fields:
                flag = field in ("optional", "readOnly")
                yield f"{title}:\t{truth(source.get(field)) if flag else source.get(field, '')}"
            return
    if (source := volume.get("emptyDir")) is not None:
        yield "Type:\tEmptyDir (a temporary directory that shares a pod's lifetime)"
        yield f"Medium:\t{source.get('medium', '')}"
        size = source.get("sizeLimit")
        yield f"SizeLimit:\t{'<unset>' if size is None else quantities.canonical(str(size))}"
    elif (source := volume.get("downwardAPI")) is not None:
        yield from ("Type:\tDownwardAPI (a volume populated by information about the pod)", "Items:")
        named = (item for item in source.get("items") or () if item.get("fieldRef"))
        yield from (f"  {item['fieldRef']['fieldPath']} -> {item['path']}" for item in named)
    elif (source := volume.get("projected")) is not None:
        yield "Type:\tProjected (a volume that contains injected data from multiple sources)"
        for part in source.get("sources") or ():
            yield from _projection(part)
    else:
        yield "<unknown>"


def _projection(part: Mapping[str, Any]) -> Lines:
    for field, title, optional in (
        ("secret", "SecretName", "SecretOptionalName"),
        ("configMap", "ConfigMapName", "ConfigMapOptional"),
    ):
        if (source := part.get(field)) is not None:
            yield f"{title}:\t{source.get('name', '')}"
            yield f"{optional}:\t{truth(source['optional']) if 'optional' in source else '<nil>'}"
    if part.get("downwardAPI") is not None:
        yield "DownwardAPI:\ttrue"
    if source := part.get("serviceAccountToken"):
        yield f"TokenExpirationSeconds:\t{source.get('expirationSeconds', 3600)}"
