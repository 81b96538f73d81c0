import { textsOf } from "artesian-ui/language.ts";
import { en, type NewsTexts } from "./texts.en.ts";
import { zhCN } from "./texts.zh-CN.ts";

/** The texts of the news page. */
export const newsTexts: () => NewsTexts = textsOf({ en, "zh-CN": zhCN });
