import { textsOf } from "artesian-ui/language.ts";
import { en, type ToolTexts } from "./texts.en.ts";
import { zhCN } from "./texts.zh-CN.ts";

/** The texts of actions on a message. */
export const toolTexts: () => ToolTexts = textsOf<ToolTexts>({ en, "zh-CN": zhCN });
