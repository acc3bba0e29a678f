"""Validation of the kinds beyond pods, Deployments and Services. The first table restates a real API server of 1.36."""

from __future__ import annotations

import pytest

from app.api.errors import Cause, invalid
from app.api.objects import Obj
from app.apimachinery.documents import parse
from app.apimachinery.scheme import schema
from tests.support import every_kind
from tests.support.kinds import KINDS, decode, default, validate, validate_update

GOOD = {document["metadata"]["name"]: document for document in every_kind.documents()}
CONTAINERS = "containers: [{name: c, image: x}]"


def only(kind: str) -> Obj:
    (found,) = [document for document in every_kind.documents() if document["kind"] == kind]
    return found


def stored(text: str) -> Obj:
    return complete(parse(text)[0].obj)


def complete(document: Obj) -> Obj:
    obj = decode(document)
    namespace = {"namespace": "default"} if KINDS[obj["kind"]].namespaced else {}
    return default({**obj, "metadata": {**namespace, **obj["metadata"]}})


@pytest.mark.parametrize(
    "document", every_kind.documents(), ids=lambda each: f"{each['kind']} {each['metadata']['name']}"
)
def test_good_ones_are_good(document: Obj) -> None:
    assert validate(complete(document)) == ()
    assert validate_update(complete(document), complete(document)) == ()


# ----------------------------------------------------------------------------------------------- recorded

RECORDED = {
    "Job without restartPolicy": (
        f"{{apiVersion: batch/v1, kind: Job, metadata: {{name: j}}, spec: {{template: {{spec: {{{CONTAINERS}}}}}}}}}",
        'Job.batch "j" is invalid: spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", '
        '"Never"',
    ),
    "CronJob bad schedule": (
        "{apiVersion: batch/v1, kind: CronJob, metadata: {name: cj}, spec: {schedule: every day, jobTemplate: "
        f"{{spec: {{template: {{spec: {{restartPolicy: Never, {CONTAINERS}}}}}}}}}}}}}",
        'CronJob.batch "cj" is invalid: spec.schedule: Invalid value: "every day": expected exactly 5 fields, found 2: '
        "[every day]",
    ),
    "HPA minReplicas > maxReplicas": (
        "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {minReplicas: 5, "
        "maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}}",
        'HorizontalPodAutoscaler.autoscaling "h" is invalid: spec.maxReplicas: Invalid value: 2: must be greater than '
        "or equal to `minReplicas`",
    ),
    "PDB minAvailable and maxUnavailable": (
        "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {minAvailable: 1, "
        "maxUnavailable: 1, selector: {matchLabels: {app: web}}}}",
        'PodDisruptionBudget.policy "b" is invalid: spec: Invalid value: {"MinAvailable":1,"Selector":{"matchLabels":'
        '{"app":"web"}},"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable '
        "cannot be both set",
    ),
}


@pytest.mark.parametrize(("text", "sentence"), RECORDED.values(), ids=RECORDED.keys())
def test_what_a_real_server_refused_is_refused_in_its_words(text: str, sentence: str) -> None:
    obj = stored(text)
    causes = validate(obj)
    assert invalid(obj["kind"], obj["metadata"]["name"], causes, KINDS[obj["kind"]].group).message == sentence


def test_a_secret_that_is_not_base64_is_refused_in_a_real_servers_words() -> None:
    with pytest.raises(schema.DecodingError) as refused:
        stored("{apiVersion: v1, kind: Secret, metadata: {name: se}, data: {a: '!!!'}}")
    why = 'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0'
    assert refused.value.message == why


# -------------------------------------------------------------------------------------- not recorded: upstream


def changed(document: Obj, path: str, value: object) -> Obj:
    """A manifest with something else at `path`; None removes what is there."""

    def put(node: object, parts: list[str]) -> object:
        if isinstance(node, list):
            index = int(parts[0])
            return [put(each, parts[1:]) if position == index else each for position, each in enumerate(node)]
        assert isinstance(node, dict)
        if len(parts) == 1:
            rest = {key: item for key, item in node.items() if key != parts[0]}
            return rest if value is None else {**rest, parts[0]: value}
        return {**node, parts[0]: put(node.get(parts[0], {}), parts[1:])}

    result = put(document, path.split("."))
    assert isinstance(result, dict)
    return result


