// The keys of a player in focus.

export function press(player, e) {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const tag = e.target.tagName;
  const native = tag === "SELECT" || (tag === "INPUT" && e.key !== " ") || (tag === "BUTTON" && (e.key === " " || e.key === "Enter"));
  if (native) return;
  const leap = e.shiftKey ? 10 : 1;
  const actions = {
    " ": () => player.clock.toggle(),
    ArrowRight: () => player.clock.step(leap),
    ArrowLeft: () => player.clock.step(-leap),
    Home: () => player.clock.seek(0),
    End: () => player.clock.seek(player.clock.last),
    "+": () => player.view.setZoom(1.25),
    "-": () => player.view.setZoom(0.8),
    a: () => player.view.turn?.(0.1, 0),
    d: () => player.view.turn?.(-0.1, 0),
    w: () => player.view.turn?.(0, 0.1),
    s: () => player.view.turn?.(0, -0.1),
  };
  if (!actions[e.key]) return;
  e.preventDefault();
  actions[e.key]();
}
