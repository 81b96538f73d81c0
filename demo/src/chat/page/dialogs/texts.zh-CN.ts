import type { DialogTexts } from "./texts.en.ts";

export const zhCN: DialogTexts = {
  nickname: {
    first: "怎么称呼你？",
    change: "修改昵称",
    hint: "房间里所有人都能看到。不用注册，也没有密码。",
    label: "昵称",
    justLook: "先看看",
    cancel: "取消",
    enter: "进入房间",
    save: "保存",
    tooLong: (max, length) => `昵称最多 ${max} 个字符，现在有 ${length} 个。`,
    ofBot: (botName) => `${botName} 是机器人的名字，请换一个。`,
  },
  room: {
    heading: "邀请别人来",
    hint: "能访问这台服务器的人，都可以用这个地址进入。",
    address: "本房间的地址",
    copy: "复制地址",
    other: "或者去别的房间",
    go: "前往",
    rule: "房间名要有文字或数字。",
    done: "完成",
  },
  suggestions: {
    first: ["安静的", "清澈的", "深邃的", "明亮的", "温柔的", "轻快的", "平静的", "银色的", "青苔的", "晴朗的", "快乐的", "自由的"],
    second: ["泉水", "小溪", "水獭", "白鹭", "卵石", "河流", "柳树", "翠鸟", "蕨草", "湖水", "鳟鱼", "春雨"],
    nickname: (first, second) => `${first}${second}`,
    room: (first, second, number) => `${first}${second}-${number}`,
  },
};
