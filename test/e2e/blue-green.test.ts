import type { Deployment } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import { losslessRelease } from './lossless-release.ts';
import { LABELS } from './release-world.ts';

const SETTINGS = {
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
  minReadySeconds: 1,
} as const satisfies Partial<Deployment['spec']>;

losslessRelease({
  name: 'blue-green',
  resource: resources.deployment,
  spec: (template, replicas) => ({ ...SETTINGS, replicas, selector: { matchLabels: LABELS }, template }),
  strategy: (trafficRoutings) => ({
    blueGreen: {
      steps: [
        { replicas: '100%', traffic: '0%', pause: {} },
        { replicas: '100%', traffic: '50%', pause: {} },
        { replicas: '100%', traffic: '100%', pause: {} },
      ],
      trafficRoutings,
    },
  }),
});
