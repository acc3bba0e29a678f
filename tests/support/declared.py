"""What the whole world declares: one of each workload."""

from app.api.objects import Ref

WORKLOADS = (
    Ref("Deployment", "default", "web"),
    Ref("StatefulSet", "default", "db"),
    Ref("DaemonSet", "default", "agent"),
)
_TEMPLATE = """
  template:
    metadata: {labels: {app: %s}}
    spec: {containers: [{name: main, image: "nginx:1.27", resources: {requests: {cpu: %s}}}]}
"""


def _workload(kind: str, name: str, cpu: str, spec: str) -> str:
    head = f"---\napiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n  {spec}\n"
    return head + f"  selector: {{matchLabels: {{app: {name}}}}}" + _TEMPLATE % (name, cpu)


DECLARED = (
    _workload("Deployment", "web", "500m", "replicas: 3")
    + _workload("StatefulSet", "db", "200m", "{serviceName: db, replicas: 3}".strip("{}").replace(", ", "\n  "))
    + _workload("DaemonSet", "agent", "100m", "minReadySeconds: 0")
    + _workload("Deployment", "shop", "100m", "minReadySeconds: 0")
    + """
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
  minReplicas: 2
  maxReplicas: 5
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 2, selector: {matchLabels: {app: web}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick}
spec:
  schedule: "*/2 * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers: [{name: work, image: "busybox:1", command: [sh, -c, "sleep 5"]}]
"""
)
_JOB = """
apiVersion: batch/v1
kind: Job
metadata: {name: %s}
spec:
  %s
  template:
    spec:
      restartPolicy: Never
      containers: [{name: work, image: "busybox:1", command: [sh, -c, "sleep 8; exit %d"]}]
"""
JOBS = (
    _JOB % ("work", "parallelism: 2\n  completions: 5", 0),
    _JOB % ("work", "parallelism: 2\n  completions: 5\n  ttlSecondsAfterFinished: 60", 0),
    _JOB % ("parts", "parallelism: 3\n  completions: 3\n  completionMode: Indexed", 0),
    _JOB % ("bad", "backoffLimit: 2", 1),
)
