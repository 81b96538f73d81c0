import { textsOf } from "artesian-ui/language.ts";
import { en } from "./texts.en.ts";
import { zhCN } from "./texts.zh-CN.ts";

export const topicsTexts = textsOf({ en, "zh-CN": zhCN });
