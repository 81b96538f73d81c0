import type { TroubleTexts } from "./texts.en.ts";

export const zhCN: TroubleTexts = {
  failingFor: (span) => `出错已持续 ${span}。`,
  withinMinute: "一分钟内",
  after: (span) => `${span}后`,
  askedEvery: (span) => `每 ${span}读取一次。`,
  askedAgain: (when) => `${when}再次读取。`,
  failures: {
    unreachable: (address) => `无法连接 ${address}。`,
    timeout: (address) => `${address} 没有及时应答。`,
    broken: (address) => `${address} 的应答中断了。`,
    too_large: (address) => `${address} 的应答太大。`,
    redirect: (address) => `${address} 的重定向无法跟随。`,
    status: (address, status) => `${address} 返回了 ${status}。`,
    forbidden: (address) => `${address} 在内部网络中，本页添加的订阅源不能读取。`,
    not_a_feed: (address) => `${address} 不是订阅源。`,
    other: () => "原因见服务器日志。",
  },
  unavailable: {
    not_here: "此服务器没有运行新闻。启动命令：artesian-demo",
    feeds: (status) => `服务器无法列出订阅源（${status}），会再次询问。`,
    nonsense: "服务器的应答无法理解，会再次询问。",
    headlines: (status) => `服务器无法给出新闻（${status}），会再次询问。`,
  },
};
