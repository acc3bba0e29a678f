"""What a Difference says, by its reason. Whoever adds a controller may add lines here; without one, the fields speak.

A LONG sentence may name %(kind)s, %(about)s, %(field)s, %(desired)s and %(observed)s.
A SHORT one stands inside the ring.
"""

from __future__ import annotations

from app.web.present.words import N_

LONG = {
    # ReplicaSet
    "TooFewReplicas": N_(
        "%(kind)s %(about)s wants %(desired)s pods and counts %(observed)s. It creates what is missing."
    ),
    "TooManyReplicas": N_("%(kind)s %(about)s wants %(desired)s pods and counts %(observed)s. It deletes the surplus."),
    "OrphanMatches": N_("%(kind)s %(about)s has the right labels and no owner. %(desired)s adopts it."),
    "OwnedPodNoLongerMatches": N_("Pod %(about)s lost the labels that made it part of %(observed)s. It is let go."),
    "MinReadySecondsNotOver": N_("Pods of %(about)s are ready, but not long enough yet to count as available."),
    "StatusOutdated": N_("The status of %(kind)s %(about)s is out of date. It is written anew."),
    # Deployment
    "OwnedReplicaSetNoLongerMatches": N_(
        "ReplicaSet %(about)s no longer matches the selector of %(observed)s. It is let go."
    ),
    "NewReplicaSetNeeded": N_(
        "Deployment %(about)s has no ReplicaSet for its pod template yet. It creates %(desired)s."
    ),
    "TemplateHashCollides": N_(
        "The name %(observed)s is taken by another pod template. Deployment tries another hash."
    ),
    "RevisionOutdated": N_("ReplicaSet %(about)s holds the newest template, so it becomes revision %(desired)s."),
    "AnnotationsOutdated": N_("ReplicaSet %(about)s gets the annotations of its Deployment."),
    "MinReadySecondsOutdated": N_("ReplicaSet %(about)s gets the minReadySeconds of its Deployment."),
    "DeploymentScaled": N_(
        "The Deployment asks for %(desired)s pods, ReplicaSet %(about)s for %(observed)s. It is scaled."
    ),
    "ProportionalScaling": N_(
        "Scaled in mid-rollout: ReplicaSet %(about)s goes from %(observed)s to %(desired)s, its share."
    ),
    "RolloutScaleUp": N_("There is room for new pods: ReplicaSet %(about)s goes from %(observed)s to %(desired)s."),
    "RolloutScaleDown": N_(
        "Enough pods are available: old ReplicaSet %(about)s goes from %(observed)s to %(desired)s."
    ),
    "UnhealthyOldReplicas": N_(
        "Old pods that do not work go first: ReplicaSet %(about)s goes from %(observed)s to %(desired)s."
    ),
    "MaxUnavailableReached": N_(
        "Deployment %(about)s must keep %(desired)s pods available and has %(observed)s: no old pod may go yet."
    ),
    "OldPodsStillRunning": N_(
        "Deployment %(about)s recreates: %(observed)s old pods are still there. New ones must wait."
    ),
    "RolloutInProgress": N_("Deployment %(about)s gives its rollout %(desired)s seconds to make progress."),
    "RevisionHistoryExceeded": N_("Deployment keeps %(desired)s old ReplicaSets. %(about)s is beyond that and goes."),
    # PodDisruptionBudget
    "EvictionUnderWay": N_(
        "%(about)s allowed the eviction of %(observed)s. It waits to see it go, two minutes at most."
    ),
    # Chaos
    "ChaosPlanned": N_("The chaos monkey chooses a moment for its next kill."),
    "ChaosOff": N_("The chaos is over: no kill is planned any more."),
    "ChaosStrikes": N_("The chaos monkey drew Pod %(about)s. It is killed, without a reason."),
    # StatefulSet, DaemonSet
    "NewRevisionNeeded": N_("The pod template of %(about)s is new. It is kept as revision %(desired)s."),
    "TemplateIsBack": N_("An earlier pod template is back: %(about)s becomes revision %(desired)s."),
    "HistoryTooLong": N_("%(desired)s former revisions are kept. %(about)s is beyond that and goes."),
    "OrdinalMissing": N_("%(about)s is the next in the order, and it is its turn. It is created."),
    "OrdinalTooHigh": N_("%(desired)s pods are wanted: %(about)s, the last in the order, goes first."),
    "PodOfOldRevision": N_("%(about)s still has the old template. It is deleted, and will return with the new one."),
    "PodStillTerminating": N_("%(about)s is not gone yet. Its name cannot be used again before it is."),
    "PredecessorNotReady": N_("%(about)s is not ready. The next in the order must wait."),
    "UpdatedPodNotReady": N_("%(about)s is not ready after its update. The others must wait."),
    "RecreatingFailedPod": N_("%(about)s has failed. It is deleted, and will return under the same name."),
    "RecreatingTerminatedPod": N_("%(about)s has ended. It is deleted, and will return under the same name."),
    "ClaimMissing": N_("%(about)s waits for a volume claim that is not there. It is created."),
    "ClaimRetention": N_("Who owns claim %(about)s decides with whom it will be deleted. That is corrected."),
    "NodesWithoutPod": N_("%(desired)s nodes should have a pod of %(about)s, %(observed)s do. It creates the rest."),
    "NodeIsGone": N_("%(about)s was made for a node that is no longer there. It is deleted."),
    "NodeNoLongerFits": N_("Node %(observed)s no longer fits. Pod %(about)s is deleted."),
    "TooManyOnNode": N_("Node %(observed)s has more than one of these pods. %(about)s is deleted."),
    "FailedDaemonPod": N_(
        "%(observed)s pods of %(about)s have failed. Each is deleted and made anew, ever more slowly."
    ),
    "DaemonPodOutdated": N_("%(about)s has the old template. It is deleted, and its node will get a new one."),
    "RoomToSurge": N_("%(about)s puts new pods beside old ones, on at most %(desired)s nodes at once."),
    "TooManyNodesUnavailable": N_(
        "%(observed)s nodes are without an available pod of %(about)s, %(desired)s may be. The next must wait."
    ),
    # Nodes, Jobs, autoscaling, preemption, budgets
    "NodeSilent": N_("Nothing was heard of node %(about)s for %(observed)s. Its state counts as unknown."),
    "PodOnLostNode": N_(
        "Pod %(about)s is on a node nobody hears of. It counts as not ready, and Services leave it now."
    ),
    "TaintsOutdated": N_("The taints of node %(about)s follow its state: %(desired)s."),
    "NodeIsBack": N_("Node %(about)s is back. The taint that evicts is taken away."),
    "EvictionsStopped": N_(
        "So many nodes are lost that nobody is evicted: perhaps it is the control plane that is cut off."
    ),
    "EvictionRateLimited": N_("Node %(about)s must wait: one node of a zone in ten seconds is evicted."),
    "NodeLost": N_("Node %(about)s is lost. It gets the taint that evicts its pods in time."),
    "TaintNotTolerated": N_(
        "Pod %(about)s does not tolerate the taint of node %(observed)s any longer. It is evicted."
    ),
    "TaintIsGone": N_("The taint is gone in time: Pod %(about)s may stay."),
    "ToleratedForNow": N_("Pods of node %(about)s tolerate its taint for a while: %(observed)s."),
    "NodeGoneQuarantine": N_("Node %(about)s does not exist any more. Its pods are left alone for 40 seconds."),
    "MachineIsGone": N_("The machine of node %(about)s is gone for good. Its Node is deleted."),
    "TooFewActivePods": N_(
        "Job %(about)s may have %(desired)s pods at work and has %(observed)s. It creates what is missing."
    ),
    "TooManyActivePods": N_(
        "Job %(about)s wants %(desired)s pods at work and has %(observed)s. The surplus is deleted."
    ),
    "NoMorePodsWanted": N_("Job %(about)s needs its pods no longer. What still runs is deleted."),
    "PodBackOff": N_("A pod of Job %(about)s failed. The next one has to wait, longer each time."),
    "PodCounted": N_("Pod %(about)s has ended and is noted. Its finalizer may go."),
    "JobIsGone": N_("The Job of Pod %(about)s is gone: nobody counts it any more."),
    "DeadlineAhead": N_("Job %(about)s has a deadline. It is looked at again then."),
    "JobIsDue": N_("The schedule says it is time: CronJob %(about)s creates %(desired)s."),
    "JobReplaced": N_("Job %(about)s still runs when the next is due. It is replaced."),
    "JobHistoryExceeded": N_("More finished Jobs than are kept: %(about)s, the oldest, goes."),
    "TimeToLiveAhead": N_("Job %(about)s has ended and stays for a while."),
    "TimeToLiveIsOver": N_("The time Job %(about)s was to be kept is over. It is deleted."),
    "LoadAboveTarget": N_(
        "The load is above its target: %(kind)s %(about)s goes from %(observed)s to %(desired)s pods."
    ),
    "LoadBelowTarget": N_(
        "The load is below its target: %(kind)s %(about)s goes from %(observed)s to %(desired)s pods."
    ),
    "LookDue": N_("It looks at fixed intervals. The next look comes by the clock."),
    "MetricsMissing": N_("The autoscaler %(about)s has no measurement to go by."),
    "PodsFindNoRoom": N_("Pods find no room on %(observed)s machines. There will be %(desired)s."),
    "NoMachineWouldHelp": N_("No further machine would help Pod %(about)s."),
    "NodeUnneeded": N_("Node %(about)s was needed by nobody for long. It is closed, to be removed."),
    "NodeIsLeaving": N_("Node %(observed)s is about to be removed. Pod %(about)s has to move."),
    "NodeIsEmpty": N_("The node is empty. Its machine is given back."),
    # Scheduler
    "PodUnscheduled": N_("Pod %(about)s has no node. %(desired)s fits best."),
    "Unschedulable": N_("Pod %(about)s fits on no node. It waits until something changes."),
    "Preempted": N_("Pod %(about)s is less important. It has to go, so that a more important pod gets its place."),
    "MakingRoom": N_(
        "Pod %(about)s fits nowhere, but is more important than others. Room is made for it on %(desired)s."
    ),
    "NominationLost": N_("Node %(observed)s was promised to pod %(about)s. A more important pod takes it."),
    "SchedulingBackOff": N_("Pod %(about)s was tried a moment ago. It is tried again shortly."),
    "RetryLater": N_("Pod %(about)s is tried again later, even if nothing changes."),
    # EndpointSlice
    "EndpointSliceMissing": N_("Service %(about)s has no EndpointSlice. One is created with the pods it selects."),
    "EndpointSliceNotNeeded": N_("EndpointSlice %(about)s is not needed any more."),
    "EndpointsOutdated": N_("The pods behind the Service changed: EndpointSlice %(about)s is brought up to date."),
    # Garbage collector, namespaces
    "OwnerAbsent": N_("The owner of %(kind)s %(about)s, %(observed)s, does not exist any more. It is deleted too."),
    "OwnerWaitsForDependents": N_(
        "The owner, %(observed)s, is being deleted and waits for %(kind)s %(about)s to go first."
    ),
    "OwnerReferenceDangles": N_("%(kind)s %(about)s names an owner that is gone. Only that reference is removed."),
    "OwnerOrphansDependents": N_(
        "%(observed)s is deleted without its dependents: %(kind)s %(about)s forgets it and stays."
    ),
    "DependentsOrphaned": N_("All dependents of %(kind)s %(about)s have forgotten it. Now it may go."),
    "WaitingForDependents": N_("%(kind)s %(about)s must wait for %(observed)s dependents to go before it may."),
    "DependentsGone": N_("The dependents of %(kind)s %(about)s are gone. Now it may go too."),
    "NamespaceContentRemains": N_(
        "Namespace %(about)s is being deleted and still holds %(observed)s objects. They go first."
    ),
    "WaitingForContentToGo": N_("Namespace %(about)s waits for its last %(observed)s objects to go."),
    "NamespaceEmpty": N_("Namespace %(about)s is empty. Now it may go."),
    # kubelet
    "SandboxMissing": N_(
        "Pod %(about)s was given to this node, but nothing of it runs here yet. Its containers are asked for."
    ),
    "ContainersMissing": N_("Pod %(about)s is ready for its next containers. They are asked for."),
    "ImageMissing": N_("The image for pod %(about)s is not on this node. It is pulled again."),
    "ErrImagePull": N_("The image of pod %(about)s could not be pulled."),
    "ImagePullBackOff": N_("The image of pod %(about)s could not be pulled. The next try comes after a pause."),
    "ErrImageNeverPull": N_("The image of pod %(about)s is not on this node and must not be pulled."),
    "ContainerDied": N_("A container of pod %(about)s has ended and should run. It is started again, in the same pod."),
    "CrashLoopBackOff": N_("A container of pod %(about)s keeps ending. It is started again after a pause that grows."),
    "ContainerChanged": N_("Pod %(about)s should run %(desired)s and runs %(observed)s. The container is restarted."),
    "Unhealthy": N_("Pod %(about)s: %(observed)s. The container is restarted."),
    "ProbeNotYetPassed": N_("Pod %(about)s runs but is not ready yet. The next probe is set."),
    "PodDeleted": N_("Pod %(about)s is marked for deletion. Its container is told to stop."),
    "PodTerminated": N_("Nothing of pod %(about)s runs any more. It is removed from the API."),
    "PodGone": N_("Pod %(about)s is gone from the API. What is left of it here is cleared away."),
    # container runtime
    "ContainerMissing": N_("The kubelet asked for a container in %(about)s. It begins."),
    "ImagePulling": N_("The image for %(about)s is being pulled."),
    "PullRequested": N_("The kubelet asked to try the pull for %(about)s again."),
    "ContainerStarting": N_("The container in %(about)s is starting."),
    "RestartRequested": N_("The kubelet asked to start the container in %(about)s again."),
    "StopRequested": N_("The container in %(about)s was told to stop."),
    "ProgramEnds": N_("The program in %(about)s ends by itself."),
    "NoFreeAddress": N_("There is no free address for %(about)s on this node."),
    # nodes
    "NodeNotRegistered": N_("Machine %(about)s is not known to the cluster yet. It registers as a Node."),
    "NodeStatusOutdated": N_("Node %(about)s reports how it is."),
    "HeartbeatDue": N_("Node %(about)s says that it is well."),
    "LeaseMissing": N_("Node %(about)s takes out its Lease."),
    "LeaseHeld": N_("The Lease of Node %(about)s is fresh. It is renewed in time."),
    "LeaseDue": N_("Node %(about)s renews its Lease."),
    # traffic
    "RulesOutdated": N_("The rules for Service %(about)s no longer fit its endpoints. They are written anew."),
    "RulesUnused": N_("Nobody uses Service %(about)s any more. Its rules go."),
    "RulesAwaited": N_("Requests for Service %(about)s wait until the machines have their rules."),
    "WindowOpen": N_("The second is not over yet. Then every request of it for Service %(about)s is worked out."),
    "WindowOver": N_("In this second Service %(about)s was sent %(desired)s requests and served %(observed)s."),
    "ServiceGone": N_("Service %(about)s is gone, and its traffic with it."),
    "LoadBalancerMissing": N_("Service %(about)s wants a load balancer. The cloud is asked for one."),
    "LoadBalancerPending": N_("The cloud is still making the load balancer of %(about)s."),
    "LoadBalancerReady": N_("The cloud has a load balancer for %(about)s: its address is %(desired)s."),
    "LoadBalancerUnneeded": N_("Service %(about)s needs no load balancer any more. It is given back."),
}

