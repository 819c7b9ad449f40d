"""Results: every stored training run, and the paper's table with ours beside it."""

import pages.shared.needs_networks  # noqa: F401  # isort: skip
import streamlit as st

from pages.results import helps, listing, notes, paper
from pages.shared import budgets, network_runs, plots
from pages.shared.curve_choice import curve_choice
from pages.shared.downloads import download
from pages.shared.page import group, how_it_works, is_dark, link, open_page, sentence, show_error
from pages.shared.run_table import means, per_epoch
from pages.shared.take_away import take_away
from rbo_core.figures.contests import verdict

EXPLANATION = """
**One store.** Runs of the page Train and of `python -m rbo_core train` lie in the same file (in `RBO_DATA_DIR`, by
default `./runs`), so what one makes the other shows.

**Compare.** Tick runs in the list: their curves are drawn together, the mean over seeds with its 95 % interval by
Student's t, and they are what is exported or deleted. With nothing ticked, the picture has the runs of the task that
most of them share, and all listed runs are exported.

**Means** come first: runs that differ by their seed alone are one row, with the 95 % interval of their mean. A name and
a note for a run are kept in its record; the filter finds their words.

**The paper's table** is arXiv 2505.19527, a preprint. *Here* is, for every method, its best stored group of equal
settings without label noise: the mean over its seeds. Choosing the best of many groups by its test accuracy flatters a
method that was tried more often: `compare` chooses by validation accuracy in boxes of equal size.
"""

open_page("Results", "All stored runs: filter them, tick some to compare, and set them beside the paper's table.")
runs, unreadable = network_runs.all_runs()
if unreadable:
    show_error(f"The store of runs cannot be read: {unreadable}")
    st.stop()

with st.sidebar:
    group("Filter")
    shown = listing.filtered(runs)
    group("Picture")
    quantity, axis = curve_choice()

if not runs:
    st.info("No run is stored yet. Train some networks on the page Train, or with `python -m rbo_core train`.")
    link("Train", "Open the page Train")
elif not shown:
    st.info("No run passes these filters.")
else:
    plot = st.container(key="results_stage")
    plot.empty()  # Streamlit leaves out a container while nothing is in it: no room would be kept
    st.header("Means over seeds")
    table = means(shown)
    st.dataframe(
        table, hide_index=True, key="means", column_config=listing.formats(table), placeholder="–",
        height=min(420, 38 + 35 * len(table)),
    )  # fmt: skip
    st.header("Single runs")
    seen = listing.ticked(shown)
    with plot:
        if (figure := listing.picture(seen, quantity, axis, is_dark())) is not None:
            plots.show([figure], "results_curves")
        sentence(listing.what_is_drawn(seen), runs=str(len(seen.runs)))
    with st.container(horizontal=True, key="take_away"):
        chosen = seen.table[seen.table["id"].isin(seen.ids)]
        epochs = per_epoch(seen.runs)
        download("Runs (CSV)", lambda: chosen, "runs.csv", "runs_csv")
        download("Runs (Parquet)", lambda: chosen, "runs.parquet", "runs_parquet")
        download("Every epoch (CSV)", lambda: epochs, "epochs.csv", "epochs_csv", disabled=not len(epochs))
        download("Every epoch (Parquet)", lambda: epochs, "epochs.parquet", "epochs_parquet", disabled=not len(epochs))
        take_away(listing.takings(seen, quantity, axis))
        notes.note_button(seen)
        listing.delete_button(seen)
    st.header("Differences of settings")
    if seen.count > 1:
        differences = notes.differing(seen.runs)
        if len(differences.columns) > 1:
            st.dataframe(differences, hide_index=True, key="differing")
        else:
            st.caption("The ticked runs have the same settings throughout.")
    else:
        st.caption("Tick two or more runs to see only the settings in which they differ.")

st.header("Does a ball help?")
sentence(verdict(helps.told()))
with st.container(key="helps"):
    plots.show(budgets.pictures(is_dark()), "helps_curves", columns=2)
with st.container(key="helps_numbers"):
    st.dataframe(helps.table(), hide_index=True, key="helps_table", height="content")
st.caption(helps.HOW)
if not shown:  # one row of these buttons a page: with runs it is theirs
    with st.container(horizontal=True, key="take_away"):
        take_away(helps.takings())

st.header("The paper's Table 1, and ours")
st.caption("Test accuracy in percent. Ours: mean ± 95 % interval over n seeds of the best stored settings.")
with st.container(key="paper"):
    st.dataframe(
        paper.readable(paper.beside(runs)),
        hide_index=True,
        key="paper_table",
        height="content",
        column_config={name: st.column_config.TextColumn(width=150) for name in paper.METHODS.values()},
    )
st.markdown(paper.HONEST)
how_it_works(EXPLANATION)
