import { textsOf } from "artesian-ui/language.ts";
import { type BotTexts, en } from "./texts.en.ts";
import { zhCN } from "./texts.zh-CN.ts";

/** The texts of the bot's answers. */
export const botTexts: () => BotTexts = textsOf<BotTexts>({ en, "zh-CN": zhCN });
