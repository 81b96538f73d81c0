// `NODE_OPTIONS=--import=…/loop-delay.mjs` puts this into a server: it notes how long its event loop was held up, window after window.
import { appendFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

const WINDOW_MS = 200;
const RESOLUTION_MS = 5;
const file = process.env.FAULTS_LOOP_DELAY;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
setInterval(() => {
  // The monotonic clock of the machine, as in clock.ts. Without a sample the greatest is 0.
  const atMs = Number(process.hrtime.bigint() / 1000n) / 1000;
  appendFileSync(file, `${process.pid} ${atMs.toFixed(1)} ${(delay.max / 1e6).toFixed(1)}\n`);
  delay.reset();
}, WINDOW_MS).unref();
