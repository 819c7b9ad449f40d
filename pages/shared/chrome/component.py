"""Mounts chrome.js, which gives a page one history entry a change and the tools at its head."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import segno
import streamlit as st

from pages.shared.static import publish

SCRIPTS = [Path(__file__).with_name(name) for name in ("chrome.js", "past.js", "typed.js")]
STYLE = Path(__file__).with_name("chrome.css")
LONGEST_ADDRESS = 2000
"""Characters of an address that still make a QR code one can scan from the back of a room."""

BOOT = """
const module = new URL("../../app/static/@FOLDER@/chrome.js",
                       document.querySelector('script[type="module"][src*="static/js/"]').src).href;
export default async function (component) {
  const { mount } = await import(module);
  return mount(component);
}
"""


@cache
def folder() -> str:
    """Where chrome.js and the modules it imports are served, under static/."""
    return publish("chrome", SCRIPTS)


def chrome(version: str) -> None:
    """Mount the tools of the page. version: that of its links."""
    mount = st.components.v2.component(
        "lab_chrome",
        js=BOOT.replace("@FOLDER@", folder()),
        css=STYLE.read_text(encoding="utf-8"),
        isolate_styles=False,
    )

    def asked() -> None:
        wanted = st.session_state["chrome"].get("code")
        if wanted:
            st.session_state["_code"] = str(wanted["href"])

    href = st.session_state.get("_code", "")
    mount(key="chrome", data={"version": version, "href": href, "code": qr_code(href)}, on_code_change=asked)


def qr_code(text: str) -> str:
    """An SVG of the text as a QR code; "" for none, or for more text than one can scan."""
    if not text or len(text) > LONGEST_ADDRESS:
        return ""
    return str(segno.make(text, error="l").svg_inline(omitsize=True, border=3, dark="#000", light="#fff"))
