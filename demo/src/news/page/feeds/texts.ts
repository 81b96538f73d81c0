import { textsOf } from "artesian-ui/language.ts";
import { en, type FeedsTexts } from "./texts.en.ts";
import { zhCN } from "./texts.zh-CN.ts";

/** The texts of the list of feeds, loaded on demand. */
export const feedsTexts: () => FeedsTexts = textsOf({ en, "zh-CN": zhCN });
