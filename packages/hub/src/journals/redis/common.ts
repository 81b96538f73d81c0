import { FORMAT } from "./codec.ts";

/**
 * The beginning of all scripts that write. Scripts can't roll back, so each reads first and writes
 * then. A script's first write is one that Redis refuses if it would refuse any: for want of
 * memory, on a replica, with a disk that fails.
 *
 * Numbers are written by `int`, because Lua would write large numbers with an exponent.
 */
export const COMMON: string = String.raw`
local meta, stream, ids, keys = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local maxAge, maxBytes, maxCount = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local m = redis.call('HMGET', meta, 'format', 'epoch', 'head', 'tail', 'bytes', 'oldest', 'before', 'restored')
local epoch = m[2]
if m[1] and m[1] ~= '${FORMAT}' then return { 'format', m[1] } end
local head, tail, bytes = tonumber(m[3]) or 1, tonumber(m[4]) or 0, tonumber(m[5]) or 0
-- When the record at the head was appended, at the earliest; the tag of the record before it.
local oldest, before = tonumber(m[6]) or 0, m[7] or ''
-- The tail when something was found to be lost, or said to be.
local restored = tonumber(m[8]) or 0
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local function int(n) return string.format('%.0f', n) end
local function id(offset) return int(offset) .. '-0' end
local function member(text, offset) return text .. '\0' .. string.format('%016.0f', offset) end
local function parse(row)
  return string.match(row[2][2] or '', '^(%d+) (%d+) (%S+) (%S+) (%S+) ([^\n]*)\n')
end
local function tagAt(offset)
  if offset == head - 1 then return before end
  local row = redis.call('XRANGE', stream, id(offset), id(offset))[1]
  if not row then return '' end
  local _, _, _, tag = parse(row)
  return tag or ''
end
local function save()
  redis.call('HSET', meta, 'format', '${FORMAT}', 'epoch', epoch, 'head', int(head), 'tail', int(tail), 'bytes', int(bytes),
    'oldest', int(oldest), 'before', before)
end
local function state(kind) return { kind, epoch, int(head), int(tail), int(bytes), tagAt(tail), int(restored) } end

-- Removes what others put behind the last record: no record could follow it.
local function clean()
  if redis.call('EXISTS', stream) == 0 then return end
  for _, row in ipairs(redis.call('XREVRANGE', stream, '+', '(' .. id(tail), 'COUNT', 1000)) do redis.call('XDEL', stream, row[1]) end
  redis.pcall('XSETID', stream, id(tail))
end

-- Something that was seen is gone: from here on it is another journal, with what is left.
local function rotate(candidate)
  epoch, restored = candidate, tail
  redis.call('HSET', meta, 'restored', int(restored))
  save()
  clean()
  local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  local start = first and tonumber(string.match(first[1], '^%d+')) or tail + 1
  if start > head then head, before = start, candidate end
  if head > tail then bytes = 0 end
  save()
end

-- Whether the hub's journal is the one that is here; where there is none, begins one.
local function same(known, seen, tag, candidate)
  if not epoch then
    epoch = candidate
    save()
    redis.call('UNLINK', stream, ids, keys)
    return known == ''
  end
  if known == '' then
    -- Whether the stream is what belongs to the rest.
    clean()
    local last = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
    if head <= tail and not (last and last[1] == id(tail)) then rotate(candidate) end
    return true
  end
  if known ~= epoch then return false end
  if seen < head - 1 or (seen <= tail and tagAt(seen) == tag) then return true end
  rotate(candidate)
  return false
end

local function inParts(command, key, list)
  for i = 1, #list, 500 do redis.call(command, key, unpack(list, i, math.min(i + 499, #list))) end
end

-- Drops what is too much or too old, so many records at the most; save() has to follow.
local function trim(most)
  local start, dropped, names, digests = head, 0, {}, {}
  local function isTooMuch()
    return (maxCount >= 0 and tail - head + 1 > maxCount) or (maxBytes >= 0 and bytes > maxBytes)
  end
  local stop = false
  while not stop and head <= tail and dropped < most and (isTooMuch() or (maxAge >= 0 and now - oldest > maxAge)) do
    local excess = maxCount >= 0 and tail - head + 1 - maxCount or 0
    local rows = redis.call('XRANGE', stream, id(head), id(tail), 'COUNT', math.min(most - dropped, excess > 0 and math.min(excess, 100) or 10))
    if #rows == 0 then head = tail + 1 end
    for _, row in ipairs(rows) do
      local at, size, _, tag, digest, name = parse(row)
      head = tonumber(string.match(row[1], '^%d+'))
      at = tonumber(at)
      if at and not isTooMuch() and (maxAge < 0 or now - at <= maxAge) then
        oldest, stop = at, true
        break
      end
      if at then
        bytes, oldest, before = bytes - tonumber(size), at, tag
        if name ~= '' then names[#names + 1] = member(name, head) end
        if digest ~= '-' then digests[#digests + 1] = digest end
      end
      head, dropped = head + 1, dropped + 1
    end
  end
  if head == start then return false end
  if head > tail or bytes < 0 then bytes = 0 end
  redis.call('XTRIM', stream, 'MINID', '=', id(head))
  inParts('ZREM', ids, names)
  inParts('HDEL', keys, digests)
  return true
end
`;
