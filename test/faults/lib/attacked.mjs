// `NODE_OPTIONS=--import=…/attacked.mjs` puts this into a server: the loopback's addresses are those of strangers, and at SIGUSR2 it writes down how long its event loop was held up
// at the most since it was last asked.
import { renameSync, writeFileSync } from "node:fs";
import { Server } from "node:net";

const own = Server.prototype;
const inherited = Reflect.get(own, "emit");
own.emit = function (event, ...args) {
  if (event === "connection") {
    const [socket] = args;
    // 127.0.0.1 stays: it is the harness.
    const value = socket.remoteAddress?.replace(/^127\.0\.(?!0\.1$)/, "203.0.");
    Object.defineProperty(socket, "remoteAddress", { value });
  }
  return inherited.call(this, event, ...args);
};

const file = process.env.FAULTS_ATTACKED;
const EVERY_MS = 5;
// Processor time between two looks: the clock would count what else the machine does.
let last = process.cpuUsage();
let longestUs = 0;
setInterval(() => {
  const { user, system } = process.cpuUsage(last);
  longestUs = Math.max(longestUs, user + system);
  last = process.cpuUsage();
}, EVERY_MS).unref();
let asked = 0;
process.on("SIGUSR2", () => {
  writeFileSync(`${file}.new`, JSON.stringify({ asked: ++asked, longestMs: longestUs / 1000 }));
  renameSync(`${file}.new`, file);
  longestUs = 0;
});
