"""Import this first on a page that trains networks: without their packages the page says what to install, and stops.

Streamlit runs a page's imports at every visit until they succeed, so the message is there every time.
"""

from importlib.util import find_spec

import streamlit as st

from pages.shared.page import open_page
from rbo_core.cli import NETWORK_PACKAGES, PIP

missing = [name for name in NETWORK_PACKAGES if find_spec(name) is None]
if missing:
    packages = " ".join(PIP.get(name, name) for name in missing)
    open_page("Networks", "Real networks on real data.")
    st.error(
        f"The pages with networks need {', '.join(missing)}: run `pip install {packages}` "
        "where this server runs, and start it again. All other pages work without."
    )
    st.stop()
