import type { RoomsTexts } from "./texts.en.ts";

export const zhCN: RoomsTexts = {
  heading: "去过的房间",
  current: "当前",
  unread: () => "条未读消息",
  elsewhere: (count) => `，其他房间有 ${count} 条未读消息`,
};
