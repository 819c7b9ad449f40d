"""What a page gave to the browser's plots."""

from __future__ import annotations

import json
from typing import Any

from streamlit.testing.v1 import AppTest


def drawn(page: AppTest) -> dict[str, list[dict[str, Any]]]:
    """Figures as plain JSON (data, layout) by the key of their block of plots."""
    found = {}
    for element in page.get("bidi_component"):
        if element.proto.component_name.endswith("lab_plots"):
            message = json.loads(element.proto.bytes)
            key = element.proto.id.rsplit("-", 1)[-1]
            found[key] = [
                {"data": json.loads(data), "layout": json.loads(layout)} for data, layout in message["figures"]
            ]
    return found
