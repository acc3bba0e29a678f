"""Validation in Kubernetes' own words. The first table restates what a real API server of 1.36 answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.api.errors import Cause, invalid
from app.api.objects import Obj
from app.apimachinery.documents import parse
from app.registry.validation import pods
from tests.support.kinds import KINDS, admit, decode, default, validate, validate_update


def stored(text: str) -> Obj:
    obj = decode(parse(text)[0].obj)
    namespace = {"namespace": "default"} if KINDS[obj["kind"]].namespaced else {}
    return admit(default({**obj, "metadata": {**namespace, **obj["metadata"]}}))


def answer(text: str) -> str:
    """The sentence of the API server, "" if it accepts."""
    obj = stored(text)
    causes = validate(obj)
    return (
        invalid(obj["kind"], obj["metadata"].get("name", ""), causes, KINDS[obj["kind"]].group).message
        if causes
        else ""
    )


def deployment(replicas: str = "2", labels: str = "{app: web}", template: str = "", more: str = "") -> str:
    container = "containers: [{name: nginx, image: 'nginx:1.27'}]"
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {labels}}}
    spec: {{{template or container}}}
{more}"""


def pod(container: str = "name: c, image: nginx", spec: str = "", name: str = "p") -> str:
    return f"""
apiVersion: v1
kind: Pod
metadata: {{name: {name}}}
spec:
  containers: [{{{container}}}]
{spec}"""


def service(ports: str = "[{port: 80}]", more: str = "", name: str = "s") -> str:
    return f"""
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec:
  selector: {{app: web}}
  ports: {ports}
{more}"""


SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL_KEY = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
LABEL_VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
CONFIG_KEY = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  "
    "or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
DEPLOYMENT_INVALID = 'Deployment.apps "web" is invalid: '
POD_INVALID = 'Pod "p" is invalid: '
SERVICE_INVALID = 'Service "s" is invalid: '
BIG = "a" * 64

