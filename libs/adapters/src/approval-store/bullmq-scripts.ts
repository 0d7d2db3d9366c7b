/**
 * What happens to an approval in Redis happens in one script, which nothing interrupts.
 * Keys: `<p>:a:<id>` the approval; `<p>:all`, `<p>:state:<state>`, `<p>:call:<callId>` its indexes (score: opened at, member:
 * running number/id, so that of one millisecond the later is the newer); `<p>:seq` the running number. All share the prefix's braces.
 */

/** KEYS: approval, seq, all · ARGV: prefix, id, state, callId, openedAtMs, standing, approval, approvalsMax. @returns {isNew, stored}. */
export const openScript = `
local held = redis.call('HGET', KEYS[1], 'approval')
if held then return {0, held} end
local member = string.format('%016d/%s', redis.call('INCR', KEYS[2]), ARGV[2])
redis.call('HSET', KEYS[1], 'approval', ARGV[7], 'standing', ARGV[6], 'state', ARGV[3], 'call', ARGV[4], 'member', member)
redis.call('ZADD', KEYS[3], ARGV[5], member)
redis.call('ZADD', ARGV[1] .. ':state:' .. ARGV[3], ARGV[5], member)
redis.call('ZADD', ARGV[1] .. ':call:' .. ARGV[4], ARGV[5], member)
if redis.call('ZCARD', KEYS[3]) <= tonumber(ARGV[8]) then return {1, ARGV[7]} end
for _, old in ipairs(redis.call('ZRANGE', KEYS[3], 0, 15)) do
  local key = ARGV[1] .. ':a:' .. string.sub(old, 18)
  local facts = redis.call('HMGET', key, 'state', 'call')
  if facts[1] and facts[1] ~= 'open' then
    redis.call('ZREM', KEYS[3], old)
    redis.call('ZREM', ARGV[1] .. ':state:' .. facts[1], old)
    redis.call('ZREM', ARGV[1] .. ':call:' .. facts[2], old)
    redis.call('DEL', key)
  end
end
return {1, ARGV[7]}
`;

/** KEYS: approval · ARGV: prefix, expected standing, standing, state, approval. @returns 1 if it was as expected and is replaced now. */
export const replaceScript = `
local held = redis.call('HMGET', KEYS[1], 'standing', 'state', 'member')
if held[1] ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'approval', ARGV[5], 'standing', ARGV[3], 'state', ARGV[4])
if held[2] ~= ARGV[4] then
  local from = ARGV[1] .. ':state:' .. held[2]
  local score = redis.call('ZSCORE', from, held[3])
  redis.call('ZREM', from, held[3])
  redis.call('ZADD', ARGV[1] .. ':state:' .. ARGV[4], score, held[3])
end
return 1
`;

/** KEYS: index · ARGV: prefix, state or '', limit, how many members are looked at. @returns approvals, newest first. */
export const listScript = `
local found = {}
local limit = tonumber(ARGV[3])
local at = 0
while #found < limit and at < tonumber(ARGV[4]) do
  local page = redis.call('ZREVRANGE', KEYS[1], at, at + 99)
  if #page == 0 then break end
  at = at + #page
  for _, member in ipairs(page) do
    local held = redis.call('HMGET', ARGV[1] .. ':a:' .. string.sub(member, 18), 'approval', 'state')
    if held[1] and #found < limit and (ARGV[2] == '' or held[2] == ARGV[2]) then found[#found + 1] = held[1] end
  end
end
return found
`;
