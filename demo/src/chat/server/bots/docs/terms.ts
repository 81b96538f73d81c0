/**
 * Words of visitors, and the words of the docs for the same thing. One row per subject: Chinese and
 * English words of visitors, then the words that the docs use.
 */
const TERMS: readonly (readonly [zh: string, en: string, docs: string])[] = [
  ["主题 话题", "channel channels", "topic"],
  ["匹配器 匹配", "", "matcher"],
  ["发布 推送 推消息 发送 发消息", "send push emit broadcast", "publish"],
  ["订阅 接收 收消息", "receive listen consume", "subscribe subscriber"],
  ["订阅者", "listener listeners", "subscriber"],
  ["重连 重新连接 断线 掉线 断网 离线 断开", "offline disconnect disconnected", "reconnect"],
  ["游标", "", "cursor"],
  ["事件", "", "event"],
  ["数据流", "", "stream"],
  ["日志", "log", "journal"],
  ["令牌 凭证", "jwt", "token"],
  [
    "登录 鉴权 授权 认证 权限",
    "login signin logged auth authenticate authentication authorize protect permission permissions restrict",
    "authorization token",
  ],
  ["私有 私密 保密", "secret hide", "private"],
  ["密钥 签名", "", "key"],
  ["吊销 撤销 作废", "invalidate", "revoke revocation"],
  ["跨域", "cross origin", "cors"],
  ["在线 在线状态 在线用户 谁在线", "online", "presence"],
  ["监控 指标 监测", "monitor monitoring observe prometheus grafana", "metrics"],
  ["控制台 后台 管理界面", "dashboard admin", "console"],
  ["健康检查", "", "health"],
  ["备份", "", "backup"],
  ["恢复 还原", "", "restore"],
  ["崩溃 宕机 断电", "crashes crashed", "crash"],
  ["重启", "", "restart"],
  ["磁盘 硬盘", "", "disk"],
  ["内存", "ram", "memory"],
  ["集群 多台", "cluster horizontal", "scaling fleet"],
  ["扩展 扩容 伸缩", "scale scalable", "scaling"],
  ["进程 多进程", "cores cpus processes", "workers process"],
  ["机器", "machines", "machine"],
  ["多个", "multiple", "several"],
  ["运行 启动 跑", "start launch", "run"],
  ["代理 反向代理 负载均衡 网关", "haproxy caddy", "proxy"],
  ["定时 延迟发送 延时 稍后 预约", "schedule scheduled later timer", "delay deliver scheduled"],
  ["过期 有效期 到期", "expire expires expired expiry", "ttl exp expire"],
  ["保留 保存 存储 存多久 保留多久", "kept keep retain retention stored", "retention age"],
  ["历史 历史消息 回放 重放", "history", "replay"],
  ["去重 幂等 重复", "dedupe deduplicate", "idempotency"],
  ["丢失 丢消息 丢 漏", "lose lost", "lost"],
  ["限制 限流", "throttle quota", "limit"],
  ["大小 多大 多长", "big size length", "size bytes largest"],
  ["最大 最多 上限", "maximum max biggest limits", "most largest limit"],
  ["生成 签发", "generate mint", "mint issue"],
  ["慢", "", "slow"],
  ["压缩", "compress compressed", "compression"],
  ["配置 设置 选项 参数", "config option options", "configuration setting"],
  ["错误 报错 错误码", "", "error"],
  ["安装", "", "install"],
  ["部署", "deploy deployment", "serve"],
  ["嵌入 集成", "integrate embed", "embedding"],
  ["客户端 前端", "frontend", "client"],
  ["后端", "backend", "publish"],
  ["浏览器", "", "browser"],
  ["标签页", "", "tab"],
  ["数据库", "", "database"],
  ["消息 更新", "message messages", "update"],
  ["数据", "", "data"],
  ["连接", "connections connection", "connection subscribers"],
  ["服务器 服务端", "", "server"],
  ["性能 速度 吞吐 压测", "fast speed performance throughput", "benchmark"],
  ["轮询", "", "poll"],
  ["心跳", "keepalive ping", "heartbeat"],
  ["协议", "", "protocol"],
  ["兼容 兼容性", "compatible", "compatibility"],
  ["迁移", "migrate migration", "moving"],
  ["数据源 源", "", "source"],
  ["限速 节流", "", "pace interval"],
  ["顺序 有序", "ordering", "order"],
  ["落后 滞后", "", "lag"],
  ["缺口", "", "gap"],
  ["证书", "", "tls"],
  ["手机 移动端", "phone mobile", "mobile"],
  ["框架", "", "framework"],
  ["用户", "", "user"],
  ["默认", "", "default"],
  ["存在 存放 目录", "folder", "directory"],
  ["测试", "tests", "testing test"],
  ["过滤 筛选", "filter", "matcher match"],
  ["主机 域名", "", "host"],
  ["端口", "", "port"],
];

interface Word {
  readonly word: string;
  readonly docs: readonly string[];
}

const rows = TERMS.map(([zh, en, docs]) => ({ zh: zh.split(" "), en: en.split(" "), docs: docs.split(" ") }));

const ENGLISH: ReadonlyMap<string, readonly string[]> = new Map(
  rows.flatMap(({ en, docs }) => en.filter((word) => word !== "").map((word) => [word, docs])),
);

/** The longest word comes first, and is found before its parts. */
const CHINESE: readonly Word[] = rows
  .flatMap(({ zh, docs }) => zh.map((word): Word => ({ word, docs })))
  .toSorted((a, b) => b.word.length - a.word.length);

/** The docs' words for an English word of a visitor. */
export function docsWords(word: string): readonly string[] {
  return ENGLISH.get(word) ?? [];
}

/** Takes the known Chinese words out of a text. */
export function takeTerms(text: string): { readonly found: readonly Word[]; readonly rest: string } {
  const found: Word[] = [];
  let rest = text;
  for (const term of CHINESE) {
    if (!rest.includes(term.word)) continue;
    found.push(term);
    rest = rest.replaceAll(term.word, " ");
  }
  return { found, rest };
}
