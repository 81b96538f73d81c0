import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Bot } from "../../../demo/src/chat/server/index.ts";
import { BotDesk } from "../../../demo/src/chat/server/bot-desk.ts";
import { DEFAULT_CHAT_LIMITS } from "../../../demo/src/chat/server/options.ts";
import { collectReply } from "../../../demo/src/chat/server/reply-stream.ts";
import { type ChatMessage, type ChatReply, REPLY_ABANDONED_MS } from "../../../demo/src/chat/server/wire.ts";
import { context, MESSAGE } from "./bot-service.ts";

const LIMITS = { botFirstMs: 60_000, botNextMs: 5000, botMs: 100_000 };

/** A bot that yields each part after a pause, by the fake clock, then hangs. */
function slowBot(pauses: readonly [pauseMs: number, part: string][]): Bot {
  return {
    async *reply() {
      for (const [pauseMs, part] of pauses) {
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
        yield part;
      }
      await new Promise(() => {});
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a bot's time", () => {
  test.each<[string, [number, string][], number, string | undefined, RegExp]>([
    ["long to the first part", [], 60_000, undefined, /first part/],
    ["short between parts", [[59_000, "Deep"]], 64_000, "Deep …", /next part/],
    ["total", Array.from({ length: 40 }, () => [4000, "x"] as [number, string]), 100_000, `${"x".repeat(24)} …`, /whole/],
    [
      "kept by signs of life",
      [
        [4000, ""],
        [4000, ""],
        [4000, "Deep"],
      ],
      17_000,
      "Deep …",
      /next part/,
    ],
  ])("is %s", async (_, pauses, endMs, text, failure) => {
    let settled = false;
    const reply = collectReply(slowBot(pauses), MESSAGE, context(), LIMITS, () => {})
      .catch((error: unknown) => ({ text: undefined, failure: error }))
      .finally(() => {
        settled = true;
      });
    await vi.advanceTimersByTimeAsync(endMs - 100);
    expect(settled).toBe(false);
    await vi.advanceTimersByTimeAsync(100);
    expect(settled).toBe(true);
    const result = await reply;
    expect(result.text).toBe(text);
    expect(String(result.failure)).toMatch(failure);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is shown while it passes, so that no page takes the reply for abandoned", async () => {
    const replies: { reply: ChatReply; at: number }[] = [];
    const messages: ChatMessage[] = [];
    const started = Date.now();
    const desk = new BotDesk({
      bot: slowBot([[70_000, "Deep"]]),
      botName: "artie",
      streamUrl: "http://hub.example/events/stream",
      limits: { ...DEFAULT_CHAT_LIMITS, botFirstMs: 100_000 },
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      reach: () => ({}),
      publishReply: async (_, reply) => replies.push({ reply, at: Date.now() - started }),
      publishMessage: async (_, message) => messages.push(message),
    });
    desk.ask({ id: "question", message: { ...MESSAGE, visitor: "ada" }, history: [] });
    await vi.advanceTimersByTimeAsync(70_000 + DEFAULT_CHAT_LIMITS.botNextMs);
    const times = [0, ...replies.map(({ at }) => at)];
    for (const [i, at] of times.slice(1).entries()) expect(at - (times[i] ?? 0)).toBeLessThan(REPLY_ABANDONED_MS);
    expect(replies.length).toBeLessThan(15);
    expect(messages).toMatchObject([{ text: "Deep …", bot: true }]);
    desk.close();
  });
});
