import { textsOf } from "artesian-ui/language.ts";
import { en, type FeedsTexts } from "./texts.en.ts";
import { zhCN } from "./texts.zh-CN.ts";

/** The texts of the list of feeds, which is loaded when it is wanted. */
export const feedsTexts: () => FeedsTexts = textsOf({ en, "zh-CN": zhCN });
