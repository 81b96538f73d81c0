import { describe, expect, it } from "vitest";
import { LogThrottle } from "../../../packages/hub/src/core/log-throttle.ts";
import { SILENT } from "../../../packages/hub/src/core/logger.ts";
import type { Subscriber } from "../../../packages/hub/src/core/live/subscriber.ts";
import { encodeUtf8 } from "../../../packages/hub/src/core/update/bytes.ts";
import { encodeCursor, encodeDrain, encodeExpiring, encodeGap } from "../../../packages/hub/src/core/update/frame.ts";
import { PolledBytes } from "../../../packages/hub/src/http/sinks/polled-bytes.ts";
import { PollSink } from "../../../packages/hub/src/http/sinks/poll-sink.ts";

const update = (data: string, id?: string): string => `topics: a\n${id === undefined ? "" : `id: ${id}\n`}data: ${data}\n\n`;
const gap = (requested: string): string => encodeGap({ requested, first: null, reason: "trimmed" });

/** Answers a poll that gets these writes, and then is live. @returns The answer, with the data of its updates. */
async function answerTo(writes: readonly string[], replayUpdates = 100): Promise<Record<string, unknown>> {
  const body = await new Promise<string>((resolve) => {
    const sink: PollSink = new PollSink({
      poll: { waitMs: 60_000, holdMs: 0, cursor: "sent" },
      held: new PolledBytes(2 ** 20, new LogThrottle(SILENT)),
      limits: { replayUpdates, replayBytes: 2 ** 20 },
      address: undefined,
      isOf: () => false,
      finish: () => {
        // What the end of a subscription tells.
        sink.write(encodeUtf8(encodeCursor("at the end")));
        sink.end();
      },
      answer: resolve,
    });
    sink.bind({ close: () => undefined } as unknown as Subscriber, () => undefined);
    for (const write of writes) expect(sink.write(encodeUtf8(write))).toBe(true);
    sink.live();
  });
  const { updates, ...others } = JSON.parse(body) as { updates: { data: string }[] };
  return { ...others, data: updates.map(({ data }) => data) };
}

describe("the answer to a poll", () => {
  it("goes up to the end of the subscription", async () => {
    expect(await answerTo([update("1", "#1"), update("2", "#2")])).toEqual({ data: ["1", "2"], cursor: "at the end" });
  });

  it("ends before a gap, with which the next one begins", async () => {
    expect(await answerTo([update("1", "#1") + gap("#1") + encodeCursor("#7") + update("8", "#8")])).toEqual({ data: ["1"], cursor: "#1" });
    expect(await answerTo([gap("#1") + encodeCursor("#7"), gap("#7"), update("8", "#8")])).toMatchObject({
      data: ["8"],
      gap: { requested: "#1" },
    });
  });

  it("takes the cursor that follows a publisher's id, and none beyond what it leaves", async () => {
    const writes = [update("1", "own") + encodeCursor("#1"), update("2", "own 2") + encodeCursor("#2"), encodeCursor("#9")];
    expect(await answerTo(writes, 1)).toEqual({ data: ["1"], cursor: "#1" });
    expect(await answerTo([writes.join("")], 1)).toEqual({ data: ["1"], cursor: "#1" });
  });

  it("does not end between updates that share an id", async () => {
    const shared = update("1") + update("2") + update("3", "#3");
    expect(await answerTo([shared + update("4", "#4")], 1)).toEqual({ data: ["1", "2", "3"], cursor: "#3" });
  });

  it("has the drain, and nothing of a token that ends", async () => {
    expect(await answerTo([encodeExpiring(5, "x"), update("1", "#1"), encodeDrain(7)])).toEqual({
      data: ["1"],
      drain: { reconnectInMs: 7 },
      cursor: "at the end",
    });
  });
});
