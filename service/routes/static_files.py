"""Folders whose files anybody may read."""

from pathlib import Path

from litestar import Router
from litestar.datastructures import CacheControlHeader
from litestar.exceptions import NotFoundException
from litestar.static_files import create_static_files_router

from store_uptime.service.front.requests import ApiRequest


def static_files(path: str, folder: Path, cache: CacheControlHeader) -> Router:
    """The route of the files in a folder, below a path."""
    names = {file.name for file in folder.iterdir() if file.is_file()}

    # Litestar would ask the disk for any name, and some raise ValueError there, such as one with a zero byte.
    async def refuse_unknown(request: ApiRequest) -> None:
        if request.path_params["file_path"].removeprefix("/") not in names:
            raise NotFoundException

    return create_static_files_router(
        path=path,
        directories=[folder],
        include_in_schema=False,
        opt={"exclude_from_auth": True},
        before_request=refuse_unknown,
        cache_control=cache,
    )
