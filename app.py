"""Home: what the lab is, one animation, the way in."""

from pages.shared.page import open_page

open_page("Home", "A ball rolls over a loss surface and does not fall into wrinkles narrower than itself.")
