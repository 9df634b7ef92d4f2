"""GET /docs: a page to try each request, by Swagger UI.

Not FastAPI's own page, whose script comes from a third party's server: closed networks would see
nothing. Swagger UI lies in `swagger_ui/` as its makers publish it (npm: swagger-ui-dist).
"""

from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.responses import FileResponse, HTMLResponse

router = APIRouter(include_in_schema=False)

RELEASE: Final = "5.35.0"
FOLDER: Final = Path(__file__).with_name("swagger_ui")
_SCRIPT, _STYLE = "swagger-ui-bundle.js", "swagger-ui.css"
_KEPT: Final = {"Cache-Control": "public, max-age=86400"}
# What stands in #swagger-ui is replaced once the script runs. All addresses are relative: the
# service may lie under a path of a proxy.
_PAGE: Final = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>mien</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/{_STYLE}?{RELEASE}">
</head>
<body>
<div id="swagger-ui">
<p>This page needs JavaScript. Without it: <a href="openapi.json">/openapi.json</a> describes the
same requests and answers, and docs/api.md in the repository explains them.</p>
</div>
<script src="docs/{_SCRIPT}?{RELEASE}"></script>
<script>
if (window.SwaggerUIBundle) SwaggerUIBundle({{
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
}})
</script>
</body>
</html>
"""


@router.head("/docs")
@router.get("/docs")
async def docs() -> HTMLResponse:
    return HTMLResponse(_PAGE)


@router.head(f"/docs/{_SCRIPT}")
@router.get(f"/docs/{_SCRIPT}")
async def script() -> FileResponse:
    return FileResponse(FOLDER / _SCRIPT, headers=_KEPT)


@router.head(f"/docs/{_STYLE}")
@router.get(f"/docs/{_STYLE}")
async def style() -> FileResponse:
    return FileResponse(FOLDER / _STYLE, headers=_KEPT)
