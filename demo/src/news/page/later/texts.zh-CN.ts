import type { LaterTexts } from "./texts.en.ts";

export const zhCN: LaterTexts = {
  ticker: "滚动新闻",
  roll: "继续滚动",
  pause: "暂停滚动",
  feeds: (count) => `${count} 个订阅源`,
  failing: (count) => `${count} 个出错`,
  allWell: "全部正常",
};
