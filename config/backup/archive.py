"""The file of a backup: a compressed tar that is written and read in one pass, in pieces that fit into memory.

head.json                 the format, the version of the desk and its migrations
secrets/<name>            what the rows are sealed and signed with
tables/<table>/<number>   rows as COPY prints them, in pieces
files/<path>              uploads
manifest.json             counts and SHA-256 of all of the above: a file without it is not whole
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import IO, Any

FORMAT = 1
PIECE = 4 * 1024 * 1024  # bytes
HEAD, MANIFEST = "head.json", "manifest.json"


class Damaged(Exception):
    """The file is not a whole backup; the message says what is wrong with it."""


@dataclass
class Sum:
    """Counts the bytes that pass, and computes their SHA-256."""

    count: int = 0
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def add(self, content: bytes, *, count: int = 0) -> None:
        self.count += count
        self.size += len(content)
        self.digest.update(content)

    def as_json(self) -> dict[str, Any]:
        return {"count": self.count, "size": self.size, "sha256": self.digest.hexdigest()}


@dataclass
class Sums:
    """What an archive holds: of each table its rows, of secrets and files all together."""

    tables: dict[str, Sum] = field(default_factory=dict)
    files: Sum = field(default_factory=Sum)
    others: Sum = field(default_factory=Sum)

    def as_json(self) -> dict[str, Any]:
        return {
            "tables": {name: found.as_json() for name, found in sorted(self.tables.items())},
            "files": self.files.as_json(),
            "others": self.others.as_json(),
        }


@dataclass(frozen=True)
class Head:
    """What is known before the first row."""

    migrations: list[tuple[str, str]]
    columns: dict[str, list[str]]
    sequences: dict[str, tuple[int, bool]]
    made_at: str
    format: int = FORMAT


@dataclass(frozen=True)
class Piece:
    """A member, or a part of one: `kind` is secrets, tables or files."""

    kind: str
    name: str
    content: bytes
    is_first: bool = True


class Writer:
    """Writes an archive. Only `close` makes it whole."""

    def __init__(self, out: IO[bytes], head: Head) -> None:
        self.sums = Sums()
        self._zip = gzip.GzipFile(fileobj=out, mode="wb", compresslevel=3, mtime=0)
        self._tar = tarfile.open(fileobj=self._zip, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - closed below
        self._add(HEAD, _encoded(asdict(head)))

    def secret(self, name: str, content: bytes) -> None:
        self._add(f"secrets/{name}", content)

    def table(self, name: str, pieces: Iterator[bytes]) -> None:
        """`pieces` is what COPY sends, of any size."""
        total, number, buffer = self.sums.tables.setdefault(name, Sum()), 0, bytearray()

        def flush() -> None:
            nonlocal number
            number += 1
            content = bytes(buffer)
            self._member(f"tables/{name}/{number:08}", content)
            total.add(content, count=content.count(b"\n"))  # COPY writes a line break within a value as \n
            buffer.clear()

        for piece in pieces:
            buffer += piece
            if len(buffer) >= PIECE:
                flush()
        if buffer:
            flush()

    def file(self, name: str, source: IO[bytes], size: int) -> None:
        member = tarfile.TarInfo(f"files/{name}")
        member.size = size
        counted = _Counting(source, self.sums.files)
        self.sums.files.add(name.encode(), count=1)
        self._tar.addfile(member, counted)

    def close(self) -> None:
        self._member(MANIFEST, _encoded(self.sums.as_json()))
        self._tar.close()
        self._zip.close()

    def _add(self, name: str, content: bytes) -> None:
        self._member(name, content)
        self.sums.others.add(name.encode() + content, count=1)

    def _member(self, name: str, content: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(content), 0o600
        self._tar.addfile(member, io.BytesIO(content))


class Reader:
    """Reads an archive from its beginning; `pieces` raises Damaged at its end when anything is missing or other."""

    def __init__(self, source: IO[bytes]) -> None:
        self.sums = Sums()
        try:
            self._tar = tarfile.open(fileobj=gzip.GzipFile(fileobj=source), mode="r|")  # noqa: SIM115 - the caller's file
            self._members = iter(self._tar)
            first = next(self._members, None)
            if first is None or first.name != HEAD:
                raise Damaged("It is not a backup of a desk.")
            content = self._read(first)
            self.sums.others.add(HEAD.encode() + content, count=1)
            self.head = _head(json.loads(content))
            self.sums.tables = {name: Sum() for name in self.head.columns}
        except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
            raise Damaged(f"It is not a backup of a desk ({error}).") from error

    def pieces(self) -> Iterator[Piece]:
        manifest = None
        try:
            for member in self._members:
                if member.name == MANIFEST:
                    manifest = json.loads(self._read(member))
                    break
                yield from self._of(member)
        except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError) as error:
            raise Damaged(f"It is damaged ({error}).") from error
        if manifest is None:
            raise Damaged("It is not whole: the end is missing.")
        if manifest != self.sums.as_json():
            raise Damaged("It is damaged: counts and checksums are not those that were written.")

    def _of(self, member: tarfile.TarInfo) -> Iterator[Piece]:
        kind, _, name = member.name.partition("/")
        path = PurePosixPath(name)
        if not member.isfile() or not name or path.is_absolute() or ".." in path.parts or "\\" in name:
            raise Damaged(f"It holds something that no backup holds: {member.name!r}.")
        if kind == "secrets" and len(path.parts) == 1:
            content = self._read(member)
            self.sums.others.add(member.name.encode() + content, count=1)
            yield Piece(kind, name, content)
        elif kind == "tables" and path.parent.name in self.head.columns:
            content = self._read(member)
            self.sums.tables[path.parent.name].add(content, count=content.count(b"\n"))
            yield Piece(kind, path.parent.name, content)
        elif kind == "files":
            self.sums.files.add(name.encode(), count=1)
            stream, is_first = self._tar.extractfile(member), True
            assert stream is not None
            while (content := stream.read(PIECE)) or is_first:
                self.sums.files.add(content)
                yield Piece(kind, name, content, is_first)
                is_first = False
        else:
            raise Damaged(f"It holds something that no backup holds: {member.name!r}.")

    def _read(self, member: tarfile.TarInfo) -> bytes:
        stream = self._tar.extractfile(member)
        if stream is None:
            raise Damaged(f"It holds something that no backup holds: {member.name!r}.")
        return stream.read()


class _Counting:
    """A file that sums up what is read from it."""

    def __init__(self, source: IO[bytes], total: Sum) -> None:
        self._source, self._total = source, total

    def read(self, size: int = -1, /) -> bytes:
        content = self._source.read(size)
        self._total.add(content)
        return content


def _encoded(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _head(given: dict[str, Any]) -> Head:
    if given["format"] != FORMAT:
        raise Damaged(f"Its format is {given['format']}, and this version of the desk reads {FORMAT}.")
    return Head(
        migrations=[(app, name) for app, name in given["migrations"]],
        columns=given["columns"],
        sequences={name: (value, is_called) for name, (value, is_called) in given["sequences"].items()},
        made_at=given["made_at"],
    )
