import { createHub, type Hub, type HubOptions, memoryJournal } from "artesian";
import { describe, expect, it, onTestFinished } from "vitest";
import { from, listenForAnyAddress } from "../../support/addresses.ts";
import { startHub } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";
import { HUB_URL, TRUSTING } from "../../support/tokens.ts";

const WAIT = { timeout: 30_000 };
const OPTIONS: HubOptions = { ...TRUSTING, subscriptions: true, anonymous: true, drainMs: 500 };

/** Which subscriptions have begun and not ended, as the events tell. */
function follow(hub: Hub): { readonly active: Set<string>; readonly count: () => number } {
  const active = new Set<string>();
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  let count = 0;
  void (async () => {
    for await (const { data, type } of hub.subscribe({ includePrivate: true, signal: controller.signal })) {
      if (type !== "mercure") continue;
      const { match, active: isActive } = JSON.parse(data) as { match: string; active: boolean };
      count++;
      if (isActive) active.add(match);
      else active.delete(match);
    }
  })();
  return { active, count: () => count };
}

describe("a crowd of subscribers that come and go", () => {
  it("leaves publishers' history unchanged", async () => {
    const journal = memoryJournal({ retention: { maxCount: 1000 } });
    const { hub } = await startHub({ ...OPTIONS, journal });
    const { active } = follow(hub);
    await hub.publish({ topic: "news", data: "the first" });
    const first = hub.stats().head;
    const matchers = Array.from({ length: 20 }, (_, i) => `match=${i}`).join("&");
    for (let i = 0; i < 100; i++) {
      const stream = await hub.fetch(new Request(`${HUB_URL}?${matchers}`));
      await stream.body?.cancel();
    }
    const staying = await hub.fetch(new Request(`${HUB_URL}?match=stays`));
    onTestFinished(() => staying.body?.cancel());
    await expect.poll(() => [...active], WAIT).toEqual(["stays"]);
    expect(hub.stats()).toMatchObject({ head: first, tail: 2 });
  });

  it("of one address delays no other's, and the last state of all is told in the end", async () => {
    const lines: object[] = [];
    const ignore = (): void => undefined;
    const logger = {
      debug: ignore,
      info: ignore,
      error: ignore,
      warn: (fields: object, text: string) => void lines.push({ ...fields, text }),
    };
    const hub = createHub({ ...OPTIONS, logger, limits: { presenceRatePerAddress: 5 } });
    onTestFinished(() => hub.close());
    const url = `${await listenForAnyAddress(hub)}/.well-known/mercure`;
    const { active } = follow(hub);
    const query = (name: string): string => `${url}?${Array.from({ length: 25 }, (_, i) => `match=${name}-${i}`).join("&")}`;
    const streams = [];
    for (const name of ["a", "b", "c", "d"]) streams.push(await openStream(query(name), from("203.0.113.7")));
    await expect.poll(() => active.size, WAIT).toBeGreaterThanOrEqual(50);
    await openStream(`${url}?match=other`, from("203.0.113.8"));
    await expect.poll(() => active.has("other"), WAIT).toBe(true);
    expect(active.has("d-0")).toBe(false);
    expect(lines).toContainEqual(
      expect.objectContaining({ address: "203.0.113.7", perSecond: 5, text: expect.stringContaining("presence") }),
    );
    for (const stream of streams) stream.close();
    await expect.poll(() => [...active], WAIT).toEqual(["other"]);
  });
});
