// Pointer, touch and wheel on the 3-D view: one finger turns, two zoom and slide, a press without movement is a click.

import { spot } from "./extent.js";
import { cursorFor } from "./grip.js";

const CLICK = 5; // px of movement that make a press a drag

export class Turntable {
  constructor(canvas, view, actions) {
    Object.assign(this, { canvas, view, actions, pointers: new Map(), travelled: 0 });
    const at = (e) => spot(e, canvas);
    canvas.addEventListener("pointerdown", (e) => {
      if (e.button > 2) return;
      canvas.setPointerCapture?.(e.pointerId);
      const p = at(e);
      if (this.pointers.size === 0) {
        Object.assign(this, { travelled: 0, first: p, button: e.button, shift: e.shiftKey });
        this.grip = e.button === 0 && !e.shiftKey ? view.gripAt(p, e.pointerType === "mouse" ? 7 : 16) : null;
      } else {
        this.travelled = CLICK; // a second finger never clicks
        this.letGo();
      }
      this.pointers.set(e.pointerId, p);
      view.hover = null;
    });
    canvas.addEventListener("pointermove", (e) => {
      const p = at(e);
      const before = this.pointers.get(e.pointerId);
      if (!before) {
        if (e.pointerType === "mouse") this.hover(p);
        return;
      }
      this.travelled = Math.max(this.travelled, Math.hypot(p[0] - this.first[0], p[1] - this.first[1]));
      if (this.travelled >= CLICK && this.grip) view.pull(this.grip, p);
      else if (this.travelled >= CLICK) this.drag(e.pointerId, before, p);
      if (this.travelled >= CLICK || this.pointers.size > 1) this.pointers.set(e.pointerId, p);
      actions.redraw();
    });
    const end = (e) => {
      const was = this.pointers.delete(e.pointerId);
      if (was && this.grip && e.type !== "pointerup") this.letGo();
      if (was && this.grip && this.travelled >= CLICK) view.release(this.grip);
      this.grip = null;
      if (!was || e.type !== "pointerup" || this.pointers.size || this.travelled >= CLICK || this.button !== 0) return;
      const point = view.scene.clickable ? view.pick(...at(e)) : null;
      if (point) actions.click([point[0], point[1]]);
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
    canvas.addEventListener("pointerleave", () => this.hover(null));
    canvas.addEventListener("contextmenu", (e) => e.preventDefault());
    canvas.addEventListener("dblclick", () => view.setZoom(0));
    canvas.addEventListener("wheel", (e) => {
      // the plain wheel belongs to the page until one has started to handle the scene
      if (!e.ctrlKey && !e.metaKey && !canvas.closest(".rbp-stage")?.contains(canvas.getRootNode().activeElement)) return;
      e.preventDefault();
      view.setZoom(Math.exp(-e.deltaY * 0.0016));
    }, { passive: false });
  }

  letGo() {
    if (this.grip) this.view.letGo(this.grip);
    this.grip = null;
  }

  hover(p) {
    const { view } = this;
    view.grip = p && view.scene ? view.gripAt(p, 7) : null;
    this.canvas.style.cursor = cursorFor(view.grip);
    view.hover = p && !view.grip && view.scene?.clickable ? view.pick(...p) : null;
    this.actions.redraw();
  }

  drag(id, before, p) {
    const { camera, height } = this.view;
    const [dx, dy] = [p[0] - before[0], p[1] - before[1]];
    if (this.pointers.size === 1) {
      if (this.shift || this.button === 2) camera.slide(dx, dy, height);
      else camera.turn(dx * 0.008, dy * 0.008);
      return;
    }
    const other = [...this.pointers].find(([key]) => key !== id)[1];
    const gap = (q) => Math.hypot(q[0] - other[0], q[1] - other[1]) || 1;
    camera.zoom = Math.min(Math.max((camera.zoom * gap(p)) / gap(before), 0.4), 60);
    camera.slide(dx / 2, dy / 2, height);
  }
}
