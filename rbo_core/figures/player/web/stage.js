// The views of a scene's kind, and how they share the player's room.

import { ContourView } from "./contour.js";
import { CurveView } from "./curve.js";
import { magnification, stageHeight } from "./extent.js";
import { PanelsView } from "./panels.js";
import { SurfaceView } from "./surface.js";

const ZOOM = 46; // px of a row of the zoom's buttons
const PANEL = { width: 130, gap: 10, least: 230 }; // px of a panel on a narrow page: narrowest, between two, lowest

// Without WebGL the contour map still shows the race.
class Blank {
  constructor(parent, error) {
    parent.replaceChildren();
    const note = document.createElement("p");
    note.className = "rbp-note";
    note.textContent = `${error.message} The contour map shows the same run.`;
    parent.append(note);
  }

  load() {}
  draw() {}
  setZoom() {}
  dispose() {}
}

export function build(player, kind) {
  player.view?.dispose();
  player.kind = kind;
  player.root.dataset.kind = kind;
  player.main.replaceChildren();
  player.side.replaceChildren();
  const canvas = (name) => Object.assign(document.createElement("canvas"), { className: name });
  const actions = {
    click: (x) => player.request("click", { x }),
    waiting: () => player.waiting(),
    radius: (radius) => player.strip.move(radius),
    chosen: () => player.strip.done(),
    settle: () => player.settle(),
    redraw: () => player.redraw(),
    playing: () => player.clock.playing,
    frame: () => player.clock.shown,
  };
  const [view, over] = [canvas("rbp-view"), canvas("rbp-over")];
  player.main.append(view);
  player.contour = null;
  if (kind.startsWith("panels")) player.view = new PanelsView(player.main, actions);
  else if (kind === "curve") player.view = new CurveView(view, actions, player.pencil);
  else {
    player.contourCanvas = canvas("rbp-contour");
    player.contour = new ContourView(player.contourCanvas, actions);
    player.side.append(player.contourCanvas);
    player.main.append(over);
    try {
      player.view = new SurfaceView(view, over, actions);
    } catch (error) {
      player.view = new Blank(player.main, error);
    }
  }
  if (kind === "curve") player.main.append(player.pencil.handle);
  player.main.append(zoomButtons(player));
  player.side.append(player.lossCanvas);
}

function zoomButtons(player) {
  const box = document.createElement("div");
  box.className = "rbp-zoom";
  for (const [text, label, factor] of [["+", "Zoom in", 1.6], ["−", "Zoom out", 1 / 1.6], ["⤢", "Whole view", 0]]) {
    const b = document.createElement("button");
    b.type = "button";
    b.textContent = text;
    b.title = label;
    b.setAttribute("aria-label", label);
    b.addEventListener("click", () => player.view.setZoom(factor));
    box.append(b);
  }
  return box;
}

// Whether a curve, true to scale, is drawn larger with its losses beside it than with them below it.
function gains(aspect, width, height) {
  const axes = 60 * magnification(); // px about that belong to them
  const size = (w, h) => Math.min(w - axes, (h - axes) / aspect);
  return size(0.62 * width, height) > 1.15 * size(width, 0.73 * height);
}

// Rows of the panels side by side on a narrow page, as player.css lays them.
function rows(count, width) {
  return Math.ceil(count / Math.max(1, Math.floor((width + PANEL.gap) / (PANEL.width + PANEL.gap))));
}

// Of a curve on a narrow page: what moves stays below the zoom's buttons, where there is room for both.
function curveHeight(view, width, most) {
  const wanted = Math.min(Math.max(1.2 * view.aspect * width + 60, 220), width);
  view.head = most > 300 ? ZOOM / magnification() : 0;
  return Math.round(Math.max(wanted, Math.min(view.needs(width / magnification()) * magnification(), wanted + ZOOM)));
}

export function layout(player) {
  if (!player.scene) return;
  const width = player.root.clientWidth;
  const { lossPanel, dim } = player.scene;
  const page = player.root.closest("[data-testid=stMain]");
  const top = () => player.root.getBoundingClientRect().top + player.pencil.element.offsetHeight + (page?.scrollTop ?? window.scrollY);
  // a notebook's cells stand below each other: how far down one is says nothing of its room
  const height = player.root.closest(".rbp-notebook") ? player.scene.height : stageHeight(player.scene.height, top());
  const narrow = width < 620;
  player.root.dataset.narrow = narrow;
  // on a phone bar and radius follow the picture at once, and the other panels come after them
  if (narrow !== (player.side.parentElement === player.root)) narrow ? player.strip.element.after(player.side) : player.stage.append(player.side);
  const flat = dim === 1 && !gains(player.view.aspect, width, height);
  const { contour } = player.scene;
  if (player.contourCanvas) player.contourCanvas.hidden = !contour;
  player.lossCanvas.hidden = !lossPanel;
  const panels = (dim === 2 && contour ? 1 : 0) + (lossPanel ? 1 : 0);
  player.side.hidden = !panels;
  if (player.scene.panels.length) {
    player.stage.dataset.layout = "stacked";
    player.main.style.height = `${narrow ? Math.max(height, rows(player.scene.panels.length, width) * PANEL.least) + ZOOM : height}px`;
    return;
  }
  const beside = panels && !narrow && !flat;
  player.stage.dataset.layout = beside ? "beside" : "stacked";
  if (beside) {
    player.main.style.height = player.side.style.height = `${height}px`;
    player.side.style.gridTemplateRows = panels === 2 ? "minmax(0, 1.55fr) minmax(0, 1fr)" : "";
    return;
  }
  const map = dim === 2 && contour ? Math.min(width, 420) : 0;
  const below = map + (lossPanel ? (narrow ? 170 : Math.round(0.27 * height)) : 0);
  const most = narrow ? Math.min(height, dim === 1 ? curveHeight(player.view, width, height) : width) : height - below + map;
  player.main.style.height = `${most}px`;
  player.side.style.height = `${below}px`;
  player.side.style.gridTemplateRows = map && lossPanel ? `${map}px minmax(0, 1fr)` : "";
}
