"""The order in which a page's first run reaches the browser: its picture, then the controls of the sidebar.

A script asks its controls before it draws what they say, and Streamlit sends both in that order. Controls cost the
browser a third of a second, which nobody needs before there is something to look at. Whoever touches the page sooner
gets them at once.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from pages.shared.first_paint import DRAWN

PICTURES = ("rolling_ball_player", "lab_plots")
"""Components that draw a page's picture."""
HEAD = 2
"""Elements at the top of the sidebar that are not held back: the name of the lab, and its menu."""
LONGEST = 1.0
"""Seconds that controls wait for a picture to be computed, and then to be drawn: where it takes longer, one can use
them meanwhile."""


class PictureFirst:
    """ASGI middleware: holds the sidebar's controls of a page's first run back until its picture is drawn.

    The page says that it is (`DRAWN`, by the script of `FirstPaint`).
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        ordered = _Ordered(send)

        async def heard() -> Message:
            while True:
                message = await receive()
                await ordered.heard()
                if message.get("text") != DRAWN:
                    return message

        try:
            await self.app(scope, heard, ordered)
        finally:
            ordered.forget()


class _Ordered:
    """What is sent through one WebSocket."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.page = ""  # that runs, by Streamlit's name for it
        self.first = False  # its first run is being sent
        self.drawn = False  # its picture was sent
        self.ended = False  # that run, though the browser does not know yet
        self.lowest: list[int] = []  # element of the page that was sent, by its path
        self.held: list[Message] = []
        self.turn = asyncio.Lock()  # to send
        self.waiting: asyncio.Task[None] | None = None

    async def __call__(self, message: Message) -> None:
        async with self.turn:
            content = message.get("bytes") if message["type"] == "websocket.send" else None
            if content is None:
                await self.send(message)
            else:
                await self.take(message, ForwardMsg.FromString(content))

    async def take(self, message: Message, told: ForwardMsg) -> None:
        """Send a message, or hold it back."""
        if told.WhichOneof("type") == "new_session" and told.new_session.page_script_hash != self.page:
            await self.send_held()
            self.page, self.first, self.lowest = told.new_session.page_script_hash, True, []
            self.drawn = self.ended = False
            self.wait()
        if not self.first:
            await self.send(message)
            return
        self.ended |= told.WhichOneof("type") == "script_finished"
        if self.ended or _of_a_control(told) or (self.drawn and not self.above(told)):
            self.held.append(message)
        else:
            await self.send(message)
            self.lowest = max(self.lowest, _place(told))
        if not self.drawn and _is_picture(told):
            self.drawn = True
            self.wait()
        elif self.ended and not self.drawn:
            await self.send_held()
            self.ended = False
            self.first = told.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY

    def above(self, told: ForwardMsg) -> bool:
        """Whether an element has its place above one that is there, which would jump if it came later."""
        return told.WhichOneof("type") == "delta" and _place(told) < self.lowest

    def wait(self) -> None:
        """Let go of what is held when it has waited for long enough from now on."""
        self.forget()
        self.waiting = asyncio.create_task(self.wake())

    async def wake(self) -> None:
        await asyncio.sleep(LONGEST)
        with suppress(OSError, RuntimeError):  # the visitor has gone
            await self.let_go()

    async def heard(self) -> None:
        """The browser says something: the picture is drawn, or somebody has touched it and needs the controls."""
        if self.held or self.drawn:
            await self.let_go()

    async def let_go(self) -> None:
        """Send what is held, and from now on everything as it comes."""
        async with self.turn:
            await self.send_held()
            self.first = False

    async def send_held(self) -> None:
        while self.held:
            await self.send(self.held.pop(0))

    def forget(self) -> None:
        """Wait no more."""
        if self.waiting is not None:
            self.waiting.cancel()


def _of_a_control(told: ForwardMsg) -> bool:
    path = list(told.metadata.delta_path)
    return len(path) > 1 and path[0] == 1 and path[1] >= HEAD


def _place(told: ForwardMsg) -> list[int]:
    """Of an element of the page itself; nowhere for all else."""
    path = list(told.metadata.delta_path)
    return path if path[:1] == [0] else []


def _is_picture(told: ForwardMsg) -> bool:
    return told.delta.new_element.bidi_component.component_name.endswith(PICTURES)
