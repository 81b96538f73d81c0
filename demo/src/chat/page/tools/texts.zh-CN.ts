import type { ToolTexts } from "./texts.en.ts";

export const zhCN: ToolTexts = {
  reply: "回复",
  notTaken: "没有成功，请稍后再试。",
  replyingTo: (nickname) => `回复 ${nickname}：`,
  cancel: "取消",
  goTo: "跳转到这条消息",
  earlier: "更早的一条消息",
};
