import { loadedTextsOf } from "artesian-ui/language.ts";
import type { BotTexts } from "./texts.en.ts";

/** The texts of the bot's answers. */
export const botTexts: () => BotTexts = loadedTextsOf({
  en: () => import("./texts.en.ts").then(({ en }) => en),
  "zh-CN": () => import("./texts.zh-CN.ts").then(({ zhCN }) => zhCN),
});
