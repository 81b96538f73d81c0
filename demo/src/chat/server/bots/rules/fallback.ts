import type { Rule } from "./rule.ts";

/** Rules for a message that fits no other rule. */
export const FALLBACK: readonly Rule[] = [
  {
    when: { en: ["why *"], zh: ["* (为什么|为啥|为何) *"] },
    say: {
      en: ["Because the alternative was polling.", 'Good question. I am better at "what is" than at "why".'],
      zh: ["因为不这样就得轮询。", "好问题。比起“为什么”，我更擅长“是什么”。"],
    },
  },
  {
    when: {
      en: ["(who|what|where|when|how|which|can|could|do|does|is|are|will|would|should) {words}"],
      zh: ["* (谁|什么|哪|哪里|怎么|怎样|如何|多少|几|吗|能不能|会不会|是不是|有没有|可不可以) *"],
    },
    say: {
      en: [
        'That one is beyond my few hundred lines, {nick}. I am better at "what is Artesian" and "how do I publish"; say "help" for the list.',
        'I do not know. A person here might. What I do know, I list under "help".',
        'Hm. My layers do not go that deep. Try "help", or ask somebody human.',
      ],
      zh: [
        "这超出了我那几百行，{nick}。我更擅长“Artesian 是什么”和“怎么发布”。说“帮助”可以看全部。",
        "我不知道，这里也许有人知道。我知道的都列在“帮助”里。",
        "嗯……我的井没有那么深。试试“帮助”，或者问问真人。",
      ],
    },
  },
  {
    when: {
      en: [
        "[can you|could you|will you] [please] (write|translate|draw|paint|search|google|look up|book|order|call|email|play|open|buy|summarise|summarize|recommend) [me|for me] {words}",
      ],
      zh: ["* (写|翻译|画|搜索|搜一下|查一下|查|订|打电话|发邮件|播放|推荐|总结|买) {words}"],
    },
    say: {
      en: [
        'I can\'t do that, {nick}: I am a small bot without a language model or the internet. "help" lists what I can do.',
        'That is not in my power. What I can do, I list under "help".',
      ],
      zh: [
        "这个我做不到，{nick}：我是个小机器人，没有大模型，也不上网。我会什么，说“帮助”就能看到。",
        "这个我不会。我会的都列在“帮助”里。",
      ],
    },
  },
  {
    when: { en: ["i (like|love|enjoy|prefer) {words}"], zh: ["我 [很|最|非常|特别|也|真|更] (喜欢|爱|爱好|热爱) {words}"] },
    say: {
      en: ["What is it about {words} that you like?", "{words}? There are worse things to like."],
      zh: ["{words}？你喜欢它哪一点？", "{words}？这爱好不错。"],
    },
  },
  {
    when: { en: ["i (hate|dislike) {words}"], zh: ["我 [很|最|非常|特别|也|真] (讨厌|不喜欢|恨) {words}"] },
    say: { en: ["Then I will not bring up {words} again."], zh: ["那我以后不提“{words}”了。"] },
  },
  {
    when: { en: ["i (want|need|would like) {words}"], zh: ["我 [很|也|真|好] (想要|要|想|需要) {words}"] },
    say: {
      en: ['If I could, {nick}, you would have {words} already. Say "help" to see what I do have.'],
      zh: ["我要是能做到，{nick}，“{words}”早就实现了。说“帮助”看看我有什么。"],
    },
  },
  {
    when: { en: ["i (think|believe|guess|hope) {words}"], zh: ["我 (觉得|认为|相信|猜|希望|想) {words}"] },
    say: { en: ["You may well be right. Pun intended."], zh: ["“井”然有理。（双关是故意的。）"] },
  },
  {
    when: { en: ["*"], zh: [] },
    say: {
      en: [
        'I only understand a little, {nick}. Ask me "what is Artesian", "how do I publish", or for a joke.',
        'I am not sure what to make of that. "help" shows what I understand.',
        'That ran off my surface without soaking in. Try other words, or "help".',
        "I hear you, though I do not follow. I know a fair bit about event streams, if that helps.",
      ],
      zh: [
        "我懂得不多，{nick}。可以问我“Artesian 是什么”、“怎么发布”，或者让我讲个笑话。",
        "我不太明白这句话。说“帮助”可以看到我懂什么。",
        "这句话从我表面流过去了，没渗进来。换个说法，或者说“帮助”。",
        "我听到了，只是没跟上。关于事件流我倒是懂一些。",
      ],
    },
  },
];
