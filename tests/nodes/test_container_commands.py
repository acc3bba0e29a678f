"""A command is read: how long it runs, with what end, what it waits for."""

from __future__ import annotations

import shlex
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.api import limits
from app.nodes.kubelet.environment import NAMESPACE_FILE
from app.nodes.runtime.commands.course import Course, File, course
from app.nodes.runtime.commands.programs import FOR_EVER_MS

pytestmark = pytest.mark.long

ENDLESS = None


def read(line: str) -> Course:
    return course(shlex.split(line), knows=True, env=(("DB_HOST", "mydb"), (NAMESPACE_FILE, "shop")))


@pytest.mark.parametrize(
    ("line", "ms", "code"),
    [
        ("false", 0, 1),
        ("sh -c false", 0, 1),
        ("sh -c 'sleep 5 && false'", 5_000, 1),
        ("sh -c 'nosuchprogram'", 0, 127),
        ("sh -c 'nosuchprogram; echo went on'", 0, 0),
        ("bash -ec 'false; sleep 5'", 0, 1),
        ("bash -euo pipefail -c 'echo a; false; sleep 5'", 0, 1),
        ("sh -c 'tail -n+1 -F /var/log/app.log'", ENDLESS, 0),
        ("tail -f /dev/null", ENDLESS, 0),
        ("tail -n 5 /var/log/app.log", 0, 0),
        ("ping example.com", ENDLESS, 0),
        ("ping -c 3 example.com", 2_000, 0),
        ("nc -lk -p 80", ENDLESS, 0),
        ("httpd -f -p 80", ENDLESS, 0),
        ("watch date", ENDLESS, 0),
        ("dd if=/dev/zero of=/dev/null", ENDLESS, 0),
        ("dd if=/dev/zero of=/data/file bs=1M count=10", 52, 0),
        ("dd if=/dev/zero of=/data/file", 536_870, 1),
        ("fallocate -l 2G /data/file", 10_737, 0),
        ("sh -c 'until false; do sleep 1; done'", ENDLESS, 0),
        ("bash -c 'for ((;;)); do date; done'", ENDLESS, 0),
        ("bash -c 'for (( i=0; i<5; i++ )); do sleep 2; done'", 10_000, 0),
        ("sh -c 'for i in 1 2 3; do sleep $i; done; exit 3'", 6_000, 3),
        ("sh -c 'for i in $(seq 1 100); do sleep 1; done'", 100_000, 0),
        ("sh -c 'for i in $(seq 1 100000000); do sleep 1; done'", 100_000_000_000, 0),
        ("sh -c 'i=0; while [ $i -lt 10 ]; do i=$((i+1)); sleep 1; done'", 10_000, 0),
        ("sh -c 'i=0; while true; do i=$((i+1)); [ $i -ge 3 ] && break; sleep 1; done; exit 4'", 2_000, 4),
        ("sh -c 'while sleep 0.01; do wget -q -O- http://php-apache; done'", ENDLESS, 0),
        ("sh -c '(sleep 5; exit 2) & wait'", 5_000, 0),
        ("sh -c '(sleep 5; exit 2)'", 5_000, 2),
        ("sh -c 'sleep 100 & echo done'", 0, 0),
        ("sh -c 'f() { sleep 2; return 3; }; f'", 2_000, 3),
        ("sh -c 'if [ -f /etc/app.conf ]; then sleep 9; else exit 7; fi'", 9_000, 0),
        ("sh -c 'if [ ! -f /etc/app.conf ]; then echo missing; exit 7; fi; sleep 2'", 2_000, 0),
        ("sh -c '[ -f /etc/app.conf ] || exit 7; sleep 2'", 2_000, 0),
        ("sh -c 'if [ -f /tmp/no ]; then sleep 9; fi'", 0, 0),
        ("sh -c 'touch /tmp/a; if [ -f /tmp/a ]; then exit 3; fi'", 0, 3),
        ("sh -c 'case b in a) exit 1;; b|c) exit 2;; esac'", 0, 2),
        ("sh -c 'echo \"exit 5\"; : # exit 6'", 0, 0),
        ("sh -c 'cat <<EOF > /x\nexit 9\nEOF\nexit 2'", 0, 2),
        ("sh -c 'echo $((2 * (3 + 4) % 5)) && sleep $((7 / 2)); exit $((1 < 2))'", 3_000, 1),
        ("sh -c 'x=\"sleep 4\"; $x; y=${z:-3}; sleep $y'", 7_000, 0),
        ("sh -c 'echo 'sleep 9' `sleep 9`'", 0, 0),
        ("sh -c 'sleep 3 | cat'", 3_000, 0),
        ("sh -c '! true'", 0, 1),
        ("sh -c 'sh -c \"sleep 2; exit 4\"'", 2_000, 4),
        ("sh -c 'eval \"sleep 1; exit 2\"'", 1_000, 2),
        ("bash -c '[[ a == b || -n c ]] && exit 5'", 0, 5),
        ("bash -c 'for i in {1..3}; do sleep 1; done'", 3_000, 0),
        ("sh -c 'exec sleep 5'", 5_000, 0),
        ("timeout 5 sleep 100", 5_000, 124),
        ("timeout 5 sleep 1", 1_000, 0),
        ("sh -c 'timeout 5 tail -f /dev/null; exit 3'", 5_000, 3),
        ("sh -c 'timeout 5 nosuchprogram'", 0, 127),
        ("nice -n 10 sleep 3", 3_000, 0),
        ("env A=b sleep 3", 3_000, 0),
        ("sh", 0, 0),
    ],
)
def test_how_long_it_runs_and_with_what_end(line: str, ms: int | None, code: int) -> None:
    assert read(line.replace("\\n", "\n"))[:2] == (ms, code)


