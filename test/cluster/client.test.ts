import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { resources } from '../../src/api/resource.ts';
import { type ClusterClientOptions, clusterClient } from '../../src/cluster/client.ts';
import type { Cluster, ClusterFault, ClusterResult } from '../../src/cluster/port.ts';
import { deployment, secret } from '../conformance/cluster-objects.ts';
import { answers, type Script, scriptedServer } from '../prometheus/scripted-server.ts';
import { kubeConfigFor } from './scripted-api-server.ts';

type Server = Awaited<ReturnType<typeof scriptedServer>>;
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function clientOf(
  script: Script,
  options: Partial<ClusterClientOptions> = {},
): Promise<{ cluster: Cluster; server: Server }> {
  const server = await scriptedServer(script);
  servers.push(server);
  const all = { fieldManager: 'assay', ...options } as ClusterClientOptions;
  return { server, cluster: clusterClient(kubeConfigFor(server.address), all) };
}

async function faultOf<T>(result: Promise<ClusterResult<T>>): Promise<ClusterFault> {
  const answer = await result;
  if (answer.ok) throw new Error('it was answered');
  return answer.fault;
}

const ref = { namespace: 'shop', name: 'echo' };
const getEcho = (cluster: Cluster) => cluster.get(resources.deployment, ref);

test('each request goes to its path with its type, and every write names the field manager', async () => {
  const { cluster, server } = await clientOf(answers(200, deployment('shop', 'echo')));
  const echo = deployment('shop', 'echo');
  const test = [{ op: 'test' as const, path: '/spec/replicas', value: 1 }];
  await cluster.get(resources.namespace, { name: 'shop' });
  await cluster.create(resources.deployment, echo);
  await cluster.replace(resources.deployment, echo);
  await cluster.replace(resources.deployment, echo, 'status');
  await cluster.patch(resources.deployment, ref, { type: 'merge', body: { a: null } }, 'status');
  await cluster.patch(resources.deployment, ref, { type: 'json', body: test });
  await cluster.patch(resources.deployment, ref, { type: 'apply', body: echo });
  await cluster.delete(resources.deployment, ref, { uid: 'u' });
  await cluster.delete(resources.deployment, ref);
  const deployments = '/apis/apps/v1/namespaces/shop/deployments';
  const by = '?fieldManager=assay';
  expect(
    server.received.map(({ method, url, headers, body }) => [method, url, headers['content-type'], body]),
  ).toEqual([
    ['GET', '/api/v1/namespaces/shop', undefined, ''],
    ['POST', `${deployments}${by}`, 'application/json', JSON.stringify(echo)],
    ['PUT', `${deployments}/echo${by}`, 'application/json', JSON.stringify(echo)],
    ['PUT', `${deployments}/echo/status${by}`, 'application/json', JSON.stringify(echo)],
    ['PATCH', `${deployments}/echo/status${by}`, 'application/merge-patch+json', '{"a":null}'],
    ['PATCH', `${deployments}/echo${by}`, 'application/json-patch+json', JSON.stringify(test)],
    ['PATCH', `${deployments}/echo${by}&force=true`, 'application/apply-patch+yaml', JSON.stringify(echo)],
    [
      'DELETE',
      `${deployments}/echo`,
      'application/json',
      '{"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"uid":"u"}}',
    ],
    ['DELETE', `${deployments}/echo`, undefined, ''],
  ]);
});

const status = (reason: string, message = 'said so', details = {}) => ({
  kind: 'Status',
  reason,
  message,
  details,
});

