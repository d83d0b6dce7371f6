import { resources } from '../../src/api/resource.ts';
import { losslessRelease } from './lossless-release.ts';
import { LABELS } from './release-world.ts';

/** A Deployment whose pods are exchanged for those of the new version, step by step. */
losslessRelease({
  name: 'deployment-partition',
  resource: resources.deployment,
  spec: (template, replicas) => ({
    replicas,
    selector: { matchLabels: LABELS },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    template,
  }),
  strategy: (trafficRoutings) => ({
    canary: {
      steps: [
        { replicas: '34%', traffic: '20%', pause: {} },
        { replicas: '50%', traffic: '50%', pause: {} },
        { replicas: '100%', pause: {} },
      ],
      trafficRoutings,
    },
  }),
});