@pytest.mark.parametrize(
    ("line", "waits", "beat_ms"),
    [
        ("sh -c 'while ! nc -z db 5432; do sleep 1; done'", ("db:5432",), 1_000),
        ("sh -c 'until nslookup mydb; do echo waiting; sleep 2; done'", ("mydb",), 2_000),
        ("sh -c 'until wget -qO- http://web.shop:8080/ready; do sleep 5; done'", ("web.shop:8080",), 5_000),
        ("sh -c 'until pg_isready -h db; do sleep 1; done'", ("db:5432",), 1_000),
        ("sh -c 'until [ -f /work/ready ]; do sleep 3; done'", ("/work/ready",), 3_000),
        ("sh -c 'while [ ! -e /work/ready ]; do sleep 3; done'", ("/work/ready",), 3_000),
        ("sh -c 'until nc -z $DB_HOST 5432; do sleep 1; done'", ("mydb:5432",), 1_000),
        ("sh -c 'until nc -z $OTHER 5432; do sleep 1; done'", (), 1_000),
        (f"sh -c 'until nslookup db.$(cat {NAMESPACE_FILE}).svc; do sleep 2; done'", ("db.shop.svc",), 2_000),
        ("sh -c 'until timeout 1 nc -z db 5432 2>/dev/null; do sleep 1; done'", ("db:5432",), 1_000),
        ("sh -c 'while nc -z db 5432; do sleep 1; done'", (), 1_000),
    ],
)
def test_what_it_waits_for(line: str, waits: tuple[str, ...], beat_ms: int) -> None:
    found = read(line)
    assert (found.waits, found.beat_ms) == (waits, beat_ms)


def test_a_program_that_there_is_not_cannot_start() -> None:
    assert read("nosuchprogram --flag").missing == "nosuchprogram"
    assert course(("nosuchprogram",)).serves, "an image that nobody knows may have it"


def test_the_program_of_the_image_is_the_end_of_a_script() -> None:
    assert course(("sh", "-c", "until ask; do sleep 1; done; exec serve")).serves
    assert course(("sh", "-c", "migrate && serve")).serves
    assert not course(("sh", "-c", "migrate; echo done")).serves


def test_the_files_that_it_makes() -> None:
    assert read("sh -c 'sleep 2; echo a > /data/a; touch /data/b 2>/dev/null'").files == (
        File("/data/a", 2_000),
        File("/data/b", 2_000),
    )
    assert read("sh -c 'touch /data/a; sleep 3; rm /data/a'").files == (File("/data/a", 0, gone_ms=3_000),)


def test_a_trap_heeds_sigterm() -> None:
    assert read("sh -c 'trap \"exit 0\" TERM; while true; do sleep 1; done'").heeds_term


# ------------------------------------------------------------------------------------------------- hostile scripts

_CALLS = 120 * limits.COMMAND_WORK


def read_with_care(command: tuple[str, ...]) -> Course:
    """Stopped as soon as it has made more calls than any script may cost."""
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1
        if calls > _CALLS:
            raise AssertionError("it goes on for too long")

    sys.setprofile(count)
    try:
        return course(command)
    finally:
        sys.setprofile(None)