# (name of the good manifest, what is changed, to what, field of the complaint, its message)
WRONG = [
    ("disks.example.com", "spec.fsGroupPolicy", "Sometimes", "spec.fsGroupPolicy", 'Unsupported value: "Sometimes"'),
    (
        "disks.example.com",
        "spec.tokenRequests.0.expirationSeconds",
        60,
        "spec.tokenRequests[0].expirationSeconds",
        "Invalid value: 60: may not specify a duration less than 10 minutes",
    ),
    ("node-1", "spec.drivers.0.nodeID", "", "spec.drivers[0].nodeID", "Required value"),
    ("node-1", "spec.drivers.0.topologyKeys", ["a", "a"], "spec.drivers[0]", 'Duplicate value: "a"'),
    ("zone-a", "capacity", "-1", "capacity", 'Invalid value: "-1": must be greater than or equal to 0'),
    (
        "disk-on-node-1",
        "spec.source.persistentVolumeName",
        None,
        "spec.source",
        "Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName",
    ),
    ("quick", "parameters", None, "parameters", "Required value: must contain at least one key/value pair"),
    ("sandboxed", "handler", None, "handler", "Required value"),
    (
        "one-gpu",
        "spec.devices.requests.0.exactly",
        None,
        "spec.devices.requests[0]",
        "Required value: exactly one of `exactly` or `firstAvailable` is required",
    ),
    (
        "one-gpu",
        "spec.devices.requests.0.exactly.count",
        -1,
        "spec.devices.requests[0].exactly.count",
        "Invalid value: -1: must be greater than zero",
    ),
    (
        "any-gpu",
        "spec.spec.devices.requests.0.firstAvailable.1.name",
        "big",
        "spec.spec.devices.requests[0].firstAvailable[1]",
        'Duplicate value: "big"',
    ),
    (
        "gpus-of-node-1",
        "spec.nodeName",
        None,
        "spec",
        "Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required",
    ),
    (
        "gpus-of-node-1",
        "spec.allNodes",
        True,
        "spec",
        'Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, `allNodes`, '
        "`perDeviceNodeSelection` is required, but multiple fields are set",
    ),
    ("guestbook", "spec.replicas", -1, "spec.replicas", "Invalid value: -1: must be greater than or equal to 0"),
    ("guestbook", "spec.template", None, "spec.template", "Required value"),
    (
        "guestbook",
        "spec.selector",
        {"app": "db"},
        "spec.template.metadata.labels",
        'Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ),
    (
        "guestbook",
        "spec.template.spec.restartPolicy",
        "Never",
        "spec.template.spec.restartPolicy",
        'Unsupported value: "Never": supported values: "Always"',
    ),
    (
        "guestbook",
        "spec.template.spec.activeDeadlineSeconds",
        5,
        "spec.template.spec.activeDeadlineSeconds",
        "Forbidden: activeDeadlineSeconds in ReplicationController is not Supported",
    ),
    ("db", "spec.selector", None, "spec.selector", "Required value"),
    (
        "db",
        "spec.podManagementPolicy",
        "Random",
        "spec.podManagementPolicy",
        "Invalid value: \"Random\": must be 'OrderedReady' or 'Parallel'",
    ),
    (
        "agent",
        "spec.selector",
        {},
        "spec.selector",
        "Invalid value: {}: empty selector is invalid for daemonset",
    ),
    (
        "work",
        "spec.completionMode",
        "Random",
        "spec.completionMode",
        'Unsupported value: "Random": supported values: "NonIndexed", "Indexed"',
    ),
    ("work", "spec.manualSelector", True, "spec.selector", "Required value"),
    ("work", "spec.backoffLimit", -1, "spec.backoffLimit", "Invalid value: -1: must be greater than or equal to 0"),
    (
        "work",
        "spec.template.spec.restartPolicy",
        "Sometimes",
        "spec.template.spec.restartPolicy",
        'Unsupported value: "Sometimes": supported values: "OnFailure", "Never"',
    ),
    ("tick", "spec.schedule", None, "spec.schedule", "Required value"),
    (
        "tick",
        "spec.concurrencyPolicy",
        "Maybe",
        "spec.concurrencyPolicy",
        'Unsupported value: "Maybe": supported values: "Allow", "Forbid", "Replace"',
    ),
    (
        "tick",
        "spec.timeZone",
        "Local",
        "spec.timeZone",
        'Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
    ),
    (
        "tick",
        "metadata.name",
        "t" * 53,
        "metadata.name",
        f'Invalid value: "{"t" * 53}": must be no more than 52 characters',
    ),
    ("password", "data", {"a b": "aGk="}, "data[a b]", 'Invalid value: "a b": a valid config key must consist of'),
    ("certificate", "data", {"tls.crt": "aGk="}, "data[tls.key]", "Required value"),
    ("database", "spec.accessModes", [], "spec.accessModes", "Required value: at least 1 access mode is required"),
    ("database", "spec.resources", None, "spec.resources[storage]", "Required value"),
    (
        "database",
        "spec.accessModes",
        ["ReadWriteTwice"],
        "spec.accessModes",
        'Unsupported value: "ReadWriteTwice": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", '
        '"ReadWriteOncePod"',
    ),
    ("disk", "spec.hostPath", None, "spec", "Required value: must specify a volume type"),
    (
        "disk",
        "spec.nfs",
        {"server": "s", "path": "/"},
        "spec.nfs",
        "Forbidden: may not specify more than 1 volume type",
    ),
    ("manual", "provisioner", None, "provisioner", "Required value"),
    (
        "manual",
        "volumeBindingMode",
        "Later",
        "volumeBindingMode",
        'Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"',
    ),
    (
        "high",
        "value",
        1_000_000_001,
        "value",
        "Forbidden: maximum allowed value of a user defined priority is 1000000000",
    ),
    (
        "reader:pods",
        "rules",
        [{"apiGroups": [""], "resources": ["pods"]}],
        "rules[0].verbs",
        "Required value: verbs must contain at least one value",
    ),
    (
        "reader:pods",
        "rules",
        [{"nonResourceURLs": ["/healthz"], "verbs": ["get"]}],
        "rules[0].nonResourceURLs",
        'Invalid value: ["/healthz"]: namespaced rules cannot apply to non-resource URLs',
    ),
    ("reader:pods", "metadata.name", "a/b", "metadata.name", "Invalid value: \"a/b\": may not contain '/'"),
    (
        "readers",
        "subjects",
        [{"kind": "Robot", "name": "r2"}],
        "subjects[0].kind",
        'Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
    ),
    (
        "everyone",
        "roleRef.kind",
        "Role",
        "roleRef.kind",
        'Unsupported value: "Role": supported values: "ClusterRole"',
    ),
    (
        "everyone",
        "subjects",
        [{"kind": "ServiceAccount", "name": "robot"}],
        "subjects[0].namespace",
        "Required value",
    ),
    (
        "quota",
        "spec.hard",
        {"pods": "-1"},
        "spec.hard[pods]",
        'Invalid value: "-1": must be greater than or equal to 0',
    ),
    (
        "limits",
        "spec.limits",
        [{"type": "Pod", "max": {"cpu": "1"}, "min": {"cpu": "2"}}],
        "spec.limits[0].min[cpu]",
        'Invalid value: "2": min value 2 is greater than max value 1',
    ),
    (
        "outside",
        "subsets",
        [{"ports": [{"port": 80}]}],
        "subsets[0]",
        "Required value: must specify `addresses` or `notReadyAddresses`",
    ),
    (
        "plain",
        "spec.controller",
        "nginx",
        "spec.controller",
        'Invalid value: "nginx": must be a domain-prefixed path (such as "acme.io/foo")',
    ),
    ("only-web", "spec.egress", [{"to": [{}]}], "spec.egress[0].to[0]", "Required value: must specify a peer"),
    (
        "only-web",
        "spec.ingress",
        [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["192.0.2.0/24"]}}]}],
        "spec.ingress[0].from[0].ipBlock.except[0]",
        'Invalid value: "192.0.2.0/24": must be a strict subset of `cidr`',
    ),
]