test.each<[string, number, unknown, ClusterFault['kind'], number | undefined]>([
  ['another version', 409, status('Conflict'), 'Conflict', undefined],
  ['the name is taken', 409, status('AlreadyExists'), 'AlreadyExists', undefined],
  ['nothing there', 404, status('NotFound'), 'NotFound', undefined],
  ['the kind is unknown', 404, '404 page not found', 'NotFound', undefined],
  ['not valid', 422, status('Invalid', 'x', { causes: [{}] }), 'Refused', undefined],
  ['not allowed', 403, status('Forbidden'), 'Refused', undefined],
  ['not known', 401, status('Unauthorized'), 'Refused', undefined],
  ['too much', 429, status('TooManyRequests', 'x', { retryAfterSeconds: 3 }), 'Unavailable', 3_000],
  ['a webhook that does not answer', 500, status('InternalError'), 'Unavailable', undefined],
  ['a proxy without a server', 502, '<html>bad gateway</html>', 'Unavailable', undefined],
])('%s: %i is a fault of its own kind', async (_name, code, body, kind, retryAfterMs) => {
  const { cluster } = await clientOf(answers(code, body));
  const { message, ...fault } = await faultOf(getEcho(cluster));
  expect(fault).toEqual(retryAfterMs === undefined ? { kind } : { kind, retryAfterMs });
  expect(message).toContain(
    `GET /apis/apps/v1/namespaces/shop/deployments/echo: the API server answered ${code}`,
  );
});

test('what the server said is in the message, and when to ask again beside it', async () => {
  const body = status('InternalError', 'no leader');
  const { cluster } = await clientOf(answers(503, body, { 'retry-after': '2' }));
  expect(await faultOf(getEcho(cluster))).toEqual({
    kind: 'Unavailable',
    message: 'GET /apis/apps/v1/namespaces/shop/deployments/echo: the API server answered 503: no leader',
    retryAfterMs: 2_000,
  });
});

test('a JSON patch that does not fit is a Conflict where it has tests, and else Refused', async () => {
  const { cluster } = await clientOf(answers(422, status('Invalid')));
  const patch = (op: 'test' | 'remove') =>
    cluster.patch(resources.deployment, ref, { type: 'json', body: [{ op, path: '/a' }] });
  expect([(await faultOf(patch('test'))).kind, (await faultOf(patch('remove'))).kind]).toEqual([
    'Conflict',
    'Refused',
  ]);
});

test('a server that does not answer in time is Unavailable', async () => {
  const { cluster, server } = await clientOf(() => undefined, { timeoutMs: 100 });
  expect(await faultOf(getEcho(cluster))).toEqual({
    kind: 'Unavailable',
    message: `GET /apis/apps/v1/namespaces/shop/deployments/echo: no answer within 0.1 s. Is the API server at ${server.address} up and reachable?`,
  });
});

test('an answer that breaks off or is not JSON is Unavailable', async () => {
  let asked = 0;
  const { cluster } = await clientOf((response) => {
    asked += 1;
    response.writeHead(200, { 'content-length': '100' }).write('{"kind":');
    setTimeout(() => response.destroy(), 20);
  });
  expect((await faultOf(cluster.create(resources.deployment, deployment('shop', 'echo')))).kind).toBe(
    'Unavailable',
  );
  // A write is not sent twice: nobody knows whether the first arrived.
  expect(asked).toBe(1);
  const { cluster: portal } = await clientOf(answers(200, '<html>please log in</html>'));
  expect((await faultOf(getEcho(portal))).message).toContain('the answer is not JSON');
});

test('no server at all is Unavailable', async () => {
  const { cluster, server } = await clientOf(answers(200, {}));
  await server.close();
  servers.pop();
  const { kind, message } = await faultOf(getEcho(cluster));
  expect(kind).toBe('Unavailable');
  expect(message).toContain(`ECONNREFUSED`);
});

