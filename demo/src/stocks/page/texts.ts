import { textsOf } from "artesian-ui/language.ts";
import { en } from "./texts.en.ts";
import { zhCN } from "./texts.zh-CN.ts";

/** The texts of the stocks page. */
export const stocksTexts = textsOf({ en, "zh-CN": zhCN });
