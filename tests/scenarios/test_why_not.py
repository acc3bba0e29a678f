"""Why not? In a whole cluster: what holds things up, as it is answered, with the numbers and names of what was done."""

from __future__ import annotations

import pytest

from app.api.objects import Ref
from app.commands import (
    ApiServerDown,
    Command,
    Cordon,
    DeleteObject,
    Drain,
    DropEvents,
    EvictPod,
    GoOnCall,
    PatchObject,
    PowerNode,
    StaleCache,
    StopController,
    Suspend,
)
from app.web.present import whynot
from app.web.present.whynot import Answer
from tests.controllers.test_cluster_autoscaler import CONFIG
from tests.scenarios.test_autoscaling import Loaded
from tests.support.telling import LANGUAGES, words_of
from tests.support.world import World

WEB = Ref("Deployment", "default", "web")
HPA = Ref("HorizontalPodAutoscaler", "default", "web")
POD = """
apiVersion: v1
kind: Pod
metadata: {name: one, labels: {app: one}}
spec:
  %s
  containers: [{name: c, image: "nginx:1.27", %s}]
"""
ONE = Ref("Pod", "default", "one")
JOB = """
apiVersion: batch/v1
kind: Job
metadata: {name: work}
spec:
  %s
  template: {spec: {restartPolicy: Never, containers: [{name: c, image: "busybox:1.36", command: [sh, -c, exit 1]}]}}
"""
WORK = Ref("Job", "default", "work")
TAINT = '{"spec": {"taints": [{"key": "team", "value": "blue", "effect": "NoSchedule"}]}}'
PAUSED = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: still}
spec:
  paused: true
  replicas: 1
  selector: {matchLabels: {app: still}}
  template:
    metadata: {labels: {app: still}}
    spec: {containers: [{name: c, image: "nginx:1.27"}]}
"""
DATABASE = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 3
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: c, image: "nginx:1.27", readinessProbe: {httpGet: {path: /no, port: 81}}}]}
"""
DAEMONS = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: ds}
spec:
  selector: {matchLabels: {app: ds}}
  template:
    metadata: {labels: {app: ds}}
    spec: {nodeSelector: {disk: ssd}, containers: [{name: c, image: "nginx:1.27"}]}
"""
SCALER = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 10
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]
"""
CRON = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "* * * * *"
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      template:
        spec: {restartPolicy: Never, containers: [{name: c, image: "busybox:1.36", command: [sleep, "1000"]}]}
"""
QUOTA = """
apiVersion: v1
kind: ResourceQuota
metadata: {name: team}
spec: {hard: {pods: "2"}}
"""
BUDGET = """
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: guard}
spec: {minAvailable: 3, selector: {matchLabels: {app: web}}}
"""
KEPT = """
apiVersion: v1
kind: Namespace
metadata: {name: team}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: keep, namespace: team, finalizers: [example.com/backup]}
"""
CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], storageClassName: "", resources: {requests: {storage: 1Gi}}}
---
"""
USES_IT = "volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]"
SERVICES = """
apiVersion: v1
kind: Service
metadata: {name: typo}
spec: {selector: {app: wbe}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: port}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: unready}
spec: {selector: {app: one}, ports: [{port: 80}]}
"""
STORED = """
apiVersion: storage.k8s.io/v1
kind: VolumeAttachment
metadata: {name: va}
spec: {attacher: example.com, nodeName: node-1, source: {persistentVolumeName: pv}}
"""


def answers(world: World, ref: Ref) -> dict[str, Answer]:
    """By their reasons; each can be said in both languages."""
    found = [whynot.of(world, ref, words_of(world, lang)) for lang in LANGUAGES]
    assert [each.code for each in found[0].answers] == [each.code for each in found[1].answers]
    assert all(each.text and each.needs and all(each.needs) for view in found for each in view.answers)
    return {each.code: each for each in found[0].answers}


def apply(text: str, seconds: float = 5) -> World:
    world = World()
    world.apply(text)
    world.wait(seconds)
    return world


def name(world: World, kind: str, image: str = "nginx:1.27") -> str:
    """Of an object of that kind, the first with this image."""
    return next(obj["metadata"]["name"] for obj in world.objects(kind, "default") if image in str(obj["spec"]))


