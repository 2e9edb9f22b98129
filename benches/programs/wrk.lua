-- Asks for random SKUs. After `--`: how many there are, what stands before the
-- number (a path, or a path with `?`), and `each` to ask for every one in turn.

local requests = {}
local threads = 0
local next_one = 0
local in_turn = false
local step = 1

function setup(thread)
   thread:set("number", threads)
   threads = threads + 1
end

function init(args)
   local count = tonumber(args[1])
   in_turn = args[3] == "each"
   for sku = 0, count - 1 do
      requests[sku] = wrk.format("GET", string.format("%s%07d", args[2], sku))
   end
   math.randomseed(20261120 + number)
end

function request()
   if in_turn then
      next_one = (next_one + step) % (#requests + 1)
      return requests[next_one]
   end
   return requests[math.random(0, #requests)]
end

function done(summary, latency)
   local bad = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
   io.write(string.format("RESULT %d %d %d\n", summary.requests, bad, latency:percentile(99)))
end
