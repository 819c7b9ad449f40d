"""What stands round every page: undo and redo, links with a QR code, keys, a skip link, and the address itself."""

from pages.shared.chrome.component import chrome

__all__ = ["chrome"]
