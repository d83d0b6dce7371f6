import { z } from 'zod';
import { isRecord, type JsonRecord, withoutUndefined } from './json.ts';
import type { KindDefinition } from './kind.ts';
import type { KubeObject } from './kubernetes.ts';
import { structuralSchema } from './structural-schema.ts';

export interface CustomResourceDefinition extends KubeObject {
  spec: {
    group: string;
    scope: 'Namespaced' | 'Cluster';
    names: {
      kind: string;
      listKind: string;
      plural: string;
      singular: string;
      shortNames?: readonly string[];
      categories?: readonly string[];
    };
    preserveUnknownFields: false;
    conversion?: {
      strategy: 'Webhook';
      webhook: { clientConfig: ConversionClient; conversionReviewVersions: string[] };
    };
    versions: CrdVersion[];
  };
}

interface CrdVersion {
  name: string;
  served: boolean;
  storage: boolean;
  schema: { openAPIV3Schema: JsonRecord };
  subresources?: { status: Record<string, never> };
  additionalPrinterColumns: JsonRecord[];
}

/** Where the API server finds the conversion webhook; `caBundle` is base64 of PEM. */
export type ConversionClient =
  | { url: string; caBundle?: string }
  | { service: { name: string; namespace: string; path: string; port?: number }; caBundle?: string };

/**
 * The CustomResourceDefinition of one kind.
 *
 * @param versions of the kind; the last one is stored
 * @param conversion who converts between them. Without it the definition is complete only for a kind of one
 *   version: the API server would change the apiVersion of the others and nothing else
 */
export function crdOf(
  versions: readonly KindDefinition[],
  conversion?: ConversionClient,
): CustomResourceDefinition {
  const stored = versions.at(-1);
  if (!stored) throw new Error('a CRD has at least one version');
  const { group, kind, plural, namespaced } = stored.resource;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: namespaced ? 'Namespaced' : 'Cluster',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: stored.singular,
        ...(stored.shortNames.length > 0 ? { shortNames: stored.shortNames } : {}),
        ...(stored.categories.length > 0 ? { categories: stored.categories } : {}),
      },
      preserveUnknownFields: false,
      ...(conversion
        ? {
            conversion: {
              strategy: 'Webhook' as const,
              webhook: { clientConfig: conversion, conversionReviewVersions: ['v1'] },
            },
          }
        : {}),
      versions: versions.map((version) => crdVersion(version, version === stored)),
    },
  };
}

function crdVersion(version: KindDefinition, storage: boolean): CrdVersion {
  return {
    name: version.resource.version,
    served: true,
    storage,
    schema: { openAPIV3Schema: objectSchema(version) },
    ...(version.statusSubresource ? { subresources: { status: {} } } : {}),
    additionalPrinterColumns: version.columns.map((column) => withoutUndefined({ ...column })),
  };
}

function objectSchema({ schema, description, rules }: KindDefinition): JsonRecord {
  // `input`: a field with a default may be left out. Defaults are filled in when Assay parses, and not by the
  // API server, so that a stored object stays as it was written; but for those that Kruise's CRDs have as well.
  const { properties, ...rest } = structuralSchema(
    z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' }),
  );
  return {
    description,
    ...rest,
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      ...(isRecord(properties) ? properties : {}),
    },
    ...(rules ? { 'x-kubernetes-validations': rules } : {}),
  };
}
