"""What `pip install .` asks for, read from requirements.txt, so that the list stands once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class RequirementsHook(MetadataHookInterface):
    """The part before the first ``# [extra]`` line is the project's own need, each later part that extra's."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Fill in dependencies and optional dependencies."""
        text = (Path(self.root) / "requirements.txt").read_text(encoding="utf-8")
        parts = re.split(r"^# \[(\w+)\].*$", text, flags=re.MULTILINE)
        metadata["dependencies"] = _lines(parts[0])
        metadata["optional-dependencies"] = {
            name: _lines(body) for name, body in zip(parts[1::2], parts[2::2], strict=True)
        }


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
