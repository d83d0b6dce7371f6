import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

// An HTTP stub of Prometheus as a process of its own: every query is answered with one sample, and each asking is
// written down as `query<TAB>evaluation time<TAB>arrival`, both in epoch ms. Started by ./analysis-parts.ts.

const [, , port = '0', logFile = ''] = process.argv;
let lines = '';

createServer(async (request, response) => {
  const arrivedAt = Date.now();
  const asked = new URLSearchParams(await text(request));
  const evaluateAt = Math.round(Number(asked.get('time')) * 1_000 || Date.parse(asked.get('time') ?? ''));
  lines += `${asked.get('query')}\t${evaluateAt}\t${arrivedAt}\n`;
  response.setHeader('content-type', 'application/json');
  const result = [{ metric: {}, value: [evaluateAt / 1_000, '0.99'] }];
  response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }));
}).listen(Number(port), '127.0.0.1', () => console.log('listening'));

setInterval(() => {
  appendFileSync(logFile, lines);
  lines = '';
}, 500);
