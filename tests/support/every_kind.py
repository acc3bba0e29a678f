"""One good manifest of every kind that is stored, run or not, with the fields that people use. For tests."""

from __future__ import annotations

from app.api.objects import Obj
from app.apimachinery.documents import parse

TEMPLATE = """\
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "nginx:1.27", ports: [{name: http, containerPort: 80}]}]}
"""
MANIFESTS = f"""\
apiVersion: v1
kind: ReplicationController
metadata: {{name: guestbook}}
spec:
  replicas: 2
  template:
{TEMPLATE}
---
apiVersion: v1
kind: PodTemplate
metadata: {{name: web}}
template:
{TEMPLATE}
---
apiVersion: v1
kind: Secret
metadata: {{name: password}}
stringData: {{root: "correct horse", user: admin}}
data: {{token: aGVsbG8=}}
---
apiVersion: v1
kind: Secret
metadata: {{name: certificate}}
type: kubernetes.io/tls
data: {{tls.crt: aGVsbG8=, tls.key: aGVsbG8=}}
---
{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: robot}}, automountServiceAccountToken: false,
 imagePullSecrets: [{{name: password}}]}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {{name: disk, labels: {{tier: fast}}}}
spec:
  capacity: {{storage: 5Gi}}
  accessModes: [ReadWriteOnce, ReadOnlyMany]
  storageClassName: manual
  hostPath: {{path: /data}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: database}}
spec:
  accessModes: [ReadWriteOnce]
  selector: {{matchLabels: {{tier: fast}}}}
  resources: {{requests: {{storage: 1Gi}}}}
  storageClassName: manual
---
{{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {{name: manual}}, provisioner: example.com/disks,
 parameters: {{type: ssd}}, allowVolumeExpansion: true}}
---
apiVersion: v1
kind: LimitRange
metadata: {{name: limits}}
spec:
  limits:
  - {{type: Container, max: {{cpu: "2"}}, min: {{cpu: 10m}}, default: {{memory: 1Gi}}}}
  - {{type: Pod, max: {{cpu: "4"}}}}
---
{{apiVersion: v1, kind: ResourceQuota, metadata: {{name: quota}}, spec: {{hard: {{pods: "40", requests.cpu: "40"}}}}}}
---
apiVersion: v1
kind: Endpoints
metadata: {{name: outside}}
subsets: [{{addresses: [{{ip: 192.0.2.1}}], ports: [{{name: http, port: 80}}]}}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db}}
spec:
  serviceName: db
  replicas: 3
  selector: {{matchLabels: {{app: web}}}}
  volumeClaimTemplates:
  - metadata: {{name: data}}
    spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}
  template:
{TEMPLATE}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: agent}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
{TEMPLATE}
---
apiVersion: batch/v1
kind: Job
metadata: {{name: work}}
spec:
  completions: 3
  parallelism: 2
  template: {{spec: {{restartPolicy: Never, containers: [{{name: c, image: busybox}}]}}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {{name: tick}}
spec:
  schedule: "*/5 0-6 * jan-mar mon,fri"
  timeZone: Asia/Tokyo
  jobTemplate:
    spec: {{template: {{spec: {{restartPolicy: OnFailure, containers: [{{name: c, image: busybox}}]}}}}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: web}}
spec:
  maxReplicas: 10
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}
  metrics:
  - {{type: Resource, resource: {{name: cpu, target: {{type: Utilization, averageUtilization: 50}}}}}}
  - {{type: Pods, pods: {{metric: {{name: requests}}, target: {{type: AverageValue, averageValue: "100"}}}}}}
  behavior: {{scaleDown: {{stabilizationWindowSeconds: 30}}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{name: web}}
spec: {{minAvailable: 50%, selector: {{matchLabels: {{app: web}}}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: web}}
spec:
  ingressClassName: plain
  defaultBackend: {{service: {{name: web, port: {{name: http}}}}}}
  rules:
  - host: shop.example.com
    http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: web, port: {{number: 80}}}}}}}}]}}
  - host: "*.example.com"
  tls: [{{hosts: [shop.example.com], secretName: certificate}}]
---
{{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {{name: plain}},
 spec: {{controller: example.com/ingress, parameters: {{kind: Settings, name: s}}}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: only-web}}
spec:
  podSelector: {{matchLabels: {{app: web}}}}
  ingress:
  - from: [{{podSelector: {{}}}}, {{ipBlock: {{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}}}]
    ports: [{{port: 80}}, {{port: 8000, endPort: 8010, protocol: UDP}}]
  egress: [{{to: [{{namespaceSelector: {{}}}}]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: "reader:pods"}}
rules: [{{apiGroups: [""], resources: [pods], verbs: [get, list]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: readers}}
roleRef: {{kind: Role, name: "reader:pods"}}
subjects: [{{kind: User, name: jane}}, {{kind: ServiceAccount, name: robot}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: health}}
rules: [{{nonResourceURLs: [/healthz], verbs: [get]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: everyone}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: health}}
subjects: [{{kind: Group, name: "system:authenticated"}}, {{kind: ServiceAccount, name: robot, namespace: default}}]
---
{{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {{name: high}}, value: 1000, description: first}}
---
apiVersion: apps/v1
kind: ControllerRevision
metadata: {{name: kept-by-hand}}
revision: 1
data: {{spec: {{template: {{$patch: replace, metadata: {{labels: {{app: web}}}}}}}}}}
---
apiVersion: storage.k8s.io/v1
kind: CSIDriver
metadata: {{name: disks.example.com}}
spec: {{podInfoOnMount: true, tokenRequests: [{{audience: vault, expirationSeconds: 3600}}]}}
---
apiVersion: storage.k8s.io/v1
kind: CSINode
metadata: {{name: node-1}}
spec:
  drivers: [{{name: disks.example.com, nodeID: n1, allocatable: {{count: 16}}, topologyKeys: [example.com/zone]}}]
---
apiVersion: storage.k8s.io/v1
kind: CSIStorageCapacity
metadata: {{name: zone-a}}
storageClassName: manual
capacity: 100Gi
nodeTopology: {{matchLabels: {{example.com/zone: a}}}}
---
apiVersion: storage.k8s.io/v1
kind: VolumeAttachment
metadata: {{name: disk-on-node-1}}
spec: {{attacher: disks.example.com, nodeName: node-1, source: {{persistentVolumeName: disk}}}}
---
{{apiVersion: storage.k8s.io/v1, kind: VolumeAttributesClass, metadata: {{name: quick}}, driverName: disks.example.com,
 parameters: {{iops: "3000"}}}}
---
{{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {{name: sandboxed}}, handler: runsc,
 scheduling: {{nodeSelector: {{sandbox: "yes"}}}}}}
---
apiVersion: resource.k8s.io/v1
kind: DeviceClass
metadata: {{name: gpu.example.com}}
spec: {{selectors: [{{cel: {{expression: device.driver == "gpu.example.com"}}}}]}}
---
apiVersion: resource.k8s.io/v1
kind: ResourceClaim
metadata: {{name: one-gpu}}
spec: {{devices: {{requests: [{{name: gpu, exactly: {{deviceClassName: gpu.example.com}}}}]}}}}
---
apiVersion: resource.k8s.io/v1
kind: ResourceClaimTemplate
metadata: {{name: any-gpu}}
spec:
  spec:
    devices:
      requests:
      - name: gpu
        firstAvailable:
        - {{name: big, deviceClassName: big.example.com, count: 1}}
        - {{name: small, deviceClassName: gpu.example.com, count: 2}}
---
apiVersion: resource.k8s.io/v1
kind: ResourceSlice
metadata: {{name: gpus-of-node-1}}
spec:
  driver: gpu.example.com
  nodeName: node-1
  pool: {{name: node-1, generation: 1, resourceSliceCount: 1}}
  devices: [{{name: gpu-0}}, {{name: gpu-1}}]
---
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {{name: jane}}
spec:
  request: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KQUEK
  signerName: example.com/people
  usages: [client auth]
---
{{apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, metadata: {{name: more}}, spec: {{cidrs: [10.97.0.0/16]}}}}
---
{{apiVersion: networking.k8s.io/v1, kind: IPAddress, metadata: {{name: 10.97.0.1}},
 spec: {{parentRef: {{resource: services, namespace: default, name: web}}}}}}
---
{{apiVersion: flowcontrol.apiserver.k8s.io/v1, kind: FlowSchema, metadata: {{name: visitors}},
 spec: {{priorityLevelConfiguration: {{name: few}}}}}}
---
{{apiVersion: flowcontrol.apiserver.k8s.io/v1, kind: PriorityLevelConfiguration, metadata: {{name: few}},
 spec: {{type: Limited, limited: {{limitResponse: {{type: Queue, queuing: {{queues: 16}}}}}}}}}}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {{name: v1.games.example.com}}
spec:
  group: games.example.com
  version: v1
  groupPriorityMinimum: 1000
  versionPriority: 15
  service: {{namespace: default, name: games}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {{name: few-games.example.com}}
spec:
  paramKind: {{apiVersion: v1, kind: ConfigMap}}
  matchConstraints:
    resourceRules: [{{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [secrets]}}]
  variables: [{{name: most, expression: "int(params.data.most)"}}]
  validations:
  - expression: size(object.data) <= variables.most
    messageExpression: "'at most ' + string(variables.most)"
    reason: Forbidden
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: few-games.example.com}}
spec:
  policyName: few-games.example.com
  paramRef: {{name: games, namespace: default, parameterNotFoundAction: Allow}}
  validationActions: [Deny, Audit]
"""


def documents() -> list[Obj]:
    return [document.obj for document in parse(MANIFESTS)]
