import { loadedTextsOf } from "artesian-ui/language.ts";
import type { NewsTexts } from "./texts.en.ts";

/** The texts of the news page. */
export const newsTexts: () => NewsTexts = loadedTextsOf({
  en: () => import("./texts.en.ts"),
  "zh-CN": () => import("./texts.zh-CN.ts"),
});
