// The rarer parts of the bot's messages, loaded with the first of them.
export { AnswerEnd } from "./answer-end.tsx";
export { BotCard } from "./bot-card.tsx";
export { StopAnswer } from "./stop-answer.tsx";
