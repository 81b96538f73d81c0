const LATIN = /[\p{sc=Latn}\p{N}]+/gu;
const HAN = /\p{sc=Han}+/gu;

const WORDS = new Intl.Segmenter("zh", { granularity: "word" });

/** Words that say nothing about the subject of a question. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  (
    "a an the of to in on at by for from with without into about as and or but if so than then that this these those there here it its they them i me my we us our you your he she " +
    "is are was were be been am do does did done doing have has had having can could will would shall should may might must not no yes " +
    "what which who whom whose when where why how much many some any all each every other another one " +
    "please tell explain describe show give let want need like get got getting use used using work works working make makes made way thing things just also only really very " +
    "artesian hub s t re ve d ll m up out off over own say says said mean means happen happens possible able difference between want help know see support supports change disable enable turn number count possible guarantee guaranteed sure instead yet already too"
  ).split(" "),
);

/** Chinese words that say nothing about the subject of a question. */
const STOP_WORDS_ZH: ReadonlySet<string> = new Set(
  (
    "的 了 吗 呢 吧 啊 呀 是 在 有 和 与 或 我 你 他 它 我们 你们 他们 自己 这 那 这个 那个 里 上 下 中 后面 前面 就 也 都 还 再 又 会 能 可以 可 要 想 请 请问 怎么 怎样 如何 什么 为什么 哪 哪里 哪个 哪些 多少 几 多 " +
    "怎么办 怎么样 是不是 能不能 有没有 会不会 可不可以 吗 一个 一台 一下 个 台 一 条 单条 给 让 把 被 对 用 从 到 支持 使用 需要 进行 实现 知道 看到 告诉 说 讲 介绍 解释 意思 区别 只有 才能 某个 放 放在 不 没 没有 能够 用的 时候 应用 东西 方法 办法 之间 修改 更改 改 换 查看 看 写 配置 开启 关闭 打开 保证 会怎样 怎样 最 多"
  ).split(" "),
);

/** The words of a text in lower case: Latin ones, and Chinese ones by `Intl.Segmenter`. */
export function wordsOf(text: string): string[] {
  const lower = text.normalize("NFKC").toLowerCase();
  return [...latinWords(lower), ...chineseWords(lower)];
}

export function latinWords(text: string): string[] {
  return text.toLowerCase().match(LATIN) ?? [];
}

export function chineseWords(text: string): string[] {
  return (text.match(HAN) ?? []).flatMap((run) => [...WORDS.segment(run)].map(({ segment }) => segment));
}

export function isStopWord(word: string): boolean {
  return STOP_WORDS.has(word) || STOP_WORDS_ZH.has(word) || /^\p{N}+$/u.test(word);
}

/** Telling words of a text: English words, and the characters of Chinese ones. */
export function tellingWords(text: string): number {
  const english = latinWords(text).filter((word) => !isStopWord(word)).length;
  return chineseWords(text).reduce((count, word) => count + (isStopWord(word) ? 0 : word.length), english);
}

/** Words that end with an s of their own. */
const WITH_S: ReadonlySet<string> = new Set(["https", "tls", "cors", "news", "dns", "redis", "nats", "nginx"]);

/** The stem of an English word, so that "scheduled" finds "schedule". Other words stay. */
export function stem(word: string): string {
  if (word.length < 4 || WITH_S.has(word) || !/^[a-z]+$/.test(word)) return word;
  const single = word
    .replace(/ies$/, "y")
    .replace(/(ss|sh|ch|x)es$/, "$1")
    .replace(/(?<![su])s$/, "");
  const root = single.length > 5 ? single.replace(/(?:ing|ed)$/, "").replace(/([^aeiouls])\1$/, "$1") : single;
  const base = root.length < 3 ? single : root;
  return base.replace(/(?:ation|ion)$/, "").replace(/e$/, "") || base;
}
