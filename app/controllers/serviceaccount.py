"""The service account controller: gives each namespace the account `default`, which its pods run as unless they name
another.

The engine runs it for a Namespace when that appeared or changed, and when an account of that name is gone. Every
cluster has it done, so it is never told. Models kubernetes/pkg/controller/serviceaccount/serviceaccounts_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, is_terminating, name_of, namespace_of, ref_of
from app.component_helpers import namespaces
from app.reconcile import BACKGROUND, Cache, Controller, Create, Difference, Reader, Wake, itself, went


@dataclass(frozen=True, slots=True)
class AccountSeen:
    namespace: Obj
    account: Obj | None


class ServiceAccountsController(Controller[AccountSeen]):
    name = "serviceaccount-controller"
    title = N_("Service account")
    subject = N_("The service account controller")
    lane = 232
    reconciles = "Namespace"
    pace = BACKGROUND
    wakes = (
        itself("Namespace"),
        Wake("ServiceAccount", lambda account, reader: (Ref("Namespace", "", namespace_of(account)),), when=went),
    )
    reads = (Cache("ServiceAccount", selects=lambda account: name_of(account) == namespaces.DEFAULT_ACCOUNT),)
    says = {"ServiceAccountMissing": Saying(N_("%(about)s has no account for its pods yet."), N_("no account"))}

    def observe(self, key: Ref, reader: Reader) -> AccountSeen | None:
        namespace = reader.get(key)
        account = Ref("ServiceAccount", key.name, namespaces.DEFAULT_ACCOUNT)
        return AccountSeen(namespace, reader.get(account)) if namespace is not None else None

    @staticmethod
    def saw(seen: AccountSeen) -> Message:
        return message(N_("%(who)s looks for the account of %(name)s."), name=name_of(seen.namespace))

    def diff(self, seen: AccountSeen) -> Iterable[Difference]:
        if seen.account is None and not is_terminating(seen.namespace):
            create = Create(namespaces.default_account(name_of(seen.namespace)))
            about = ref_of(seen.namespace)
            yield Difference(about, "default", "an account", None, "ServiceAccountMissing", (create,))
