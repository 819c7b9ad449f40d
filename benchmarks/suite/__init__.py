"""The parts of `python -m benchmarks`: each module's `run(quick)` returns a `Report`."""
