import { textsOf } from "artesian-ui/language.ts";
import { en, type TroubleTexts } from "./texts.en.ts";
import { zhCN } from "./texts.zh-CN.ts";

/** The texts about feeds that fail, which are loaded when a feed does. */
export const troubleTexts: () => TroubleTexts = textsOf({ en, "zh-CN": zhCN });
