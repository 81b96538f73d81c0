import { textsOf } from "./language.ts";
import { en } from "./texts.en.ts";
import { zhCN } from "./texts.zh-CN.ts";

/** The texts that all pages share. */
export const sharedTexts = textsOf({ en, "zh-CN": zhCN });
