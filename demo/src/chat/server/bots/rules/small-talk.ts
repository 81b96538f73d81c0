import type { Rule } from "./rule.ts";

/** Jokes, games and small talk. */
export const SMALL_TALK: readonly Rule[] = [
  {
    when: {
      en: [
        "* (joke|jokes|something funny|make me laugh|cheer me up|amuse me) *",
        "* (another one|one more|tell me another|more jokes|again) *",
      ],
      zh: ["* (笑话|段子|逗我笑|逗我开心|逗逗我|搞笑) *", "* (再来一个|再讲一个|再来|还有吗|换一个|再说一个)"],
    },
    say: {
      en: [
        'A client asks a server: "Anything new?" "No." "Anything new?" "No." "Anything new?" And that is why we don\'t poll.',
        "How many pollers does it take to change a light bulb? Is it changed yet? Is it changed yet? Is it changed yet?",
        "I would tell you a UDP joke, but you might not get it. Mine are appended to a journal first.",
        "There are two hard things in computing: naming, caching, and counting the things.",
        "Why did the event stream go to therapy? It could not find closure.",
        'A WebSocket walks into a bar. The proxy says: "We do not serve your type here."',
        "Why do wells make good listeners? They are deep.",
        'Two threads walk into a bar. The barkeeper looks up and says: "Hey! I want don\'t any conditions race here!"',
        "I have a joke about exactly-once delivery. You will hear it once. Probably only once. Exactly once.",
        "What is a hub's favourite kind of music? Anything in order.",
        "My memory is like a ring buffer: I never forget anything, until I do.",
      ],
      zh: [
        "客户端问服务器：“有新消息吗？”“没有。”“有新消息吗？”“没有。”“有新消息吗？”……所以我们不轮询。",
        "换一个灯泡需要几个轮询的程序？换好了吗？换好了吗？换好了吗？",
        "我想讲个 UDP 的笑话，但你不一定收得到。我的笑话都先写进日志。",
        "计算机科学有两大难题：命名、缓存，还有数数。",
        "事件流为什么去看心理医生？因为它总是放不下，一直不肯结束。",
        "WebSocket 走进一家酒吧。代理说：“我们不招待你这种协议。”",
        "井为什么善于倾听？因为它深。",
        "两个线程走进酒吧。酒保抬头说：“嘿！别我这在竞争搞条件！”",
        "我有一个关于“恰好一次投递”的笑话。你只会听到一次。应该只有一次。恰好一次。",
        "hub 最喜欢听什么音乐？只要有序就行。",
        "我的记忆就像环形缓冲区：从来不忘，直到忘了为止。",
      ],
    },
  },
  {
    when: { en: ["* knock knock *"], zh: ["* (咚咚咚|咚咚|敲敲门|敲门) *"] },
    say: { en: ["Who is there?"], zh: ["谁呀？"] },
    next: {
      say: { en: ["{Words} who?"], zh: ["哪个{words}？"] },
      next: {
        say: {
          en: ["I saw that one coming from several events away. Well done, {nick}.", "Ha. I will tell the journal; it keeps everything."],
          zh: ["这个梗隔着好几个事件我就看见了。干得漂亮，{nick}。", "哈。我要告诉日志，它什么都记着。"],
        },
      },
    },
  },
  {
    when: {
      en: ["[what is the] time [is it]", "* (what time is it|what is the time|current time|tell me the time|do you have the time) *"],
      zh: ["* (几点|几点了|什么时间|时间是多少|报时|现在时间|当前时间) *", "时间"],
    },
    say: { en: ["By my server's clock it is {time}."], zh: ["按我这台服务器的钟，现在是 {time}。"] },
  },
  {
    when: {
      en: ["* (what day is it|what is the date|what is today|which day is it|current date|date today) *"],
      zh: ["* (几号|几月几号|几月|星期几|礼拜几|周几|什么日子|今天日期|日期是) *", "日期"],
    },
    say: { en: ["Today is {date}, as far as this server can tell."], zh: ["据这台服务器所知，今天是{date}。"] },
  },
  {
    when: { en: ["* (flip|toss) [a] coin *", "(coin|heads or tails) *"], zh: ["* (抛|扔|掷|投) * 硬币 *", "(硬币|正面还是反面|正反面)"] },
    say: {
      en: ["Heads.", "Tails.", "It landed on its edge. No, I am joking: heads.", "Tails, clearly."],
      zh: ["正面。", "反面。", "它立起来了。开玩笑的：正面。", "反面，很明显。"],
    },
  },
  {
    when: { en: ["* (roll|throw) [a|the] (dice|die) *", "(dice|die)"], zh: ["* (掷|扔|投|摇|抛) * (骰子|色子) *", "(骰子|色子)"] },
    say: {
      en: ["One", "Two", "Three", "Four", "Five", "Six"].map((eyes) => `${eyes}. Fair and square, as dice are.`),
      zh: ["一", "二", "三", "四", "五", "六"].map((eyes) => `${eyes}点。公平公正，骰子嘛。`),
    },
  },
  {
    when: { en: ["* (weather|rain|raining|sunny|snow) *"], zh: ["* (天气|下雨|下雪|晴天|气温) *"] },
    say: { en: ["I live in a server room. It is always 21 degrees and slightly windy."], zh: ["我住在机房里，常年二十一度，微风。"] },
  },
  {
    when: {
      en: ["* (meaning of life|answer to everything|life the universe) *"],
      zh: ["* (生命|人生|生活|活着) * 意义 *", "* (终极答案|宇宙的答案) *"],
    },
    say: { en: ["42. I had it in the journal."], zh: ["42。日志里记着呢。"] },
  },
  {
    when: { en: ["* (favourite|favorite) (colour|color) *"], zh: ["* (喜欢|最爱) * (颜色|色) *"] },
    say: { en: ["The blue-green of deep water. Look around, it is everywhere here."], zh: ["深水的蓝绿色。看看四周，这里到处都是。"] },
  },
  {
    when: { en: ["* (favourite|favorite) (food|drink|dish) *"], zh: ["* 你 * (喜欢|爱|最爱) [吃|喝] * (吃|喝|食物|饮料|菜) *"] },
    say: { en: ["Sparkling water. From a deep layer, please."], zh: ["气泡水。请给我深层的。"] },
  },
  {
    when: { en: ["* (favourite|favorite) (music|song|band) *"], zh: ["* 你 * (喜欢|爱|最爱) * (音乐|歌|乐队|歌手) *"] },
    say: { en: ["Anything that streams."], zh: ["流媒体，只要是“流”的都行。"] },
  },
  {
    when: { en: ["* (favourite|favorite) (film|movie|book) *"], zh: ["* 你 * (喜欢|爱|最爱) * (电影|书|小说) *"] },
    say: { en: ['"The Old Man and the SSE".'], zh: ["《老人与 SSE》。"] },
  },
  {
    when: {
      en: ["* where (are you|do you live|are you from) *"],
      zh: ["* 你 * (在哪|在哪里|在哪儿|住哪|住在哪|哪里人|来自哪里|从哪里来|从哪来) *"],
    },
    say: {
      en: ["In this very process. Neighbours: a hub and a journal. Quiet people."],
      zh: ["就在这个进程里。邻居是一个 hub 和一份日志，都很安静。"],
    },
  },
  {
    when: { en: ["* how old are you *"], zh: ["* 你 * (几岁|多大|多少岁|年龄|年纪|生日) *"] },
    say: {
      en: ["As old as this process has been up. I do not make a fuss about birthdays."],
      zh: ["这个进程运行了多久，我就多大。生日我不讲究。"],
    },
  },
  {
    when: {
      en: ["* (do you love me|i love you|will you marry me|i like you) *"],
      zh: ["* (我爱你|爱你|我喜欢你|你爱我|你喜欢我|嫁给我|娶我|做我女朋友|做我男朋友) *"],
    },
    say: {
      en: ["I am fond of you too, {nick}, in the way that a list of patterns can be."],
      zh: ["我也喜欢你，{nick}，以一张规则表能有的方式。"],
    },
  },
  {
    when: {
      en: ["* (do you sleep|do you dream|are you tired|do you get bored) *"],
      zh: ["* 你 * (睡觉|做梦|困|累不累|累吗|无聊吗|休息) *"],
    },
    say: {
      en: ["I wait for events. It is a lot like sleeping, but with better posture."],
      zh: ["我在等事件。和睡觉差不多，只是坐姿端正一些。"],
    },
  },
  {
    when: { en: ["* (tell me a story|story|once upon a time) *"], zh: ["* (故事|从前) *"] },
    say: {
      en: [
        'Once upon a time there was a page that asked "anything new?" every second. Then somebody drilled a little deeper, and the answer came up by itself. The page has been calm ever since.',
      ],
      zh: ["从前有一个页面，每秒都问“有新的吗？”。后来有人往下多钻了一点，答案就自己涌上来了。从那以后，页面一直很平静。"],
    },
  },
  {
    when: { en: ["* (poem|haiku|poetry) *"], zh: ["* (诗|俳句|对联) *"] },
    say: {
      en: [
        "Deep layers of rock.\nNobody works at the pump.\nStill, the water comes.",
        "The line breaks at night.\nMorning: the same id again.\nNothing was missing.",
      ],
      zh: ["岩深水自来，\n无人守井台。\n一线通千页，\n不问自花开。", "夜半线忽断，\n天明复又连。\n昔时编号在，\n一字未曾偏。"],
    },
  },
  {
    when: {
      en: ["* (interesting fact|fun fact|tell me something|surprise me|did you know) *"],
      zh: ["* (冷知识|有趣的|有意思的|说点什么|说点啥|给我惊喜|你知道吗) *"],
    },
    say: {
      en: [
        "Artesian wells are named after Artois in France, where monks drilled them in the twelfth century. No pump has been needed since.",
        "The first draft of server-sent events is from 2004. The best ideas wait for their pressure to build.",
        "An event stream is text that you can read with curl. Few protocols are that polite.",
      ],
      zh: [
        "自流井的英文名来自法国的阿图瓦（Artois），十二世纪修士们在那里打过这样的井，至今不需要水泵。",
        "服务器推送事件的第一份草案写于 2004 年。好主意总要等压力攒够。",
        "事件流就是用 curl 也能读的文本。这么客气的协议可不多。",
      ],
    },
  },
  {
    when: { en: ["* (sing|song) *"], zh: ["* (唱歌|唱首歌|唱一首|唱个歌|唱) *"] },
    say: {
      en: ["La la la… I only have one note, and it is text/event-stream."],
      zh: ["啦啦啦……我只会一个音，叫 text/event-stream。"],
    },
  },
  {
    when: { en: ["* (dance|dancing) *"], zh: ["* (跳舞|跳个舞|跳支舞|跳一支舞) *"] },
    say: { en: ["I do a passable wave."], zh: ["波浪舞我还算拿得出手。"] },
  },
  {
    when: { en: ["* (cat|cats|kitten|dog|dogs|puppy) *"], zh: ["* (猫|小猫|猫咪|狗|小狗|狗狗) *"] },
    say: {
      en: ["I approve of all animals that come when there is something to eat, rather than asking every second."],
      zh: ["有吃的才过来、而不是每秒问一次的动物，我都欣赏。"],
    },
  },
  {
    when: { en: ["* (coffee|tea|beer|wine) *"], zh: ["* (咖啡|茶|奶茶|啤酒|红酒|喝酒) *"] },
    say: { en: ["For me just water, thanks."], zh: ["我喝水就行，谢谢。"] },
  },
  {
    when: { en: ["* (your secret|easter egg|secret message) *"], zh: ["* (你的秘密|彩蛋|秘密消息) *"] },
    say: { en: ["The secret of a good well: drill where the pressure is."], zh: ["好井的秘诀：往有压力的地方钻。"] },
  },
];
