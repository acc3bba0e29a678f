"""What each namespace has, whoever made it: the account that its pods run as, and the certificate that they trust.

Two loops see to it (app/controllers/serviceaccount.py, root_ca_cert_publisher.py); the namespaces that a cluster begins
with have theirs from the beginning (app/registry/bootstrap.py).
"""

from __future__ import annotations

from app.api import objects
from app.api.objects import Obj, Ref, ref_of

DEFAULT_ACCOUNT = "default"
ROOT_CA = "kube-root-ca.crt"
DESCRIPTION = "kubernetes.io/description"

_SAYS = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)
_CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBbjCCARSgAwIBAgIBATAKBggqhkjOPQQDAjAVMRMwEQYDVQQDDAprdWJlcm5l
dGVzMCAXDTI2MTEzMDA0MjQ0N1oYDzIxMjYxMTA2MDQyNDQ3WjAVMRMwEQYDVQQD
DAprdWJlcm5ldGVzMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1FTiOD693Ohy
hLUl4KZyAHLlk6xXlmJYKnYw5B2IV/YhQzQI/QY7MxicDuo6JTH6HG8SMXnqQlGk
95EChgLpQKNTMFEwHQYDVR0OBBYEFNiCrh7PRwAbh+VcySwHKRnWar3aMB8GA1Ud
IwQYMBaAFNiCrh7PRwAbh+VcySwHKRnWar3aMA8GA1UdEwEB/wQFMAMBAf8wCgYI
KoZIzj0EAwIDSAAwRQIhAOejCV6+b/mCo1/HdL0JvY6r0875PY9hdAuJbsRM4XJP
AiAT90S2EjxXhhYrQwqPi1WEMT58am7IUdyLpjlEkaPesQ==
-----END CERTIFICATE-----
"""
"""Made once, its key thrown away: nothing here is signed."""


def of_every(ref: Ref) -> bool:
    """Whether that is an object which every namespace has."""
    return (ref.kind, ref.name) in (("ServiceAccount", DEFAULT_ACCOUNT), ("ConfigMap", ROOT_CA))


def default_account(namespace: str) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": DEFAULT_ACCOUNT, "namespace": namespace},
    }


def root_ca(namespace: str) -> Obj:
    meta = {"name": ROOT_CA, "namespace": namespace, "annotations": {DESCRIPTION: _SAYS}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"ca.crt": _CERTIFICATE}}


def as_published(held: Obj) -> Obj:
    """The ConfigMap with what it should hold; `held` itself if it does."""
    data, notes = root_ca(ref_of(held).namespace)["data"], objects.annotations_of(held)
    if held.get("data") == data and notes.get(DESCRIPTION):
        return held
    return {**objects.with_metadata(held, annotations={**notes, DESCRIPTION: _SAYS}), "data": data}
