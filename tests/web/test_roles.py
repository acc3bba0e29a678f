"""A link opens a room for looking, for taking part, or as its owner: what each may, of every address there is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.api import limits
from app.rooms import Room, is_viewer_key, owner, title, viewer_key
from app.web.access import LOOKS, OWNS
from tests.support.browser import JSON, Browser

SAFE = {"GET", "HEAD", "OPTIONS"}
VALUES = {
    "kind": "Deployment", "namespace": "default", "name": "web", "number": "1", "index": "0", "do": "scale",
    "form": "file", "path": "api/v1/namespaces/default/pods",
}  # fmt: skip
CHANGES = {  # every address that changes a room: a new one is to be decided upon here
    "commands.command", "commands.pace", "commands.moment", "commands.step", "commands.finish", "commands.quiet",
    "commands.reset", "commands.scenario", "commands.plan", "own.lint", "own.observation", "own.try_it",
    "script.press", "kube.face", "kube.root", "kube.talk",
}  # fmt: skip
ROOMLESS = {"sharing.take_in"}  # and those that are about no room


def doors(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every rule with every method that may change something."""
    for rule in app.url_map.iter_rules():
        methods = {"GET"} if rule.websocket else (rule.methods or set()) - SAFE
        yield from ((rule, method) for method in sorted(methods))


def address(rule: Rule, key: str) -> str:
    values = {name: VALUES.get(name, "x") for name in rule.arguments} | {"id": key}
    if rule.endpoint == "kube.talk":
        values["path"] = "api/v1/namespaces/default/pods/web/exec"
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda match: values[match[1]], rule.rule)


@pytest.fixture
def stranger(app: Flask) -> Browser:
    """Somebody else, who knows the links that he is given."""
    return Browser(app)


def asked(browser: Browser, rule: Rule, method: str, key: str) -> TestResponse:
    headers = {**JSON, "X-CSRF-Token": browser.token}
    if rule.websocket:
        headers |= {"Connection": "Upgrade", "Upgrade": "websocket"}
        return browser.client.get(address(rule, key), headers=headers, base_url="ws://localhost")
    return browser.client.open(address(rule, key), method=method, headers=headers)


def test_of_every_address_it_is_decided_who_may(app: Flask) -> None:
    known = CHANGES | LOOKS | OWNS | ROOMLESS
    assert {rule.endpoint for rule, _ in doors(app)} == known
    assert not LOOKS & OWNS


def test_a_viewer_changes_nothing_by_any_door(app: Flask, browser: Browser, stranger: Browser) -> None:
    key, before = viewer_key(browser.room.id), len(browser.room.journal)
    for rule, method in doors(app):
        if rule.endpoint in CHANGES | OWNS:
            answer = asked(stranger, rule, method, key)
            assert answer.status_code == 403, f"{method} {rule}: {answer.status}"
            assert "This link is for watching" in answer.get_data(as_text=True)
    assert len(browser.room.journal) == before


def test_in_a_protected_room_only_its_owner_changes_anything(app: Flask, browser: Browser, stranger: Browser) -> None:
    assert browser.post("/protect", {"protected": "true"}).status_code == 200
    before = len(browser.room.journal)
    for rule, method in doors(app):
        if rule.endpoint in CHANGES:
            answer = asked(stranger, rule, method, browser.room.id)
            assert answer.status_code == 403, f"{method} {rule}: {answer.status}"
            assert "has protected it" in answer.get_data(as_text=True)
    assert len(browser.room.journal) == before
    assert browser.post("/pace", {"speed": "2"}).status_code == 200


def test_only_the_owner_names_protects_and_closes(app: Flask, browser: Browser, stranger: Browser) -> None:
    for rule, method in doors(app):
        if rule.endpoint in OWNS:
            answer = asked(stranger, rule, method, browser.room.id)
            assert answer.status_code == 403
            assert "Only the owner" in answer.get_data(as_text=True)


def test_whoever_takes_part_may_do_everything_else(browser: Browser, stranger: Browser) -> None:
    headers = {**JSON, "X-CSRF-Token": stranger.token}
    answer = stranger.client.post(f"{browser.base}/pace", data={"speed": "3"}, headers=headers)
    assert answer.status_code == 200
    assert browser.room.pace.speed == 3


