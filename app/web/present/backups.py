"""A MySQLBackup in a line: how far it is, which server is copied, and what it took. Called by `unfolded`."""

from __future__ import annotations

from collections.abc import Iterator

from app.api.mysql_groups import ROLE_LABEL
from app.api.objects import Obj, Ref, labels_of, namespace_of
from app.look import Look
from app.web.present.servers import CellView, cell
from app.web.present.words import Words

TONES = {"Running": "new", "Completed": "done", "Error": "bad"}


def brief(cluster: Look, backup: Obj, _: Words) -> tuple[CellView, ...]:
    return tuple(_brief(cluster, backup, _))


def _brief(cluster: Look, backup: Obj, _: Words) -> Iterator[CellView]:
    status = backup.get("status") or {}
    how_far = status.get("status", "")
    if not how_far:
        yield cell("wait", _("nobody has begun it"))
        return
    yield cell(TONES[how_far], how_far, status.get("message", ""))
    if source := status.get("source"):
        pod = cluster.get(Ref("Pod", namespace_of(backup), source))
        role = labels_of(pod).get(ROLE_LABEL, "") if pod is not None else ""
        yield cell("ready", _("copies %(name)s", name=source), role)
    if took := status.get("elapsedTime"):
        yield cell("done", _("took %(time)s", time=took))
