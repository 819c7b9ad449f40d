"""The order in which a page's first run reaches the browser: its picture, then the controls of the sidebar.

A script asks its controls before it draws what they say, and Streamlit sends both in that order. Controls cost the
browser a third of a second, which nobody needs before there is something to look at.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

PICTURES = ("rolling_ball_player", "lab_plots")
"""Components that draw a page's picture."""
HEAD = 2
"""Elements at the top of the sidebar that are not held back: the name of the lab, and its menu."""
DRAWING = 0.3
"""Seconds that a picture has for itself: what drawing one takes where nothing but a processor draws."""
LONGEST = 1.0
"""Seconds that controls wait for a picture: where it takes longer to compute, one can use them meanwhile."""


class PictureFirst:
    """ASGI middleware: holds the sidebar's controls of a page's first run back until its picture was drawn."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        ordered = _Ordered(send)
        try:
            await self.app(scope, receive, ordered)
        finally:
            ordered.forget()


class _Ordered:
    """What is sent through one WebSocket."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.page = ""  # that runs, by Streamlit's name for it
        self.over = False  # its first run: all is sent as it comes
        self.ended = False  # that run, though the browser does not know yet
        self.held: list[Message] = []
        self.going = False  # what was held is being sent, since a picture was there or took too long
        self.picture = asyncio.Event()  # was sent in that run
        self.waiting: asyncio.Task[None] | None = None

    async def __call__(self, message: Message) -> None:
        content = message.get("bytes") if message["type"] == "websocket.send" else None
        if content is None:
            await self.send(message)
            return
        told = ForwardMsg.FromString(content)
        kind = told.WhichOneof("type")
        if kind == "new_session" and told.new_session.page_script_hash != self.page:
            self.page = told.new_session.page_script_hash
            self.over = self.ended = bool(self.held)  # somebody leaves a page before it is there
        if self.over and not self.held:
            await self.send(message)
            return
        self.ended |= kind == "script_finished"
        if self.ended or _of_a_control(told):
            self.held.append(message)
        else:
            await self.send(message)
        if _is_picture(told):
            self.picture.set()
        if self.ended and not self.picture.is_set() and not self.going:
            self.forget_waiting()
            await self.let_go(told.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY)
        elif self.waiting is None and (self.held or self.picture.is_set()):
            self.waiting = asyncio.create_task(self.wait())

    async def wait(self) -> None:
        """Wait for the picture and for the browser that draws it, then send the rest."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.picture.wait(), LONGEST)
            await asyncio.sleep(DRAWING)
        self.going = True
        with suppress(OSError, RuntimeError):  # the visitor has gone
            await self.let_go(True)
        self.going, self.waiting = False, None

    async def let_go(self, over: bool) -> None:
        """Send what was held, in its order; what comes meanwhile goes to its end."""
        while self.held:
            await self.send(self.held[0])
            del self.held[:1]
        self.over, self.ended = over, False
        self.picture.clear()

    def forget(self) -> None:
        """The connection has ended."""
        self.held.clear()
        self.forget_waiting()

    def forget_waiting(self) -> None:
        """Nobody waits for a picture any more."""
        if self.waiting is not None:
            self.waiting.cancel()
        self.waiting = None


def _of_a_control(told: ForwardMsg) -> bool:
    path = list(told.metadata.delta_path)
    return len(path) > 1 and path[0] == 1 and path[1] >= HEAD


def _is_picture(told: ForwardMsg) -> bool:
    return told.delta.new_element.bidi_component.component_name.endswith(PICTURES)