# ---------------------------------------------------------------------------------------------- looking


def readable(app: Flask, room: Room) -> Iterator[str]:
    """The address of everything that a GET gives."""
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and "id" in rule.arguments and not rule.websocket:
            yield address(rule, viewer_key(room.id))
    kube = f"/rooms/{viewer_key(room.id)}/kube"
    yield from (f"{kube}{path}" for path in ("", "/version", "/api", "/openapi/v3", "/apis/apps/v1/deployments"))


def test_all_can_be_looked_at_and_nothing_tells_the_name(app: Flask, browser: Browser, stranger: Browser) -> None:
    room, seen = browser.room, 0
    key = viewer_key(room.id)
    for path in readable(app, room):
        for headers in ({}, JSON):
            answer = stranger.client.get(path, headers=headers)
            text = answer.get_data(as_text=True) + str(answer.headers)
            assert room.id not in text, path
            assert room.access.owner not in text, path
            assert answer.status_code in (200, 404), f"{path}: {answer.status}"
            seen += answer.status_code == 200
    assert seen > 30
    assert f'data-base="/rooms/{key}"' in stranger.client.get(f"/rooms/{key}").get_data(as_text=True)


def test_a_frame_tells_no_key(app: Flask, browser: Browser) -> None:
    room, rooms = browser.room, app.extensions["rooms"]
    drawn: list[bytes] = []
    original = rooms._drawing.frame
    room.attach("en", room.epoch, room.frame)
    room._broadcast._draw = lambda frame, lang: drawn.append(original(room, frame, lang)) or drawn[-1]
    browser.post("/commands/scale", {"kind": "Deployment", "name": "web", "replicas": "4"})
    browser.post("/title", {"title": "A talk"})
    room.drawn(lambda: None)
    assert any(b"A talk" in frame for frame in drawn)
    assert not any(key.encode() in frame for frame in drawn for key in (room.id, room.access.owner))


def test_an_unknown_viewer_key_opens_nothing(browser: Browser) -> None:
    key = viewer_key(browser.room.id)
    assert browser.client.get(f"/rooms/{key[:-1]}").status_code == 404
    assert browser.client.post(f"/rooms/{key[:-1]}/reset", headers=JSON).status_code == 404
    assert browser.client.get(f"/rooms/{key[:-1]}/kube/api/v1/pods").status_code == 404


def test_a_viewer_makes_a_copy_and_owns_it(browser: Browser, stranger: Browser) -> None:
    key, headers = viewer_key(browser.room.id), {"X-CSRF-Token": stranger.token}
    answer = stranger.client.post(f"/rooms/{key}/fork", headers={**headers, **JSON})
    assert answer.status_code == 201
    place = json.loads(answer.data)["url"]
    assert place != browser.base
    assert stranger.client.post(f"{place}/title", data={"title": "Mine"}, headers=headers).status_code == 200
    assert browser.room.access.title == ""
    assert stranger.client.post(f"/rooms/{key}/title", data={"title": "Mine"}, headers=headers).status_code == 403


# ------------------------------------------------------------------------------------------------ owner


def test_the_link_of_the_owner_makes_one(browser: Browser, stranger: Browser) -> None:
    link = f"{browser.base}?owner={browser.room.access.owner}"
    answer = stranger.client.get(link)
    assert (answer.status_code, answer.headers["Location"]) == (302, browser.base)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert f"Path={browser.base}" in cookie
    headers = {"X-CSRF-Token": stranger.token}
    assert stranger.client.post(f"{browser.base}/title", data={"title": "Ours"}, headers=headers).status_code == 200
    page = stranger.client.get(browser.base).get_data(as_text=True)
    assert 'data-role="owner"' in page
    assert "<title>Ours · Loopscope</title>" in page


@pytest.mark.parametrize("secret", ["", "guessed"])
def test_another_secret_does_not(browser: Browser, stranger: Browser, secret: str) -> None:
    assert stranger.client.get(f"{browser.base}?owner={secret}").status_code == 403
    watching = viewer_key(browser.room.id)
    assert stranger.client.get(f"/rooms/{watching}?owner={browser.room.access.owner}").status_code == 403


