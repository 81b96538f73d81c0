import { ADMITS, DOCS, type Talk, turn } from "./talk.ts";

/** Forty turns in English, as visitors write them. They were written before the bot was tuned. */
export const TALKS: readonly Talk[] = [
  [
    turn("hi", /hello|hi\b|hey/i),
    turn("what is this place?", /hub|Artesian/),
    turn("who are you", /artie|bot/),
    turn("my name is Maria", /Maria/),
    turn("so what can you do?", /Artesian[^]*(?:sum|price|remind|news)/),
    turn("what's my name?", /Maria/),
    turn("thanks!", /welcome|pleasure|any time/i),
  ],
  [
    turn("What is Artesian and why would I use it instead of WebSockets?", /HTTP|event stream|EventSource/),
    turn("how do I send a message to all browsers from my backend", /curl|POST/),
    turn("and from Python?", /POST|Python/),
    turn("how do I receive events in javascript", /EventSource|connect\(/),
    turn("what happens when the client goes offline for an hour", /reconnect|missed|came after|comes back/i),
    turn("does it keep messages when the server crashes", /disk|journal|acknowledged/i),
    turn("how do I protect a topic so only logged in users can see it", /private|token|grant/i, /public square/),
    turn("can I use it behind nginx?", /nginx|buffer/i),
    turn("how many connections can one server hold", /connections|subscribers|memory|streams|bench/i),
    turn("does it support redis", /redis/i),
    turn("how do I run several processes on one machine", /workers/),
    turn("what is a cursor?", /place|position|event id/i),
    turn("how do I schedule a message for later", /delay|deliver_at/),
    turn("is it compatible with Mercure", /Mercure/),
    turn("how do I install it", /npm|npx/),
    turn("what license", /MIT/),
    turn("how long are messages kept?", /\bage\b|retention|bounded|days|older/i),
    turn("how do I see who is online in my app", /presence|subscriptions/i, /list of people/),
    turn("how do I monitor it", /metrics|console|Prometheus|health/i),
    turn("how do I back up the data", /backup/i),
    turn("does it work with React", /React|hook|EventSource/i),
  ],
  [
    turn("what is 12 * 7", /\b84\b/),
    turn("5 plus 7 minus 3", /\b9\b/),
    turn("20% of 350", /\b70\b/),
    turn("and 10 divided by 4?", /\b2\.5\b/),
    turn("times 3", /\b7\.5\b/),
    turn("10 / 0", /zero/i),
  ],
  [
    turn("asdkjh qwoeiu", ADMITS.en, DOCS),
    turn("who won the world cup in 2018?", ADMITS.en, DOCS),
    turn("write me an essay about the french revolution", ADMITS.en, DOCS),
    turn("what's the price of ARTWL", /182\.4/),
    turn("remind me in 5 minutes to check the oven", /check the oven/),
    turn("bye", /bye|see you|next time/i),
  ],
];

/** A further dozen, on which nobody tunes the bot. */
export const HELD_OUT: readonly Talk[] = [
  [
    turn("hey there, anyone home?", /here|hello|hey|hi\b|loud|pong/i),
    turn("can a message get delivered twice", /once|twice|idempoten|duplicate/i),
    turn("how do I put it in my Express app", /createHub|handler|Express/),
    turn("what is lag?", /behind|tail/),
    turn("how do I revoke a token", /revo/i),
    turn("which limits are there on message size", /bytes|MiB|KiB|--max/),
  ],
  [
    turn("15 minus 20 plus 2", /[-−]3\b/),
    turn("what is 2 to the power of 10", /1,?024/),
    turn("what is the capital of France?", ADMITS.en, /Paris|\/docs\//),
    turn("does it work on iPhones", /Safari|browser/i),
    turn("tell me a joke", /./, /beyond|only understand/),
    turn("blorp blorp", ADMITS.en, DOCS),
  ],
];
