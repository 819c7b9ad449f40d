// Pointer, touch and wheel on the 3-D view: one finger turns, two zoom and slide, a press without movement is a click.

import { spot, strayed } from "./extent.js";
import { cursorFor } from "./grip.js";

export class Turntable {
  constructor(canvas, view, actions) {
    Object.assign(this, { canvas, view, actions, pointers: new Map(), moved: false });
    const at = (e) => spot(e, canvas);
    canvas.addEventListener("pointerdown", (e) => {
      if (e.button > 2) return;
      canvas.setPointerCapture?.(e.pointerId);
      const p = at(e);
      if (this.pointers.size === 0) {
        Object.assign(this, { moved: false, pressed: e, first: p, button: e.button, shift: e.shiftKey });
        this.grip = e.button === 0 && !e.shiftKey ? view.gripAt(p, e.pointerType === "mouse" ? 7 : 16) : null;
      } else {
        this.moved = true; // a second finger never clicks
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
      this.moved ||= strayed(this.pressed, e);
      if (this.moved && this.grip) view.pull(this.grip, p);
      else if (this.moved) this.drag(e.pointerId, before, p);
      if (this.moved) this.pointers.set(e.pointerId, p);
      actions.redraw();
    });
    const end = (e) => {
      const was = this.pointers.delete(e.pointerId);
      if (was && this.grip && e.type !== "pointerup") this.letGo();
      if (was && this.grip && this.moved) view.release(this.grip);
      this.grip = null;
      if (!was || e.type !== "pointerup" || this.pointers.size || this.moved || this.button !== 0) return;
      const point = view.scene.clickable ? view.pick(...this.first) : null;
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
