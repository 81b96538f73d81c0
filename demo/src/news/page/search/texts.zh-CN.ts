import type { SearchTexts } from "./texts.en.ts";

export const zhCN: SearchTexts = {
  noSuchFeed: "没有这个订阅源",
  noMatch: "没有符合的新闻",
  showAll: "显示全部新闻",
};