RECORDED = {
    "negative replicas": (
        deployment(replicas="-1"),
        DEPLOYMENT_INVALID + "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
    ),
    "selector does not match template labels": (
        deployment(labels="{app: other}"),
        DEPLOYMENT_INVALID
        + 'spec.template.metadata.labels: Invalid value: {"app":"other"}: `selector` does not match template `labels`',
    ),
    "empty selector": (
        deployment().replace("{matchLabels: {app: web}}", "{}"),
        DEPLOYMENT_INVALID + "spec.selector: Invalid value: {}: empty selector is invalid for deployment",
    ),
    "missing template": (
        deployment().partition("  template:")[0],
        DEPLOYMENT_INVALID
        + "[spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`, "
        "spec.template.spec.containers: Required value]",
    ),
    "no containers": (
        pod().replace("[{name: c, image: nginx}]", "[]"),
        POD_INVALID + "spec.containers: Required value",
    ),
    "container without image": (pod("name: c"), POD_INVALID + "spec.containers[0].image: Required value"),
    "two containers with one name": (
        pod("name: c, image: a}, {name: c, image: b"),
        POD_INVALID + 'spec.containers[1].name: Duplicate value: "c"',
    ),
    "missing metadata.name": (
        pod().replace("{name: p}", "{labels: {a: b}}"),
        'Pod "" is invalid: metadata.name: Required value: name or generateName is required',
    ),
    "bad name characters": (
        pod(name="My_Pod"),
        f'Pod "My_Pod" is invalid: metadata.name: Invalid value: "My_Pod": {SUBDOMAIN}',
    ),
    "name too long": (
        service(name=BIG),
        f'Service "{BIG}" is invalid: metadata.name: Invalid value: "{BIG}": must be no more than 63 characters',
    ),
    "bad label key and value": (
        pod().replace("{name: p}", "{name: p, labels: {a b: ok, c: not ok!}}"),
        f'{POD_INVALID}[metadata.labels: Invalid value: "a b": {LABEL_KEY}, '
        f'metadata.labels: Invalid value: "not ok!": {LABEL_VALUE}]',
    ),
    "duplicate service port": (
        service("[{name: a, port: 80}, {name: b, port: 80}]"),
        SERVICE_INVALID + 'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,'
        '"TargetPort":0,"NodePort":0}',
    ),
    "two service ports without names": (
        service("[{port: 80}, {port: 81}]"),
        SERVICE_INVALID + "[spec.ports[0].name: Required value, spec.ports[1].name: Required value]",
    ),
    "port out of range": (
        service("[{port: 70000}]"),
        SERVICE_INVALID + "[spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive, "
        "spec.ports[0].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive]",
    ),
    "nodePort out of range, which only its allocation refuses": (
        service("[{port: 80, nodePort: 80}]", "  type: NodePort"),
        "",
    ),
    "a service whose name starts with a digit": (service(name="1a"), ""),
    "request greater than limit": (
        pod("name: c, image: nginx, resources: {requests: {cpu: '2'}, limits: {cpu: '1'}}"),
        POD_INVALID
        + 'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ),
    "bad restartPolicy": (
        pod(spec="  restartPolicy: Sometimes"),
        POD_INVALID
        + 'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
    ),
    "Deployment with restartPolicy Never": (
        deployment(template="restartPolicy: Never, containers: [{name: c, image: a}]"),
        DEPLOYMENT_INVALID + 'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ),
    "bad strategy type": (
        deployment(more="  strategy: {type: BlueGreen}"),
        DEPLOYMENT_INVALID + 'spec.strategy: Unsupported value: {"Type":"BlueGreen","RollingUpdate":null}: '
        'supported values: "Recreate", "RollingUpdate"',
    ),
    "maxSurge and maxUnavailable both 0": (
        deployment(more="  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0}}"),
        DEPLOYMENT_INVALID
        + "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0",
    ),
    "volumeMount without volume": (
        pod("name: c, image: nginx, volumeMounts: [{name: v, mountPath: /v}]"),
        POD_INVALID + 'spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ),
    "probe without handler": (
        pod("name: c, image: nginx, readinessProbe: {periodSeconds: 1}"),
        POD_INVALID + "spec.containers[0].readinessProbe: Required value: must specify a handler type",
    ),
    "ConfigMap bad key": (
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: cm}, data: {a b: c}}",
        f'ConfigMap "cm" is invalid: data[a b]: Invalid value: "a b": {CONFIG_KEY}',
    ),
    "several errors at once": (
        deployment(replicas="-1", labels="{app: x}", template="containers: [{name: nginx}]"),
        DEPLOYMENT_INVALID + "[spec.replicas: Invalid value: -1: must be greater than or equal to 0, "
        'spec.template.metadata.labels: Invalid value: {"app":"x"}: `selector` does not match template `labels`, '
        "spec.template.spec.containers[0].image: Required value]",
    ),
}


@pytest.mark.parametrize(("text", "sentence"), RECORDED.values(), ids=RECORDED.keys())
def test_what_a_real_server_refused_is_refused_in_its_words(text: str, sentence: str) -> None:
    assert answer(text) == sentence


# Not recorded: from the sources of upstream's validation. (manifest, field, message)
MORE = {
    "a selector is required": (
        deployment().replace("  selector: {matchLabels: {app: web}}\n", ""),
        "spec.selector",
        "Required value",
    ),
    "an operator of a selector": (
        deployment().replace("{matchLabels: {app: web}}", "{matchExpressions: [{key: app, operator: Is}]}"),
        "spec.selector.matchExpressions[0].operator",
        'Invalid value: "Is": not a valid selector operator',
    ),
    "an expression needs values": (
        deployment().replace("{matchLabels: {app: web}}", "{matchExpressions: [{key: app, operator: In}]}"),
        "spec.selector.matchExpressions[0].values",
        "Required value: must be specified when `operator` is 'In' or 'NotIn'",
    ),
    "Recreate has no parameters": (
        deployment(more="  strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}}"),
        "spec.strategy.rollingUpdate",
        "Forbidden: may not be specified when strategy `type` is 'Recreate'",
    ),
    "a share that is no percentage": (
        deployment(more="  strategy: {rollingUpdate: {maxSurge: half}}"),
        "spec.strategy.rollingUpdate.maxSurge",
        "Invalid value: \"half\": a valid percent string must be a numeric string followed by an ending '%' "
        "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    ),
    "more than everything": (
        deployment(more="  strategy: {rollingUpdate: {maxUnavailable: 101%}}"),
        "spec.strategy.rollingUpdate.maxUnavailable",
        'Invalid value: "101%": must not be greater than 100%',
    ),
    "a deadline shorter than being ready takes": (
        deployment(more="  minReadySeconds: 600"),
        "spec.progressDeadlineSeconds",
        "Invalid value: 600: must be greater than minReadySeconds",
    ),
    "labels of a template, whose field upstream names thus": (
        deployment(labels="{app: web, c: not ok!}"),
        "spec.template.labels",
        f'Invalid value: "not ok!": {LABEL_VALUE}',
    ),
    "a container without name": (pod("image: nginx"), "spec.containers[0].name", "Required value"),
    "a container's name with dots": (
        pod("name: a.b, image: nginx"),
        "spec.containers[0].name",
        'Invalid value: "a.b": must not contain dots',
    ),
    "an init container named as a container": (
        pod(spec="  initContainers: [{name: c, image: a}]"),
        "spec.initContainers[0].name",
        'Duplicate value: "c"',
    ),
    "a probe of an init container": (
        pod(spec="  initContainers: [{name: i, image: a, livenessProbe: {tcpSocket: {port: 1}}}]"),
        "spec.initContainers[0].livenessProbe",
        "Forbidden: may not be set for init containers without restartPolicy=Always",
    ),
    "an image with blanks": (
        pod("name: c, image: ' nginx'"),
        "spec.containers[0].image",
        'Invalid value: " nginx": must not have leading or trailing whitespace',
    ),
    "a container port beyond the range": (
        pod("name: c, image: nginx, ports: [{containerPort: 70000}]"),
        "spec.containers[0].ports[0].containerPort",
        "Invalid value: 70000: must be between 1 and 65535, inclusive",
    ),
    "no container port": (
        pod("name: c, image: nginx, ports: [{name: http}]"),
        "spec.containers[0].ports[0].containerPort",
        "Required value",
    ),
    "one name for two ports": (
        pod("name: c, image: nginx, ports: [{name: a, containerPort: 1}, {name: a, containerPort: 2}]"),
        "spec.containers[0].ports[1].name",
        'Duplicate value: "a"',
    ),
    "a long port name": (
        pod("name: c, image: nginx, ports: [{name: abcdefghijklmnop, containerPort: 1}]"),
        "spec.containers[0].ports[0].name",
        'Invalid value: "abcdefghijklmnop": must be no more than 15 characters',
    ),
    "an unknown protocol": (
        pod("name: c, image: nginx, ports: [{protocol: HTTP, containerPort: 1}]"),
        "spec.containers[0].ports[0].protocol",
        'Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"',
    ),
    "one host port for two": (
        pod("name: c, image: nginx, ports: [{containerPort: 1, hostPort: 9}, {containerPort: 2, hostPort: 9}]"),
        "spec.containers[0].ports[1].hostPort",
        'Duplicate value: "TCP//9"',
    ),
    "an unknown pull policy": (
        pod("name: c, image: nginx, imagePullPolicy: Often"),
        "spec.containers[0].imagePullPolicy",
        'Unsupported value: "Often": supported values: "Always", "IfNotPresent", "Never"',
    ),
    "a variable without name": (
        pod("name: c, image: nginx, env: [{value: x}]"),
        "spec.containers[0].env[0].name",
        "Required value",
    ),
    "a variable from nowhere": (
        pod("name: c, image: nginx, env: [{name: A, valueFrom: {}}]"),
        "spec.containers[0].env[0].valueFrom",
        'Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` '
        "or `fileKeyRef`",
    ),
    "a variable with two values": (
        pod("name: c, image: nginx, env: [{name: A, value: x, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]"),
        "spec.containers[0].env[0].valueFrom",
        'Invalid value: "": may not be specified when `value` is not empty',
    ),
    "two mounts at one place": (
        pod(
            "name: c, image: nginx, volumeMounts: [{name: v, mountPath: /a}, {name: v, mountPath: /a}]",
            "  volumes: [{name: v}]",
        ),
        "spec.containers[0].volumeMounts[1].mountPath",
        'Invalid value: "/a": must be unique',
    ),
    "one name for two volumes": (
        pod(spec="  volumes: [{name: v}, {name: v}]"),
        "spec.volumes[1].name",
        'Duplicate value: "v"',
    ),
    "a volume of two kinds": (
        pod(spec="  volumes: [{name: v, emptyDir: {}, hostPath: {path: /x}}]"),
        "spec.volumes[0].hostPath",
        "Forbidden: may not specify more than 1 volume type",
    ),
    "a negative quantity": (
        pod("name: c, image: nginx, resources: {limits: {cpu: '-1'}}"),
        "spec.containers[0].resources.limits[cpu]",
        'Invalid value: "-1": must be greater than or equal to 0',
    ),
    "an unknown resource": (
        pod("name: c, image: nginx, resources: {limits: {cpus: '1'}}"),
        "spec.containers[0].resources.limits[cpus]",
        'Invalid value: "cpus": must be a standard resource for containers',
    ),
    "a probe of two kinds": (
        pod("name: c, image: nginx, livenessProbe: {exec: {command: [a]}, tcpSocket: {port: 1}}"),
        "spec.containers[0].livenessProbe.tcpSocket",
        "Forbidden: may not specify more than 1 handler type",
    ),
    "a liveness probe that wants two successes": (
        pod("name: c, image: nginx, livenessProbe: {exec: {command: [a]}, successThreshold: 2}"),
        "spec.containers[0].livenessProbe.successThreshold",
        "Invalid value: 2: must be 1",
    ),
    "a probe's port": (
        pod("name: c, image: nginx, readinessProbe: {httpGet: {port: 0}}"),
        "spec.containers[0].readinessProbe.httpGet.port",
        "Invalid value: 0: must be between 1 and 65535, inclusive",
    ),
    "a toleration of everything": (
        pod(spec="  tolerations: [{operator: Equal}]"),
        "spec.tolerations[0].operator",
        'Invalid value: "Equal": operator must be Exists when `key` is empty, which means '
        '"match all values and all keys"',
    ),
    "an unknown effect": (
        pod(spec="  tolerations: [{key: a, effect: Never}]"),
        "spec.tolerations[0].effect",
        'Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ),
    "a service without ports": (service("[]"), "spec.ports", "Required value"),
    "an unknown type of service": (
        service(more="  type: Internal"),
        "spec.type",
        'Unsupported value: "Internal": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ),
    "a node port without its type": (
        service("[{port: 80, nodePort: 30000}]"),
        "spec.ports[0].nodePort",
        "Forbidden: may not be used when `type` is 'ClusterIP'",
    ),
    "an address that is none": (
        service(more="  clusterIP: here"),
        "spec.clusterIPs[0]",
        'Invalid value: "here": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ),
    "a namespace's name": (
        "{apiVersion: v1, kind: Namespace, metadata: {name: a.b}}",
        "metadata.name",
        'Invalid value: "a.b": must not contain dots',
    ),
    "a finalizer": (
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [mine]}}",
        "metadata.finalizers[0]",
        'Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
    ),
    "an owner without uid": (
        "{apiVersion: v1, kind: ConfigMap, metadata: "
        "{name: a, ownerReferences: [{apiVersion: v1, kind: Pod, name: p}]}}",
        "metadata.ownerReferences.uid",
        'Invalid value: "": must not be empty',
    ),
    "a taint's effect": (
        "{apiVersion: v1, kind: Node, metadata: {name: node-1}, spec: {taints: [{key: a}]}}",
        "metadata.taints[0].effect",
        "Required value",
    ),
    "a slice's kind of address": (
        "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: e}, endpoints: []}",
        "addressType",
        "Required value",
    ),
}


@pytest.mark.parametrize(("text", "field", "message"), MORE.values(), ids=MORE.keys())
def test_every_rule_speaks_as_upstream_does(text: str, field: str, message: str) -> None:
    assert (field, message) in [(cause.field, cause.message) for cause in validate(stored(text))]


def test_causes_carry_kubernetes_reasons() -> None:
    found = {cause.reason for text, _, _ in MORE.values() for cause in validate(stored(text))}
    assert found == {
        "FieldValueInvalid",
        "FieldValueRequired",
        "FieldValueDuplicate",
        "FieldValueNotSupported",
        "FieldValueForbidden",
    }


@pytest.mark.parametrize(
    "text",
    [
        deployment(),
        pod(),
        service(),
        service("[{port: 80, targetPort: http}]", "  type: LoadBalancer"),
        "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {type: ExternalName, externalName: a.example}}",
        "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {clusterIP: None}}",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a.b}, data: {a.conf: x}, binaryData: {b: aGk=}}",
        "{apiVersion: v1, kind: Namespace, metadata: {name: blue}}",
        "{apiVersion: v1, kind: Node, metadata: {name: node-1}, spec: {taints: [{key: a/b, effect: NoSchedule}]}}",
    ],
)
def test_what_is_right_is_accepted(text: str) -> None:
    assert validate(stored(text)) == ()
    assert validate_update(stored(text), stored(text)) == ()


def test_a_config_map_has_a_limit() -> None:
    config = stored("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}") | {"data": {"a": "x" * 1048577}}
    assert validate(config) == (Cause("[]", "FieldValueTooLong", "Too long: may not be more than 1048576 bytes"),)


# ------------------------------------------------------------------------------------------------- updates


def changed(text: str, **spec: Any) -> tuple[Cause, ...]:
    old = stored(text)
    return validate_update({**old, "spec": {**old["spec"], **spec}}, old)


def test_the_selector_of_a_deployment_is_immutable() -> None:
    template = stored(deployment(labels="{app: b}"))["spec"]["template"]
    (cause,) = changed(deployment(), selector={"matchLabels": {"app": "b"}}, template=template)
    assert str(cause) == 'spec.selector: Invalid value: {"matchLabels":{"app":"b"}}: field is immutable'


UPDATABLE = (
    "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "
    "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n"
)


def test_of_a_pod_only_few_fields_may_change_and_the_lines_that_differ_are_shown() -> None:
    containers = stored(pod("name: c, image: nginx, command: [a]"))["spec"]["containers"]
    (cause,) = changed(pod(), containers=containers)
    assert cause.field == "spec"
    assert cause.message.startswith(UPDATABLE + "@@ ")
    assert '+   "command": [' in cause.message


def test_a_pod_does_not_move() -> None:
    (cause,) = changed(pod(spec="  nodeName: node-1"), nodeName="node-9")
    assert '- "nodeName": "node-1",\n+ "nodeName": "node-9",' in cause.message


def test_a_pod_may_get_another_image_and_further_tolerations() -> None:
    spec = stored(pod())["spec"]
    containers = [{**spec["containers"][0], "image": "nginx:2"}]
    tolerations = [*spec["tolerations"], {"key": "a", "operator": "Exists"}]
    assert changed(pod(), containers=containers, tolerations=tolerations) == ()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            {"tolerations": []},
            "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds",
        ),
        ({"containers": []}, "spec.containers: Forbidden: pod updates may not add or remove containers"),
        (
            {"activeDeadlineSeconds": 90},
            "spec.activeDeadlineSeconds: Invalid value: 90: must be less than or equal to previous value",
        ),
    ],
)
def test_what_of_a_pod_may_change_has_bounds(change: dict[str, Any], text: str) -> None:
    assert text in map(str, changed(pod(spec="  activeDeadlineSeconds: 60"), **change))


