"""The page a browser gets first: Streamlit's own with our style and the server's address, everything else untouched."""

from __future__ import annotations

from typing import Any

import pytest

from pages.shared.first_paint import STYLE, FirstPaint, painted
from tests.asynchronous import result

PAGES, FIGURES = STYLE.parents[1], STYLE.parents[2] / "rbo_core" / "figures"
PAGE = b"<html><head></head><body><div></div></body></html>"


def sent(path: str, *, kind: str = "text/html; charset=utf-8", accept: str = "text/html,*/*", base: str = "") -> Any:
    """Headers and body that arrive, and the headers that the app behind was asked with."""
    asked: dict[bytes, bytes] = {}
    messages: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asked.update(scope["headers"])
        headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(PAGE)), (b"etag", b'"1"')]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": PAGE[:20], "more_body": True})
        await send({"type": "http.response.body", "body": PAGE[20:]})

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    headers = [(b"accept", accept.encode()), (b"accept-encoding", b"gzip"), (b"if-none-match", b'"1"')]
    scope = {"type": "http", "method": "GET", "path": path, "headers": headers}
    result(FirstPaint(app, base)(scope, None, send))  # type: ignore[arg-type]
    return dict(messages[0]["headers"]), b"".join(m["body"] for m in messages[1:]), asked


@pytest.mark.parametrize(
    ("path", "base", "parts"),
    [("/", "", "undefined"), ("/Roll", "", "-1"), ("/lab", "lab", "undefined"), ("/lab/Roll", "/lab/", "-1")],
)
def test_a_page_carries_style_and_server(path: str, base: str, parts: str) -> None:
    headers, body, asked = sent(path, base=base)
    text = body.decode()
    assert STYLE.read_text(encoding="utf-8") in text
    assert f".slice(0, {parts})" in text
    assert text.endswith("</body></html>") and text.startswith("<html><head></head><body><div></div>")
    assert headers[b"content-length"] == b"%d" % len(body)
    assert b"etag" not in headers, "a browser would keep the page of an older style"
    assert not {b"accept-encoding", b"if-none-match"} & set(asked)


@pytest.mark.parametrize(("kind", "accept"), [("text/javascript", "text/html"), ("text/html", "*/*")])
def test_what_is_no_page_passes_as_it_is(kind: str, accept: str) -> None:
    headers, body, _ = sent("/static/js/index.js", kind=kind, accept=accept)
    assert body == PAGE and headers[b"etag"] == b'"1"'


def test_a_page_without_a_body_is_left_alone() -> None:
    assert painted(b"Not found", 0) == b"Not found"


def test_no_rule_makes_the_browser_compute_the_style_of_the_whole_page_at_each_new_element() -> None:
    for sheet in [*PAGES.rglob("*.css"), *FIGURES.rglob("*.css")]:
        assert ":has(" not in sheet.read_text(encoding="utf-8"), sheet
