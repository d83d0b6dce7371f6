import { LAST_APPLIED_ANNOTATION } from '../api/annotations.ts';
import { sameJson } from '../api/canonical.ts';
import {
  controllerReference,
  type DestinationRule,
  type IstioSubset,
  type KubeObject,
} from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import { canarySubset, hostWithService, isMadeSubset, serviceOfHost, stableSubset } from './istio-names.ts';
import type { Provider, RouteRequest } from './provider.ts';
import { NO_NOTES, notesOf, withNotes } from './route-notes.ts';

/** Where versions are told apart. */
type Versioned = RouteRequest & { versions: NonNullable<RouteRequest['versions']> };

/**
 * A DestinationRule of Istio: how requests to a Service are sent, and to which subsets of its pods. The canary's
 * Service gets one with the same rules; where there is no canary Service, subsets for both versions are added here.
 */
export function destinationRule(name: string): Provider {
  return {
    own: { resource: resources.destinationRule, name },
    made: { resource: resources.destinationRule, name: `${name}-canary` },
    problem: (own, { services, versions }) => {
      const { host } = (own as DestinationRule).spec;
      if (!versions)
        return `DestinationRule ${name} tells versions apart, and marked requests all go to the same one; take it out of customNetworkRefs`;
      return serviceOfHost(host, own.metadata.namespace) === services.stable
        ? undefined
        : `DestinationRule ${name} is for host ${host} and not for Service ${services.stable}; correct one of the two`;
    },
    routed: ({ own, made }, request) => {
      const plain = withoutMade(own as DestinationRule);
      const { services, versions } = request;
      const bySubset = services.canary === services.stable;
      const wanted = bySubset && versions ? withVersions(plain, { ...request, versions }) : plain;
      return {
        own: sameJson(own, wanted) ? own : wanted,
        made:
          bySubset || !versions ? undefined : refreshed(made, canaryRule(plain, { ...request, versions })),
      };
    },
    unrouted: (own) => {
      const plain = withoutMade(own as DestinationRule);
      return sameJson(own, plain) ? own : plain;
    },
  };
}

function withVersions(plain: DestinationRule, request: Versioned): DestinationRule {
  const { subsets } = plain.spec;
  const made = [undefined, ...(subsets ?? [])].flatMap((own) => versionsOf(own, request));
  const routed = { ...plain, spec: { ...plain.spec, subsets: [...(subsets ?? []), ...made] } };
  return withNotes(routed, { ...NO_NOTES, emptySubsets: subsets?.length === 0 });
}

/** Both versions of a subset, or of the whole Service. A subset of other pods than the workload's has no versions. */
function versionsOf(
  own: IstioSubset | undefined,
  { versions: { label, stable, canary }, podLabels }: Versioned,
): IstioSubset[] {
  const labels = own?.labels ?? {};
  const isOurs = Object.entries(labels).every(([key, value]) => podLabels[key] === value);
  return [
    {
      ...own,
      name: stableSubset(own?.name),
      labels: isOurs ? { ...labels, [label]: stable } : labels,
    },
    // Its pods may have other labels than the stable ones: this one alone tells them.
    { ...own, name: canarySubset(own?.name), labels: isOurs ? { [label]: canary } : labels },
  ];
}

function withoutMade(own: DestinationRule): DestinationRule {
  const { subsets, ...rest } = own.spec;
  if (!subsets?.some(({ name }) => isMadeSubset(name))) return withNotes(own, NO_NOTES);
  const left = subsets.filter(({ name }) => !isMadeSubset(name));
  const wasThere = left.length > 0 || notesOf(own).emptySubsets;
  return withNotes({ ...own, spec: wasThere ? { ...own.spec, subsets: left } : rest }, NO_NOTES);
}

/** The same rules for the canary's Service, whose subsets are all of its pods. */
function canaryRule(plain: DestinationRule, { owner, services, versions }: Versioned): DestinationRule {
  const { name, namespace, labels, annotations = {} } = plain.metadata;
  const { [LAST_APPLIED_ANNOTATION]: _applied, ...kept } = annotations;
  const { subsets } = plain.spec;
  const all = { [versions.label]: versions.canary };
  return {
    apiVersion: plain.apiVersion,
    kind: plain.kind,
    metadata: {
      name: `${name}-canary`,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(Object.keys(kept).length === 0 ? {} : { annotations: kept }),
      ownerReferences: [controllerReference(owner)],
    },
    spec: {
      ...plain.spec,
      host: hostWithService(plain.spec.host, services.canary),
      ...(subsets === undefined ? {} : { subsets: subsets.map((subset) => ({ ...subset, labels: all })) }),
    },
  };
}

/** The present rule with the wanted contents; the same object where it has them. */
function refreshed(made: KubeObject | undefined, wanted: DestinationRule): KubeObject {
  if (!made) return wanted;
  const present = made as DestinationRule;
  const object: DestinationRule = { ...present, spec: wanted.spec };
  return sameJson(present.spec, wanted.spec) ? present : object;
}
