"""The order of a page's first run in its WebSocket: picture before the sidebar's controls, all else as it was sent."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from pages.home import picture_first
from pages.home.picture_first import PictureFirst
from pages.shared.first_paint import DRAWN
from tests.asynchronous import result


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_first, "LONGEST", 0.001)


def began(page: str) -> ForwardMsg:
    message = ForwardMsg()
    message.new_session.page_script_hash = page
    return message


def element(*path: int, component: str = "") -> ForwardMsg:
    message = ForwardMsg()
    message.metadata.delta_path.extend(path)
    if component:
        message.delta.new_element.bidi_component.component_name = component
    else:
        message.delta.new_element.html.body = str(path)
    return message


def ended(how: Any = ForwardMsg.FINISHED_SUCCESSFULLY) -> ForwardMsg:
    message = ForwardMsg()
    message.script_finished = how
    return message


MENU, CONTROL, TEXT, BELOW = element(1, 1, 0), element(1, 2), element(0, 1), element(0, 3)
PLOT = element(0, 2, component="lab.lab_plots")
DONE, AGAIN = ended(), ended(ForwardMsg.FINISHED_EARLY_FOR_RERUN)


def arrived(*sent: ForwardMsg, touched_after: int | None = None) -> list[ForwardMsg]:
    """The order in which a browser gets what a server sends at once, and touches the page after so many messages."""
    got: list[ForwardMsg] = []
    touched = asyncio.Event()

    async def send(message: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        if message["type"] == "websocket.send":
            got.append(ForwardMsg.FromString(message["bytes"]))

    async def receive() -> dict[str, Any]:
        await touched.wait()
        return {"type": "websocket.receive", "bytes": b""}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        for k, message in enumerate(sent):
            if k == touched_after:
                touched.set()
                await receive()
            await send({"type": "websocket.send", "bytes": message.SerializeToString()})
        while len(got) < len(sent):
            await asyncio.sleep(0.001)

    result(asyncio.wait_for(PictureFirst(app)({"type": "websocket"}, receive, send), 20))  # type: ignore[arg-type]
    return got


@pytest.mark.parametrize("component", ["lab_plots", "lab.rolling_ball_player"])
def test_the_picture_comes_before_the_controls_and_the_end_of_the_run_after_all(component: str) -> None:
    picture = element(0, 2, component=component)
    sent = [began("a"), MENU, CONTROL, TEXT, picture, CONTROL, BELOW, DONE]
    assert arrived(*sent) == [began("a"), MENU, TEXT, picture, CONTROL, CONTROL, BELOW, DONE]


def test_what_stands_above_what_is_there_is_not_held_back() -> None:
    picture, words, table, below = (
        element(0, 2, 0, component="lab_plots"),
        element(0, 2, 1),
        element(0, 4),
        element(0, 5),
    )
    sent = [began("a"), CONTROL, table, picture, words, below, words, DONE, began("a"), words, DONE]
    expected = [began("a"), table, picture, words, words, CONTROL, below, DONE, began("a"), words, DONE]
    assert arrived(*sent) == expected


def test_a_page_without_a_picture_is_held_up_by_nothing() -> None:
    assert arrived(began("a"), CONTROL, TEXT, DONE, CONTROL) == [began("a"), TEXT, CONTROL, DONE, CONTROL]


def test_later_runs_of_a_page_come_as_they_are_sent() -> None:
    first, later = [began("a"), PLOT, DONE], [began("a"), CONTROL, PLOT, TEXT, DONE]
    assert arrived(*first, *later) == [*first, *later]


def test_the_run_that_begins_a_page_anew_is_ordered_too_and_so_is_the_next_page() -> None:
    again = [began("a"), CONTROL, AGAIN, began("a"), CONTROL, PLOT, DONE]
    assert arrived(*again) == [began("a"), CONTROL, AGAIN, began("a"), PLOT, CONTROL, DONE]
    left = [began("a"), CONTROL, TEXT, DONE, began("b"), CONTROL, PLOT, DONE]
    assert arrived(*left) == [began("a"), TEXT, CONTROL, DONE, began("b"), PLOT, CONTROL, DONE]


def test_who_leaves_before_the_controls_were_there_gets_them_before_the_next_page() -> None:
    sent = [began("a"), CONTROL, PLOT, DONE, began("b"), CONTROL, PLOT, DONE]
    assert arrived(*sent) == [began("a"), PLOT, CONTROL, DONE, began("b"), PLOT, CONTROL, DONE]


def test_who_touches_the_picture_gets_the_controls_at_once_and_all_else_as_it_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(picture_first, "LONGEST", 1000.0)
    sent = [began("a"), CONTROL, PLOT, BELOW, DONE, began("a"), CONTROL, PLOT, BELOW, DONE]
    assert arrived(*sent, touched_after=4) == [began("a"), PLOT, CONTROL, BELOW, *sent[4:]]


def test_a_page_whose_picture_is_drawn_gets_the_controls_at_once_and_streamlit_hears_nothing_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(picture_first, "LONGEST", 1000.0)
    said = [{"type": "websocket.receive", "text": DRAWN}, {"type": "websocket.receive", "bytes": b"wish"}]
    got: list[ForwardMsg] = []

    async def send(message: Any) -> None:
        got.append(ForwardMsg.FromString(message["bytes"]))

    async def receive() -> Any:
        return said.pop(0)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in (began("a"), CONTROL, PLOT, DONE):
            await send({"type": "websocket.send", "bytes": message.SerializeToString()})
        assert got == [began("a"), PLOT]
        assert (await receive())["bytes"] == b"wish"
        assert got == [began("a"), PLOT, CONTROL, DONE]

    result(PictureFirst(app)({"type": "websocket"}, receive, send))  # type: ignore[arg-type]


def test_what_is_computed_after_the_picture_was_drawn_is_not_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_first, "LONGEST", 1000.0)
    sent = [began("a"), PLOT, BELOW, DONE]
    assert arrived(*sent, touched_after=2) == sent


def test_a_picture_that_takes_long_to_compute_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_first, "LONGEST", 0.001)
    got: list[str | None] = []

    async def send(message: Any) -> None:
        got.append(ForwardMsg.FromString(message["bytes"]).WhichOneof("type"))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in (began("a"), CONTROL):
            await send({"type": "websocket.send", "bytes": message.SerializeToString()})
        while len(got) < 2:
            await asyncio.sleep(0.001)
        await send({"type": "websocket.send", "bytes": CONTROL.SerializeToString()})

    result(asyncio.wait_for(PictureFirst(app)({"type": "websocket"}, None, send), 20))  # type: ignore[arg-type]
    assert got == ["new_session", "delta", "delta"]


def test_a_visitor_who_goes_leaves_nothing_behind() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in (began("a"), CONTROL, PLOT):
            await send({"type": "websocket.send", "bytes": message.SerializeToString()})

    async def visit() -> int:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        await PictureFirst(app)({"type": "websocket"}, None, send)  # type: ignore[arg-type]
        await asyncio.sleep(0.01)
        return len(sent)

    assert result(visit()) == 2
