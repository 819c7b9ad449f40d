"""A visitor's window without a browser: one session of the app, its pages, its history, and what is seen in it."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import parse_qs

from streamlit.testing.v1 import AppTest, local_script_runner

from docs.addresses import file_of, settings_in
from pages.shared.addresses import _texts
from pages.shared.errors import labelled
from rbo_core.figures.words import plain

ROOT = Path(__file__).resolve().parents[2]
Address = dict[str, list[str]]
TYPED = {
    "radii": ["0.2", "0,2; 1,6", ""],
    "find": ["momentum", "no such words", ""],
    "formula_expression": ["0.3x^2", "0.1x^2 + |sin 4x|/5", "0.2x^2 + (("],
    "formula_bounds": ["-2:2", "1"],
}
"""What a visitor types into boxes of text, sense and nonsense."""
ALONE = {"Home": {"radius": [0.1, 0.8, 1.6]}}
"""Settings without a control, of a page that has them in its picture and in its address alone."""


def read(value: Any, title: Callable[[Any], Any]) -> Any:
    """A value as a browser writes it: the titles of what is chosen."""
    if isinstance(value, list):
        return [title(one) for one in value]
    return title(value) if isinstance(value, str) else value


@dataclass(frozen=True)
class Seen:
    """What a page shows: its controls, the digests of its pictures' payloads, and all that is said in words."""

    controls: dict[str, Any]
    pictures: dict[str, str]
    said: tuple[str, ...]

    def differences(self, other: Seen) -> list[str]:
        """In what the two are different, for people."""
        found = [
            f"control {name}: {self.controls.get(name)!r}, {other.controls.get(name)!r}"
            for name in sorted(self.controls.keys() | other.controls.keys())
            if self.controls.get(name) != other.controls.get(name)
        ]
        names = sorted(self.pictures.keys() | other.pictures.keys())
        found += [f"picture {name}" for name in names if self.pictures.get(name) != other.pictures.get(name)]
        return found + [f"said {text!r}" for text in sorted(set(self.said) ^ set(other.said))]


class Window:
    """One session of the app; `title` is the page that is shown."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """A session of its own, as after a reload."""
        self.session, self.title = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120), ""

    @property
    def address(self) -> Address:
        """What the browser writes into the address: every control whose value is not its default; of a choice what is
        read."""
        state = self.session.session_state
        shown = [one.name for one in settings_in(self.session)]
        values = {name: state[name] for name in shown if state[name] != state["_defaults"][name]}
        titles = {one.key: one.format_func for one in (*self.session.selectbox, *self.session.button_group)}
        written = {name: _texts(read(value, titles.get(name, str))) or [""] for name, value in values.items()}
        kept = [name for name in self._alone if name in self.session.query_params]
        return written | {name: _texts(self.session.query_params[name]) for name in kept}

    @property
    def _alone(self) -> dict[str, list[Any]]:
        return ALONE.get(self.title, {})

    @property
    def seen(self) -> Seen:
        """What is seen now."""
        page = self.session
        assert not page.exception, page.exception[0].value
        controls = {one.name: page.session_state[one.name] for one in settings_in(page)}
        controls |= {name: _texts(page.query_params.get(name, [])) for name in self._alone}
        pictures = {
            element.proto.id.rsplit("-", 1)[-1]: hashlib.sha256(element.proto.bytes).hexdigest()
            for element in page.get("bidi_component")
            if element.proto.component_name != "lab_chrome"
        }
        spoken = [one.value for kind in (page.error, page.warning, page.info) for one in kind]
        assert spoken == [labelled(text) for text in spoken], "a setting's name in the code"
        words = [plain(html.proto.body) for html in page.get("html") if 'class="lab-said"' in html.proto.body]
        return Seen(controls, pictures, (*words, *(error.value for error in page.error)))

    def show(self, title: str, address: Address, *, back: bool = False) -> Seen:
        """A page as an address opens it in this session. back: by Back or Forward."""
        if title != self.title:
            self.session.switch_page(file_of(title).relative_to(ROOT).as_posix())
        self.title = title
        self.session.query_params = {name: list(values) for name, values in address.items()}
        with mock.patch.object(
            local_script_runner,
            "RerunData",
            functools.partial(local_script_runner.RerunData, is_history_navigation=back),
        ):
            self.session.run()
        return self.seen

    def options(self, name: str, dear: frozenset[str] = frozenset()) -> list[Any]:
        """Values that a control offers: a slider's places, a choice's names. dear: controls that stay cheap."""
        page = self.session
        if name in TYPED or name in self._alone:
            return TYPED.get(name) or self._alone[name]
        for slider in page.select_slider:
            if slider.key.split("_slider")[0] == name:
                places = slider.options[: 1 + len(slider.options) // 8] if name in dear else slider.options
                whole = isinstance(page.number_input(key=name).value, int)
                values = [float(text.replace("\N{MINUS SIGN}", "-").replace(",", "")) for text in places]
                return [int(value) for value in values] if whole else values
        for chooser in (*page.selectbox, *page.button_group):
            if chooser.key == name:
                values = list(chooser.format_func.__self__)
                several = getattr(chooser.proto, "click_mode", 0) == 1
                return [[], values[:1], values[:2], values[-1:]] if several else values[:1] if name in dear else values
        for block in page:
            if block.type == "tab_container" and block.proto.tab_container.query_param_key == name:
                return [tab.label for tab in block.children.values()]
        return [True, False] if isinstance(page.session_state[name], bool) else []

    def change(self, name: str, value: Any) -> Seen:
        """Give a control another value, as a visitor does who uses it."""
        page = self.session
        page.query_params = {one: list(values) for one, values in self.address.items()}
        for widget in (*page.number_input, *page.selectbox, *page.button_group, *page.toggle, *page.text_input):
            if widget.key == name:
                widget.set_value(value)
                break
        else:
            if name in self._alone:
                page.query_params[name] = f"{value:.6g}"  # as `link_number` does
            else:
                page.session_state[name] = value  # tabs and folds, for which AppTest has no hand
        page.run()
        return self.seen

    def links(self) -> list[tuple[str, Address]]:
        """Where the page's own links lead, with the settings they carry; the menu's are not among them."""
        found = []
        for element in self.session.get("page_link"):
            query = parse_qs(element.proto.query_string, keep_blank_values=True)
            query.pop("v", None)
            if query and element.proto.label != element.proto.page:
                found.append((element.proto.page.replace("_", " ") or "Home", query))
        return found

    def left(self, title: str) -> Address:
        """The settings that the menu's link to a page carries."""
        state = self.session.session_state
        return dict(state["_addresses"].get(title, {})) if "_addresses" in state else {}
