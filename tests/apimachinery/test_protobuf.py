"""Bodies in protobuf: what kubectl 1.32 sends, restated as bytes, and the objects that they are."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import pytest

from app.api.errors import BadRequest
from app.apimachinery.scheme import protobuf, shapes

# (what was typed, the body in hex, the object without its empty status)
SAMPLES: list[tuple[str, str, dict[str, Any]]] = [
    (
        "kubectl create namespace pbt",
        "6b3873000a0f0a02763112094e616d657370616365121b0a130a0370627412001a0022002a0032003800420012001a020a001a002200",
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "pbt"}, "spec": {}},
    ),
    (
        "kubectl create deployment d1",
        "6b3873000a150a07617070732f7631120a4465706c6f796d656e7412b9010a1d0a02643112001a0022002a0032003800"
        "42005a090a03617070120264311289010802120b0a090a03617070120264311a700a1b0a0012001a0022002a00320038"
        "0042005a090a0361707012026431125112330a056e67696e78120a6e67696e783a312e32372a00320a0a001000185022"
        "002a0042006a007200800100880100900100a201001a00320042004a0052005800600068008201008a01009a0100c201"
        "0022020a00280038001a0c0800100018002000280038001a002200",
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "d1", "labels": {"app": "d1"}},
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": {"app": "d1"}},
                "template": {
                    "metadata": {"labels": {"app": "d1"}},
                    "spec": {
                        "containers": [
                            {"name": "nginx", "image": "nginx:1.27", "ports": [{"containerPort": 80}], "resources": {}}
                        ]
                    },
                },
                "strategy": {},
            },
        },
    ),
    (
        "kubectl create configmap c1",
        "6b3873000a0f0a0276311209436f6e6669674d6170121c0a120a02633112001a0022002a0032003800420012060a0161"
        "1201311a002200",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c1"}, "data": {"a": "1"}},
    ),
    (
        "kubectl create secret generic",
        "6b3873000a0c0a0276311206536563726574121e0a120a02733112001a0022002a0032003800420012060a01701201711a001a002200",
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s1"}, "data": {"p": "cQ=="}},
    ),
    (
        "kubectl create service clusterip",
        "6b3873000a0d0a027631120753657276696365126c0a210a047376633112001a0022002a003200380042005a0b0a0361"
        "707012047376633112430a1b0a0738302d38303830120354435018502207080010903f1a002800120b0a036170701204"
        "737663311a002209436c757374657249503a00420052005a00600068001a020a001a002200",
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "svc1", "labels": {"app": "svc1"}},
            "spec": {
                "ports": [{"name": "80-8080", "protocol": "TCP", "port": 80, "targetPort": 8080}],
                "selector": {"app": "svc1"},
                "type": "ClusterIP",
            },
        },
    ),
    (
        "kubectl create serviceaccount sa1",
        "6b3873000a140a027631120e536572766963654163636f756e7412150a130a0373613112001a0022002a003200380042001a002200",
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "sa1"}},
    ),
    (
        "kubectl create job j1",
        "6b3873000a0f0a0862617463682f763112034a6f621286010a120a026a3112001a0022002a0032003800420012663264"
        "0a100a0012001a0022002a003200380042001250122d0a026a31120962757379626f783a311a046563686f1a0268692a"
        "0042006a007200800100880100900100a201001a054e65766572320042004a0052005800600068008201008a01009a01"
        "00c201001a082000280030003a001a002200",
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "j1"},
            "spec": {
                "template": {
                    "metadata": {},
                    "spec": {
                        "containers": [
                            {"name": "j1", "image": "busybox:1", "command": ["echo", "hi"], "resources": {}}
                        ],
                        "restartPolicy": "Never",
                    },
                }
            },
        },
    ),
    (
        "kubectl create cronjob cj1",
        "6b3873000a130a0862617463682f7631120743726f6e4a6f6212a1010a130a03636a3112001a0022002a003200380042"
        "001287010a092a202a202a202a202a1a002a780a130a03636a3112001a0022002a003200380042001261325f0a100a00"
        "12001a0022002a00320038004200124b12240a03636a31120962757379626f783a312a0042006a007200800100880100"
        "900100a201001a094f6e4661696c757265320042004a0052005800600068008201008a01009a0100c201001a001a0022"
        "00",
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": "cj1"},
            "spec": {
                "schedule": "* * * * *",
                "jobTemplate": {
                    "metadata": {"name": "cj1"},
                    "spec": {
                        "template": {
                            "metadata": {},
                            "spec": {
                                "containers": [{"name": "cj1", "image": "busybox:1", "resources": {}}],
                                "restartPolicy": "OnFailure",
                            },
                        }
                    },
                },
            },
        },
    ),
    (
        "kubectl create quota q1",
        "6b3873000a130a027631120d5265736f7572636551756f746112270a120a02713112001a0022002a0032003800420012"
        "0f0a0d0a04706f647312050a033130301a001a002200",
        {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q1"}, "spec": {"hard": {"pods": "100"}}},
    ),
    (
        "kubectl create pdb p1",
        "6b3873000a200a09706f6c6963792f76311213506f6444697372757074696f6e42756467657412370a120a0270311200"
        "1a0022002a0032003800420012150a06080010011a00120b0a090a03617070120264311a0a080018002000280030001a"
        "002200",
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "p1"},
            "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "d1"}}},
        },
    ),
    (
        "kubectl create role r1",
        "6b3873000a240a1c726261632e617574686f72697a6174696f6e2e6b38732e696f2f76311204526f6c6512230a120a02"
        "723112001a0022002a00320038004200120d0a0367657412001a04706f64731a002200",
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": "r1"},
            "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}],
        },
    ),
    (
        "kubectl create rolebinding rb1",
        "6b3873000a2b0a1c726261632e617574686f72697a6174696f6e2e6b38732e696f2f7631120b526f6c6542696e64696e"
        "67125a0a130a0372623112001a0022002a00320038004200121c0a0e536572766963654163636f756e7412001a037361"
        "3122037062741a250a19726261632e617574686f72697a6174696f6e2e6b38732e696f1204526f6c651a0272311a0022"
        "00",
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "rb1"},
            "subjects": [{"kind": "ServiceAccount", "name": "sa1", "namespace": "pbt"}],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r1"},
        },
    ),
    (
        "kubectl create clusterrole pbcr",
        "6b3873000a2b0a1c726261632e617574686f72697a6174696f6e2e6b38732e696f2f7631120b436c7573746572526f6c"
        "6512250a140a047062637212001a0022002a00320038004200120d0a0367657412001a04706f64731a002200",
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "pbcr"},
            "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}],
        },
    ),
    (
        "kubectl create clusterrolebinding pbcrb",
        "6b3873000a320a1c726261632e617574686f72697a6174696f6e2e6b38732e696f2f76311212436c7573746572526f6c"
        "6542696e64696e67126f0a150a05706263726212001a0022002a0032003800420012260a04557365721219726261632e"
        "617574686f72697a6174696f6e2e6b38732e696f1a017822001a2e0a19726261632e617574686f72697a6174696f6e2e"
        "6b38732e696f120b436c7573746572526f6c651a04706263721a002200",
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "pbcrb"},
            "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "x"}],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "pbcr"},
        },
    ),
    (
        "kubectl create priorityclass pbpc",
        "6b3873000a250a147363686564756c696e672e6b38732e696f2f7631120d5072696f72697479436c61737312320a140a"
        "047062706312001a0022002a003200380042001005180022002a14507265656d70744c6f7765725072696f726974791a"
        "002200",
        {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": "pbpc"},
            "value": 5,
            "preemptionPolicy": "PreemptLowerPriority",
        },
    ),
    (
        "kubectl create ingress i1",
        "6b3873000a1f0a146e6574776f726b696e672e6b38732e696f2f76311207496e6772657373124b0a120a02693112001a"
        "0022002a0032003800420012311a2f0a0d612e6578616d706c652e636f6d121e0a1c0a1a0a012f120e220c0a04737663"
        "3112040a0010501a0545786163741a020a001a002200",
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": "i1"},
            "spec": {
                "rules": [
                    {
                        "host": "a.example.com",
                        "http": {
                            "paths": [
                                {
                                    "path": "/",
                                    "backend": {"service": {"name": "svc1", "port": {"number": 80}}},
                                    "pathType": "Exact",
                                }
                            ]
                        },
                    }
                ]
            },
        },
    ),
    (
        "kubectl create token sa1",
        "6b3873000a280a1861757468656e7469636174696f6e2e6b38732e696f2f7631120c546f6b656e52657175657374121a"
        "0a100a0012001a0022002a0032003800420012001a040a0012001a002200",
        {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "metadata": {}, "spec": {}},
    ),
    (
        "kubectl autoscale deployment d1",
        "6b3873000a290a0e6175746f7363616c696e672f76311217486f72697a6f6e74616c506f644175746f7363616c657212"
        "390a120a02643112001a0022002a00320038004200121d0a190a0a4465706c6f796d656e74120264311a07617070732f"
        "763118031a04180020001a002200",
        {
            "apiVersion": "autoscaling/v1",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "d1"},
            "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "d1", "apiVersion": "apps/v1"}, "maxReplicas": 3},
        },
    ),
    (
        "kubectl create job j2",
        "6b3873000a0f0a0862617463682f763112034a6f6212b9020a81010a026a3212001a0022002a00320038004200622b0a"
        "2163726f6e6a6f622e6b756265726e657465732e696f2f696e7374616e746961746512066d616e75616c6a400a074372"
        "6f6e4a6f621a03636a31222431623866633139332d366432642d343761312d613830302d616138666131623330613834"
        "2a0862617463682f7631300112a80132a5010a100a0012001a0022002a0032003800420012900112480a03636a311209"
        "62757379626f783a312a0042006a142f6465762f7465726d696e6174696f6e2d6c6f67720c49664e6f7450726573656e"
        "74800100880100900100a2010446696c651a094f6e4661696c757265201e320c436c7573746572466972737442004a00"
        "520058006000680072008201008a01009a011164656661756c742d7363686564756c6572c201001a082000280030003a"
        "001a002200",
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": "j2",
                "annotations": {"cronjob.kubernetes.io/instantiate": "manual"},
                "ownerReferences": [
                    {
                        "kind": "CronJob",
                        "name": "cj1",
                        "uid": "1b8fc193-6d2d-47a1-a800-aa8fa1b30a84",
                        "apiVersion": "batch/v1",
                        "controller": True,
                    }
                ],
            },
            "spec": {
                "template": {
                    "metadata": {},
                    "spec": {
                        "containers": [
                            {
                                "name": "cj1",
                                "image": "busybox:1",
                                "resources": {},
                                "terminationMessagePath": "/dev/termination-log",
                                "imagePullPolicy": "IfNotPresent",
                                "terminationMessagePolicy": "File",
                            }
                        ],
                        "restartPolicy": "OnFailure",
                        "terminationGracePeriodSeconds": 30,
                        "dnsPolicy": "ClusterFirst",
                        "securityContext": {},
                        "schedulerName": "default-scheduler",
                    },
                }
            },
        },
    ),
    (
        "kubectl debug node/node-1 --image=busybox:1",
        "6b3873000a090a0276311203506f6412d6010a2a0a1a6e6f64652d64656275676765722d6e6f64652d312d71386e3434"
        "12001a0022002a003200380042001295010a120a09686f73742d726f6f7412050a030a012f12470a0864656275676765"
        "72120962757379626f783a312a0042004a180a09686f73742d726f6f7410001a052f686f7374220032006a0072008001"
        "00880100900100a2010446696c651a054e65766572320042004a0052066e6f64652d315801600168018201008a01009a"
        "0100b2010e0a0012064578697374731a002200c201001a100a001a0022002a0032004a005a0072001a002200",
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "node-debugger-node-1-q8n44"},
            "spec": {
                "volumes": [{"name": "host-root", "hostPath": {"path": "/"}}],
                "containers": [
                    {
                        "name": "debugger",
                        "image": "busybox:1",
                        "resources": {},
                        "volumeMounts": [{"name": "host-root", "mountPath": "/host"}],
                        "terminationMessagePolicy": "File",
                    }
                ],
                "restartPolicy": "Never",
                "nodeName": "node-1",
                "hostNetwork": True,
                "hostPID": True,
                "hostIPC": True,
                "tolerations": [{"operator": "Exists"}],
            },
        },
    ),
]


@pytest.mark.parametrize(("body", "expected"), [sample[1:] for sample in SAMPLES], ids=[s[0] for s in SAMPLES])
def test_what_kubectl_sends_is_decoded(body: str, expected: dict[str, Any]) -> None:
    decoded = protobuf.decode(bytes.fromhex(body))
    decoded.pop("status", None)
    assert decoded == expected


def field(number: int, data: bytes) -> bytes:
    assert len(data) < 128
    return bytes((number << 3 | 2, len(data))) + data


def number(number: int, value: int) -> bytes:
    assert value < 128
    return bytes((number << 3, value))


def body(api_version: str, kind: str, message: bytes) -> bytes:
    return protobuf.PREFIX + field(1, field(1, api_version.encode()) + field(2, kind.encode())) + field(2, message)


def test_times_maps_and_numbers_below_zero() -> None:
    minus_one = b"\x20" + b"\xff" * 9 + b"\x01"
    pod = field(1, field(12, field(1, b"k") + field(2, b"v"))) + field(2, minus_one)
    decoded = protobuf.decode(body("v1", "Pod", pod))
    assert decoded["metadata"]["annotations"] == {"k": "v"}
    assert decoded["spec"]["terminationGracePeriodSeconds"] == -1
    lease = field(2, field(1, b"me") + field(3, number(1, 5) + number(2, 0)))
    assert protobuf.decode(body("coordination.k8s.io/v1", "Lease", lease))["spec"] == {
        "holderIdentity": "me",
        "acquireTime": "1970-01-01T00:00:05.000000Z",
    }


def test_a_year_has_four_digits() -> None:
    """The year 842."""
    seconds = -35_596_195_200
    made = field(8, b"\x08" + varint(seconds))
    assert protobuf.decode(body("v1", "ConfigMap", field(1, made)))["metadata"] == {
        "creationTimestamp": "0842-01-01T00:00:00Z"
    }


def varint(value: int) -> bytes:
    value, found = value & (1 << 64) - 1, bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*found, value))


def test_numbers_that_no_field_has_are_skipped() -> None:
    unknown = field(10, number(1, 1)) + number(11, 7) + b"\x61" + b"\0" * 8
    assert protobuf.decode(body("v1", "ConfigMap", unknown)) == {"apiVersion": "v1", "kind": "ConfigMap"}


def test_bytes_become_base64_and_raw_extensions_json() -> None:
    secret = field(2, field(1, b"k") + field(2, b"\x00\xff"))
    assert protobuf.decode(body("v1", "Secret", secret))["data"] == {"k": "AP8="}
    revision = field(2, field(1, b'{"spec":{"a":[1]}}')) + number(3, 7)
    decoded = protobuf.decode(body("apps/v1", "ControllerRevision", revision))
    assert (decoded["data"], decoded["revision"]) == ({"spec": {"a": [1]}}, 7)


def test_embedded_messages_give_their_fields_to_the_owner() -> None:
    http_get = field(2, field(1, b"/ready") + field(2, number(1, 1) + field(3, b"web")))
    probe = field(1, http_get) + number(4, 9)
    pod = field(2, field(2, field(1, b"c") + field(11, probe)))
    container = protobuf.decode(body("v1", "Pod", pod))["spec"]["containers"][0]
    assert container["readinessProbe"] == {"httpGet": {"path": "/ready", "port": "web"}, "periodSeconds": 9}


def test_lists_of_numbers_come_packed_or_one_by_one() -> None:
    for groups in (number(4, 1) + number(4, 2), field(4, b"\x01\x02")):
        pod = field(2, field(14, groups))
        assert protobuf.decode(body("v1", "Pod", pod))["spec"]["securityContext"] == {"supplementalGroups": [1, 2]}


def test_delete_options_are_known_in_every_group_version() -> None:
    options = number(1, 0) + field(4, b"Background")
    decoded = protobuf.decode(body("apps/v1", "DeleteOptions", options))
    assert (decoded["gracePeriodSeconds"], decoded["propagationPolicy"]) == (0, "Background")


def test_a_list_may_be_the_value_of_a_map() -> None:
    extra = field(5, field(1, b"k") + field(2, field(1, b"a") + field(1, b"b")))
    review = field(2, extra)
    decoded = protobuf.decode(body("authorization.k8s.io/v1", "SubjectAccessReview", review))
    assert decoded["spec"]["extra"] == {"k": ["a", "b"]}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (b"{}", r"does not appear to be a protobuf message, expected prefix \[107 56 115 0\]"),
        (body("v1", "Gizmo", b""), 'no kind "Gizmo" is registered for version "v1"'),
        (body("v1", "Pod", b"\x0a\x05x"), "unexpected EOF"),
        (body("v1", "Pod", b"\x0b"), "illegal wireType 3"),
        (body("v1", "Pod", b"\x02\x00"), "illegal tag 0"),
        (body("v1", "Pod", number(1, 1)), "wrong wireType"),
        (body("v1", "Pod", field(1, field(1, b"\xff"))), "can't decode byte 0xff"),
        (body("apps/v1", "ControllerRevision", field(2, field(1, b"{"))), "json: "),
        (body("v1", "ResourceQuota", field(2, field(1, field(1, b"cpu") + field(2, field(1, b"lots"))))), "quantities"),
    ],
)
def test_malformed_bodies_are_bad_requests(given: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        protobuf.decode(given)


def test_whatever_bytes_come_the_answer_is_an_object_or_a_bad_request() -> None:
    rng = random.Random(1)
    whole = [bytes.fromhex(sample[1]) for sample in SAMPLES]
    decoded = 0
    for _ in range(3000):
        mutated = bytearray(rng.choice(whole))
        for _ in range(rng.randint(1, 4)):
            mutated[rng.randrange(4, len(mutated))] = rng.randrange(256)
        with suppress(BadRequest):
            protobuf.decode(bytes(mutated))
            decoded += 1
    assert 0 < decoded < 3000


def test_the_table_names_only_fields_and_messages_that_exist() -> None:
    numbers = protobuf.numbers_by_message()
    embedded = {name[1:] for fields in numbers.values() for name in fields.values() if name.startswith("*")}
    assert embedded <= numbers.keys()
    for message in numbers.keys() - embedded:
        fields = shapes.fields_of(message)
        assert set(written_out(numbers, message)) <= fields.keys(), message


def written_out(numbers: Mapping[str, Mapping[int, str]], message: str) -> Iterator[str]:
    """The fields of a message and of all that is embedded in it."""
    for name in numbers[message].values():
        yield from written_out(numbers, name[1:]) if name.startswith("*") else (name,)


def test_a_message_within_an_embedded_message_is_read() -> None:
    """As the rules of an admission policy are written: the names, and in them the operations, and in them the rest."""
    rule = field(1, b"apps") + field(3, b"deployments")
    whole = field(1, b"web") + field(2, field(1, b"CREATE") + field(2, rule))
    spec = field(2, field(3, whole))
    sent = body("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", field(2, spec))
    (read,) = protobuf.decode(sent)["spec"]["matchConstraints"]["resourceRules"]
    expected = {"resourceNames": ["web"], "operations": ["CREATE"], "apiGroups": ["apps"], "resources": ["deployments"]}
    assert read == expected
