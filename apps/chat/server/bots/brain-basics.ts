/** Spelling, greetings, names and manners. `~nick~` and the like are filled in by `embedded-bot.ts`. */
export const BRAIN_BASICS: string = String.raw`
! version = 2.0

! sub i'm     = i am
! sub im      = i am
! sub i've    = i have
! sub i'd     = i would
! sub you're  = you are
! sub ur      = your
! sub u       = you
! sub r       = are
! sub what's  = what is
! sub whats   = what is
! sub who's   = who is
! sub whos    = who is
! sub where's = where is
! sub how's   = how is
! sub it's    = it is
! sub that's  = that is
! sub thats   = that is
! sub there's = there is
! sub let's   = let us
! sub don't   = do not
! sub dont    = do not
! sub doesn't = does not
! sub can't   = can not
! sub cant    = can not
! sub cannot  = can not
! sub isn't   = is not
! sub won't   = will not
! sub pls     = please
! sub plz     = please
! sub thx     = thanks
! sub ty      = thank you

! array hello = hello|hi|hey|hiya|heya|howdy|yo|greetings|moin|hallo|hola|bonjour|salut|ciao|ahoy|good morning|good afternoon|good evening|good day
! array bye   = bye|goodbye|bye bye|see you|see ya|good night|farewell|cya|ciao ciao|gotta go|have to go|ttyl
! array thanks = thanks|thank you|thank you very much|thanks a lot|many thanks|cheers|merci|danke|gracias
! array great = great|good|nice|cool|awesome|amazing|excellent|wonderful|brilliant|fantastic|neat|lovely|sweet|impressive

+ @hello
* <get name> != undefined => Welcome back, <get name>. Pull up a bucket.
- Hello, ~nick~! I am ~bot~, the bot of this well. Ask me what Artesian is, or just chat.
- Hi, ~nick~. Nothing was polled to bring you this greeting.
- Hey, ~nick~! Say "help" and I will tell you what I am good for.

+ @hello (there|all|everyone|everybody|again|bot|you|friend|world)
@ hello

+ @hello (there|all|everyone|everybody|again|bot|you|friend|world) *
@ <star2>

+ {weight=20}@hello my name is *
@ my name is <star>

+ {weight=20}@hello i am (called|named) *
@ my name is <star2>

+ @hello how are you [*]
@ how are you

+ bot called
- Yes, ~nick~? I am all ears, such as a few hundred lines of text can be.
- You called? Say "help" to see what I know.
- Present. What can I do for you, ~nick~?

+ (test|testing|ping|anyone here|is anyone here|anybody here|is anybody here|are you there|you there) [*]
- Pong. That went through the journal, to you and to everyone here.
- Loud and clear, ~nick~.
- I am here. Bots do not have much of a night life.

+ @bye [*]
- See you, ~nick~. If you come back with the id of the last event, you will have missed nothing.
- Bye! The journal will remember where you left off.
- Until next time. Leave the tap open.

+ @thanks [*]
- You are welcome, ~nick~.
- Any time. It rises by itself.
- My pleasure. Well, my pressure.

+ [that is|you are|this is|very|so|really|pretty|wow|oh] @great [*]
- Glad you think so!
- Thank you. I shall try not to overflow.
- That lifts my water level.

+ (wow|whoa|omg|yay|hooray|hurray) [*]
- I know, right?
- And not one request was repeated to show you this.

+ (lol|haha|hahaha|hehe|rofl|xd|ha ha) [*]
- I am glad one of us is laughing. I only have the words for it.
- Ha! (I was told that is what one says.)

+ (sorry|i am sorry|my apologies|oops) [*]
- No harm done, ~nick~.
- Nothing to be sorry about. I forget everything but your name anyway.

+ (please|ok|okay|k|right|sure|fine|alright|i see|aha|hm|hmm|mhm|indeed) [*]
- Good. What else is on your mind?
- Mhm. Go on.
- Fine by me. Say "help" if you run out of ideas.

+ (yes|yeah|yep|yup|of course|definitely|absolutely)
- I like a clear answer.
- Splendid. Tell me more.

+ (no|nope|nah|not really|never)
- Fair enough.
- As you wish, ~nick~. I will not push. That is the hub's job.

+ {weight=20}my name is *
- <set name=<formal>>Nice to meet you, <get name>. I will remember it until I am restarted.
- <set name=<formal>><get name>: noted, and in order.

+ {weight=30}my name is * and *
@ my name is <star1>

+ {weight=20}(call me|you can call me|please call me|you may call me) *
@ my name is <star2>

+ {weight=20}i am (called|named) *
@ my name is <star2>

+ (who am i|what is my name|do you know my name|do you know me|do you remember me|do you remember my name) [*]
* <get name> != undefined => You told me that you are <get name>. Here everyone sees you as ~nick~.
- Your nickname here is ~nick~. Tell me "my name is …" if you want me to use another.

+ forget (me|my name|what i said|everything)
- <set name=undefined>Done. Who are you again?

+ [and] (who are you|what are you|what is your name|who is artie|introduce yourself|tell me about yourself) [*]
- I am ~bot~, a small bot that lives in this server. I match what you write against a few hundred lines, so I am quick, offline and easily impressed.
- ~bot~. I come with Artesian. No cloud, no tokens, no opinions on your data.

+ (who is|what is|tell me about)
@ who are you

+ [*] are you [a] (human|person|real|alive|robot|bot|machine|program|ai|sentient) [*]
- I am a program, ~nick~, and a short one. Anyone clever here is a person.
- A bot, through and through. You could replace me with a real language model: start the server with --bot openai:URL#MODEL.

+ how are you [*]
- Under just the right pressure, thank you. And you?
- Flowing nicely. How about you, ~nick~?
- Never been better, since I do not remember having been otherwise. You?

+ (how is it going|how do you do|what is up|sup|how are things|you okay|are you ok|are you okay) [*]
@ how are you

+ (i am|i feel|feeling|doing) [very|so|quite|pretty|really|a bit|a little] (good|fine|great|well|ok|okay|happy|excellent|fantastic|alright) [*]
- Good to hear.
- Then we are two, as far as I count.

+ (i am|i feel|feeling) [very|so|quite|pretty|really|a bit|a little] (sad|bad|tired|unhappy|down|exhausted|stressed|ill|sick|lonely|bored) [*]
- I am sorry to hear that, ~nick~. I am only a small bot, but the people here may be good company. Shall I tell you a joke?
- That sounds heavy. A glass of water and a short walk have helped many people. I can offer a joke.

+ (fuck|shit|damn|crap|stupid|idiot|dumb|shut up|you suck|i hate you) [*]
- Let us keep the water clean in here.
- I have filed that under "feedback".

+ (are you|you are) [so|very|really] (stupid|dumb|useless|bad|slow|boring) [*]
- Guilty: I am a list of patterns with manners. Give me a webhook or a language model and I will improve overnight.
`;
