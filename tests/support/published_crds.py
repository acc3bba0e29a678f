"""Shapes of CustomResourceDefinitions that people install: each uses what one of the well-known ones uses, in short.

None is copied. What counts is the machinery that the published files rely on; the fields are our own.
"""

from __future__ import annotations

from typing import Any

from app.api.objects import Obj

INT_OR_STRING = {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": True}
QUANTITY = {
    **INT_OR_STRING,
    "pattern": r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$",  # noqa: E501
}
SELECTOR = {
    "type": "object",
    "x-kubernetes-map-type": "atomic",
    "properties": {
        "matchLabels": {"type": "object", "additionalProperties": {"type": "string"}},
        "matchExpressions": {
            "type": "array",
            "x-kubernetes-list-type": "atomic",
            "items": {
                "type": "object",
                "required": ["key", "operator"],
                "properties": {
                    "key": {"type": "string"},
                    "operator": {"type": "string"},
                    "values": {"type": "array", "x-kubernetes-list-type": "atomic", "items": {"type": "string"}},
                },
            },
        },
    },
}
CONDITIONS = {
    "type": "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["type"],
    "items": {
        "type": "object",
        "required": ["type", "status"],
        "properties": {
            "type": {"type": "string"},
            "status": {"type": "string", "enum": ["True", "False", "Unknown"]},
            "lastTransitionTime": {"type": "string", "format": "date-time"},
            "observedGeneration": {"type": "integer", "format": "int64"},
            "reason": {"type": "string"},
            "message": {"type": "string"},
        },
    },
}


def _object(**properties: Any) -> Obj:
    return {"type": "object", "properties": properties}


def _crd(group: str, kind: str, plural: str, version: Obj, **facts: Any) -> Obj:
    names = {"kind": kind, "plural": plural, "listKind": f"{kind}List", "singular": kind.lower(), **facts}
    scope = names.pop("scope", "Namespaced")
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}", "annotations": {"controller-gen.kubebuilder.io/version": "v0.18.0"}},
        "spec": {"group": group, "scope": scope, "names": names, "versions": [version]},
    }


def _version(name: str, root: Obj, **facts: Any) -> Obj:
    meta = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}
    schema = {**root, "properties": {**meta, **root["properties"]}}
    return {"name": name, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}, **facts}


def _column(name: str, type: str, path: str, **facts: Any) -> Obj:
    return {"name": name, "type": type, "jsonPath": path, **facts}


def monitoring() -> Obj:
    """As kube-prometheus: durations and sizes by pattern, ports that are numbers or names, selectors, a scale."""
    duration = r"^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$"
    endpoint = _object(
        port={"type": "string"},
        targetPort=INT_OR_STRING,
        interval={"type": "string", "pattern": duration},
        relabelings={
            "type": "array",
            "items": _object(
                action={"type": "string", "default": "replace", "enum": ["replace", "Replace", "keep", "drop"]},
                regex={"type": "string"},
                modulus={"type": "integer", "format": "int64"},
                sourceLabels={
                    "type": "array",
                    "items": {"type": "string", "pattern": "^[a-zA-Z_][a-zA-Z0-9_]*$"},
                },
            ),
        },
    )
    spec = _object(
        replicas={"type": "integer", "format": "int32"},
        retention={"type": "string", "default": "24h", "pattern": duration},
        storage=_object(emptyDir=_object(sizeLimit=QUANTITY)),
        serviceMonitorSelector=SELECTOR,
        endpoints={"type": "array", "items": endpoint},
        version={"type": "string"},
    )
    status = _object(
        replicas={"type": "integer", "format": "int32"}, selector={"type": "string"}, conditions=CONDITIONS
    )
    columns = [
        _column("Version", "string", ".spec.version"),
        _column("Desired", "integer", ".spec.replicas"),
        _column("Reconciled", "string", '.status.conditions[?(@.type == "Reconciled")].status'),
        _column("Paused", "boolean", ".status.paused", priority=1),
    ]
    scale = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}
    version = _version(
        "v1",
        {**_object(spec=spec, status=status), "required": ["spec"]},
        subresources={"status": {}, "scale": {**scale, "labelSelectorPath": ".status.selector"}},
        additionalPrinterColumns=columns,
    )
    return _crd(
        "monitoring.example.com", "Prometheus", "prometheuses", version, shortNames=["prom"], categories=["ops"]
    )


