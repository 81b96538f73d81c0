import type { NotFoundTexts } from "./texts.en.ts";

export const zhCN: NotFoundTexts = {
  documentTitle: "Artesian：页面不存在",
  title: "此处无泉",
  advice: "此地址没有页面。你可以从上方的导航前往现有的页面。",
  home: "回到首页",
};
