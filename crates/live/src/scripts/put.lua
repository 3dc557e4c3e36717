-- Puts contacts in one line. KEYS: generation, lines, line. ARGV: generation, name of the line, hint or '', then
-- deadline and member of each contact.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('STALE generation') end
for i = 4, #ARGV, 2 do redis.call('ZADD', KEYS[3], ARGV[i], ARGV[i + 1]) end
redis.call('SADD', KEYS[2], ARGV[2])
if ARGV[3] ~= '' then redis.call('PUBLISH', 'helpline:hints', ARGV[3]) end
return 1
