import { loadedTextsOf } from "artesian-ui/language.ts";
import type { LayerTexts } from "./texts.en.ts";

/** The texts of the landing page below the first screen. */
export const layerTexts: () => LayerTexts = loadedTextsOf({
  en: () => import("./texts.en.ts"),
  "zh-CN": () => import("./texts.zh-CN.ts"),
});
