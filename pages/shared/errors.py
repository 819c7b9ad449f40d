"""Where every page ends up when something goes wrong: what the lab refuses is said, all else gets a number to ask for.

`open_page` installs `told` for the run that begins. Streamlit then calls it for whatever a page's script or one of its
fragments raises; what a callback raises before the page has begun is left to `client.showErrorDetails`.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import sqlite3
import traceback
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.shared.addresses import label_of
from rbo_core.folder import data_folder

ROOT = Path(__file__).resolve().parents[2]
OURS = tuple(str(ROOT / name) for name in ("rbo_core", "landscapes", "pages", "app.py"))
_SETTING = re.compile(r"""(?<![\w'"“`/.&?-])(?!rbo_core\b)[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?![\w('"”`/=]|\.\w)""")
_CALLED = {"batch_size": "batch", "gradient_budget": "gradients", "n_radii": "cells", "n_rates": "cells"}
"""Settings that the controls keep under other names."""
_LOG = logging.getLogger("rolling_ball")


class UnforeseenError(Exception):
    """What a visitor sees of an error that nobody expected."""


def install() -> None:
    """Let `told` have the errors of the run that begins."""
    context = get_script_run_ctx()
    if context is not None:
        context.on_script_error = told


def told(error: Exception) -> bool:
    """Say what went wrong; True: Streamlit need not show it too."""
    if is_refusal(error):
        show_error(error)
        return True
    number = secrets.token_hex(4)
    _LOG.error("error %s", number, exc_info=error)
    if isinstance(error, sqlite3.Error | OSError):
        where = "The data folder" if isinstance(error, sqlite3.Error) else "A file"
        st.error(f"{where} cannot be used ({plain(error)}). The server's log says more under error {number}.")
        return True
    st.exception(UnforeseenError(f"Nobody expected what went wrong here. The server's log has it as {number}."))
    return True


def is_refusal(error: Exception) -> bool:
    """Whether the lab itself said `raise ValueError(...)`: then its message is meant for people."""
    if not isinstance(error, ValueError):
        return False
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and frames[-1].filename.startswith(OURS) and (frames[-1].line or "").startswith("raise ")


def plain(error: Exception) -> str:
    """What the system said, without the path that is nobody's business."""
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)


def show_error(error: BaseException | str) -> None:
    """Show a user error where the control is: the message alone, never a traceback."""
    text = labelled(without_folders(str(error).strip())) or type(error).__name__
    st.error(escaped(text[0].upper() + text[1:] if text[0].isascii() else text))


def labelled(text: str) -> str:
    """A message with the words of the page's controls for the names of settings: `radius_low` is "ρ from" there.

    What is quoted, called, given on a command line or part of an address or a file's name stays as it is.
    """
    return _SETTING.sub(lambda found: _label(found[0]), text)


def _label(name: str) -> str:
    from rbo_core.methods import METHODS  # who sees no message does not wait for NumPy
    from rbo_core.settings import settings_of

    own = (one.label for method in METHODS.values() for one in settings_of(method) if one.name == name)
    return label_of(_CALLED.get(name, name)) or next(own, None) or name.replace("_", " ")


def without_folders(text: str) -> str:
    """A message without where on the server things lie: nobody's business, and of no use to a visitor."""
    for folder in (data_folder().absolute(), ROOT, Path.home()):
        text = text.replace(f"{folder}{os.sep}", "").replace(str(folder), folder.name)
    return text


def escaped(text: str) -> str:
    """Text as Streamlit's Markdown shows it word for word, on one line, without links, pictures or formulas.

    A message quotes what a link holds or a visitor typed: `![](//host/x.png)` must not fetch a picture from there.
    """
    text = re.sub(r"([\\`*\[\]<>$~])", r"\\\1", " ".join(text.split()))
    text = re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", text)
    # Markdown turns bare addresses into links; an invisible joiner keeps them text.
    return re.sub(r"://|(?<=www)\.|@", lambda found: f"\u2060{found[0]}", text)
