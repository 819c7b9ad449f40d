"""``python -m rbo_core serve``: several servers of the app behind one address, for a course."""

from __future__ import annotations

import argparse
import os
import re
import secrets
import shutil
import signal
import socket
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from rbo_core.cli.app import environment, script
from rbo_core.serving.children import Child, answers, end_all, keep, wait_until_well
from rbo_core.serving.nginx import Front, sites, whole

MOST = 64
MISSING = (
    "serve needs nginx, which is not on the path: install it (Debian, Ubuntu: apt install nginx), or put the workers "
    "behind a proxy of your own: serve --no-proxy --worker-port 8601, and --print-config for its configuration"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--workers", type=int, default=2, help="servers of the app (default 2; one for each core)")
    port, base = os.environ.get("RBO_PORT") or "8501", os.environ.get("RBO_BASE_PATH", "")
    parser.add_argument("--port", type=int, default=port, help="where visitors come (RBO_PORT, else 8501)")
    parser.add_argument("--address", default="127.0.0.1", help="for whom; 0.0.0.0 lets other machines in")
    parser.add_argument(
        "--base-path", default=base, help="path below which the app lies, as lab/rolling-ball (RBO_BASE_PATH)"
    )
    parser.add_argument("--worker-port", type=int, help="the first worker's port, the others follow (default: any)")
    parser.add_argument("--check", action="store_true", help="say by the exit code whether it answers, and end")
    parser.add_argument("--no-proxy", action="store_true", help="only the workers: a proxy of your own stands before")
    parser.add_argument(
        "--print-config", action="store_true", help="print what belongs into your own nginx's http block, and end"
    )


def run(args: argparse.Namespace) -> int:
    """Serve until a signal ends it."""
    front = _front(args)
    if args.check:
        return 0 if answers(_health(front)) else 1
    if args.print_config:
        print(sites(front), end="")
        return 0
    nginx = None if args.no_proxy else shutil.which("nginx", path=search_path())
    if nginx is None and not args.no_proxy:
        raise ValueError(MISSING)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    with ExitStack() as stack:
        children = workers(front)
        stack.callback(end_all, children)
        for child in children:
            child.begin()
        wait_until_well(children)
        if nginx is not None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rolling-ball-serve-")))
            children.append(_proxy(nginx, front, folder))
            children[-1].begin()
            wait_until_well(children[-1:], 10.0)
        where = ", ".join(map(str, front.workers))
        before = f"http://{front.address}:{front.port}{front.root}" if nginx is not None else "no proxy of ours"
        print(f"{before}: {len(front.workers)} workers on ports {where}", file=sys.stderr, flush=True)
        keep(children)
    return 0


def workers(front: Front) -> list[Child]:
    """The app's servers, not yet begun: one data folder, one secret for the cookies of uploads."""
    shared = {
        **environment(),
        "STREAMLIT_SERVER_COOKIE_SECRET": secrets.token_hex(32),
        "STREAMLIT_SERVER_BASE_URL_PATH": front.base_path,
    }
    program = [sys.executable, "-m", "streamlit", "run", str(script()), "--server.headless", "true"]
    program += ["--server.address", "127.0.0.1", "--server.port"]
    return [
        Child(f"worker {k}", [*program, str(port)], shared, f"http://127.0.0.1:{port}{front.root}_stcore/health")
        for k, port in enumerate(front.workers)
    ]


def _proxy(nginx: str, front: Front, folder: Path) -> Child:
    # Begun by root, nginx gives its workers another user, who must be able to pass through here.
    folder.chmod(0o711)
    config = folder / "nginx.conf"
    config.write_text(whole(front, folder), encoding="utf-8")
    return Child("nginx", [nginx, "-e", "stderr", "-p", str(folder), "-c", str(config)], environment(), _health(front))


def _health(front: Front) -> str:
    asked = "127.0.0.1" if front.address == "0.0.0.0" else front.address
    return f"http://{asked}:{front.port}{front.root}_stcore/health"


def _front(args: argparse.Namespace) -> Front:
    """The checked options; ports that nobody named are free ones."""
    if not 1 <= args.workers <= MOST:
        raise ValueError(f"--workers must be from 1 to {MOST}, got {args.workers}")
    if not re.fullmatch(r"[A-Za-z0-9.-]+", args.address):
        raise ValueError(f"--address must be a name or an IPv4 address, got {args.address!r}")
    base = args.base_path.strip("/")
    if base and not re.fullmatch(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*", base):
        raise ValueError(f"--base-path must be made of letters, digits, - and _, got {args.base_path!r}")
    if not 1 <= args.port < 65536:
        raise ValueError(f"--port must be between 1 and 65535, got {args.port}")
    if args.worker_port is None and (args.print_config or args.no_proxy):
        raise ValueError("a proxy of your own must know the workers: name the first one's port, --worker-port 8601")
    if args.worker_port is None:
        ports = _free_ports(args.workers)
    else:
        ports = tuple(range(args.worker_port, args.worker_port + args.workers))
        if not 1 <= ports[0] <= ports[-1] < 65536:
            raise ValueError(f"--worker-port must leave {args.workers} ports below 65536, got {args.worker_port}")
    if not args.no_proxy and args.port in ports:
        raise ValueError(f"--worker-port and --port must differ, got {args.port} for both")
    front = Front(args.address, args.port, base, ports)
    if not (args.print_config or args.check):
        _require_free(front, with_proxy=not args.no_proxy)
    return front


def _require_free(front: Front, with_proxy: bool) -> None:
    for address, port in [
        *([(front.address, front.port)] if with_proxy else []),
        *(("127.0.0.1", p) for p in front.workers),
    ]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as problem:
                raise ValueError(
                    f"cannot listen on {address}:{port}: {problem.strerror}; choose another port"
                ) from None


def _free_ports(count: int) -> tuple[int, ...]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return tuple(probe.getsockname()[1] for probe in probes)


def search_path() -> str:
    """Where programs are looked for: Debian keeps nginx where only root looks."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
