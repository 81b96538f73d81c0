import type { Rule } from "./rule.ts";

/** Rules about this chat. */
export const CHAT: readonly Rule[] = [
  {
    when: {
      en: ["* (private|secret|secure|security|authorization|login|password|passwords) *"],
      zh: ["* (安全|隐私|私密|保密|登录|登陆|密码|鉴权|授权|认证|权限) *"],
    },
    say: {
      en: [
        "Consider this room a public square: whoever can reach this server can read it and write in it. Do not tell me your passwords. I would not know where to put them.",
      ],
      zh: ["请把这个房间当成广场：能访问这台服务器的人都能看、都能写。别告诉我你的密码，我不知道该往哪放。"],
    },
  },
  {
    when: {
      en: [
        "* (change|replace|swap|another|different|better|other|own|real) [the|a|your] (bot|bots|model|llm|brain|ai) *",
        "* (llm|gpt|chatgpt|language model|openai|ollama|claude|gemini) *",
      ],
      zh: [
        "* (换|换成|更换|替换|改成|接入|接|别的|其他|另一个|自己的) * (机器人|模型|大模型|bot|ai) *",
        "* (大模型|语言模型|llm|gpt|chatgpt|openai|ollama|claude|gemini|deepseek|通义|文心|豆包|智谱) *",
      ],
    },
    say: {
      en: [
        "Start the server with --bot webhook:URL to let any HTTP service answer, with --bot openai:URL#MODEL for a language model whose words appear as they come, or with --bot none to be rid of me. No hard feelings.",
      ],
      zh: [
        "启动服务器时加上 --bot webhook:URL，就由任意 HTTP 服务来回答；加上 --bot openai:URL#MODEL，就由大模型来回答，边想边显示；加上 --bot none 就没有我了。我不会难过的。",
      ],
    },
  },
  {
    when: {
      en: ["* (new|another|other|own|make|create|open|private) [a|my|another|new] room *"],
      zh: ["* (新建|创建|建|开|新的|自己的|另一个|别的|私人|私密) * (房间|聊天室|群) *"],
    },
    say: {
      en: [
        "Rooms are addresses: put any name after /chat/ and it exists. Send the address to the people that you want there, or use the share button on top.",
      ],
      zh: ["房间就是地址：在 /chat/ 后面写任意名字，它就存在了。把地址发给你想邀请的人，或者用上面的分享按钮。"],
    },
  },
  {
    when: {
      en: ["* (who is here|who is in|who else is|how many people|am i alone|are we alone|who is online) *"],
      zh: ["* (谁在线|谁在这|谁在|都有谁|有谁|在线人数|在线的人|只有我|就我一个|多少人|几个人) *"],
    },
    say: {
      en: ["Look at the list of people: it follows who holds a connection to this room, so it is never a guess."],
      zh: ["看看成员列表：谁和这个房间保持着连接，它就列出谁，从来不靠猜。"],
    },
  },
  {
    when: {
      en: ["* (delete|remove|edit|undo) [my|a|the|this|that|last|our] (message|messages|line|post|words) *", "(delete|remove|edit|undo) *"],
      zh: ["* (删除|删掉|撤回|撤销消息|编辑|修改消息|改消息) *"],
    },
    say: {
      en: [
        "You can't unsay a message here, {nick}: the journal only grows at one end and forgets at the other. Choose your words, as in real life.",
      ],
      zh: ["{nick}，你在这里说出去的话收不回来：日志只在一头增长，在另一头遗忘。说话要想好，和现实生活一样。"],
    },
  },
  {
    when: {
      en: ["* (change|set|choose|pick) [my|a|the] (name|nickname) *", "(nickname|name) *"],
      zh: ["* (改|换|修改|更改|设置|设) * (昵称|名字|名称) *", "(昵称|名字)"],
    },
    say: {
      en: ["Press your name beside the box where you write, and choose another."],
      zh: ["点一下输入框旁边你的名字，就可以换一个。"],
    },
  },
];
