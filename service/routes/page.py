"""The page, and the files that it is made of."""

from pathlib import Path
from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.static_files import create_static_files_router

FOLDER = Path(__file__).parents[1] / "page"


@get("/", opt={"exclude_from_auth": True}, include_in_schema=False)
async def home() -> Response[str]:
    """The page itself holds no data: it asks for it, and for a key where one is needed."""
    text = (FOLDER / "index.html").read_text(encoding="utf-8")
    return Response(text, media_type=MediaType.HTML, headers={"Cache-Control": "no-cache"})


def assets() -> Any:
    """The route of its style and its script."""
    return files("/page", FOLDER)


def files(path: str, folder: Path) -> Any:
    """The route of a folder's files. Nothing else is looked for: it may be no name that a file can have."""
    names = {file.name for file in folder.iterdir() if file.is_file()}

    async def know(request: Request[Any, Any, Any]) -> None:
        if request.path_params["file_path"].removeprefix("/") not in names:
            raise NotFoundException

    return create_static_files_router(
        path=path, directories=[folder], include_in_schema=False, opt={"exclude_from_auth": True}, before_request=know
    )
