"""GET /docs: a page to try each request, by Swagger UI.

Not FastAPI's own, which takes whatever release a third party serves that day. This one names the
release and its hashes (of the npm package swagger-ui-dist), so that a browser runs nothing else.
"""

from typing import Final

from fastapi import APIRouter
from starlette.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

_RELEASE: Final = "5.35.0"
_FOLDER: Final = f"https://cdn.jsdelivr.net/npm/swagger-ui-dist@{_RELEASE}"
_SCRIPT_HASH: Final = "sha384-gjRm0bEPMeTmMh5jT2cHccIwCUZSTd8YC+j0d0sXw0MdGEfScduGpSyF3ZSSLkX9"
_STYLE_HASH: Final = "sha384-WlYgdmXYOOBWL5apwjDEZwN+U3HmXSSu5R6V5aGxEcf7z+KuRNwBhoxKVN1i3D5I"
# What stands in #swagger-ui is replaced once the script runs. Its address is relative: the service
# may lie under a path of a proxy.
_PAGE: Final = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>mien</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{_FOLDER}/swagger-ui.css" integrity="{_STYLE_HASH}"
 crossorigin="anonymous">
</head>
<body>
<div id="swagger-ui">
<p>This page loads Swagger UI {_RELEASE} from cdn.jsdelivr.net, which needs JavaScript and the
internet. Without them: <a href="openapi.json">/openapi.json</a> describes the same requests and
answers, and docs/api.md in the repository explains them.</p>
</div>
<script src="{_FOLDER}/swagger-ui-bundle.js" integrity="{_SCRIPT_HASH}"
 crossorigin="anonymous"></script>
<script>
if (window.SwaggerUIBundle) SwaggerUIBundle({{
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
}})
</script>
</body>
</html>
"""


@router.head("/docs")
@router.get("/docs")
async def docs() -> HTMLResponse:
    return HTMLResponse(_PAGE)
