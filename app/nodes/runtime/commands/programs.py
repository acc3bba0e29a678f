"""Programs that containers are told to run, by name: how long each runs, and with what end. Called by player.py.

What asks for something (a name, a port, a file) finds it, unless a loop asks until it is there: `needs` says for what.
A name that is not known here is a program of its image.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple

from app.nodes.runtime.commands import arithmetic

UNKNOWN = "\0"  # stands in a word for what only a real shell could tell
SHELLS = frozenset(("sh", "bash", "ash", "dash", "zsh"))
TESTS = frozenset(("[", "[[", "test"))
FOR_EVER_MS = 10 * 365 * 86_400_000
BYTES_PER_MS = 200_000  # that a program writes to a disk
_DISK = 100 << 30  # a file grows no larger


class Effect(NamedTuple):
    ms: int | None = 0  # None: for ever
    code: int = 0
    files: tuple[str, ...] = ()  # that it makes
    size: int = 0  # of each, in bytes
    is_guess: bool = False  # nobody can know how it ends
    removes: tuple[str, ...] = ()  # files


Words = tuple[str, ...]
_ENDLESS = Effect(None)
_DUMP_MS = 5_000


def effect(words: Words, *, stdin: bool = False) -> Effect | None:
    """What a program does; None: it is one that only the image knows. `stdin`: somebody may type."""
    name, arguments = words[0].rpartition("/")[2], words[1:]
    if name in _KNOWN:
        return _KNOWN[name](arguments)
    if name in _INTERPRETERS:
        return _interpreter(arguments, stdin)
    return Effect() if name in _END_AT_ONCE else None


def is_there(program: str) -> bool:
    """In an image that is a plain Linux system and no more: there, or at a path of somebody's own."""
    folder, _, name = program.rpartition("/")
    if folder and folder not in ("/bin", "/usr/bin", "/sbin", "/usr/sbin", "/usr/local/bin"):
        return True
    return UNKNOWN in program or name in SHELLS | TESTS | _OF_THE_SHELL or name in _PLAIN


# --------------------------------------------------------------------------------------- what is asked for


def looks_for(words: Words) -> str:
    """The file without which this command fails; "": another command."""
    plain = [each for each in words[1:] if each[:1] not in ("-", "]")]
    name = words[0].rpartition("/")[2]
    asks = name in ("cat", "ls", "stat") or (name in TESTS and words[1:2] in (("-f",), ("-e",)))
    return plain[0] if asks and len(plain) == 1 and plain[0].startswith("/") else ""


def needs(words: Words) -> str:
    """What a loop waits for that asks in this way until it is there: `db:5432`, `db`, `/data/ready`; "": nothing."""
    if not words:
        return ""
    name, arguments = words[0].rpartition("/")[2], words[1:]
    plain = [each for each in arguments if not each.startswith("-") and each not in ("]", "]]")]
    if name in TESTS or name in ("cat", "ls", "stat"):
        need = plain[0] if len(plain) == 1 and plain[0].startswith("/") else ""
    else:
        need = _host(name, arguments, plain)
    return "" if UNKNOWN in need else need


_PORTS = {
    "pg_isready": "5432", "psql": "5432", "mysqladmin": "3306", "mysql": "3306", "redis-cli": "6379",
    "mongosh": "27017",
}  # fmt: skip
_ADDRESS = re.compile(r"(?:(https?)://)?([\w.-]+)(?::(\d{1,5}))?(?:/.*)?")


def _host(name: str, arguments: Words, plain: list[str]) -> str:
    """The Service that a program asks, and on which port."""
    match name:
        case "nslookup" | "host" | "dig" | "ping":
            return plain[0] if plain else ""
        case "getent":
            return plain[1] if len(plain) > 1 else ""
        case "nc" | "ncat" | "netcat" | "telnet":
            return ":".join(plain[-2:]) if len(plain) > 1 and plain[-1].isdecimal() else ""
        case "curl" | "wget":
            url = next((each for each in plain if "://" in each), plain[-1] if plain else "")
            found = _ADDRESS.fullmatch(url)
            return f"{found[2]}:{found[3] or (443 if found[1] == 'https' else 80)}" if found else ""
    if name not in _PORTS:
        return ""
    host, port = _option(arguments, "-h", "--host"), _option(arguments, "-p", "-P", "--port")
    return f"{host}:{port if port.isdecimal() else _PORTS[name]}" if host else ""


def _option(arguments: Words, *names: str) -> str:
    """The value of an option, written `-h db`, `-hdb`, `--host db` or `--host=db`."""
    for number, each in enumerate(arguments):
        for name in names:
            if each == name:
                return "".join(arguments[number + 1 : number + 2])
            if each.startswith(f"{name}=") or (len(name) == 2 and each.startswith(name)):
                return each.removeprefix(name).removeprefix("=")
    return ""


