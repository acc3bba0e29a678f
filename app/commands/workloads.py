"""What one does to workloads: scale, another image, roll back, restart, suspend, run now."""

from __future__ import annotations

from dataclasses import dataclass

from app.api import errors, times
from app.api.messages import N_, Message, message
from app.api.objects import Obj, Ref, controller_uid, find_named, owner_reference, uid_of
from app.commands import lines
from app.commands.base import Done, Request
from app.commands.hands import Verbs
from app.component_helpers import revisions, rollouts

_ROLLED_OUT = ("Deployment", "StatefulSet", "DaemonSet")
_RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


@dataclass(frozen=True, slots=True)
class Scale(Request):
    do = "scale"
    done = "scaled"
    ref: Ref
    replicas: int

    def perform(self, hands: Verbs) -> None:
        hands.scale(self.ref, self.replicas)

    def kubectl(self) -> str:
        return f"kubectl scale {lines.target(self.ref)} --replicas={self.replicas}{lines.flag(self.ref.namespace)}"

    def sentence(self, count: int) -> Message:
        return message(N_("You scale %(name)s to %(replicas)s."), name=self.ref.name, replicas=self.replicas)


@dataclass(frozen=True, slots=True)
class SetImage(Request):
    do = "image"
    done = "image updated"
    ref: Ref
    image: str
    container: str = ""  # the first one

    def perform(self, hands: Verbs) -> None:
        hands.patch(self.ref, lambda obj: _with_image(obj, self.image, self.container))

    def kubectl(self) -> str:
        image = lines.word(f"{self.container or '*'}={self.image}")
        return f"kubectl set image {lines.target(self.ref)} {image}{lines.flag(self.ref.namespace)}"

    def sentence(self, count: int) -> Message:
        return message(N_("You set the image of %(name)s to %(image)s."), name=self.ref.name, image=self.image)


def _with_image(obj: Obj, image: str, container: str) -> Obj:
    spec = obj.get("spec") or {}
    pod_spec = spec["template"]["spec"] if "template" in spec else spec
    containers = pod_spec.get("containers") or []
    name = container or (containers[0]["name"] if containers else "*")
    if find_named(containers, name) is None:
        raise errors.BadRequest(f'unable to find container named "{name}"')
    changed = [{**item, "image": image} if item["name"] == name else item for item in containers]
    pod_spec = {**pod_spec, "containers": changed}
    if "template" in spec:
        return {**obj, "spec": {**spec, "template": {**spec["template"], "spec": pod_spec}}}
    return {**obj, "spec": pod_spec}


@dataclass(frozen=True, slots=True)
class RolloutUndo(Request):
    do = "undo"
    done = "rolled back"
    ref: Ref
    to_revision: int = 0  # the one before the current

    def perform(self, hands: Verbs) -> None:
        if self.ref.kind not in _ROLLED_OUT:
            raise errors.BadRequest(f'no rollbacker has been implemented for "{self.ref.bare_kind}"')
        workload, is_deployment = hands.get(self.ref), self.ref.kind == "Deployment"
        past = hands.objects("ReplicaSet" if is_deployment else revisions.KIND, self.ref.namespace)
        owned = [each for each in past if controller_uid(each) == uid_of(workload)]
        if is_deployment:
            hands.patch(self.ref, lambda obj: rollouts.rolled_back(obj, owned, self.to_revision))
            return
        template = revisions.rollback_template(workload, owned, self.to_revision)
        hands.patch(self.ref, lambda obj: {**obj, "spec": {**obj["spec"], "template": template}})

    def line(self, obj: Obj, done: Done) -> str:
        matches = f"current template already matches revision {self.to_revision}"
        return f"{lines.resource(obj)} {self.done if done.changes else f'skipped rollback ({matches})'}"

    def kubectl(self) -> str:
        revision = f" --to-revision={self.to_revision}" if self.to_revision else ""
        return f"kubectl rollout undo {lines.target(self.ref)}{revision}{lines.flag(self.ref.namespace)}"

    def sentence(self, count: int) -> Message:
        return message(N_("You roll %(name)s back."), name=self.ref.name)


@dataclass(frozen=True, slots=True)
class RolloutRestart(Request):
    do = "restart"
    done = "restarted"
    ref: Ref

    def perform(self, hands: Verbs) -> None:
        if self.ref.kind not in _ROLLED_OUT:
            raise errors.BadRequest(f"{self.ref} restarting is not supported")
        mark = {"annotations": {_RESTARTED_AT: times.rfc3339(hands.now_ms)}}
        hands.patch(self.ref, {"spec": {"template": {"metadata": mark}}})

    def kubectl(self) -> str:
        return f"kubectl rollout restart {lines.target(self.ref)}{lines.flag(self.ref.namespace)}"

    def sentence(self, count: int) -> Message:
        return message(N_("You restart the rollout of %(name)s."), name=self.ref.name)


@dataclass(frozen=True, slots=True)
class Suspend(Request):
    """A Job's or CronJob's `spec.suspend`."""

    do = "suspend"
    ref: Ref
    suspended: bool = True

    def perform(self, hands: Verbs) -> None:
        hands.patch(self.ref, {"spec": {"suspend": self.suspended}})

    def kubectl(self) -> str:
        patch = lines.word(f'{{"spec":{{"suspend":{str(self.suspended).lower()}}}}}')
        return f"kubectl patch {lines.target(self.ref)} -p {patch}{lines.flag(self.ref.namespace)}"

    def line(self, obj: Obj, done: Done) -> str:
        return f"{lines.resource(obj)} {'suspended' if self.suspended else 'resumed'}"

    def sentence(self, count: int) -> Message:
        if self.suspended:
            return message(N_("You suspend %(name)s: it starts nothing."), name=self.ref.name)
        return message(N_("You resume %(name)s."), name=self.ref.name)


@dataclass(frozen=True, slots=True)
class RunNow(Request):
    """`kubectl create job NAME --from=cronjob/...`; without a name it gets one by counting."""

    do = "run-now"
    done = "created"
    ref: Ref
    job: str = ""

    def perform(self, hands: Verbs) -> None:
        cron_job = hands.get(self.ref)
        if self.ref.kind != "CronJob":
            raise errors.BadRequest("unknown object type for --from: only a CronJob is a template for Jobs")
        taken = {obj["metadata"]["name"] for obj in hands.objects("Job", self.ref.namespace)}
        free = (f"{self.ref.name}-manual-{number}" for number in range(1, len(taken) + 2))
        hands.create(_job_from(cron_job, self.job or next(name for name in free if name not in taken)))

    def kubectl(self) -> str:
        job, namespace = self.job or f"{self.ref.name}-manual-1", lines.flag(self.ref.namespace)
        return f"kubectl create job {job} --from={lines.target(self.ref)}{namespace}"

    def sentence(self, count: int) -> Message:
        return message(N_("You start a Job of %(name)s now."), name=self.ref.name)


def _job_from(cron_job: Obj, name: str) -> Obj:
    """As `kubectl create job --from` makes it."""
    template = cron_job["spec"]["jobTemplate"]
    meta = template.get("metadata") or {}
    metadata = {
        "name": name,
        "namespace": cron_job["metadata"]["namespace"],
        "annotations": {"cronjob.kubernetes.io/instantiate": "manual", **(meta.get("annotations") or {})},
        "labels": meta.get("labels") or {},
        # kubectl does not ask that the CronJob's deletion in the foreground wait for it.
        "ownerReferences": [{k: v for k, v in owner_reference(cron_job).items() if k != "blockOwnerDeletion"}],
    }
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template["spec"]}
