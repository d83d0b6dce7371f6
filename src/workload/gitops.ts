import type { Workload } from '../api/kubernetes.ts';

const ARGO_CD_ANNOTATION = 'argocd.argoproj.io/tracking-id';
const FLUX_LABELS = ['kustomize.toolkit.fluxcd.io/name', 'helm.toolkit.fluxcd.io/name'];

/**
 * The GitOps tool that applies this workload from a repository and would undo a change of its template; undefined
 * where none says so. `app.kubernetes.io/instance`, which Argo CD can track by as well, says nothing: Helm and people
 * write it on objects that nobody syncs.
 */
export function gitOpsTool({ metadata }: Workload): 'Argo CD' | 'Flux' | undefined {
  if (metadata.annotations?.[ARGO_CD_ANNOTATION] !== undefined) return 'Argo CD';
  return FLUX_LABELS.some((label) => metadata.labels?.[label] !== undefined) ? 'Flux' : undefined;
}
