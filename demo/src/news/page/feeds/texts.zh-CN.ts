import type { FeedsTexts } from "./texts.en.ts";

export const zhCN: FeedsTexts = {
  howTo: "启动服务器时给出订阅源的地址，支持 RSS、Atom 和 JSON Feed。每个订阅源写一次 --feed，等号前的名称可以自己取。",
  copyLine: "复制命令",
  firstFetch: "正在第一次读取。",
  read: (when) => `${when}读取过。`,
  readWith: (when, items) => `${when}读取过，共 ${items} 条。`,
};
