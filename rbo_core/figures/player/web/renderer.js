// Who draws: a graphics card, or the processor in its place.

// Software WebGL pays dearly for smooth edges: there they are left for when the picture stands still. Whoever knows
// already, or wants the branch of a graphics card, says so by window.rbpRenderer = "software" or "hardware".
export function drawnByProcessor() {
  return (window.rbpRenderer ??= rendererOf(document.createElement("canvas"))) === "software";
}

// A worker may run it too, on a canvas of its own: it needs nothing else of this file.
export function rendererOf(canvas) {
  const gl = canvas.getContext("webgl2");
  if (!gl) return "none";
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|software|basic render/i.test(name) ? "software" : "hardware";
}
