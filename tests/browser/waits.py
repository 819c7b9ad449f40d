"""Waiting for states of a page: what was asked of the server is answered, nothing moves, two pages show the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

READY = "[data-testid=stApp][data-test-connection-state=CONNECTED][data-test-script-state=notRunning]"

# Runs before a page's own scripts and reads along: which runs of the script the browser asked for (BackMsg.rerun_script
# is field 11), which began (ForwardMsg.new_session, 4) and which ended (ForwardMsg.script_finished, 6).
WIRE = """
window.labWire = { asked: false, running: 0 };
(() => {
  const fields = function* (bytes) {
    let at = 0;
    const varint = () => {
      let value = 0;
      for (let scale = 1; ; scale *= 128) {
        const byte = bytes[at++];
        value += (byte & 127) * scale;
        if (!(byte & 128)) return value;
      }
    };
    while (at < bytes.length) {
      const tag = varint(), kind = tag & 7;
      yield tag >> 3;
      if (kind === 5) at += 4;
      else if (kind === 1) at += 8;
      else {
        const told = varint(); // a number, or how long what follows is
        if (kind === 2) at += told;
      }
    }
  };
  const wire = window.labWire, Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...all) {
      super(...all);
      wire.asked = false;
      wire.running = 0;
      this.addEventListener("message", ({ data }) => {
        if (!(data instanceof ArrayBuffer)) return;
        for (const field of fields(new Uint8Array(data))) {
          if (field === 4) [wire.asked, wire.running] = [false, wire.running + 1];
          if (field === 6) wire.running = 0;
        }
      });
    }
    send(data) {
      if (ArrayBuffer.isView(data) && [...fields(data)].includes(11)) wire.asked = true;
      super.send(data);
    }
  };
})();
"""

ANSWERED = f"""() => !window.labWire?.asked && !window.labWire?.running && document.querySelector({READY!r})
  && !document.querySelector('[data-stale=true]')"""

# What goes on for ever, as a spinner, is no movement that ends.
STILL = """() => document.getAnimations().every(
  (one) => one.playState !== 'running' || one.effect?.getComputedTiming().iterations === Infinity)"""


def answered(page: Any) -> None:
    """Wait until no run of the script is asked for or under way, and what it drew is there."""
    page.wait_for_function(ANSWERED)


def at_rest(page: Any) -> None:
    """Wait until the page is answered and no colour, opacity or place is on its way to another value."""
    for _ in range(2):  # what comes to rest may set something else in motion
        answered(page)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        page.wait_for_function(STILL)


def comes_true(page: Any, true: Callable[[], bool], tries: int = 600) -> None:
    """Look again until what is asked of the page in several questions is true; fail when it never is."""
    for _ in range(tries):
        if true():
            return
        page.wait_for_timeout(100)
    assert true()
