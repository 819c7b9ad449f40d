"""Pure figure builders and the player's scenes, usable from a notebook: no Streamlit here."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rbo_core.figures.playing import OfflinePage, play

__all__ = ["OfflinePage", "play"]


def __getattr__(name: str) -> Any:
    """Loaded when first asked for: who wants the player's files alone does not wait for a kernel."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from rbo_core.figures import playing

    return getattr(playing, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
