import type { Rule } from "./rule.ts";

/** Rules about single needs. They stand before the rules about publishing in general, and win between equals. */
export const NEEDS: readonly Rule[] = [
  {
    when: {
      en: [
        "* [how] [do|can] [i|we] (send|push|publish|write|deliver) * to [only|just] (one|a single|a specific|a certain|a particular|individual|specific|one specific) (user|users|person|visitor|client|browser) *",
        "* to [only|just] (one|a single|a specific|a certain|a particular|individual|specific|one specific) (user|users|person|visitor|client|browser) *",
      ],
      zh: ["* (单个|某个|指定|特定|一个) [的] (用户|人|客户端|访客) * (发|推送|消息) *", "* (私信|一对一|点对点) *"],
    },
    say: {
      en: [
        "Give each user a topic, such as /users/42, publish there with private=on, and let the user's token name that topic: {docs}/guides/authorization",
      ],
      zh: ["给每个用户一个主题，比如 /users/42，发布时加上 private=on，再让这个用户的令牌里写上这个主题：{docs}/guides/authorization"],
    },
  },
  {
    when: {
      en: ["* (need|needs|require|requires|use|uses|without) [a|any] (database|databases|db|sql|broker) *"],
      zh: ["* (需要|要|用|依赖|装) * (数据库|消息队列|中间件) *"],
    },
    say: {
      en: [
        "No database is needed: the journal is a file in the data directory. Several machines share one through Redis or NATS: {docs}/operate/scaling",
      ],
      zh: ["不需要数据库：日志就是数据目录里的一个文件。多台机器可以通过 Redis 或 NATS 共享日志：{docs}/operate/scaling"],
    },
  },
  {
    when: {
      en: [
        "* (docker|container|containers|kubernetes|k8s|podman) *",
        "* (run|start|use|deploy|install|host) [it|this|artesian|a hub|the hub] (in|with|on|using|as) [a] (docker|container|containers|kubernetes|k8s|podman) *",
      ],
      zh: ["* (docker|容器|kubernetes|k8s|镜像) *"],
    },
    say: {
      en: [
        "No image ships with it, as far as I know. It is one Node program: run npx artesian serve in any image with Node 20.19 or later, and keep --data on a volume.",
      ],
      zh: ["据我所知没有现成的镜像。它就是一个 Node 程序：在任何带 Node 20.19 以上的镜像里运行 npx artesian serve，把 --data 放在卷上。"],
    },
  },
  {
    when: {
      en: [
        "* (migrate|migrating|move|moving|switch|switching|come|coming) * from (socket io|sse js|eventsource|event source|another client|fetch event source) *",
        "* replace socket io *",
      ],
      zh: ["* 从 * (socket io|eventsource|别的客户端) * (迁移|迁|换|切换|转) *", "* (迁移|替换|换掉) * (socket io|eventsource) *"],
    },
    say: {
      en: ["There is a page for that, with the code before and after: {docs}/guides/moving"],
      zh: ["有一页专门讲这个，列出了改动前后的代码（英文）：{docs}/guides/moving"],
    },
  },
  {
    when: {
      en: [
        "* (protect|restrict|secure|hide|limit) [a|the|my] (topic|topics|update|updates|message|messages|stream|data|hub) *",
        "* only (logged in|signed in|registered|some|certain|certain logged in) (users|people|members) *",
        "* who (can|may) (read|see|receive|publish|send) *",
      ],
      zh: [
        "* 只 [有|让|给] [已] (登录|登陆|注册|会员|部分|某些|特定) [的] (用户|人) *",
        "* (限制|保护|加密|控制) * (主题|消息|数据|访问|权限) *",
        "* 谁 (能|可以) (看|收|读|发布|发) *",
      ],
    },
    say: {
      en: [
        "Publish the update with private=on. Then only subscribers whose token names the topic receive it, live and replayed. Your own login issues the token: {docs}/guides/authorization",
      ],
      zh: [
        "发布时加上 private=on。这样只有令牌里写了这个主题的订阅者才能收到，实时的和补发的都一样。令牌由你自己的登录系统签发：{docs}/guides/authorization",
      ],
    },
  },
  {
    when: {
      en: [
        "* (schedule|delay|postpone) [a|an|the|my] (message|update|event|publish|delivery) *",
        "* (send|publish|deliver) * (later|in the future|at a time) *",
      ],
      zh: ["* (定时|延时|延迟|稍后|预约|晚点) [再|地] (发布|发送|推送|发|消息) *", "* (定时|延时|延迟) * (消息|任务|更新) *"],
    },
    say: {
      en: [
        "Add delay=MILLISECONDS or deliver_at=TIME when you publish. The hub keeps the update, also over a restart, and delivers it once: {docs}/reference/protocol#later-and-for-how-long",
      ],
      zh: [
        "发布时加上 delay=毫秒数 或 deliver_at=时间。hub 会保存这条更新，重启也不丢，到时间投递一次：{docs}/reference/protocol#later-and-for-how-long",
      ],
    },
  },
  {
    when: {
      en: [
        "* (several|multiple|many|more) (processes|cores|cpus|workers|processors) *",
        "* all (cores|cpus|processors) *",
        "* (scale|scales|scaling|run|runs|cluster) [it|out|artesian] [to|on|over|across|horizontally] [several|multiple|many|more] (machines|servers|nodes|hosts) *",
      ],
      zh: ["* (多个|多|几个) (进程|核|核心|cpu|处理器) *", "* (扩展|部署|运行|跑) * (多台|几台|多个) (机器|服务器|节点|主机) *"],
    },
    say: {
      en: [
        "artesian serve --workers auto starts one process for each processor, behind one port. They share a journal, so they are one hub. More machines share one through Redis or NATS: {docs}/operate/scaling",
      ],
      zh: [
        "artesian serve --workers auto 会给每个处理器启动一个进程，共用一个端口和一份日志，对外就是一个 hub。多台机器可以通过 Redis 或 NATS 共享日志：{docs}/operate/scaling",
      ],
    },
  },
  {
    when: {
      en: [
        "* (who is online|who is there|who is connected|online users|presence) * (my|an|own) (app|application|site|website|page|product) *",
      ],
      zh: ["* (我的|我自己的|自己的|我们的) (应用|网站|系统|项目|产品|页面) * (在线|谁在) *"],
    },
    say: {
      en: [
        "Start the hub with --subscriptions. Then presence lists who is subscribed to which topic, and pushes each change: {docs}/guides/presence",
      ],
      zh: ["启动 hub 时加上 --subscriptions。在线状态（presence）会列出谁订阅了哪个主题，有变化就推送：{docs}/guides/presence"],
    },
  },
];
