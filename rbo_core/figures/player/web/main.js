// Entry: builds the player once per mounted component and feeds it new scenes; camera and clock live on between scenes.

import { Player } from "./player.js";

const LEAVING = 500; // ms for which a player that was taken away can come back
const players = new WeakMap();
const named = new Map(); // the player that a strip belongs to, by the player's name on the page
const strips = new Map();

export function mount(component) {
  const parent = component.parentElement;
  let player = players.get(parent);
  if (!player) players.set(parent, (player = new Player(parent)));
  clearTimeout(player.leaving);
  if (!player.root.isConnected) parent.append(player.root);
  player.update(component);
  const { name } = player.base;
  named.set(name, player);
  if (strips.has(name) && player.filled !== strips.get(name)) player.fill(strips.get(name));
  return () => {
    // Clicks in quick succession make Streamlit take a player away and mount it again in the same place: one that was put
    // away at once would lose the click that is made meanwhile, its camera and its clock.
    clearTimeout(player.leaving);
    player.leaving = setTimeout(() => {
      if (players.get(parent) !== player) return;
      players.delete(parent);
      if (named.get(name) === player) named.delete(name);
      player.dispose();
    }, LEAVING);
  };
}

// The runs of a radius strip; it is drawn by the player of that name, whichever of the two is mounted first.
export function mountStrip(component) {
  const name = new TextDecoder().decode(component.data.slice(1, 1 + component.data[0]));
  const bytes = component.data.slice(1 + component.data[0]);
  strips.set(name, bytes);
  named.get(name)?.fill(bytes);
}
