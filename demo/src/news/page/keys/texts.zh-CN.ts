import type { KeysTexts } from "./texts.en.ts";

export const zhCN: KeysTexts = {
  title: "快捷键",
  enter: "回车",
  next: "下一条新闻",
  previous: "上一条新闻",
  open: "在新标签页中打开",
  read: "标为已读或未读",
  showNew: "显示更新",
  search: "按关键词筛选",
  help: "显示这个列表",
  isOn: "启用快捷键（输入文字时不起作用）",
  close: "关闭",
};
