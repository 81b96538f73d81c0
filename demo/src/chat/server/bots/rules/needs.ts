import type { Rule } from "./rule.ts";

/** Rules about single needs. They stand before the rules about publishing in general, and win between equals. */
export const NEEDS: readonly Rule[] = [
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
      en: ["* (several|multiple|many|more) (processes|cores|cpus|workers|processors) *", "* all (cores|cpus|processors) *"],
      zh: ["* (多个|多|几个) (进程|核|核心|cpu|处理器) *"],
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
