import { createHash } from "node:crypto";
import { COMMON } from "./common.ts";
import { type Connection, ReplyError } from "./connection.ts";

/**
 * A text that Redis runs as one step. Nothing else runs meanwhile, and replicas and the file get
 * all of it or nothing.
 */
export class Script {
  readonly #text: string;
  readonly #sha: string;

  constructor(text: string) {
    this.#text = text;
    this.#sha = createHash("sha1").update(text).digest("hex");
  }

  /** Sends the text only if Redis does not know it, as after a restart. */
  async run(connection: Connection, keys: readonly string[], args: readonly string[], timeoutMs?: number): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await connection.send(["EVALSHA", this.#sha, ...rest], timeoutMs);
    } catch (error) {
      if (!(error instanceof ReplyError && error.code === "NOSCRIPT")) throw error;
      return connection.send(["EVAL", this.#text, ...rest], timeoutMs);
    }
  }
}

/**
 * Reads the journal's state, begins a journal if there is none, and trims. Arguments: the hub's
 * known epoch or nothing, the offset and tag last seen, an epoch in case a new one is due, the
 * retention.
 *
 * @returns `ok` or `replaced`, epoch, head, tail, bytes, the tag at the tail. Or `format` and its
 *   number.
 */
export const CHECK: Script = new Script(`${COMMON}
local isSame = same(ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4])
if #redis.call('XRANGE', stream, '(' .. id(tail), '+', 'COUNT', 1) > 0 then clean() end
if trim(1000) then save() end
return state(isSame and 'ok' or 'replaced')
`);

/**
 * Commits a group. Arguments: as of CHECK, then a tag, and the number of appends. Arguments of each
 * append:
 *
 * - the numbers of its updates and steps, and the digest of its key or `-`
 * - with a key, the digest of the request and the answer
 * - two arguments for each update (see `encodeUpdate`)
 * - for each step `s` or `d`, key, value and the two of its update
 *
 * @returns `ok`, the time, the first offset, head, tail, bytes, and three texts for each append.
 *   They are `a`, its first offset, and a `1` for each step that was made. Or they are `k` and the
 *   outcome of the key. Without a commit, the answer of CHECK.
 */
export const COMMIT: Script = new Script(String.raw`${COMMON}
if not same(ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]) then return state('replaced') end
local tag, at = ARGV[8], 9
local function take()
  at = at + 1
  return ARGV[at]
end
local entries, order = KEYS[5], KEYS[6]
local first = tail + 1
local next, size = first, 0
local records, lengths, digests, names, changes = {}, {}, {}, {}, {}
local isThere, known, results = {}, {}, {}
local function append(length, rest)
  size = size + tonumber(length)
  next = next + 1
  records[next - first], lengths[next - first] = ' ' .. rest, length
  -- An update without an id begins with the end of the line.
  if string.byte(rest) ~= 10 then
    names[#names + 1] = '0'
    names[#names + 1] = member(string.match(rest, '^[^\n]*'), next - 1)
  end
end
for _ = 1, tonumber(ARGV[9]) do
  local updates, steps, digest = tonumber(take()), tonumber(take()), take()
  local request, answer, found = '', '', false
  if digest ~= '-' then
    request, answer = take(), take()
    found = known[digest] or redis.call('HGET', keys, digest)
  end
  local start, made = next, {}
  if found then
    at = at + 2 * updates + 5 * steps
  else
    for _ = 1, updates do append(take(), take()) end
    for i = 1, steps do
      local kind, key, value, length, rest = take(), take(), take(), take(), take()
      local isMade = kind == 's'
      if not isMade then
        isMade = isThere[key]
        if isMade == nil then isMade = redis.call('HEXISTS', entries, key) == 1 end
      end
      made[i] = isMade and '1' or '0'
      if isMade then
        isThere[key] = kind == 's'
        changes[#changes + 1] = { key, kind == 's' and value }
        if rest ~= '' then append(length, rest) end
      end
    end
    if digest ~= '-' and next > start then
      known[digest] = request .. ' ' .. int(start) .. ' ' .. int(next - 1) .. answer
      digests[next - first] = digest
    end
  end
  local n = #results
  results[n + 1] = found and 'k' or 'a'
  results[n + 2] = found or int(start)
  results[n + 3] = table.concat(made)
end
local time, middle = int(now) .. ' ', ' ' .. epoch .. ' ' .. tag .. ' '
local function write(i, call)
  return call('XADD', stream, id(first + i - 1), 'r', time .. lengths[i] .. middle .. (digests[i] or '-') .. records[i])
end
local count = next - first
if count > 0 then
  local written = write(1, redis.pcall)
  if type(written) == 'table' and written.err then
    if not string.find(written.err, 'equal or smaller') then return written end
    clean()
    write(1, redis.call)
  end
  for i = 2, count do write(i, redis.call) end
  if head > tail then oldest = now end
  tail, bytes = next - 1, bytes + size
end
local isWritten = count > 0 or #changes > 0
if isWritten then save() end
inParts('ZADD', ids, names)
for digest, text in pairs(known) do redis.call('HSET', keys, digest, text) end
for _, change in ipairs(changes) do
  if change[2] then
    redis.call('HSET', entries, change[1], change[2])
    redis.call('ZADD', order, 0, change[1])
  else
    redis.call('HDEL', entries, change[1])
    redis.call('ZREM', order, change[1])
  end
end
-- Something is always written: who waits for replicas then waits for what was written before, too.
if trim(1000 + 2 * count) or not isWritten then save() end
return { 'ok', int(now), int(first), int(head), int(tail), int(bytes), results }
`);

/**
 * Reads records after an offset. Arguments: the offset, most records, most bytes.
 *
 * @returns epoch, head, tail, bytes and the entries. No entries if the offset is before the head.
 */
export const READ: Script = new Script(String.raw`
local m = redis.call('HMGET', KEYS[1], 'epoch', 'head', 'tail', 'bytes')
local after, most, room = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local rows, total = {}, 0
if m[1] and after >= tonumber(m[2]) - 1 and after < tonumber(m[3]) then
  local from, chunk = '(' .. ARGV[1] .. '-0', 4
  while #rows < most and total < room do
    local found = redis.call('XRANGE', KEYS[2], from, '+', 'COUNT', math.min(chunk, most - #rows))
    for _, row in ipairs(found) do
      rows[#rows + 1] = row
      total = total + (tonumber(string.match(row[2][2] or '', '^%d+ (%d+) ') or 0))
      if total >= room then break end
    end
    if #found == 0 then break end
    from = '(' .. found[#found][1]
    -- Not many large ones at a time.
    chunk = math.max(1, math.min(200, math.floor((room - total) / (total / #rows + 1))))
  end
end
return { m[1] or '', m[2] or '1', m[3] or '0', m[4] or '0', rows }
`);

/**
 * Lists entries of the table. Arguments: the range's two ends as of ZRANGEBYLEX, most entries.
 * @returns key, value, key, value, …
 */
export const ENTRIES: Script = new Script(String.raw`
local found = {}
local names = redis.call('ZRANGEBYLEX', KEYS[2], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])
for i = 1, #names, 500 do
  local values = redis.call('HMGET', KEYS[1], unpack(names, i, math.min(i + 499, #names)))
  for j, value in ipairs(values) do
    found[#found + 1] = names[i + j - 1]
    found[#found + 1] = value or ''
  end
end
return found
`);
