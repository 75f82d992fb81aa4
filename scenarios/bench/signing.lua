-- Requests to sign a call for wrk. TOKEN: what the client shows. RATE: how many a second, all connections together; without
-- it each connection asks again as soon as it is answered. The last line says how it went, as JSON.

local ffi = require("ffi")
ffi.cdef("typedef struct { long seconds; long nanoseconds; } moment; int clock_gettime(int clock, moment *now);")
local MONOTONIC, now = 1, ffi.new("moment")

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
wrk.body = '{"signingRequest": {"attest": "A", "dest": {"tn": ["12155551213"]}, "iat": ' .. os.time() ..
    ', "orig": {"tn": "12155551212"}, "origid": "123e4567-e89b-12d3-a456-426655440000"}}'

local function milliseconds()
    ffi.C.clock_gettime(MONOTONIC, now)
    return tonumber(now.seconds) * 1e3 + tonumber(now.nanoseconds) / 1e6
end

if os.getenv("RATE") then
    local apart, due = 1e3 / tonumber(os.getenv("RATE")), nil
    function delay() -- a request is due after the one before by the clock, however long the answers take
        local at = milliseconds()
        due = (due or at) + apart
        return math.max(0, math.floor(due - at))
    end
end

function done(summary, latency, requests)
    local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write +
        summary.errors.timeout
    print(string.format('{"requests": %d, "failed": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f}', summary.requests,
        failed, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
