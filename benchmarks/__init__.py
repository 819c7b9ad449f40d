"""Speed, always as ratios within one run: `python -m benchmarks` measures everything, the modules one subject each."""
