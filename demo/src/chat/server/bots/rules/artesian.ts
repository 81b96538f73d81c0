import type { Rule } from "./rule.ts";

const IS_WHAT_ZH = "(是什么|是啥|做什么|是干什么|是干嘛|是做什么|什么意思|指什么|干什么|干嘛|有什么用|怎么回事)";
const WHAT_IS_ZH = "(什么是|啥是|何为|解释|介绍|讲讲|说说|聊聊)";
const HOW_ZH = "(怎么|怎样|如何|怎么样|在哪|哪里|能|可以|能不能|可不可以|想|要)";

/** Rules about Artesian and its use. */
export const ARTESIAN: readonly Rule[] = [
  {
    when: {
      en: ["(help|help me|commands|menu|usage) *", "* what can (you|i) (do|ask|say|talk about) *", "* what do you know *"],
      zh: [
        "[请] (帮助|帮帮我|救命|菜单|命令|指令|用法) *",
        "[请] (帮我|帮忙|帮个忙) [一下|吧]",
        "* 你 [都|还] (会|能|可以|懂|知道) [做|说|聊|回答|干|帮我做] [些|点] (什么|啥|哪些) *",
        "* (我|这里) * (能|可以) * (问|做|聊|说|干) [些|点] (什么|啥|哪些) *",
      ],
    },
    say: {
      en: [
        'I can talk about Artesian: try "what is Artesian", "how do I publish", "how do I receive", "what if I lose the connection", "how do I back up the data". What I have no words of my own for, I look up in the docs. I do sums (20% of 350), tell prices (/price ARTWL) and news (/news), and remind you (/remind 10m tea). I also know the time and some jokes, and toss coins and dice.',
      ],
      zh: [
        "我可以聊 Artesian：试试“Artesian 是什么”、“怎么发布”、“怎么接收”、“断线了怎么办”、“怎么备份数据”。我自己不会的，会去文档里找。我能做算术（350的20%），查价格（/price ARTWL）和新闻（/news），还能提醒你（/remind 10m 喝茶）。我也会报时、讲笑话、抛硬币、掷骰子。",
      ],
    },
  },
  {
    when: {
      en: [
        "* (what is|what does|tell me about|explain|describe) (artesian|this|this thing|this app|this server|this site|this page|this place) *",
        "* what artesian (is|does) *",
      ],
      zh: [
        `* (artesian|这|这个|这里|这个网站|这个网页|这个页面|这个应用|这个东西|这个项目|这个产品|这个服务器|这玩意) [到底|究竟] [能|可以|能够] ${IS_WHAT_ZH} *`,
        `* ${WHAT_IS_ZH} [一下|下] (artesian|这个|这里|这个网站|这个项目) *`,
      ],
    },
    say: {
      en: [
        "Artesian is a hub that pushes data to browsers. Any program sends it an update with one HTTP POST, and every page that subscribed gets it at once through EventSource. Each update is first written to a journal, so a page that was away gets exactly what it missed.",
        "Think of a well that needs no pump: your programs POST updates to the hub, and the data rises to every browser by itself, over plain HTTP. This chat room is one of the things you can build on it.",
      ],
      zh: [
        "Artesian 是一个把数据推送到浏览器的 hub。任何程序用一个 HTTP POST 把更新发给它，所有订阅了的页面就会通过 EventSource 立刻收到。每条更新都先写进日志，所以离开过的页面能一条不差地补上它错过的内容。",
        "想象一口不需要水泵的井：你的程序把更新 POST 给 hub，数据就会通过普通的 HTTP 自己涌到每个浏览器里。这个聊天室就是用它搭的。",
      ],
    },
  },
  {
    when: {
      en: ["* (backup|backups|back up|back it up|restore) *"],
      zh: ["* (备份|还原|恢复数据|恢复备份) *"],
    },
    say: {
      en: [
        "Run `artesian journal backup DIRECTORY`, while the hub runs or not: the copy has everything acknowledged before it ends. To put it back, stop the hub, run `artesian journal restore`, and start it. Subscribers who saw more than the copy has are told of a gap. More: docs/operate/reliability.md, Backups.",
      ],
      zh: [
        "运行 `artesian journal backup 目录` 就行，hub 运行时也可以：备份里有结束之前确认过的所有更新。恢复时先停下 hub，运行 `artesian journal restore`，再启动。看过更多内容的订阅者会被告知有一段缺口。详见 docs/operate/reliability.md 的 Backups。",
      ],
    },
  },
  {
    when: {
      en: [
        "* (why is it called|why is this called|why the name|what does the name mean|where does the name come from) *",
        "* artesian well *",
      ],
      zh: ["* 为什么 * (叫|叫做|名字) *", "* (名字|名称) * (由来|来历|来源|意思|怎么来的|含义) *", "* 自流井 *"],
    },
    say: {
      en: [
        "In an artesian well the water lies under pressure between layers of rock, so it rises without a pump. Here, data rises to the browser without polling.",
      ],
      zh: ["自流井（artesian well）里的水被压在岩层之间，不用水泵就会自己涌上来。在这里，数据不用轮询就会自己涌到浏览器。"],
    },
  },
  {
    when: {
      en: ["* (what is|tell me about|explain) [a|the] hub *"],
      zh: [`* (hub|集线器|中枢) [到底] ${IS_WHAT_ZH} *`, `* ${WHAT_IS_ZH} [一下|下] hub *`],
    },
    say: {
      en: [
        "The hub takes updates from whoever publishes and passes them on to whoever subscribed to their topics. It lives at /.well-known/mercure and, for people who like short addresses, at /events/stream.",
      ],
      zh: ["hub 从发布者那里接过更新，再转给订阅了相应主题的人。它的地址是 /.well-known/mercure，喜欢短地址的可以用 /events/stream。"],
    },
  },
  {
    when: {
      en: [
        "* (how|can|where) (do|can|could|would|should|to) [i|we|you|one] (publish|send|post|push|emit) *",
        "(publish|publishing|curl|post|how to publish|show me how to publish) *",
      ],
      zh: [
        `* ${HOW_ZH} * (发布|推送|发送|推数据|推消息|发消息|发数据|发更新) *`,
        "[我] (发布|推送|发送|curl|post) [消息|数据|更新]",
        "(发布|推送|发送) * (方法|教程|例子|示例)",
      ],
    },
    say: {
      en: ["One line in a terminal will do:\n{curl}\nWatch the landing page while you do it."],
      zh: ["在终端里敲一行就行：\n{curl}\n同时看着首页，它会立刻出现。"],
    },
  },
  {
    when: {
      en: ["* [how|where] [do|can|could|would|should|to] [i|we|you|one] publish (from|with|in|using) {words}"],
      zh: [
        "* [怎么|怎样|如何|能|可以] [用|从|使用|通过] (php|python|ruby|go|golang|rust|java|javascript|node|c|shell|bash|程序|脚本|代码) * (发布|推送|发送|发消息|发数据) *",
      ],
    },
    say: {
      en: [
        "Any language that can send an HTTP POST will do: a form with the fields topic and data. In the shell:\n{curl}\nWhole programs in PHP, Python, Ruby, Go and Java: {docs}/guides/publishing",
      ],
      zh: [
        "凡是能发 HTTP POST 的语言都行：一个表单，带 topic 和 data 两个字段。在命令行里：\n{curl}\nPHP、Python、Ruby、Go 和 Java 的完整程序：{docs}/guides/publishing",
      ],
    },
  },
  {
    when: {
      en: [
        "* (how|can|where) (do|can|could|would|should|to) [i|we|you|one] (receive|subscribe|listen|get|read|consume) *",
        "(subscribe|subscribing|receive|receiving|javascript|eventsource|event source|client) *",
      ],
      zh: [
        `* ${HOW_ZH} * (接收|订阅|监听|收到|收消息|收数据|获取|读取) *`,
        "(接收|订阅|监听|客户端|eventsource) [消息|数据|更新]",
        `* ${WHAT_IS_ZH} [一下] (订阅|eventsource) *`,
        `* (订阅|eventsource) ${IS_WHAT_ZH} *`,
      ],
    },
    say: {
      en: ["Three words of JavaScript, more or less:\n{js}\nThe browser takes care of reconnecting."],
      zh: ["差不多三个词的 JavaScript：\n{js}\n重连由浏览器自己负责。"],
    },
  },
  {
    when: {
      en: ["* (what is|what are|tell me about|explain) (a topic|the topic|topics|matchers|a matcher) *"],
      zh: [`* (主题|话题|topic|topics|匹配器) ${IS_WHAT_ZH} *`, `* ${WHAT_IS_ZH} [一下|下] (主题|话题|topic|topics|匹配器) *`],
    },
    say: {
      en: [
        'A topic is the name of what changed, such as "greeting" or "/chat/lobby". A subscriber names topics exactly (match=greeting) or by a URL pattern (match_urlpattern=/chat/:room).',
      ],
      zh: [
        "主题就是发生变化的东西的名字，比如“greeting”或“/chat/lobby”。订阅者可以精确指定主题（match=greeting），也可以用 URL 模式（match_urlpattern=/chat/:room）。",
      ],
    },
  },
  {
    when: {
      en: [
        "* (what is|what are|what does|tell me about|explain) [the] (sse|server sent events|server sent event|event stream|event streams) *",
      ],
      zh: [
        `* (sse|服务器推送事件|服务器发送事件|服务端推送|事件流|event stream) ${IS_WHAT_ZH} *`,
        `* ${WHAT_IS_ZH} [一下|下] (sse|服务器推送|服务器推送事件|服务器发送事件|服务端推送|事件流|server sent events) *`,
      ],
    },
    say: {
      en: [
        "Server-Sent Events: one long HTTP answer to which the server keeps adding events. Every browser speaks it, proxies let it through, and it reconnects by itself with the id of the last event.",
      ],
      zh: [
        "SSE（Server-Sent Events，服务器推送事件）：一个很长的 HTTP 响应，服务器不断往里面添加事件。每个浏览器都支持，代理也放行，断了会带着最后一个事件的 id 自动重连。",
      ],
    },
  },
  {
    when: {
      en: ["* (what is|tell me about|explain) [the] mercure *"],
      zh: [`* mercure [协议] ${IS_WHAT_ZH} *`, `* ${WHAT_IS_ZH} [一下|下] mercure *`],
    },
    say: {
      en: [
        "Mercure is an open protocol for hubs like this one. Artesian speaks version 1.0 of it, so clients that were made for Mercure work here.",
      ],
      zh: ["Mercure 是给这类 hub 用的开放协议。Artesian 支持它的 1.0 版，所以为 Mercure 写的客户端在这里都能用。"],
    },
  },
  {
    when: {
      en: ["* (what is|tell me about|explain) [the|a] journal *"],
      zh: [`* (日志|journal) ${IS_WHAT_ZH} *`, `* ${WHAT_IS_ZH} [一下|下] (日志|journal) *`],
    },
    say: {
      en: [
        "An ordered record of updates, bounded in age and size. Everything that you receive is read off it in order, whether it is old or new, so there is no seam to lose something in.",
      ],
      zh: ["日志是按顺序记录的更新，时间和大小都有上限。你收到的一切，不管新旧，都是按顺序从里面读出来的，所以没有会漏掉东西的接缝。"],
    },
  },
  {
    when: { en: ["* (websocket|websockets|web socket|web sockets|socket io) *"], zh: ["* (websocket|websockets|长连接|双向通信) *"] },
    say: {
      en: [
        "WebSockets talk both ways and need their own everything: proxies, reconnection, replay. If the server speaks and pages listen, an event stream does it over plain HTTP, and a POST goes the other way.",
      ],
      zh: [
        "WebSocket 是双向的，代理、重连、补发样样都要自己来。如果是服务器说、页面听，用普通 HTTP 上的事件流就够了，反方向发一个 POST 即可。",
      ],
    },
  },
  {
    when: { en: ["* (polling|poll) *"], zh: ["* (轮询|长轮询) *"] },
    say: {
      en: [
        'Polling is asking "are we there yet?" every few seconds. Nobody likes it in the back seat either. Here the server speaks when there is something to say.',
      ],
      zh: ["轮询就是每隔几秒问一次“到了没有？”，后座上的小孩这么问也没人喜欢。在这里，有话要说的时候服务器自己会说。"],
    },
  },
  {
    when: {
      en: [
        "* (lose|lost|losing|miss|missed|misses|drop|dropped) [my|the|a|any] (connection|connections|network|wifi|message|messages|update|updates|event|events|data|anything) *",
        "* (message|messages|update|updates|event|events|data) * (lost|dropped|missed) *",
        "* (reconnect|reconnects|reconnecting|reconnection|offline|connection breaks|connection is lost) *",
      ],
      zh: [
        "* (断线|掉线|断网|离线|断开|断连|没网|网络不好|连接断|网断了|重连|重新连接) *",
        "* (消息|数据|更新|事件|东西|内容) * (丢|丢失|漏|错过) *",
        "* (丢|丢失|漏|错过) * (消息|数据|更新|事件|东西|内容) *",
      ],
    },
    say: {
      en: [
        "Nothing, as long as the journal still holds it: the browser reconnects with the id of the last event that it saw and gets what came after, once each and in order. If something was already dropped from the journal, the page is told that there is a gap.",
      ],
      zh: [
        "只要日志里还有，就什么都不会丢：浏览器会带着它看到的最后一个事件的 id 重连，之后的内容按顺序补上，每条一次。如果日志里已经清掉了，页面会被告知中间有缺口。",
      ],
    },
  },
  {
    when: {
      en: ["* (restart|restarts|restarted|crash|crashes|crashed|kill|killed) *"],
      zh: ["* (重启|崩溃|宕机|挂了|挂掉|死机|杀掉|杀死|kill) *"],
    },
    say: {
      en: [
        "Kill me, go on. The updates that were acknowledged are on disk, the pages reconnect, and this room is rebuilt from the journal. I will only have forgotten your name.",
      ],
      zh: ["来，杀掉我试试。确认过的更新都在磁盘上，页面会重连，这个房间会从日志里重建。我只会忘了你的名字。"],
    },
  },
  {
    when: { en: ["* (duplicate|duplicates|twice|repeated|doubled) *"], zh: ["* (重复|两次|发两遍|两遍|去重|幂等) *"] },
    say: {
      en: [
        "Each message has an id that the page makes before it sends. If the answer gets lost, the page sends it again with the same id, and it still appears once.",
      ],
      zh: ["每条消息都有一个 id，是页面在发送之前生成的。如果应答丢了，页面会用同一个 id 再发一次，它仍然只出现一次。"],
    },
  },
  {
    when: {
      en: [
        "* (how fast|performance|scale|scales|scaling|benchmark|benchmarks) *",
        "* how many [concurrent|simultaneous|open] (connections|clients|users|subscribers|browsers|tabs|updates|messages|events|streams) *",
      ],
      zh: [
        "* (性能|多快|快不快|速度|并发|多少 用户|多少 连接|多少 人同时|扩展|压测|基准测试|吞吐) *",
        "* (支持|承受|扛) * 多少 * (人|用户|连接|并发|客户端|订阅) *",
      ],
    },
    say: {
      en: [
        'An update is encoded once and the same bytes are written to everyone who reads it, so a crowd costs little more than a few. Run "npm run bench" to measure it where you are; numbers from elsewhere are gossip.',
      ],
      zh: [
        "一条更新只编码一次，同样的字节写给所有读者，所以一大群人也不比几个人贵多少。运行 “npm run bench” 在你自己的机器上测一测，别处的数字都是传闻。",
      ],
    },
  },
  {
    when: {
      en: ["* (embed|library|node|express|fastify|hono|npm|package) *"],
      zh: ["* (嵌入|集成|类库|函数库|npm|npm 包|node|express|fastify|hono) *"],
    },
    say: {
      en: [
        "Artesian is also a library: createHub() gives you hub.publish, hub.subscribe, hub.handler for node:http and Express, and hub.fetch for everything that speaks Request and Response.",
      ],
      zh: [
        "Artesian 也是一个库：createHub() 会给你 hub.publish、hub.subscribe、用于 node:http 和 Express 的 hub.handler，以及用于一切 Request/Response 框架的 hub.fetch。",
      ],
    },
  },
  {
    when: {
      en: [
        "* (from|with|in|using|for|support|supports|about|use) (php|python|ruby|go|golang|rust|java|symfony|django|laravel|rails|bash|shell) *",
        "(php|python|ruby|golang|rust|java|symfony|django|laravel|rails|bash|shell) *",
      ],
      zh: ["* (支持|用) * (php|python|ruby|go|golang|rust|java|其他语言|别的语言|什么语言|哪些语言) *"],
    },
    say: {
      en: ["Yes: whatever can send an HTTP POST can publish. Whole programs in many languages: {docs}/guides/publishing"],
      zh: ["可以：能发 HTTP POST 的都能发布。多种语言的完整程序：{docs}/guides/publishing"],
    },
  },
  {
    when: {
      en: [
        "* [how] [does|do|is|can|could|should|would|to] [i|we|you|one|it|the] [hub] [handle|do|add|use|set up|configure|protect] [the] (authentication|authenticate|authenticated|authenticating|auth|jwt|jwts|log in users|sign in users) [work|works|users|user|clients|tokens|token] *",
        "(authentication|auth|jwt) *",
      ],
      zh: [
        `* [怎么|怎样|如何] [做|用|实现|配置|加|进行] [用户|身份] (认证|鉴权|身份验证|身份认证|jwt) [怎么|如何] [做|用|实现|配置|工作] *`,
      ],
    },
    say: {
      en: [
        'By tokens: your server signs a JWT with a key that the hub trusts, and the token says what its bearer may publish and subscribe to. "artesian keys create" makes a key, and "artesian token mint" a token. A page sends it as a cookie. More in the docs: {docs}/guides/authorization',
      ],
      zh: [
        "用令牌：你的服务器用 hub 信任的密钥签一个 JWT，令牌里写着持有者可以发布和订阅什么。“artesian keys create” 创建密钥，“artesian token mint” 签发令牌，页面用 cookie 带上它。详见文档（英文）：{docs}/guides/authorization",
      ],
    },
  },
  {
    when: { en: ["* nginx *", "* (run|start|use|put) (it|artesian|a hub|the hub) [behind|with] nginx *"], zh: ["* nginx *"] },
    say: {
      en: [
        "nginx works with its defaults: the answer's X-Accel-Buffering header lets events through at once. Pass the clients' addresses on with X-Forwarded-For, and start the hub with --trusted-proxies and --public-url. Here is the whole configuration: {docs}/operate/nginx",
      ],
      zh: [
        "nginx 用默认配置就行：响应里的 X-Accel-Buffering 让事件立刻通过。用 X-Forwarded-For 传客户端的地址，启动服务器时加上 --trusted-proxies 和 --public-url。完整的配置在这里（英文）：{docs}/operate/nginx",
      ],
    },
  },
  {
    when: { en: ["* (proxy|reverse proxy|caddy|load balancer) *"], zh: ["* (caddy|代理|反向代理|负载均衡|网关) *"] },
    say: {
      en: [
        "It is plain HTTP, and the answer carries the headers that tell proxies not to hold it back. If events come in clumps, look for a proxy that buffers.",
      ],
      zh: ["它就是普通的 HTTP，响应里带着让代理别缓冲的头。如果事件一阵一阵地来，找找是哪个代理在缓冲。"],
    },
  },
  {
    when: {
      en: [
        "* (who made|who built|who wrote|who created|who is behind|your creator|your author) *",
        "(who is behind|who made|who built|who wrote|who created)",
      ],
      zh: ["* 谁 [来|在] (开发|做|写|造|发明|创造|创建|设计) [了|出来|出] *", "* (作者|开发者|创造者) * (谁|哪) *"],
    },
    say: {
      en: ["People who got tired of polling. The source is open: it says so on the tin, MIT."],
      zh: ["一些受够了轮询的人。源代码是开放的，罐头上写着呢：MIT。"],
    },
  },
  {
    when: {
      en: [
        "* (open source|license|licence|source code|github) *",
        "* (is it|is this|is artesian) free *",
        "* how much does (it|this|artesian) cost *",
      ],
      zh: ["* (开源|许可证|许可|协议是什么|源代码|源码|github|免费|收费|要钱|多少钱|花钱) *"],
    },
    say: {
      en: ["Artesian is free software under the MIT licence. Take it, run it, change it."],
      zh: ["Artesian 是自由软件，MIT 许可证。拿去用，拿去跑，拿去改。"],
    },
  },
  {
    when: {
      en: ["* (install|use|get|add) [the|a] [browser|javascript|js] client *", "* (install|use|get|add) artesian-client *"],
      zh: ["* (安装|使用|用) * (客户端|artesian-client) *"],
    },
    say: {
      en: ['"npm install artesian-client" gives you the client for pages and programs: {docs}/reference/client'],
      zh: ["“npm install artesian-client” 就能得到网页和程序用的客户端：{docs}/reference/client"],
    },
  },
  {
    when: {
      en: [
        "* (install|installation|get started|getting started|quick start) *",
        "* (set up|setup) [it|this|artesian|a hub|the hub|everything]",
        "* (run|start|try) (it|artesian|this|a hub|the hub) *",
      ],
      zh: ["* (安装|部署|搭建|上手|快速开始|入门) *", "* (怎么|如何) * (运行|启动|试用) *"],
    },
    say: {
      en: [
        '"npx artesian-demo" starts all of this on your machine, and "npm install artesian" gives you the library. The README goes on from there.',
      ],
      zh: ["“npx artesian-demo” 就能在你的机器上启动这一切，“npm install artesian” 则给你这个库。接下来的请看 README。"],
    },
  },
  {
    when: {
      en: ["* (react|vue|svelte|solid|preact) *"],
      zh: ["* (react|vue|svelte|solid|preact) *"],
    },
    say: {
      en: [
        "artesian-client has hooks for React, Vue, Svelte and Solid: {docs}/reference/client. A plain EventSource works with any framework too.",
      ],
      zh: ["artesian-client 有 React、Vue、Svelte 和 Solid 的 hooks：{docs}/reference/client。直接用 EventSource 也行，任何框架都可以。"],
    },
  },
  {
    when: {
      en: ["* angular *", "* (safari|firefox|chrome|edge|browsers|every browser|which browser) *"],
      zh: ["* (angular|小程序) *", "* (safari|firefox|chrome|edge|浏览器) *"],
    },
    say: {
      en: ["EventSource is part of every current browser, so it works there and with any framework, without a plugin."],
      zh: ["EventSource 是现在所有浏览器自带的，所以哪个浏览器、哪个框架都能用，不需要插件。"],
    },
  },
];
