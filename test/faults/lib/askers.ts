// One address that asks much of a hub: a program of its own. Its pace is bounded, so that the hub is measured, and not the machine.
import { Agent, request } from "node:http";
import type { Asking, FromAskers, ToAskers } from "./askers-process.ts";

const TICK_MS = 20;
const REPORT_MS = 100;
const CONNECTIONS = 8;

const statuses: Record<number, number> = {};
let sent = 0;

const count = (status: number): void => void (statuses[status] = (statuses[status] ?? 0) + 1);
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

function ask({ hub, address, holdsMs }: ToAskers, { method, query = "", headers = {}, body }: Asking["requests"][number]): void {
  sent++;
  const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
  const options = { method, headers: { ...headers, ...length, "x-forwarded-for": address } };
  // A stream takes its connection with it.
  const asked = request(`${hub}${query}`, { ...options, agent: method === "GET" ? false : agent }, (res) => {
    count(res.statusCode ?? 0);
    res.resume();
    if (res.headers["content-type"]?.startsWith("text/event-stream") !== true) return;
    if (method !== "GET") asked.destroy();
    else if (holdsMs !== undefined) setTimeout(() => asked.destroy(), holdsMs);
  });
  asked.on("error", () => count(0));
  asked.end(body);
}

function begin(options: ToAskers): void {
  const { requests, perSecond, holdsMs } = options;
  const most = holdsMs === undefined ? requests.length : Infinity;
  const beganMs = performance.now();
  setInterval(() => {
    const due = Math.min(most, Math.floor(((performance.now() - beganMs) / 1000) * perSecond) + 1);
    while (sent < due) ask(options, requests[sent % requests.length] as Asking["requests"][number]);
  }, TICK_MS);
}

process.once("message", (message: ToAskers) => begin(message));
setInterval(() => process.send?.({ sent, statuses: { ...statuses } } satisfies FromAskers), REPORT_MS);
// With its parent it ends.
process.on("disconnect", () => process.exit());
