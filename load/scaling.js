// Proves that a service scales before its users have to: the usual load, a ramp, a peak that
// is held longer than scaling takes, and the usual load again. load/README.md says how to
// run it, what to watch and when to stop.
//
//   k6 run -e URL=https://staging.example.com/products -e USUAL=10 -e PEAK=60 load/scaling.js

import { check, fail } from 'k6';
import http from 'k6/http';

// A number of the environment. One that cannot be read is an error and no default.
function number(name, usual) {
  const text = __ENV[name] || String(usual);
  const value = Number(text);
  if (!(value > 0)) {
    throw new Error(`${name} is ${text}; expected a number above 0`);
  }
  return value;
}

const url = __ENV.URL;
if (!/^https?:\/\/[^/]+/.test(url || '')) {
  throw new Error('URL is missing; expected the address of a page of a service that you may load, like https://staging.example.com/products');
}

// Requests a second.
const usual = number('USUAL', 10);
const peak = number('PEAK', 60);
if (peak <= usual) {
  throw new Error(`PEAK is ${peak} and USUAL is ${usual}; expected a peak above what is usual`);
}
// Scaling needs three minutes of datapoints and one or two for tasks to start, several times
// over if a step is not enough: a shorter hold proves nothing.
const ramp = number('RAMP_MINUTES', 5);
const hold = number('HOLD_MINUTES', 20);
// What the service promises, in milliseconds at the 95th percentile.
const promised = number('P95_MS', 500);

const settle = 3;
const stages = [
  { target: usual, duration: `${settle}m` },
  { target: peak, duration: `${ramp}m` },
  { target: peak, duration: `${hold}m` },
  { target: usual, duration: '1m' },
  { target: usual, duration: `${settle}m` },
];

export const options = {
  scenarios: {
    // By rate and not by users: users who wait for a slow service ask less of it, just when
    // it should scale.
    scaling: {
      executor: 'ramping-arrival-rate',
      startRate: usual,
      timeUnit: '1s',
      preAllocatedVUs: Math.ceil(peak),
      // Each may wait ten seconds, the timeout below.
      maxVUs: Math.ceil(peak * 10),
      stages,
      gracefulStop: '15s',
    },
  },
  thresholds: {
    // The brake: it ends the test while there is still something to save.
    http_req_failed: [
      { threshold: 'rate<0.05', abortOnFail: true, delayAbortEval: '1m' },
      { threshold: 'rate<0.001' },
    ],
    // During the ramp it may be slower; that is what scaling is for. Once it has had its time
    // the promise holds.
    'http_req_duration{phase:peak}': [`p(95)<${promised}`],
    'http_req_duration{phase:usual}': [`p(95)<${promised}`],
    // What this machine could not send was no load: with more than a second of it missing, the
    // test proves nothing.
    dropped_iterations: [`count<${Math.ceil(peak)}`],
  },
  userAgent: 'nightshift-load-test',
};

// One request before all others: a wrong address must not be tried a hundred thousand times.
export function setup() {
  const answer = http.get(url, { timeout: '10s' });
  if (answer.status < 200 || answer.status > 299) {
    fail(`${url} answers ${answer.status} ${answer.error}; nothing was sent but this one request`);
  }
  return { began: Date.now() };
}

// The peak counts from half of the hold on: before that new tasks are still on their way.
export function phase(minutes) {
  if (minutes < settle) return 'usual';
  if (minutes < settle + ramp + hold / 2) return 'scaling';
  if (minutes < settle + ramp + hold) return 'peak';
  return 'after';
}

export default function (data) {
  const minutes = (Date.now() - data.began) / 60000;
  const answer = http.get(url, { timeout: '10s', tags: { phase: phase(minutes) } });
  check(answer, { 'answered with success': (got) => got.status >= 200 && got.status < 300 });
}
