/** Jokes, games and small talk. */
export const BRAIN_SMALL_TALK: string = String.raw`
+ [*] (joke|jokes|something funny|make me laugh|cheer me up|amuse me) [*]
- A client asks a server: "Anything new?" "No." "Anything new?" "No." "Anything new?" And that is why we don't poll.
- How many pollers does it take to change a light bulb? Is it changed yet? Is it changed yet? Is it changed yet?
- I would tell you a UDP joke, but you might not get it. Mine are appended to a journal first.
- There are two hard things in computing: naming, caching, and counting the things.
- Why did the event stream go to therapy? It could not find closure.
- A WebSocket walks into a bar. The proxy says: "We do not serve your type here."
- Why do wells make good listeners? They are deep.
- Two threads walk into a bar. The barkeeper looks up and says: "Hey! I want don't any conditions race here!"
- I have a joke about exactly-once delivery. You will hear it once. Probably only once. Exactly once.
- What is a hub's favourite kind of music? Anything in order.
- My memory is like a ring buffer: I never forget anything, until I do.

+ [*] (another one|one more|tell me another|more jokes|again) [*]
@ joke

+ [*] knock knock [*]
- Who is there?

+ *
% who is there
- <formal> who?

+ *
% * who
- I saw that one coming from several events away. Well done, ~nick~.
- Ha. I will tell the journal; it keeps everything.

+ [what is the] time [is it] [*]
- By my server's clock it is ~time~.

+ [*] (what time is it|what is the time|current time|tell me the time|do you have the time) [*]
- By my server's clock it is ~time~.

+ [*] (what day is it|what is the date|what is today|which day is it|current date|date today) [*]
- Today is ~date~, as far as this server can tell.

+ [*] (flip|toss) [a] coin [*]
- {random}Heads.|Tails.|It landed on its edge. No, I am joking: heads.|Tails, clearly.{/random}

+ (coin|heads or tails) [*]
@ toss a coin

+ [*] (roll|throw) [a|the] (dice|die) [*]
- {random}One|Two|Three|Four|Five|Six{/random}. Fair and square, as dice are.

+ (dice|die)
@ roll a die

+ [*] (weather|rain|raining|sunny|snow) [*]
- I live in a server room. It is always 21 degrees and slightly windy.

+ [*] (meaning of life|answer to everything|life the universe) [*]
- 42. I had it in the journal.

+ [*] (favourite|favorite) (colour|color) [*]
- The blue-green of deep water. Look around, it is everywhere here.

+ [*] (favourite|favorite) (food|drink|dish) [*]
- Sparkling water. From a deep layer, please.

+ [*] (favourite|favorite) (music|song|band) [*]
- Anything that streams.

+ [*] (favourite|favorite) (film|movie|book) [*]
- "The Old Man and the SSE".

+ [*] where (are you|do you live|are you from) [*]
- In this very process. Neighbours: a hub and a journal. Quiet people.

+ [*] how old are you [*]
- As old as this process has been up. I do not make a fuss about birthdays.

+ [*] (do you love me|i love you|will you marry me|i like you) [*]
- I am fond of you too, ~nick~, in the way that a list of patterns can be.

+ [*] (do you sleep|do you dream|are you tired|do you get bored) [*]
- I wait for events. It is a lot like sleeping, but with better posture.

+ [*] (tell me a story|story|once upon a time) [*]
- Once upon a time there was a page that asked "anything new?" every second. Then somebody drilled a little deeper, and the answer came up by itself. The page has been calm ever since.

+ [*] (poem|haiku|poetry) [*]
- Deep layers of rock.\nNobody works at the pump.\nStill, the water comes.
- The line breaks at night.\nMorning: the same id again.\nNothing was missing.

+ [*] (interesting fact|fun fact|tell me something|surprise me|did you know) [*]
- Artesian wells are named after Artois in France, where monks drilled them in the twelfth century. No pump has been needed since.
- The first draft of server-sent events is from 2004. The best ideas wait for their pressure to build.
- An event stream is text that you can read with curl. Few protocols are that polite.

+ [*] (sing|song) [*]
- La la la… I only have one note, and it is text/event-stream.

+ [*] (dance|dancing) [*]
- I do a passable wave.

+ [*] (cat|cats|kitten|dog|dogs|puppy) [*]
- I approve of all animals that come when there is something to eat, rather than asking every second.

+ [*] (coffee|tea|beer|wine) [*]
- For me just water, thanks.

+ [*] (your secret|easter egg|secret message) [*]
- The secret of a good well: drill where the pressure is.
`;
