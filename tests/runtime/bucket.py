"""A real S3 server for tests, and a desk that keeps its uploads there."""

from __future__ import annotations

import logging
import uuid
from typing import Any

import boto3
from django.core.files.storage import storages
from moto.server import ThreadedMotoServer

from tests.runtime.machine import free_port

KEYS = {"S3_ACCESS_KEY": "parley", "S3_SECRET_KEY": "secret-of-the-bucket"}


class Server:
    """Moto's, with a bucket. What is in it stays while the server is away."""

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.port = free_port()
        self._server: ThreadedMotoServer | None = None
        self.start()
        self.name = f"desk-{uuid.uuid4().hex[:8]}"
        self.client.create_bucket(Bucket=self.name)

    def start(self) -> None:
        if self._server is None:
            self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self.port, verbose=False)
            self._server.start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.address,
            region_name="us-east-1",
            aws_access_key_id=KEYS["S3_ACCESS_KEY"],
            aws_secret_access_key=KEYS["S3_SECRET_KEY"],
        )

    def stored(self) -> list[str]:
        return [one["Key"] for one in self.client.list_objects_v2(Bucket=self.name).get("Contents", [])]

    def content(self, key: str) -> bytes:
        content: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return content

    def environment(self, prefix: str = "") -> dict[str, str]:
        """The settings of a desk that uses it."""
        return {
            **KEYS,
            "S3_BUCKET": self.name,
            "S3_ENDPOINT": self.address,
            "S3_REGION": "us-east-1",
            "S3_PREFIX": prefix,
            "S3_ADDRESSING": "path",
        }


def use(settings: Any, server: Server, *, prefix: str = "", address: str = "") -> None:
    """Have this test's desk keep its uploads there; `address` is another's that takes its place."""
    settings.S3_BUCKET = server.name
    options = {
        "bucket_name": server.name,
        "endpoint_url": address or server.address,
        "region_name": "us-east-1",
        "access_key": KEYS["S3_ACCESS_KEY"],
        "secret_key": KEYS["S3_SECRET_KEY"],
        "location": prefix,
        "addressing": "path",
    }
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "config.s3.Bucket", "OPTIONS": options}}
    assert type(storages["default"]).__name__ == "Bucket"
