"""What the server writes to its log: one line an event, in logfmt, to standard error. app/web/serve.py starts it.

What belongs to an event comes as `extra={...}`. Of a room only the beginning of its name is written: all of it is the
key to that room. A traceback is one line, too.
"""

from __future__ import annotations

import json
import logging
import re
import time

NAMED = 6  # letters of a room's name
_PLAIN = re.compile(r"[^\s\"=\\]+")
_USUAL = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}


class Logfmt(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        said: dict[str, object] = {
            "time": f"{moment}.{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "from": record.name,
            "event": record.getMessage(),
        }
        said |= {name: value for name, value in vars(record).items() if name not in _USUAL}
        if "room" in said:
            said["room"] = str(said["room"])[:NAMED]
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return " ".join(f"{name}={_written(value)}" for name, value in said.items())


def start() -> None:
    """For this process, gunicorn's own lines included."""
    handler = logging.StreamHandler()
    handler.setFormatter(Logfmt())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    theirs = logging.getLogger("gunicorn.error")
    theirs.handlers.clear()
    theirs.propagate = True


def _written(value: object) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
