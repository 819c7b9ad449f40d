// The pointer on the 2-D view: the ball taken by its rim or body, a place clicked, a curve drawn, the picture moved.

import { spot, strayed } from "./extent.js";
import { cursorFor, gripOn, pulled } from "./grip.js";

const TWICE = 280; // ms in which a second click makes a double one

function gripAt(view, x, y, reach) {
  const circle = view.circle(view.actions.frame());
  if (!circle) return null;
  const body = view.scene.drawing ? Math.min(circle.size, 24) : circle.size; // a large ball leaves room to draw
  return gripOn(view.scene, circle, [x, y], reach, body);
}

function pull(view, grip, x, y) {
  if (grip.part === "rim") {
    view.actions.radius(pulled(grip, x, y));
    return;
  }
  const [low, high] = view.scene.bounds[0];
  view.held = { x: Math.min(Math.max(view.toX(x - grip.dx), low), high), radius: grip.radius };
  view.actions.redraw();
}

function release(view, grip) {
  if (grip.part === "rim") {
    view.actions.chosen();
    return;
  }
  if (view.held) view.actions.click([view.held.x]);
  view.held = null;
  view.actions.redraw();
}

export function listen(view) {
  const canvas = view.canvas;
  let down = null;
  let tap = 0;
  const at = (e) => spot(e, canvas);
  const inside = (x) => x >= view.scene.bounds[0][0] && x <= view.scene.bounds[0][1];
  canvas.addEventListener("pointerdown", (e) => {
    if (e.button !== 0) return;
    const [x, y] = at(e);
    down = { x, y, clientX: e.clientX, clientY: e.clientY, pan: [...view.pan], moved: false };
    const reach = e.pointerType === "mouse" ? 7 : 16;
    const pen = view.scene.drawing ? view.pencil : null;
    const knot = pen ? pen.at(x, y, reach + 2) : -1;
    down.knot = knot >= 0;
    if (down.knot) pen.take(knot);
    else down.grip = gripAt(view, x, y, reach);
    down.pen = pen && !down.grip ? pen : null;
    canvas.setPointerCapture?.(e.pointerId);
  });
  canvas.addEventListener("pointermove", (e) => {
    const [x, y] = at(e);
    if (down) {
      if (strayed(down, e)) down.moved = true;
      if (down.moved && down.pen) {
        if (!down.pen.gesture) {
          down.pen.begin();
          down.pen.move(down.x, down.y);
        }
        down.pen.move(x, y);
        return;
      }
      if (down.moved && down.grip) {
        pull(view, down.grip, x, y);
        return;
      }
      if (down.moved && view.zoom > 1) {
        view.pan = [down.pan[0] - (x - down.x) / view.k, down.pan[1] + (y - down.y) / view.k];
        view.actions.redraw();
      }
      return;
    }
    const grip = view.toX && e.pointerType === "mouse" ? gripAt(view, x, y, 7) : null;
    canvas.style.cursor = cursorFor(grip);
    if (grip?.part !== view.grip?.part) {
      view.grip = grip;
      view.actions.redraw();
    }
    const value = view.toX && !grip ? view.toX(x) : null;
    const next = e.pointerType === "mouse" && value !== null && inside(value) ? value : null;
    if (next !== view.hover) {
      view.hover = next;
      view.actions.redraw();
    }
  });
  canvas.addEventListener("pointerleave", () => {
    view.hover = view.grip = null;
    view.actions.redraw();
  });
  canvas.addEventListener("pointercancel", () => {
    if (down?.grip?.part === "rim" && down.moved) view.actions.settle();
    down?.pen?.cancel();
    down = view.held = null;
    view.actions.redraw();
  });
  canvas.addEventListener("pointerup", (e) => {
    if (!down) return;
    const moved = down.moved || strayed(down, e);
    const { pen, knot, x } = down;
    const grip = moved ? down.grip : null;
    down = null;
    pen?.up(moved);
    if ((pen && moved) || knot) return;
    if (grip) {
      release(view, grip);
      return;
    }
    if (moved || !view.scene.clickable) return;
    const value = view.toX(x);
    if (!inside(value)) return;
    if (!pen) view.actions.click([value]);
    else tap = setTimeout(() => view.actions.click([value]), TWICE);
  });
  canvas.addEventListener("wheel", (e) => {
    if (!e.ctrlKey && !e.metaKey) return; // the plain wheel scrolls the page
    e.preventDefault();
    view.setZoom(Math.exp(-e.deltaY * 0.004));
  }, { passive: false });
  canvas.addEventListener("dblclick", (e) => {
    clearTimeout(tap);
    if (view.scene.drawing) view.pencil.twice(...at(e), 16);
    else if (view.zoom > 1) view.setZoom(0);
  });
}
