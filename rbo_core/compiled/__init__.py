"""A method's step as one compiled loop: the third world, beside NumPy and torch, in which the one step runs.

    step(objective, state)  ──recorded once──►  Tape  ──encoded──►  Program  ──►  machine
    (rolling.py, points.py)   on Symbols         (symbols.py)        (program.py)   (machine.py, compiled)

The mathematics is not written a second time: a step calls the surface and does arithmetic, and on arrays that only note
what is done to them it leaves the list of its operations. The machine goes through that list for every step of a run,
with the surface's own kernel, and does the same IEEE operations in the same order: the run has the stepwise run's bits.
"""
