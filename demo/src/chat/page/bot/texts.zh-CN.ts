import type { BotTexts } from "./texts.en.ts";

export const zhCN: BotTexts = {
  stop: "停止",
  stopOf: (bot) => `停止 ${bot} 的回答`,
  failed: "回答中断了。",
  stopped: "回答已停止。",
  again: "重试",
  asking: "正在重新提问……",
  notAsked: "没有成功，请稍后再试。",
  price: (symbol) => `${symbol} 的价格`,
  simulated: "模拟",
  live: "实时",
  asOf: (time) => `截至 ${time}`,
  allPrices: "全部行情",
  headlines: "最新新闻",
  allNews: "全部新闻",
};