def test_the_address_of_a_service_stays() -> None:
    (cause,) = changed(service(more="  clusterIP: 10.0.0.1"), clusterIP="10.0.0.2")
    assert str(cause) == 'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set'


def test_an_immutable_config_map_does_not_change() -> None:
    old = stored("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, immutable: true, data: {a: x}}")
    assert [str(cause) for cause in validate_update({**old, "data": {}}, old)] == [
        "data: Forbidden: field is immutable when `immutable` is set"
    ]


def test_what_is_being_deleted_gets_no_new_finalizers() -> None:
    old = stored("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}")
    old["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    new = {**old, "metadata": {**old["metadata"], "finalizers": ["a/b"]}}
    assert [str(cause) for cause in validate_update(new, old)] == [
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, "
        'found new finalizers []string{"a/b"}'
    ]


def test_the_spec_of_a_template_is_checked_once_for_all_its_pods(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[Obj] = []

    def check_spec(spec: Obj) -> Iterator[Cause]:
        checked.append(spec)
        yield from ()

    monkeypatch.setattr(pods, "check_spec", check_spec)
    template = stored(pod())
    replicas = [{**template, "metadata": {"name": f"web-{i}", "namespace": "default"}} for i in range(100)]
    assert [validate(default(replica)) for replica in replicas] == [()] * 100
    assert len(checked) == 1
