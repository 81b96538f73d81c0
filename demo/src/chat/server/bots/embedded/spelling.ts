/** Words that people write in more than one way, and how the triggers write them. */
export const SPELLINGS: Readonly<Record<string, string>> = {
  "i'm": "i am",
  im: "i am",
  "i've": "i have",
  "i'd": "i would",
  "you're": "you are",
  ur: "your",
  u: "you",
  r: "are",
  "what's": "what is",
  whats: "what is",
  "who's": "who is",
  whos: "who is",
  "where's": "where is",
  "how's": "how is",
  "it's": "it is",
  "that's": "that is",
  thats: "that is",
  "there's": "there is",
  "let's": "let us",
  "don't": "do not",
  dont: "do not",
  "doesn't": "does not",
  "can't": "can not",
  cant: "can not",
  cannot: "can not",
  "isn't": "is not",
  "won't": "will not",
  pls: "please",
  plz: "please",
  thx: "thanks",
  ty: "thank you",
};

/** Pairs of a traditional character and the simplified one that the triggers use. */
export const TRADITIONAL =
  "麼么發发謝谢嗎吗誰谁們们個个連连斷断幾几說说話话講讲開开紹绍請请網网絡络線线丟丢數数據据訂订閱阅題题頁页應应換换機机這这裡里過过為为號号複复議议錄录誌志務务現现時时記记聰聪傳传啟启樣样愛爱歡欢樂乐顏颜後后氣气詩诗寫写貓猫擲掷幣币點点間间問问聽听會会報报刪删編编輯辑權权證证碼码語语區区費费錢钱創创設设計计輪轮詢询掛挂殺杀復复電电沒没還还";
