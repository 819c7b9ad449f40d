"""The nginx configuration that spreads visitors over servers of the app and keeps each visitor at one of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

COOKIE = "rbo_worker"
UPLOAD_MEGABYTES = 25  # a little more than Streamlit takes, so that it is Streamlit that says so
HELD = "1d"  # an idle tab keeps its connection


@dataclass(frozen=True)
class Front:
    """What visitors see: where the proxy listens, and below which path the app lies ("" or "lab/rolling-ball").

    workers: ports of the app's servers on the loopback address.
    """

    address: str
    port: int
    base_path: str
    workers: tuple[int, ...]

    @property
    def root(self) -> str:
        """The app's own path, "/" or "/lab/"."""
        return f"/{self.base_path}/" if self.base_path else "/"


def sites(front: Front) -> str:
    """The part that belongs into nginx's ``http`` block, where a proxy runs already: upstreams and one server.

    A browser without the cookie goes to the next server in turn, and the answer's cookie names that one. From then on
    all its requests go there, for a session lives in one process; while that one is gone the others stand in.
    """
    redirect = f"\n    location = / {{ return 302 {front.root}; }}" if front.base_path else ""
    return f"""map $cookie_{COOKIE} $rbo_pool {{
    default rbo_any;
{_lines(f"{_name(k)} {_pool(k)};" for k in range(len(front.workers)))}
}}
map $upstream_addr $rbo_chosen {{
    default "";
{_lines(f'"~{_server(port).replace(".", chr(92) + ".")}$" {_name(k)};' for k, port in enumerate(front.workers))}
}}
map "$cookie_{COOKIE}:$rbo_chosen" $rbo_cookie {{
    default "{COOKIE}=$rbo_chosen; Path={front.root}; HttpOnly; SameSite=Lax";
    "~:$" "";
    "~^(w[0-9]+):\\1$" "";
}}
map $http_upgrade $rbo_connection {{ default upgrade; "" close; }}
{_upstreams(front)}
server {{
    listen {front.address}:{front.port};
    absolute_redirect off;
    client_max_body_size {UPLOAD_MEGABYTES}m;{redirect}
    location {front.root} {{
        proxy_pass http://$rbo_pool;
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $rbo_connection;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_buffering off;
        proxy_connect_timeout 5s;
        proxy_read_timeout {HELD};
        proxy_send_timeout {HELD};
        add_header Set-Cookie $rbo_cookie always;
    }}
}}
"""


def whole(front: Front, folder: Path) -> str:
    """A complete configuration for an nginx of our own, which writes into ``folder`` alone and needs no rights."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "\n".join(f'    {kind}_temp_path "{folder / kind}";' for kind in kinds)
    http = "\n".join(f"    {line}" if line else "" for line in sites(front).splitlines())
    return f"""daemon off;
worker_processes 1;
pid "{folder / "nginx.pid"}";
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    server_tokens off;
{places}
{http}
}}
"""


def _upstreams(front: Front) -> str:
    """A pool of all servers in turn, and one for each server in which the others are its understudies."""
    everybody = _lines(f"server {_server(port)} max_fails=1 fail_timeout=2s;" for port in front.workers)
    pools = [f"upstream rbo_any {{\n{everybody}\n}}"]
    for k, port in enumerate(front.workers):
        others = [f"server {_server(other)} backup;" for other in front.workers if other != port]
        own = [f"server {_server(port)} max_fails=1 fail_timeout=2s;", *others]
        pools.append(f"upstream {_pool(k)} {{\n{_lines(own)}\n}}")
    return "\n".join(pools)


def _server(port: int) -> str:
    return f"127.0.0.1:{port}"


def _name(k: int) -> str:
    return f"w{k}"


def _pool(k: int) -> str:
    return f"rbo_{_name(k)}"


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)
