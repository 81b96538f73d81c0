import { textsOf } from "artesian-ui/language.ts";
import { en, type SearchTexts } from "./texts.en.ts";
import { zhCN } from "./texts.zh-CN.ts";

/** The texts of a search that finds nothing. */
export const searchTexts: () => SearchTexts = textsOf({ en, "zh-CN": zhCN });
