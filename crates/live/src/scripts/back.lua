-- Puts a contact in one line and notes how much room the counsellor has who was freed for it, at once: no pass sees one
-- without the other. KEYS: generation, lines, line, free, rooms. ARGV: generation, name of the line, hint, deadline,
-- member, counsellor, revision, '1' if something can be offered, idle since, numbers.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('STALE generation') end
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[5])
redis.call('SADD', KEYS[2], ARGV[2])
local known = redis.call('HGET', KEYS[5], ARGV[6])
if not known or tonumber(string.match(known, '^%d+')) <= tonumber(ARGV[7]) then
  redis.call('HSET', KEYS[5], ARGV[6], ARGV[7] .. ' ' .. ARGV[10])
  if ARGV[8] == '1' then redis.call('ZADD', KEYS[4], ARGV[9], ARGV[6]) else redis.call('ZREM', KEYS[4], ARGV[6]) end
end
redis.call('PUBLISH', 'helpline:hints', ARGV[3])
return 1
