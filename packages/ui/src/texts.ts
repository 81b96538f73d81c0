import { loadedTextsOf } from "./language.ts";
import type { SharedTexts } from "./texts.en.ts";

/** The texts that all pages share. */
export const sharedTexts: () => SharedTexts = loadedTextsOf({
  en: () => import("./texts.en.ts"),
  "zh-CN": () => import("./texts.zh-CN.ts"),
});
