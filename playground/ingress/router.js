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
  const request = { path: r.variables.uri, headers: r.headersIn, method: r.method, query: r.args };
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
  const rule = (routes.rules || []).find((each) => meets(each, request));
  if (rule) return byWeight(rule.backends, random);
  const route = routes.paths.find((each) => matches(each, request.path));
  if (!route) return '404';
  const canary = route.canary;
  const toCanary = canary && canary.peers.length > 0 && wantsCanary(canary, request.headers, random);
  return tried(toCanary ? canary.peers : route.peers, random);
}

/** Each backend of a rule gets the part of the requests that its weight is of all weights. */
function byWeight(backends, random) {
  const total = backends.reduce((sum, each) => sum + each.weight, 0);
  let point = random() * total;
  const chosen = backends.find((each) => {
    point -= each.weight;
    return point < 0;
  });
  return chosen ? tried(chosen.peers, random) : '500';
}

function tried(peers, random) {
  if (peers.length === 0) return '503';
  // A random start and then in order: each pod gets its share, and a retry meets another pod.
  const first = Math.floor(random() * peers.length);
  const chosen = [];
  for (let i = 0; i < Math.min(peers.length, retriesAtMost); i += 1)
    chosen.push(peers[(first + i) % peers.length]);
  return chosen.join(' ');
}

function meets(rule, request) {
  if (rule.method !== undefined && rule.method !== request.method) return false;
  if (rule.pathType === 'RegularExpression') {
    if (!fits(rule.path, request.path)) return false;
  } else if (!matches({ path: rule.path, isExact: rule.pathType === 'Exact' }, request.path)) return false;
  const asked = (conditions, values) =>
    conditions.every((each) => {
      const sent = values[each.name];
      return sent !== undefined && (each.isPattern ? fits(each.value, sent) : sent === each.value);
    });
  return asked(rule.headers, request.headers) && asked(rule.queryParams, request.query || {});
}

/** The whole of it, as Envoy compares. A pattern that is none fits nothing. */
function fits(pattern, text) {
  try {
    return new RegExp(`^(?:${pattern})$`).test(text);
  } catch (_error) {
    return false;
  }
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
  if (rule.pattern !== undefined) return holds(rule.pattern, sent) ? true : undefined;
  return alwaysOrNever(sent);
}

/** Somewhere in it, as ingress-nginx compares; a pattern that is none holds nowhere. */
function holds(pattern, text) {
  try {
    return new RegExp(pattern).test(text);
  } catch (_error) {
    return false;
  }
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
