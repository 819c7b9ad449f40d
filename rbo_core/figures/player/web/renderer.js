// Who draws: a graphics card, or the processor in its place.

// Software WebGL pays dearly for smooth edges: there they are left for when the picture stands still. A test that wants
// the branch of a graphics card sets window.rbpRenderer = "hardware".
export function drawnByProcessor() {
  if (window.rbpRenderer) return window.rbpRenderer === "software";
  const gl = document.createElement("canvas").getContext("webgl2");
  if (!gl) return false;
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|software|basic render/i.test(name);
}
