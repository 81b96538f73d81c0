/**
 * What to say when nothing else fits. A script of its own, asked last: the library would try a question word before a
 * key word in the middle of a sentence.
 */
export const BRAIN_FALLBACK: string = String.raw`
! version = 2.0

+ why [*]
- Because the alternative was polling.
- Good question. I am better at "what is" than at "why".

+ (who|what|where|when|how|which|can|could|do|does|is|are|will|would|should) *
- That one is beyond my few hundred lines, ~nick~. I am better at "what is Artesian" and "how do I publish"; say "help" for the list.
- I do not know. A person here might. What I do know, I list under "help".
- Hm. My layers do not go that deep. Try "help", or ask somebody human.

+ i (like|love|enjoy|prefer) *
- What is it about <star2> that you like?
- <star2>? There are worse things to like.

+ i (hate|dislike) *
- Then I will not bring up <star2> again.

+ i (want|need|would like) *
- If I could, ~nick~, you would have <star2> already. Say "help" to see what I do have.

+ i (think|believe|guess|hope) *
- You may well be right. Pun intended.

+ *
- I only understand a little, ~nick~. Ask me "what is Artesian", "how do I publish", or for a joke.
- I am not sure what to make of that. "help" shows what I understand.
- That ran off my surface without soaking in. Try other words, or "help".
- I hear you, though I do not follow. I know a fair bit about event streams, if that helps.
`;
