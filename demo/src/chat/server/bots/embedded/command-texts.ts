import type { Language } from "../bot.ts";
import { decimalsOf } from "../../../../stocks/server/decimals.ts";
import type { StockQuote } from "../../../../stocks/server/wire.ts";

const TIME = { hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
const CLOCKS = { en: new Intl.DateTimeFormat("en-GB", TIME), zh: new Intl.DateTimeFormat("zh-CN", TIME) };

function signed(value: number, digits: number): string {
  return `${value > 0 ? "+" : ""}${value.toFixed(digits)}`;
}

function shown(price: number): string {
  return price.toFixed(decimalsOf(price));
}

function listed({ symbol, price, changePercent }: StockQuote): string {
  return `• ${symbol} ${shown(price)} (${signed(changePercent, 2)} %)`;
}

const en = {
  unknownCommand: (name: string) => `I do not know the command /${name}. I have /price SYMBOL, /news, /remind 10m tea and /help.`,
  noReminders: "I can't remind you here: this hub keeps no updates for later.",
  reminderNeedsTime:
    'I need to know in how long, and I only understand durations: "/remind 10m tea", or "remind me in two hours to call Bob".',
  reminderRange: "I can remind you in one second at the earliest, and in 30 days at the latest.",
  tooManyReminders: "I can't: this room has as many reminders waiting as I may keep. Try again when some are over.",
  somethingToDo: "you wanted to be reminded",
  willRemind: (duration: string, what: string) => `I will remind you in ${duration}: ${what}. The hub keeps it, even if I am restarted.`,
  reminder: (nickname: string, what: string) => `⏰ @${nickname} A reminder, as you asked: ${what}`,
  newsLead: "The newest headlines on this hub:",
  newsOf: (word: string) => `The newest headlines on this hub with "${word}":`,
  noNewsOf: (word: string, page: string) => `None of the newest headlines on this hub has "${word}". All news are at ${page}`,
  noNews: (page: string) => `I do not see any headlines on this hub right now. The news are at ${page}`,
  price: ({ symbol, price, change, changePercent, at, simulated }: StockQuote) =>
    `${symbol} is at ${shown(price)}, ${signed(change, decimalsOf(price))} (${signed(changePercent, 2)} %), as of ${CLOCKS.en.format(at)}.${simulated ? " The price is simulated." : ""}`,
  noPrices: (page: string) =>
    `I do not see any prices on this hub right now. The market pauses while nobody watches it; open ${page} and ask again.`,
  noPrice: (symbol: string, others: readonly string[], page: string) =>
    `I do not know a price of ${symbol}: nothing is published for it on this hub. There are ${others.join(", ")} and others at ${page}`,
  market: (quotes: readonly StockQuote[], page: string) =>
    `What moved most on this hub:\n${quotes.map(listed).join("\n")}\nAll prices: ${page}`,
};

type Texts = typeof en;

const zh: Texts = {
  unknownCommand: (name) => `我不认识命令 /${name}。可用的有：/price 代码、/news、/remind 10m 喝茶、/help。`,
  noReminders: "这里没法提醒你：这个 hub 不保存定时消息。",
  reminderNeedsTime: "请告诉我多久之后，我只看得懂时长：比如“/remind 10m 喝茶”，或者“十分钟后提醒我喝茶”。",
  reminderRange: "最早一秒之后，最晚 30 天之后，我才能提醒你。",
  tooManyReminders: "做不到：这个房间里等着的提醒已经满了。等几条到时间了再试。",
  somethingToDo: "你让我提醒你一下",
  willRemind: (duration, what) => `好，${duration}后提醒你：${what}。提醒由 hub 保存，我重启了也不会丢。`,
  reminder: (nickname, what) => `⏰ @${nickname} 到时间了：${what}`,
  newsLead: "这个 hub 上最新的新闻：",
  newsOf: (word) => `这个 hub 上含“${word}”的最新新闻：`,
  noNewsOf: (word, page) => `这个 hub 上最新的新闻里没有“${word}”。全部新闻在 ${page}`,
  noNews: (page) => `现在这个 hub 上没有新闻。新闻页在 ${page}`,
  price: ({ symbol, price, change, changePercent, at, simulated }) =>
    `${symbol} 现价 ${shown(price)}，${signed(change, decimalsOf(price))}（${signed(changePercent, 2)} %），${CLOCKS.zh.format(at)}。${simulated ? "价格是模拟的。" : ""}`,
  noPrices: (page) => `现在这个 hub 上没有价格。没人看的时候行情会暂停，打开 ${page} 再问我一次。`,
  noPrice: (symbol, others, page) => `不知道 ${symbol} 的价格：这个 hub 上没有它的数据。有 ${others.join("、")} 等，见 ${page}`,
  market: (quotes, page) => `这个 hub 上波动最大的：\n${quotes.map(listed).join("\n")}\n全部行情：${page}`,
};

/** Answers to commands. */
export const TEXTS: Readonly<Record<Language, Texts>> = { en, zh };
