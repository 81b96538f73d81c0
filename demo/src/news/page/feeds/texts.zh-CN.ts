import type { FeedsTexts } from "./texts.en.ts";

export const zhCN: FeedsTexts = {
  noFeeds: "还没有订阅源",
  address: "订阅源地址：RSS、Atom 或 JSON Feed",
  add: "添加",
  adding: "正在添加…",
  added: (count) => `已添加 ${count} 个订阅源。`,
  leftOut: (count, most) => `只读取文件中的前 ${most} 个订阅源，其余 ${count} 个没有读取。`,
  refused: {
    invalid_address: "这不是 http 或 https 地址。",
    private_address: "这个地址在内部网络中。启动服务器时加上 --private-feeds 才能添加。",
    already_followed: "已经有这个订阅源了。",
    too_many_feeds: "订阅源的数量已到上限，请先移除一个。",
  },
  withAddress: (text, url) => `${url}：${text}`,
  problems: {
    no_answer: "服务器没有应答，请重试。",
    unavailable: "无法保存订阅源列表，原因见服务器日志。",
    not_removable: "这个订阅源写在启动命令里，请从命令中去掉。",
    no_opml: "这个文件不是 OPML，或者里面没有订阅源。",
    opml_too_large: "这个文件超过 1 MB，请拆分后再导入。",
    other: (status) => `服务器拒绝了请求（${status}）。`,
  },
  opmlIn: "从 OPML 文件导入",
  opmlOut: "导出为 OPML",
  howTo: "也可以在启动服务器时给出订阅源，等号前的名称可以自己取。",
  copyLine: "复制命令",
  remove: "移除",
  removeOf: (title) => `移除${title}`,
  firstFetch: "正在第一次读取。",
  read: (when) => `${when}读取过。`,
  readWith: (when, items) => `${when}读取过，共 ${items} 条。`,
};
