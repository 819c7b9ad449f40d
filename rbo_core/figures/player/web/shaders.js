// GLSL (WebGL 2). Everything is in world units; lines and balls are expanded in screen space.

// What the balls leave of the light at a place of the ground.
const SHADOW = `
    uniform vec4 uBalls[8]; uniform int uCount;
    float shadow(vec3 at) {
      float light = 1.0;
      for (int i = 0; i < 8; i++) {
        if (i >= uCount) break;
        vec4 b = uBalls[i];
        float away = length(at.xy - b.xy) / b.w;
        float gap = max(b.z - at.z, 0.0) / b.w;
        light *= 1.0 - 0.5 * (1.0 - smoothstep(0.15, 1.15, away)) / (1.0 + 0.35 * max(gap - 1.0, 0.0));
      }
      return light;
    }`;

export const SURFACE = {
  vertex: `#version 300 es
    in vec3 aPosition; in vec3 aNormal;
    uniform mat4 uMatrix; out vec3 vPosition; out vec3 vNormal;
    void main() { vPosition = aPosition; vNormal = aNormal; gl_Position = uMatrix * vec4(aPosition, 1.0); }`,
  fragment: `#version 300 es
    precision highp float;
    in vec3 vPosition; in vec3 vNormal; out vec4 color;
    uniform sampler2D uMap; uniform vec2 uRange; uniform float uIso; uniform vec3 uEye; uniform vec3 uInk;
    uniform vec3 uPage; uniform float uSide; uniform vec4 uTint;${SHADOW}
    void main() {
      vec3 n = normalize(vNormal);
      vec3 view = normalize(uEye - vPosition);
      if (dot(n, view) < 0.0 && uTint.a > 0.0) n = -n;
      float level = clamp((vPosition.z - uRange.x) / (uRange.y - uRange.x), 0.0, 1.0);
      vec3 light = normalize(vec3(-0.35, -0.45, 1.0));
      float lambert = 0.5 + 0.5 * dot(n, light);
      if (uTint.a > 0.0) {
        float edge = pow(1.0 - abs(dot(n, view)), 2.0);
        color = vec4(uTint.rgb * (0.75 + 0.35 * lambert), uTint.a + 0.3 * edge);
        return;
      }
      vec3 base = texture(uMap, vec2(level * 0.996 + 0.002, 0.5)).rgb;
      float shade = 0.42 + 0.68 * lambert * lambert;
      base *= shade;
      if (uSide > 0.5) base = mix(base, uPage, 0.5);
      else {
        float at = uIso > 0.0 ? vPosition.z / uIso : 0.5;
        float width = fwidth(at);
        float line = 1.0 - smoothstep(0.0, 1.3 * width, abs(fract(at - 0.5) - 0.5));
        base = mix(base, uInk, 0.22 * line * (1.0 - smoothstep(0.25, 0.6, width)));
        base += 0.10 * pow(max(dot(n, normalize(light + view)), 0.0), 30.0);
      }
      color = vec4(base * shadow(vPosition), 1.0 - uSide); // on walls no shadow falls
    }`,
};

// The ground as it was kept (still.js), with its depth: where a pixel lies tells what shadow falls on it.
export const KEPT = {
  vertex: `#version 300 es
    in vec2 aCorner;
    void main() { gl_Position = vec4(aCorner, 0.0, 1.0); }`,
  fragment: `#version 300 es
    precision highp float;
    precision highp sampler2D;
    out vec4 color;
    uniform sampler2D uColour; uniform sampler2D uDepths; uniform vec2 uSize; uniform vec2 uDepth; uniform vec2 uOffset;
    uniform vec2 uLens; uniform vec3 uEye; uniform vec3 uRight; uniform vec3 uUp; uniform vec3 uBack;${SHADOW}
    void main() {
      ivec2 pixel = ivec2(gl_FragCoord.xy);
      color = texelFetch(uColour, pixel, 0);
      float depth = texelFetch(uDepths, pixel, 0).r;
      gl_FragDepth = depth;
      if (color.a > 0.5) {
        vec2 at = (2.0 * gl_FragCoord.xy / uSize - 1.0 - uOffset) * uLens;
        float far = -uDepth.y / (1.0 - 2.0 * depth - uDepth.x);
        color.rgb *= shadow(uEye + far * (at.x * uRight + at.y * uUp - uBack));
      }
      color.a = 1.0;
    }`,
};

// A ribbon of constant pixel width along a path; the tip is wherever the clock is.
export const LINE = {
  vertex: `#version 300 es
    in vec3 aPosition; in vec3 aBefore; in vec3 aAfter; in vec2 aSide;
    uniform mat4 uMatrix; uniform vec2 uSize; uniform float uWidth; uniform float uLift; out float vFrame;
    void main() {
      vec4 p = uMatrix * vec4(aPosition, 1.0); vec4 a = uMatrix * vec4(aBefore, 1.0); vec4 b = uMatrix * vec4(aAfter, 1.0);
      vec2 along = (b.xy / b.w - a.xy / a.w) * uSize;
      float size = length(along);
      vec2 across = size > 1e-6 ? vec2(-along.y, along.x) / size : vec2(0.0, 1.0);
      gl_Position = vec4(p.xy + across * aSide.x * uWidth / uSize * p.w, p.z - uLift * p.w, p.w);
      vFrame = aSide.y;
    }`,
  fragment: `#version 300 es
    precision highp float;
    in float vFrame; out vec4 color; uniform vec3 uColor; uniform float uFrame; uniform float uTail; uniform float uAlpha;
    void main() {
      if (vFrame > uFrame) discard;
      float age = clamp((uFrame - vFrame) / uTail, 0.0, 1.0);
      color = vec4(uColor, uAlpha * mix(0.95, 0.38, pow(age, 0.7)));
    }`,
};