def test_a_room_that_nobody_owns_is_as_ever(app: Flask, browser: Browser) -> None:
    browser.room.access = browser.room.access._replace(owner="")
    assert browser.post("/pace", {"speed": "2"}).status_code == 200
    assert browser.post("/protect", {"protected": "true"}).status_code == 403
    assert browser.client.get(f"{browser.base}?owner=").status_code == 403


def test_whoever_takes_a_file_in_owns_the_room(browser: Browser) -> None:
    text = browser.get("/export").get_data()
    headers = {"X-CSRF-Token": browser.token}
    answer = browser.client.post("/import", data=text, content_type="text/yaml", headers=headers)
    place = answer.headers["Location"]
    assert browser.client.post(f"{place}/title", data={"title": "Again"}, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("  KubeCon \n 2026\t", "KubeCon 2026"), ("第3回 もくもく会", "第3回 もくもく会"), ("a\u202eb\x00c", "a b c"),
        ("👩\u200d🏫 class", "👩\u200d🏫 class"), ("\u200d", ""), ("e\u0301", "é"), ("<b>", "<b>"),
    ],
)  # fmt: skip
def test_a_name_is_cleaned(given: str, shown: str) -> None:
    assert title(given) == shown


def test_a_name_has_a_limit(browser: Browser) -> None:
    assert browser.post("/title", {"title": "語" * limits.TITLE_LENGTH}).status_code == 200
    assert browser.post("/title", {"title": "語" * (limits.TITLE_LENGTH + 1)}).status_code == 400
    assert browser.post("/title", {}).status_code == 400
    browser.post("/title", {"title": "<script>alert(1)</script>"})
    assert "<script>alert(1)" not in browser.get("").get_data(as_text=True)


def test_a_room_that_is_closed_is_gone_for_all(app: Flask, browser: Browser, stranger: Browser) -> None:
    room, rooms = browser.room, app.extensions["rooms"]
    viewer = room.attach("en", room.epoch, room.frame)
    assert browser.post("/close", {"sure": "false"}).status_code == 400
    assert browser.post("/close", {"sure": "true"}).status_code == 200
    assert not viewer.dismissed
    assert room.take(viewer) is None, "whoever watches asks for a snapshot, and is told"
    for key in (room.id, viewer_key(room.id)):
        answer = stranger.client.get(f"/rooms/{key}", headers={"Accept-Language": "en"})
        assert answer.status_code == 404
        assert answer.headers["Loopscope-Room"] == "stopped"
        assert "closed by its owner" in answer.get_data(as_text=True)
    assert rooms._storage.load(room.id) is None
    rooms.save(room)
    assert rooms._storage.load(room.id) is None, "whoever still has it in hand writes nothing"
    assert browser.client.get("/").headers["Location"] != browser.base


# ------------------------------------------------------------------------------------------- Kubernetes


def kube(browser: Browser, method: str, key: str, path: str, **options: object) -> TestResponse:
    return browser.client.open(f"/rooms/{key}/kube{path}", method=method, **options)  # type: ignore[arg-type]


def test_the_api_server_refuses_in_its_own_words(browser: Browser, stranger: Browser) -> None:
    key = viewer_key(browser.room.id)
    status = kube(stranger, "DELETE", key, "/apis/apps/v1/namespaces/default/deployments/web").get_json()
    assert (status["kind"], status["reason"], status["code"]) == ("Status", "Forbidden", 403)
    assert status["message"].startswith(
        'deployments.apps "web" is forbidden: User "you" cannot delete resource "deployments" in API group "apps" in '
        'the namespace "default": '
    )
    assert status["details"] == {"name": "web", "group": "apps", "kind": "deployments"}
    status = kube(stranger, "POST", key, "/api/v1/nodes").get_json()
    assert (
        'nodes is forbidden: User "you" cannot create resource "nodes" in API group "" at the cluster'
        in status["message"]
    )
    status = kube(stranger, "POST", key, "/nowhere").get_json()
    assert status["message"].startswith('forbidden: User "you" cannot post path "/nowhere"')


