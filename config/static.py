"""How static files are stored: named by their content, compressed once, quickly enough for a first start."""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path
from typing import Any

import brotli
import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.checks import CheckMessage, Error
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

QUALITY = 9  # Brotli's highest (11) saves another 8 % of a large file, and makes a first start ten times longer
SMALL = 64 * 1024  # bytes; small files get the highest: they are most of what a page loads
MANIFEST = "staticfiles.json"
STAMP = ".collected"
SOURCE_MAPS = "map"  # fetched by developers' tools alone, and two thirds of all bytes


class QuickCompressor(Compressor):  # type: ignore[misc]
    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        compressed: bytes = brotli.compress(data, quality=11 if len(data) < SMALL else QUALITY)
        return compressed


class StaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Keeps only the files whose names carry a hash: they never change, so browsers may keep them for ever."""

    keep_only_hashed_files = True

    def create_compressor(self, **options: Any) -> Compressor:
        return QuickCompressor(**options | {"extensions": (*Compressor.SKIP_COMPRESS_EXTENSIONS, SOURCE_MAPS)})


def are_there() -> bool:
    """Whether the static files have been collected on this machine at all."""
    return (_folder() / MANIFEST).exists()


def missing() -> list[CheckMessage]:
    """The finding that they are not, as Django's checks report it. Not a check: a linter's machine needs none."""
    if settings.DEBUG or are_there():
        return []
    return [
        Error(
            f"The static files are not on this machine (in {_folder()}), and no page works without them.",
            hint="Run `python -m config.server release` on every machine that serves pages.",
            id="parley.E014",
        )
    ]


def are_current() -> bool:
    """Whether no source has changed since they were collected; looking costs a few milliseconds."""
    stamp = _folder() / STAMP
    return are_there() and stamp.exists() and stamp.read_text() == _digest()


def remember() -> None:
    """Note from which sources they were collected."""
    (_folder() / STAMP).write_text(_digest())


def _folder() -> Path:
    return Path(settings.STATIC_ROOT)


def _digest() -> str:
    digest = hashlib.sha256()
    for name in ("django", "django-htmx", "drf-spectacular-sidecar", "djangorestframework"):
        digest.update(f"{name} {metadata.version(name)}\n".encode())
    installed = Path(django.__file__).resolve().parent.parent  # Packages change with their version only.
    for finder in get_finders():
        for folder, storage in _sources(finder, installed):
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    found = path.stat()
                    digest.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
            digest.update(f"{folder} {storage}\n".encode())
    return digest.hexdigest()


def _sources(finder: object, installed: Path) -> list[tuple[Path, str]]:
    storages: dict[str, object] = getattr(finder, "storages", {})
    places = [(Path(str(getattr(storage, "location", ""))), str(name)) for name, storage in storages.items()]
    return [(folder, name) for folder, name in places if folder.is_dir() and installed not in folder.resolve().parents]
