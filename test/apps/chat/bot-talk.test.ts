import { describe, expect, test, vi } from "vitest";
import { embeddedBot } from "../../../demo/src/chat/server/index.ts";
import { context } from "./bot-service.ts";
import type { Talk, Turn } from "./bot-talk/talk.ts";
import * as english from "./bot-talk/talks.en.ts";
import * as chinese from "./bot-talk/talks.zh.ts";

interface Answered extends Turn {
  readonly answer: string;
}

/** All turns of the talks. Each talk has a visitor of its own. */
async function held(talks: readonly Talk[]): Promise<Answered[]> {
  const bot = embeddedBot();
  const answered: Answered[] = [];
  for (const [index, talk] of talks.entries()) {
    for (const turn of talk) {
      const answer = await bot.reply({ room: `room ${index}`, nickname: "Ada", text: turn.said }, context());
      answered.push({ ...turn, answer: String(answer) });
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
  ["English, 40 turns", english.TALKS, 40, 0],
  ["English, held out", english.HELD_OUT, 12, 0],
  ["Chinese, 40 turns", chinese.TALKS, 40, 0],
  ["Chinese, held out", chinese.HELD_OUT, 12, 0],
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
