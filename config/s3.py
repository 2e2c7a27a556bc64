"""Attachments on S3-compatible storage: django-storages with what a desk needs beside it.

For: `STORAGES["default"]` where S3_BUCKET is set. In: names as in the folder `files`. Out: the same errors as a folder's, so that
no caller knows the difference: FileNotFoundError for what is not there, StorageUnavailable (an OSError) for what cannot be had.

One client for all threads; one request for each file, which is there as a whole or not at all; and downloads are passed on while
they come. While the storage is away, a process asks it once in a while and refuses at once otherwise: else its few request
threads would all wait for it, and the desk with them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from accounts.errors import StorageUnavailable

logger = logging.getLogger(__name__)

CONNECT_LIMIT, READ_LIMIT = 3, 10  # seconds, for each of two attempts
PAUSE = 5.0  # seconds between two attempts while it is away
PROBED = 10.0  # seconds that the answer of a probe is kept
_GONE = frozenset({"404", "NoSuchKey"})


class Bucket(S3Storage):  # type: ignore[misc]  # django-storages ships no types
    """The files of a desk in one bucket, below one prefix."""

    def __init__(self, *, addressing: str = "auto", **options: Any) -> None:
        super().__init__(
            **options,
            default_acl=None,  # Readable for nobody but by the desk.
            file_overwrite=True,  # Names are random: nobody needs to ask whether one is taken.
            client_config=Config(
                connect_timeout=CONNECT_LIMIT,
                read_timeout=READ_LIMIT,
                retries={"total_max_attempts": 2, "mode": "standard"},
                s3={"addressing_style": addressing},
                signature_version="s3v4",
                # Not all that speaks S3 knows the newer checksums.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        self._making = threading.Lock()
        self._made: Any = None
        self._away_until = 0.0
        self._probed: tuple[float, str] = (0.0, "")

    @property
    def connection(self) -> Any:
        """One for all threads, of which the client alone is used: that may be shared."""
        with self._making:
            if self._made is None:
                self._made = self._create_session().resource(
                    "s3", region_name=self.region_name, endpoint_url=self.endpoint_url, config=self.client_config
                )
            return self._made

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        if mode != "rb":
            raise ValueError(f"a stored file is read as bytes, not in the mode {mode}")
        with self._asking():
            found = self._client.get_object(Bucket=self.bucket_name, Key=self._key(name))
        return _Download(_Body(self, found["Body"]), name, found["ContentLength"])

    def _save(self, name: str, content: File[bytes]) -> str:
        content.seek(0)
        with self._asking():
            self._client.put_object(
                Bucket=self.bucket_name,
                Key=self._key(name),
                Body=_Upload(content),
                ContentType="application/octet-stream",
            )
        return str(clean_name(name))

    def delete(self, name: str) -> None:
        with self._asking():
            self._client.delete_object(Bucket=self.bucket_name, Key=self._key(name))

    def exists(self, name: str) -> bool:
        try:
            self.size(name)
        except FileNotFoundError:
            return False
        return True

    def size(self, name: str) -> int:
        with self._asking():
            return int(self._client.head_object(Bucket=self.bucket_name, Key=self._key(name))["ContentLength"])

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with self._asking():
            folders, files = super().listdir(path)
        return folders, files

    def probe(self) -> str:
        """`ok`, or what is wrong; asked at most once in ten seconds, however often this is called."""
        at, state = self._probed
        if time.monotonic() - at > PROBED or not state:
            try:
                with self._asking():
                    self._client.head_bucket(Bucket=self.bucket_name)
                state = "ok"
            except (StorageUnavailable, FileNotFoundError) as error:
                state = f"unavailable: {error}"
            self._probed = time.monotonic(), state
        return state

    @property
    def _client(self) -> Any:
        return self.connection.meta.client

    def _key(self, name: str) -> str:
        return str(self._normalize_name(clean_name(name)))

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Raises FileNotFoundError, or StorageUnavailable: at once where it was away a moment ago."""
        if time.monotonic() < self._away_until:
            raise StorageUnavailable("it did not answer a moment ago")
        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in _GONE and error.operation_name != "HeadBucket":
                raise FileNotFoundError("there is no such object") from error
            logger.warning("storage_refused operation=%s code=%s", error.operation_name, code)
            raise StorageUnavailable(f"{error.operation_name} was refused with {code}") from error
        except BotoCoreError as error:
            self._away_until = time.monotonic() + PAUSE
            logger.warning("storage_away error=%s", type(error).__name__)
            raise StorageUnavailable(type(error).__name__) from error


class _Body:
    """An object while it is downloaded. It cannot be read again."""

    def __init__(self, bucket: Bucket, source: Any) -> None:
        self._bucket, self._source = bucket, source

    def read(self, size: int = -1) -> bytes:
        with self._bucket._asking():
            content: bytes = self._source.read(None if size < 0 else size)
        return content

    def close(self) -> None:
        self._source.close()


class _Download(File):  # type: ignore[type-arg]
    def __init__(self, body: _Body, name: str, size: int) -> None:
        super().__init__(body, name)  # type: ignore[arg-type]
        self.size = size


class _Upload:
    """What is sent: a file that nobody closes, since a transaction that is repeated sends it again."""

    def __init__(self, content: File[bytes]) -> None:
        self.read, self.seek, self.tell = content.read, content.seek, content.tell
