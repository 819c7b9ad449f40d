// Asks a worker who draws in 3-D, while the page waits for its server: the page itself would stand still for the answer.

import { rendererOf } from "./renderer.js";

const address = URL.createObjectURL(new Blob([`postMessage((${rendererOf})(new OffscreenCanvas(1, 1)))`], { type: "text/javascript" }));
const worker = new Worker(address);
const leave = () => {
  worker.terminate();
  URL.revokeObjectURL(address);
};
worker.onmessage = ({ data }) => {
  window.rbpRenderer ??= data;
  leave();
};
worker.onerror = leave; // the player then asks itself
