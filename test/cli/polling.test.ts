import { expect, test } from "vitest";
import { after, JSON_ACCEPTED, numbers, type Polled } from "../support/poll.ts";
import { send } from "./command.ts";
import { FORM, openLineToEach, startPool } from "./worker-pool.ts";

const UPDATES = 10_000;
const BATCH = 25;

test("a poller of two workers gets each of 10,000 updates once and in order", async () => {
  const pool = await startPool();
  const url = `${pool.hub}?match=a`;
  // Each poll is another connection, which any worker takes.
  const ask = async (cursor: string): Promise<Polled> => {
    const { status, body } = await send(after(url, cursor), { agent: false, headers: JSON_ACCEPTED });
    expect(status, body).toBe(200);
    return JSON.parse(body) as Polled;
  };
  let { cursor } = await ask("");
  const lines = await openLineToEach(pool);
  const publishing = (async () => {
    for (let i = 0; i < UPDATES; i += BATCH) {
      const batch = numbers(BATCH).map((n) => ({ topic: "a", data: String(i + Number(n)) }));
      const line = lines[(i / BATCH) % 2] ?? lines[0];
      const { status } = await line.send("/events/stream", "POST", JSON.stringify(batch), { ...FORM, "content-type": "application/json" });
      expect(status).toBe(200);
    }
  })();
  const read: string[] = [];
  while (read.length < UPDATES) {
    const answer = await ask(cursor);
    expect(answer.gap).toBeUndefined();
    ({ cursor } = answer);
    read.push(...answer.updates.map(({ data }) => data));
  }
  await publishing;
  expect(read).toEqual(numbers(UPDATES));
});