def test_nothing_holds_up_what_is_as_declared() -> None:
    world = World()
    world.web(3)
    world.settle()
    for ref in (
        WEB,
        Ref("Service", "default", "web"),
        Ref("Node", "", "node-1"),
        Ref("Pod", "default", name(world, "Pod")),
    ):
        assert answers(world, ref) == {}


# ------------------------------------------------------------------------------------------ a pod without a node


@pytest.mark.parametrize(
    ("spec", "container", "need"),
    [
        ("", "resources: {requests: {cpu: '64'}}", "node-1, node-2, node-3: it asks for 64 of cpu, 4 is free."),
        ("", "resources: {requests: {cpu: 4100m}}", "node-1, node-2, node-3: it asks for 4100m of cpu, 4 is free."),
        (
            "",
            "resources: {requests: {memory: 100Gi}}",
            "node-1, node-2, node-3: it asks for 102400Mi of memory, 8192Mi is free.",
        ),
        (
            "",
            "resources: {requests: {example.com/gpu: 2}, limits: {example.com/gpu: 2}}",
            "node-1, node-2, node-3: it asks for 2 of example.com/gpu, 0 is free.",
        ),
        ("nodeSelector: {disk: ssd}", "", "node-1, node-2, node-3: it must have the label disk=ssd."),
        (
            "volumes: [{name: d, persistentVolumeClaim: {claimName: none}}]",
            "",
            'First, for its claims: persistentvolumeclaim "none" not found.',
        ),
    ],
)
def test_a_pod_that_fits_nowhere_says_for_each_node_what_would_have_to_change(
    spec: str, container: str, need: str
) -> None:
    found = answers(apply(POD % (spec, container)), ONE)["Unschedulable"]
    assert found.needs == (need,)
    assert found.role == "default-scheduler"
    assert found.since is not None


def test_nodes_differ_in_what_they_lack() -> None:
    world = World()
    world.cordon("node-2")
    world.do(PatchObject(Ref("Node", "", "node-3"), "merge", TAINT))
    world.apply(POD % ("", "resources: {requests: {cpu: '5'}}"))
    world.wait(5)
    assert answers(world, ONE)["Unschedulable"].needs == (
        "node-1: it asks for 5 of cpu, 4 is free.",
        "node-2: it is cordoned, and must be open to pods again.",
        "node-3: it must tolerate team=blue:NoSchedule, or the taint must go.",
    )
    assert "cordon" in answers(world, Ref("Node", "", "node-2"))["Unschedulable"].text


def test_what_was_seen_before_and_is_over_is_no_answer() -> None:
    world = World()
    for node in ("node-1", "node-2", "node-3"):
        world.cordon(node)
    world.apply(POD % ("", "resources: {}"))
    world.wait(5)
    assert "Unschedulable" in answers(world, ONE)
    world.do(Cordon("node-2", False))
    world.settle()
    assert answers(world, ONE) == {}


def test_a_gated_pod_and_one_whose_scheduler_does_not_run() -> None:
    world = apply(POD % ("schedulingGates: [{name: example.com/wait}]", "resources: {}"))
    assert answers(world, ONE)["SchedulingGated"].needs == (
        "Whoever set the scheduling gate example.com/wait must take it off.",
    )
    stopped = World()
    stopped.do(StopController("default-scheduler"))
    stopped.apply(POD % ("", "resources: {}"))
    stopped.wait(5)
    found = answers(stopped, ONE)["Stopped"]
    assert found.text == "The scheduler is stopped: nobody looks at pod one."
    assert found.since is not None


# --------------------------------------------------------------------------------------------------- rollouts


