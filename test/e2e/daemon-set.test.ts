import { resources } from '../../src/api/resource.ts';
import { losslessRelease } from './lossless-release.ts';
import { LABELS } from './release-world.ts';

losslessRelease({
  name: 'daemon-set',
  resource: resources.daemonSet,
  nodes: (replicas) => replicas,
  spec: (template, replicas) => ({
    selector: { matchLabels: LABELS },
    updateStrategy: {
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: replicas > 10 ? '10%' : 1 },
    },
    template,
  }),
  strategy: (trafficRoutings) => ({
    canary: {
      steps: [
        { replicas: 1, traffic: '10%', pause: {} },
        { replicas: '50%', traffic: '50%', pause: {} },
      ],
      trafficRoutings,
    },
  }),
});