@pytest.mark.parametrize(("name", "path", "value", "field", "message"), WRONG)
def test_what_is_refused(name: str, path: str, value: object, field: str, message: str) -> None:
    found = {cause.field: cause.message for cause in validate(complete(changed(GOOD[name], path, value)))}
    assert found.get(field, found) == message or str(found.get(field)).startswith(message)


INGRESS = [
    ("spec.rules.0.host", "192.0.2.1", "spec.rules[0].host", "must be a DNS name, not an IP address"),
    ("spec.rules.0.http.paths.0.path", "shop", "spec.rules[0].http.paths[0].path", "must be an absolute path"),
    ("spec.rules.0.http.paths.0.path", "/a/../b", "spec.rules[0].http.paths[0].path", "must not contain '/../'"),
    ("spec.rules.0.http.paths.0.pathType", None, "spec.rules[0].http.paths[0].pathType", "pathType must be specified"),
    ("spec.rules.0.http.paths.0.backend", {}, "spec.rules[0].http.paths[0].backend", "resource or service backend"),
    ("spec.defaultBackend.service.name", None, "spec.defaultBackend.service.name", "Required value"),
    ("spec.rules.1.host", "*.*.example.com", "spec.rules[1].host", "a wildcard DNS-1123 subdomain must start with"),
]


