"""Who may ask for what, and how much of it."""

from __future__ import annotations

import pytest

from app.api.errors import TooManyRequests
from app.web.security import Buckets, Rate
from tests.support.browser import JSON, Browser, make_app

SCALE = {"kind": "Deployment", "name": "web", "replicas": "4"}
PATHS = ["/commands/scale", "/pace", "/step", "/finish", "/quiet", "/reset", "/scenario", "/plan"]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_done_without_the_pages_token(browser: Browser, path: str) -> None:
    for token in ("", "0" * 64, browser.token[:-1], "ä"):
        response = browser.post(path, SCALE, headers={"X-CSRF-Token": token})
        assert response.status_code == 403
    assert "Load it again" in response.get_json()["message"]


def test_the_token_may_come_in_the_form(browser: Browser) -> None:
    response = browser.post("/commands/scale", {**SCALE, "csrf_token": browser.token}, headers={"X-CSRF-Token": ""})
    assert response.status_code == 200


def test_a_token_is_one_visitors(browser: Browser) -> None:
    other = Browser(browser.app)
    assert other.token != browser.token
    assert browser.post("/commands/scale", SCALE, headers={"X-CSRF-Token": other.token}).status_code == 403


def test_a_visitor_of_the_same_room_may_act_in_it(browser: Browser) -> None:
    other = Browser(browser.app)
    other.base = browser.base
    assert other.post("/commands/scale", SCALE).status_code == 200


def test_tokens_outlive_a_restart(browser: Browser) -> None:
    visitor = browser.client.get_cookie("loopscope_visitor")
    assert visitor is not None
    restarted = Browser(make_app())
    restarted.client.set_cookie("loopscope_visitor", visitor.value)
    assert restarted.post("/commands/scale", SCALE, headers={"X-CSRF-Token": browser.token}).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1234", "http://localhost.evil"])
def test_pages_of_other_origins_are_refused(browser: Browser, origin: str) -> None:
    response = browser.post("/commands/scale", SCALE, headers={"Origin": origin})
    assert response.status_code == 403
    assert "Only pages of this server" in response.get_json()["message"]


@pytest.mark.parametrize("origin", ["http://localhost", "https://LOCALHOST", "https://talk.example"])
def test_our_own_origins_are_not(origin: str) -> None:
    browser = Browser(make_app(ORIGINS=("https://talk.example",)))
    assert browser.post("/commands/scale", SCALE, headers={"Origin": origin}).status_code == 200


def test_pages_say_what_they_may_load(browser: Browser) -> None:
    headers = browser.get("").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"


def test_the_nonce_is_new_each_time_and_in_the_page(browser: Browser) -> None:
    first, second = browser.get(""), browser.get("")
    nonces = [r.headers["Content-Security-Policy"].split("'nonce-")[1].split("'")[0] for r in (first, second)]
    assert nonces[0] != nonces[1]
    assert f'nonce="{nonces[0]}"' in first.get_data(as_text=True)


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(browser: Browser) -> None:
    response = browser.app.test_client().get("/", follow_redirects=False)
    cookies = response.headers.getlist("Set-Cookie")
    assert sorted(cookie.partition("=")[0] for cookie in cookies) == ["loopscope_room", "loopscope_visitor"]
    assert all("HttpOnly" in cookie and "SameSite=Lax" in cookie for cookie in cookies)


def test_too_many_commands_are_told_when_to_try_again() -> None:
    browser = Browser(make_app(RATES={"command": Rate(3, 0.5), "room": Rate(10, 1), "look": Rate(10, 1)}))
    codes = [browser.post("/commands/scale", SCALE).status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]
    response = browser.post("/commands/scale", SCALE)
    assert response.headers["Retry-After"] == "2"
    assert "Too many requests" in response.get_json()["message"]


def test_too_many_rooms() -> None:
    app = make_app(RATES={"command": Rate(3, 1), "room": Rate(2, 0.01), "look": Rate(10, 1)})
    codes = [app.test_client().get("/", headers=JSON).status_code for _ in range(3)]
    assert codes == [302, 302, 429]


def test_a_bucket_fills_again_and_clients_do_not_share() -> None:
    now = [0.0]
    buckets = Buckets({"x": Rate(2, 1.0)}, lambda: now[0])
    app = make_app()
    with app.test_request_context("/"):
        buckets.take("x", "a")
        buckets.take("x", "a")
        with pytest.raises(TooManyRequests):
            buckets.take("x", "a")
        buckets.take("x", "b")
        now[0] = 1.0
        buckets.take("x", "a")


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_commands_are_posts(browser: Browser, method: str) -> None:
    response = getattr(browser.client, method)(
        browser.base + "/commands/scale", headers={**JSON, "X-CSRF-Token": browser.token}
    )
    assert response.status_code == 405
    assert response.headers["Allow"]
