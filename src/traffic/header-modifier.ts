import type { HeaderModifier, IstioHeaderOperations } from '../api/kubernetes.ts';

/** The changes of a route and then those of a step: what the step says of a header is what counts. */
export function joinedModifier(own: HeaderModifier, step: HeaderModifier): HeaderModifier {
  const told = new Set(
    [...(step.set ?? []), ...(step.add ?? [])]
      .map(({ name }) => name)
      .concat(step.remove ?? [])
      .map((name) => name.toLowerCase()),
  );
  const isLeft = (name: string) => !told.has(name.toLowerCase());
  const set = [...(own.set ?? []).filter(({ name }) => isLeft(name)), ...(step.set ?? [])];
  const add = [...(own.add ?? []).filter(({ name }) => isLeft(name)), ...(step.add ?? [])];
  const remove = [...(own.remove ?? []).filter(isLeft), ...(step.remove ?? [])];
  return {
    ...(set.length === 0 ? {} : { set }),
    ...(add.length === 0 ? {} : { add }),
    ...(remove.length === 0 ? {} : { remove }),
  };
}

/** The same as Istio writes it. */
export function istioOperations({ set, add, remove }: HeaderModifier): IstioHeaderOperations {
  const record = (headers: { name: string; value: string }[]) =>
    Object.fromEntries(headers.map(({ name, value }) => [name, value]));
  return {
    ...(set === undefined ? {} : { set: record(set) }),
    ...(add === undefined ? {} : { add: record(add) }),
    ...(remove === undefined ? {} : { remove }),
  };
}

export function modifierOfIstio({ set, add, remove }: IstioHeaderOperations): HeaderModifier {
  const list = (headers: Record<string, string>) =>
    Object.entries(headers).map(([name, value]) => ({ name, value }));
  return {
    ...(set === undefined ? {} : { set: list(set) }),
    ...(add === undefined ? {} : { add: list(add) }),
    ...(remove === undefined ? {} : { remove }),
  };
}