# --------------------------------------------------------------------------------------------- by their names

_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,12})?|\.\d{1,12})([smhd]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_UNKNOWN_SLEEP_MS = 1_000


def duration_ms(text: str) -> int | None:
    """`1.5m`; None: for ever. Raises ValueError."""
    if text in ("inf", "infinity") or (text.isdecimal() and len(text) > 12):
        return None
    if UNKNOWN in text:
        return _UNKNOWN_SLEEP_MS
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return round(float(found[1]) * _UNITS[found[2]] * 1000)


def _sleep(arguments: Words) -> Effect:
    try:
        each_ms = [duration_ms(each) for each in arguments]
    except ValueError:
        return Effect(code=1)
    total = sum(FOR_EVER_MS if ms is None else ms for ms in each_ms)
    return Effect(total if total < FOR_EVER_MS else None, int(not arguments))


def _endless_if(pattern: str) -> Callable[[Words], Effect]:
    """Of a program that goes on for ever with such an option."""
    options = re.compile(pattern)
    return lambda arguments: _ENDLESS if any(map(options.fullmatch, arguments)) else Effect()


def _ping(arguments: Words) -> Effect:
    count = arithmetic.number(_option(arguments, "-c"))
    return Effect(min(count - 1, FOR_EVER_MS // 1000) * 1000) if count > 0 else _ENDLESS


def _dd(arguments: Words) -> Effect:
    given = dict(each.partition("=")[::2] for each in arguments)
    target = given.get("of", "")
    if given.get("if") not in ("/dev/zero", "/dev/urandom", "/dev/random"):
        return Effect(files=(target,) if target else ())
    if "count" in given:
        return _write(target, _size(given.get("bs", "512")) * arithmetic.number(given["count"]))
    return _write(target, _DISK) if target and not target.startswith("/dev/") else _ENDLESS


def _fallocate(arguments: Words) -> Effect:
    return _write(arguments[-1] if arguments else "", _size(_option(arguments, "-l", "--length")))


def _write(target: str, size: int) -> Effect:
    """A file of that size; one that the disk does not hold is cut off."""
    size = min(size, _DISK)
    return Effect(size // BYTES_PER_MS, int(size == _DISK), (target,) if target else (), size)


_SIZE = re.compile(r"(\d{1,15})(?:([kKMGT])(i?B)?|B)?")


def _size(text: str) -> int:
    """As dd reads it: `1M` and `1MiB` are 2**20 bytes, `1MB` a million. What is not a size is 0."""
    found = _SIZE.fullmatch(text)
    if found is None:
        return 0
    exponent = "kmgt".index(found[2].lower()) + 1 if found[2] else 0
    factor: int = (1000 if found[3] == "B" else 1024) ** exponent
    return int(found[1]) * factor


def _makes(arguments: Words) -> Effect:
    return Effect(files=tuple(each for each in arguments if not each.startswith("-")))


def _removes(arguments: Words) -> Effect:
    return Effect(removes=tuple(each for each in arguments if not each.startswith("-")))


def _makes_the_last(arguments: Words) -> Effect:
    return Effect(files=arguments[-1:])


def _fetch(arguments: Words) -> Effect:
    target = _option(arguments, "-O", "-o", "--output")
    return Effect(files=(target,) if target.startswith("/") else ())


_KNOWN: Mapping[str, Callable[[Words], Effect]] = {
    "sleep": _sleep,
    "ping": _ping,
    "dd": _dd,
    "fallocate": _fallocate,
    "false": lambda arguments: Effect(code=1),
    "tail": _endless_if(r"--follow(=.*)?|--retry|-\d*[a-zA-Z]*[fF][a-zA-Z]*\d*"),
    "httpd": _endless_if(r"-\w*f\w*"),
    **dict.fromkeys(("nc", "ncat", "netcat"), _endless_if(r"-\w*l\w*|--listen")),
    **dict.fromkeys(("touch", "mkdir", "tee", "mkfifo"), _makes),
    **dict.fromkeys(("cp", "mv"), _makes_the_last),
    "rm": _removes,
    **dict.fromkeys(("curl", "wget"), _fetch),
    **dict.fromkeys(("yes", "watch", "crond", "inotifyd", "top"), lambda arguments: _ENDLESS),
    **dict.fromkeys(("mysqldump", "mariadb-dump", "pg_dump", "pg_dumpall"), lambda arguments: Effect(_DUMP_MS)),
}


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_INTERPRETERS = _names("perl python python2 python3 node ruby php lua")
_OF_THE_SHELL = _names(
    """
    : . alias cd command declare eval exec exit export local read readonly return set shift source trap type ulimit
    umask unset wait break continue
    """
)
# What a plain Linux system has, and ends at once.
_TOOLS = _names(
    """
    true echo printf cat date ls pwd ps kill rmdir ln chmod chown chgrp stat head grep egrep fgrep sed awk cut sort
    uniq tr wc xargs find which basename dirname id whoami hostname uname uptime df du mount umount tar gzip gunzip
    unzip zip base64 md5sum sha1sum sha256sum od hexdump expr bc seq printenv vi less more ip ifconfig route netstat
    nslookup host dig getent traceroute telnet free dmesg sysctl sync adduser addgroup passwd su apk apt apt-get dpkg
    yum openssl cal clear diff patch tac rev split truncate mknod mktemp realpath readlink logger lsof pidof pgrep
    pkill killall nproc arch tty stty shuf fold nl paste join comm cmp strings install env nohup nice time timeout
    """
)
_ADDED = _names("ssh scp git jq kubectl helm psql pg_isready mysql mysqladmin redis-cli mongosh stress curl")
_END_AT_ONCE = _TOOLS | _ADDED | _OF_THE_SHELL
_PLAIN = _TOOLS | (_KNOWN.keys() - _names("curl mysqldump mariadb-dump pg_dump pg_dumpall"))

_ON_ITS_LINE = re.compile(r"-[a-zA-Z]*[ceErn]")  # `perl -wle '...'`, `python -c '...'`
_NO_END = re.compile(r"while\s*\(?\s*(?:True|1|true)\b")
_SLEEPS = re.compile(r"\bsleep\(?\s*(\d{1,9}(?:\.\d{1,9})?)")
_EXITS = re.compile(r"\bexit\(?\s*(\d{1,3})")


def _interpreter(arguments: Words, stdin: bool) -> Effect | None:
    """What stands on its command line has ended as soon as it has slept; a file of the image is a program of it."""
    if not arguments:
        return _ENDLESS if stdin else Effect()
    if arguments[0] in ("-v", "-V", "--version", "--help"):
        return Effect()
    at = next((number for number, each in enumerate(arguments) if _ON_ITS_LINE.fullmatch(each)), None)
    if at is None:
        return None
    text = " ".join(arguments[at + 1 :])
    if _NO_END.search(text):
        return _ENDLESS
    ended = _EXITS.search(text)
    return Effect(round(sum(map(float, _SLEEPS.findall(text))) * 1000), int(ended[1]) % 256 if ended else 0)


# ----------------------------------------------------------------------------------------------------- tests

_JOINTS = (("||", any), ("-o", any), ("&&", all), ("-a", all))
_TEXTS: Mapping[str, Callable[[str, str], bool]] = {
    "=": lambda left, right: left == right,
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
}
_NUMBERS: Mapping[str, Callable[[int, int], bool]] = {
    "-eq": lambda left, right: left == right,
    "-ne": lambda left, right: left != right,
    "-lt": lambda left, right: left < right,
    "-le": lambda left, right: left <= right,
    "-gt": lambda left, right: left > right,
    "-ge": lambda left, right: left >= right,
}

_OF_FILES = _names("-d -e -f -p -r -s -S -w -x -h -L")


def test(words: Words, files: Collection[str]) -> Effect:
    """`[ ... ]`, where these files were made. What is not known holds; of the other files only folders are there."""
    words = tuple(each for each in words[1:] if each not in ("]", "]]"))
    for joint, rule in _JOINTS:
        if joint in words[1:]:
            parts = [test(("[", *part), files) for part in _split(words, joint)]
            return Effect(code=int(not rule(part.code == 0 for part in parts)), is_guess=any(p.is_guess for p in parts))
    negations = next((number for number, each in enumerate(words) if each != "!"), len(words))
    holds, is_guess = _holds(words[negations:], files)
    return Effect(code=int(holds == bool(negations % 2)), is_guess=is_guess)


def _split(words: Words, joint: str) -> Iterator[Words]:
    part: list[str] = []
    for each in (*words, joint):
        if each == joint:
            yield tuple(part)
            part = []
        else:
            part.append(each)


def _holds(words: Words, files: Collection[str]) -> tuple[bool, bool]:
    """And whether that is a guess."""
    match words:
        case (sign, file) if sign in _OF_FILES:
            return file in files or sign == "-d", file not in files
        case _ if any(UNKNOWN in each for each in words):
            return True, True
        case ("-z", text):
            return not text, False
        case ("-n", text):
            return bool(text), False
        case (left, sign, right) if sign in _TEXTS:
            return _TEXTS[sign](left, right), False
        case (left, sign, right) if sign in _NUMBERS:
            return _NUMBERS[sign](arithmetic.number(left), arithmetic.number(right)), False
    return any(words), False
