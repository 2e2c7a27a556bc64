"""How static files are stored: named by their content, compressed once, quickly enough for a first start."""

from __future__ import annotations

from typing import Any

import brotli
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

QUALITY = 9  # Brotli's highest (11) saves another 8 % of a large file, and makes a first start ten times longer
SMALL = 64 * 1024  # bytes; small files get the highest: they are most of what a page loads
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
