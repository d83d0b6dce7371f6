import { sameJson } from './canonical.ts';
import { faultAt, type SchemaFault } from './kind.ts';
import { resources } from './resource.ts';
import type { TrafficRouting } from './rollout.ts';
import { checkRouting } from './rollout-routing-validation.ts';
import { isForNginx } from './rollout-warnings.ts';
import type { SharedRouting } from './traffic-routing.ts';

/** Checks what the schema of a TrafficRouting cannot say. No faults: it can be followed as it is written. */
export function checkTrafficRouting({ spec: { objectRef } }: Pick<SharedRouting, 'spec'>): SchemaFault[] {
  if (objectRef.length === 0) return faultAt('spec.objectRef', 'name at least one Service with its route');
  return objectRef.flatMap((ref, index) => {
    const at = `spec.objectRef[${index}]`;
    const before = objectRef.slice(0, index).flatMap(routesOf);
    return [
      ...checkRouting(ref, at),
      ...(ref.customNetworkRefs ?? []).flatMap(({ kind }, order) =>
        kind === resources.destinationRule.kind
          ? faultAt(
              `${at}.customNetworkRefs[${order}]`,
              'a DestinationRule tells versions apart, and a TrafficRouting sends every request to the same Service: take it out',
            )
          : [],
      ),
      ...routesOf(ref)
        .filter((route) => before.includes(route))
        .flatMap((route) => faultAt(at, `${route} is named twice`)),
    ];
  });
}

function routesOf({ ingress, gateway, customNetworkRefs = [] }: TrafficRouting): string[] {
  return [
    ...(ingress ? [`Ingress ${ingress.name}`] : []),
    ...(gateway?.httpRouteName ? [`HTTPRoute ${gateway.httpRouteName}`] : []),
    ...customNetworkRefs.map(({ kind, name }) => `${kind} ${name}`),
  ];
}

/** Checks that an edit leaves alone which routes are changed at this moment, since they have to be taken back. */
export function checkTrafficRoutingUpdate(before: SharedRouting, after: SharedRouting): SchemaFault[] {
  const phase = before.status?.phase ?? '';
  const isRouting = ['Progressing', 'Finalizing', 'Terminating'].includes(phase);
  if (!isRouting || sameJson(before.spec.objectRef, after.spec.objectRef)) return [];
  return faultAt(
    'spec.objectRef',
    `cannot be changed while the TrafficRouting is ${phase}: let the releases of its Rollouts end first`,
  );
}

/** What an author may not have meant: a TrafficRouting with these can be followed, so that it is accepted. */
export function trafficRoutingWarnings({
  spec: { objectRef, strategy },
}: Pick<SharedRouting, 'spec'>): string[] {
  const { weight, matches = [], requestHeaderModifier } = strategy;
  const hasWeight = weight !== undefined && weight !== null;
  return [
    ...(!hasWeight && matches.length === 0
      ? ['spec.strategy chooses no requests, so that nothing is routed: give weight or matches']
      : []),
    ...(hasWeight && matches.length > 0
      ? ['spec.strategy.weight has no effect beside matches, which alone decide']
      : []),
    ...(requestHeaderModifier
      ? []
      : [
          'spec.strategy.requestHeaderModifier is not given: the requests that are chosen go unmarked where all others go',
        ]),
    ...objectRef.flatMap(({ ingress }, index) =>
      ingress && (requestHeaderModifier || !isForNginx(matches))
        ? [
            `spec.objectRef[${index}].ingress: an nginx ingress changes no headers, and follows one header and one cookie, each in a match of its own: releases wait until spec.strategy asks for no more`,
          ]
        : [],
    ),
  ];
}