@pytest.mark.parametrize(("path", "value", "field", "words"), INGRESS)
def test_what_is_refused_of_an_ingress(path: str, value: object, field: str, words: str) -> None:
    causes = validate(complete(changed(only("Ingress"), path, value)))
    assert [words in cause.message for cause in causes if cause.field == field] == [True]


# ------------------------------------------------------------------------------------------------- updates

FIXED = [
    ("agent", "spec.selector", {"matchLabels": {"app": "web", "a": "b"}}, "spec.selector", "field is immutable"),
    ("work", "spec.completions", 9, "spec.completions", "field is immutable"),
    ("password", "type", "other", "type", "field is immutable"),
    ("high", "value", 5, "value", "may not be changed in an update."),
    ("readers", "roleRef.name", "other", "roleRef", "cannot change roleRef"),
    ("disks.example.com", "spec.attachRequired", False, "spec.attachedRequired", "field is immutable"),
    ("node-1", "spec.drivers.0.nodeID", "other", "spec.drivers", "field is immutable"),
    ("zone-a", "storageClassName", "other", "storageClassName", "field is immutable"),
    ("disk-on-node-1", "spec.nodeName", "node-2", "spec", "field is immutable"),
    ("quick", "driverName", "other.example.com", "driverName", "updates to driverName are forbidden."),
    ("sandboxed", "handler", "other", "handler", "field is immutable"),
    ("one-gpu", "spec.devices.requests.0.name", "other", "spec", "field is immutable"),
    ("gpus-of-node-1", "spec.driver", "other.example.com", "spec.driver", "field is immutable"),
    ("plain", "spec.controller", "example.com/other", "spec.controller", "field is immutable"),
    ("disk", "spec.hostPath.path", "/other", "spec.persistentvolumesource", "is immutable after creation"),
    (
        "db",
        "spec.serviceName",
        "other",
        "spec",
        "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
        "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are "
        "forbidden",
    ),
    ("database", "spec.accessModes", ["ReadOnlyMany"], "spec", "spec is immutable after creation except"),
]


@pytest.mark.parametrize(("name", "path", "value", "field", "words"), FIXED)
def test_what_may_not_change(name: str, path: str, value: object, field: str, words: str) -> None:
    causes = validate_update(complete(changed(GOOD[name], path, value)), complete(GOOD[name]))
    assert [words in cause.message for cause in causes if cause.field == field] == [True]


def test_an_immutable_secret_stays_as_it_is() -> None:
    old = complete({**GOOD["password"], "immutable": True})
    new = complete({**GOOD["password"], "data": {"x": "aGk="}})
    why = "Forbidden: field is immutable when `immutable` is set"
    assert validate_update(new, old) == (
        Cause("immutable", "FieldValueForbidden", why),
        Cause("data", "FieldValueForbidden", why),
    )


def test_a_claim_may_be_given_its_volume_once_and_grow_when_it_is_bound() -> None:
    old = complete(GOOD["database"])
    named = {**old, "spec": {**old["spec"], "volumeName": "disk"}}
    assert validate_update(named, old) == ()
    renamed = {**named, "spec": {**named["spec"], "volumeName": "other"}}
    assert [cause.field for cause in validate_update(renamed, named)] == ["spec"]
    grown = {**named, "spec": {**named["spec"], "resources": {"requests": {"storage": "8Gi"}}}}
    assert [cause.field for cause in validate_update(grown, named)] == ["spec"]
    bound = {**named, "status": {"phase": "Bound", "capacity": {"storage": "5Gi"}}}
    assert validate_update(grown, bound) == ()
    shrunk = {**named, "spec": {**named["spec"], "resources": {"requests": {"storage": "1Mi"}}}}
    assert [cause.field for cause in validate_update(shrunk, bound)] == ["spec.resources.requests.storage"]


def test_an_object_has_one_controller_and_is_deleted_in_one_way() -> None:
    kept = complete(only("ControllerRevision"))
    owners = [
        {"apiVersion": "apps/v1", "kind": kind, "name": "web", "uid": kind, "controller": True}
        for kind in ("ReplicaSet", "StatefulSet")
    ]
    meta = {**kept["metadata"], "ownerReferences": owners, "finalizers": ["orphan", "foregroundDeletion"]}
    why = 'Only one reference can have Controller set to true. Found "true" in references for '
    assert [cause.message.rpartition(": ")[2] for cause in validate({**kept, "metadata": meta})] == [
        f"{why}ReplicaSet/web and StatefulSet/web",
        "finalizer orphan and foregroundDeletion cannot be both set",
    ]
