"""Folders whose files anybody may read."""

from pathlib import Path
from typing import Any

from litestar import Request
from litestar.datastructures import CacheControlHeader
from litestar.exceptions import NotFoundException
from litestar.static_files import create_static_files_router


def files(path: str, folder: Path, cache: CacheControlHeader | None = None) -> Any:
    """The route of a folder's files. Nothing else is looked for: it may be no name that a file can have."""
    names = {file.name for file in folder.iterdir() if file.is_file()}

    async def know(request: Request[Any, Any, Any]) -> None:
        if request.path_params["file_path"].removeprefix("/") not in names:
            raise NotFoundException

    return create_static_files_router(
        path=path,
        directories=[folder],
        include_in_schema=False,
        opt={"exclude_from_auth": True},
        before_request=know,
        cache_control=cache,
    )
