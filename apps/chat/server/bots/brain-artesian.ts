/** What Artesian is and how to use it. `~curl~`, `~js~` and the like are filled in by `embedded-bot.ts`. */
export const BRAIN_ARTESIAN: string = String.raw`
+ (help|help me|commands|menu|usage) [*]
- I can talk about Artesian: try "what is Artesian", "how do I publish", "how do I receive", "what if I lose the connection", "what is the journal" or "can I use another bot". I also know the time, some jokes and simple sums, and I toss coins and dice.

+ [*] what can (you|i) (do|ask|say|talk about) [*]
@ help

+ [*] what do you know [*]
@ help

+ (what is|what does|tell me about|explain|describe) (artesian|this|this thing|this app|this server|this site|this page|this place) [*]
- Artesian is a hub that pushes data to browsers. Any program sends it an update with one HTTP POST, and every page that subscribed gets it at once through EventSource. Each update is first written to a journal, so a page that was away gets exactly what it missed.
- Think of a well that needs no pump: your programs POST updates to the hub, and the data rises to every browser by itself, over plain HTTP. This chat room is one of the things you can build on it.

+ [*] (why is it called|why the name|what does the name mean|where does the name come from) [*]
- In an artesian well the water lies under pressure between layers of rock, so it rises without a pump. Here, data rises to the browser without polling.

+ [*] artesian well [*]
@ why is it called

+ (what is|tell me about) [a] hub [*]
- The hub takes updates from whoever publishes and passes them on to whoever subscribed to their topics. It lives at /.well-known/mercure and, for people who like short addresses, at /events/stream.

+ [*] (how|can|where) (do|can|could|would|should|to) [i|we|you|one] (publish|send|post|push|emit) [*]
- One line in a terminal will do:\n~curl~\nWatch the landing page while you do it.

+ (publish|publishing|curl|post|how to publish|show me how to publish) [*]
@ how do i publish

+ [*] publish (from|with|in|using) *
- Any language that can send an HTTP POST will do: a form with the fields topic and data. In the shell:\n~curl~

+ [*] (how|can|where) (do|can|could|would|should|to) [i|we|you|one] (receive|subscribe|listen|get|read|consume) [*]
- Three words of JavaScript, more or less:\n~js~\nThe browser takes care of reconnecting.

+ (subscribe|subscribing|receive|receiving|javascript|eventsource|event source|client) [*]
@ how do i receive

+ [*] (what is|what are|tell me about|explain) (a topic|topics|matchers|a matcher) [*]
- A topic is the name of what changed, such as "greeting" or "/chat/lobby". A subscriber names topics exactly (match=greeting) or by a URL pattern (match_urlpattern=/chat/:room).

+ [*] (what is|what are|tell me about|explain) [the] (sse|server sent events|server sent event|event stream|event streams) [*]
- Server-Sent Events: one long HTTP answer to which the server keeps adding events. Every browser speaks it, proxies let it through, and it reconnects by itself with the id of the last event.

+ [*] (what is|tell me about|explain) [the] mercure [*]
- Mercure is an open protocol for hubs like this one. Artesian speaks version 1.0 of it, so clients that were made for Mercure work here.

+ [*] (what is|tell me about|explain) [the|a] journal [*]
- An ordered record of updates, bounded in age and size. Everything that you receive is read off it in order, whether it is old or new, so there is no seam to lose something in.

+ [*] (websocket|websockets|web socket|web sockets|socket io) [*]
- WebSockets talk both ways and need their own everything: proxies, reconnection, replay. If the server speaks and pages listen, an event stream does it over plain HTTP, and a POST goes the other way.

+ [*] (polling|poll) [*]
- Polling is asking "are we there yet?" every few seconds. Nobody likes it in the back seat either. Here the server speaks when there is something to say.

+ [*] (lose|lost|losing|miss|missed|drop|dropped) [my|the|a|any] (connection|connections|network|wifi|message|messages|update|updates|event|events|data|anything) [*]
- Nothing, as long as the journal still holds it: the browser reconnects with the id of the last event that it saw and gets what came after, once each and in order. If something was already dropped from the journal, the page is told that there is a gap.

+ [*] (reconnect|reconnects|reconnecting|reconnection|offline|connection breaks|connection is lost) [*]
@ lost connection

+ [*] (restart|restarts|restarted|crash|crashes|crashed|kill|killed) [*]
- Kill me, go on. The updates that were acknowledged are on disk, the pages reconnect, and this room is rebuilt from the journal. I will only have forgotten your name.

+ [*] (duplicate|duplicates|twice|repeated|doubled) [*]
- Each message has an id that the page makes before it sends. If the answer gets lost, the page sends it again with the same id, and it still appears once.

+ [*] (how fast|performance|how many|scale|scales|scaling|benchmark|benchmarks) [*]
- An update is encoded once and the same bytes are written to everyone who reads it, so a crowd costs little more than a few. Run "npm run bench" to measure it where you are; numbers from elsewhere are gossip.

+ [*] (embed|library|node|express|fastify|hono|npm|package) [*]
- Artesian is also a library: createHub() gives you hub.publish, hub.subscribe, hub.handler for node:http and Express, and hub.fetch for everything that speaks Request and Response.

+ [*] (php|python|ruby|golang|rust|java|symfony|django|laravel|rails|bash|shell) [*]
- Yes: whatever can send an HTTP POST can publish. Say "how do I publish" for the curl line and translate it.

+ [*] (nginx|proxy|reverse proxy|caddy|load balancer) [*]
- It is plain HTTP, and the answer carries the headers that tell proxies not to hold it back. If events come in clumps, look for a proxy that buffers.

+ [*] (private|secret|secure|security|authorization|login|password|passwords) [*]
- Consider this room a public square: whoever can reach this server can read it and write in it. Do not tell me your passwords. I would not know where to put them.

+ [*] (change|replace|swap|another|different|better|other|own|real) [the|a|your] (bot|bots|model|llm|brain|ai) [*]
- Start the server with --bot webhook:URL to let any HTTP service answer, with --bot openai:URL#MODEL for a language model whose words appear as they come, or with --bot none to be rid of me. No hard feelings.

+ [*] (llm|gpt|chatgpt|language model|openai|ollama|claude|gemini) [*]
@ change the bot

+ [*] (who made|who built|who wrote|who created|who is behind|your creator|your author) [*]
- People who got tired of polling. The source is open: it says so on the tin, MIT.

+ [*] (open source|license|licence|source code|github) [*]
- Artesian is free software under the MIT licence. Take it, run it, change it.

+ [*] (new|another|other|own|make|create|open|private) [a|my] room [*]
- Rooms are addresses: put any name after /chat/ and it exists. Send the address to the people that you want there, or use the share button on top.

+ [*] (who is here|who is in|who else is|how many people|am i alone|are we alone|who is online) [*]
- Look at the list of people: it follows who holds a connection to this room, so it is never a guess.

+ [*] (delete|remove|edit|undo) [*]
- Nothing here can be unsaid: the journal only grows at one end and forgets at the other. Choose your words, as in real life.

+ (nickname|how do i change my name|change my name|change my nickname|how do i change my nickname) [*]
- Press your name beside the box where you write, and choose another.
`;
