"""A bucket with the files of folders, on a server that speaks S3."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from tests.support.postgres import eventually
from tests.support.receivers import ACCESS, bucket

NAME = "lake"


class Lake:
    """A bucket, and what it takes to reach it. url: of its server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.environment = {**ACCESS, "AWS_ENDPOINT_URL": url, "AWS_REGION": "us-east-1"}
        from obstore.store import ObjectStore, S3Store  # which not every environment has

        self.store: ObjectStore = S3Store(
            NAME,
            endpoint=url,
            region="us-east-1",
            access_key_id=ACCESS["AWS_ACCESS_KEY_ID"],
            secret_access_key=ACCESS["AWS_SECRET_ACCESS_KEY"],
            client_options={"allow_http": True},
        )

    def put(self, key: str, content: bytes) -> str:
        """Have an object there; its address."""
        self.store.put(key, content)
        return f"s3://{NAME}/{key}"

    def put_folder(self, folder: Path, prefix: str) -> str:
        """Have the files of a folder there, below a prefix; its address."""
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.put(f"{prefix}/{path.relative_to(folder).as_posix()}", path.read_bytes())
        return f"s3://{NAME}/{prefix}"

    def keys(self, prefix: str) -> list[str]:
        """The keys below a prefix."""
        return sorted(meta["path"] for batch in self.store.list(prefix) for meta in batch)

    def is_there(self) -> bool:
        """Whether the server has the bucket by now: it answers before."""
        from obstore.exceptions import GenericError

        try:
            self.keys("")
        except GenericError:
            return False
        return True

    def content(self, key: str) -> bytes:
        """What an object holds."""
        return bytes(self.store.get(key).bytes())


@contextmanager
def a_lake() -> Generator[Lake]:
    """A server with an empty bucket."""
    with bucket(NAME) as url:
        lake = Lake(url)
        eventually(lake.is_there, 60)
        yield lake


@contextmanager
def reached(lake: Lake) -> Generator[None]:
    """The environment of this process has what reaches it, for the block."""
    with mock.patch.dict(os.environ, lake.environment):
        yield
