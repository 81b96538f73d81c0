// `node --import ./shifted-clock.mjs` moves the time of day of a process: on SIGUSR2 it reads from the file that $FAULTS_CLOCK names how many
// milliseconds it is to be ahead. What the kernel's clock would do to `Date`, and no more: timers and the monotonic clock go on as they do.
import { readFileSync } from "node:fs";

const file = process.env.FAULTS_CLOCK;
const SystemDate = Date;
let aheadMs = 0;

function look() {
  try {
    aheadMs = Number(readFileSync(file, "utf8"));
  } catch {
    aheadMs = 0; // It was not set yet.
  }
}

globalThis.Date = class extends SystemDate {
  constructor(...args) {
    if (args.length === 0) super(SystemDate.now() + aheadMs);
    else super(...args);
  }

  static now() {
    return SystemDate.now() + aheadMs;
  }
};

if (file !== undefined) {
  look();
  process.on("SIGUSR2", look);
}
