import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../address-block.ts';
import type { ServerPlace } from '../etcd.ts';
import { type Part, startPart } from '../process.ts';
import { programs } from '../system-packages.ts';

/** Starts nginx, which asks `router.js` where each request goes, and that reads the files in `routesDir`. */
export async function startNginx({ dir, logsDir, address }: ServerPlace, routesDir: string): Promise<Part> {
  const port = await freePort(address);
  const home = join(dir, 'nginx');
  await mkdir(home, { recursive: true });
  await mkdir(routesDir, { recursive: true });
  const configFile = join(home, 'nginx.conf');
  await writeFile(configFile, configuration(home, routesDir, `${address}:${port}`));
  const url = `http://${address}:${port}`;
  return startPart({
    name: 'nginx',
    command: programs.nginx,
    args: ['-p', home, '-c', configFile, '-e', 'stderr'],
    url,
    logsDir,
    // Any answer will do: without an Ingress it is 404.
    isReady: async () => (await fetch(url)).status > 0,
  });
}

/**
 * One process (`master_process off`), so that killing it leaves no worker behind. nginx' own upstreams could
 * only change by a reload, so the three pods of the plan are tried by error pages: 502 and 504 there are those
 * of nginx itself, a pod's own are passed on.
 */
function configuration(home: string, routesDir: string, listen: string): string {
  return `
daemon off;
master_process off;
pid ${home}/nginx.pid;
error_log stderr error;
load_module ${programs.nginxJsModule};
events { worker_connections 4096; }
worker_rlimit_nofile 16384;
http {
  access_log off;
  client_body_temp_path ${home}/body;
  proxy_temp_path ${home}/proxy;
  fastcgi_temp_path ${home}/fastcgi;
  uwsgi_temp_path ${home}/uwsgi;
  scgi_temp_path ${home}/scgi;

  js_path "${import.meta.dirname}";
  js_import router from router.js;
  js_set $plan router.plan;
  js_set $may_retry router.mayRetry;
  js_set $may_retry_again router.mayRetry;
  map $plan $first_pod { default ""; "~^(?<pod>[0-9.:]+)" $pod; }
  map $plan $second_pod { default ""; "~^[0-9.:]+ (?<pod>[0-9.:]+)" $pod; }
  map $plan $third_pod { default ""; "~^[0-9.:]+ [0-9.:]+ (?<pod>[0-9.:]+)" $pod; }

  keepalive_requests 1000000;
  client_max_body_size 8m;
  recursive_error_pages on;
  proxy_http_version 1.1;
  proxy_connect_timeout 1s;
  proxy_set_header Host $http_host;
  proxy_set_header X-Request-ID $request_id;
  proxy_set_header X-Real-IP $remote_addr;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header X-Forwarded-Host $http_host;
  proxy_set_header X-Forwarded-Proto $scheme;

  server {
    listen ${listen} backlog=4096;
    set $routes_dir "${routesDir}";
    location / {
      if ($plan = "404") { return 404 "No Ingress has a rule for this host and path.\\n"; }
      if ($plan = "500") { return 500 "The rule for this request has no backend.\\n"; }
      if ($plan = "503") { return 503 "No pod is ready behind this path.\\n"; }
      error_page 502 504 = @second;
      proxy_pass http://$first_pod;
    }
    location @second {
      if ($may_retry = "") { return 502; }
      if ($second_pod = "") { return 502; }
      error_page 502 504 = @third;
      proxy_pass http://$second_pod;
    }
    location @third {
      if ($may_retry_again = "") { return 502; }
      if ($third_pod = "") { return 502; }
      proxy_pass http://$third_pod;
    }
  }
}
`;
}