test('a read over a kept connection that the server has just closed is repeated', async () => {
  let connections = 0;
  const body = JSON.stringify(deployment('shop', 'echo'));
  const server = createServer((socket) => {
    connections += 1;
    let requests = 0;
    socket.on('error', () => undefined);
    socket.on('data', () => {
      requests += 1;
      if (requests === 1) socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      else socket.resetAndDestroy();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const cluster = clusterClient(kubeConfigFor(`http://127.0.0.1:${address.port}`), { fieldManager: 'assay' });
  const results = [await getEcho(cluster), await getEcho(cluster)];
  server.close();
  expect([results.map(({ ok }) => ok), connections]).toEqual([[true, true], 2]);
});

test('requests one after the other share a connection', async () => {
  const ports = new Set<number | undefined>();
  const { cluster } = await clientOf((response, received) => {
    ports.add(response.socket?.remotePort);
    answers(200, deployment('shop', 'echo'))(response, received);
  });
  for (let request = 0; request < 5; request += 1) await getEcho(cluster);
  expect(ports.size).toBe(1);
});

test('a list is read page by page, and its items say what they are', async () => {
  const { cluster, server } = await clientOf((response, { url }) => {
    const next = new URL(url ?? '', 'http://scripted').searchParams.get('continue');
    const { apiVersion: _none, kind: _neither, ...item } = secret('shop', next === null ? 'a' : 'b');
    const metadata = next === null ? { resourceVersion: '7', continue: 'more' } : { resourceVersion: '7' };
    response.end(JSON.stringify({ kind: 'SecretList', apiVersion: 'v1', metadata, items: [item] }));
  });
  expect(await cluster.list(resources.secret, { namespace: 'shop', labelSelector: 'a=b' })).toEqual({
    ok: true,
    object: { resourceVersion: '7', items: [secret('shop', 'a'), secret('shop', 'b')] },
  });
  const path = '/api/v1/namespaces/shop/secrets?labelSelector=a%3Db&limit=500';
  expect(server.received.map(({ url }) => url)).toEqual([path, `${path}&continue=more`]);
});

test('a list whose version is gone between two pages is read at once', async () => {
  const { cluster, server } = await clientOf((response, { url }) => {
    const query = new URL(url ?? '', 'http://scripted').searchParams;
    if (query.has('continue')) response.writeHead(410).end(JSON.stringify(status('Expired')));
    else {
      const metadata = { resourceVersion: '9', ...(query.has('limit') && { continue: 'more' }) };
      response.end(JSON.stringify({ metadata, items: [secret('shop', 'a')] }));
    }
  });
  expect(await cluster.list(resources.secret)).toEqual({
    ok: true,
    object: { resourceVersion: '9', items: [secret('shop', 'a')] },
  });
  expect(server.received.map(({ url }) => url)).toEqual([
    '/api/v1/secrets?limit=500',
    '/api/v1/secrets?limit=500&continue=more',
    '/api/v1/secrets',
  ]);
});

test('each request is told with its verb, resource, duration and status, 0 where none came', async () => {
  const told: unknown[] = [];
  let time = 0;
  const { cluster, server } = await clientOf(answers(200, deployment('shop', 'echo')), {
    onRequest: (verb, { plural }, ms, code) => told.push([verb, plural, ms, code]),
    monotonic: () => {
      time += 5;
      return time;
    },
  });
  await getEcho(cluster);
  await cluster.replace(resources.deployment, deployment('shop', 'echo'), 'status');
  await server.close();
  servers.pop();
  await cluster.delete(resources.deployment, ref);
  expect(told).toEqual([
    ['get', 'deployments', 5, 200],
    ['update', 'deployments', 5, 200],
    ['delete', 'deployments', 5, 0],
  ]);
});

test('a token that was rotated is used from then on', async () => {
  const server = await scriptedServer(answers(200, deployment('shop', 'echo')));
  servers.push(server);
  const kubeConfig = kubeConfigFor(server.address);
  let token = 'first';
  kubeConfig.addAuthenticator({
    isAuthProvider: () => true,
    applyAuthentication: async (_user, options) => {
      options.headers = { ...options.headers, Authorization: `Bearer ${token}` };
    },
  });
  const cluster = clusterClient(kubeConfig, { fieldManager: 'assay' });
  await getEcho(cluster);
  token = 'second';
  await getEcho(cluster);
  expect(server.received.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer first',
    'Bearer second',
  ]);
});
