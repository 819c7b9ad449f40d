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


@dataclass(frozen=True)
class Words:
    """What stands round the picture.

    heading: plain text. said: the sentence, as HTML (see ``story``). latex: equations, each on its own line. code: the
    Python that makes the picture. charts: further figures as SVG, for the light and for the dark theme.
    """

    heading: str
    said: str = ""
    latex: tuple[str, ...] = ()
    code: str = ""
    charts: tuple[str, str] | None = None


def offline_page(scene: Scene, words: Words, height: int = 520) -> str:
    """The page as HTML text. height: pixels of the plot on a wide screen."""
    body = f'<p class="said" role="status">{words.said}</p>' if words.said else ""
    body += "".join(f'<div class="equation">{convert(line, display="block")}</div>' for line in words.latex)
    if words.charts is not None:
        light, dark = (re.sub(r"^.*?(?=<svg)", "", chart, flags=re.DOTALL) for chart in words.charts)
        body += f'<div class="still light">{light}</div><div class="still dark">{dark}</div>'
    if words.code:
        body += (
            "<details><summary>The Python that makes this picture</summary>"
            f"<pre><code>{html.escape(words.code)}</code></pre></details>"
        )
    heading = html.escape(words.heading)
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=f"{heading} · Rolling-ball lab",
        heading=heading,
        theme=theme(":root"),
        style=style(),
        body=body,
        # A closing tag inside a string of the modules would end the script.
        script=bundle().replace("</script", "<\\/script"),
        scene=base64.b64encode(pack(scene, height)).decode(),
    )