export const DOT = {
  vertex: `#version 300 es
    in vec3 aPosition; in float aFrame; uniform mat4 uMatrix; uniform float uDot; uniform float uLift; out float vFrame;
    void main() {
      vec4 p = uMatrix * vec4(aPosition, 1.0);
      gl_Position = vec4(p.xy, p.z - uLift * p.w, p.w); gl_PointSize = uDot; vFrame = aFrame;
    }`,
  fragment: `#version 300 es
    precision highp float;
    in float vFrame; out vec4 color; uniform vec3 uColor; uniform float uFrame; uniform float uTail;
    void main() {
      if (vFrame > uFrame || length(gl_PointCoord - 0.5) > 0.5) discard;
      color = vec4(uColor, mix(0.6, 0.1, clamp((uFrame - vFrame) / uTail, 0.0, 1.0)));
    }`,
};

// A true sphere: one square, the sphere's own normals and depths computed per pixel. Always round, at any size.
export const BALL = {
  vertex: `#version 300 es
    in vec2 aCorner; uniform mat4 uMatrix; uniform vec3 uCenter; uniform float uRadius; uniform vec3 uRight; uniform vec3 uUp;
    out vec2 vAt;
    void main() {
      vAt = aCorner * 1.02;
      gl_Position = uMatrix * vec4(uCenter + uRadius * (vAt.x * uRight + vAt.y * uUp), 1.0);
    }`,
  fragment: `#version 300 es
    precision highp float;
    in vec2 vAt; out vec4 color;
    uniform vec3 uCenter; uniform float uRadius; uniform vec3 uRight; uniform vec3 uUp; uniform vec3 uBack; uniform vec3 uEye;
    uniform vec2 uDepth; uniform vec3 uColor; uniform mat3 uTurn; uniform float uAlpha;
    void main() {
      float r2 = dot(vAt, vAt);
      float edge = fwidth(vAt.x);
      float r = sqrt(r2);
      if (r > 1.0) discard;
      float h = sqrt(max(1.0 - r2, 0.0));
      vec3 n = vAt.x * uRight + vAt.y * uUp + h * uBack;
      vec3 p = uCenter + uRadius * n;
      float z = dot(p - uEye, uBack);
      gl_FragDepth = clamp(0.5 * (uDepth.x + uDepth.y / z) * -1.0 + 0.5, 0.0, 1.0);
      vec3 b = uTurn * n;
      float around = atan(b.y, b.x) * 1.2732395447;   // eight sectors
      float rows = asin(clamp(b.z, -1.0, 1.0)) * 1.2732395447 + 8.0;
      float checker = mod(floor(around) + floor(rows), 2.0);
      vec3 light = normalize(vec3(-0.35, -0.45, 1.0));
      float lambert = 0.5 + 0.5 * dot(n, light);
      vec3 base = mix(uColor, mix(uColor, vec3(1.0), 0.62), checker * (1.0 - smoothstep(0.1, 0.4, edge)));
      float spoke = min(abs(fract(around + 0.5) - 0.5) * max(sqrt(1.0 - b.z * b.z), 0.02) * 0.785, abs(fract(rows + 0.5) - 0.5) * 0.785);
      base = mix(base, vec3(1.0), 0.75 * (1.0 - smoothstep(0.012, 0.012 + 1.5 * edge, spoke)));
      base *= 0.38 + 0.72 * lambert;
      vec3 half_ = normalize(light + normalize(uEye - p));
      base += 0.55 * pow(max(dot(n, half_), 0.0), 46.0);
      base *= 1.0 - 0.35 * pow(1.0 - h, 2.5);
      float rim = 1.0 - smoothstep(1.0 - 1.5 * edge, 1.0, r);
      if (rim < 0.02) discard;
      color = vec4(base, rim * mix(uAlpha, 1.0, 0.6 * pow(1.0 - h, 3.0)));
    }`,
};

// A program that the card makes while the page goes on: nothing is asked of it before it is used, since each question
// waits for all that the card has to do, other pages' pictures too. Make all before the first is used.
export function program(gl, source) {
  const p = gl.createProgram();
  const shaders = [[gl.VERTEX_SHADER, source.vertex], [gl.FRAGMENT_SHADER, source.fragment]].map(([kind, text]) => {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(p, shader);
    return shader;
  });
  gl.linkProgram(p);
  let uniforms = null;
  return {
    p,
    get u() {
      return (uniforms ??= uniformsOf(gl, p, shaders));
    },
    a: (name) => gl.getAttribLocation(p, name),
  };
}

function uniformsOf(gl, p, shaders) {
  if (!gl.getProgramParameter(p, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error([...shaders.map((shader) => gl.getShaderInfoLog(shader)), gl.getProgramInfoLog(p)].filter(Boolean).join("\n"));
  }
  const uniforms = {};
  for (let i = 0; i < gl.getProgramParameter(p, gl.ACTIVE_UNIFORMS); i++) {
    const name = gl.getActiveUniform(p, i).name.replace("[0]", "");
    uniforms[name] = gl.getUniformLocation(p, name);
  }
  return uniforms;
}