def test_may_i_is_answered_by_the_link(browser: Browser, stranger: Browser) -> None:
    def allowed(key: str, **attributes: str) -> bool:
        review = {"spec": {"resourceAttributes": attributes}}
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        answer = kube(stranger, "POST", key, path, json=review)
        assert answer.status_code == 201
        return bool(answer.get_json()["status"]["allowed"])

    key = viewer_key(browser.room.id)
    assert allowed(key, verb="list", resource="pods")
    assert not allowed(key, verb="create", resource="pods")
    assert not allowed(key, verb="get", resource="pods", subresource="exec")
    assert allowed(browser.room.id, verb="create", resource="pods")
    browser.post("/protect", {"protected": "true"})
    assert not allowed(browser.room.id, verb="create", resource="pods")


def test_the_secret_of_the_owner_is_a_bearer_token(browser: Browser, stranger: Browser) -> None:
    browser.post("/protect", {"protected": "true"})
    config = {"metadata": {"name": "c"}}
    path, room = "/api/v1/namespaces/default/configmaps", browser.room
    assert kube(stranger, "POST", room.id, path, json=config).status_code == 403
    shown = {"Authorization": f"Bearer {room.access.owner}"}
    assert kube(stranger, "POST", room.id, path, json=config, headers=shown).status_code == 201
    assert kube(stranger, "POST", viewer_key(room.id), path, json=config, headers=shown).status_code == 403


def test_the_kubeconfig_of_an_owner_holds_it_where_it_is_needed(browser: Browser, stranger: Browser) -> None:
    room = browser.room
    assert room.access.owner not in browser.get("/kubeconfig").get_data(as_text=True)
    browser.post("/protect", {"protected": "true"})
    assert f"token: {room.access.owner}" in browser.get("/kubeconfig").get_data(as_text=True)
    assert "token" not in stranger.client.get(f"{browser.base}/kubeconfig").get_data(as_text=True)
    assert room.access.owner not in browser.get("").get_data(as_text=True), "a page is on a projector"


def test_the_links_to_share_are_those_that_one_has(browser: Browser, stranger: Browser) -> None:
    room, watching = browser.room, viewer_key(browser.room.id)
    owner, taking_part, moment = f"?owner={room.access.owner}", f"/rooms/{room.id}", f"/rooms/{watching}?step=7"
    for page, links in (
        (browser.get("/share?step=7"), {owner, taking_part, moment}),
        (stranger.client.get(f"{browser.base}/share?step=7"), {taking_part, moment}),
        (stranger.client.get(f"/rooms/{watching}/share?step=7"), {moment}),
    ):
        text = page.get_data(as_text=True)
        assert {each for each in (owner, taking_part, moment) if each in text} == links
        assert ("share-protect" in text) is (owner in links)
    assert browser.get("/share?step=x").status_code == 400


def test_a_link_to_a_copy_says_first_what_it_is(browser: Browser, stranger: Browser) -> None:
    browser.post("/title", {"title": "A talk"})
    key = viewer_key(browser.room.id)
    made = len(browser.app.extensions["rooms"])
    page = stranger.client.get(f"/rooms/{key}/copy?step=5").get_data(as_text=True)
    assert "A talk" in page
    assert f'action="/rooms/{key}/fork"' in page
    assert 'name="step" value="5"' in page
    assert len(browser.app.extensions["rooms"]) == made


def test_a_client_that_looks_on_makes_nobodys_time_go_by_the_clock(browser: Browser, stranger: Browser) -> None:
    kube(stranger, "GET", viewer_key(browser.room.id), "/api/v1/pods")
    assert not browser.room._clients.are_at_work(browser.room._clock())
    kube(stranger, "GET", browser.room.id, "/api/v1/pods")
    assert browser.room._clients.are_at_work(browser.room._clock())


def test_a_viewer_key_leads_to_the_same_worker(browser: Browser) -> None:
    name = browser.room.id
    assert is_viewer_key(viewer_key(name))
    assert not is_viewer_key(name)
    assert all(owner(name, workers) == owner(viewer_key(name), workers) for workers in range(1, 9))
    assert name[4:] not in viewer_key(name)
