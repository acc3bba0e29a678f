"""Who may ask for what, and how much of it."""

from __future__ import annotations

import pytest

from app.api.errors import TooManyRequests
from app.web.rates import RATES, Buckets, Budget, Rate, client_of, network
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
    assert sorted(cookie.partition("=")[0] for cookie in cookies) == [
        "loopscope_owner",
        "loopscope_room",
        "loopscope_visitor",
    ]
    assert all("HttpOnly" in cookie and "SameSite=Lax" in cookie for cookie in cookies)


def test_too_many_commands_are_told_when_to_try_again() -> None:
    browser = Browser(make_app(RATES=RATES | {"command": Budget(visitor=Rate(3, 0.01))}))
    codes = [browser.post("/commands/scale", SCALE).status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]
    response = browser.post("/commands/scale", SCALE)
    assert 50 < int(response.headers["Retry-After"]) <= 100
    assert "Too many requests" in response.get_json()["message"]


def test_too_many_rooms() -> None:
    app = make_app(RATES=RATES | {"room": Budget(address=Rate(2, 0.01))})
    codes = [app.test_client().get("/", headers=JSON).status_code for _ in range(3)]
    assert codes == [302, 302, 429]


def test_a_bucket_fills_again_and_what_is_refused_to_one_costs_the_others_nothing() -> None:
    now = [0.0]
    buckets = Buckets({"x": Budget(visitor=Rate(2, 1.0), room=Rate(5, 1.0), address=Rate(6, 1.0))}, lambda: now[0])
    with make_app().test_request_context("/"):
        for _ in range(2):
            buckets.take("x", visitor="a", room="r", address="hall")
        for _ in range(9):
            with pytest.raises(TooManyRequests, match="from you"):
                buckets.take("x", visitor="a", room="r", address="hall")
        for _ in range(2):
            buckets.take("x", visitor="b", room="r", address="hall")
        buckets.take("x", visitor="c", room="r", address="hall")
        with pytest.raises(TooManyRequests, match="for this room"):
            buckets.take("x", visitor="d", room="r", address="hall")
        buckets.take("x", visitor="d", room="other", address="hall")
        with pytest.raises(TooManyRequests, match="from your address"):
            buckets.take("x", address="hall")
        buckets.take("x", visitor="d", room="other", address="another")
        assert buckets.refused == 11
        now[0] = 1.0
        buckets.take("x", visitor="a", room="r", address="hall")


def test_who_throws_his_cookie_away_is_still_at_his_address() -> None:
    app = make_app(RATES=RATES | {"look": Budget(visitor=Rate(1, 1), address=Rate(4, 0.01))})
    codes = [app.test_client().get("/", headers=JSON).status_code for _ in range(5)]
    assert codes == [302, 302, 302, 302, 429]


def test_a_lecture_hall_behind_one_address_gets_in() -> None:
    app = make_app()
    for _ in range(200):
        assert app.test_client().get("/").status_code == 302


def test_rooms_of_an_address_are_counted_by_the_hour() -> None:
    now = [0.0]
    buckets = Buckets(RATES, lambda: now[0])
    with make_app().test_request_context("/"):
        for _hour in range(3):
            for _ in range(600):
                buckets.take("room", address="abuse")
            with pytest.raises(TooManyRequests):
                buckets.take("room", address="abuse")
            now[0] += 3_600


PROXIES = [network(each) for each in ("10.0.0.0/8", "192.0.2.7", "2001:db8:1::/48")]
FORWARDED = [
    pytest.param("203.0.113.5", "", "203.0.113.5", id="nobody in between"),
    pytest.param("203.0.113.5", "198.51.100.1", "203.0.113.5", id="a stranger is not believed"),
    pytest.param("10.0.0.1", "198.51.100.1", "198.51.100.1", id="a proxy of ours is"),
    pytest.param("10.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1", id="what the guest wrote himself is not"),
    pytest.param("10.0.0.1", "198.51.100.1, 192.0.2.7,10.9.9.9", "198.51.100.1", id="several proxies"),
    pytest.param("10.0.0.1", "10.1.1.1, 10.2.2.2", "10.1.1.1", id="nobody but proxies"),
    pytest.param("10.0.0.1", "", "10.0.0.1", id="a proxy that says nothing"),
    pytest.param("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1", id="a proxy that says nonsense"),
    pytest.param("10.0.0.1", "198.51.100.1:5000", "198.51.100.1", id="with a port"),
    pytest.param("10.0.0.1", "[2001:db8:2::1]:5000", "2001:db8:2::/64", id="IPv6 with a port"),
    pytest.param("2001:db8:1::1", "2001:db8:2:0:1:2:3:4", "2001:db8:2::/64", id="a block of IPv6"),
    pytest.param("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1", id="IPv4 as IPv6 writes it"),
    pytest.param("fe80::1%eth0", "", "fe80::/64", id="a zone"),
    pytest.param("", "198.51.100.1", "", id="no peer"),
]


@pytest.mark.parametrize(("peer", "forwarded", "client"), FORWARDED)
def test_whose_address_it_is(peer: str, forwarded: str, client: str) -> None:
    assert client_of(peer, forwarded, PROXIES) == client


def test_behind_a_proxy_guests_have_budgets_of_their_own() -> None:
    few = RATES | {"look": Budget(address=Rate(1, 0.01))}
    app = make_app(RATES=few, TRUSTED_PROXIES=(network("127.0.0.1"),))
    asked = [("198.51.100.1", 302), ("198.51.100.1", 429), ("198.51.100.2", 302), ("6.6.6.6, 198.51.100.2", 429)]
    for forwarded, code in asked:
        headers = {**JSON, "X-Forwarded-For": forwarded}
        assert app.test_client().get("/", headers=headers).status_code == code


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_commands_are_posts(browser: Browser, method: str) -> None:
    response = getattr(browser.client, method)(
        browser.base + "/commands/scale", headers={**JSON, "X-CSRF-Token": browser.token}
    )
    assert response.status_code == 405
    assert response.headers["Allow"]
