import { loadedTextsOf } from "artesian-ui/language.ts";
import type { NewsTexts } from "./texts.en.ts";

/** The texts of the news page. */
export const newsTexts: () => NewsTexts = loadedTextsOf({
  en: () => import("./texts.en.ts").then(({ en }) => en),
  "zh-CN": () => import("./texts.zh-CN.ts").then(({ zhCN }) => zhCN),
});
