"""What a person changed by applying a manifest: "You change replicas of Deployment web: 3 → 5." For captions."""

from __future__ import annotations

from app.api.objects import Obj
from app.apimachinery.patch.strategic import FieldChange, field_changes
from app.apimachinery.scheme.shapes import Scalar
from app.commands import Apply
from app.engine.trace import Commanded
from app.web.present.names import called
from app.web.present.values import brief
from app.web.present.words import Words

_OF_THE_SERVER = ("status", "metadata.managedFields", "metadata.resourceVersion", "metadata.generation")
_OF_CLIENTS = "metadata.annotations"
UNKNOWN = Scalar("")  # of no type: lists are compared item by item


def edit(record: Commanded, _: Words) -> str:
    """Of one object that was applied; "" of more, and of anything else."""
    if not isinstance(record.command, Apply) or len(record.results) != 1 or record.error:
        return ""
    written = record.results[0]
    what = called(written.ref, _)
    change = next((each for each in written.changes if each.ref == written.ref), None)
    if change is None:
        return _("You apply %(what)s: nothing changes.", what=what)
    if change.old is None:
        return _("You create %(what)s.", what=what)
    changes = _declared(change.old, change.new)
    if len(changes) != 1:
        return _("You change %(what)s.", what=what)
    path, old, new = changes[0]
    field = path.rpartition(".")[2]
    if old is None:
        return _("You add %(field)s to %(what)s: %(new)s.", field=field, what=what, new=brief(new))
    if new is None:
        return _("You take %(field)s away from %(what)s.", field=field, what=what)
    return _(
        "You change %(field)s of %(what)s: %(old)s → %(new)s.", field=field, what=what, old=brief(old), new=brief(new)
    )


def _declared(old: Obj, new: Obj | None) -> list[FieldChange]:
    changes = field_changes(old, new, UNKNOWN)
    return [each for each in changes if not each.path.startswith((*_OF_THE_SERVER, _OF_CLIENTS))]
