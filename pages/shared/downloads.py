"""Downloads: what is on the screen, as a file anyone can open; it is made only when the button is pressed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:  # a table is made when the button is pressed
    import pandas as pd

TYPES = {
    "csv": "text/csv",
    "html": "text/html",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "svg": "image/svg+xml",
}


def download(
    label: str, table: Callable[[], pd.DataFrame | str | bytes], file_name: str, key: str, disabled: bool = False
) -> None:
    """A button that hands out a table as CSV or Parquet, by the file's ending, or a text or bytes as they are."""
    st.download_button(
        label,
        data=lambda: as_bytes(table(), file_name),
        file_name=file_name,
        mime=TYPES[file_name.rpartition(".")[2]],
        key=key,
        on_click="ignore",
        disabled=disabled,
    )


def as_bytes(table: pd.DataFrame | str | bytes, file_name: str) -> bytes:
    """The file of that name."""
    if isinstance(table, bytes):
        return table
    if isinstance(table, str):
        return table.encode()
    return table.to_parquet(index=False) if file_name.endswith(".parquet") else table.to_csv(index=False).encode()
