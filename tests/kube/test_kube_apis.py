"""What is served beside the kinds that loops act on: Events under two names, certificates that are asked for,
APIServices, and the two subresources of pods."""

from __future__ import annotations

from typing import Any

from tests.support.clients import Api

EVENTS, CORE = "/apis/events.k8s.io/v1/namespaces/default/events", "/api/v1/namespaces/default/events"
REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p"},
    "spec": {"containers": [{"name": "c", "image": "nginx:1.27", "resources": {"requests": {"cpu": "100m"}}}]},
}


def test_an_event_is_there_under_both_names(api: Api) -> None:
    regarding = {"kind": "Pod", "name": "p", "namespace": "default"}
    event = {
        "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "e"}, "regarding": regarding,
        "reason": "Seen", "note": "somebody saw it", "type": "Normal", "action": "Looking",
        "eventTime": "2026-01-01T00:00:00.000000Z", "reportingController": "example.com/eye",
        "reportingInstance": "eye-1",
    }  # fmt: skip
    made = api.ok("POST", EVENTS, event)
    assert (made["apiVersion"], made["note"], made["regarding"]) == ("events.k8s.io/v1", "somebody saw it", regarding)
    core = api.get(f"{CORE}/e")
    assert (core["apiVersion"], core["message"], core["involvedObject"]) == ("v1", "somebody saw it", regarding)
    assert core["reportingComponent"] == "example.com/eye"
    refused = api.status("PATCH", f"{EVENTS}/e", {"note": "again"}, Content_Type="application/merge-patch+json")
    assert refused["message"].endswith("field is immutable")
    api.ok("PATCH", f"{CORE}/e", {"message": "again"}, Content_Type="application/merge-patch+json")
    assert api.get(f"{EVENTS}/e")["note"] == "again"
    assert "e" in [each["metadata"]["name"] for each in api.get(EVENTS)["items"]]


def test_a_certificate_is_asked_for_and_approved(api: Api) -> None:
    spec = {
        "request": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KQUEK",
        "signerName": "example.com/people", "usages": ["client auth"], "username": "somebody else",
    }  # fmt: skip
    body = {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"name": "jane"}}
    made = api.ok("POST", REQUESTS, {**body, "spec": spec})
    assert made["spec"]["username"] == "you"
    approved: dict[str, Any] = {"type": "Approved", "status": "True", "reason": "KubectlApprove"}
    decided = api.ok("PUT", f"{REQUESTS}/jane/approval", {**made, "status": {"conditions": [approved]}})
    (condition,) = decided["status"]["conditions"]
    assert condition["type"] == "Approved"
    assert condition["lastUpdateTime"]
    gone = api.status("PUT", f"{REQUESTS}/jane/approval", {**decided, "status": {}})
    assert gone["message"].endswith('Forbidden: updates may not remove a condition of type "Approved"')


def test_each_group_and_version_has_its_api_service(api: Api) -> None:
    listed = api.get("/apis/apiregistration.k8s.io/v1/apiservices")["items"]
    found = {each["metadata"]["name"]: each for each in listed}
    groups = {version["groupVersion"] for group in api.get("/apis")["groups"] for version in group["versions"]}
    named = {f"{each['spec'].get('group', '')}/{each['spec']['version']}" for each in found.values()}
    assert named == {"/v1", *groups} - {"apiregistration.k8s.io/v1"}
    assert found["v1.apps"]["status"]["conditions"][0]["reason"] == "Local"


def test_pods_are_debugged_and_resized_through_their_subresources(api: Api) -> None:
    pods = "/api/v1/namespaces/default/pods"
    api.ok("POST", pods, POD)
    strategic = {"Content_Type": "application/strategic-merge-patch+json"}
    debugger = {"spec": {"ephemeralContainers": [{"name": "d", "image": "busybox"}]}}
    assert api.ok("PATCH", f"{pods}/p/ephemeralcontainers", debugger, **strategic)["metadata"]["generation"] == 2
    larger = {"spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "200m"}}}]}}
    resized = api.ok("PATCH", f"{pods}/p/resize", larger, **strategic)
    assert resized["spec"]["containers"][0]["resources"] == {"requests": {"cpu": "200m"}}
    assert api.get(f"{pods}/p/resize")["spec"]["ephemeralContainers"][0]["name"] == "d"
    refused = api.status("PATCH", f"{pods}/p", {"spec": {"containers": [{"name": "c", "tty": True}]}}, **strategic)
    assert "spec: Forbidden: pod updates may not change fields" in refused["message"]
