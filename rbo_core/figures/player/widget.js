// The player in a notebook's cell (anywidget). No trait is written from both sides, so no message that is under way can undo
// another: the kernel asks through `asked`, the picture tells through `told`, and says with it what it had been asked by then.

const SLOW = 500; // ms between two tellings while the film plays
const MARKS = ["data-jp-theme-light", "data-vscode-theme-kind", "data-theme", "class"]; // where notebooks say how they look

// Is the notebook dark? Its own theme counts, and the system's where it names none.
function dark() {
  for (const one of [document.body, document.documentElement]) {
    const told = one.getAttribute("data-jp-theme-light");
    if (told) return told === "false";
    const words = MARKS.slice(1).map((name) => one.getAttribute(name) ?? "").join(" ");
    if (/\b(vscode-light|vscode-high-contrast-light|light|light-theme)\b/.test(words)) return false;
    if (/\b(vscode-dark|vscode-high-contrast|dark|dark-theme)\b/.test(words)) return true;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

export default {
  render({ model, el }) {
    const stage = document.createElement("div");
    stage.className = "rbp-notebook";
    el.append(stage);
    const view = Math.random(); // a widget may be shown twice
    let told = -1, when = -Infinity;
    const tell = (what) => {
      model.set("told", { ...what, heard: model.get("asked").n, view });
      model.save_changes();
    };
    const component = {
      parentElement: stage,
      get data() { const v = model.get("scene"); return new Uint8Array(v.buffer, v.byteOffset, v.byteLength); },
      setTriggerValue: (name, value) => name === "click" && tell({ start: Array.from(value.x) }),
      onFrame: (frame) => {
        const now = performance.now();
        if (frame === told || (player().clock.playing && now - when < SLOW)) return;
        [told, when] = [frame, now];
        tell({ frame });
      },
    };
    const player = () => stage.querySelector(".rbp").__player;
    const show = () => {
      stage.dataset.theme = dark() ? "dark" : "light";
      return mount(component);
    };
    const seek = (frame) => {
      told = frame;
      clearTimeout(player().autoplay);
      player().clock.seek(frame);
    };
    const dispose = show();
    if (model.get("asked").frame !== null) seek(model.get("frame"));
    const heard = {
      "change:scene": show,
      "change:asked": () => {
        if (model.get("asked").frame === null) return;
        seek(model.get("asked").frame);
        told = -1; // tell that it is done: marimo's cells run again on what the page tells alone
      },
      "change:told": () => {
        const { frame, view: who } = model.get("told");
        if (who !== view && frame !== undefined) seek(frame);
      },
    };
    for (const [event, call] of Object.entries(heard)) model.on(event, call);
    const look = new MutationObserver(show);
    for (const one of [document.body, document.documentElement]) look.observe(one, { attributeFilter: MARKS });
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", show);
    return () => {
      for (const [event, call] of Object.entries(heard)) model.off(event, call);
      look.disconnect();
      system.removeEventListener("change", show);
      dispose();
    };
  },
};
