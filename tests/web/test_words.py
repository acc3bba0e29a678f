"""Words: what commands and loops say, put into a language."""

from __future__ import annotations

import ast
import gettext
from pathlib import Path

import pytest

from app.api.messages import Plural, Saying, Voice, counted, many, message
from app.api.objects import Ref
from app.commands import Apply, Bootstrap, Command, DelayWatch, EvictPod, Scale, SlowNode
from app.web.language import words
from app.web.present import Words, captions

APP = Path(__file__).parent.parent.parent / "app"
ENGLISH, JAPANESE = words("en"), words("ja")
WEB = Ref("Deployment", "default", "web")


def marked() -> set[str]:
    """Every text inside `N_(...)` and `many(...)` in the source."""
    found = set()
    for path in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("N_", "many"):
                texts = [ast.literal_eval(arg) for arg in node.args]
                assert all(isinstance(text, str) for text in texts), f"{path}: babel reads literals only"
                found.add(texts[0])
    return found


def test_every_text_that_is_marked_is_in_the_catalogue() -> None:
    catalogue = gettext.translation("messages", APP / "translations", ["ja"])
    known = {key if isinstance(key, str) else key[0] for key in catalogue._catalog}  # type: ignore[attr-defined]
    assert len(marked()) > 200
    assert not sorted(marked() - known)


@pytest.mark.parametrize(
    ("command", "count", "text"),
    [
        (Scale(WEB, 5), 1, "You scale web to 5."),
        (Apply("x"), 1, "You apply one object."),
        (Apply("x"), 3, "You apply 3 objects."),
        (Bootstrap(1), 6, "The cluster starts with one node."),
        (SlowNode("node-1", 5), 1, "You slow node-1 down: all takes 5 times as long."),
        (DelayWatch("kubelet", 1500), 1, "You let kubelet hear of changes 1.5 s late."),
        (EvictPod(Ref("Pod", "default", "a"), who="kubectl"), 1, "kubectl evicts pod a."),
    ],
)
def test_a_command_is_told_with_its_values(command: Command, count: int, text: str) -> None:
    assert captions.commanded(command, count, ENGLISH) == text
    translated = captions.commanded(command, count, JAPANESE)
    assert translated != text
    assert "%(" not in translated


def test_a_client_without_a_name_is_nobody_that_watches() -> None:
    command = EvictPod(Ref("Pod", "default", "a"))
    assert captions.commanded(command, 1, ENGLISH) == "An API client evicts pod a."
    assert captions.commanded(command, 1, JAPANESE) == "APIクライアントがPod aを退避させます。"


def test_a_sentence_may_name_its_own_n() -> None:
    assert ENGLISH.say("%(n)s of %(all)s", n=1, all=2) == "1 of 2"
    assert ENGLISH.say(many("%(n)s pod", "%(n)s pods"), 2) == "2 pods"
    assert counted(many("one", "more"), 3).n == 3
    assert message("a", b=1).values == {"b": 1}


def test_words_know_the_loops_of_one_cluster_at_a_time() -> None:
    voice = Voice("Traffic light", says={"TooRed": Saying("It is red.", Plural("one", "more"))})
    among = Words().among({"light": voice})
    assert among.voice("light") is voice
    assert among.voice("other") == Words().voice("light") == Voice()
