"""What was applied in the recorded scenarios, in our words."""

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: nginx
        image: nginx:1.27
        ports: [{containerPort: 80}]
"""
SERVICE = """---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 80}]
"""
STATEFUL_SET = """
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 3
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers: [{name: mysql, image: "mysql:8.4", ports: [{containerPort: 3306}]}]
"""
DAEMON_SET = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      containers: [{name: agent, image: "fluentd:1"}]
"""
CRON_JOB = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick}
spec:
  schedule: "* * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers: [{name: work, image: "busybox:1", command: ["sh", "-c", "sleep 2"]}]
"""
JOB = """
apiVersion: batch/v1
kind: Job
metadata: {name: %s}
spec:
  %s
  template:
    spec:
      restartPolicy: %s
      containers: [{name: work, image: "busybox:1", command: ["sh", "-c", "%s"]}]
"""
_FIVE_SECONDS = "operator: Exists, effect: NoExecute, tolerationSeconds: 5}"
TOLERATES_UNREACHABLE = f"""    spec:
      tolerations:
      - {{key: node.kubernetes.io/unreachable, {_FIVE_SECONDS}"""
TOLERATES_5S = f"""    spec:
      tolerations:
      - {{key: node.kubernetes.io/not-ready, {_FIVE_SECONDS}
      - {{key: node.kubernetes.io/unreachable, {_FIVE_SECONDS}"""
BUDGET = """---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec:
  minAvailable: 3
  selector: {matchLabels: {app: web}}
"""
LONELY = """
apiVersion: v1
kind: Pod
metadata: {name: lonely, labels: {app: x}}
spec:
  containers: [{name: c, image: "busybox:1", command: ["sleep", "1000"]}]
"""
HPA = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 1
  maxReplicas: 10
  metrics:
  - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}
  behavior: {scaleDown: {stabilizationWindowSeconds: 30}}
"""
