"""How much slower another visitor's page gets while a job trains: median rerun of Roll, idle and beside a job.

    .venv/bin/python benchmarks/bench_pages_beside_job.py [--reruns 30]

Prints both medians and their ratio, measured in one run (the goal is a ratio below 1.5). Idle and busy blocks
alternate, so that other load on the machine counts for both.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
BLOCKS = 3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reruns", type=int, default=30)
    reruns = parser.parse_args().reruns
    logging.disable(logging.WARNING)
    from streamlit.testing.v1 import AppTest

    from rbo_core.jobs import CONFIG, Dispatcher, Queue

    with tempfile.TemporaryDirectory() as folder:
        os.environ["RBO_DATA_DIR"] = folder
        queue = Queue()
        dispatcher = Dispatcher(queue)
        dispatcher.start()
        page = AppTest.from_file(str(ROOT / "pages" / "1_Roll.py"), default_timeout=60).run()
        turn = iter(range(10**6))

        def block() -> list[float]:
            times = []
            for _ in range(reruns // BLOCKS):
                box = page.number_input("radius")
                box.set_value(0.3 + 0.0001 * next(turn))
                begin = time.perf_counter()
                page.run()
                times.append(time.perf_counter() - begin)
            return times

        block()
        idle: list[float] = []
        busy: list[float] = []
        runs = [{"gradient_budget": 10**7, "method": "sgd", "diagnostics": "none"}]
        for _ in range(BLOCKS):
            idle += block()
            job = queue.submit("train", ["train", CONFIG, "--json"], config={"runs": runs}, resumable=False)
            while queue.get(job.id).done <= 0:
                time.sleep(0.2)
            busy += block()
            queue.cancel(job.id)
            while queue.get(job.id).active:
                time.sleep(0.2)
        dispatcher.stop()
        queue.close()
    quiet, loaded = statistics.median(idle), statistics.median(busy)
    print(f"idle {1e3 * quiet:.0f} ms, beside a job {1e3 * loaded:.0f} ms, ratio {loaded / quiet:.2f}")


if __name__ == "__main__":
    main()
