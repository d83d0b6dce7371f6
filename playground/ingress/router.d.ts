import type { HostRoutes } from './routes.ts';

declare const router: {
  /** `404`, `500`, `503`, or up to three `ip:port` with spaces between. */
  choose(
    routes: HostRoutes,
    request: {
      path: string;
      headers: Record<string, string>;
      method?: string;
      query?: Record<string, string>;
    },
    random: () => number,
  ): string;
};
// biome-ignore lint/style/noDefaultExport: njs imports nothing else.
export default router;
