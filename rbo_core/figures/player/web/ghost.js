// A run that is kept to compare the next ones with: the same racer, paler, under a name that says which it was.

// What tells grounds apart, whatever is drawn on them.
export const groundOf = (scene) => `${scene.dim} ${scene.ground.x.length} ${scene.ground.heights.slice(0, 40).join()} ${scene.bounds.join()}`;

export function ghost(racer, scene) {
  const was = racer.ball ? `pinned ρ = ${+racer.radius.toPrecision(3)}` : `pinned ${racer.label}`;
  return { ...racer, label: was, opacity: 0.4, index: 99, ground: groundOf(scene), ghost: true };
}
