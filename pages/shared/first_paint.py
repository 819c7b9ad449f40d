"""The first page a browser gets of the lab: Streamlit's own, with the lab's style in it and the address of the server.

Streamlit fetches the code of its elements when they first appear, and shows grey bars until then. A style that comes
as an element comes a third of a second after the page, and everything jumps to where the style wants it. Streamlit
also looks for its server below every page before it looks at the root, and the browser's console names each miss an
error.

What the first picture needs beside Streamlit is asked for together with Streamlit itself, not after it, and runs while
the page waits for the server.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

STYLE = Path(__file__).with_name("style.css")
"""The look of everything that is not drawn by a component."""

_BODY_ENDS = b"</body>"
_SERVER = """<script>
      window.__streamlit = {
        BACKEND_BASE_URL: location.origin + location.pathname.split("/").filter(Boolean).slice(0, %s)
          .map((part) => `/${part}`).join("") + "/",
      };
      if (/[?&]projector=1(&|$)/.test(location.search)) document.documentElement.dataset.projector = "";
      // Streamlit remembers that the controls were open. On a phone they would lie over the picture of the next visit.
      try {
        if (matchMedia("(max-width: 640px)").matches)
          Object.keys(localStorage).filter((key) => key.startsWith("stSidebarCollapsed-"))
            .forEach((key) => localStorage.removeItem(key));
      } catch { /* a browser that keeps nothing has nothing to forget */ }
      {
        // Tab goes the way of the eye: picture, bar, the page, and then the sidebar, which Streamlit puts before them.
        // It stays among its siblings, where React inserts and removes; style.css keeps its place. Whether it is open
        // stands in the root: a rule that asks :has() makes the browser compute all style at each element that appears.
        const root = document.getElementById("root");
        const watch = (seen) => {
          const sidebar = document.querySelector('[data-testid="stSidebar"]');
          if (!sidebar) return seen.observe(root, { childList: true, subtree: true });
          seen.disconnect();
          const all = sidebar.parentElement;
          const keep = () => {
            if (!sidebar.isConnected) watch(kept);
            else if (sidebar !== all.lastElementChild) (all.moveBefore ?? all.insertBefore).call(all, sidebar, null);
          };
          const tell = () => {
            sidebar.inert = sidebar.dataset.collapsed === "true"; // what is out of sight is not on Tab's way
            document.documentElement.dataset.sidebar = sidebar.inert ? "away" : "open";
          };
          const kept = new MutationObserver(keep);
          for (let one = all; one !== root.parentNode; one = one.parentNode) kept.observe(one, { childList: true });
          new MutationObserver(tell).observe(sidebar, { attributeFilter: ["data-collapsed"] });
          keep();
          tell();
        };
        watch(new MutationObserver((_, seen) => watch(seen)));
      }
      {
        // The server may send now what it holds back until the picture is drawn (pages/home/picture_first.py).
        const Socket = WebSocket;
        let socket = null;
        window.WebSocket = class extends Socket {
          constructor(...all) {
            super(...all);
            socket = this;
          }
        };
        new PerformanceObserver((seen) => {
          if (seen.getEntriesByName("picture").length && socket?.readyState === Socket.OPEN) socket.send("%s");
        }).observe({ type: "mark", buffered: true });
      }
      {
        const ask = (name) => {
          const href = `${__streamlit.BACKEND_BASE_URL}${name}`;
          document.head.append(Object.assign(document.createElement("link"), { rel: "modulepreload", href }));
          return href;
        };
        for (const name of %s) {
          const href = ask(name);
          addEventListener("DOMContentLoaded", () => (window.requestIdleCallback ?? setTimeout)(() => import(href)));
        }
        const later = %s;
        if (later.length) new PerformanceObserver((seen) => {
          if (seen.getEntriesByName("picture").length) setTimeout(() => later.splice(0).forEach(ask), 1000);
        }).observe({ type: "mark", buffered: true });
      }
    </script>"""
DRAWN = "drawn"
"""What the page says through Streamlit's WebSocket, as text, when a picture is drawn."""
_OF_A_COPY = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
_OF_THE_FILE = (b"content-length", b"etag", b"last-modified", b"accept-ranges")


class FirstPaint:
    """ASGI middleware: puts style and server into every HTML page; all else passes as it is."""

    def __init__(
        self,
        app: ASGIApp,
        base: str = "",
        modules: Callable[[str], Sequence[str]] = lambda page: (),
        later: Callable[[str], Sequence[str]] = lambda page: (),
    ) -> None:
        """base: the path under which the server serves (server.baseUrlPath), without slashes at its ends.

        modules: the scripts, by their paths below the server's own, that a page ("" for Home) needs at once.

        later: those that it asks for when its picture is there, for the page that comes next.
        """
        self.app = app
        self.modules = modules
        self.later = later
        self.base = [part for part in base.split("/") if part]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        headers = dict(scope.get("headers", ()))
        if scope["type"] != "http" or scope["method"] != "GET" or b"text/html" not in headers.get(b"accept", b""):
            await self.app(scope, receive, send)
            return
        kept = [(name, value) for name, value in scope["headers"] if name not in _OF_A_COPY]
        whole = {**scope, "headers": kept}  # all of the page, as it is: not packed, and not "unchanged"
        page = [part for part in scope["path"].split("/") if part][len(self.base) :]
        name = "/".join(page)
        await self.app(whole, receive, _Changed(send, len(page), self.modules(name), self.later(name)))


class _Changed:
    """What is sent, with an HTML page held back until it is whole."""

    def __init__(self, send: Send, depth: int, modules: Sequence[str], later: Sequence[str]) -> None:
        self.send, self.depth, self.modules, self.later = send, depth, modules, later
        self.start: Message | None = None
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            kind = dict(message["headers"]).get(b"content-type", b"")
            if message["status"] == 200 and kind.startswith(b"text/html"):
                self.start = message
                return
        if self.start is None or message["type"] != "http.response.body":
            await self.send(message)
            return
        self.body += message.get("body", b"")
        if message.get("more_body", False):
            return
        page = painted(self.body, self.depth, self.modules, self.later)
        kept = [(name, value) for name, value in self.start["headers"] if name not in _OF_THE_FILE]
        await self.send({**self.start, "headers": [*kept, (b"content-length", str(len(page)).encode())]})
        await self.send({"type": "http.response.body", "body": page})


def painted(page: bytes, depth: int, modules: Sequence[str] = (), later: Sequence[str] = ()) -> bytes:
    """An HTML page with the server's address and the style at its end, where a rule counts for more than Streamlit's.

    depth: how many parts of the page's address stand after the server's own; a proxy may have put more before it.
    modules: scripts that are fetched at once, by their paths below the server's own; later: after the picture.
    """
    scripts = json.dumps(list(modules)), json.dumps(list(later))
    server = _SERVER % (-depth if depth else "undefined", DRAWN, *scripts)
    return page.replace(_BODY_ENDS, f"{server}{_style()}\n  ".encode() + _BODY_ENDS, 1)


@cache
def _style() -> str:
    return f"<style>{STYLE.read_text(encoding='utf-8')}</style>"