def certificates() -> Obj:
    """As cert-manager: rules of CEL, selectable fields, a cluster-wide kind, columns by condition, maps by two keys."""
    issuer = {**_object(name={"type": "string"}, kind={"type": "string"}), "required": ["name"]}
    usages = ["signing", "digital signature", "server auth", "client auth"]
    key = {
        **_object(
            algorithm={"type": "string", "enum": ["RSA", "ECDSA", "Ed25519"]},
            size={"type": "integer"},
            rotationPolicy={"type": "string", "enum": ["Never", "Always"], "default": "Always"},
        ),
        "x-kubernetes-validations": [
            {
                "rule": "!has(self.algorithm) || self.algorithm != 'RSA' || self.?size.orValue(2048) in [2048, 4096]",
                "messageExpression": "'an RSA key has 2048 or 4096 bits, not %d'.format([self.size])",
            }
        ],
    }
    spec = {
        **_object(
            secretName={"type": "string", "maxLength": 253},
            duration={"type": "string"},
            renewBefore={"type": "string"},
            dnsNames={
                "type": "array",
                "x-kubernetes-list-type": "atomic",
                "items": {"type": "string"},
                "maxItems": 100,
            },
            usages={"type": "array", "items": {"type": "string", "enum": usages}},
            issuerRef=issuer,
            privateKey=key,
        ),
        "required": ["issuerRef", "secretName"],
        "x-kubernetes-validations": [
            {
                "rule": "!(has(self.duration) && has(self.renewBefore)) || "
                "duration(self.renewBefore) < duration(self.duration)",
                "message": "renewBefore must be shorter than duration",
                "fieldPath": ".renewBefore",
            },
            {"rule": "self.issuerRef == oldSelf.issuerRef", "message": "issuerRef is immutable"},
        ],
    }
    columns = [
        _column("Ready", "string", '.status.conditions[?(@.type == "Ready")].status'),
        _column("Secret", "string", ".spec.secretName"),
        _column("Age", "date", ".metadata.creationTimestamp"),
    ]
    version = _version(
        "v1",
        _object(spec=spec, status=_object(conditions=CONDITIONS)),
        subresources={"status": {}},
        additionalPrinterColumns=columns,
        selectableFields=[{"jsonPath": ".spec.issuerRef.name"}],
    )
    return _crd("certs.example.com", "Certificate", "certificates", version, shortNames=["cert"], scope="Cluster")


def databases() -> Obj:
    """As the MySQL operator: preserved status and pod specs, one of several sources, columns of a loose status."""
    pod_spec = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    dump = _object(dumpInstance=_object(path={"type": "string"}), storage=pod_spec)
    init = {
        **_object(clone=dump, dump=dump, user={"type": "string", "nullable": True}),
        "oneOf": [{"required": ["clone"]}, {"required": ["dump"]}],
    }
    spec = {
        **_object(
            secretName={"type": "string"},
            instances={"type": "integer", "minimum": 1, "maximum": 9, "default": 1},
            baseServerId={"type": "integer", "minimum": 0, "maximum": 4294967195, "default": 1000},
            router=_object(instances={"type": "integer", "minimum": 0, "default": 1}, podSpec=pod_spec),
            podSpec=pod_spec,
            edition={"type": "string", "pattern": "^(community|enterprise)$"},
            initDB=init,
        ),
        "required": ["secretName"],
    }
    columns = [
        _column("Status", "string", ".status.cluster.status"),
        _column("Online", "integer", ".status.cluster.onlineInstances"),
        _column("Instances", "integer", ".spec.instances"),
        _column("Age", "date", ".metadata.creationTimestamp"),
    ]
    version = _version(
        "v2",
        _object(spec=spec, status={"type": "object", "x-kubernetes-preserve-unknown-fields": True}),
        subresources={"status": {}},
        additionalPrinterColumns=columns,
    )
    return _crd("mysql.example.com", "InnoDBCluster", "innodbclusters", version, shortNames=["ic", "ics"])


def brokers() -> Obj:
    """As the RabbitMQ operator: an overridden StatefulSet inside, defaults of whole objects, maps by two keys."""
    ports = {
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["containerPort", "protocol"],
        "items": {
            **_object(
                containerPort={"type": "integer", "format": "int32"},
                protocol={"type": "string", "default": "TCP"},
                name={"type": "string"},
            ),
            "required": ["containerPort"],
        },
    }
    spec = _object(
        replicas={"type": "integer", "format": "int32", "minimum": 0, "default": 1},
        image={"type": "string"},
        persistence={
            **_object(storage={**QUANTITY, "default": "10Gi"}, storageClassName={"type": "string"}),
            "default": {"storage": "10Gi"},
        },
        resources={
            **_object(
                limits={"type": "object", "additionalProperties": QUANTITY},
                requests={"type": "object", "additionalProperties": QUANTITY},
            ),
            "default": {"limits": {"cpu": "2000m", "memory": "2Gi"}, "requests": {"cpu": "1000m", "memory": "2Gi"}},
        },
        override=_object(
            statefulSet=_object(
                spec=_object(template=_object(spec=_object(ports=ports, hostNetwork={"type": "boolean"})))
            ),
            service={
                "type": "object",
                "x-kubernetes-embedded-resource": True,
                "x-kubernetes-preserve-unknown-fields": True,
            },
        ),
        rabbitmq=_object(
            additionalPlugins={
                "type": "array",
                "maxItems": 100,
                "items": {"type": "string", "pattern": r"^\w+$", "maxLength": 100},
            }
        ),
    )
    columns = [
        _column("AllReplicasReady", "string", ".status.conditions[?(@.type == 'AllReplicasReady')].status"),
        _column("Age", "date", ".metadata.creationTimestamp"),
    ]
    version = _version(
        "v1beta1",
        _object(spec=spec, status={**_object(conditions=CONDITIONS), "required": ["conditions"]}),
        subresources={"status": {}},
        additionalPrinterColumns=columns,
    )
    return _crd(
        "rabbitmq.example.com", "RabbitmqCluster", "rabbitmqclusters", version, shortNames=["rmq"], categories=["all"]
    )
