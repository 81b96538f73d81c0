import { loadedTextsOf } from "artesian-ui/language.ts";
import type { LandingTexts } from "./texts.en.ts";

/** The texts of the landing page that are on the screen at first. */
export const landingTexts: () => LandingTexts = loadedTextsOf({
  en: () => import("./texts.en.ts"),
  "zh-CN": () => import("./texts.zh-CN.ts"),
});
