import { readFileSync } from "node:fs";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { embeddedBot } from "../../../demo/src/chat/server/index.ts";
import { FALLBACK, RULES } from "../../../demo/src/chat/server/bots/rules/index.ts";
import { context } from "./bot-service.ts";

const ALL_RULES = [...RULES, ...FALLBACK];

/** Every answer to a text, if the bot chooses from as many replies as this. */
async function answersTo(text: string, choices: number): Promise<string[]> {
  const random = vi.spyOn(Math, "random");
  onTestFinished(() => random.mockRestore());
  const bot = embeddedBot({ docs: false });
  const answers = new Set<string>();
  for (let choice = 0; choice < choices; choice++) {
    random.mockReturnValue((choice + 0.5) / choices);
    const answer = (await bot.reply({ room: `room ${choice}`, nickname: "Ada", text }, context())) as string;
    answers.add(answer.replace(/(clock it is ).*\./, "$1{time}.").replace(/(Today is ).*(, as far)/, "$1{date}$2"));
  }
  return [...answers];
}

/** The replies among which the bot chose while RiveScript ran its brain, for 442 messages. */
const RECORDED = JSON.parse(readFileSync(new URL("bot-answers.json", import.meta.url), "utf8")) as readonly {
  readonly said: readonly string[];
  readonly answers: readonly string[];
}[];

/** Messages whose answer is another today, since RiveScript's was beside the point. */
const BETTER: ReadonlyMap<string, RegExp> = new Map([
  ["good night", /^See you, Ada/],
  ["this is really neat", /^Glad you think so!/],
  ["Are you an AI?", /^I am a program/],
  ["what's the hub", /^The hub takes updates/],
  ["tell me about the hub", /^The hub takes updates/],
  ["how do i publish with python", /^Any language/],
  ["publish from php", /^Any language/],
  ["are messages lost", /^Nothing, as long as/],
  ["can events be dropped", /^Nothing, as long as/],
  ["what if a phone misses updates", /^Nothing, as long as/],
  ["please flip coin", /^Heads/],
  ["what is your secret", /^The secret of a good well/],
  ["secret message", /^The secret of a good well/],
  ["can you tell me what artesian is?", /^Artesian is a hub/],
  ["what does sse stand for", /^Server-Sent Events/],
  ["what's new", /^That one is beyond/],
  ["do you speak chinese", /^I speak English and Chinese/],
  ["can i use it with react", /hooks for React/],
  ["does it work in safari", /^EventSource is part of every/],
  ["nginx", /X-Accel-Buffering[^]*\/docs\/operate\/nginx$/],
  ["how do i install it", /^"npx artesian-demo"/],
  ...[
    "help",
    "help me",
    "help!",
    "commands",
    "menu",
    "usage",
    "what can you do?",
    "what can i ask?",
    "so what can i do here",
    "what do you know",
    "what do you know about bees",
  ].map((text): [string, RegExp] => [text, /remind 10m tea/]),
  ["1/0", /divided by zero/],
  ["is artesian free", /^Artesian is free software/],
  ...["delete my message", "can i edit it", "undo", "remove that"].map((text): [string, RegExp] => [
    text,
    /^You can't unsay|do not know|beyond/,
  ]),
  ["how do i run it on my own server", /^"npx artesian-demo"/],
]);

describe("English", () => {
  test.each(RECORDED.map(({ said, answers }) => ({ said, answers, first: said[0] })))(
    "answers $first as before, or better",
    async (recorded) => {
      for (const text of recorded.said) {
        const better = BETTER.get(text);
        const now = await answersTo(text, recorded.answers.length);
        if (better !== undefined) expect(now[0], text).toMatch(better);
        // What people wrote is repeated as they wrote it. It was repeated in lower case.
        else expect(lowerCased(now), text).toEqual(lowerCased(recorded.answers));
      }
    },
  );

  test("covers a broad set of messages", () => {
    expect(RECORDED.flatMap(({ said }) => said).length).toBeGreaterThan(400);
  });
});

function lowerCased(texts: readonly string[]): string[] {
  return texts.map((text) => text.toLowerCase()).toSorted();
}

