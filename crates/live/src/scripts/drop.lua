-- Takes contacts out of one line. KEYS: generation, lines, line. ARGV: generation, name of the line, then members.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('STALE generation') end
local dropped = 0
for i = 3, #ARGV do dropped = dropped + redis.call('ZREM', KEYS[3], ARGV[i]) end
if redis.call('EXISTS', KEYS[3]) == 0 then redis.call('SREM', KEYS[2], ARGV[2]) end
return dropped
