import { textsOf } from "artesian-ui/language.ts";
import { en, type LaterTexts } from "./texts.en.ts";
import { zhCN } from "./texts.zh-CN.ts";

/** The texts of the parts that are loaded after the first headlines. */
export const laterTexts: () => LaterTexts = textsOf({ en, "zh-CN": zhCN });