def test_a_rollout_that_does_not_go_on_leads_to_the_image_that_is_not_there() -> None:
    world = World()
    world.web(3)
    world.settle()
    world.image("web", "nginx:1.161")
    world.wait(30)
    found = answers(world, WEB)
    held = found["MaxUnavailableReached"]
    assert (held.want, held.have) == ("3", "3")
    assert held.needs[0] == "Available pods must be more than 3, now 3; or maxUnavailable must allow more."
    assert held.needs[1].endswith(": 0 of 1.")
    assert held.since is not None
    assert held.latest is not None
    assert held.since.step < held.latest.step
    (need,) = found["ImagePullBackOff"].needs
    assert need.endswith(": nginx:1.161.")
    assert found["ImagePullBackOff"].again
    world.wait(700)
    late = answers(world, WEB)["ProgressDeadlineExceeded"]
    assert "600 s" in late.text
    assert "kubectl rollout undo deployment/web" in late.needs[1]
    world.undo("web")
    world.settle()
    assert answers(world, WEB) == {}


def test_what_is_paused_says_how_it_goes_on() -> None:
    world = World()
    world.web(2)
    world.apply(PAUSED)
    world.settle()
    assert (
        "kubectl rollout resume deployment/still"
        in answers(world, Ref("Deployment", "default", "still"))["Paused"].needs[0]
    )


def test_a_stateful_set_waits_for_the_one_before_whose_probe_fails() -> None:
    found = answers(apply(DATABASE, 15), Ref("StatefulSet", "default", "db"))
    assert found["PredecessorNotReady"].about == "pod db-0"
    assert any(
        "readinessProbe of container c must succeed: http-get :81/no" in need for need in found["Unhealthy"].needs
    )


def test_a_daemon_set_names_the_nodes_it_does_not_want() -> None:
    found = answers(apply(DAEMONS), Ref("DaemonSet", "default", "ds"))["NodesNotWanted"]
    assert found.needs == ("node-1, node-2, node-3: its labels must be what the template selects nodes by.",)


# ---------------------------------------------------------------------------------------------- autoscalers


def test_an_autoscaler_says_from_where_on_it_would_do_something() -> None:
    world = Loaded("{scaleDown: {stabilizationWindowSeconds: 60}}")
    world.under(50, 60)
    assert answers(world, HPA)["DesiredWithinRange"].needs == (
        "cpu is at 50%, the target is 50%.",
        "More pods come above 55%, fewer below 26%.",
    )
    world.under(500, 60)
    limit = answers(world, HPA)["TooManyReplicas"]
    assert limit.needs == ("maxReplicas must be more than 10, or the load less.",)
    world.under(10, 30)
    window = answers(world, HPA)["ScaleDownStabilized"]
    assert (window.want, window.have) == ("2", "10")
    assert window.again.startswith("It looks again by its own timer at")
    assert "ScaleDownStabilized" in answers(world, WEB), "it holds up its target too"


def test_an_autoscaler_without_requests_names_the_container() -> None:
    world = World()
    world.web(2)
    world.apply(SCALER)
    world.wait(60)
    assert answers(world, HPA)["MetricsAwaited"].needs == (
        "Container nginx must request cpu: the target is a percentage of that.",
    )


def test_the_cluster_autoscaler_orders_no_machine() -> None:
    world = World()
    world.apply(CONFIG)
    world.apply(POD % ("", "resources: {requests: {cpu: '64'}}"))
    world.wait(60)
    found = answers(world, ONE)
    assert found["NoMachineWouldHelp"].needs == ("It must fit on an empty machine: Insufficient cpu.",)
    assert list(found) == ["NoMachineWouldHelp", "Unschedulable"]


# ------------------------------------------------------------------------------------------------------- jobs


def test_jobs_that_are_suspended_back_off_or_have_failed() -> None:
    world = apply(JOB % "suspend: true")
    assert answers(world, WORK)["Suspended"].needs == ("spec.suspend must be false.",)
    world.do(Suspend(WORK, False))
    world.wait(8)
    assert answers(world, WORK)["PodBackOff"].again
    failed = apply(JOB % "backoffLimit: 0", 30)
    assert "BackoffLimitExceeded" in answers(failed, WORK)


def test_a_cron_job_that_forbids_two_at_a_time() -> None:
    found = answers(apply(CRON, 130), Ref("CronJob", "default", "nightly"))["JobAlreadyActive"]
    assert "nightly-" in found.needs[0]


# ------------------------------------------------------------------------------------------- refused, and kept


