import type { FleetTexts } from "./texts.en.ts";

export const zhCN: FleetTexts = {
  processes: "服务器进程",
  running: (processes, silent) => `${processes} 个进程${silent > 0 ? `，另有 ${silent} 个没有及时应答` : ""}`,
  columns: ["进程", "已运行", "连接", "落后", "发布", "投递", "待接收", "内存"],
  table: "进程列表",
  takeover: {
    title: "杀死进程，观察接管",
    hint: "应答本页的进程会像断电一样被杀死，由另一个进程接替；所有数据流都从原来的位置继续。",
    kill: "杀死进程",
    killed: (process) => `进程 ${process} 已被杀死，正在等待接替……`,
    back: (process, next, ms) => `进程 ${process} 被杀死，${ms} 毫秒后由进程 ${next} 应答。`,
    away: (process) => `进程 ${process} 已被杀死，尚无其他进程应答。`,
    tooSoon: "进程刚刚启动，请过几秒再试。",
    refused: "服务器拒绝了这次操作。",
  },
  answered: "（应答本页）",
  latency: "从发布到套接字的延迟",
  latencyHint:
    "更新从写入日志到写入套接字所用的时间：最近两分钟，每列 2 秒，颜色越深更新越多。仅在显示此部分时统计，不含设了间隔的和落后的数据流。",
  noLatency: "显示此部分以来，还没有更新交给套接字。",
  shares: (total, half, most) => `${total} 条更新：半数${half}，99%${most}。`,
  bound: (ms) => (ms === Infinity ? "超过 1 秒" : `低于 ${ms < 1000 ? `${ms} 毫秒` : "1 秒"}`),
};
