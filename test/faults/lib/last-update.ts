import type { Publish } from "../checker/history.ts";
import { nowMs, sleep } from "./clock.ts";
import { payloadOf } from "./payload.ts";
import { END_LANE } from "./plan.ts";
import { send } from "./send.ts";
import { END_TOPIC } from "./standard-load.ts";
import { mint } from "./tokens.ts";

const DEADLINE_MS = 60_000;
const PAUSE_MS = 50;

/**
 * Publishes the update that everybody waits for; once more, as another one, while its fate is unknown.
 *
 * @throws Error when none is acknowledged within a minute.
 */
export async function publishTheLast(hub: string): Promise<readonly Publish[]> {
  const token = await mint({ publish: ["*"] });
  const attempts: Publish[] = [];
  const deadline = nowMs() + DEADLINE_MS;
  for (let sequence = 0; nowMs() < deadline; sequence++) {
    const key = `${END_LANE}-${sequence}`;
    const begunMs = nowMs();
    const body = new URLSearchParams({ topic: END_TOPIC, data: payloadOf(key, 50) }).toString();
    const { outcome, answer, ids } = await send({ hub, token, agent: false, type: "application/x-www-form-urlencoded", body });
    attempts.push({ key, lane: END_LANE, topics: [END_TOPIC], private: false, outcome, answer, begunMs, endedMs: nowMs(), id: ids[0] });
    if (outcome === "ok") return attempts;
    await sleep(PAUSE_MS);
  }
  throw new Error(`The last update could not be published: ${attempts.at(-1)?.answer}.`);
}
