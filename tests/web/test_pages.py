"""What one looks at."""

from __future__ import annotations

import gzip
import json
import re
from html import unescape
from html.parser import HTMLParser

import pytest
from flask import Flask

from app.web import present
from tests.support.browser import JSON, Browser, make_app


def test_the_front_door_opens_a_room_at_once_and_brings_one_back_to_it(browser: Browser) -> None:
    assert re.fullmatch(r"/rooms/[a-z0-9]{24}", browser.base)
    again = browser.client.get("/")
    assert (again.status_code, again.headers["Location"]) == (302, browser.base)


def test_a_stranger_gets_a_room_of_their_own(app: Flask, browser: Browser) -> None:
    assert Browser(app).base != browser.base


def test_the_page_shows_the_cluster(browser: Browser) -> None:
    for name in browser.pods():
        assert f'data-name="{name}"' in browser.html
    for region in ("Desired", "Loop", "Actual", "Timeline"):
        assert f'aria-label="{region}"' in browser.html


def test_ids_are_unique_in_every_page(browser: Browser) -> None:
    for html in (browser.html, browser.get("/snapshot").get_data(as_text=True)):
        ids = re.findall(r'\sid="([^"]+)"', html)
        assert len(ids) == len(set(ids))


class Sources(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.scripts: list[dict[str, str | None]] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in ("script", "img"):
            self.urls += [values["src"] or ""] if values.get("src") else []
        if tag == "link":
            self.urls.append(values.get("href") or "")
        if tag == "script":
            self.scripts.append(values)
        self.inline += [name for name in values if name.startswith("on") or name == "style"]


def test_everything_the_page_loads_is_ours_and_kept_for_good(browser: Browser) -> None:
    sources = Sources()
    sources.feed(browser.html)
    assert len(sources.urls) >= 5
    for url in sources.urls:
        assert url.startswith("/static/"), url
        response = browser.client.get(url)
        assert response.status_code == 200, url
        assert "immutable" in response.headers["Cache-Control"]


def test_the_page_has_no_inline_script_or_style(browser: Browser) -> None:
    sources = Sources()
    sources.feed(browser.html)
    assert sources.inline == []
    assert all(script.get("src") or script.get("type") == "application/json" for script in sources.scripts)
    assert "<style" not in browser.html


def test_the_style_of_custom_objects_comes_with_the_first_of_them(browser: Browser) -> None:
    assert "css/custom.css" not in browser.html
    assert browser.post("/scenario", {"scenario": "service-primary"}).status_code == 200
    page = browser.get("").get_data(as_text=True)
    assert page.index("css/custom.css") < page.index('class="custom"')


LATER = (
    "strips.js", "ownpanel.js", "starlark.js", "cells.js", "cellgrid.js", "pictures.js", "pixels.js", "gif.js",
    "gifworker.js", "embed.js", "player.js", "beside.js", "why.js", "share.js",
)  # fmt: skip
"""What is loaded when somebody first uses a Service, writes a controller, asks why, has too many pods for cards, shares
the room or takes a picture away; and what belongs to other pages: a frame, a story, two rooms side by side."""


def test_the_first_load_is_light(browser: Browser) -> None:
    sources = Sources()
    sources.feed(browser.html)
    zipped = {"Accept-Encoding": "gzip"}
    scripts = [url for url in sources.urls if url.endswith("main.js")]
    version = scripts[0].split("/")[2]
    static = (
        set(sources.urls)
        | {
            f"/static/{version}/js/{path.name}"
            for path in (browser.app.extensions["assets"].folder / "js").glob("*.js")
            if path.name not in LATER
        }
        | {f"/static/{version}/vendor/codemirror.js"}
    )
    sizes = {url: len(browser.client.get(url, headers=zipped).data) for url in static}
    page = len(browser.get("", headers=zipped).data)
    assert sum(sizes.values()) + page < 250_000, sizes


@pytest.mark.parametrize(
    ("query", "accept", "lang"),
    [("", "en", "en"), ("", "ja,en;q=0.5", "ja"), ("", "fr", "en"), ("?lang=ja", "en", "ja"), ("?lang=xx", "ja", "ja")],
)
def test_the_language_is_asked_for_or_negotiated(browser: Browser, query: str, accept: str, lang: str) -> None:
    html = browser.get(query, headers={"Accept-Language": accept}).get_data(as_text=True)
    assert f'<html lang="{lang}">' in html


def test_a_chosen_language_is_remembered(browser: Browser) -> None:
    browser.get("?lang=ja")
    assert '<html lang="ja">' in browser.get("", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert "lang=ja" in browser.client.get("/?lang=ja").headers["Location"]


def test_a_snapshot_bears_its_frame_and_epoch(browser: Browser) -> None:
    room = browser.room
    html = browser.get("/snapshot").get_data(as_text=True)
    assert f'data-frame="{room.frame}"' in html
    assert f'data-epoch="{room.epoch}"' in html
    browser.post("/commands/scale", {"kind": "Deployment", "name": "web", "replicas": "5"})
    later = browser.get("/snapshot").get_data(as_text=True)
    assert f'data-frame="{room.frame}"' in later
    assert later != html


def test_what_was_applied_is_asked_for_alone(browser: Browser) -> None:
    def documents() -> list[tuple[str, str]]:
        return [(each["id"], each["text"]) for each in browser.get("/documents").get_json()]

    before = documents()
    data = re.search(r'id="data">(.*?)</script>', browser.get("/snapshot").get_data(as_text=True), re.DOTALL)
    assert data
    assert browser.get("/documents").get_json() == json.loads(data[1])["documents"]
    written = "# mine\nkind: ConfigMap\napiVersion: v1\nmetadata:\n  name: settings\n"
    browser.post("/commands/apply", {"manifest": written})
    browser.room.drawn(lambda: None)  # the next frame
    assert documents() == [*before, ("configmap/settings", written)]
    assert len(browser.get("/documents").data) < len(browser.get("/snapshot").data) / 10


def test_what_was_applied_is_put_together_once_a_frame(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    original = present.documents
    monkeypatch.setattr(present, "documents", lambda cluster: drawn.append(cluster) or original(cluster))
    for _time in range(3):
        browser.get("/documents")
        browser.get("/documents?lang=ja")
    assert len(drawn) == 1
    browser.post("/commands/scale", {"kind": "Deployment", "name": "web", "replicas": "5"})
    browser.room.drawn(lambda: None)
    browser.get("/documents")
    assert len(drawn) == 2


def test_pages_are_compressed_for_those_who_take_it(browser: Browser) -> None:
    zipped = browser.get("/snapshot", headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in zipped.headers["Vary"]
    assert gzip.decompress(zipped.data) == browser.get("/snapshot").data
    assert "Content-Encoding" not in browser.client.get("/healthz", headers={"Accept-Encoding": "gzip"}).headers


def test_the_inspector_shows_an_object_and_what_can_be_done_to_it(browser: Browser) -> None:
    pod = browser.pods()[0]
    html = browser.get(f"/objects/Pod/default/{pod}").get_data(as_text=True)
    assert pod in html
    assert f"kubectl delete pod {pod}" in html
    assert browser.get("/objects/Node/-/node-1").status_code == 200
    assert browser.get("/objects/deploy/default/web").status_code == 200


def test_an_object_as_yaml(browser: Browser) -> None:
    response = browser.get("/objects/Deployment/default/web/yaml")
    assert response.mimetype == "text/plain"
    assert response.get_data(as_text=True).startswith("apiVersion: apps/v1\nkind: Deployment\n")


@pytest.mark.parametrize(
    "path",
    [
        "/objects/Pod/default/nope", "/objects/Nonsense/default/x", "/objects/Pod/default/nope/yaml",
        "/objects/Machine/-/node-1", "/steps/999999", "/steps/x", "/explain?kind=Nonsense", "/nowhere",
        "/explain?kind=Pod&path=spec.nope",
    ],
)  # fmt: skip
def test_what_there_is_not(browser: Browser, path: str) -> None:
    response = browser.get(path)
    assert response.status_code == 404
    assert "Traceback" not in response.get_data(as_text=True)
    answer = browser.get(path, headers=JSON).get_json()
    assert answer["ok"] is False
    assert answer["message"]


def test_a_room_there_is_not_is_said_in_the_visitors_language(browser: Browser) -> None:
    english = browser.client.get("/rooms/nope", headers={"Accept-Language": "en"})
    japanese = browser.client.get("/rooms/nope", headers={"Accept-Language": "ja"})
    assert (english.status_code, japanese.status_code) == (404, 404)
    assert "This room or page does not exist" in english.get_data(as_text=True)
    assert '<html lang="ja">' in japanese.get_data(as_text=True)


def test_a_step_of_the_past(browser: Browser) -> None:
    trace = browser.room.cluster.trace
    number = next(step.number for step in trace if step.actor == "deployment-controller" and not step.background)
    seen = [browser.get(f"/steps/{step.number}").status_code for step in trace if step.number >= number]
    assert 200 in seen
    assert set(seen) <= {200, 404}


def test_a_step_of_the_past_comes_with_the_board_as_it_was(browser: Browser) -> None:
    first, *others = browser.pods()
    step = browser.post("/commands/delete", {"kind": "Pod", "namespace": "default", "name": first}).get_json()["step"]
    browser.room.cluster.run()
    assert first not in browser.pods()
    html = browser.get(f"/steps/{step}").get_data(as_text=True)
    past = html[html.index('class="board-then"') :]
    assert all(f'data-name="{name}"' in past for name in (first, *others))
    assert f'"step": {step}' in html
    assert f'data-step="{step}"' in html


def test_what_is_told_stands_in_the_first_page_and_in_the_snapshot(browser: Browser) -> None:
    first = browser.pods()[0]
    step = browser.post("/commands/delete", {"kind": "Pod", "namespace": "default", "name": first}).get_json()["step"]
    for path in ("", "/snapshot"):
        html = browser.get(path).get_data(as_text=True)
        assert re.search(rf'<p id="caption" data-step="{step}" data-role="you" [^>]*data-repeat="false"', html)
        assert re.search(rf'<div class="loops" id="told" data-step="{step}" data-role="you"', html)
        assert re.search(r'<div id="ending"[^>]* hidden', html)


def test_what_a_field_means(browser: Browser) -> None:
    response = browser.get("/explain?kind=Deployment&path=spec.replicas")
    about = json.loads(response.data)
    assert (about["type"], about["required"]) == ("integer", False)
    assert "pods" in about["description"]
    inside = browser.get("/explain?kind=deploy&path=spec").get_json()
    assert {"name": "selector", "type": "LabelSelector", "required": True} in inside["fields"]
    assert (
        'couldn\'t find resource for "Gizmo"' in browser.get("/explain?kind=Gizmo", headers=JSON).get_json()["message"]
    )


def test_health(browser: Browser) -> None:
    assert browser.client.get("/healthz").json["status"] == "ok"


@pytest.mark.parametrize(
    "path", ["/static/x/../../app/web/serve.py", "/static/x/nope.js", "/static/x/%2e%2e/README.md"]
)
def test_nothing_but_static_files_is_static(browser: Browser, path: str) -> None:
    assert browser.client.get(path).status_code == 404


def test_a_static_file_of_another_version_is_asked_for_again(browser: Browser) -> None:
    response = browser.client.get("/static/old/js/main.js")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-cache"


def test_a_mistake_of_ours_is_a_sentence(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    app = make_app()
    browser = Browser(app)

    def fail(kind: str, path: str) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("app.apimachinery.openapi.explain.describe_field", fail)
    for headers in ({}, JSON, {"HX-Request": "true"}):
        response = browser.get("/explain?kind=Pod", headers=headers)
        assert response.status_code == 500
        assert "secret detail" not in response.get_data(as_text=True)
    assert "secret detail" in caplog.text


def test_the_page_shows_the_kubeconfig_that_can_be_downloaded(browser: Browser) -> None:
    download = browser.get("/kubeconfig")
    page = unescape(browser.html)
    assert f'aria-label="kubeconfig">{download.get_data(as_text=True)}</pre>' in page
    file = download.headers["Content-Disposition"].partition("filename=")[2]
    assert f'export KUBECONFIG="$PWD/{file}"' in page
    assert f'$env:KUBECONFIG = "$PWD\\{file}"' in page


def test_an_object_is_shown_as_yaml_or_as_kubectl_describes_it(browser: Browser) -> None:
    yaml = browser.get("/objects/Deployment/default/web").get_data(as_text=True)
    assert 'aria-selected="true" aria-controls' not in yaml.partition("describe</button>")[0].partition(">YAML<")[2]
    assert "kubectl get deployment/web -o yaml" in yaml
    described = unescape(browser.get("/objects/Deployment/default/web?view=describe").get_data(as_text=True))
    assert "StrategyType:           RollingUpdate" in described
    assert "kubectl describe deployment/web" in described
    assert 'id="view-describe" data-view="describe" aria-controls="view" aria-selected="true"' in described


def test_what_kubectl_describes_in_words_not_modelled_here_has_no_such_view(browser: Browser) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n"
    browser.post("/commands/apply", {"manifest": secret})
    shown = browser.get("/objects/Secret/default/s?view=describe").get_data(as_text=True)
    assert "data-view" not in shown
    assert "kind:" in shown
    assert "stored, no controller" in shown
