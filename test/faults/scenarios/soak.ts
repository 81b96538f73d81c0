import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { churn } from "../lib/churn-process.ts";
import { atEnd } from "../lib/cleanup.ts";
import { nowMs, until } from "../lib/clock.ts";
import { HubServer } from "../lib/hub-server.ts";
import { type Holdings, insideEnv, readHoldings } from "../lib/inside.ts";
import { residentBytes } from "../lib/memory.ts";
import type { Scenario } from "../lib/scenario.ts";
import { figure } from "../lib/tally.ts";
import { mint } from "../lib/tokens.ts";

/** Before the baseline is taken: code is compiled and tables have their size by then. The heap has the size that it keeps after some 200,000. */
const WARM_UP = { ci: 5000, full: 200_000 };
/** Also before, in batches: more than the hub keeps encoded. */
const FILLING = { batches: 20, updates: 1000 };
/** How much more than the baseline is nothing, each way. */
const SLACK = { descriptors: 2, timers: 4, handles: 2, heapMiB: 4, residentMiB: 48 };
/** How long the last ones may take to be gone, in milliseconds. */
const GONE_MS = 20_000;
const MIB = 2 ** 20;
const MOST_MS = { ci: 120_000, full: 1_800_000 };

async function fill(hub: string, token: string): Promise<void> {
  const body = '{"topic":"soak","data":"x"}\n'.repeat(FILLING.updates);
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/x-ndjson" };
  for (let i = 0; i < FILLING.batches; i++) {
    const { ok, status } = await fetch(hub, { method: "POST", headers, body });
    if (!ok) throw new Error(`A batch was answered ${status}.`);
  }
}

export const soak: Scenario = {
  name: "soak",
  promise: "R14",
  what: "connects and disconnects in ten ways, 100 at a time: streams, publishes and refusals, cut at any point, in order and by reset",
  run: async ({ full, seed, report, progress, violation }) => {
    const visits = full ? 1_000_000 : 40_000;
    const directory = mkdtempSync(join(tmpdir(), "artesian-faults-"));
    const remove = atEnd(() => rmSync(directory, { recursive: true, force: true }));
    const data = join(directory, "data");
    mkdirSync(data);
    const file = join(directory, "inside.json");
    // What the journal holds is bounded, so that the cost of a visit is.
    const server = await HubServer.create({ data, directory, env: insideEnv(file), args: ["--retention-count", "100"] });
    try {
      await server.start();
      const token = await mint({ publish: ["*"] });
      const idle = await readHoldings(server, file);
      const come = async (count: number): Promise<Holdings> => {
        const { failed } = await churn({ hub: server.hub, token, visits: count, seed }, full ? MOST_MS.full : MOST_MS.ci, (said) => {
          const resident = figure(residentBytes(server.pid) / MIB);
          progress(`${figure(said.visits)} of ${figure(count)} connects and disconnects, ${resident} MiB`);
        });
        if (failed > 0) violation(`${failed} of ${count} could not connect`);
        let now = await readHoldings(server, file);
        // What is not given up in this time is judged below.
        await until(GONE_MS, "Everything of those who left is given up", async () => {
          now = await readHoldings(server, file);
          return now.descriptors <= idle.descriptors + SLACK.descriptors && now.timers <= idle.timers + SLACK.timers;
        }).catch(() => undefined);
        return now;
      };
      await fill(server.hub, token);
      const base = await come(full ? WARM_UP.full : WARM_UP.ci);
      const beganMs = nowMs();
      const after = await come(visits);
      const seconds = (nowMs() - beganMs) / 1000;
      const from = (name: keyof Holdings, unit: number): string => `${figure(base[name] / unit)} → ${figure(after[name] / unit)}`;
      report({ name: "connects and disconnects", value: `${figure(visits)}, ${figure(visits / seconds)} a second` });
      report({ name: "descriptors", value: from("descriptors", 1) });
      report({ name: "timers", value: from("timers", 1) });
      report({ name: "other handles", value: from("handles", 1) });
      report({ name: "heap", value: `${from("heapUsed", MIB)} MiB` });
      report({ name: "resident", value: `${from("residentBytes", MIB)} MiB` });
      const check = (name: keyof Holdings, slack: number): void => {
        if (after[name] > base[name] + slack)
          violation(`${name}: ${base[name]} before, ${after[name]} after ${visits} connects and disconnects`);
      };
      check("descriptors", SLACK.descriptors);
      check("timers", SLACK.timers);
      check("handles", SLACK.handles);
      check("heapUsed", SLACK.heapMiB * MIB);
      check("residentBytes", SLACK.residentMiB * MIB);
      const exit = await server.terminate();
      if (exit !== 0 || server.crashes > 0) violation(`It ended with ${exit}: ${server.complaints()}`);
    } finally {
      if (server.runs) await server.kill("everything");
      remove();
    }
  },
};
