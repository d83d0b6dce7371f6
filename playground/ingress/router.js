// Runs inside nginx (njs 0.7.9): chooses the pods for each request, by the file that the ingress controller
// renames into place. Reading it each time is what makes a change of weight need no reload, and a reload
// resets connections. Nothing is kept between requests: njs starts each one from the same state.

// biome-ignore lint/style/useNodejsImportProtocol: njs knows it by this name only.
import fs from 'fs';

const retriesAtMost = 3;

/**
 * The plan for one request: a status that the ingress itself answers with, or up to three pods to try in turn,
 * separated by spaces.
 */
function plan(r) {
  const host = (r.headersIn.Host || '').split(':')[0].toLowerCase();
  const routes = routesFor(r.variables.routes_dir, host);
  const request = { path: r.variables.uri, headers: r.headersIn };
  return choose(routes, request, Math.random);
}

/** Whether nginx may try the next pod: the request is repeatable, or no pod has seen it. */
function mayRetry(r) {
  if (['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'].indexOf(r.method) >= 0) return '1';
  const connectTimes = (r.variables.upstream_connect_time || '').split(/[,:]\s*/);
  return connectTimes.every((time) => time.trim() === '-') ? '1' : '';
}

function routesFor(dir, host) {
  const parent = host.slice(host.indexOf('.') + 1);
  const names = [host, `*.${parent}`, '_'];
  for (let i = 0; i < names.length; i += 1) {
    try {
      return JSON.parse(fs.readFileSync(`${dir}/${encodeURIComponent(names[i])}.json`));
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
  }
  return { paths: [] };
}

function choose(routes, request, random) {
  const route = routes.paths.find((each) => matches(each, request.path));
  if (!route) return '404';
  const canary = route.canary;
  const toCanary = canary && canary.peers.length > 0 && wantsCanary(canary, request.headers, random);
  const peers = toCanary ? canary.peers : route.peers;
  if (peers.length === 0) return '503';
  // A random start and then in order: each pod gets its share, and a retry meets another pod.
  const first = Math.floor(random() * peers.length);
  const chosen = [];
  for (let i = 0; i < Math.min(peers.length, retriesAtMost); i += 1)
    chosen.push(peers[(first + i) % peers.length]);
  return chosen.join(' ');
}

/** A prefix matches whole elements: /a matches /a and /a/b, not /ab. */
function matches(route, path) {
  if (route.isExact) return path === route.path;
  const prefix = route.path.endsWith('/') ? route.path.slice(0, -1) : route.path;
  return path === prefix || path.startsWith(`${prefix}/`);
}

function wantsCanary(canary, headers, random) {
  const rule = canary.header;
  const byHeader = rule ? decidedByHeader(rule, headers[rule.name]) : undefined;
  if (byHeader !== undefined) return byHeader;
  const byCookie = canary.cookie ? alwaysOrNever(cookieValue(headers.Cookie, canary.cookie)) : undefined;
  if (byCookie !== undefined) return byCookie;
  return random() * canary.weightTotal < canary.weight;
}

function decidedByHeader(rule, sent) {
  if (sent === undefined) return undefined;
  if (rule.value !== undefined) return sent === rule.value ? true : undefined;
  if (rule.pattern !== undefined) return new RegExp(rule.pattern).test(sent) ? true : undefined;
  return alwaysOrNever(sent);
}

function alwaysOrNever(word) {
  if (word === 'always') return true;
  if (word === 'never') return false;
  return undefined;
}

function cookieValue(header, name) {
  const found = (header || '')
    .split(';')
    .map((each) => each.trim())
    .find((each) => each.startsWith(`${name}=`));
  return found ? found.slice(name.length + 1) : undefined;
}

// biome-ignore lint/style/noDefaultExport: njs imports nothing else.
export default { plan, mayRetry, choose };
