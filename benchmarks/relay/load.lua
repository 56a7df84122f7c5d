-- Fixed requests, written once: one kind, or one of many that each have a path and a cookie of their own ("vary"). A
-- method and the size of a body may be given. Prints its result as one line of JSON.
local made, turn = {}, 0

function init(args)
  if args[1] == "vary" then
    local cookie = wrk.headers["Cookie"] or ""
    for number = 1, 997 do
      wrk.headers["Cookie"] = string.format("visit=%d; %s", number, cookie)
      made[number] = wrk.format("GET", string.format("%s?page=%d", wrk.path, number))
    end
    request = function()
      turn = turn % #made + 1
      return made[turn]
    end
  elseif args[1] then
    wrk.method = args[1]
    wrk.body = string.rep("x", tonumber(args[2]))
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('{"requests": %d, "seconds": %.6f, "bytes": %d, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