WAITING_FOR_ONE = N_("%(kind)s %(about)s must wait for one dependent to go before it may.")

SHORT = {
    "TooFewReplicas": N_("too few pods"),
    "TooManyReplicas": N_("too many pods"),
    "OrphanMatches": N_("an orphan to adopt"),
    "OwnedPodNoLongerMatches": N_("one to let go"),
    "MinReadySecondsNotOver": N_("ready, not yet available"),
    "StatusOutdated": N_("status is old"),
    "NewReplicaSetNeeded": N_("no ReplicaSet yet"),
    "RevisionOutdated": N_("revision is old"),
    "AnnotationsOutdated": N_("annotations are old"),
    "DeploymentScaled": N_("scale the ReplicaSet"),
    "ProportionalScaling": N_("share the pods"),
    "RolloutScaleUp": N_("room for new pods"),
    "RolloutScaleDown": N_("old ones may go"),
    "UnhealthyOldReplicas": N_("broken old pods go"),
    "MaxUnavailableReached": N_("may not remove more"),
    "OldPodsStillRunning": N_("old pods first"),
    "RolloutInProgress": N_("rollout goes on"),
    "EvictionUnderWay": N_("an eviction under way"),
    "RevisionHistoryExceeded": N_("too much history"),
    "NewRevisionNeeded": N_("a new template"),
    "TemplateIsBack": N_("an old template again"),
    "HistoryTooLong": N_("too much history"),
    "OrdinalMissing": N_("the next is missing"),
    "OrdinalTooHigh": N_("the last one goes"),
    "PodOfOldRevision": N_("an old template"),
    "PodStillTerminating": N_("not gone yet"),
    "PredecessorNotReady": N_("wait for the one before"),
    "UpdatedPodNotReady": N_("wait for the updated one"),
    "RecreatingFailedPod": N_("failed: start over"),
    "RecreatingTerminatedPod": N_("ended: start over"),
    "ClaimMissing": N_("no volume claim yet"),
    "ClaimRetention": N_("whose claim is it"),
    "NodesWithoutPod": N_("nodes without a pod"),
    "NodeIsGone": N_("its node is gone"),
    "NodeNoLongerFits": N_("node fits no more"),
    "TooManyOnNode": N_("one too many"),
    "FailedDaemonPod": N_("failed: start over"),
    "DaemonPodOutdated": N_("an old template"),
    "RoomToSurge": N_("room for new pods"),
    "TooManyNodesUnavailable": N_("may not remove more"),
    "PodUnscheduled": N_("needs a node"),
    "Unschedulable": N_("fits nowhere"),
    "Preempted": N_("make room"),
    "MakingRoom": N_("room is made"),
    "NominationLost": N_("promise lost"),
    "SchedulingBackOff": N_("try again soon"),
    "EndpointSliceMissing": N_("no EndpointSlice yet"),
    "EndpointsOutdated": N_("endpoints changed"),
    "OwnerAbsent": N_("the owner is gone"),
    "OwnerWaitsForDependents": N_("the owner waits"),
    "OwnerOrphansDependents": N_("left as an orphan"),
    "WaitingForDependents": N_("dependents first"),
    "NamespaceContentRemains": N_("not empty yet"),
    "SandboxMissing": N_("not running here yet"),
    "ContainersMissing": N_("next containers"),
    "ImageMissing": N_("image missing"),
    "ErrImagePull": N_("pull failed"),
    "ImagePullBackOff": N_("pull again later"),
    "ContainerDied": N_("container ended"),
    "CrashLoopBackOff": N_("restart later"),
    "Unhealthy": N_("probe failed"),
    "ProbeNotYetPassed": N_("not ready yet"),
    "PodDeleted": N_("must stop"),
    "PodTerminated": N_("may be removed"),
    "PodGone": N_("clear away"),
    "ContainerMissing": N_("not started yet"),
    "ImagePulling": N_("pulling the image"),
    "ContainerStarting": N_("starting"),
    "RestartRequested": N_("start again"),
    "StopRequested": N_("told to stop"),
    "ProgramEnds": N_("has ended"),
    "NodeNotRegistered": N_("not registered"),
    "NodeStatusOutdated": N_("status is old"),
    "RulesOutdated": N_("rules are old"),
    "RulesAwaited": N_("rules first"),
    "WindowOpen": N_("the second runs"),
    "WindowOver": N_("a second is over"),
    "LoadBalancerMissing": N_("no address yet"),
    "LoadBalancerPending": N_("pending"),
    "LoadBalancerReady": N_("an address"),
}
