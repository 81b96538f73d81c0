import { memoryJournal } from "artesian";
import { logJournal } from "artesian/journals/log";
import { natsJournal } from "artesian/journals/nats";
import { redisJournal } from "artesian/journals/redis";
import { describe, expect, it } from "vitest";

/** What each needs besides what is tested; nothing listens there. */
const NEEDED = {
  memory: {},
  log: { directory: "/nowhere" },
  redis: { url: "redis://127.0.0.1:1" },
  nats: { url: "nats://127.0.0.1:1" },
};

const OPEN: Readonly<Record<keyof typeof NEEDED, (options: never) => unknown>> = {
  memory: memoryJournal,
  log: logJournal,
  redis: redisJournal,
  nats: natsJournal,
};

describe.each(Object.keys(OPEN) as (keyof typeof OPEN)[])("the options of a %s journal", (kind) => {
  const refusal = async (options: unknown): Promise<unknown> => {
    try {
      await OPEN[kind](options as never);
    } catch (error) {
      return error;
    }
    throw new Error("They were accepted.");
  };

  it.each<[name: string, options: object, message: RegExp]>([
    ["a misspelt name", { retentions: {} }, /Journal\(\) has no `retentions`\. Write `retention`/],
    ["a bound outside the retention", { maxAgeMs: 60_000 }, /has no `maxAgeMs`/],
    ["a retention in days", { retention: 7 }, /`retention` is not an object/],
    ["a retention of nothing", { retention: null }, /`retention` is not an object/],
    ["a bound without its unit", { retention: { maxAge: 60_000 } }, /`retention` has no `maxAge`\. Write `maxAgeMs`/],
    [
      "a bound with its unit",
      { retention: { maxAgeMs: "7d" } },
      /`retention\.maxAgeMs` is "7d"; it must be a whole number of milliseconds/,
    ],
    ["a fraction", { retention: { maxCount: 0.5 } }, /`retention\.maxCount` is 0\.5/],
    ["a negative bound", { retention: { maxBytes: -1 } }, /`retention\.maxBytes` is -1; it must be a whole number of bytes/],
    ["no number", { retention: { maxBytes: NaN } }, /`retention\.maxBytes` is NaN/],
  ])("are refused with %s", async (_, options, message) => {
    const error = await refusal({ ...NEEDED[kind], ...options });
    expect(error).toBeInstanceOf(TypeError);
    expect((error as TypeError).message).toMatch(message);
  });

  it("are refused where there are none", async () => {
    expect(await refusal(null)).toBeInstanceOf(TypeError);
    if (kind !== "memory") expect(await refusal({})).toMatchObject({ name: "TypeError", message: expect.stringMatching(/is missing/) });
  });
});

it("a bound may be switched off, or left out as undefined", async () => {
  await memoryJournal({ retention: { maxBytes: Infinity, maxAgeMs: undefined } as never }).close();
});
