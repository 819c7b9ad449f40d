// Several curves side by side under one clock, each with its own heading and captions.

import { CurveView } from "./curve.js";

export class PanelsView {
  constructor(parent, actions) {
    this.parent = parent;
    this.actions = { ...actions, click: () => {} };
    this.views = [];
    parent.replaceChildren();
    this.grid = document.createElement("div");
    this.grid.className = "rbp-panels";
    parent.append(this.grid);
  }

  load(scene) {
    while (this.views.length < scene.panels.length) {
      const figure = document.createElement("figure");
      const heading = document.createElement("figcaption");
      const words = document.createElement("p");
      const canvas = Object.assign(document.createElement("canvas"), { className: "rbp-view" });
      figure.append(heading, words, canvas);
      this.grid.append(figure);
      this.views.push({ heading, words, captions: [], view: new CurveView(canvas, this.actions) });
    }
    scene.panels.forEach((panel, i) => {
      this.views[i].heading.textContent = panel.title;
      this.views[i].captions = panel.captions;
      this.views[i].view.load({ ...panel, captions: [] });
    });
    // one scale for all, or their balls could not be compared
    const ranges = this.views.map(({ view }) => view.range);
    const range = [Math.min(...ranges.map((r) => r[0])), Math.max(...ranges.map((r) => r[1]))];
    for (const { view } of this.views) Object.assign(view, { range, slope: true });
  }

  draw(frame, theme) {
    for (const { view, words, captions } of this.views) {
      view.draw(frame, theme);
      const text = captions.filter(([at]) => frame >= at).pop()?.[1] ?? "";
      if (words.textContent !== text) words.textContent = text;
    }
  }

  setZoom(factor) {
    for (const { view } of this.views) view.setZoom(factor);
  }

  get aspect() {
    return 1;
  }

  dispose() {}
}
