"""What a browser may keep of static/: packed once, for good; everything else is left to Streamlit."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from pages.home.kept import Kept
from pages.shared import static
from tests.asynchronous import result


def answer(path: str, accept: str = "gzip, br", base: str = "") -> tuple[dict[bytes, bytes], bytes] | None:
    """Headers and body; None where the request went on to Streamlit."""
    messages: list[dict[str, Any]] = []
    went_on = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        went_on.append(scope["path"])

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": [(b"accept-encoding", accept.encode())]}
    scope["asgi"] = {"spec_version": "2.4"}  # as uvicorn's: nobody is asked whether the visitor has left
    result(Kept(app, base)(scope, None, send))  # type: ignore[arg-type]
    if went_on:
        return None
    return dict(messages[0]["headers"]), b"".join(message.get("body", b"") for message in messages[1:])


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(static, "FOLDER", tmp_path / "static")
    folder = static.publish("lab", (), {"one.js": "export const one = 1;\n" * 99})
    (tmp_path / "static" / "mine.js").write_text("changes")
    (tmp_path / "secret-0123456789ab.js").write_text("secret")
    return folder


@pytest.mark.parametrize("base", ["", "lab/room"])
def test_a_published_script_comes_packed_and_stays(published: str, base: str) -> None:
    below = f"/{base}" if base else ""
    found = answer(f"{below}/app/static/{published}/one.js", base=base)
    assert found is not None
    headers, body = found
    assert gzip.decompress(body) == b"export const one = 1;\n" * 99
    assert headers[b"content-encoding"] == b"gzip" and headers[b"vary"] == b"accept-encoding"
    assert headers[b"cache-control"] == b"public, max-age=31536000, immutable"
    assert headers[b"content-type"].startswith(b"text/javascript")


def test_who_cannot_unpack_gets_it_as_it_is(published: str) -> None:
    found = answer(f"/app/static/{published}/one.js", accept="identity")
    assert found is not None and found[1] == b"export const one = 1;\n" * 99
    assert b"content-encoding" not in found[0]


def test_what_may_change_or_is_not_there_is_left_to_streamlit(published: str) -> None:
    for path in ("mine.js", f"{published}/two.js", f"{published}/../../secret-0123456789ab.js", published, ""):
        assert answer(f"/app/static/{path}") is None
    assert answer(f"/elsewhere/{published}/one.js") is None
