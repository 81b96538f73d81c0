import type { ComponentChildren } from "preact";

export const texts = {
  title: (room: string, unread: number) => `${unread > 0 ? `(${unread}) ` : ""}${room} · Artesian chat`,
  chatRoom: "Chat room",
  here: (count: number) => `${count} here`,
  invite: "Invite",
  messages: "Messages",
  earlier: {
    fetch: "Earlier messages",
    fetching: "Fetching…",
    failed: "They could not be fetched.",
    beginning: "The talk begins here.",
    toDay: "Go to a day",
    go: "Go",
  },
  loading: "Fetching what was said here…",
  toNewest: "To the newest",
  newMessages: (count: number) => `${count} new ${count === 1 ? "message" : "messages"}`,
  fresh: "New",
  you: "You",
  thisIsYou: "you",
  bot: "bot",
  isWriting: "is writing",
  message: { tools: "Actions for this message" },
  typing: ([first, second, ...others]: readonly string[]) =>
    others.length > 0 ? "Several people are typing…" : second === undefined ? `${first} is typing…` : `${first} and ${second} are typing…`,
  moderation: {
    remove: "Remove",
    sure: "Remove this message for everybody? This cannot be undone.",
    removed: "Removed by the owner of the chat.",
    mute: "Mute",
    unmute: "Unmute",
    muted: "muted",
  },
  sameName: "Several people here have this name. The mark tells them apart.",
  composer: {
    lookingOn: "You are looking on.",
    choose: "Choose a nickname to write",
    label: "Message",
    write: "Write a message",
    writeOrAsk: (botName: string) => `Write, or ask @${botName}`,
    send: "Send",
    writingAs: (nickname: string): ComponentChildren => (
      <>
        Writing as <b>{nickname}</b>
      </>
    ),
    full: "Too many messages wait to be sent. Try again when some are gone.",
    tooMany: (count: number) => `${count} too many`,
    left: (count: number) => `${count} left`,
  },
  empty: {
    heading: "Nobody has spoken here yet",
    alone: "Write the first message. Everybody who opens this address sees it at once.",
    withBot: (botName: string): ComponentChildren => (
      <>
        Write the first message, or start with {botName}, the bot. It answers everything while you are alone here, and <b>@{botName}</b>{" "}
        when you are not.
      </>
    ),
    starters: { what: "What is Artesian?", publish: "How do I publish?", joke: "Tell me a joke" },
  },
  people: {
    heading: "Here now",
    more: (count: number) => `and ${count} more`,
    botHint: (botName: string): ComponentChildren => (
      <>
        <b>@{botName}</b> answers when you name it, and always while you are alone.
      </>
    ),
  },
  outbox: {
    onItsWay: "On its way",
    sending: "Not sent yet. Sending…",
    waiting: "Not sent yet. Trying again…",
    failed: "Not sent.",
    stuck: (why: string) => `Not sent yet. ${why}`,
    retry: "Try again",
    discard: "Discard",
    cancel: "Cancel",
  },
};

export type ChatTexts = typeof texts;