def test_a_quota_is_told_in_its_numbers() -> None:
    world = apply(QUOTA)
    world.web(4)
    world.wait(20)
    (need,) = answers(world, WEB)["TooFewReplicas"].needs
    assert need == "ResourceQuota team must allow more: asked for pods=1, used pods=2, allowed pods=2."


def test_a_budget_that_refuses_is_the_answer_of_budget_pod_and_node() -> None:
    world = World()
    world.web(3)
    world.apply(BUDGET)
    world.settle()
    pod = world.pods()[0]
    world.submit(EvictPod(Ref("Pod", "default", pod["metadata"]["name"])))
    world.submit(Drain(pod["spec"]["nodeName"]))
    for ref in (
        Ref("PodDisruptionBudget", "default", "guard"),
        Ref("Pod", "default", pod["metadata"]["name"]),
        Ref("Node", "", pod["spec"]["nodeName"]),
    ):
        found = answers(world, ref)["DisruptionBudget"]
        assert found.needs[0] == "Healthy pods must be 4, one more than it guards; now: 3."
        assert found.since is not None


def test_a_namespace_that_does_not_go_names_the_finalizer() -> None:
    world = apply(KEPT)
    world.delete_namespace("team")
    world.wait(30)
    found = answers(world, Ref("Namespace", "", "team"))
    assert found["WaitingForContentToGo"].needs == (
        "ConfigMap keep has finalizers: whoever set example.com/backup must take them off.",
    )
    assert found["Finalizers"].about == "ConfigMap keep"


def test_a_claim_waits_for_a_volume_and_its_pod_for_the_claim() -> None:
    found = answers(apply(CLAIM + POD % (USES_IT, "resources: {}")), ONE)
    assert found["WaitingForVolume"].needs == (
        'A volume must be free that has 1Gi or more, ReadWriteOnce and the class "".',
    )
    assert "Unschedulable" in found


def test_a_service_without_endpoints() -> None:
    world = World()
    world.web(1)
    world.apply(SERVICES)
    world.settle()
    near = answers(world, Ref("Service", "default", "typo"))["NoPods"].needs
    assert near[0] == "A pod must have these labels: app=wbe."
    assert near[1].endswith(" has app=web.")
    assert "http" in answers(world, Ref("Service", "default", "port"))["PortMissing"].text
    world.apply(POD % ("", "readinessProbe: {httpGet: {path: /no, port: 81}}"))
    world.wait(15)
    assert list(answers(world, Ref("Service", "default", "unready"))) == ["NoneReady", "Unhealthy"]


# ----------------------------------------------------------------------------------------------- nobody looks


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (StopController("deployment-controller"), "Stopped"),
        (DropEvents("deployment-controller", 1), "Deaf"),
        (StaleCache("deployment-controller", 60_000), "StaleCache"),
        (ApiServerDown(True), "APIServerDown"),
    ],
)
def test_a_loop_that_does_not_look_is_a_why_not(fault: Command, code: str) -> None:
    world = World()
    world.web(2)
    world.settle()
    world.submit(fault)
    assert code in answers(world, WEB)


def test_a_machine_without_power_holds_up_what_is_on_it() -> None:
    world = World()
    world.web(3)
    world.settle()
    pod = world.pods()[0]
    world.do(PowerNode(pod["spec"]["nodeName"], on=False))
    found = answers(world, Ref("Pod", "default", pod["metadata"]["name"]))["MachineSilent"]
    assert found.needs == ("It must be powered on.",)
    assert found.since is not None


def test_who_is_on_call_is_told_that_it_is_her_turn() -> None:
    world = World()
    world.web(2)
    world.settle()
    world.do(GoOnCall("replicaset-controller"))
    world.kill(world.pod_names()[0])
    world.wait(40)
    assert "You are on call" in answers(world, WEB)["TooFewReplicas"].needs[0]


def test_a_kind_that_no_loop_knows() -> None:
    world = apply(STORED)
    assert "NoController" in answers(world, Ref("VolumeAttachment", "", "va"))


def test_of_an_object_that_is_gone_nothing_is_held_up() -> None:
    world = apply(POD % ("", "resources: {requests: {cpu: '64'}}"))
    world.do(DeleteObject(ONE, 0))
    world.settle()
    assert answers(world, ONE) == {}
