import { loadedTextsOf } from "artesian-ui/language.ts";
import type { ChatTexts } from "./texts.en.tsx";

/** The texts of the chat page. */
export const chatTexts: () => ChatTexts = loadedTextsOf({
  en: () => import("./texts.en.tsx"),
  "zh-CN": () => import("./texts.zh-CN.tsx"),
});
