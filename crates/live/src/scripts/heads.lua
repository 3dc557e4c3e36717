-- Reads who is free and who comes first in each line; writes nothing. KEYS: generation, lines, free, rooms.
-- ARGV: generation, prefix of the lines' keys, contacts per line, counsellors at most. With nobody free only critical lines are read, whose names begin with 1: somebody may put other work aside for them.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('STALE generation') end
local free = redis.call('ZRANGE', KEYS[3], 0, tonumber(ARGV[4]) - 1, 'WITHSCORES')
local rooms, lines = {}, {}
for i = 1, #free, 2 do
  rooms[#rooms + 1] = { free[i], free[i + 1], redis.call('HGET', KEYS[4], free[i]) or '' }
end
for _, name in ipairs(redis.call('SMEMBERS', KEYS[2])) do
  if #free > 0 or string.sub(name, 1, 1) == '1' then
    lines[#lines + 1] = { name, redis.call('ZRANGE', ARGV[2] .. name, 0, tonumber(ARGV[3]) - 1, 'WITHSCORES') }
  end
end
return { rooms, lines }
