import { describe, expect, test } from "vitest";
import { splitCode } from "../../../demo/src/chat/page/split-code.ts";
import { leastMs } from "../../support/cpu.ts";

const split = (text: string): string[] => splitCode(text).map(({ kind, text: part }) => `${kind}: ${part}`);

describe("the code of a message", () => {
  test.each([
    ["nothing", ["prose: nothing"]],
    ["run `npm start` now", ["prose: run ", "code: npm start", "prose:  now"]],
    ["运行`npm start`即可", ["prose: 运行", "code: npm start", "prose: 即可"]],
    ["see:\n```js\nlet a = 1;\n  a++;\n```\nand so on", ["prose: see:", "block: let a = 1;\n  a++;", "prose: and so on"]],
    ["```one line```", ["block: one line"]],
    ["```\n`a` **b**\n```", ["block: `a` **b**"]],
    ["a ` b", ["prose: a ` b"]],
    ["``` never closed", ["prose: ``` never closed"]],
    ["`two\nlines`", ["prose: `two\nlines`"]],
    ["``````", ["prose: ``````"]],
  ])("%j", (text, parts) => expect(split(text)).toEqual(parts));

  test("takes no long time to find", () => {
    for (const text of ["`".repeat(2000), "``` ".repeat(500), "```a\n".repeat(400)]) {
      expect(leastMs(() => splitCode(text))).toBeLessThan(100);
    }
  });
});
