"""Results: every stored training run, and the paper's table with ours beside it."""

import streamlit as st

from pages.results import paper
from pages.shared import network_runs, plots
from pages.shared.controls import choice
from pages.shared.downloads import download
from pages.shared.page import group, how_it_works, is_dark, link, open_page, sentence, show_error
from pages.shared.run_table import curves, listing, number_formats, per_epoch
from pages.shared.run_view import largest_task, told_apart
from pages.shared.verdict import verdict
from pages.shared.widgets import several
from rbo_core.figures.curves import MAIN, QUANTITIES, curves_figure

EXPLANATION = """
**One store.** Runs of the page Train and of `python -m rbo_core train` lie in the same file (in `RBO_DATA_DIR`, by
default `./runs`), so what one makes the other shows; `compare` keeps its runs there with `--store runs`.

**Compare.** Tick runs in the list: their curves are drawn together, the mean over seeds with its 95 % interval by
Student's t, and they are what is exported or deleted. With nothing ticked, the picture has the runs of the task that
most of them share, and all listed runs are exported.

**The paper's table** is arXiv 2505.19527, a preprint. *Here* is, for every method, its best stored group of equal
settings without label noise: the mean over its seeds. Choosing the best of many groups by its test accuracy flatters a
method that was tried more often: `compare` chooses by validation accuracy on equal grids.
"""

open_page("Results", "All stored runs: filter them, tick some to compare, and set them beside the paper's table.")
runs, unreadable = network_runs.all_runs()
if unreadable:
    show_error(f"The store of runs cannot be read: {unreadable}")
    st.stop()


TITLES = {"data": network_runs.DATA, "model": network_runs.MODELS}


def kinds(name: str) -> dict[str, str]:
    """The values of a column that occur, as options."""
    found = sorted({str(getattr(run, name)) for run in runs})
    return {value: TITLES.get(name, {}).get(value, value) for value in found}


with st.sidebar:
    group("Filter")
    shown = runs
    for name, title in (("data", "Data"), ("model", "Network"), ("label", "Method"), ("state", "State")):
        options = kinds(name)
        picked = several(title, f"only_{name}", options, ()) if len(options) > 1 else ()
        shown = [run for run in shown if not picked or str(getattr(run, name)) in picked]
    group("Picture")
    quantity = choice("Shown", "quantity", {name: QUANTITIES[name].title.capitalize() for name in MAIN})
    axis = choice("Against", "axis", {"gradients": "Gradients", "epoch": "Epochs", "seconds": "Seconds"})


@st.dialog("Delete runs?")
def confirm_deletion(ids: list[str]) -> None:
    """Ask before anything is lost."""
    what = "1 run with its" if len(ids) == 1 else f"{len(ids)} runs with their"
    st.write(f"{what} curves and parameters will be gone for good.")
    with st.container(horizontal=True):
        if st.button("Delete", type="primary", key="delete_now"):
            network_runs.delete(ids)
            st.rerun()
        if st.button("Keep them", key="keep"):
            st.rerun()


if not runs:
    st.info("No run is stored yet. Train some networks on the page Train, or with `python -m rbo_core train`.")
    link("Train", "Open the page Train")
elif not shown:
    st.info("No run passes these filters.")
else:
    plot = st.container()
    table = listing(shown)
    # The rows that are ticked are remembered by position, so another selection of rows needs another table.
    state = st.dataframe(
        table,
        hide_index=True,
        key=f"runs_{hash(tuple(table['id'])) & 0xFFFFFFFF:x}",
        height=min(420, 38 + 35 * len(table)),
        on_select="rerun",
        selection_mode="multi-row",
        placeholder="–",
        column_config={
            **number_formats(table),
            "method": st.column_config.TextColumn(width="medium"),
            "made": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
            "label noise": st.column_config.NumberColumn(format="percent"),
            "epochs": st.column_config.NumberColumn(format="%d"),
        },
    )
    rows = list(state.selection.rows) if state else []
    ids = list(table["id"].iloc[rows]) if rows else list(table["id"])
    ticked = [run for run in shown if run.id in set(ids)]
    with plot:
        # The legend has the same order as on the page Train.
        drawn = ticked if rows else largest_task(ticked)
        drawn = sorted(told_apart(drawn), key=lambda run: (network_runs.rank(run), run.label))
        lines = curves(drawn, quantity, axis)
        if lines:
            figure = curves_figure(lines, quantity, axis, is_dark(), 380)
            plots.show([figure], "results_curves")
        if len({run.task for run in drawn}) == 1:
            said = f" Drawn: {drawn[0].task_title} ({len(drawn)} of {len(shown)} runs); tick others to compare them."
            sentence(verdict(drawn) + ("" if rows else said), runs=str(len(ids)))
        else:
            said = f"{len(rows)} of {len(shown)} runs ticked; they are of different tasks, so no winner is named."
            sentence(said, runs=str(len(ids)))
    with st.container(horizontal=True):
        chosen = table[table["id"].isin(ids)]
        epochs = per_epoch(ticked)
        download("Runs (CSV)", lambda: chosen, "runs.csv", "runs_csv")
        download("Runs (Parquet)", lambda: chosen, "runs.parquet", "runs_parquet")
        download("Every epoch (CSV)", lambda: epochs, "epochs.csv", "epochs_csv", disabled=not len(epochs))
        download("Every epoch (Parquet)", lambda: epochs, "epochs.parquet", "epochs_parquet", disabled=not len(epochs))
        alive = any(run.state == "running" for run in ticked)
        if st.button(
            f"Delete {len(rows)} ticked" if rows else "Delete",
            key="delete",
            disabled=not rows or alive,
            help="Cancel the job on the page Train first: a ticked run is still training." if rows and alive else None,
        ):
            confirm_deletion(ids)

st.subheader("The paper's Table 1, and ours")
st.caption("Test accuracy in percent. Ours: mean ± 95 % interval over n seeds of the best stored settings.")
table = paper.beside(runs)
names = {**network_runs.DATA, **network_runs.MODELS}
table["data"], table["model"] = table["data"].replace(names), table["model"].replace(names)
st.dataframe(
    table.style.apply(lambda row: ["font-weight: 600" if row["source"] == "here" else ""] * len(row), axis=1),
    hide_index=True,
    key="paper_table",
    height="content",
    column_config={name: st.column_config.TextColumn(width=150) for name in paper.METHODS.values()},
)
st.markdown(paper.HONEST)
how_it_works(EXPLANATION)
