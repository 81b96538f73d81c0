import type { SharedTexts } from "./texts.en.ts";

export const texts: SharedTexts = {
  home: "Artesian 首页",
  apps: "应用",
  chat: "聊天",
  stocks: "股票",
  news: "新闻",
  console: "控制台",
  docs: "文档",
  language: "语言",
  connection: {
    connecting: "正在连接",
    "catching-up": "正在补收",
    live: "实时",
    polling: "实时（轮询）",
    reconnecting: "正在重连",
    resting: "已休眠",
    refused: "无权访问",
  },
  seconds: (seconds) => `${seconds} 秒`,
  problems: {
    no_answer: "还没有收到应答。浏览器对同一网站最多只开六个连接；如果其他标签页或窗口也打开了本站，请关闭其中几个。",
    resting: "此标签页被隐藏后关闭了数据流，把连接让给了别的页面。再次显示时会从原来的位置继续。",
    polling: "浏览器与服务器之间有设备阻挡了数据流，因此本页改为反复询问更新。不会丢失任何内容。",
    no_network: "浏览器报告没有网络。本页会继续尝试。",
    not_renewed: "本页的访问权限未能续期。旧权限到期后会重新连接，不会丢失任何内容。",
    no_access: "服务器不允许本页访问。",
    refused: (status) => `服务器拒绝了请求（状态码 ${status}）。本页会继续尝试。`,
  },
  copy: "复制",
  copied: "已复制",
  selectIt: "请手动选择",
};
