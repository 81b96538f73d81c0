import { textsOf } from "artesian-ui/language.ts";
import { en, type KeysTexts } from "./texts.en.ts";
import { zhCN } from "./texts.zh-CN.ts";

/** The texts of the keys, loaded on demand. */
export const keysTexts: () => KeysTexts = textsOf({ en, "zh-CN": zhCN });
