-- Claims pairs for committing: takes the contact out of its line and the counsellor out of the free, or leaves both.
-- KEYS: generation, lines, free, claims, then the line of each pair. ARGV: generation, end of the claim, then of each
-- pair: name of the line, deadline, member, counsellor. Returns 1 or 0 for each pair.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('STALE generation') end
local won = {}
for i = 5, #KEYS do
  local a = 3 + (i - 5) * 4
  if redis.call('ZSCORE', KEYS[3], ARGV[a + 3]) and redis.call('ZREM', KEYS[i], ARGV[a + 2]) == 1 then
    redis.call('ZREM', KEYS[3], ARGV[a + 3])
    redis.call('ZADD', KEYS[4], ARGV[2], ARGV[a] .. ' ' .. ARGV[a + 1] .. ' ' .. ARGV[a + 2])
    if redis.call('EXISTS', KEYS[i]) == 0 then redis.call('SREM', KEYS[2], ARGV[a]) end
    won[#won + 1] = 1
  else
    won[#won + 1] = 0
  end
end
return won
