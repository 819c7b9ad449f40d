"""The player: what it shows, as plain data, its binary message, and its web modules. Free of Streamlit."""

from pathlib import Path

WEB = Path(__file__).with_name("web")
"""The browser side: JavaScript modules and a style sheet, fed with the message of ``payload.pack``."""
