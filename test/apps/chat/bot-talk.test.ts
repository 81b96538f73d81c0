import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { type BotContext, embeddedBot } from "../../../demo/src/chat/server/index.ts";
import type { BotAnswer } from "../../../demo/src/chat/server/bots/bot.ts";
import { context } from "./bot-service.ts";
import type { Talk, Turn } from "./bot-talk/talk.ts";
import * as english from "./bot-talk/talks.en.ts";
import * as chinese from "./bot-talk/talks.zh.ts";

/** One price is published, reminders are kept. */
const CONTEXT: BotContext = {
  ...context(),
  newest: async () => [
    {
      topic: "/quotes/ARTWL",
      type: "quote",
      data: JSON.stringify({ symbol: "ARTWL", price: 182.4, change: 1, changePercent: 0.5, time: "2026-11-29T12:00:00Z", simulated: true }),
    },
  ],
  later: async () => "kept",
};

interface Answered extends Turn {
  readonly answer: string;
}

/** All turns of the talks. Each talk has its own visitor. */
async function held(talks: readonly Talk[]): Promise<Answered[]> {
  const bot = embeddedBot({ docs: fileURLToPath(new URL("../../../docs", import.meta.url)) });
  const answered: Answered[] = [];
  for (const [index, talk] of talks.entries()) {
    for (const turn of talk) {
      const answer = await (bot.reply({ room: `room ${index}`, nickname: "Ada", text: turn.said }, CONTEXT) as Promise<string | BotAnswer>);
      answered.push({ ...turn, answer: typeof answer === "object" ? answer.text : answer });
    }
  }
  return answered;
}

function isGood({ said, answer, must, mustNot }: Answered): boolean {
  const isChinese = /\p{sc=Han}/u.test(said) || !/[a-z]/i.test(said);
  const language = /\p{sc=Han}/u.test(answer) === /\p{sc=Han}/u.test(said) || !isChinese;
  return language && must.test(answer) && mustNot?.test(answer) !== true;
}

describe.each([
  ["English, 40 turns", english.TALKS, 40, 38],
  ["English, held out", english.HELD_OUT, 12, 9],
  ["Chinese, 40 turns", chinese.TALKS, 40, 38],
  ["Chinese, held out", chinese.HELD_OUT, 12, 8],
])("%s", (name, talks, turns, atLeast) => {
  test(`are answered well, at least ${atLeast} of ${turns}`, async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    const answered = await held(talks);
    expect(answered).toHaveLength(turns);
    const bad = answered.filter((turn) => !isGood(turn));
    console.log(`${name}: ${turns - bad.length} of ${turns} good`);
    for (const { said, answer } of bad) console.log(`  ${said}\n    → ${answer}`);
    expect(turns - bad.length).toBeGreaterThanOrEqual(atLeast);
  });
});
