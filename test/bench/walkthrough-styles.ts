import type { Deployment } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import { LABELS, type ReleaseStyle } from '../e2e/release-world.ts';

/** The plan of the walkthrough: one step, a fifth of the pods and 5 % of the requests, which waits for a person. */
const STEPS = [{ replicas: '20%', traffic: '5%', pause: {} }];

/** The same blue-green: every pod of the new version, and 5 % of the requests. */
const GREEN_STEPS = [{ replicas: '100%', traffic: '5%', pause: {} }];

const selector = { matchLabels: LABELS };

/** Each style with the one step of the walkthrough, and what Kubernetes takes where an author says nothing. */
export const STYLES: readonly ReleaseStyle[] = [
  {
    name: 'deployment-canary',
    resource: resources.deployment,
    spec: (template, replicas) => ({ replicas, selector, template }),
    strategy: (trafficRoutings) => ({
      canary: { enableExtraWorkloadForCanary: true, steps: STEPS, trafficRoutings },
    }),
  },
  {
    name: 'deployment-partition',
    resource: resources.deployment,
    spec: (template, replicas) => ({ replicas, selector, template }),
    strategy: (trafficRoutings) => ({ canary: { steps: STEPS, trafficRoutings } }),
  },
  {
    name: 'deployment-blue-green',
    resource: resources.deployment,
    spec: (template, replicas) => ({ replicas, selector, template }) satisfies Deployment['spec'],
    strategy: (trafficRoutings) => ({
      blueGreen: { steps: GREEN_STEPS, trafficRoutings },
    }),
  },
  {
    name: 'stateful-set',
    resource: resources.statefulSet,
    spec: (template, replicas) => ({ replicas, serviceName: 'shop', selector, template }),
    strategy: (trafficRoutings) => ({ canary: { steps: STEPS, trafficRoutings } }),
  },
  {
    name: 'daemon-set',
    resource: resources.daemonSet,
    spec: (template) => ({ selector, template }),
    strategy: (trafficRoutings) => ({ canary: { steps: STEPS, trafficRoutings } }),
  },
  {
    name: 'clone-set',
    resource: resources.cloneSet,
    spec: (template, replicas) => ({ replicas, selector, template }),
    strategy: (trafficRoutings) => ({ canary: { steps: STEPS, trafficRoutings } }),
  },
  {
    name: 'clone-set-blue-green',
    resource: resources.cloneSet,
    spec: (template, replicas) => ({ replicas, selector, template }),
    strategy: (trafficRoutings) => ({ blueGreen: { steps: GREEN_STEPS, trafficRoutings } }),
  },
];
