import { ADMITS, DOCS, type Talk, turn } from "./talk.ts";

/** Forty turns in Chinese, as visitors write them. They were written before the bot was tuned. */
export const TALKS: readonly Talk[] = [
  [
    turn("你好", /你好|嗨/),
    turn("这是什么网站？", /Artesian|hub/),
    turn("你是谁", /artie|机器人/),
    turn("我叫小红", /小红/),
    turn("你能做什么？", /Artesian[^]*(?:算术|价格|提醒|新闻)/),
    turn("我叫什么名字？", /小红/),
    turn("谢谢", /不客气|随时|小事/),
  ],
  [
    turn("Artesian 和 WebSocket 有什么区别", /HTTP|事件流/),
    turn("怎么从后端给所有浏览器推送消息", /curl|POST/),
    turn("用 Python 呢？", /POST|Python/),
    turn("前端怎么接收事件", /EventSource|connect\(/),
    turn("断网一个小时再回来会丢消息吗", /重连|补上|不会丢|缺口/),
    turn("服务器崩溃了数据还在吗", /磁盘|日志/),
    turn("怎么让只有登录用户才能看到某个主题", /令牌|token|私有|private/i, /广场/),
    turn("能放在 nginx 后面吗", /nginx|代理/),
    turn("一台服务器能支持多少连接", /bench|内存|连接|memory|connections/),
    turn("支持 Redis 吗", /redis/i),
    turn("怎么在一台机器上跑多个进程", /workers/),
    turn("什么是游标", /cursor|位置|event id/),
    turn("怎么定时发送消息", /delay|deliver_at/),
    turn("和 Mercure 兼容吗", /Mercure/),
    turn("怎么安装", /npm|npx/),
    turn("用的什么许可证", /MIT/),
    turn("消息能保留多久", /上限|多久|保留|retention|\bage\b|days|older/),
    turn("我自己的应用里怎么知道谁在线", /presence|subscriptions|在线状态/i, /成员列表/),
    turn("怎么监控", /metrics|console|控制台|监控/),
    turn("怎么备份数据", /backup|备份/),
    turn("在 React 里怎么用", /React|浏览器|hook/),
  ],
  [turn("12乘以7", /84/), turn("三加五等于几", /8/), turn("再乘以2", /16/), turn("350的20%", /70/), turn("10除以0", /零|除以 ?0/)],
  [
    turn("阿斯顿发斯蒂芬", ADMITS.zh, DOCS),
    turn("2018年世界杯谁赢了", ADMITS.zh, DOCS),
    turn("帮我写一篇关于法国大革命的文章", ADMITS.zh, DOCS),
    turn("明天北京天气怎么样", /机房|不知道|没法|查不到/),
    turn("ARTWL 的价格是多少", /182\.4/),
    turn("五分钟后提醒我关火", /关火/),
    turn("再见", /再见|拜拜|下次见/),
  ],
];

/** A further dozen, on which nobody tunes the bot. */
export const HELD_OUT: readonly Talk[] = [
  [
    turn("有人吗", /在|收到|听得/),
    turn("消息会不会重复收到", /一次|重复|id/),
    turn("怎么集成到 Express 里", /createHub|handler|Express/),
    turn("lag 是什么意思", /behind|落后|tail/),
    turn("怎么吊销令牌", /revo|吊销|撤销/i),
    turn("单条消息最大多大", /bytes|MiB|KiB|--max|字节/),
  ],
  [
    turn("15减20加2", /[-−]3/),
    turn("2的10次方", /1,?024/),
    turn("法国的首都是哪里", ADMITS.zh, /巴黎|\/docs\//),
    turn("苹果手机上能用吗", /Safari|浏览器/),
    turn("讲个笑话", /./, /超出|不明白/),
    turn("哇啦哇啦", ADMITS.zh, DOCS),
  ],
];