/** Chinese messages, each with an English one that gets the same answer. RiveScript understood none. */
const TWINS = `
你好 = hello
您好！ = hello
嗨 = hi
大家好 = hey everyone
早上好 = good morning
哈喽 = hi there
在吗？ = are you there
有人吗 = is anyone here?
测试 = test
再见 = bye
拜拜 = bye
晚安 = good night
谢谢 = thanks
謝謝 = thanks
多谢啦 = thanks
太棒了 = that's great
真厉害 = you're awesome
不错 = nice
哈哈哈 = haha
对不起 = sorry
不好意思 = sorry
好的 = ok
嗯 = hmm
是的 = yes
不是 = no
我叫小明 = my name is ming
我的名字是李雷 = my name is lei
叫我阿强 = call me qiang
我是谁？ = who am i?
你还记得我吗 = do you remember me
忘了我吧 = forget me
你是谁？ = who are you?
你叫什么名字 = what is your name?
介绍一下你自己 = tell me about yourself
你是机器人吗 = are you a bot?
你是真人吗？ = are you a real person?
你好吗 = how are you?
最近怎么样 = how is it going
我很好 = i am fine
我很累 = i feel really tired
我今天不开心 = i'm sad
你真笨 = you are stupid
闭嘴 = shut up
帮助 = help
帮帮我 = help me
你会什么 = what can you do?
你能做什么？ = what can you do?
我可以问什么 = what can i ask?
Artesian 是什么？ = what is artesian?
什么是Artesian = what is artesian?
这是什么 = what is this
這是什麼 = what is this
这个网站是干什么的 = what is this site
介绍一下 Artesian = tell me about artesian
你好，请问 Artesian 是什么？ = hi there, what is artesian?
为什么叫 Artesian = why is it called artesian?
什么是 hub = what is a hub?
怎么发布消息？ = how do i publish?
如何发布更新 = how do I publish an update?
我怎么推送数据 = how do i push data
怎么用 Python 发布 = publish from python
怎么接收消息 = how do i receive updates?
如何订阅 = how do i subscribe
什么是主题 = what is a topic?
SSE 是什么 = what is sse
什么是服务器推送事件 = what are server-sent events?
Mercure 是什么 = what is mercure
什么是日志 = what is the journal?
WebSocket 和它有什么区别 = what is the difference between sse and websockets
为什么不用轮询 = why is polling bad
断线了怎么办？ = what if i lose the connection?
掉线会丢消息吗 = do i miss messages
消息会丢失吗 = are messages lost
断网以后会怎样 = what happens when i am offline
会自动重连吗 = does it reconnect
服务器重启会怎么样 = what happens when the server restarts
服务器崩溃了怎么办 = what if it crashes
消息会重复吗 = are there duplicates?
性能怎么样 = performance?
支持多少用户 = how many users
有没有 npm 包 = npm package?
可以嵌入到 Express 里吗 = does it work with express
支持 PHP 吗 = php
可以放在 nginx 后面吗 = nginx
安全吗 = is this secure
需要登录吗 = is there a login
可以换一个机器人吗 = can i use another bot
能用大模型吗 = do you use a language model
支持 ChatGPT 吗 = can i use chatgpt
谁开发的 = who made this
是开源的吗 = is it open source?
用什么许可证 = what license is it
怎么新建房间 = how do i make a new room
谁在线？ = who is online
现在有多少人 = how many people are here
怎么删除消息 = delete my message
怎么改昵称 = how do i change my nickname
怎么安装 = how do i install it
支持 React 吗 = can i use it with react
能说中文吗 = do you speak chinese
讲个笑话 = tell me a joke
再来一个 = another one
现在几点了？ = what time is it?
今天几号 = what is the date?
今天星期几 = what day is it today
抛硬币 = flip a coin
掷骰子 = roll a die
今天天气怎么样 = how is the weather
生命的意义是什么 = what is the meaning of life
你喜欢什么颜色 = what's your favourite colour
你喜欢吃什么 = your favourite food?
你喜欢什么音乐 = what is your favourite band
你喜欢什么电影 = favourite movie
你在哪里 = where are you?
你几岁了 = how old are you?
我爱你 = i love you
你睡觉吗 = do you sleep
讲个故事 = tell me a story
写首诗 = write a poem
说点有趣的 = tell me something
唱首歌 = sing for me
跳个舞 = can you dance
我有一只猫 = i have a cat
喝咖啡吗 = coffee?
为什么 = why?
为什么天是蓝的 = why is the sky blue
谁赢了世界杯 = who won the world cup
什么时候吃饭 = when is dinner
我喜欢音乐 = i like music
我讨厌噪音 = i hate noise
我想吃火锅 = i want hotpot
我觉得可以 = i think so
吃葡萄不吐葡萄皮 = flurble the grommet
`
  .trim()
  .split("\n")
  .map((line) => line.split(" = "));

