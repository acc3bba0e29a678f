"""Whether SQLite can read all that was committed to the log beside its file (`-wal`): it takes the log to end where a
checksum is wrong, and says nothing. Called before the file is opened.

The format is that of https://www.sqlite.org/fileformat2.html#the_write_ahead_log.
"""

from __future__ import annotations

import struct
from pathlib import Path

_HEAD, _FRAME_HEAD = 32, 24
_MAGIC = 0x377F0682  # its last bit says in which order the bytes of the words are that are summed
_ALL = 0xFFFFFFFF


def is_cut_short(path: Path) -> bool:
    """Something stands in the log behind a mistake, and belonged to it: it was committed, or was about to be."""
    data = path.read_bytes() if path.exists() else b""
    if len(data) <= _HEAD:
        return False
    magic, _version, page, _checkpoint, *salts, sum0, sum1 = struct.unpack(">8I", data[:_HEAD])
    order = ">" if magic & 1 else "<"
    sums = _summed(data[: _HEAD - 8], order, (0, 0))
    if magic & ~1 != _MAGIC or sums != (sum0, sum1):
        return True
    for start in range(_HEAD, len(data) - _FRAME_HEAD - page + 1, _FRAME_HEAD + page):
        _page, _commit, salt0, salt1, sum0, sum1 = struct.unpack(">6I", data[start : start + _FRAME_HEAD])
        if [salt0, salt1] != salts:
            return _belongs(data, start + _FRAME_HEAD + page, page, salts)
        sums = _summed(data[start : start + 8], order, sums)
        sums = _summed(data[start + _FRAME_HEAD : start + _FRAME_HEAD + page], order, sums)
        if sums != (sum0, sum1):
            return True
    return False


def _belongs(data: bytes, start: int, page: int, salts: list[int]) -> bool:
    """A later frame is of the same log: what stands before it is no rest of an older one."""
    heads = range(start, len(data) - _FRAME_HEAD - page + 1, _FRAME_HEAD + page)
    return any(list(struct.unpack(">2I", data[at + 8 : at + 16])) == salts for at in heads)


def _summed(data: bytes, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    sum0, sum1 = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        sum0 = (sum0 + even + sum1) & _ALL
        sum1 = (sum1 + odd + sum0) & _ALL
    return sum0, sum1
