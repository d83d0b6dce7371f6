import { resources } from '../../src/api/resource.ts';
import { losslessRelease } from './lossless-release.ts';
import { LABELS } from './release-world.ts';

losslessRelease({
  name: 'stateful-set',
  resource: resources.statefulSet,
  spec: (template, replicas) => ({
    replicas,
    serviceName: 'shop',
    selector: { matchLabels: LABELS },
    // What a large one is set to, where no pod needs another to be there first.
    podManagementPolicy: replicas > 10 ? 'Parallel' : 'OrderedReady',
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
