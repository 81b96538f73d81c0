import type { JournalTexts } from "./texts.en.ts";

export const zhCN: JournalTexts = {
  title: "日志中的更新",
  follow: "跟随最新",
  topic: "主题包含",
  everyTopic: "全部主题",
  type: "类型",
  everyType: "全部类型",
  from: "从此事件 ID 开始",
  newest: "最新",
  go: "转到",
  none: "日志中没有这样的更新。",
  noneYet: "已检查的更新中没有匹配的。点“更早”继续查找。",
  pages: "日志分页",
  newer: "更新的",
  older: "更早",
  explain: "查看去向",
  play: "从这里播放",
  playLabel: (id) => `从这里播放：${id}`,
  hint: "数据只在数据流中显示，且以你的令牌权限为限：“从这里播放”会打开一个从该更新开始的数据流。控制台自身的数据不在此列。",
};