/** The place of the rule that gave an answer. */
function ruleOf(answer: string, language: "en" | "zh"): number {
  return ALL_RULES.findIndex(({ say, sayToKnown }) =>
    [...say[language], ...(sayToKnown?.[language] ?? [])].some((reply) => {
      const literal = reply.split(/\{[a-z]+\}/i).map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"));
      return new RegExp(`^${literal.join("[^]+")}$`).test(answer);
    }),
  );
}

describe("Chinese", () => {
  const say = async (text: string): Promise<string> =>
    (await embeddedBot({ docs: false }).reply({ room: "lobby", nickname: "Ada", text }, context())) as string;

  test.each(TWINS)("answers %s as it answers %s, in Chinese", async (chinese = "", english = "") => {
    const answer = await say(chinese);
    expect(answer).toMatch(/\p{sc=Han}/u);
    expect(ruleOf(answer, "zh")).toBeGreaterThanOrEqual(0);
    expect(ruleOf(answer, "zh")).toBe(ruleOf(await say(english), "en"));
  });

  test.each([
    ["3加4等于多少？", "7"],
    ["请问 2 + 3 * 4 是多少", "14"],
    ["计算：(2+3)×4", "20"],
    ["5减去7加3等于几", "1"],
    ["12除以4", "3"],
  ])("works out %s", async (question, result) => {
    expect(await say(question)).toBe(`等于 ${result}。进位是我亲手进的。`);
  });

  test.each(["我有3个苹果", "2025年11月", "3-4个人", "几加几"])("gives no number for %s", async (text) => {
    expect(await say(text)).not.toMatch(/等于/);
  });
});

describe("a conversation", () => {
  test("goes on in the language of the last words", async () => {
    const bot = embeddedBot({ docs: false });
    const say = async (text: string): Promise<string> => (await bot.reply({ room: "lobby", nickname: "Ada", text }, context())) as string;
    expect(await say("我叫小明")).toContain("小明");
    expect(await say("🎉")).toMatch(/\p{sc=Han}/u);
    expect(await say("2+3")).toBe("等于 5。进位是我亲手进的。");
    expect(await say("你好")).toBe("欢迎回来，小明。来，坐下喝口水。");
    expect(await say("咚咚咚")).toBe("谁呀？");
    expect(await say("小明")).toBe("哪个小明？");
    expect(await say("小明的爸爸")).toMatch(/\p{sc=Han}/u);
    expect(await say("hello")).toBe("Welcome back, 小明. Pull up a bucket.");
    expect(await say("who am I?")).toBe("You told me that you are 小明. Here everyone sees you as Ada.");
  });

  test("plays a game to its end, and only then answers other things", async () => {
    const bot = embeddedBot({ docs: false });
    const say = async (text: string): Promise<string> => (await bot.reply({ room: "lobby", nickname: "Ada", text }, context())) as string;
    expect(await say("knock knock")).toBe("Who is there?");
    expect(await say("help")).toBe("Help who?");
    expect(await say("help")).toMatch(/^(I saw that one coming|Ha\.)/);
    expect(await say("help")).toMatch(/^I can talk about Artesian/);
    await say("knock knock");
    expect(await say("🎉")).toBe("🎉 who?");
  });
});

test.each([
  ["how do I put nginx in front of the hub?", /\/docs\/operate\/nginx$/],
  ["怎么把 nginx 放在前面", /\/docs\/operate\/nginx$/],
  ["how does authentication work", /JWT[^]*\/docs\/guides\/authorization$/],
  ["how do I authenticate users", /\/docs\/guides\/authorization$/],
  ["认证怎么做", /JWT[^]*\/docs\/guides\/authorization$/],
  ["2 +* 3", /^I can't work that out/],
  ["what is 5 apples plus 3", /^I can't work that out/],
  ["(2 + 3", /^I can't work that out/],
  ["五个苹果加三", /^这个我算不了/],
  ["how do I add 2 hubs", /^(?!I can't work that out)/],
  ["2 + 3", /^That makes 5/],
])("%s is answered rightly, or the bot admits that it can't", async (text, answer) => {
  for (const said of await answersTo(text, 1)) expect(said).toMatch(answer);
});
