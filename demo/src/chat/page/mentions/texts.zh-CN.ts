import type { MentionTexts } from "./texts.en.ts";

export const zhCN: MentionTexts = {
  names: "可以提及的人",
  notify: "标签页在后台时，有人 @ 我就发通知",
  denied: "浏览器不允许发通知，请在本站的设置里修改。",
  title: (nickname, room) => `${nickname} 在 ${room} 提到了你`,
};
