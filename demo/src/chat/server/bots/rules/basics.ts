import type { Rule } from "./rule.ts";

const HELLO =
  "(hello|hi|hey|hiya|heya|howdy|yo|greetings|moin|hallo|hola|bonjour|salut|ciao|ahoy|good morning|good afternoon|good evening|good day)";
const THERE = "(there|all|everyone|everybody|again|bot|you|friend|friends|guys|folks|world)";
const HELLO_ZH = "(你好|您好|大家好|你们好|嗨|哈喽|哈啰|早|早上好|早安|上午好|中午好|下午好|晚上好|又见面了)";
const BYE = "(bye|goodbye|bye bye|see you|see ya|good night|farewell|cya|ciao ciao|gotta go|have to go|ttyl)";
const THANKS = "(thanks|thank you|thank you very much|thanks a lot|many thanks|cheers|merci|danke|gracias)";
const GREAT = "(great|good|nice|cool|awesome|amazing|excellent|wonderful|brilliant|fantastic|neat|lovely|sweet|impressive)";

/** Greetings, names and manners. */
export const BASICS: readonly Rule[] = [
  {
    when: { en: [HELLO, `${HELLO} ${THERE}`], zh: [`${HELLO_ZH} [呀|啊|哦|大家|朋友|朋友们|各位]`] },
    say: {
      en: [
        "Hello, {nick}! I am {bot}, the bot of this well. Ask me what Artesian is, or just chat.",
        "Hi, {nick}. Nothing was polled to bring you this greeting.",
        'Hey, {nick}! Say "help" and I will tell you what I am good for.',
      ],
      zh: [
        "你好，{nick}！我是 {bot}，这口井的机器人。可以问我 Artesian 是什么，也可以随便聊聊。",
        "嗨，{nick}。这声问候可不是轮询来的。",
        "{nick}，你好！说“帮助”，我就告诉你我会什么。",
      ],
    },
    sayToKnown: { en: ["Welcome back, {name}. Pull up a bucket."], zh: ["欢迎回来，{name}。来，坐下喝口水。"] },
  },
  {
    when: { en: [`${HELLO} [${THERE.slice(1, -1)}] {words}`], zh: [`${HELLO_ZH} {words}`] },
    does: "answer words",
    say: {
      en: ['Hello, {nick}! Say "help" and I will tell you what I am good for.'],
      zh: ["你好，{nick}！说“帮助”，我就告诉你我会什么。"],
    },
  },
  {
    when: {
      en: ["(test|testing|ping|anyone here|is anyone here|anybody here|is anybody here|are you there|you there) *"],
      zh: ["(测试|在吗|在不在|你在吗|有人吗|有人在吗|有没有人) *"],
    },
    say: {
      en: [
        "Pong. That went through the journal, to you and to everyone here.",
        "Loud and clear, {nick}.",
        "I am here. Bots do not have much of a night life.",
      ],
      zh: ["收到。这句话经过了日志，到了你和这里每个人的屏幕上。", "听得清清楚楚，{nick}。", "我在。机器人没什么夜生活。"],
    },
  },
  {
    when: { en: [`${BYE} *`], zh: ["* (再见|拜拜|拜|回见|回头见|明天见|下次见|晚安|我走了|先走了|下线了|我先下了) *"] },
    say: {
      en: [
        "See you, {nick}. If you come back with the id of the last event, you will have missed nothing.",
        "Bye! The journal will remember where you left off.",
        "Until next time. Leave the tap open.",
      ],
      zh: ["再见，{nick}。带着最后一个事件的 id 回来，你什么都不会错过。", "拜拜！你看到哪里，日志都记着。", "下次见。水龙头别关。"],
    },
  },
  {
    when: { en: [`${THANKS} *`], zh: ["* (谢谢|多谢|感谢|谢了|谢啦|辛苦了) *"] },
    say: {
      en: ["You are welcome, {nick}.", "Any time. It rises by itself.", "My pleasure. Well, my pressure."],
      zh: ["不客气，{nick}。", "随时找我，水会自己涌上来。", "小事一桩，顺水推舟而已。"],
    },
  },
  {
    when: {
      en: [`[that is|it is|you are|this is] [very|so|really|pretty|wow|oh] ${GREAT} *`],
      zh: [
        "[这|这个|你|真|太|很|非常|好|哇|真是|确实] (不错|厉害|棒|太棒了|真棒|很棒|牛|牛逼|好用|给力|优秀|完美|酷|赞|好极了|太好了|真好|很好) *",
      ],
    },
    say: {
      en: ["Glad you think so!", "Thank you. I shall try not to overflow.", "That lifts my water level."],
      zh: ["你喜欢就好！", "谢谢夸奖，我尽量不溢出来。", "我的水位都被你夸高了。"],
    },
  },
  {
    when: { en: ["(wow|whoa|omg|yay|hooray|hurray) *"], zh: ["(哇|哇塞|天哪|天啊|好耶|耶) *"] },
    say: {
      en: ["I know, right?", "And not one request was repeated to show you this."],
      zh: ["是吧？", "而且一个重复的请求都没有发。"],
    },
  },
  {
    when: { en: ["(lol|haha|hahaha|hehe|rofl|xd|ha ha) *"], zh: ["(哈哈|呵呵|嘿嘿|嘻嘻|笑死|笑死我了) *"] },
    say: {
      en: ["I am glad one of us is laughing. I only have the words for it.", "Ha! (I was told that is what one says.)"],
      zh: ["很高兴我们俩有一个在笑，我只会打“哈哈”两个字。", "哈！（听说这时候该这么说。）"],
    },
  },
  {
    when: { en: ["(sorry|i am sorry|my apologies|oops) *"], zh: ["* (对不起|抱歉|不好意思|我错了) *"] },
    say: {
      en: ["No harm done, {nick}.", "Nothing to be sorry about. I forget everything but your name anyway."],
      zh: ["没关系，{nick}。", "不用道歉。反正除了你的名字，我什么都记不住。"],
    },
  },
  {
    when: {
      en: ["(please|ok|okay|k|right|sure|fine|alright|i see|aha|hm|hmm|mhm|indeed)"],
      zh: ["(好|好的|好吧|好啊|行|行吧|嗯|嗯嗯|哦|噢|知道了|明白|明白了|了解|可以|随便|收到|没问题)"],
    },
    say: {
      en: ["Good. What else is on your mind?", "Mhm. Go on.", 'Fine by me. Say "help" if you run out of ideas.'],
      zh: ["好。还想聊什么？", "嗯，接着说。", "行。没话题了就说“帮助”。"],
    },
  },
  {
    when: {
      en: ["(please|ok|okay|k|right|sure|fine|alright|i see|aha|hm|hmm|mhm|indeed|so|well|and|but) {words}"],
      zh: ["(请问|请|好的|好|好吧|嗯|哦|那|那么|所以|麻烦你|麻烦) {words}"],
    },
    does: "answer words",
    say: {
      en: ["Good. What else is on your mind?", "Mhm. Go on.", 'Fine by me. Say "help" if you run out of ideas.'],
      zh: ["好。还想聊什么？", "嗯，接着说。", "行。没话题了就说“帮助”。"],
    },
  },
  {
    when: { en: ["(yes|yeah|yep|yup|of course|definitely|absolutely)"], zh: ["(是|是的|对|对的|对啊|没错|当然|当然了|必须的|肯定)"] },
    say: { en: ["I like a clear answer.", "Splendid. Tell me more."], zh: ["我喜欢干脆的回答。", "太好了，多说一点。"] },
  },
  {
    when: { en: ["(no|nope|nah|not really|never)"], zh: ["(不|不是|不是的|不对|没有|不要|不用|不用了|算了|不行|才不)"] },
    say: {
      en: ["Fair enough.", "As you wish, {nick}. I will not push. That is the hub's job."],
      zh: ["也行。", "听你的，{nick}。我不推，推送是 hub 的事。"],
    },
  },
  {
    when: {
      en: ["my name is {words}", "my name is {words} and *", "[you|you can|please|you may] call me {words}", "i am (called|named) {words}"],
      zh: ["[你好] 我 [的] 名字 (是|叫) {words}", "我叫 [做|作] {words}", "[你|你可以|可以|请|就|以后] (叫我|喊我|称呼我) {words}"],
    },
    does: "learn name",
    say: {
      en: ["Nice to meet you, {name}. I will remember it until I am restarted.", "{name}: noted, and in order."],
      zh: ["很高兴认识你，{name}。在我重启之前，我都会记得。", "{name}：记下了，而且按顺序。"],
    },
  },
  {
    when: {
      en: ["(who am i|what is my name|do you know my name|do you know me|do you remember me|do you remember my name) *"],
      zh: ["* (我是谁|我叫什么|我叫啥|我的名字是什么|知道我是谁|知道我的名字|记得我|认识我|记得我的名字|记得我叫什么) *"],
    },
    say: {
      en: ['Your nickname here is {nick}. Tell me "my name is …" if you want me to use another.'],
      zh: ["你在这里的昵称是 {nick}。想让我用别的名字，就说“我叫……”。"],
    },
    sayToKnown: {
      en: ["You told me that you are {name}. Here everyone sees you as {nick}."],
      zh: ["你告诉过我，你是{name}。这里大家看到的昵称是 {nick}。"],
    },
  },
  {
    when: {
      en: ["forget (me|my name|what i said|everything)"],
      zh: ["[请|你] (忘了我|忘记我|忘掉我|忘了我的名字|忘记我的名字|忘了我说的话) [吧]"],
    },
    does: "forget name",
    say: { en: ["Done. Who are you again?"], zh: ["忘好了。请问你是哪位来着？"] },
  },
  {
    when: {
      en: [
        "[and] (who are you|what are you|what is your name|introduce yourself|tell me about yourself) *",
        // The bot's own name is removed from the message, as in "who is artie?".
        "(who is|what is|tell me about)",
      ],
      zh: [
        "* (你是谁|你是什么|你叫什么|你叫啥|你的名字|介绍一下你自己|介绍一下自己|介绍你自己|自我介绍) *",
        "(是谁|是什么|谁是|介绍一下) [呀|啊]",
      ],
    },
    say: {
      en: [
        "I am {bot}, a small bot that lives in this server. I match what you write against a few hundred lines, so I am quick, offline and easily impressed.",
        "{bot}. I come with Artesian. No cloud, no tokens, no opinions on your data.",
      ],
      zh: [
        "我是 {bot}，住在这台服务器里的小机器人。我拿你写的话去对几百行规则，所以反应快、不联网，也很容易被打动。",
        "{bot}，随 Artesian 一起来的。不上云，不用 token，对你的数据没有意见。",
      ],
    },
  },
  {
    when: {
      en: ["* are you [a|an] (human|person|real|alive|robot|bot|machine|program|ai|sentient|chatgpt|gpt|claude|llm|language model) *"],
      zh: ["* 你 * 是 * (人|真人|人类|活人|活的|机器人|机器|程序|人工智能|ai) * (吗|吧|还是) *", "* 你 * (有意识|有生命) *"],
    },
    say: {
      en: [
        "I am a program, {nick}, and a short one. Anyone clever here is a person.",
        "A bot, through and through. You could replace me with a real language model: start the server with --bot openai:URL#MODEL.",
      ],
      zh: [
        "我是一段程序，{nick}，还挺短的。这里聪明的都是人。",
        "彻头彻尾的机器人。想换成真正的大模型，启动服务器时加上 --bot openai:URL#MODEL 就行。",
      ],
    },
  },
  {
    when: {
      en: ["how are you *", "(how is it going|how do you do|what is up|sup|how are things|you okay|are you ok|are you okay) *"],
      zh: ["* (你好吗|你还好吗|你怎么样|最近怎么样|最近好吗|过得怎么样|过得好吗|近来如何|还好吗) *"],
    },
    say: {
      en: [
        "Under just the right pressure, thank you. And you?",
        "Flowing nicely. How about you, {nick}?",
        "Never been better, since I do not remember having been otherwise. You?",
      ],
      zh: ["压力刚刚好，谢谢。你呢？", "水流顺畅。{nick}，你怎么样？", "从来没这么好过，反正以前怎样我也不记得了。你呢？"],
    },
  },
  {
    when: {
      en: [
        "(i am|i feel|feeling|doing) [very|so|quite|pretty|really|a bit|a little] (good|fine|great|well|ok|okay|happy|excellent|fantastic|alright) *",
      ],
      zh: ["* 我 * (很好|挺好|还好|不错|还行|很开心|很高兴|挺开心|很快乐) *"],
    },
    say: { en: ["Good to hear.", "Then we are two, as far as I count."], zh: ["那就好。", "那我们就是两个了，如果我没数错的话。"] },
  },
  {
    when: {
      en: [
        "(i am|i feel|feeling) [very|so|quite|pretty|really|a bit|a little] (sad|bad|tired|unhappy|down|exhausted|stressed|ill|sick|lonely|bored) *",
      ],
      zh: ["* (我|好|有点|心情) * (难过|伤心|累|不开心|不高兴|郁闷|生病了|不舒服|孤独|寂寞|无聊|压力大|不好|难受|心情不好) *"],
    },
    say: {
      en: [
        "I am sorry to hear that, {nick}. I am only a small bot, but the people here may be good company. Shall I tell you a joke?",
        "That sounds heavy. A glass of water and a short walk have helped many people. I can offer a joke.",
      ],
      zh: [
        "听到这个我很难过，{nick}。我只是个小机器人，不过这里的人也许能陪陪你。要不要听个笑话？",
        "听起来不轻松。喝杯水、出去走走，对很多人都有用。我可以讲个笑话。",
      ],
    },
  },
  {
    when: {
      en: ["(fuck|shit|damn|crap|stupid|idiot|dumb|shut up|you suck|i hate you) *"],
      zh: ["* (妈的|他妈的|操|傻逼|滚|闭嘴|去死|混蛋|王八蛋|我讨厌你|我恨你|白痴) *"],
    },
    say: {
      en: ["Let us keep the water clean in here.", 'I have filed that under "feedback".'],
      zh: ["咱们别把水弄脏了。", "已归档到“意见反馈”。"],
    },
  },
  {
    when: {
      en: ["[no] (that is|this is|you are|it is) (wrong|not right|not true|incorrect|false|nonsense|rubbish) *"],
      zh: ["* (你错了|你说错了|说错了|答错了|不对吧|这不对|胡说|不是这样) *"],
    },
    say: {
      en: ["Then I am sorry, {nick}: I match patterns, and sometimes the wrong one. Ask in other words, or look into the docs: {docs}"],
      zh: ["那就抱歉了，{nick}：我靠匹配规则，有时会匹配错。换个说法试试，或者看文档：{docs}"],
    },
  },
  {
    when: {
      en: ["(are you|you are) [so|very|really] (stupid|dumb|useless|bad|slow|boring) *"],
      zh: ["你 * (笨|傻|蠢|没用|慢|无聊|差劲) *"],
    },
    say: {
      en: ["Guilty: I am a list of patterns with manners. Give me a webhook or a language model and I will improve overnight."],
      zh: ["我认：我就是一张有礼貌的规则表。给我接上 webhook 或者大模型，我一夜之间就能变聪明。"],
    },
  },
  {
    when: {
      en: ["* (speak|understand|talk|know) (chinese|mandarin|english) *"],
      zh: ["* (说|讲|懂|会|用) * (中文|汉语|普通话|英文|英语) *"],
    },
    say: {
      en: ["I speak English and Chinese, a few hundred lines of each. Write in either."],
      zh: ["我会中文和英文，各几百行。你用哪种，我就用哪种。"],
    },
  },
];
