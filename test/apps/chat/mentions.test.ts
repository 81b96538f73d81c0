import { expect, test } from "vitest";
import { mentionPattern } from "../../../demo/src/chat/page/mentions/mentions.ts";

const NAMES = ["Ada", "Ada Lovelace", "小明", "artie", "C++ (fan)", "Café"];

test.each([
  ["@Ada hello", ["@Ada"]],
  ["hello @ada lovelace!", ["@ada lovelace"]],
  ["你好@小明你好，＠artie你好", ["@小明", "＠artie"]],
  ["@Adam and ada@ada.example are others", []],
  ["(@C++ (fan)) @Café?", ["@C++ (fan)", "@Café"]],
  ["@小明@Ada", ["@小明", "@Ada"]],
  ["@nobody", []],
])("the mentions in %j are %j", (text, found) => {
  const pattern = mentionPattern(NAMES);
  expect([...text.matchAll(pattern ?? /$^/g)].map(([mention]) => mention)).toEqual(found);
});

test("without names, there is no pattern", () => {
  expect(mentionPattern([])).toBeUndefined();
});
