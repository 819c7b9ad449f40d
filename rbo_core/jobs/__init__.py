"""Background jobs: commands of this program run as subprocesses from an SQLite queue.

Put a job into the queue, from anywhere::

    queue = jobs.Queue()                                   # RBO_DATA_DIR/jobs.sqlite
    job = queue.submit("sweep", ["sweep", jobs.CONFIG], config={...}, owner=visitor, title="40 × 40 radii")
    queue.get(job.id).state                                # queued, running, done, failed, cancelled, interrupted

One `Dispatcher` per server starts them (hold it in ``st.cache_resource``)::

    dispatcher = jobs.Dispatcher(queue)
    dispatcher.start()

and the command itself says how far it is, and learns whether it should stop::

    report = jobs.reporter()                               # does nothing outside a job
    if report(done, total, "epoch 3"):                     # True: somebody cancelled
        ...
"""

from rbo_core.jobs.dispatcher import Dispatcher
from rbo_core.jobs.queue import CONFIG, FINISHED, Job, Queue
from rbo_core.jobs.reporter import Reporter, reporter

__all__ = ["CONFIG", "FINISHED", "Dispatcher", "Job", "Queue", "Reporter", "reporter"]
