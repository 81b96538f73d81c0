import { textsOf } from "artesian-ui/language.ts";
import { en, type RefusalTexts } from "./texts.en.ts";
import { zhCN } from "./texts.zh-CN.ts";

/** The texts about refused messages and nicknames, which are loaded when one is refused. */
export const refusalTexts: () => RefusalTexts = textsOf({ en, "zh-CN": zhCN });
