import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "../lib/cleanup.ts";
import { nowMs } from "../lib/clock.ts";
import { HubServer } from "../lib/hub-server.ts";
import { NumberedFlow } from "../lib/numbered.ts";
import { RawReaders } from "../lib/raw-reader-process.ts";
import type { Scenario } from "../lib/scenario.ts";
import { figure } from "../lib/tally.ts";
import { mint } from "../lib/tokens.ts";

const TOPIC = "seam";
const CAUGHT_UP_MS = 300_000;
/** Published while they replay and join, at a pace that lets none of them wait for a quiet moment. */
const LIVE = { perBatch: 5, everyMs: 10, size: 40 };

export const seam: Scenario = {
  name: "seam",
  promise: "R4",
  what: "readers replay a journal from its first update on and join the live ones, a hundred at a time, while updates go on; one process and two workers",
  run: async ({ full, report, progress, violation }) => {
    const rounds = full ? 100 : 6;
    const perRound = 100;
    const rows = full ? 100_000 : 20_000;
    const live = full ? 500 : 200;
    const total = { joins: 0, received: 0, holes: 0, disorder: 0, gaps: 0, refused: 0 };
    for (const workers of [1, 2]) {
      const directory = mkdtempSync(join(tmpdir(), "artesian-faults-"));
      const remove = atEnd(() => rmSync(directory, { recursive: true, force: true }));
      const data = join(directory, "data");
      mkdirSync(data);
      const server = await HubServer.create({ data, directory, workers, args: ["--max-lifetime", "1h"] });
      const flow = new NumberedFlow(server.hub, await mint({ publish: ["*"] }));
      let readers: RawReaders | undefined;
      try {
        await server.start();
        await flow.run({ topic: TOPIC, updates: rows, perBatch: 500, everyMs: 0, size: LIVE.size });
        for (let round = 0; round < rounds / 2; round++) {
          readers = new RawReaders(`${server.hub}?match=${TOPIC}&last_event_id=earliest`, perRound, false);
          const beganMs = nowMs();
          await flow.run({ topic: TOPIC, updates: live, ...LIVE });
          const end = flow.next.get(TOPIC) ?? 0;
          await readers.reach(end, CAUGHT_UP_MS);
          const { received, disorder, gaps, refused, reconnections } = readers.said;
          await readers.end();
          readers = undefined;
          total.joins += perRound;
          total.received += received;
          total.holes += Math.max(0, perRound * end - received);
          total.disorder += disorder;
          total.gaps += gaps;
          total.refused += refused + reconnections;
          progress(`workers: ${workers}: ${total.joins} joins, the last ${perRound} in ${figure(nowMs() - beganMs)} ms`);
        }
        if (server.crashes > 0) violation(`workers: ${workers}: it ended by itself: ${server.complaints()}`);
      } finally {
        flow.close();
        await readers?.end();
        if (server.runs) await server.kill("everything");
        remove();
      }
    }
    report({ name: "joins", value: figure(total.joins) });
    report({ name: "updates replayed", value: figure(rows) });
    report({ name: "deliveries", value: figure(total.received) });
    report({ name: "holes", value: figure(total.holes) });
    report({ name: "repeated or reordered", value: figure(total.disorder) });
    if (total.holes + total.disorder > 0) violation(`${total.holes} updates were missing, ${total.disorder} came again or in disorder`);
    if (total.gaps + total.refused > 0) violation(`${total.gaps} gaps, ${total.refused} refusals or ends of streams`);
  },
};
