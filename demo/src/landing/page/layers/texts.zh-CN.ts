import type { LayerTexts } from "./texts.en.ts";

export const texts: LayerTexts = {
  rely: "可以放心的事",
  claims: {
    reconnects: {
      title: "重连不丢数据",
      about: "页面离线后，会从最后看到的事件继续。如果有数据已不再保留，数据流会明确告知。",
    },
    journal: {
      title: "只有一份日志",
      about: "每条更新先写入日志，再发送。实时推送和补发读的是同一份日志，顺序相同。",
    },
    backends: {
      title: "任意后端",
      about: "PHP、Python、Go、Shell 脚本：能发 POST 就能发布。为 Mercure 协议编写的客户端也能用。",
    },
    polls: {
      title: "无需轮询",
      about: "每个页面只有一个长连接，用浏览器自带的 `EventSource`。不需要库，不需要特殊代理，没有空转的请求。",
    },
  },
  well: {
    label: "一条更新的路径，自上而下",
    pages: "*所有打开的页面*立刻收到。",
    hub: "*服务器*找出订阅者，发送同样的字节。",
    journal: "*日志*按顺序保存。",
    backends: "*你的后端*发送一个 POST。",
  },
  watch: "看它运行",
  watchAbout: "四个应用运行在这台服务器上，只使用公开接口。在两个窗口里打开同一个应用，中途停掉服务器试试。",
  apps: {
    chat: { name: "聊天室", about: "真人和机器人。每位访客有自己的令牌，数据流不断，令牌自动续期。" },
    stocks: { name: "股票行情", about: "价格一变就推送，服务器按屏幕能显示的节奏发送。接入真实数据之前，行情是模拟的。" },
    news: { name: "新闻滚动", about: "订阅源变成数据流。新标题一发布就滚动进来，你阅读时会等你。" },
    console: { name: "控制台", about: "服务器在做什么：速率、连接、日志，以及某个订阅者为什么没收到某条更新。" },
  },
  show: {
    title: "杀掉服务器",
    about:
      "本页每秒发布四条带编号的更新，并统计数据流上收到的内容。其间可以用 SIGKILL 杀掉服务器进程，也可以让本页离线。每个编号都会到达，且只到一次。",
    start: "开始",
    again: "再来一次",
    stop: "停止",
    kill: "杀掉服务器",
    leave: "离线",
    comeBack: "恢复在线",
    sent: "已发送",
    received: "已收到",
    lost: "丢失",
    repeated: "重复",
    numbers: "最近的编号",
    legend: { waiting: "在途", live: "实时到达", replayed: "补发到达", lost: "丢失" },
    events: "发生了什么",
    idle: "还没有发送。",
    happened: {
      started: () => "已连接，开始发送第一个编号。",
      killed: ({ process = 0 }) => `进程 ${process} 已被 SIGKILL 杀掉，没有任何收尾或保存。`,
      back: ({ process = 0, ms = 0 }) => `${(ms / 1000).toFixed(1)} 秒后，新进程 ${process} 开始应答。`,
      notYet: ({ seconds = 0 }) => `服务器刚被杀过，${seconds} 秒后可以再来一次。`,
      cannot: () => "服务器没有被杀掉：它的应答不符合预期。",
      left: () => "离线：本页关闭了数据流，记住了位置，并继续发布。",
      replayed: ({ count = 0 }) => `已重新连接，错过的 ${count} 个编号已补发。`,
      ended: () => "已停止。",
      overTime: () => "两分钟到，已自动停止。",
    },
    cannotKill: {
      memory: "没有“杀掉服务器”按钮：此服务器只把更新保存在内存里，杀掉就会丢失。启动时去掉 --journal memory 即可。",
      single: "没有“杀掉服务器”按钮：此服务器被杀后不会自动重启。",
    },
  },
  join: {
    title: "用手机加入",
    about: "用手机扫码，在手机上发布，看它出现在这里。",
    show: "显示二维码",
    code: (url) => `${url} 的二维码`,
    loopback: (url) =>
      `此服务器只监听本机（${url}），手机无法访问。演示版允许所有人发布，因此不对外开放。如果前面有代理，把 --public-url 设为代理的地址，这里就会显示二维码。`,
  },
  notLoaded: "这部分没有加载成功，请再试一次。",
};
