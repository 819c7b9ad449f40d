"""A scene as one HTML file that needs no server and no network: it plays by double click."""

from __future__ import annotations

import base64
import html
import re
from dataclasses import dataclass
from pathlib import Path
from string import Template

from latex2mathml.converter import convert

from rbo_core.figures.player.bundle import bundle, style, theme
from rbo_core.figures.player.payload import pack
from rbo_core.figures.player.scene import Scene

TEMPLATE = Path(__file__).with_name("offline.html")
PLAY = """
const bytes = Uint8Array.from(atob("@SCENE"), (c) => c.charCodeAt(0));
const show = () => mount({ parentElement: document.getElementById("stage"), data: bytes, setTriggerValue() {} });
show();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
"""


@dataclass(frozen=True)
class Words:
    """What stands round the picture.

    heading: plain text. said: the sentence, as HTML (see ``story``). latex: equations, each on its own line. code: the
    Python that makes the picture. charts: further figures as SVG, for the light and for the dark theme. table: the
    numbers of a picture, a head and its rows, for who reads with the keyboard or by ear.
    """

    heading: str
    said: str = ""
    latex: tuple[str, ...] = ()
    code: str = ""
    charts: tuple[str, str] | None = None
    table: tuple[tuple[str, ...], ...] = ()


def offline_page(scene: Scene, words: Words, height: int = 520) -> str:
    """The player's page as HTML text. height: pixels of the plot on a wide screen."""
    play = PLAY.replace("@SCENE", base64.b64encode(pack(scene, height)).decode())
    # A closing tag inside a string of the modules would end the script.
    return page('<div id="stage"></div>', bundle().replace("</script", "<\\/script") + play, words, style())


def page(stage: str, script: str, words: Words, css: str = "") -> str:
    """An HTML page round a stage, in the app's colours. script: a module that fills the stage."""
    heading = html.escape(words.heading)
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=f"{heading} · Rolling-ball lab",
        heading=heading,
        theme=theme(":root"),
        style=css,
        stage=stage,
        body=_body(words),
        script=script,
    )


def _body(words: Words) -> str:
    body = f'<p class="said" role="status">{words.said}</p>' if words.said else ""
    body += "".join(f'<div class="equation">{convert(line, display="block")}</div>' for line in words.latex)
    if words.charts is not None:
        light, dark = (re.sub(r"^.*?(?=<svg)", "", chart, flags=re.DOTALL) for chart in words.charts)
        body += f'<div class="still light">{light}</div><div class="still dark">{dark}</div>'
    if words.table:
        head, *rows = words.table
        lines = [_row(head, "th"), *(_row(row, "td") for row in rows)]
        table = f'<div class="table"><table>{"".join(lines)}</table></div>'
        body += f"<details><summary>The numbers</summary>{table}</details>"
    if words.code:
        body += (
            "<details><summary>The Python that makes this picture</summary>"
            f"<pre><code>{html.escape(words.code)}</code></pre></details>"
        )
    return body


def _row(cells: tuple[str, ...], kind: str) -> str:
    first, *others = (html.escape(cell) for cell in cells)
    return f"<tr><th scope='row'>{first}</th>{''.join(f'<{kind}>{cell}</{kind}>' for cell in others)}</tr>"
