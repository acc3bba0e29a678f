"""The root CA cert publisher: gives each namespace the ConfigMap `kube-root-ca.crt`, by which pods know the API server.

The engine runs it for a Namespace when that appeared or changed, and when the ConfigMap changed or is gone: whatever
somebody writes into it is put right. Every cluster has it done, so it is never told. Models
kubernetes/pkg/controller/certificates/rootcacertpublisher/publisher.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, is_terminating, name_of, namespace_of, ref_of
from app.component_helpers import namespaces
from app.reconcile import BACKGROUND, Cache, Controller, Create, Difference, Reader, Update, Wake, itself


@dataclass(frozen=True, slots=True)
class CertificateSeen:
    namespace: Obj
    held: Obj | None  # the ConfigMap


class RootCACertPublisher(Controller[CertificateSeen]):
    name = "root-ca-certificate-publisher-controller"
    title = N_("Root CA")
    subject = N_("The root CA publisher")
    lane = 234
    reconciles = "Namespace"
    pace = BACKGROUND
    wakes = (
        itself("Namespace"),
        Wake(
            "ConfigMap",
            lambda held, reader: (Ref("Namespace", "", namespace_of(held)),),
            when=lambda old, new: old is not None,
        ),
    )
    reads = (Cache("ConfigMap", selects=lambda held: name_of(held) == namespaces.ROOT_CA),)
    says = {
        "CertificateMissing": Saying(N_("%(about)s has no root certificate yet."), N_("no certificate")),
        "CertificateOutdated": Saying(N_("Somebody changed %(about)s."), N_("changed")),
    }

    def observe(self, key: Ref, reader: Reader) -> CertificateSeen | None:
        namespace = reader.get(key)
        held = Ref("ConfigMap", key.name, namespaces.ROOT_CA)
        return CertificateSeen(namespace, reader.get(held)) if namespace is not None else None

    @staticmethod
    def saw(seen: CertificateSeen) -> Message:
        return message(N_("%(who)s looks for the certificate of %(name)s."), name=name_of(seen.namespace))

    def diff(self, seen: CertificateSeen) -> Iterable[Difference]:
        if is_terminating(seen.namespace):
            return
        held = seen.held
        if held is None:
            create = Create(namespaces.root_ca(name_of(seen.namespace)))
            about = ref_of(seen.namespace)
            yield Difference(about, namespaces.ROOT_CA, "published", None, "CertificateMissing", (create,))
        elif (wanted := namespaces.as_published(held)) is not held:
            update = Update(wanted)
            yield Difference(ref_of(held), "data", wanted["data"], held.get("data"), "CertificateOutdated", (update,))
