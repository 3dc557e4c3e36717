-- Notes how much room counsellors have. KEYS: generation, free, rooms. ARGV: generation, hint or '', then of each
-- counsellor: id, revision, '1' if something can be offered, idle since, numbers. An older revision changes nothing.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('STALE generation') end
for i = 3, #ARGV, 5 do
  local known = redis.call('HGET', KEYS[3], ARGV[i])
  if not known or tonumber(string.match(known, '^%d+')) <= tonumber(ARGV[i + 1]) then
    redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1] .. ' ' .. ARGV[i + 4])
    if ARGV[i + 2] == '1' then redis.call('ZADD', KEYS[2], ARGV[i + 3], ARGV[i]) else redis.call('ZREM', KEYS[2], ARGV[i]) end
  end
end
if ARGV[2] ~= '' then redis.call('PUBLISH', 'helpline:hints', ARGV[2]) end
return 1
