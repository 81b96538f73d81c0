import type { ChatTexts } from "./texts.en.tsx";

export const texts: ChatTexts = {
  title: (room, unread) => `${unread > 0 ? `(${unread}) ` : ""}${room} · Artesian 聊天`,
  chatRoom: "聊天室",
  here: (count) => `${count} 人在线`,
  invite: "邀请",
  messages: "消息",
  earlier: {
    fetch: "更早的消息",
    fetching: "正在获取…",
    failed: "获取失败。",
    beginning: "聊天从这里开始。",
    toDay: "跳转到某一天",
    go: "跳转",
  },
  loading: "正在获取历史消息…",
  toNewest: "回到最新",
  newMessages: (count) => `${count} 条新消息`,
  fresh: "新消息",
  you: "你",
  thisIsYou: "你",
  bot: "机器人",
  isWriting: "正在输入",
  message: { tools: "消息操作" },
  typing: (names) => (names.length > 2 ? "好几个人正在输入…" : `${names.join("、")} 正在输入…`),
  moderation: {
    remove: "删除",
    sure: "要为所有人删除这条消息吗？删除后无法恢复。",
    removed: "这条消息已被管理员删除。",
    mute: "禁言",
    unmute: "解除禁言",
    muted: "已禁言",
  },
  sameName: "房间里有几个人用了这个昵称，靠这个标记区分。",
  composer: {
    lookingOn: "你正在旁观。",
    choose: "起个昵称再发言",
    label: "消息",
    write: "写点什么",
    writeOrAsk: (botName) => `写点什么，或问 @${botName}`,
    send: "发送",
    writingAs: (nickname) => (
      <>
        以 <b>{nickname}</b> 的身份发言
      </>
    ),
    full: "待发送的消息太多了，等发出一些再试。",
    tooMany: (count) => `超出 ${count} 个字符`,
    left: (count) => `还可输入 ${count} 个字符`,
  },
  empty: {
    heading: "这里还没有人说话",
    alone: "发第一条消息吧，打开这个地址的人马上就能看到。",
    withBot: (botName) => (
      <>
        发第一条消息，或者先和机器人 {botName} 聊聊。只有你一个人时，它每条都会回答；有别人在时，用 <b>@{botName}</b> 叫它。
      </>
    ),
    starters: { what: "Artesian 是什么？", publish: "怎么发布消息？", joke: "讲个笑话" },
  },
  people: {
    heading: "在线成员",
    more: (count) => `还有 ${count} 人`,
    botHint: (botName) => (
      <>
        用 <b>@{botName}</b> 叫它，它就会回答；只有你一个人时，它每条都会回答。
      </>
    ),
  },
  outbox: {
    onItsWay: "发送中",
    sending: "尚未送达，正在发送…",
    waiting: "尚未送达，正在重试…",
    failed: "发送失败。",
    stuck: (why) => `尚未送达。${why}`,
    retry: "重试",
    discard: "丢弃",
    cancel: "取消发送",
  },
};
