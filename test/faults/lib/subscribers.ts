// The subscribers: one program for many of them. Each logs what it receives to a file of its own until it has received the last update.
import { join } from "node:path";
import { nowMs } from "./clock.ts";
import { createLineLog, type LineLog } from "./ndjson.ts";
import { keyOf } from "./payload.ts";
import { END_LANE, type FromSubscribers, type LogLine, type SubscriberPlan, type SubscribersConfig, type ToSubscribers } from "./plan.ts";
import { PROBE_TYPE } from "./probe.ts";
import { read } from "./readers.ts";

const progress = { opened: 0, received: 0, finished: 0 };
const running = new Map<string, () => void>();
const logs = new Set<LineLog>();

function open(plan: SubscriberPlan, config: SubscribersConfig): void {
  const log = createLineLog(join(config.directory, `${plan.name}.ndjson`));
  const write = (line: LogLine): void => log.write(line);
  logs.add(log);
  let isOpen = false;
  let close = (): void => undefined;
  const finish = (): void => {
    if (!running.delete(plan.name)) return;
    close();
    log.close();
    logs.delete(log);
  };
  running.set(plan.name, finish);
  close = read(config.hub, plan, {
    opened: () => {
      if (!isOpen) progress.opened++;
      isOpen = true;
      write({ kind: "opened", atMs: nowMs() });
    },
    lost: (reason) => {
      if (isOpen) progress.opened--;
      isOpen = false;
      write({ kind: "lost", atMs: nowMs(), reason });
    },
    event: (type, data, id) => {
      if (type === "hub:gap") write({ kind: "gap", reason: (JSON.parse(data) as { reason: string }).reason });
      // Probes are judged by the answers to them.
      if (type.startsWith("hub:") || type === PROBE_TYPE) return;
      progress.received++;
      const key = type === "message" ? keyOf(data) : undefined;
      write(key === undefined ? { kind: "damaged", text: `${type}: ${data.slice(0, 200)}` } : { kind: "update", key, id });
      if (key?.startsWith(`${END_LANE}-`) !== true) return;
      write({ kind: "end" });
      progress.finished++;
      finish();
    },
  });
}

let config: SubscribersConfig | undefined;
process.on("message", (message: ToSubscribers) => {
  if (message.kind === "start") {
    config = message.config;
    setInterval(() => process.send?.({ kind: "progress", ...progress } satisfies FromSubscribers), 20);
  } else if (message.kind === "open") {
    for (const plan of message.plans) if (config !== undefined) open(plan, config);
  } else {
    for (const finish of running.values()) finish();
    process.exit();
  }
});
// With whoever started it, it ends.
process.on("disconnect", () => process.exit());
