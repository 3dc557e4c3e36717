-- Ends claims: committed ones are forgotten, refused ones go back to their line. KEYS: generation, lines, claims, then the
-- line of each claim. ARGV: generation, then of each claim: name of the line, deadline, member, '1' to put it back.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('STALE generation') end
for i = 4, #KEYS do
  local a = 2 + (i - 4) * 4
  redis.call('ZREM', KEYS[3], ARGV[a] .. ' ' .. ARGV[a + 1] .. ' ' .. ARGV[a + 2])
  if ARGV[a + 3] == '1' then
    redis.call('ZADD', KEYS[i], ARGV[a + 1], ARGV[a + 2])
    redis.call('SADD', KEYS[2], ARGV[a])
  end
end
return 1