HOSTILE = {
    "function of itself": "f() { f; }; f",
    "functions of each other": "f() { g; g; }; g() { f; f; }; f",
    "brackets": "(" * 9_000,
    "closed brackets": "(" * 500 + "true" + ")" * 500,
    "sums in brackets": "echo $((" + "(" * 3_000 + "1" + ")" * 3_000 + "))",
    "signs": "echo $((" + "-!" * 4_000 + "1))",
    "expansions": "echo " + "$(" * 4_000,
    "backquotes": "`" * 9_001,
    "quotes": "'\"" * 4_000,
    "loops in loops": "while :; do " * 200,
    "loops in loops that end": "for a in 1 2; do " * 30 + "x=$a$x" + "; done" * 30,
    "branches": "if true; then " * 100 + "fi;" * 100,
    "elifs": "if false; then :; " + "elif false; then :; " * 900 + "fi",
    "evals": "eval " * 3_000 + "true",
    "eval of itself": 'x=\'eval "$x"\'; eval "$x"',
    "shells": 's=\'sh -c "$s"\'; sh -c "$s"',
    "timeouts": "timeout 1 " * 1_900 + "true",
    "timeouts of what is endless": "while true; do i=$((i+1)); timeout 1 tail -f x; done",
    "doubling": "x=a; while true; do x=$x$x; done",
    "powers": "x=9; while true; do x=$((x*x+1)); done",
    "many rounds": "for i in $(seq 1 999999999999); do for j in $(seq 1 999999999999); do i=$((i+j)); done; done",
    "counted": "for ((i=0; i<999999999; i++)); do for ((j=0; j<999999999; j++)); do :; done; done",
    "patterns": "x=" + "a" * 5_000 + "; case $x in " + "*a" * 2_000 + "b) ;; esac",
    "here-documents": "cat " + "<<a " * 4_000 + "\n" * 900,
    "background": "while true; do i=$((i+1)); sleep 1 & done; wait",
    "negations": "! " * 9_000 + "true",
    "tests": "[ " + "! " * 9_000 + "a ]",
    "joints": "[ " + "a -o b -a " * 1_500 + "c ]",
    "long sleeps": "sleep " + "9" * 9_000,
    "nothing": "a=\0$",
}


@pytest.mark.parametrize("script", HOSTILE.values(), ids=HOSTILE)
def test_no_script_is_too_much(script: str) -> None:
    assert isinstance(read_with_care(("sh", "-c", script)), Course)


_WORDS = """
    if then elif else fi while until for do done case esac in ( ) { } ;; ; & && || | ! [ ] [[ ]] (( )) $(( $( ${ ` ' "
    true false sleep 1 x=$x$x x=$((x*x)) i=$((i+1)) $i -lt 9 f() f eval sh -c timeout exit break continue wait trap set
    -e <<E > /a 2>&1 $(seq 1 999999999) {1..99999999} * # \\ exec seq i
"""
_PHRASES = ("\n", " ", "for ((;;)); do", "for i in a b; do", "while [ $i -lt 9 ]; do", "f() { f; f; }")
_FRAGMENTS = st.sampled_from((*_WORDS.split(), *_PHRASES))


@settings(deadline=None, max_examples=60)
@given(st.lists(_FRAGMENTS, max_size=60), st.integers(1, 40), st.sampled_from((" ", "", "\n", "; ")))
def test_every_script_is_read_in_bounded_steps(fragments: list[str], times: int, between: str) -> None:
    assert isinstance(read_with_care(("sh", "-c", between.join(fragments * times))), Course)


_COMMANDS = st.recursive(
    st.sampled_from(("true", "false", "x=$x$x", "i=$((i+1))", "sleep 9", "f", "break", "[ $i -lt 9 ]", "cat /a")),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(" && ".join),
        st.tuples(inner, inner).map("; ".join),
        inner.map("while true; do {}; done".format),
        inner.map("until [ $i -gt 99 ]; do {}; done".format),
        inner.map("for i in $(seq 1 99999); do {}; done".format),
        inner.map("for ((i=0; i<9999; i++)); do {}; done".format),
        inner.map("f() {{ {}; }}; f".format),
        inner.map("if {0}; then {0}; fi".format),
        inner.map("( {0} & {0}; wait )".format),
        inner.map("timeout 5 sh -c '{}'".format),
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=60)
@given(_COMMANDS)
def test_every_program_of_a_shell_is_played_in_bounded_steps(script: str) -> None:
    read = read_with_care(("sh", "-c", script))
    assert read.ms is None or 0 <= read.ms < FOR_EVER_MS
    assert 0 <= read.code < 256
