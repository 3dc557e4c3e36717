-- Claims contacts for committing, each with the counsellors it is to be offered to: takes the contact out of its line and
-- those who are still free out of the free. Leaves it where it is when none of them is free, and them when it is gone.
-- KEYS: generation, lines, free, claims, then the line of each contact. ARGV: generation, end of the claim, then of each
-- contact: name of the line, deadline, member, '1' if they need not be free, how many counsellors, and those. Returns for each contact which of its
-- counsellors were claimed, as 1 or 0 each.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('STALE generation') end
local won, a = {}, 3
for i = 5, #KEYS do
  local most, claimed, some = tonumber(ARGV[a + 4]), {}, false
  local waits = redis.call('ZSCORE', KEYS[i], ARGV[a + 2])
  for c = 1, most do
    claimed[c] = (waits and redis.call('ZREM', KEYS[3], ARGV[a + 4 + c])) or 0
    if waits and ARGV[a + 3] == '1' then claimed[c] = 1 end
    some = some or claimed[c] == 1
  end
  if some then
    redis.call('ZREM', KEYS[i], ARGV[a + 2])
    redis.call('ZADD', KEYS[4], ARGV[2], ARGV[a] .. ' ' .. ARGV[a + 1] .. ' ' .. ARGV[a + 2])
    if redis.call('EXISTS', KEYS[i]) == 0 then redis.call('SREM', KEYS[2], ARGV[a]) end
  end
  won[#won + 1] = claimed
  a = a + 5 + most
end
return won
