import type { RefusalTexts } from "./texts.en.ts";

export const zhCN: RefusalTexts = {
  nickname_empty: "昵称至少要有一个字符。",
  nickname_too_long: "昵称太长了。",
  nickname_invisible: "昵称里有看不见的字符，请重新输入。",
  nickname_of_bot: "这个昵称和机器人的名字太像，请换一个。",
  text_empty: "消息是空的。",
  text_too_long: "消息太长了。",
  text_control: "消息里有控制字符，请删掉。",
  too_large: "消息太长了。",
  muted: "你在这个房间已被管理员禁言。",
  insufficient_scope: "本页无权在这个房间发言，请刷新页面。",
  other_visitor: "这是本浏览器换身份之前写的，现在发送吗？",
  too_old: "这条消息已经等了一天多，现在发送吗？",
  other: (status) => `服务器拒绝了这条消息（状态码 ${status}）。`,
};
