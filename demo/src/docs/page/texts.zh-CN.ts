import type { DocsTexts } from "./texts.en.ts";

export const zhCN: DocsTexts = {
  copyCode: "复制代码",
  note: "这份文档目前只有英文版。",
  quickStart: "阅读中文快速入门",
};
