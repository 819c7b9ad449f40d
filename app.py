"""Home, and the server: `streamlit run app.py` takes the server from here, which runs this file again for a visitor."""

import streamlit as st
from starlette.middleware import Middleware

from pages.home.kept import Kept
from pages.home.needed import later, needed
from pages.home.page import home
from pages.home.picture_first import PictureFirst
from pages.shared.first_paint import FirstPaint

if __name__ == "__main__":
    home()
else:
    base = st.get_option("server.baseUrlPath")
    kept, first = Middleware(Kept, base=base), Middleware(FirstPaint, base=base, modules=needed, later=later)
    app = st.App(__file__, middleware=[kept, first, Middleware(PictureFirst)])
