import { resources } from '../../src/api/resource.ts';
import { losslessRelease } from './lossless-release.ts';
import { LABELS } from './release-world.ts';

/** A CloneSet that runs both versions side by side, against a stand-in for OpenKruise's controller. */
losslessRelease({
  name: 'clone-set-blue-green',
  resource: resources.cloneSet,
  spec: (template, replicas) => ({
    replicas,
    minReadySeconds: 1,
    selector: { matchLabels: LABELS },
    updateStrategy: { type: 'ReCreate', maxSurge: 1, maxUnavailable: 0 },
    template,
  }),
  strategy: (trafficRoutings) => ({
    blueGreen: {
      steps: [
        { replicas: '50%', traffic: '0%', pause: {} },
        { replicas: '100%', traffic: '50%', pause: {} },
        { replicas: '100%', traffic: '100%', pause: {} },
      ],
      trafficRoutings,
    },
  }),
  prepare: (playground) => playground.startCloneSets(),
});
