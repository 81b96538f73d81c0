import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { encodeUtf8, joinBytes } from "../../../packages/hub/src/core/update/bytes.ts";
import {
  encodeCursor,
  encodeDrain,
  encodeFrame,
  encodeGap,
  encodeRetry,
  encodeTopics,
  HEARTBEAT,
} from "../../../packages/hub/src/core/update/frame.ts";
import { readOwnEvents } from "../../../packages/hub/src/http/sinks/own-events.ts";

const name = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => !/[\p{Cc}\p{Cf}\p{Cs}]/u.test(text));
const update = fc.record({
  topics: fc.array(name, { minLength: 1, maxLength: 3 }),
  data: fc.string({ unit: fc.oneof(fc.constantFrom("\n", "\r", "\r\n", "\n\n", ": ", "id: x", "\uFEFF", "é", "😀"), fc.string()) }),
  id: fc.option(name, { nil: undefined }),
  type: fc.option(name, { nil: undefined }),
  retry: fc.option(fc.nat(), { nil: undefined }),
  private: fc.boolean(),
});

describe("the hub's own events", () => {
  test.prop([fc.array(update, { maxLength: 5 })])("are read back as they were encoded", (updates) => {
    const frames = updates.map((one) => joinBytes([encodeUtf8(encodeTopics(one.topics)), encodeFrame(one, one.id ?? null).content]));
    const read = readOwnEvents(joinBytes([HEARTBEAT.content, encodeUtf8(encodeRetry(7)), HEARTBEAT.content, ...frames]));
    // The hub's own reconnection time has no event of its own, and stands with the first.
    const expected = updates.map(({ topics, data, id, type, retry }, i) => {
      return { topics, data: data.toWellFormed().replace(/\r\n?/g, "\n"), id, type, retry: retry ?? (i === 0 ? 7 : undefined) };
    });
    expect(read).toEqual(expected.map((one) => expect.objectContaining(one)));
  });

  it("of the hub's are among them, without comments", () => {
    const gap = { requested: "a", first: null, reason: "unknown" } as const;
    const bytes = encodeUtf8(encodeGap(gap) + encodeCursor("#x:1") + encodeDrain(5));
    expect(readOwnEvents(bytes).map(({ type, id, data }) => [type, id, JSON.parse(data)])).toEqual([
      ["hub:gap", undefined, gap],
      ["hub:cursor", "#x:1", {}],
      ["hub:drain", undefined, { reconnectInMs: 5 }],
    ]);
    expect(readOwnEvents(HEARTBEAT.content)).toEqual([]);
  });
});
