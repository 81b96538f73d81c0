import { describe, expect, test } from "vitest";
import { embeddedBot } from "../../../demo/src/chat/server/index.ts";
import { FALLBACK, RULES } from "../../../demo/src/chat/server/bots/rules/index.ts";
import { CALLED, NO_SUM, SUM } from "../../../demo/src/chat/server/bots/rules/replies.ts";
import { type FollowUp, type Language, LANGUAGES, type Replies } from "../../../demo/src/chat/server/bots/rules/rule.ts";
import { type Fit, fitTrigger, mayFit, parseTrigger } from "../../../demo/src/chat/server/bots/embedded/trigger.ts";
import { plainText, splitWords } from "../../../demo/src/chat/server/bots/embedded/words.ts";
import { context } from "./bot-service.ts";

const words = (text: string): string[] => splitWords(plainText(text)).map(({ text: word }) => word);
const fit = (source: string, text: string): Fit | undefined => {
  const trigger = parseTrigger(source);
  const found = fitTrigger(trigger, words(text));
  if (found !== undefined) expect(mayFit(trigger, new Set(words(text)))).toBe(true);
  return found;
};

describe("words", () => {
  test.each([
    ["Hello, World!", ["hello", "world"]],
    ["I’m what's-his-name", ["i", "am", "what", "is", "his", "name"]],
    ["什么是SSE？", ["什", "么", "是", "sse"]],
    ["這是什麼", ["这", "是", "什", "么"]],
    ["ＳＳＥ　ok", ["sse", "ok"]],
    ["🎉 …", []],
    ["constructor __proto__ toString", ["constructor", "proto", "tostring"]],
  ])("of %j", (text, expected) => {
    expect(words(text)).toEqual(expected);
  });
});

describe("a trigger", () => {
  test.each<[string, string, number | undefined]>([
    ["hello", "Hello!", 1],
    ["hello", "hello there", undefined],
    ["hello *", "hello", 1],
    ["* hello *", "well hello there", 1],
    ["(good|good day|day)", "good day", 2],
    ["(good|good day) day", "good day day", 3],
    ["what is [a|the] hub", "what is hub", 3],
    ["what is [a|the] hub", "what's the hub?", 4],
    ["what is [a|the] hub", "what is my hub", undefined],
    ["* what * hub", "what what hub hub", 2],
    ["什么是 *", "什么是主题", 3],
    ["call me {words}", "call me", undefined],
    ["*", "", 0],
  ])("%j fits %j by %s words", (trigger, text, named) => {
    expect(fit(trigger, text)?.named).toBe(named);
  });

  test("catches the words at {words}, as few as it can", () => {
    expect(fit("my name is {words}", "my name is Ada Lovelace")).toEqual({ named: 3, from: 3, to: 5 });
    expect(fit("my name is {words} and *", "my name is a and b and c")).toEqual({ named: 4, from: 3, to: 4 });
    expect(fit("* like {words}", "i like to like it")).toEqual({ named: 1, from: 2, to: 5 });
  });

  test.each(["", "hello)", "(hello", "[a", "a|b", "{name}", "(a|)", "(a*b)", "!"])("%j is refused", (source) => {
    expect(() => parseTrigger(source)).toThrow(TypeError);
  });

  test("is out if a choice has no word of the message", () => {
    expect(mayFit(parseTrigger("* (cat|small dog) * {words}"), new Set(["a", "dog"]))).toBe(false);
    expect(mayFit(parseTrigger("[cat] *"), new Set(["dog"]))).toBe(true);
  });

  test("takes time that grows with the length of the message only", () => {
    const trigger = parseTrigger("* a * a * a * [a] * (a|a a|a a a) * {words} * b");
    const time = (length: number): number => {
      const text = Array.from({ length }, () => "a");
      const started = performance.now();
      expect(fitTrigger(trigger, text)).toBeUndefined();
      return performance.now() - started;
    };
    time(20_000);
    // A matcher that goes back takes the eighth power of this.
    expect(time(20_000)).toBeLessThan(2_000);
  });
});

const triggers = RULES.flatMap((rule) => LANGUAGES.flatMap((language) => rule.when[language].map((trigger) => ({ rule, trigger }))));

function placeholders(replies: Replies): string[] {
  return LANGUAGES.flatMap((language) => replies[language].flatMap((reply) => reply.match(/\{[^}]*\}?/g) ?? []));
}

function chain(rule: FollowUp): FollowUp[] {
  return rule.next === undefined ? [rule] : [rule, ...chain(rule.next)];
}

