import { describe, expect, it } from "vitest";
import { checkNickname } from "../../../demo/src/chat/server/names.ts";

const isTaken = (nickname: string, botName: string): boolean => {
  const checked = checkNickname(nickname, botName);
  return !checked.ok && checked.detail.includes("belongs to the bot");
};

describe("a nickname that reads as the bot's", () => {
  const forms = [
    "artie.",
    "@artie",
    "(artie)",
    "[Artie]",
    "«artie»",
    "artie!",
    "a r t i e",
    "a.r.t.i.e",
    "a-r-t-i-e",
    "~artie~",
    "artie 🤖",
    "✓ artie",
    "_artie_",
  ];
  const titles = [
    "artie (bot)",
    "Artie Bot",
    "artiebot",
    "bot_artie",
    "the real artie",
    "Artie (official bot)",
    "[BOT] artie",
    "artie the robot",
    "artie b0t",
    "artie·机器人",
    "Artie AI",
  ];
  const letters = ["4rtie", "ar7i3", "arti℮", "arti€", "art!e", "art!e!", "art1e!", "𝐚rtie.", "(аrtіе)", "A R T L E"];
  it.each([...forms, ...titles, ...letters])("is refused: %j", (nickname) => {
    expect(isTaken(nickname, "artie")).toBe(true);
    expect(isTaken(nickname, "Artie Bot")).toBe(true);
  });

  it.each([
    "Marty",
    "arties",
    "artie2",
    "R2D2 4ever",
    "Bot",
    "the",
    "bot bot",
    "partie",
    "Artie's friend",
    "a",
    "Robert",
    "...",
    "art",
    "ärger",
    "not artie",
  ])("is free if it is another name: %j", (nickname) => expect(checkNickname(nickname, "artie")).toEqual({ ok: true, text: nickname }));

  it.each([
    ["Ernie", "e.r.n.i.e", true],
    ["Ernie", "Emie", true],
    ["Bot", "bot.", true],
    ["Bot", "robot", false],
    ["Bot", "Botanist", false],
    ["Al", "Al!", true],
    ["Al", "real", false],
    ["艾蒂", "艾蒂（机器人）", true],
    ["艾蒂", "小艾", false],
    ["किरण", "किरण।", true],
    ["किरण", "करण", false],
    ["🤖", "🤖", true],
    ["🤖", "bot", false],
  ])("of the bot %j, %j: %s", (botName, nickname, taken) => {
    expect(isTaken(nickname, botName)).toBe(taken);
  });
});
