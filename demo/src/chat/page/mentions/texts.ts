import { textsOf } from "artesian-ui/language.ts";
import { en, type MentionTexts } from "./texts.en.ts";
import { zhCN } from "./texts.zh-CN.ts";

/** The texts of mentions. */
export const mentionTexts: () => MentionTexts = textsOf<MentionTexts>({ en, "zh-CN": zhCN });
