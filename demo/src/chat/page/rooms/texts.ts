import { textsOf } from "artesian-ui/language.ts";
import { en } from "./texts.en.ts";
import { zhCN } from "./texts.zh-CN.ts";

/** The texts of the list of rooms. */
export const roomsTexts = textsOf({ en, "zh-CN": zhCN });