/** A message that a trigger is made for: the last of each choice, and nothing at a `*`. */
function example(trigger: string): string {
  return trigger
    .replace(/\[[^\]]*\]|\*/g, " ")
    .replace(/\(([^)]*)\)/g, (_, choices: string) => ` ${choices.split("|").at(-1)} `)
    .replace("{words}", " qqq ")
    .replace(/\s+/g, " ")
    .trim();
}

describe("the brain", () => {
  test("has replies in both languages, with placeholders that are known", () => {
    const known = ["{nick}", "{bot}", "{time}", "{date}", "{curl}", "{js}", "{docs}"];
    for (const replies of [CALLED, ...Object.values(SUM), ...Object.values(NO_SUM)]) {
      for (const name of placeholders(replies)) expect([...known, "{sum}"]).toContain(name);
    }
    for (const rule of [...RULES, ...FALLBACK]) {
      const catches = LANGUAGES.flatMap((language) => rule.when[language]).every((trigger) => trigger.includes("{words}"));
      const named = rule.sayToKnown !== undefined || rule.does === "learn name";
      for (const [depth, { say }] of chain(rule).entries()) {
        for (const language of LANGUAGES) expect(say[language].length, JSON.stringify(rule.when)).toBeGreaterThan(0);
        const allowed = [...known, ...(catches || depth > 0 ? ["{words}", "{Words}"] : []), ...(named ? ["{name}"] : [])];
        for (const name of placeholders(say)) expect(allowed, JSON.stringify(rule.when)).toContain(name);
      }
      for (const name of placeholders(rule.sayToKnown ?? { en: [], zh: [] })) expect([...known, "{name}"]).toContain(name);
      if (rule.does === "learn name" || rule.does === "answer words") expect(catches).toBe(true);
    }
  });

  test("has triggers in both languages", () => {
    for (const rule of RULES) {
      for (const language of LANGUAGES) expect(rule.when[language].length, JSON.stringify(rule.when)).toBeGreaterThan(0);
    }
  });

  test.each(triggers)("answers to $trigger by the rule that has it", async ({ rule, trigger }) => {
    const text = example(trigger);
    const answer = (await embeddedBot({ docs: false }).reply({ room: "lobby", nickname: "Ada", text }, context())) as string;
    const said = LANGUAGES.flatMap((language) => rule.say[language]).some((reply) => sameText(reply, answer));
    expect(said, `${text}: ${answer}`).toBe(true);
  });
});

function sameText(reply: string, answer: string): boolean {
  const literal = reply.split(/\{[a-z]+\}/i).map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"));
  return new RegExp(`^${literal.join("[^]+")}$`).test(answer);
}

test.each([
  ["does it scale to many machines?", /docs\/operate\/scaling$/],
  ["can I run it on several servers", /docs\/operate\/scaling$/],
  ["可以部署到多台机器吗？", /docs\/operate\/scaling$/],
  ["how do I publish from PHP?", /docs\/guides\/publishing$/],
  ["怎么用 PHP 发布？", /docs\/guides\/publishing$/],
  ["what about Python?", /docs\/guides\/publishing$/],
])("%s leads to its page", async (text, page) => {
  expect(await embeddedBot({ docs: false }).reply({ room: "lobby", nickname: "Ada", text }, context())).toMatch(page);
});

test("a person's name is kept to its bound", async () => {
  const bot = embeddedBot({ docs: false });
  const say = async (text: string): Promise<string> => (await bot.reply({ room: "lobby", nickname: "Ada", text }, context())) as string;
  await say(`my name is x${"𝒳".repeat(100)}`);
  const [name = ""] = /(?<=you are )[^.]+/.exec(await say("who am i")) ?? [];
  expect(name).toHaveLength(60);
  expect(name).toBe(name.toWellFormed());
});

test("two people whose rooms and names run together are two", async () => {
  const bot = embeddedBot({ docs: false });
  const say = async (room: string, nickname: string, text: string): Promise<string> =>
    (await bot.reply({ room, nickname, text }, context())) as string;
  await say("a/b", "c", "my name is augusta");
  expect(await say("a", "b/c", "who am i")).not.toContain("Augusta");
});

test.each<[string, Language]>([
  ["hello ".repeat(200), "en"],
  ["你好".repeat(200), "zh"],
  ["的".repeat(2000), "zh"],
  ["what is the ".repeat(100), "en"],
])("a long message is answered at once: %s", async (text) => {
  const started = performance.now();
  expect(await embeddedBot({ docs: false }).reply({ room: "lobby", nickname: "Ada", text }, context())).toMatch(/./);
  expect(performance.now() - started).toBeLessThan(5000);
});
