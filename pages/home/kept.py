"""Files under static/ that a browser may keep: their folder's name carries their content, so they never change.

Streamlit sends such a file with every visit, and packs it anew each time.
"""

from __future__ import annotations

import re

from starlette.responses import FileResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from pages.shared import static

_TYPES = {"js": "text/javascript", "css": "text/css"}
_HEADERS = {
    "cache-control": "public, max-age=31536000, immutable",
    "vary": "accept-encoding",
    "access-control-allow-origin": "*",
    "x-content-type-options": "nosniff",
}


class Kept:
    """ASGI middleware: answers for what `static.publish` made of scripts and styles; all else passes as it is."""

    def __init__(self, app: ASGIApp, base: str = "") -> None:
        """base: the path under which the server serves (server.baseUrlPath)."""
        self.app = app
        below = f"/{base.strip('/')}" if base.strip("/") else ""
        self.path = re.compile(rf"{re.escape(below)}/app/static/(\w+-[0-9a-f]{{12}}/\w[\w.-]*\.(js|css))", re.ASCII)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        asked = self.path.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        file = static.FOLDER / asked[1] if asked else None
        if asked is None or file is None or not file.is_file():
            await self.app(scope, receive, send)
            return
        packed = static.packed(file)
        headers = _HEADERS
        if b"gzip" in dict(scope["headers"]).get(b"accept-encoding", b"") and packed.is_file():
            file, headers = packed, {**_HEADERS, "content-encoding": "gzip"}
        await FileResponse(file, headers=headers, media_type=_TYPES[asked[2]])(scope, receive, send)
