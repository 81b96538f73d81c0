import type { TopicsTexts } from "./texts.en.ts";

export const zhCN: TopicsTexts = {
  title: "各主题的更新",
  counted: (_topics, shown, since) => `自 ${since} 起有更新的主题：${shown} 个。`,
  left: (_times, shown) => `主题数超过统计上限：最久没有更新的主题已被略去 ${shown} 次。`,
  none: "还没有任何主题有更新。",
  hint: "一条更新只计入它的第一个主题，大小为数据的字符数。速率取最近几秒。打开本页时，从内存中最新的更新开始统计；无人查看时停止。",
  show: (topic) => `查看 ${topic} 的更新`,
  below: (_topics, shown) => `${shown} 个主题`,
  updates: (_updates, shown, size) => `${shown} 条，${size}`,
  ago: (time) => `${time}前`,
};
