"""Pure Plotly figure builders, usable from a notebook: no Streamlit here."""
